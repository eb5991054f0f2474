"""The page “Profiles” as data: drafts, what is wrong with them, and what saves them."""

from __future__ import annotations

import pytest
from msgspec import structs

from trayapp.core.intents import RemoveProfile, SaveProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import LONGEST, Profile
from trayapp.core.state import State
from trayapp.ui import profile_form
from trayapp.ui.profile_form import Draft, draft_of

GPT, LLAMA = ModelRef("openai", "gpt-5"), ModelRef("ollama", "llama")
WORK = Profile("Work", GPT, ("openai",), "ram")
HOME = Profile("Home")
STORED = (WORK, HOME)
STATE = State(active=GPT, strategy="ssd", profiles=STORED, profile="Work")
DRAFTS = tuple(map(draft_of, STORED))


def test_a_stored_profile_comes_through_the_form_as_it_was() -> None:
    assert tuple(map(profile_form.profile_of, DRAFTS)) == STORED
    assert profile_form.intents(DRAFTS, STORED) == ()


def test_a_new_profile_holds_what_is_in_use_now() -> None:
    assert profile_form.new("Trip", STATE, DRAFTS) == Draft("Trip", "openai/gpt-5", ("openai",), "ssd")
    free = structs.replace(STATE, profile="")
    assert profile_form.new("Trip", free, DRAFTS) == Draft("Trip", "openai/gpt-5", None, "ssd")


def test_a_profile_without_a_network_has_local_accounts_and_a_local_model_only() -> None:
    assert profile_form.new("Offline", STATE, DRAFTS, ("ollama",)) == Draft("Offline", "", ("ollama",), "ssd")
    local = structs.replace(STATE, active=LLAMA)
    assert profile_form.new("Offline", local, DRAFTS, ("ollama",)).model == "ollama/llama"


def test_a_model_outside_of_its_accounts_is_left_out_of_a_new_profile() -> None:
    assert profile_form.new("Trip", structs.replace(STATE, active=LLAMA), DRAFTS).model == ""


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert profile_form.new("work", STATE, DRAFTS).name == "work 2"


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (Draft(" "), "1 to 40 letters"),
        (Draft("x" * (LONGEST + 1)), "1 to 40 letters"),
        (Draft("HOME"), "already"),
        (Draft("Trip", "gpt-5"), "ACCOUNT/MODEL"),
        (Draft("Trip", "openai/gpt-5", ("ollama",)), "leaves out"),
        (Draft("Trip", "", ()), "an account at least"),
    ],
)
def test_what_cannot_be_is_said_in_words(draft: Draft, words: str) -> None:
    assert words in profile_form.problem(draft, DRAFTS)


def test_what_can_be_is_not_complained_about() -> None:
    assert profile_form.problem(DRAFTS[0], DRAFTS[1:]) == ""
    assert profile_form.problem(Draft("Trip", "openai/gpt-5", ("openai",)), DRAFTS) == ""


def test_what_is_given_up_is_removed_before_names_are_taken() -> None:
    taken = Draft("Work", "ollama/llama", None, None)
    assert profile_form.intents((taken, DRAFTS[1]), STORED) == (
        RemoveProfile("Work"),
        SaveProfile(Profile("Work", LLAMA), ""),
    )


def test_another_name_says_which_one_it_was() -> None:
    renamed = structs.replace(DRAFTS[0], name=" Job ")
    saved = structs.replace(WORK, name="Job")
    assert profile_form.intents((renamed, DRAFTS[1]), STORED) == (SaveProfile(saved, "Work"),)


def test_what_changes_elsewhere_does_not_undo_what_is_entered() -> None:
    edited = structs.replace(DRAFTS[0], strategy="none")
    fresh = Draft("Trip")
    elsewhere = (WORK, structs.replace(HOME, strategy="ram"), Profile("New"))
    made = profile_form.merged((edited, DRAFTS[1], fresh), STORED, elsewhere)
    assert made == (edited, draft_of(elsewhere[1]), draft_of(elsewhere[2]), fresh)


def test_what_was_given_up_stays_so_and_what_vanished_with_changes_becomes_new() -> None:
    assert profile_form.merged((DRAFTS[1],), STORED, (*STORED, Profile("New"))) == (
        DRAFTS[1],
        draft_of(Profile("New")),
    )
    edited = structs.replace(DRAFTS[0], strategy="none")
    assert profile_form.merged((edited, DRAFTS[1]), STORED, (HOME,)) == (DRAFTS[1], structs.replace(edited, before=""))


def test_what_has_just_been_saved_is_there_once() -> None:
    fresh, renamed = Draft("Trip"), structs.replace(DRAFTS[0], name="Job")
    now = (structs.replace(WORK, name="Job"), HOME, Profile("Trip"))
    assert profile_form.merged((renamed, DRAFTS[1], fresh), STORED, now) == tuple(map(draft_of, now))


def test_the_one_in_use_is_told_in_words() -> None:
    same = structs.replace(STATE, strategy="ram")
    assert profile_form.standing(DRAFTS[0], same) == "in use"
    assert profile_form.standing(DRAFTS[0], STATE) == "in use, something else chosen since"
    assert profile_form.standing(DRAFTS[1], STATE) == ""
    edited = structs.replace(DRAFTS[0], strategy="none")
    assert profile_form.standing(edited, same) == "in use, not saved yet"


def test_accounts_that_are_gone_are_listed_last() -> None:
    assert profile_form.chosen(("ollama", "openai"), Draft("x", "", ("gone", "openai"))) == ("ollama", "openai", "gone")
