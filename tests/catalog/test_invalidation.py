"""A changed account: its old answers count no more, and nobody else's list is touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.catalog.scene import GROQ, OPENAI, Providers, catalog, down, names, shipped, turns
from tests.support.clock import FakeClock
from trayapp.catalog.cache import Shelf
from trayapp.catalog.metrics import Event
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Source

HOME = Account("home", "openai-compatible", base_url="http://127.0.0.1:9001")


def on_disk(folder: Path, provider: str) -> tuple[str, ...]:
    return names(Shelf(folder / "models").load_all([provider])[0].get(provider))


async def test_a_key_that_is_added_brings_the_list(clock: FakeClock, tmp_path: Path) -> None:
    """S2-50, S2-72: added."""
    keys: set[str] = set()
    it = catalog(Providers(clock, groq=("llama",)), clock, tmp_path, keys=keys, embedded=shipped("browse"))
    assert it.listings.value["groq"].locked
    keys.add("groq")
    it.invalidate("groq")
    assert "groq" not in it.listings.value  # nothing of its own yet, and the shipped list is not its own
    assert names(await it.listing(GROQ)) == ("llama",)


async def test_a_key_that_is_replaced_is_asked_with_at_once(clock: FakeClock, tmp_path: Path) -> None:
    """S2-50, S2-72: updated. Only that account; its last list stays until the new one comes."""
    ask = Providers(clock, groq=[("old",), ("new",)], openai=("gpt-5",))
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    other = it.listings.value["openai"]
    it.invalidate("groq")
    assert names(it.listings.value["groq"]) == ("old",)
    await it.refresh((GROQ, OPENAI))
    assert (names(it.listings.value["groq"]), it.listings.value["openai"]) == (("new",), other)
    assert ask.calls == ["groq", "openai", "groq"]


async def test_a_key_that_is_removed_leaves_a_list_to_browse(clock: FakeClock, tmp_path: Path) -> None:
    """S2-50, S2-72: removed."""
    keys = {"groq"}
    it = catalog(Providers(clock, groq=("ours",)), clock, tmp_path, keys=keys, embedded=shipped("browse"))
    await it.listing(GROQ)
    keys.clear()
    it.invalidate("groq")
    listing = it.listings.value["groq"]
    assert (names(listing), listing.failure) == (("browse",), Failure(Kind.NO_KEY, "groq"))
    await it.settle()
    assert on_disk(tmp_path, "groq") == ("ours",)


async def test_an_answer_to_the_old_key_is_dropped_and_a_new_question_starts_beside_it(
    clock: FakeClock, tmp_path: Path
) -> None:
    """C7: unless the account changed meanwhile."""
    loop = asyncio.get_running_loop()
    slow, quick = loop.create_future(), loop.create_future()
    ask = Providers(clock, groq=[slow, quick])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ, wait=False)
    await turns()
    it.invalidate("groq")
    assert it.refreshing.value == frozenset()
    asker = asyncio.create_task(it.listing(GROQ))
    await turns()
    assert (ask.calls, set(it.refreshing.value)) == (["groq", "groq"], {"groq"})
    quick.set_result(("of the new key",))
    assert names(await asker) == ("of the new key",)
    slow.set_result(("of the old key",))
    await turns()
    assert names(it.listings.value["groq"]) == on_disk(tmp_path, "groq") == ("of the new key",)


async def test_a_failure_of_the_old_key_is_dropped_as_well(clock: FakeClock, tmp_path: Path) -> None:
    slow = asyncio.get_running_loop().create_future()
    it = catalog(Providers(clock, groq=[slow, ("llama",)]), clock, tmp_path)
    await it.listing(GROQ, wait=False)
    await turns()
    it.invalidate("groq")
    await it.listing(GROQ)
    slow.set_result(Failure(Kind.REFUSED))
    await turns()
    assert it.listings.value["groq"].failure is None
    assert it.stats().accounts[0].failures == 0


async def test_a_change_while_the_old_answer_is_written_leaves_no_trace_of_it(clock: FakeClock, tmp_path: Path) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()
    slow = True

    async def slowly(work, *arguments, **named):  # type: ignore[no-untyped-def]
        if slow and work.__name__ == "put":
            writing.set()
            await go_on.wait()
        return work(*arguments, **named)

    it = catalog(Providers(clock, home=[("old",), ("new",)]), clock, tmp_path, accounts=(HOME,), run_blocking=slowly)
    await it.listing(HOME, wait=False)
    await writing.wait()
    it.remove("home")
    slow = False
    go_on.set()
    await turns()
    assert dict(it.listings.value) == {}
    assert on_disk(tmp_path, "home") == ()


async def test_another_address_is_another_list(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, home=[("old",), ("new",)])
    it = catalog(ask, clock, tmp_path, accounts=(HOME, GROQ))
    await it.listing(HOME)
    moved = replace(HOME, base_url="http://127.0.0.1:9002")
    it.set_accounts((moved, GROQ))
    assert "home" not in it.listings.value
    again = catalog(ask, clock, tmp_path, accounts=(moved,))
    assert "home" not in again.listings.value  # nor after a restart
    assert names(await it.listing(moved)) == ("new",)


async def test_another_source_of_the_key_is_another_key(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    it.set_accounts((replace(GROQ, key_from=KeyFrom.ENVIRONMENT),))
    await it.refresh((GROQ,))
    assert len(ask.calls) == 2


async def test_another_name_is_the_same_account(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    it.set_accounts((replace(GROQ, name="Work"), OPENAI))
    await it.refresh((GROQ,))
    assert len(ask.calls) == 1


async def test_nothing_conditional_is_asked_with_a_new_key(clock: FakeClock, tmp_path: Path) -> None:
    """An ETag of the old key's list would let the provider say “not modified” about the wrong one."""
    ask = Providers(clock, groq=("llama",))

    async def fetch(account, held):  # type: ignore[no-untyped-def]
        return replace(await ask(account, held), etag='"of the first key"')

    it = catalog(fetch, clock, tmp_path)
    await it.listing(GROQ)
    await it.listing(GROQ, force=True)
    it.invalidate("groq")
    await it.listing(GROQ, force=True)
    assert [held.etag if held else None for held in ask.given] == [None, '"of the first key"', ""]


async def test_a_change_of_key_is_remembered_over_a_restart(clock: FakeClock, tmp_path: Path) -> None:
    """S2-76: when in doubt, invalidate."""
    ask = Providers(clock, groq=[("old",), down()])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    it.invalidate("groq")
    await it.settle()
    again = catalog(ask, clock, tmp_path)
    assert names(again.listings.value["groq"]) == ("old",)
    await again.refresh((GROQ,))
    assert ask.calls[1:] == ["groq"] * 3


async def test_not_modified_is_a_live_list_of_the_same_models(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))

    async def fetch(account, held):  # type: ignore[no-untyped-def]
        if held is not None:
            return replace(held, source=Source.API, fetched_at=clock.now())
        return await ask(account, held)

    it = catalog(fetch, clock, tmp_path)
    await it.listing(GROQ)
    clock.advance(5000)
    listing = await it.listing(GROQ, force=True)
    assert (names(listing), listing.source, listing.age(clock.now()), listing.unchanged) == (
        ("llama",),
        Source.API,
        0,
        1,
    )


async def test_clearing_forgets_in_memory_and_on_disk(clock: FakeClock, tmp_path: Path) -> None:
    """S0-27, S4-32, S4-52: manual invalidation, of one account and of all."""
    ask = Providers(clock, groq=("llama",), openai=("gpt-5",))
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    assert it.clear("groq") == 1
    assert (list(it.listings.value), on_disk(tmp_path, "groq")) == (["openai"], ())
    assert it.clear() == 1
    assert dict(it.listings.value) == {}
    assert list((tmp_path / "models").iterdir()) == []
    await it.refresh((GROQ, OPENAI))
    assert len(ask.calls) == 4


async def test_removing_an_account_removes_its_file(clock: FakeClock, tmp_path: Path) -> None:
    it = catalog(Providers(clock, groq=("llama",)), clock, tmp_path)
    await it.listing(GROQ)
    it.set_accounts((OPENAI,))
    assert on_disk(tmp_path, "groq") == ("llama",)  # not before it is said to go
    it.remove("groq")
    assert on_disk(tmp_path, "groq") == ()
    assert it.find("llama") == ()
    it.remove("groq")
    it.invalidate("groq")


async def test_a_file_that_cannot_be_deleted_is_logged_and_the_account_goes_all_the_same(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    it = catalog(Providers(clock, groq=("llama",)), clock, tmp_path)
    await it.listing(GROQ)
    file = tmp_path / "models" / "groq.json"
    file.unlink()
    file.mkdir()
    it.remove("groq")
    assert "groq" not in it.listings.value
    assert "The list of 'groq' could not be deleted" in caplog.text
    assert it.metrics.of("groq")[Event.CLEAR] == 0
