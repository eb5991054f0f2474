"""Which figures of time hold: the account's own, the user's for its provider, the row's, the default."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.app.keychain import spec_of
from trayapp.app.timing import timing, waiting
from trayapp.catalog.freshness import Strategy
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.settings import Settings, Waits
from trayapp.providers.spec import TIMEOUTS, Timeouts

WORK = Account("work", "openai")
OLLAMA = Account("ollama", "ollama")


def waits(account: Account, **preferences: Any) -> Timeouts:
    return waiting(spec_of(account), account, Settings(**preferences))


@pytest.mark.parametrize(
    ("account", "preferences", "ttl"),
    [
        (WORK, {}, 3600),
        (OLLAMA, {}, 300),
        (WORK, {"default_ttl_seconds": 60}, 60),
        (OLLAMA, {"default_ttl_seconds": 60}, 300),
        (WORK, {"provider_ttl_overrides": {"openai": 9}}, 9),
        (WORK, {"provider_ttl_overrides": {"openai": 9, "work": 8}}, 8),
        (OLLAMA, {"provider_ttl_overrides": {"ollama": 9}}, 9),
        (Account("work", "openai", ttl=0), {"provider_ttl_overrides": {"openai": 9, "work": 8}}, 0),
        (Account("azure", "azure-openai"), {"default_ttl_seconds": 77}, 77),
    ],
)
def test_the_nearest_word_for_the_time_to_live_counts(account: Account, preferences: dict[str, Any], ttl: int) -> None:
    """S1-37"""
    assert timing(Settings(**preferences), account).ttl == ttl


def test_the_accounts_strategy_counts_before_the_programs() -> None:
    """S2-40, S2-41"""
    assert timing(Settings(), WORK).strategy is Strategy.MODERATE
    assert timing(Settings(model_cache_strategy="fresh"), WORK).strategy is Strategy.FRESH
    own = Account("work", "openai", strategy="aggressive")
    assert timing(Settings(model_cache_strategy="fresh"), own).strategy is Strategy.AGGRESSIVE
    unknown = Account("work", "openai", strategy="lazy")
    assert timing(Settings(model_cache_strategy="fresh"), unknown).strategy is Strategy.FRESH


def test_the_deadline_of_a_batch_is_the_settings() -> None:
    """S4-8"""
    assert timing(Settings(), WORK).deadline == 30
    assert timing(Settings(batch_timeout_seconds=7), WORK).deadline == 7


def test_an_account_waits_as_its_class_does_and_its_class_can_be_another() -> None:
    """S4-11 to S4-13, S4-44, C6, C17"""
    assert waits(WORK) == TIMEOUTS["fast"]
    assert waits(Account("work", "openai", timeouts="slow")) == TIMEOUTS["slow"]
    assert waits(OLLAMA) == TIMEOUTS["local"]
    assert waits(Account("ollama", "ollama", base_url="http://192.168.1.9:11434")) == TIMEOUTS["slow"]


def test_what_the_user_changed_of_a_class_counts_for_all_in_it_and_no_others() -> None:
    """S4-30"""
    changed = {"fast": Waits(receive=20, retries=0), "local": Waits(connect=0.5)}
    fast = TIMEOUTS["fast"]
    assert waits(WORK, timeouts=changed) == Timeouts(fast.connect, 20, fast.pool, 0, fast.base_delay)
    assert waits(OLLAMA, timeouts=changed).connect == 0.5
    assert waits(Account("work", "openai", timeouts="slow"), timeouts=changed) == TIMEOUTS["slow"]
    other = Account("m", "mistral", timeouts="fast")
    assert waits(other, timeouts=changed).receive == 20


def test_retries_and_their_pauses_are_those_of_the_class_as_changed() -> None:
    changed = Settings(timeouts={"fast": Waits(retries=5, base_delay=0.25)})
    found = timing(changed, WORK)
    assert (found.retries, found.base_delay) == (5, 0.25)
    assert timing(changed, OLLAMA).retries == 0


def test_what_cannot_be_asked_is_not_repeated_and_says_why_when_it_is_asked() -> None:
    azure = Account("azure", "azure-openai")
    assert timing(Settings(), azure).retries == 0
    with pytest.raises(ProviderError) as said:
        waits(azure)
    assert said.value.failure.kind is Kind.BAD_INPUT
    assert timing(Settings(), Account("x", "of-another-version")).retries == 0
