"""Real connections on this computer: bounded in bytes, depth, rows and time, every fault told by its cause."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import time
import zlib
from typing import Any

import httpx
import pytest

from tests.providers.scene import KEY
from tests.support import samples
from tests.support.tls import tls
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.core.weight import MAX_DEPTH
from trayapp.providers.client import Fetched, list_models
from trayapp.providers.fields import NotAListError
from trayapp.providers.spec import Timeouts
from trayapp.providers.table import spec
from trayapp.providers.walk import MAX_ROWS
from trayapp.providers.wire import MAX_ANSWER, Wire, decoded

SHORT = Timeouts(connect=0.5, receive=0.3, pool=0.5, retries=0, base_delay=0.1)


async def fetch(url: str, row: str = "openai", timeouts: Timeouts = SHORT, key: Secret | None = KEY) -> Fetched:
    async with httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        return await list_models(spec(row), http, account=Account("acc", row, base_url=url), key=key, timeouts=timeouts)


async def failing(script: Any, row: str = "openai", timeouts: Timeouts = SHORT) -> ProviderError:
    async with Upstream(script) as url:
        with pytest.raises(ProviderError) as caught:
            await fetch(url, row, timeouts)
    for _level in range(10):  # generators of httpx that were left in the middle close one after the other
        await asyncio.sleep(0)
    return caught.value


def models(count: int, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": f"m{number}", "object": "model", **more} for number in range(count)]}


async def test_a_list_comes_over_a_real_connection_with_its_headers() -> None:
    upstream = Upstream({"/models": Reply(body=samples.raw("openai"), gzip=True, headers={"ETag": '"v1"'})})
    async with upstream as url:
        fetched = await fetch(url)
    assert len(fetched.entries) == 8
    assert fetched.etag == '"v1"'
    assert fetched.size == len(samples.raw("openai"))
    sent = upstream.requests[0]
    assert sent.headers["accept-encoding"] == "gzip"
    assert sent.headers["authorization"].endswith(KEY.reveal())


async def test_an_answer_past_the_limit_is_refused_while_it_comes() -> None:
    endless = b"[" + b" " * (MAX_ANSWER + 10)
    error = await failing({"/models": Reply(body=endless)}, timeouts=Timeouts(1, 5, 1, 0, 0.1))
    assert error.failure.kind is Kind.GARBLED
    assert "8 MB" in error.failure.detail


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_is_counted_as_it_unfolds(coding: str) -> None:
    plain = b" " * (4 * MAX_ANSWER)
    packed = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    assert len(packed) < 200_000
    reply = Reply(body=packed, headers={"content-encoding": coding})
    error = await failing({"/models": reply}, timeouts=Timeouts(1, 5, 1, 0, 0.1))
    assert error.failure.kind is Kind.GARBLED
    assert "8 MB" in error.failure.detail


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "identity, gzip", "compress"])
async def test_a_coding_without_a_bound_is_not_unfolded(coding: str) -> None:
    error = await failing({"/models": Reply(body=b"x" * 50, headers={"content-encoding": coding})})
    assert error.failure.kind is Kind.GARBLED
    assert "encoding" in error.failure.detail


async def test_what_says_gzip_and_is_none_is_not_readable() -> None:
    error = await failing({"/models": Reply(body=b"no gzip at all", headers={"content-encoding": "gzip"})})
    assert error.failure.kind is Kind.GARBLED


async def test_the_limit_counts_all_pages_together() -> None:
    page = json.dumps({"data": [{"id": "a", "pad": "x" * 2_000}], "has_more": True, "last_id": "1"}).encode()
    row, account = spec("anthropic"), Account("acc", "anthropic")
    async with Upstream({"/p": Reply(body=page)}) as url, httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        wire = Wire(row, http, account=account, key=KEY, timeouts=SHORT, room=5_000)
        await wire.ask(f"{url}/p")
        await wire.ask(f"{url}/p")
        with pytest.raises(ProviderError) as caught:
            await wire.ask(f"{url}/p")
    assert caught.value.failure.kind is Kind.GARBLED


async def test_a_long_error_is_read_to_a_point_and_then_left() -> None:
    body = json.dumps({"error": {"message": "too much", "pad": "x" * 500_000}}).encode()
    error = await failing({"/models": Reply(status=500, body=body)})
    assert error.failure.kind is Kind.UNREACHABLE


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
async def test_a_body_nested_ten_thousand_deep_is_refused_unhurt(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = b'{"data":' + opening * 10_000 + b"1" + closing * 10_000 + b"}"
    for status in (200, 401, 500):
        error = await failing({"/models": Reply(status=status, body=body)})
        assert error.failure.kind in (Kind.GARBLED, Kind.REFUSED, Kind.UNREACHABLE)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 5_000 + b'"]"' + b"}" * 5_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
def test_depth_is_seen_before_it_is_parsed(body: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(NotAListError):
        decoded(body)
    assert time.monotonic() - started < 1


def test_brackets_in_texts_are_no_depth() -> None:
    tricky = ["[" * 500, 'a"b[', "\\", '\\"[{', "}]" * 300, "\n[\t{", {"[": "}"}]
    assert decoded(json.dumps(tricky).encode()) == tricky
    many = [{"deep": [[{"x": [1, {"y": "]"}]}]]}] * 300
    assert decoded(json.dumps(many).encode()) == many
    edge = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert isinstance(decoded(edge), list)
    assert decoded(b"\xef\xbb\xbf[]") == []


async def test_more_rows_than_anybody_needs_are_cut() -> None:
    async with Upstream({"/models": Reply(body=models(MAX_ROWS + 500))}) as url:
        fetched = await fetch(url, timeouts=Timeouts(1, 5, 1, 0, 0.1))
    assert len(fetched.entries) == MAX_ROWS
    assert fetched.truncated


async def test_who_sends_nothing_is_given_up_on() -> None:
    started = time.monotonic()
    error = await failing({"/models": Reply(body=models(1), delay=30)})
    assert error.failure.kind is Kind.UNREACHABLE
    assert "in time" in error.failure.detail
    assert time.monotonic() - started < 3


async def test_who_stops_in_the_middle_is_given_up_on() -> None:
    error = await failing({"/models": Reply(body=models(1), hang=True)})
    assert error.failure.kind is Kind.UNREACHABLE


async def test_a_body_that_trickles_does_not_hold_us_for_ever() -> None:
    started = time.monotonic()
    error = await failing({"/models": Reply(body=models(100), drip=0.05)})
    assert error.failure.kind is Kind.UNREACHABLE
    assert time.monotonic() - started < 5


async def test_a_slow_body_that_keeps_coming_is_read() -> None:
    async with Upstream({"/models": Reply(body=models(20), drip=0.02, piece=200)}) as url:
        fetched = await fetch(url)
    assert len(fetched.entries) == 20


async def test_a_body_cut_short_is_a_broken_connection() -> None:
    error = await failing({"/models": Reply(body=models(50), cut=100)})
    assert error.failure.kind is Kind.UNREACHABLE
    assert error.failure.kind.retryable


async def test_a_connection_closed_without_a_word_is_broken() -> None:
    error = await failing({"/models": Reply(raw=b"")})
    assert error.failure.kind is Kind.UNREACHABLE


@pytest.mark.parametrize(
    "noise", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x16\x03\x01\x00\xa5", b"HTTP/1.1 abc nope\r\n\r\n"]
)
async def test_what_is_no_http_is_not_readable(noise: bytes) -> None:
    error = await failing({"/models": Reply(raw=noise)})
    assert error.failure.kind is Kind.GARBLED


@pytest.mark.parametrize(
    "body", [b"<html><title>Welcome</title></html>", b"", b"null", b"7", b'"text"', b"\xff\xfe", b"{", b'{"data":{}}']
)
async def test_what_is_no_list_is_not_readable(body: bytes) -> None:
    error = await failing({"/models": Reply(body=body)})
    assert error.failure.kind is Kind.GARBLED
    assert error.status == 200
    assert error.failure.detail.startswith("The answer is not a list of models.")


async def test_nobody_on_this_computer_is_a_state_of_its_own() -> None:
    async with Upstream({}) as url:
        pass
    with pytest.raises(ProviderError) as caught:
        await fetch(url, "ollama")
    assert caught.value.failure.kind is Kind.NOT_RUNNING
    assert caught.value.status is None


async def test_a_name_that_nobody_has_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProviderError) as caught:
        await fetch("https://nobody.invalid/v1")
    assert caught.value.failure.kind is Kind.UNREACHABLE
    assert "nobody.invalid" in caught.value.failure.detail


async def test_a_server_without_tls_is_told_as_such() -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    with pytest.raises(ProviderError) as caught:
        await fetch(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert caught.value.failure.kind is Kind.TLS


async def test_who_is_silent_in_the_handshake_is_an_outage_and_may_be_asked_again() -> None:
    async with Upstream({}) as url:  # it waits for the end of a request that never comes
        with pytest.raises(ProviderError) as caught:
            await fetch(url.replace("http://", "https://"))
    assert caught.value.failure.kind.retryable or caught.value.failure.kind is Kind.NOT_RUNNING


async def test_a_certificate_that_does_not_hold_is_no_outage() -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError(1, "certificate verify failed")
        except ssl.SSLError as exc:
            raise httpx.ConnectError("all attempts failed") from exc

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        with pytest.raises(ProviderError) as caught:
            await list_models(spec("openai"), http, account=Account("a", "openai"), key=KEY, timeouts=SHORT)
    assert caught.value.failure.kind is Kind.TLS
    assert not caught.value.failure.kind.retryable


@pytest.mark.parametrize("bad", ["line\nbreak", "schlüssel-0123456789", "nul\0-0123456789"])
async def test_a_key_that_cannot_be_sent_is_told_without_it(bad: str) -> None:
    upstream = Upstream({})
    async with upstream as url:
        with pytest.raises(ProviderError) as caught:
            await fetch(url, key=Secret(bad))
    assert caught.value.failure.kind is Kind.BAD_INPUT
    assert bad not in str(caught.value)
    assert caught.value.__cause__ is None
    assert upstream.requests == []


@pytest.mark.parametrize("address", ["http://", "https://[::1", "ftp://here/v1", "nonsense", "http://user:pw@here/v1"])
async def test_an_address_that_is_none_is_bad_input(address: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await fetch(address)
    assert caught.value.failure.kind is Kind.BAD_INPUT


async def test_connections_are_kept_between_pages() -> None:
    def script(sent: Sent) -> Reply:
        page = "anthropic.page2" if "after_id" in sent.query else "anthropic"
        return Reply(body=samples.raw(page))

    upstream = Upstream(script)
    async with upstream as url:
        fetched = await fetch(url, "anthropic")
    assert len(fetched.entries) == 6
    assert len(upstream.requests) == 2
    assert upstream.connections == 1
    assert upstream.requests[1].query == {"limit": "1000", "after_id": "claude-opus-4-6"}


async def test_a_client_that_was_closed_when_the_network_changed_is_an_outage_and_no_mistake() -> None:
    http = httpx.AsyncClient(trust_env=False)
    await http.aclose()
    with pytest.raises(ProviderError) as caught:
        await list_models(spec("openai"), http, account=Account("acc", "openai"), key=KEY, timeouts=SHORT)
    assert caught.value.failure.kind is Kind.UNREACHABLE
    assert caught.value.failure.kind.retryable
