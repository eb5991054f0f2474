"""Answers that are meant to hurt: packed bombs, and JSON that takes thirty times its length. None gets the memory."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fuzz.bounds import MEMORY
from tests.providers.scene import KEY
from tests.support import samples
from tests.support.clock import FakeClock
from tests.support.tls import tls
from tests.support.upstream import Reply, Upstream
from trayapp.catalog.update import update
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.ollama import Ollama
from trayapp.providers.client import check_key, list_models
from trayapp.providers.fields import NotAListError
from trayapp.providers.spec import Timeouts
from trayapp.providers.table import spec
from trayapp.providers.unpacking import PIECE, Unfolding, known
from trayapp.providers.wire import MAX_ANSWER, decoded

TIMES = Timeouts(connect=5, receive=20, pool=5, retries=0, base_delay=0.1)
LARGE = 256 * 2**20
"""Bytes that a bomb unfolds to."""


def bomb(wbits: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, wbits)
    piece = b" " * 2**22
    return b"".join(packer.compress(piece) for _ in range(LARGE // len(piece))) + packer.flush()


BOMBS = {"gzip": bomb(31), "deflate": bomb(15)}
HEAVY = {
    "empty objects": b'{"data":[' + b"{}," * (MAX_ANSWER // 3 - 20) + b"{}]}",
    "small objects": b'{"data":[' + b'{"a":{}},' * (MAX_ANSWER // 9 - 20) + b"{}]}",
    "short texts": b'{"data":[' + b'"ab",' * (MAX_ANSWER // 5 - 20) + b'""]}',
}
WIDE = {
    "as it is": b'["' + b"x" * (MAX_ANSWER - 100) + '🙂"]'.encode(),
    "escaped": b'["' + b"x" * (MAX_ANSWER - 100) + rb'\ud83d\ude42"]',
}
"""One letter makes a whole text four times as large."""


@contextlib.contextmanager
def within_bounds() -> Iterator[None]:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        held = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert held < MEMORY


async def asked(reply: Reply, ask: Callable[[str, httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """``reply`` is what every path answers."""
    async with Upstream(lambda _sent: reply) as url, httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        try:
            return await ask(url, http)
        finally:
            for _ in range(10):
                await asyncio.sleep(0)


async def listing(url: str, http: httpx.AsyncClient) -> Any:
    account = Account("a", "openai", base_url=url)
    with pytest.raises(ProviderError) as caught:
        await list_models(spec("openai"), http, account=account, key=KEY, timeouts=TIMES)
    return caught.value.failure


@pytest.mark.timeout_s(60)
@pytest.mark.parametrize("coding", sorted(BOMBS))
@pytest.mark.parametrize("status", [200, 500])
async def test_a_bomb_in_a_list_is_let_go_of_before_it_takes_memory(coding: str, status: int) -> None:
    assert len(BOMBS[coding]) < LARGE / 200
    with within_bounds():
        failure = await asked(Reply(status=status, body=BOMBS[coding], headers={"content-encoding": coding}), listing)
    assert failure.kind is (Kind.GARBLED if status == 200 else Kind.UNREACHABLE)
    assert status != 200 or failure.detail == "The answer is longer than 8 MB."


@pytest.mark.timeout_s(60)
async def test_a_bomb_in_a_keys_check_proves_nothing_and_takes_no_memory() -> None:
    async def ask(url: str, http: httpx.AsyncClient) -> Any:
        return await check_key(
            spec("openai"), http, account=Account("a", "openai", base_url=url), key=KEY, timeouts=TIMES
        )

    with within_bounds():
        checked = await asked(Reply(body=BOMBS["gzip"], headers={"content-encoding": "gzip"}), ask)
    assert checked.verdict == "unsure"


@pytest.mark.timeout_s(60)
async def test_a_bomb_from_a_local_server_or_a_catalogue_takes_no_memory(tmp_path: Path, clock: FakeClock) -> None:
    async def ask(url: str, http: httpx.AsyncClient) -> Any:
        async def given() -> httpx.AsyncClient:
            return http

        standing = await Ollama(given, url, clock).stand()
        urls = dict.fromkeys(("models.dev", "OpenRouter"), url)
        return standing, await update(http, tmp_path, clock, shipped=tmp_path / "none", urls=urls)

    with within_bounds():
        standing, report = await asked(Reply(body=BOMBS["gzip"], headers={"content-encoding": "gzip"}), ask)
    assert standing.state == "wrong-program"
    assert report.text.count("its answer is too large to be a list of models") == 2


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "GZIP2", "\xff"])
async def test_a_coding_that_cannot_be_bounded_is_not_unfolded_by_anybody(
    coding: str, tmp_path: Path, clock: FakeClock
) -> None:
    async def ask(url: str, http: httpx.AsyncClient) -> Any:
        urls = dict.fromkeys(("models.dev", "OpenRouter"), url)
        report = await update(http, tmp_path, clock, shipped=tmp_path / "none", urls=urls)
        return (await listing(url, http)).detail, report.text

    assert not known(coding)
    detail, text = await asked(Reply(body=b"x" * 99, headers={"content-encoding": coding}), ask)
    assert detail == "The answer has an unknown encoding."
    assert text.count("its answer has an unknown encoding") == 2


@pytest.mark.parametrize("what", sorted(HEAVY))
async def test_json_that_grows_when_it_is_parsed_is_no_list(what: str) -> None:
    body = HEAVY[what]
    assert len(body) <= MAX_ANSWER
    began = time.thread_time()
    with within_bounds(), pytest.raises(NotAListError):
        decoded(body)
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize("what", sorted(WIDE))
async def test_a_text_that_one_letter_makes_wide_stays_within_the_bounds(what: str) -> None:
    with within_bounds(), contextlib.suppress(NotAListError):
        decoded(WIDE[what])


async def test_the_heaviest_list_that_is_read_stays_within_the_bounds() -> None:
    row = b'{"id":"m%06d","object":"model","created":1700000000,"owned_by":"x","a":{},"b":[],"c":"%s"},'
    body = b'{"data":[' + b"".join(row % (at, b"x" * 300) for at in range(20_000))[:-1] + b"]}"
    assert MAX_ANSWER * 0.9 < len(body) < MAX_ANSWER

    async def ask(url: str, http: httpx.AsyncClient) -> Any:
        return await list_models(
            spec("openai"), http, account=Account("a", "openai", base_url=url), key=KEY, timeouts=TIMES
        )

    with Packing(body) as packed, within_bounds():
        fetched = await asked(Reply(body=packed, headers={"content-encoding": "gzip"}), ask)
    assert len(fetched.entries) == 20_000


class Packing:
    """Packs before memory is counted, and forgets the plain bytes."""

    def __init__(self, body: bytes) -> None:
        self._packed = gzip.compress(body, 1)

    def __enter__(self) -> bytes:
        return self._packed

    def __exit__(self, *_: object) -> None:
        self._packed = b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate"])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_what_is_packed_comes_out_as_it_was_however_it_is_cut(coding: str, step: int) -> None:
    body = samples.raw("openrouter") * 20
    packer = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15, "raw deflate": -15}[coding])
    packed = packer.compress(body) + packer.flush() + b"what follows is nobody's"
    unfolding = Unfolding(coding.rpartition(" ")[2])
    found = [it for at in range(0, len(packed), step) for it in unfolding.feed(packed[at : at + step])]
    assert b"".join(found) == body
    assert max(map(len, found)) <= PIECE
