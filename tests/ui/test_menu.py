"""The tray's menu as a value."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import OpenSettings, PickModel, Quit, Refresh, ShowAll, UnlockKeyring
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.ui.menu import Section, Shown, TrayView, listed, rows, tray_view

NOW = 1_000_000.0
GROQ = Shown(Account("groq", "groq"), "Groq", local=False)
WORK = Shown(Account("openai-work", "openai", "OpenAI – work"), "OpenAI – work", local=False)
OLLAMA = Shown(Account("ollama", "ollama"), "Ollama", local=True)


def models(provider: str, *ids: str, **more: Any) -> tuple[Model, ...]:
    return tuple(Model(ModelRef(provider, it), **more) for it in ids)


def listing(provider: str, *ids: str, **more: Any) -> Listing:
    return Listing(provider, models(provider, *ids), more.pop("source", Source.API), more.pop("at", NOW), **more)


def view(*accounts: Shown, lists: tuple[Listing, ...] = (), **more: Any) -> TrayView:
    return tray_view(
        accounts,
        settings=more.pop("settings", Settings()),
        state=more.pop("state", State()),
        listings={it.provider: it for it in lists},
        now=NOW,
        **more,
    )


def test_every_account_has_a_header_that_says_its_state() -> None:
    it = view(
        GROQ,
        WORK,
        lists=(listing("groq", "llama", at=NOW - 7200, source=Source.CACHE), listing("openai-work", "gpt-5", "o3")),
    )
    assert [section.title for section in it.sections] == [
        "Groq (1) – cached 2 h ago",
        "OpenAI – work (2) – updated just now",
    ]


def test_local_servers_come_first_and_only_once_they_have_answered() -> None:
    assert view(GROQ, OLLAMA, lists=(listing("groq", "llama"),)).sections[0].provider == "groq"
    both = view(GROQ, OLLAMA, lists=(listing("groq", "llama"), listing("ollama", "qwen3:8b")))
    assert [section.provider for section in both.sections] == ["ollama", "groq"]
    gone = listing("ollama", failure=Failure(Kind.NOT_RUNNING, "ollama"))
    down = view(OLLAMA, lists=(gone,), state=State(seen=("ollama",)))
    assert down.sections[0].title == "Ollama – not running"


def test_a_disabled_account_is_left_out() -> None:
    off = Shown(Account("groq", "groq", enabled=False), "Groq", local=False)
    assert view(off, lists=(listing("groq", "llama"),)).sections == ()


def test_the_menu_is_never_empty() -> None:
    bare = view()
    assert [row.label for row in bare.head] == ["No model chosen", "Add a provider…"]
    assert bare.head[1].intent == OpenSettings("Providers", add=True)
    assert bare.tail[-1] is not None
    assert bare.tail[-1].intent == Quit()
    waiting = view(GROQ, refreshing=frozenset({"groq"}))
    assert waiting.sections[0].title == "Groq – refreshing…"
    assert [row.intent for row in rows(waiting.sections[0], 10)] == [Refresh("groq")]
    assert waiting.icon == "working"


def test_the_choice_stands_first_and_is_checked() -> None:
    it = view(GROQ, lists=(listing("groq", "llama", "qwen"),), state=State(active=ModelRef("groq", "qwen")))
    assert it.head[0].label == "● Groq: qwen"
    assert "Groq: qwen" in it.tooltip
    assert [(row.label, row.checked) for row in rows(it.sections[0], 10)] == [("llama", False), ("qwen", True)]
    assert rows(it.sections[0], 10)[0].intent == PickModel(ModelRef("groq", "llama"))


def test_a_chosen_model_that_is_gone_stays_chosen_and_is_marked() -> None:
    gone = State(active=ModelRef("groq", "old"))
    assert view(GROQ, lists=(listing("groq", "llama"),), state=gone).head[0].label == "● Groq: old (no longer listed)"
    assert view(lists=(), state=gone).head[0].label == "● groq/old (account not in use)"
    unknown = view(GROQ, lists=(listing("groq", failure=Failure(Kind.UNREACHABLE, "groq")),), state=gone)
    assert unknown.head[0].label == "● Groq: old"


def test_a_locked_list_can_be_read_but_not_chosen_from() -> None:
    locked = listing("groq", "llama", source=Source.EMBEDDED, failure=Failure(Kind.NO_KEY, "groq"))
    section = view(GROQ, lists=(locked,)).sections[0]
    assert section.title == "Groq (1) – add a key"
    add, row = rows(section, 10)
    assert add.intent == OpenSettings("Providers", "groq")
    assert (row.label, row.enabled, row.intent) == ("llama", False, None)


def test_a_locked_keyring_marks_the_icon_and_offers_to_unlock() -> None:
    shut = listing("groq", "llama", source=Source.STALE, failure=Failure(Kind.LOCKED, "groq"))
    it = view(GROQ, lists=(shut,), keyring="locked")
    assert it.icon == "attention"
    assert UnlockKeyring() in [row.intent for row in it.head]


def test_a_locked_keyring_is_no_matter_of_an_account_that_is_switched_off() -> None:
    shut = listing("groq", "llama", source=Source.STALE, failure=Failure(Kind.LOCKED, "groq"))
    off = Shown(Account("groq", "groq", enabled=False), "Groq", local=False)
    assert view(off, lists=(shut,), keyring="locked").icon == "ready"


def test_a_look_for_a_local_server_does_not_stir_the_icon() -> None:
    assert view(GROQ, OLLAMA, lists=(listing("groq", "llama"),), refreshing=frozenset({"ollama"})).icon == "ready"


def test_a_local_server_that_the_user_set_up_is_shown_before_it_answers() -> None:
    own = Account("box", "openai-compatible", "Box")
    it = view(Shown(own, "Box", local=True), settings=Settings(accounts=(own,)))
    assert [section.title for section in it.sections] == ["Box – no list yet"]


def test_a_model_chosen_by_another_of_its_names_is_checked() -> None:
    one = Listing("groq", (Model(ModelRef("groq", "gpt-5-2026"), aliases=("gpt-5",)),), Source.API, NOW)
    it = view(GROQ, lists=(one,), state=State(active=ModelRef("groq", "gpt-5")))
    assert it.head[0].label == "● Groq: gpt-5-2026"
    assert [row.checked for row in rows(it.sections[0], 10)] == [True]


def test_an_id_counts_more_than_another_models_alias() -> None:
    new = Model(ModelRef("groq", "gpt-new"), aliases=("gpt",))
    both = Listing("groq", (new, *models("groq", "gpt")), Source.API, NOW)
    found = listed(ModelRef("groq", "gpt"), both)
    assert found is not None
    assert found.ref.model == "gpt"
    assert listed(ModelRef("groq", "other"), both) is None


@pytest.mark.parametrize("kind", [Kind.BAD_INPUT, Kind.UNKNOWN_PROVIDER])
def test_an_account_that_lacks_something_leads_to_its_settings(kind: Kind) -> None:
    section = view(GROQ, lists=(listing("groq", failure=Failure(kind, "groq")),)).sections[0]
    assert [row.intent for row in rows(section, 10)] == [OpenSettings("Providers", "groq")]


def test_a_list_without_a_model_that_chats_says_what_is_hidden() -> None:
    only = Listing("groq", models("groq", "whisper", "tts", use=Use.AUDIO), Source.API, NOW)
    (row,) = rows(view(GROQ, lists=(only,)).sections[0], 10)
    assert (row.label, row.intent) == ("2 models that do not chat are hidden", OpenSettings("Models"))


def test_a_list_that_all_chat_is_not_copied() -> None:
    it = listing("groq", "llama", "qwen")
    assert view(GROQ, lists=(it,)).sections[0].models is it.models


def test_models_that_do_not_chat_are_hidden_with_a_switch() -> None:
    both = Listing("groq", (*models("groq", "llama"), *models("groq", "whisper", use=Use.AUDIO)), Source.API, NOW)
    assert len(view(GROQ, lists=(both,)).sections[0].models) == 1
    assert len(view(GROQ, lists=(both,), settings=Settings(show_non_chat=True)).sections[0].models) == 2


def test_many_models_go_into_submenus() -> None:
    few = listing("groq", *(f"m{n}" for n in range(25)))
    many = listing("groq", *(f"m{n}" for n in range(26)))
    assert view(GROQ, lists=(few,)).inline
    assert not view(GROQ, lists=(many,)).inline


def test_a_very_long_list_is_cut_and_never_hides_the_choice() -> None:
    section = Section("groq", "Groq", models("groq", *(f"m{n:03}" for n in range(300))), active="m250")
    made = rows(section, 100)
    assert len(made) == 101
    assert made[-1].intent == ShowAll("groq")
    assert [row.label for row in made if row.checked] == ["m250"]


def test_two_models_of_one_name_are_told_apart_by_their_ids() -> None:
    twins = models("openai-work", "gpt-4o", "gpt-4o-2024-08-06", name="GPT-4o")
    assert [row.label for row in rows(Section("openai-work", "", twins), 9)] == [
        "GPT-4o (gpt-4o)",
        "GPT-4o (gpt-4o-2024-08-06)",
    ]
