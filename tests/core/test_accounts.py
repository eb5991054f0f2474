"""Ids of accounts, and which key belongs to which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core.accounts import Account, check_id, key_slot, new_id, with_implicit
from trayapp.core.errors import UserError


@pytest.mark.parametrize("good", ["openai", "openai-work", "a", "0", "a.b_c-d", "x" * 64])
def test_an_id_of_plain_letters_is_taken_as_it_is(good: str) -> None:
    assert check_id(good) == good


@pytest.mark.parametrize("bad", ["", "OpenAI", "a/b", "a b", "-a", ".a", "x" * 65, "ä", "a\n", "a@b"])
def test_an_id_that_would_confuse_a_file_or_a_reference_is_refused_in_words(bad: str) -> None:
    with pytest.raises(UserError, match="lower-case letters"):
        check_id(bad)


@pytest.mark.parametrize(
    ("name", "taken", "wanted"),
    [
        ("OpenAI – work", [], "openai"),
        ("Work", ["openai"], "openai-work"),
        ("OpenAI – work", ["openai"], "openai-work"),
        ("", ["openai"], "openai-2"),
        ("", ["openai", "openai-2"], "openai-3"),
        ("Work", ["openai", "openai-work"], "openai-work-2"),
        ("Работа", ["openai"], "openai-2"),
    ],
)
def test_a_second_account_is_called_after_its_name(name: str, taken: list[str], wanted: str) -> None:
    assert new_id("openai", name, taken) == wanted


@given(st.text(), st.sets(st.sampled_from(["groq", "groq-2", "groq-3", "groq-a"])))
def test_a_new_id_is_valid_and_free(name: str, taken: set[str]) -> None:
    made = new_id("groq", name, taken)
    assert check_id(made) == made
    assert made not in taken


def test_an_account_that_moved_to_another_server_has_no_key_there() -> None:
    account = Account("lab", "openai-compatible")
    here, there = key_slot(account, "https://a.example:443"), key_slot(account, "https://b.example:443")
    assert here != there
    assert here.startswith("lab@")


def test_two_accounts_of_one_provider_have_two_keys() -> None:
    origin = "https://api.openai.com:443"
    assert key_slot(Account("work", "openai"), origin) != key_slot(Account("home", "openai"), origin)


def test_servers_of_this_computer_are_there_without_being_set_up() -> None:
    assert [it.id for it in with_implicit([Account("groq", "groq")])] == ["ollama", "lmstudio", "groq"]


@pytest.mark.parametrize("own", [Account("ollama", "ollama", enabled=False), Account("big-box", "ollama")])
def test_who_set_one_up_or_switched_it_off_does_not_get_another(own: Account) -> None:
    assert [it.id for it in with_implicit([own])] == ["lmstudio", own.id]
