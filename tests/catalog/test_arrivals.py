"""When models came is kept with their list: on the disk, from answer to answer, and past a restart."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.catalog.scene import GROQ, Providers, catalog, down
from tests.support.clock import FakeClock
from trayapp.catalog.cache import VERSION, Shelf, file_name, mark
from trayapp.core.arrivals import news
from trayapp.core.listings import Listing

DAY = 86_400.0


async def test_what_a_later_answer_brings_is_new_and_still_so_after_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    providers = Providers(clock, groq=[("a",), ("a", "b"), ("a", "b")])
    made = catalog(providers, clock, tmp_path, accounts=(GROQ,))
    assert news(await made.listing(GROQ, force=True), clock.now()) == frozenset()
    clock.advance(DAY)
    assert news(await made.listing(GROQ, force=True), clock.now()) == {"b"}
    await made.close()

    again = catalog(providers, clock, tmp_path, accounts=(GROQ,))
    assert news(again.listings.value["groq"], clock.now()) == {"b"}
    clock.advance(6 * DAY)
    assert news(await again.listing(GROQ, force=True), clock.now()) == {"b"}
    clock.advance(DAY)
    assert news(again.listings.value["groq"], clock.now()) == frozenset()
    await again.close()


async def test_an_outage_makes_nothing_new(tmp_path: Path, clock: FakeClock) -> None:
    providers = Providers(clock, groq=[("a",), down(), down(), down(), ("a", "b")])
    made = catalog(providers, clock, tmp_path, accounts=(GROQ,))
    await made.listing(GROQ, force=True)
    assert news(await made.listing(GROQ, force=True), clock.now()) == frozenset()
    assert news(await made.listing(GROQ, force=True), clock.now()) == {"b"}
    await made.close()


async def test_a_list_that_was_cleared_begins_anew(tmp_path: Path, clock: FakeClock) -> None:
    providers = Providers(clock, groq=[("a",), ("a", "b")])
    made = catalog(providers, clock, tmp_path, accounts=(GROQ,))
    await made.listing(GROQ, force=True)
    made.clear("groq")
    assert news(await made.listing(GROQ, force=True), clock.now()) == frozenset()
    await made.close()


async def test_a_list_of_an_earlier_version_says_nothing_of_arrivals_and_is_compared_with(
    tmp_path: Path, clock: FakeClock
) -> None:
    row = {"ref": ["groq", "a"]}
    old = {
        "version": 2,
        "listing": {"provider": "groq", "models": [row], "fetched_at": clock.now()},
        "mark": mark(GROQ),
    }
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / file_name("groq")).write_bytes(msgspec.json.encode(old))
    made = catalog(Providers(clock, groq=("a", "b")), clock, tmp_path, accounts=(GROQ,))
    assert news(made.listings.value["groq"], clock.now()) == frozenset()
    assert news(await made.listing(GROQ, force=True), clock.now()) == {"b"}
    await made.close()


class _Before(msgspec.Struct, frozen=True):
    """What version 0.2 read of a file."""

    provider: str
    models: tuple[object, ...] = ()


class _DocumentBefore(msgspec.Struct, frozen=True):
    version: int
    listing: _Before


def test_an_earlier_version_reads_what_this_one_wrote(tmp_path: Path) -> None:
    Shelf(tmp_path).put(Listing("groq", arrived={"a": 1.0}, gone={"b": 2.0}))
    data = (tmp_path / file_name("groq")).read_bytes()
    assert VERSION == 2
    assert msgspec.json.decode(data, type=_DocumentBefore).listing.provider == "groq"
