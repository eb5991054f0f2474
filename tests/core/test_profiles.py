"""A profile is a preset: what it holds, what it leaves out, and when something else is in use."""

from __future__ import annotations

from msgspec.structs import replace

from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile, changed, current, effective, named, used
from trayapp.core.state import State

GPT, LLAMA = ModelRef("openai", "gpt"), ModelRef("ollama", "llama")
OFFLINE = Profile("Offline", active=LLAMA, accounts=("ollama",), strategy="ram")
WORK = Profile("Work")
STATE = State(active=GPT, recent=(GPT,), profiles=(OFFLINE, WORK), strategy="ssd")
ACCOUNTS = (Account("ollama", "ollama"), Account("openai", "openai"), Account("old", "groq", enabled=False))


def test_choice_accounts_and_strategy_change_in_one_value() -> None:
    state = used(STATE, OFFLINE)
    assert (state.active, state.strategy, state.profile) == (LLAMA, "ram", "Offline")
    assert state.recent == (LLAMA, GPT)
    assert [it.enabled for it in effective(ACCOUNTS, state)] == [True, False, False]


def test_a_profile_that_names_no_accounts_leaves_none_out() -> None:
    assert effective(ACCOUNTS, used(STATE, WORK)) == ACCOUNTS
    assert effective(ACCOUNTS, STATE) == ACCOUNTS


def test_a_profile_without_a_model_leaves_the_choice_alone() -> None:
    assert used(STATE, WORK).active == GPT


def test_another_choice_or_strategy_is_a_change_until_it_is_saved() -> None:
    state = used(STATE, OFFLINE)
    assert not changed(state)
    assert changed(replace(state, active=GPT))
    assert changed(replace(state, strategy=None))
    assert not changed(STATE)


def test_it_is_found_whatever_the_case_of_its_letters() -> None:
    assert named(STATE, "offLINE") is OFFLINE
    assert named(STATE, "home") is None
    assert current(replace(STATE, profile="gone")) is None
    assert effective(ACCOUNTS, replace(STATE, profile="gone")) == ACCOUNTS
