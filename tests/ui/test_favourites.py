"""Pinned and recent models on top of the menu, each with its provider."""

from __future__ import annotations

from typing import Any

from tests.ui.menu_scene import GROQ, NOW, OLLAMA, WORK, listing, models, view
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import PickModel
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.state import State
from trayapp.ui.favourites import RECENT
from trayapp.ui.menu import Shown
from trayapp.ui.row import Row

LLAMA, QWEN, GPT = ModelRef("groq", "llama"), ModelRef("groq", "qwen"), ModelRef("openai-work", "gpt-5")
LISTS = (listing("groq", "llama", "qwen"), listing("openai-work", "gpt-5", "o3"))


def top(state: State, *accounts: Shown, lists: tuple[Listing, ...] = LISTS, **more: Any) -> tuple[Row | None, ...]:
    return view(*(accounts or (GROQ, WORK)), lists=lists, state=state, **more).top


def labels(rows: tuple[Row | None, ...]) -> list[str]:
    return [row.label if row is not None else "---" for row in rows]


def test_nothing_stands_there_as_long_as_there_is_nothing() -> None:
    assert top(State()) == ()
    assert top(State(active=LLAMA, recent=(LLAMA,))) == ()  # the first line says it already


def test_each_row_says_its_provider_and_the_chosen_one_is_marked() -> None:
    """S2-44."""
    rows = top(State(active=GPT, pinned=(QWEN,), recent=(GPT, QWEN, LLAMA)))
    assert labels(rows) == ["Pinned", "Groq: qwen", "---", "Recent", "OpenAI – work: gpt-5", "Groq: llama"]
    assert [row.label for row in rows if row is not None and row.checked] == ["OpenAI – work: gpt-5"]
    assert [row.intent for row in rows if row is not None] == [
        None, PickModel(QWEN), None, PickModel(GPT), PickModel(LLAMA),
    ]  # fmt: skip
    assert len({row.group for row in rows if row is not None and row.checkable}) == 1


def test_its_marks_are_of_another_group_than_those_of_the_sections() -> None:
    (_header, row) = top(State(active=LLAMA, pinned=(LLAMA,)))
    assert row is not None
    assert row.checked
    assert row.group not in ("", "model")


def test_a_row_says_what_is_known_of_its_model() -> None:
    it = Listing("groq", models("groq", "llama", context=128_000), Source.API, NOW, arrived={"llama": NOW})
    assert labels(top(State(pinned=(LLAMA,)), lists=(it,)))[1] == "Groq: llama   128k · new"


def test_only_the_last_few_are_recent() -> None:
    many = tuple(f"m{n}" for n in range(20))
    state = State(recent=tuple(ModelRef("groq", it) for it in many))
    assert len(top(state, lists=(listing("groq", *many),))) == 1 + RECENT


def test_hidden_models_are_neither_pinned_nor_recent() -> None:
    assert top(State(pinned=(LLAMA,), recent=(QWEN,), hidden=(LLAMA, QWEN))) == ()


def test_what_is_gone_is_not_recent_and_a_pinned_one_says_so() -> None:
    away = ModelRef("groq", "away")
    assert labels(top(State(recent=(away, QWEN)))) == ["Recent", "Groq: qwen"]
    assert labels(top(State(pinned=(away,)))) == ["Pinned", "Groq: away (no longer listed)"]


def test_an_account_that_is_switched_off_leaves_its_pinned_models_to_be_seen_only() -> None:
    off = Shown(Account("groq", "groq", enabled=False), "Groq", local=False)
    rows = top(State(pinned=(LLAMA, GPT), recent=(QWEN,)), off, WORK)
    assert labels(rows) == ["Pinned", "Groq: llama", "OpenAI – work: gpt-5"]
    assert [row.enabled for row in rows[1:] if row is not None] == [False, True]
    assert rows[1] is not None
    assert rows[1].intent is None


def test_an_account_that_was_removed_leaves_nothing() -> None:
    assert top(State(pinned=(LLAMA,), recent=(LLAMA,)), WORK) == ()


def test_a_locked_account_is_seen_and_cannot_be_chosen_from() -> None:
    shut = listing("groq", "llama", source=Source.EMBEDDED, failure=Failure(Kind.NO_KEY, "groq"))
    rows = top(State(pinned=(LLAMA,)), GROQ, lists=(shut,))
    assert rows[1] is not None
    assert (rows[1].enabled, rows[1].intent) == (False, None)


def test_before_the_first_list_a_model_is_shown_by_its_id() -> None:
    assert labels(top(State(recent=(LLAMA,)), GROQ, lists=())) == ["Recent", "Groq: llama"]


def test_one_model_under_two_of_its_names_stands_there_once() -> None:
    it = Listing("groq", (Model(ModelRef("groq", "gpt-5-2026"), aliases=("gpt-5",)),), Source.API, NOW)
    names = (ModelRef("groq", "gpt-5"), ModelRef("groq", "gpt-5-2026"))
    state = State(active=names[0], pinned=(names[1],), recent=names)
    rows = top(state, GROQ, lists=(it,))
    assert labels(rows) == ["Pinned", "Groq: gpt-5-2026"]
    assert rows[1] is not None
    assert rows[1].checked


def test_a_local_model_is_as_good_as_any_other() -> None:
    rows = top(State(recent=(ModelRef("ollama", "qwen3:8b"),)), OLLAMA, lists=(listing("ollama", "qwen3:8b"),))
    assert labels(rows) == ["Recent", "Ollama: qwen3:8b"]
