"""Models that were stored by their name alone: read as they are, and given to the one account that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from trayapp.core import loose, schema
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State


def listing(provider: str, *ids: str, locked: bool = False) -> Listing:
    models = tuple(Model(ModelRef(provider, it), aliases=(f"{it}-latest",)) for it in ids)
    return Listing(provider, models, failure=Failure(Kind.NO_KEY, provider) if locked else None)


KNOWN: Mapping[str, Listing] = {
    it.provider: it
    for it in (
        listing("openai", "gpt-4.1", "o3"),
        listing("work", "o3"),
        listing("router", "openai/gpt-4.1", "openai/gpt-5"),
        listing("shut", "gpt-4.1", "claude", locked=True),
        listing("new"),
    )
}
ACCOUNTS = (*KNOWN, "off")
LOOSE = ModelRef("", "gpt-4.1")


@pytest.mark.parametrize(
    "stored",
    ["gpt-4.1", ["", "gpt-4.1"], [None, "gpt-4.1"], {"model": "gpt-4.1"}, {"provider": None, "model": "gpt-4.1"}],
)
def test_a_name_without_an_account_is_kept_wherever_it_stands(stored: Any) -> None:
    lists = {name: [stored, ["openai", "o3"]] for name in ("kept", "pinned", "hidden", "recent")}
    read, problems = schema.read_state({"active": stored, **lists, "profiles": [{"name": "Work", "active": stored}]})
    both = (LOOSE, ModelRef("openai", "o3"))
    assert problems == ()
    assert read == State(
        active=LOOSE, kept=both, pinned=both, hidden=both, recent=both, profiles=(Profile("Work", LOOSE),)
    )
    assert not read.whole
    assert schema.read_state(schema.dump(read)) == (read, ())


@pytest.mark.parametrize("name", ["provider", "provider_id"])
def test_account_and_model_by_their_names_are_a_pair(name: str) -> None:
    read, problems = schema.read_state({"active": {name: "openai", "model": "o3"}})
    assert (read.active, problems) == (ModelRef("openai", "o3"), ())


@pytest.mark.parametrize("stored", ["", "  ", 7, ["openai"], {"model": 3}, {"provider": "openai"}])
def test_what_names_no_model_is_told_and_costs_only_itself(stored: Any) -> None:
    read, problems = schema.read_state({"active": stored, "pinned": [["openai", "o3"], stored], "profiles": [stored]})
    assert read == State(pinned=(ModelRef("openai", "o3"),))
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("gpt-4.1", ModelRef("openai", "gpt-4.1")),  # the other account with it has no key
        ("GPT-4.1", ModelRef("openai", "gpt-4.1")),
        ("gpt-4.1-latest", ModelRef("openai", "gpt-4.1")),
        ("claude", ModelRef("shut", "claude")),
        ("openai/gpt-5", ModelRef("router", "openai/gpt-5")),
        ("openai/o3", ModelRef("openai", "o3")),
        ("openai/gone", ModelRef("openai", "gone")),
        ("new/any", ModelRef("new", "any")),
        ("off/any", ModelRef("off", "any")),
        ("openai/gpt-4.1", None),  # that of the account, or that of the router
        ("o3", None),
        ("nowhere", None),
        ("nowhere/any", None),
        ("openai/", None),
        ("", None),
    ],
)
def test_a_model_is_that_of_the_only_account_that_has_it(name: str, ref: ModelRef | None) -> None:
    assert loose.whose(name, KNOWN, ACCOUNTS) == ref


def test_what_can_be_told_is_filled_in_and_the_rest_stays_as_it_is() -> None:
    two, whole = ModelRef("", "o3"), ModelRef("openai", "gpt-4.1")
    state = State(
        active=two,
        pinned=(LOOSE, two, whole),
        recent=(LOOSE,),
        profiles=(Profile("a", LOOSE), Profile("b", two), Profile("c")),
    )
    settled = loose.settled(state, KNOWN, ACCOUNTS)
    assert settled == State(
        active=two,
        pinned=(whole, two),
        recent=(whole,),
        profiles=(Profile("a", whole), Profile("b", two), Profile("c")),
    )
    assert loose.settled(settled, KNOWN, ACCOUNTS) == settled


def test_only_the_choice_is_filled_in_where_not_all_accounts_are_looked_at() -> None:
    state = State(active=LOOSE, pinned=(LOOSE,), profiles=(Profile("a", LOOSE),))
    settled = loose.settled(state, KNOWN, ACCOUNTS, only_active=True)
    assert settled == State(active=ModelRef("openai", "gpt-4.1"), pinned=(LOOSE,), profiles=(Profile("a", LOOSE),))


@pytest.mark.parametrize(
    "state", [State(), State(active=ModelRef("a", "b"), profiles=(Profile("p"), Profile("q", ModelRef("a", "b"))))]
)
def test_nothing_is_looked_for_where_every_model_has_its_account(state: State) -> None:
    assert state.whole
    assert loose.settled(state, {}, ()) == state


def test_whoever_chooses_a_model_that_was_asked_for_has_answered_wherever_its_name_stands() -> None:
    chosen, other = ModelRef("work", "gpt-4.1"), ModelRef("", "o3")
    state = State(active=LOOSE, pinned=(LOOSE, other), recent=(LOOSE,), profiles=(Profile("a", LOOSE), Profile("b")))
    answered = loose.answered(state, chosen)
    assert (answered.pinned, answered.recent) == ((chosen, other), (chosen,))
    assert answered.profiles == (Profile("a", chosen), Profile("b"))
    assert loose.answered(state, ModelRef("work", "another")) == state
