"""What Keys promises, with a keyring in memory."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from tests.support.clock import FakeClock
from tests.support.memory_keyring import MemoryKeyring
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.system import keys as module
from trayapp.system.keys import Kept, KeyringState, Keys, cleaned

SLOT = "openai@https://api.openai.com:443"
OTHER = "groq@https://api.groq.com:443"
LOCKED, ABSENT, OK, NO_SERVICE, DENIED = (
    KeyringState.LOCKED,
    KeyringState.ABSENT,
    KeyringState.OK,
    KeyringState.NO_SERVICE,
    KeyringState.DENIED,
)


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring(OK, **{SLOT: "sk-stored"})


@pytest.fixture
def keys(clock: FakeClock, keyring: MemoryKeyring) -> Iterator[Keys]:
    made = Keys(clock=clock, backend=keyring)
    yield made
    made.close()


async def kind_of(raising: object) -> Kind:
    with pytest.raises(ProviderError) as caught:
        await raising  # type: ignore[misc]
    assert caught.value.failure.provider == "openai"
    return caught.value.failure.kind


async def test_a_stored_key_is_read_and_a_missing_one_is_none(keys: Keys) -> None:
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-stored")
    assert await keys.get(OTHER, may_prompt=False) is None


async def test_a_key_once_read_is_not_read_again(keys: Keys, keyring: MemoryKeyring) -> None:
    first = await keys.get(SLOT, may_prompt=False)
    assert await keys.get(SLOT, may_prompt=False) is first
    assert keyring.names().count("read") == 1


async def test_nothing_runs_on_the_calling_thread(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = LOCKED
    await keys.unlock()
    await keys.put(SLOT, Secret("sk-new"))
    keys.forget()
    await keys.get(SLOT, may_prompt=True)
    await keys.remove(SLOT)
    assert set(keyring.names()) == {"look", "unlock", "write", "read", "delete"}
    assert {name for _, name in keyring.calls} == {"keyring", "keyring-alone"}
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("keyring"))


async def test_a_new_key_is_stripped_written_read_back_and_kept(keys: Keys, keyring: MemoryKeyring) -> None:
    assert await keys.put(SLOT, Secret("\ufeff  sk-\u200bnew\n")) is Kept.KEYRING
    assert keyring.entries[SLOT] == "sk-new"
    assert keyring.names() == ["look", "write", "read"]
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-new")
    assert not keys.session_only(SLOT)


async def test_a_keyring_that_gives_back_something_else_is_found_out(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.mangle = True
    assert await kind_of(keys.put(SLOT, Secret("sk-new"))) is Kind.GARBLED
    keyring.mangle = False
    keyring.entries.clear()
    assert await keys.get(SLOT, may_prompt=False) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "empty"),
        (" \t\u200b\ufeff ", "empty"),
        ("sk-one\nsk-two", "line break"),
        ("sk-\x00", "control character"),
        ("sk-ab••••cd", "no key has"),
        ("sk-ключ", "no key has"),
        ("k" * 20_000, "too long"),
        ("k" * 1281, "1281 characters, and the system's store takes 1280"),
    ],
)
async def test_what_can_be_no_key_is_refused_in_words(
    clock: FakeClock, keyring: MemoryKeyring, typed: str, words: str
) -> None:
    keys = Keys(clock=clock, backend=keyring, longest=2560)
    with pytest.raises(ProviderError, match=words) as caught:
        await keys.put(SLOT, Secret(typed))
    assert caught.value.failure.kind is Kind.BAD_INPUT
    assert not typed.strip() or typed.strip() not in str(caught.value)
    assert keyring.calls == []


def test_the_longest_key_of_windows_store_is_taken() -> None:
    assert cleaned(Secret("k" * 1280), longest=2560) == Secret("k" * 1280)


async def test_a_locked_keyring_is_never_opened_in_the_background(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = LOCKED
    assert await keys.look() is LOCKED
    assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.LOCKED
    assert await kind_of(keys.remove(SLOT, may_prompt=False)) is Kind.LOCKED
    assert await keys.put(SLOT, Secret("sk-new"), may_prompt=False) is Kept.SESSION
    assert set(keyring.names()) == {"look"}


async def test_a_click_opens_it(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = LOCKED
    assert await keys.get(SLOT, may_prompt=True) == Secret("sk-stored")
    assert keyring.names() == ["look", "look", "unlock", "read"]


async def test_a_closed_prompt_is_a_state_of_its_own(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state, keyring.answer = LOCKED, DENIED
    assert await keys.unlock() is DENIED
    assert await kind_of(keys.get(SLOT, may_prompt=True)) is Kind.DENIED
    assert await kind_of(keys.remove(SLOT)) is Kind.DENIED


async def test_a_key_lives_for_the_session_when_the_prompt_is_closed(
    keys: Keys, keyring: MemoryKeyring, clock: FakeClock
) -> None:
    keyring.state, keyring.answer = LOCKED, DENIED
    assert await keys.put(SLOT, Secret("sk-new")) is Kept.SESSION
    assert keys.session_only(SLOT)
    clock.advance(10 * 3600)
    assert await keys.look() is LOCKED
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-new")
    assert keyring.entries[SLOT] == "sk-stored"
    await keys.remove(SLOT)
    assert not keys.session_only(SLOT)


async def test_without_a_keyring_keys_live_for_the_session(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = NO_SERVICE
    assert await kind_of(keys.get(SLOT, may_prompt=True)) is Kind.NO_KEYRING
    assert await keys.put(SLOT, Secret("sk-new")) is Kept.SESSION
    await keys.remove(SLOT)
    assert await kind_of(keys.remove(SLOT)) is Kind.NO_KEYRING
    assert "unlock" not in keyring.names()


async def test_a_keyring_never_made_holds_nothing_and_is_made_only_to_write(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = ABSENT
    assert await keys.get(SLOT, may_prompt=True) is None
    await keys.remove(SLOT)
    assert "unlock" not in keyring.names()
    assert await keys.put(SLOT, Secret("sk-new")) is Kept.KEYRING
    assert "unlock" in keyring.names()


async def test_a_keyring_that_vanishes_after_the_look(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.fails = NO_SERVICE
    assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.NO_KEYRING
    assert await keys.put(SLOT, Secret("sk-new")) is Kept.SESSION


async def test_a_keyring_that_locks_after_the_look_takes_the_copies_along(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.entries[OTHER] = "gsk-other"
    await keys.get(OTHER, may_prompt=False)
    keyring.fails = LOCKED
    assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.LOCKED
    keyring.fails = None
    await keys.get(OTHER, may_prompt=False)
    assert keyring.names().count("read") == 3


async def test_a_copy_is_dropped_a_quarter_of_an_hour_after_its_last_use(keys: Keys, clock: FakeClock) -> None:
    secret = weakref.ref(await keys.get(SLOT, may_prompt=False) or Secret(""))
    clock.advance(800)
    await keys.get(SLOT, may_prompt=False)
    clock.advance(800)
    keys.drop_stale()
    assert secret() is not None
    clock.advance(100)
    keys.drop_stale()
    gc.collect()
    assert secret() is None


@pytest.mark.parametrize("how", ["forget", "forget all", "remove", "replace", "close", "locked"])
async def test_a_copy_is_dropped_on(how: str, keys: Keys, keyring: MemoryKeyring) -> None:
    secret = weakref.ref(await keys.get(SLOT, may_prompt=False) or Secret(""))
    assert secret() is not None
    match how:
        case "forget":
            keys.forget(SLOT)
        case "forget all":
            keys.forget()
        case "remove":
            await keys.remove(SLOT)
        case "replace":
            await keys.put(SLOT, Secret("sk-new"))
        case "close":
            keys.close()
        case "locked":
            keyring.state = LOCKED
            await keys.look()
    gc.collect()
    assert secret() is None


async def test_a_key_forgotten_while_it_is_read_is_not_kept(keys: Keys, keyring: MemoryKeyring) -> None:
    with keyring.hanging("read"):
        reading = asyncio.create_task(keys.get(SLOT, may_prompt=False))
        await keyring.begun("read")
        keys.forget(SLOT)
    assert await reading == Secret("sk-stored")
    await keys.get(SLOT, may_prompt=False)
    assert keyring.names().count("read") == 2


async def test_two_clicks_share_one_prompt_and_a_look_does_not_wait_for_it(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.state = LOCKED
    with keyring.hanging("unlock"):
        clicks = [asyncio.create_task(keys.unlock()) for _ in range(2)]
        await keyring.begun("unlock")
        async with asyncio.timeout(1):
            assert await keys.look() is LOCKED
            assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.LOCKED
    assert await asyncio.gather(*clicks) == [OK, OK]
    assert keyring.names().count("unlock") == 1


async def test_one_that_stops_waiting_for_a_prompt_does_not_end_it_for_the_other(
    keys: Keys, keyring: MemoryKeyring
) -> None:
    keyring.state = LOCKED
    with keyring.hanging("unlock"):
        first, second = (asyncio.create_task(keys.unlock()) for _ in range(2))
        await keyring.begun("unlock")
        first.cancel()
    assert await second is OK


async def test_a_prompt_that_nobody_answers_leaves_the_keyring_locked(
    keys: Keys, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENT", 0.05)
    keyring.state = LOCKED
    with keyring.hanging("unlock"):
        assert await keys.unlock() is LOCKED
        assert "still open" in keys.reason
        assert await keys.put(SLOT, Secret("sk-new")) is Kept.SESSION
        assert keyring.names().count("unlock") == 1  # it is still the same prompt


async def test_a_call_that_hangs_is_given_up_and_the_next_one_gets_a_new_thread(
    keys: Keys, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK", 0.05)
    keyring.entries[OTHER] = "gsk-other"
    with keyring.hanging("read"):
        assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.NO_KEYRING
        keyring._hanging = set()
        assert await keys.get(OTHER, may_prompt=False) == Secret("gsk-other")
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-stored")


async def test_a_look_that_hangs_is_given_up_and_the_next_one_is_new(
    keys: Keys, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK", 0.05)
    with keyring.hanging("look"):
        assert await keys.look() is NO_SERVICE
        assert keys.reason
        for _ in range(6):  # no more threads than a few, however often one looks
            assert await keys.look() is NO_SERVICE
        assert sum(thread.name.startswith("keyring") for thread in threading.enumerate()) <= 4
    for thread in threading.enumerate():
        if thread.name == "keyring-alone":
            thread.join(5)
    assert await keys.look() is OK


async def test_many_at_once_share_one_look(keys: Keys, keyring: MemoryKeyring) -> None:
    slots = [f"a{number}@https://example.com:443" for number in range(50)]
    keyring.entries.update(dict.fromkeys(slots, "sk-many"))
    found = await asyncio.gather(*(keys.get(slot, may_prompt=False) for slot in slots))
    assert found == [Secret("sk-many")] * 50
    assert keyring.names().count("look") == 1


async def test_each_key_is_made_known_before_it_is_handed_out(clock: FakeClock, keyring: MemoryKeyring) -> None:
    heard: list[Secret] = []
    keys = Keys(clock=clock, backend=keyring, know=heard.append)
    given = await keys.get(SLOT, may_prompt=False)
    await keys.put(OTHER, Secret("gsk-other"))
    assert heard[0] is given
    assert heard[1] == Secret("gsk-other")
    keys.close()


async def test_an_entry_that_is_no_key_is_said_to_be_none(keys: Keys, keyring: MemoryKeyring) -> None:
    keyring.entries[SLOT] = "  sk-with-a-newline\n"
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-with-a-newline")
    keys.forget()
    keyring.entries[SLOT] = "two\nlines"
    assert await kind_of(keys.get(SLOT, may_prompt=False)) is Kind.BAD_INPUT


def test_making_it_starts_no_thread_and_closing_it_unused_is_nothing(clock: FakeClock) -> None:
    before = threading.active_count()
    keys = Keys(clock=clock)
    assert threading.active_count() == before
    keys.drop_stale()
    keys.forget()
    keys.close()


async def test_after_close_nothing_is_asked_any_more(keys: Keys, keyring: MemoryKeyring) -> None:
    await keys.get(SLOT, may_prompt=False)
    keys.close()
    with pytest.raises(RuntimeError, match="closed"):
        await keys.look()
