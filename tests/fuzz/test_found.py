"""What hostile input once did, each with the smallest input that did it: it must never do so again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import bounds
from tests.fuzz.target import tidy
from tests.fuzz.targets import TARGETS
from trayapp.catalog import update
from trayapp.catalog.facts import REFRESHED, Facts
from trayapp.core.accounts import Account
from trayapp.gateway.exchange import Usage
from trayapp.gateway.plan import Route
from trayapp.gateway.tally import Tally
from trayapp.gateway.usage_chunk import LONGEST, UsageChunk
from trayapp.system import proxies

pytestmark = pytest.mark.leaves_threads("the loops of targets have pools, which end with the module")

FOUND: dict[str, tuple[str, bytes]] = {
    "a page of titles without an end took two seconds": ("errors", b"openai 502 x\n" + b"<title>" * 9_300),
    "and one whose tag never ends": ("errors", b"openai 502 x\n" + b"<title" * 10_900),
    "a time to wait of many digits took longer with each": ("errors", b"openai 429 " + b"1" * 15_900 + b"x\n"),
    "a key of twenty thousand parts took 1.5 GB at launch": ("stores", b"settings\n" + b"a." * 20_000 + b"a=1"),
    "and in a header of the same file": ("stores", b"settings\n[" + b"a." * 20_000 + b"a]"),
    "bytes that are no letters, from the command line": ("doors", b'{"ask":"\xff"}'),
    "and in an export": ("imports", b'{"trayapp":"\xff"}'),
    "and in a file of the catalogue": ("books", b'{"format":1,"day":"\xff"}'),
    "and in a stream that hides its figures": (
        "streams",
        b'openai 700 0\ndata: {"\xff":1,"choices":[],"usage":{}}\n\n',
    ),
    "an address in a redirect that httpx cannot take apart": ("answers", b"groq 302  https:x\n"),
    "64 KB that unfold to 64 MB in one read": ("answers", b"groq 200 gzip\n" + zlib.compress(b" " * 2**26, wbits=31)),
    "words that cannot be seen left a failure without words": ("ollama", b'200 version\n{"error":"\\u0000"}'),
}


@pytest.fixture(scope="module", autouse=True)
def _tidied() -> Iterator[None]:
    yield
    tidy()


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_does_no_harm_any_more(what: str) -> None:
    name, data = FOUND[what]
    target = TARGETS[name]
    run = target.make()
    bounds.quick(run, data, target.declared, seconds=target.seconds)
    bounds.small(run, data, target.declared)


def test_a_stream_that_comes_byte_by_byte_is_not_looked_through_again_for_every_byte() -> None:
    def trickled(data: bytes) -> None:
        chunk = UsageChunk()
        passed = b"".join(chunk.feed(data[at : at + 1]) for at in range(len(data))) + chunk.end()
        assert passed == data

    bounds.quick(trickled, b'"usage": {} ' * (LONGEST // 12), seconds=1.0)


def test_a_count_or_a_port_of_five_thousand_digits_is_none() -> None:
    tally = Tally(Route.OLLAMA_CHAT, stream=False)
    for _ in range(200):  # too much to be held
        tally.feed(b" " * 4096)
    tally.feed(b'"prompt_eval_count":3,"eval_count":' + b"9" * 5_000 + b"}")
    assert tally.usage == Usage(3)
    assert proxies.read({"https": "p:1", "no": f"api.test:{'9' * 5_000}"}).for_url("https://api.test/") == "http://p:1"


def test_a_file_of_the_catalogue_that_is_no_text_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    for data in (b'{"format":1,"day":"\xff"}', b'{"format":1,"day":"2026-01-01","providers":{"openai":[["\xff"]]}}'):
        path = tmp_path / REFRESHED[0]
        path.write_bytes(data)
        assert update._held(path) is None
        facts = Facts(path, tmp_path)
        assert facts.editions().shipped in ("", "2026-01-01")
        assert facts.embedded(Account("openai", "openai")).models == ()
