"""Targets: what providers, catalogues and local servers answer, good and bad, packed or not."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.fuzz.bounds import Run
from tests.fuzz.target import Loop, Target, chosen, headed, number, split, worded
from tests.providers.scene import KEY, QUICK, account
from tests.providers.test_fuzz import PARSERS, read
from tests.support import samples
from tests.support.clock import FakeClock
from trayapp.app import updating
from trayapp.catalog import rows, update
from trayapp.core import releases
from trayapp.core.errors import ProviderError, UserError
from trayapp.local import ollama_answers
from trayapp.local.lmstudio import LMStudio
from trayapp.local.ollama import Ollama
from trayapp.providers import client, local, merging, refusals
from trayapp.providers.fields import NotAListError
from trayapp.providers.spec import base_url
from trayapp.providers.table import SPECS
from trayapp.providers.wire import Answer, Wire, decoded
from trayapp.system import lms

ROWS = {row.id: row for row in SPECS}
_STATUS = (200, 400, 401, 403, 404, 429, 500)


def lists() -> Run:
    """Every parse function, and what puts two lists together."""
    names = sorted(PARSERS)

    def run(data: bytes) -> None:
        words, raw = split(data)
        entries = read(PARSERS[chosen(words, names)], decoded(raw))
        for merge in (merging.both, merging.one_per_name, merging.aliases_folded, merging.with_profiles):
            assert bool(list(merge(entries, entries))) == bool(entries)

    return run


def list_seeds() -> list[bytes]:
    there = set(samples.names())
    found = [seed for name in sorted(PARSERS) if name in there for seed in headed(name, samples.raw(name))]
    edges = [samples.raw(f"edge/{name}") for name in samples.names("edge")]
    return found + [seed for name in ("openai", "ollama") for seed in headed(name, *edges)]


def answers() -> Run:
    """A whole request for a list and one for a key's check, whatever status, coding and body come back."""
    names, loop = sorted(ROWS), Loop()

    def run(data: bytes) -> None:
        words, raw = split(data)
        row = ROWS[chosen(words, names)]
        status = max(200, min(599, number(words, 1, 200)))
        coding = words[2] if len(words) > 2 else ""
        waits = " ".join(words[3:]).encode("latin-1")
        told_in = (b"retry-after", b"location", b"etag", b"last-modified", b"x-request-id")
        headers = [(b"content-encoding", coding.encode("latin-1")), *((name, waits) for name in told_in)]

        def answer(request: httpx.Request) -> httpx.Response:
            assert KEY.reveal() not in str(request.url)
            if coding:
                return httpx.Response(status, stream=Packed(raw), headers=headers)
            return httpx.Response(status, content=raw, headers=headers)

        async def ask() -> None:
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
                checked = await client.check_key(row, http, account=account(row), key=KEY, timeouts=QUICK)
                assert KEY.reveal() not in checked.detail
                with worded(UserError):
                    await _told(lambda: client.list_models(row, http, account=account(row), key=KEY, timeouts=QUICK))

        loop.run(ask())

    return run


class Packed(httpx.AsyncByteStream):
    """A body in one piece, as a socket gives 64 KB of it; httpx would pack it out at once."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    async def __aiter__(self) -> Any:
        yield self._raw


def answer_seeds() -> list[bytes]:
    found = []
    for name in ("openai", "anthropic", "gemini", "ollama", "bedrock"):
        found += headed(f"{name} 200", samples.raw(name))
    for name in samples.names("errors"):
        refusal, row = samples.refusal(name), name if name in ROWS else name.partition("-")[0]
        found += headed(f"{row} {refusal.status}  {refusal.headers.get('retry-after', '20')}", refusal.content)
    body = samples.raw("groq")
    found += headed("groq 200 gzip", gzip.compress(body, mtime=0))
    found += headed("groq 200 deflate", zlib.compress(body))
    found += headed("groq 200 gzip", zlib.compress(b" " * 2**22, wbits=31))
    found += headed("groq 302  https://elsewhere.test/login", b"<html><title>Sign in</title></html>")
    found += headed("groq 500  Wed, 21 Oct 2026 07:28:00 GMT", b"<html><title>502 Bad Gateway</title>")
    return found


def error_bodies() -> Run:
    """What an error body comes to in words, and how long it says to wait."""
    names = sorted(ROWS)
    http = httpx.AsyncClient()

    def run(data: bytes) -> None:
        words, raw = split(data)
        row = ROWS[chosen(words, names)]
        wait = " ".join(words[2:])
        headers = {"retry-after": wait, "retry-after-ms": wait, "location": wait, "x-should-retry": wait}
        answer = Answer(base_url(row, account(row)), number(words, 1, 400), headers, raw)
        wire = Wire(row, http, account=account(row), key=KEY, timeouts=QUICK)
        failure = refusals.refused(wire, answer, rules=row.check.bad_key, own_host=True, now=0.0).failure
        assert len(failure.detail) <= 200
        assert KEY.reveal() not in failure.detail
        assert failure.retry_after is None or 0 <= failure.retry_after <= refusals.LONGEST_WAIT

    return run


def error_seeds() -> list[bytes]:
    return [seed for seed in answer_seeds() if b" 200" not in seed[:40]] + headed(
        "openai 400 6m0s",
        b'{"error": {"message": "Incorrect API key provided: ' + KEY.reveal().encode() + b'", "details": []}}',
        b'{"detail": [{"msg": "field required"}], "errors": [{"message": "xa***cd 22aac52a71..."}]}',
    )


def updates() -> Run:
    """What models.dev and OpenRouter publish, to the file that is made of it, and that file read back."""
    origins = {origin.name: origin for origin in update.ORIGINS}

    def run(data: bytes) -> None:
        words, raw = split(data)
        name = chosen(words, sorted(origins))
        written, count = update._read(origins[name], raw, "2026-01-02", words[-1], 0)
        assert rows.read(written).count() == count

    return run


def update_seeds() -> list[bytes]:
    return headed("models.dev", samples.raw("catalog/models-dev")) + headed(
        "OpenRouter", samples.raw("catalog/openrouter")
    )


def newest() -> Run:
    """Who announces new versions: whatever status, coding, way elsewhere and body come back."""
    loop, at = Loop(), "https://api.trayapp.example/newest"

    def run(data: bytes) -> None:
        words, raw = split(data)
        status, coding = max(200, min(599, number(words, 0, 200))), " ".join(words[1:2]).encode("latin-1")
        headers = [(b"content-encoding", coding), (b"location", " ".join(words[2:]).encode("latin-1"))]

        def answer(request: httpx.Request) -> httpx.Response:
            assert request.url.host == "api.trayapp.example"
            return httpx.Response(status, stream=Packed(raw), headers=[it for it in headers if it[1]])

        async def ask() -> None:
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
                with worded(updating.NoAnswerError):
                    found = await updating.newest_release(http, at)
                    assert releases.newer(found.version, "0") or set(found.version) <= set("0.")
                    assert len(found.version) <= 27
                    assert found.page == "" or releases.trusted(found.page, at)

        loop.run(ask())

    return run


def newest_seeds() -> list[bytes]:
    own = b'{"version": "0.7.0", "url": "https://trayapp.example/news"}'
    theirs = b'{"tag_name":"v1.2.3.4","html_url":"https://api.trayapp.example/x","draft":false,"prerelease":false}'
    found = headed("200", own, theirs, b'{"version":"trayapp-0.7.0rc1"}', b'{"url":"https://a@trayapp.example:1/"}')
    found += headed("302  /elsewhere", own) + headed("301  https://evil.example/", own) + headed("302  https:x", own)
    return found + headed("200 gzip", gzip.compress(own, mtime=0), zlib.compress(b" " * 2**22, wbits=31))


def books(data: bytes) -> None:
    """A file of the catalogue, as it was written by another version or by somebody else."""
    book = rows.read(data)
    for name in book.providers:
        book.facts(name)


def book_seeds() -> list[bytes]:
    return [update._read(update.ORIGINS[1], samples.raw("catalog/openrouter"), "2026-01-02", "", 0)[0]]


_OLLAMA_ROW: dict[str, Any] = {
    "name": "qwen3:8b", "model": "qwen3:8b", "size": 6_591_830_464, "digest": "500a1f067a9f", "size_vram": 5_333_539,
    "details": {"family": "qwen3", "families": ["qwen3"]}, "expires_at": "2026-06-04T14:38:31.83753-07:00",
    "context_length": 4096, "capabilities": ["completion", "tools"],
}  # fmt: skip


def ollama() -> Run:
    """All that Ollama's adapter asks, answered with the same body."""
    loop, clock = Loop(), FakeClock()

    def run(data: bytes) -> None:
        words, raw = split(data)
        status = max(200, min(599, number(words, 0, 200)))

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/api/version" and "version" in words:
                return httpx.Response(200, json={"version": "0.12.3"})
            return httpx.Response(status, content=raw, headers=[(b"server", " ".join(words[1:]).encode("latin-1"))])

        async def ask() -> None:
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:

                async def given() -> httpx.AsyncClient:
                    return http

                it = Ollama(given, "http://127.0.0.1:11434", clock)
                await it.stand()
                for question in (it.loaded, it.installed, lambda: it.show("qwen3:8b")):
                    with worded(UserError):
                        await _told(question)
                for model in ollama_answers.installed(decoded(raw))[:2]:
                    if not model.remote:
                        await it.load(model, 60.0)

        loop.run(ask())

    return run


async def _told(question: Callable[[], Awaitable[object]]) -> None:
    """Ask it; what the user is told is raised."""
    try:
        await question()
    except ProviderError as exc:
        assert KEY.reveal() not in str(exc)  # noqa: PT017 - nothing is expected: most answers are fine
        raise UserError(exc.failure.detail) from None


def ollama_seeds() -> list[bytes]:
    listed = json.dumps({"models": [_OLLAMA_ROW, {**_OLLAMA_ROW, "name": "x:cloud", "remote_host": "https://a"}]})
    bodies = (
        samples.raw("ollama"),
        listed.encode(),
        b'{"version":"0.12.3"}',
        b'{"modelfile":"# x\\nFROM /usr/share/ollama/blobs/sha256-1\\nFROM /p\\n"}',
        b'{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}',
    )
    return headed("200 version", *bodies) + headed("500 nginx/1.2", *bodies[-1:]) + headed("404", b"404 page not found")


def lmstudio() -> Run:
    """All that LM Studio's adapter asks, answered with the same body."""
    loop, clock = Loop(), FakeClock()

    def run(data: bytes) -> None:
        words, raw = split(data)
        status = max(200, min(599, number(words, 0, 200)))

        async def ask() -> None:
            transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=raw))
            async with httpx.AsyncClient(transport=transport) as http:

                async def given() -> httpx.AsyncClient:
                    return http

                async def used() -> Any:
                    return lms.parsed(raw)

                it = LMStudio(given, "http://127.0.0.1:1234", clock, uses=used)
                await it.stand()
                seen = await it.loaded()
                for model in (await it.installed())[:2]:
                    await it.load(model, 60.0)
                for loaded in seen[:2]:
                    await it.unload(loaded)

        loop.run(ask())

    return run


def lmstudio_seeds() -> list[bytes]:
    older = samples.raw("lmstudio-v0")
    return headed(
        "200", samples.raw("lmstudio"), older, b'{"error":"Unexpected endpoint or method. (GET /x)"}'
    ) + headed("401", samples.refusal("lmstudio").content)


def probes(data: bytes) -> None:
    """Who listens at an address, by what it answers; and any value of OLLAMA_HOST."""
    words, raw = split(data)
    body = decoded(raw)
    assert isinstance(local.ollama_here(number(words, 0, 200), body), bool)
    assert isinstance(local.lmstudio_here(number(words, 0, 200), body), bool)
    assert local.ollama_address(" ".join(words)).startswith(("http://", "https://"))
    ollama_answers.moment(body)
    ollama_answers.weights(body)


def tools(data: bytes) -> None:
    """What LM Studio's command line tool prints."""
    for use in (lms.parsed(data) or {}).values():
        assert use.used is None or use.used > 0


NO_LIST = (NotAListError,)
FAILED = (ProviderError,)
_PRINTED = b'> lms\n[{"identifier":"a","ttlMs":60000,"lastUsedTime":1750000000500,"status":"idle","queued":0}]'

NETWORK = (
    Target(name="lists", make=lists, seeds=list_seeds, declared=NO_LIST, about="providers/shapes*.py, merging"),
    # one call of these asks up to a dozen times, and the same body is parsed as often
    Target(name="answers", make=answers, seeds=answer_seeds, seconds=0.4, about="providers/client.py, walk, wire"),
    Target(name="errors", make=error_bodies, seeds=error_seeds, about="providers/refusals.py"),
    Target(
        name="updates", make=updates, seeds=update_seeds, declared=(update._NotUsableError,), about="catalog/update.py"
    ),
    Target(name="newest", make=newest, seeds=newest_seeds, about="app/updating.py, core/releases.py"),
    Target(name="books", make=lambda: books, seeds=book_seeds, declared=rows.UNREADABLE, about="catalog/rows.py"),
    Target(
        name="ollama",
        make=ollama,
        seeds=ollama_seeds,
        declared=(*FAILED, *NO_LIST),
        seconds=0.4,
        about="local/ollama*.py",
    ),
    Target(
        name="lmstudio", make=lmstudio, seeds=lmstudio_seeds, declared=FAILED, seconds=0.4, about="local/lmstudio.py"
    ),
    Target(
        name="probes",
        make=lambda: probes,
        seeds=lambda: ollama_seeds() + lmstudio_seeds(),
        declared=NO_LIST,
        about="providers/local.py",
    ),
    Target(name="lms", make=lambda: tools, seeds=lambda: [_PRINTED], about="system/lms.py"),
)
