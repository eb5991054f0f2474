"""The tray's menu as a value."""

from __future__ import annotations

import pytest

from tests.ui.menu_scene import GROQ, NOW, OLLAMA, WORK, listing, models, view
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import (
    CancelRefresh,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    PickModel,
    Quit,
    Refresh,
    ShowAll,
    UnlockKeyring,
)
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.ui.menu import Section, Shown, listed, rows
from trayapp.ui.row import Row


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


def test_the_ways_to_all_models_stand_below_what_is_chosen_and_help_above_the_settings() -> None:
    it = view(GROQ, lists=(listing("groq", "llama"),))
    assert [(row.label, row.intent) for row in it.head[1:]] == [
        ("Find model…", OpenFinder()),
        ("All models…", ShowAll()),
    ]
    assert [row and row.label for row in it.tail] == ["Refresh", "Help", "Settings…", None, "Quit"]
    assert it.tail[1] is not None
    assert it.tail[1].intent == OpenHelp()


def test_while_lists_are_asked_for_the_row_says_of_how_many_and_gives_them_up() -> None:
    lists = (listing("groq", "llama"), listing("openai-work", "o3"))
    one = view(GROQ, WORK, lists=lists, refreshing=frozenset({"groq", "ollama"}))
    assert one.tail[0] == Row("Asking 1 provider… – cancel", CancelRefresh())
    both = view(GROQ, WORK, lists=lists, refreshing=frozenset({"groq", "openai-work"}))
    assert both.tail[0] == Row("Asking 2 providers… – cancel", CancelRefresh())
    assert both.tooltip.endswith("Refreshing lists…")


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


def test_the_users_order_counts_first_then_what_is_local_then_what_came_first() -> None:
    lists = (listing("groq", "a"), listing("openai-work", "b"), listing("ollama", "c"))

    def order(*named: str) -> list[str]:
        made = view(GROQ, WORK, OLLAMA, lists=lists, settings=Settings(provider_order=named))
        return [section.provider for section in made.sections]

    assert order() == ["ollama", "groq", "openai-work"]
    assert order("openai-work", "gone") == ["openai-work", "ollama", "groq"]
    assert order("groq", "ollama", "openai-work") == ["groq", "ollama", "openai-work"]


def test_what_is_folded_takes_no_room_in_the_menu_itself() -> None:
    lists = (listing("groq", *(f"m{n}" for n in range(300))), listing("openai-work", "o3"))
    it = view(GROQ, WORK, lists=lists, state=State(folded=("groq",)))
    assert it.inline
    assert [section.folded for section in it.sections] == [True, False]
    assert not view(GROQ, WORK, lists=lists, state=State(folded=("groq", "openai-work"))).inline


def test_a_model_that_came_this_week_is_called_new_after_its_facts() -> None:
    it = Listing("groq", models("groq", "llama", "qwen", context=128_000), arrived={"llama": NOW - 9e6, "qwen": NOW})
    made = rows(view(GROQ, lists=(it,)).sections[0], 10)
    assert [row.label for row in made] == ["llama   128k", "qwen   128k · new"]


def test_a_hidden_model_is_left_out_of_rows_and_counts() -> None:
    state = State(hidden=(ModelRef("groq", "qwen"), ModelRef("openai-work", "llama")))
    section = view(GROQ, lists=(listing("groq", "llama", "qwen", "phi"),), state=state).sections[0]
    assert section.title == "Groq (2) – updated just now"
    assert [row.label for row in rows(section, 10)] == ["llama", "phi"]
    assert [row.label for row in rows(section, 10, concealed=True)] == ["llama", "phi", "qwen (hidden)"]
    assert rows(section, 10, concealed=True)[2].intent == PickModel(ModelRef("groq", "qwen"))


def test_a_provider_whose_models_are_all_hidden_says_so_and_shows_the_way_to_them() -> None:
    state = State(hidden=(ModelRef("groq", "llama"),))
    it = view(GROQ, lists=(listing("groq", "llama"),), state=state)
    assert [(row.label, row.intent) for row in rows(it.sections[0], 10)] == [
        ("All models are hidden – show…", ShowAll("groq"))
    ]
    assert [row.label for row in rows(it.sections[0], 10, concealed=True)] == ["llama (hidden)"]
    assert ShowAll() in [row.intent for row in it.head]


def test_a_hidden_model_that_is_chosen_stays_in_the_first_line() -> None:
    llama = ModelRef("groq", "llama")
    it = view(GROQ, lists=(listing("groq", "llama", "qwen"),), state=State(active=llama, hidden=(llama,)))
    assert it.chosen == it.head[0].label == "● Groq: llama"
    assert not any(row.checked for row in rows(it.sections[0], 10))


def test_a_very_long_list_is_cut_and_never_hides_the_choice() -> None:
    section = Section("groq", "Groq", models("groq", *(f"m{n:03}" for n in range(300))), active="m250")
    made = rows(section, 100)
    assert len(made) == 101
    assert made[-1].intent == ShowAll("groq")
    assert [row.label for row in made if row.checked] == ["m250"]
    gone = rows(Section("groq", "Groq", models("groq", *(f"m{n:03}" for n in range(300))), active="away"), 100)
    assert [row.label for row in gone[98:]] == ["m098", "m099", "More…"]


def test_two_models_of_one_name_are_told_apart_by_their_ids() -> None:
    twins = models("openai-work", "gpt-4o", "gpt-4o-2024-08-06", name="GPT-4o")
    assert [row.label for row in rows(Section("openai-work", "", twins), 9)] == [
        "GPT-4o (gpt-4o)",
        "GPT-4o (gpt-4o-2024-08-06)",
    ]
