"""The line that says what is chosen, and the tooltip, which has little room on Windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.menu_scene import GROQ, listing, view
from trayapp.core.errors import Failure, Kind
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui.chosen import Choice, choice, cut, tooltip, units

WINDOWS = 127


def test_it_says_program_provider_model_and_what_is_the_matter() -> None:
    shut = listing("groq", "llama", failure=Failure(Kind.LOCKED, "groq"))
    state = State(active=ModelRef("groq", "llama"), profiles=(Profile("Work"),), profile="Work")
    it = view(GROQ, lists=(shut,), state=state, keyring="locked", refreshing=frozenset({"groq"}))
    assert it.tooltip == "trayapp\nGroq: llama\nProfile: Work\nKeyring locked\nRefreshing lists…"


def test_a_gateway_that_failed_is_named() -> None:
    it = view(GROQ, gateway=Status(GatewayState.FAILED, problem="Port 4180 is taken. End the other program."))
    assert it.tooltip == "trayapp\nNo model chosen\nGateway: Port 4180 is taken"


def test_a_name_that_is_too_long_loses_its_middle() -> None:
    name = "accounts/fireworks/models/" + "very-long-name-" * 8 + "instruct-2026-01-31"
    told = tooltip(Choice("Fireworks: ", name, " (no longer listed)"), ("Keyring locked",), WINDOWS)
    assert units(told) == WINDOWS
    assert told.startswith("trayapp\nFireworks: accounts/fire")
    assert "…" in told
    assert told.endswith("-2026-01-31 (no longer listed)\nKeyring locked")


def test_where_even_that_is_not_enough_the_end_goes() -> None:
    told = tooltip(Choice("Groq: ", "llama-3.3-70b-versatile"), ("x" * 200,), WINDOWS)
    assert units(told) <= WINDOWS
    assert told.startswith("trayapp\nGroq: llama-…atile\nxxx")
    assert told.endswith("…")


def test_elsewhere_there_is_room() -> None:
    name = "n" * 300
    assert tooltip(Choice("Groq: ", name), (), 1000) == f"trayapp\nGroq: {name}"


def test_the_providers_own_name_is_not_cut_though_it_is_the_models_too() -> None:
    told = tooltip(Choice("gpt" * 20 + ": ", "gpt" * 20), (), WINDOWS)
    assert told.startswith("trayapp\n" + "gpt" * 20 + ": gpt")
    assert units(told) == WINDOWS


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=200), max_size=3))
def test_whatever_it_says_windows_has_room_for_it(before: str, model: str, more: list[str]) -> None:
    assert units(tooltip(Choice(before, model), more, WINDOWS)) <= WINDOWS


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [("abcdefghij", 10, "abcdefghij"), ("abcdefghij", 7, "abc…hij"), ("abcdefghij", 4, "ab…j")],
)
def test_a_cut_name_keeps_beginning_and_end(text: str, longest: int, short: str) -> None:
    assert cut(text, longest) == short


def test_a_model_of_an_account_that_is_gone_is_said_by_its_reference() -> None:
    it = choice(ModelRef("groq", "llama"), {}, {})
    assert (it.text, it.model) == ("groq/llama (account not in use)", "llama")
