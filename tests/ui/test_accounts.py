"""The Providers page as words: what each account's state and key look like to a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from trayapp.core.accounts import Account, KeyFrom, environment_slot
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.spec import Ask, Entry, ProviderSpec
from trayapp.ui.accounts import AccountView, Held, Offer, account_views, offers

NOW = 1_000_000.0


def nothing(_body: Any) -> Iterator[Entry]:
    return iter(())


GROQ = ProviderSpec(
    id="groq", name="Groq", base_url="https://api.groq.com/v1", parse=nothing, key_env=("GROQ_API_KEY",)
)
AZURE = ProviderSpec(
    id="azure", name="Azure", base_url="https://{res}.azure.com/v1", parse=nothing, asks=(Ask("res", "Resource"),)
)
LLAMA = ProviderSpec(
    id="llama", name="llama.cpp", base_url="http://127.0.0.1:8080/v1", parse=nothing, local=True, key_required=False
)
SPECS = (GROQ, AZURE, LLAMA)
SLOT = "g@https://api.groq.com:443"


def view(
    account: Account,
    *,
    keyed: tuple[str, ...] = (),
    listing: Listing | None = None,
    env: dict[str, str] | None = None,
    keyring: str = "ok",
    session: tuple[str, ...] = (),
    **more: Any,
) -> AccountView:
    settings = Settings(accounts=(account,))
    listings = {listing.provider: listing} if listing else {}
    made = account_views(settings, State(keyed=keyed), listings, SPECS, env or {}, keyring, session, NOW, **more)
    return next(it for it in made if it.provider == account.id)


def models(count: int) -> tuple[Model, ...]:
    return tuple(Model(ModelRef("g", f"m{at}")) for at in range(count))


def test_local_servers_nobody_set_up_come_first_and_are_known_to_the_table_or_say_so() -> None:
    made = account_views(Settings(accounts=(Account("g", "groq"),)), State(), {}, SPECS, {}, "ok", (), NOW)
    assert [it.provider for it in made] == ["ollama", "lmstudio", "g"]
    assert not made[0].known


@pytest.mark.parametrize(
    ("more", "held", "words"),
    [
        ({"keyed": (SLOT,)}, Held.KEYRING, "in the keyring"),
        ({"keyed": (SLOT,), "keyring": "locked"}, Held.KEYRING, "in the keyring, which is locked"),
        ({"session": (SLOT,)}, Held.SESSION, "held for this session only"),
        ({}, Held.NOWHERE, "none yet"),
        ({"env": {"groq": "GROQ_API_KEY"}}, Held.NOWHERE, "none yet; there is one in GROQ_API_KEY"),
    ],
)
def test_where_the_key_is_stands_in_words(more: dict[str, Any], held: Held, words: str) -> None:
    made = view(Account("g", "groq"), **more)
    assert (made.held, made.key) == (held, words)


def test_a_key_from_the_environment_is_shown_as_such_and_so_is_its_absence() -> None:
    account = Account("g", "groq", key_from=KeyFrom.ENVIRONMENT)
    assert view(account, env={"groq": "GROQ_API_KEY"}).key == "from GROQ_API_KEY"
    assert view(account).key == "none: GROQ_API_KEY is not set"
    moved = Account("g", "groq", base_url="https://other.test/v1", key_from=KeyFrom.ENVIRONMENT)
    waits = view(moved, env={"groq": "GROQ_API_KEY"})
    assert (waits.held, waits.key) == (Held.NOWHERE, "none yet; there is one in GROQ_API_KEY")
    said = environment_slot(moved, "https://other.test:443")
    assert view(moved, env={"groq": "GROQ_API_KEY"}, keyed=(said,)).held is Held.ENVIRONMENT


def test_a_key_stored_for_another_server_is_not_this_accounts_key() -> None:
    moved = Account("g", "groq", base_url="https://proxy.example/v1")
    assert view(moved, keyed=(SLOT,)).held is Held.NOWHERE


def test_a_server_that_needs_no_key_says_so() -> None:
    assert view(Account("g", "llama")).held is Held.NOT_NEEDED


def test_the_list_and_its_age_are_the_state() -> None:
    made = view(Account("g", "groq"), listing=Listing("g", models(3), Source.CACHE, NOW - 7200))
    assert (made.state, made.attention) == ("3 models, cached 2 h ago", False)


def test_a_refused_key_is_for_the_user_to_see() -> None:
    made = view(Account("g", "groq"), listing=Listing("g", (), failure=Failure(Kind.REFUSED, "g")))
    assert (made.state, made.attention) == ("key refused", True)


def test_a_local_server_that_is_not_running_is_nobodys_task() -> None:
    made = view(Account("g", "llama"), listing=Listing("g", (), failure=Failure(Kind.NOT_RUNNING, "g")))
    assert (made.state, made.attention) == ("not running", False)


def test_an_account_that_is_switched_off_asks_for_nothing() -> None:
    made = view(Account("g", "azure", enabled=False))
    assert (made.state, made.attention) == ("switched off", False)


def test_a_missing_value_is_named() -> None:
    made = view(Account("g", "azure"))
    assert (made.state, made.attention, made.origin) == ("needs to be set up", True, "")
    assert "Resource" in made.problem
    assert view(Account("g", "azure", values={"res": "acme"})).origin == "https://acme.azure.com:443"


def test_what_is_being_fetched_says_so() -> None:
    assert view(Account("g", "groq"), refreshing={"g"}).state == "refreshing…"


def test_a_provider_this_version_does_not_know_is_kept_and_marked() -> None:
    made = view(Account("g", "from-the-future", name="Mine"))
    assert (made.title, made.known, made.attention) == ("Mine", False, True)
    assert "from-the-future" in made.problem


def test_offers_are_what_was_found_and_is_not_in_use() -> None:
    found = offers(SPECS, Settings(), {"groq": "GROQ_API_KEY"}, {"llama": "http://127.0.0.1:8080"})
    assert found == (
        Offer("llama", "llama.cpp, running at http://127.0.0.1:8080", address="http://127.0.0.1:8080"),
        Offer("groq", "Groq, key found in GROQ_API_KEY", "GROQ_API_KEY"),
    )


def test_a_variable_in_use_and_a_server_set_up_are_not_offered_again() -> None:
    used = Settings(accounts=(Account("g", "groq", key_from=KeyFrom.ENVIRONMENT), Account("l", "llama")))
    assert offers(SPECS, used, {"groq": "GROQ_API_KEY"}, {"llama": "http://127.0.0.1:8080"}) == ()


def test_a_view_says_which_times_hold_unless_the_account_has_its_own() -> None:
    """S1-37, S4-44: what is shown as usual is what the account would fall back on."""
    own = view(Account("g", "groq", ttl=5, strategy="fresh", timeouts="slow"))
    assert (own.usual_ttl, own.usual_strategy, own.usual_latency) == (3600, "moderate", "medium")
    assert (view(Account("l", "llama")).usual_ttl, view(Account("l", "llama")).usual_latency) == (300, "local")
    assert view(Account("l", "llama", base_url="http://192.168.1.9/v1")).usual_latency == "medium"
    settings = Settings(
        accounts=(Account("g", "groq"),),
        default_ttl_seconds=60,
        provider_ttl_overrides={"groq": 7},
        model_cache_strategy="fresh",
    )
    (*_local, made) = account_views(settings, State(), {}, SPECS, {}, "ok", (), NOW)
    assert (made.usual_ttl, made.usual_strategy) == (7, "fresh")


def test_where_ollama_listens_is_shown_and_never_taken_for_something_typed() -> None:
    from trayapp.providers.table import SPECS as ALL

    (found, *_others) = account_views(
        Settings(), State(), {}, ALL, {}, "ok", (), NOW, env={"OLLAMA_HOST": "0.0.0.0:4711"}
    )
    assert (found.provider, found.origin, found.hint) == ("ollama", "http://127.0.0.1:4711", "http://127.0.0.1:4711")
    assert found.account.base_url == "", "what the environment says is not written into the settings"
