"""Same dialect: bytes through, as they come, with our headers and nobody else's."""

from __future__ import annotations

import asyncio
import gzip
import ssl

import pytest

from tests.gateway.serving import relaying, serving, to
from tests.gateway.watched import HEAD, Talking, Watched
from tests.support.clock import FakeClock
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.core.errors import Kind, ProviderError
from trayapp.gateway.facts import Outcome
from trayapp.gateway.headers import upward
from trayapp.gateway.limits import Patience
from trayapp.gateway.relay import Ask, Relay, connecting
from trayapp.gateway.usage_chunk import UsageChunk
from trayapp.system.net import relay_session


async def test_a_request_goes_out_with_exactly_these_headers_and_this_body(canary: str) -> None:
    upstream = Upstream({"/v1/chat%2Fx": Reply(body={"ok": True})})
    async with upstream as url, relaying() as relay:
        sent = upward([("Cookie", "a=b"), ("Content-Type", "application/json")], {"Authorization": f"Bearer {canary}"})
        ask = Ask(url=f"{url}/v1/chat%2Fx?a=%20b", headers=sent, body=b'{"model":"x"}')
        reply = await relay.ask(ask)
        assert await reply.read(1000) == b'{"ok": true}'
        (got,) = upstream.requests
        assert got.target == "/v1/chat%2Fx?a=%20b"
        assert got.headers == {**sent, "host": url.removeprefix("http://"), "content-length": "13"}
        assert got.body == b'{"model":"x"}'
        assert canary not in repr(ask)


async def test_the_facts_tell_how_it_went(clock: FakeClock) -> None:
    def answer(_sent: Sent) -> Reply:
        clock.advance(2.0)
        return Reply(body=b"0123456789")

    async with Upstream(answer) as url, await relay_session(ssl.create_default_context(), connecting) as session:
        relay = Relay(session, clock=clock)
        for reused in (False, True):
            facts = relay.facts()
            reply = await relay.ask(Ask(url=url, headers={}), facts)
            assert reply.facts is facts
            assert await reply.read(100) == b"0123456789"
            assert (facts.outcome, facts.received, facts.status) == (Outcome.WHOLE, 10, 200)
            assert facts.first_byte == facts.started + 2.0
            assert facts.ended is not None
            assert (facts.reused, facts.retried) == (reused, False)


async def test_a_large_body_goes_out_whole_and_without_a_warning() -> None:
    upstream = Upstream({"/": Reply(body=b"ok")})
    body = bytes(range(256)) * 20_000
    async with upstream as url, relaying() as relay:
        await (await relay.ask(Ask(url=url + "/", headers={}, body=body))).read(10)
        assert upstream.requests[0].body == body


async def test_a_whole_answer_keeps_its_length_status_and_headers() -> None:
    reply = Reply(status=429, body=b'{"error":"slow down"}', headers={"retry-after": "7", "set-cookie": "a=b"})
    async with Upstream({"/x": reply}) as url, serving(life=to(url + "/x")) as door:
        answer = await door.says(door.request())
        head, _blank, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429 ")
        assert b"Retry-After: 7" in head
        assert b"Content-Length: 21" in head
        assert b"cookie" not in head
        assert body == b'{"error":"slow down"}'


async def test_chunks_are_passed_on_as_they_come() -> None:
    went_on = asyncio.Event()

    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        await it.chunk(b"data: one\n\n")
        await went_on.wait()
        await it.chunk(b"data: two\n\n")
        it.writer.write(b"0\r\n\r\n")

    async with Watched(script).at() as url, serving(life=to(url)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request())
        await asyncio.wait_for(reader.readuntil(b"data: one\n\n"), 3)
        went_on.set()
        assert (await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 3)).endswith(b"data: two\n\n\r\n0\r\n\r\n")
        writer.close()


async def test_what_has_queued_up_is_passed_on_together() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD + b"".join(b"b\r\ndata: %03d\n\n\r\n" % n for n in range(200)) + b"0\r\n\r\n")

    async with Watched(script).at() as url, relaying() as relay:
        reply = await relay.ask(Ask(url=url, headers={}))
        pieces = [piece async for piece in reply.pieces()]
        assert b"".join(pieces) == b"".join(b"data: %03d\n\n" % n for n in range(200))
        assert len(pieces) < 20


async def test_passing_bytes_are_observed_and_filtered() -> None:
    seen: list[bytes] = []
    usage = b'data: {"choices":[],"usage":{"total_tokens":3}}\n\n'
    text = b'data: {"choices":[{"delta":{}}]}\n\n' + usage + b"data: [DONE]\n\n"
    kind = {"content-type": "text/event-stream"}
    life_of = Upstream({"/": Reply(body=text, headers=kind, drip=0.0001, piece=7)})
    async with life_of as url, serving(life=to(url + "/", observe=seen.append, through=UsageChunk())) as door:
        answer = await door.says(door.request())
        assert b"usage" not in answer
        assert b"[DONE]" in answer
        assert b"Content-Length" not in answer
        assert b"".join(seen) == text


async def test_an_answer_that_is_compressed_all_the_same_passes_undecoded() -> None:
    seen: list[bytes] = []
    text = b'data: {"choices":[],"usage":{}}\n\n' * 10
    upstream = Upstream({"/": Reply(body=text, gzip=True)})
    async with upstream as url, serving(life=to(url + "/", observe=seen.append, through=UsageChunk())) as door:
        answer = await door.says(door.request())
        head, _blank, rest = answer.partition(b"\r\n\r\n")
        assert b"content-encoding: gzip" in head.lower()
        body = b"".join(part.partition(b"\r\n")[2] for part in [b"\r\n" + rest]) if b"Content-Length" in head else rest
        start = body.index(b"\x1f\x8b")
        assert gzip.decompress(body[start : body.rindex(b"\r\n0\r\n") if b"chunked" in head else None]) == text
        assert seen == []


async def test_a_redirect_is_an_error_in_words_and_the_key_stays_here(canary: str) -> None:
    elsewhere = Upstream({})
    async with elsewhere as other:
        for status in (301, 302, 303, 307, 308):
            upstream = Upstream({"/": Reply(status=status, headers={"location": f"{other}/take?key=1"})})
            async with upstream as url, relaying() as relay:
                with pytest.raises(ProviderError, match=r"points to 127\.0\.0\.1 instead") as caught:
                    await relay.ask(Ask(url=url + "/", headers={"Authorization": canary}))
                assert (caught.value.failure.kind, caught.value.status) == (Kind.GARBLED, status)
    assert elsewhere.requests == []


async def test_a_redirect_to_nowhere_is_said_as_well() -> None:
    for location in ("http://[::1/", ""):
        async with Upstream({"/": Reply(status=302, headers={"location": location})}) as url, relaying() as relay:
            with pytest.raises(ProviderError, match="points to another page instead"):
                await relay.ask(Ask(url=url + "/", headers={}))


async def test_of_a_body_that_is_too_long_only_the_beginning_is_read() -> None:
    async with Upstream({"/": Reply(body=bytes(2**20))}) as url, relaying() as relay:
        reply = await relay.ask(Ask(url=url + "/", headers={}))
        assert await reply.read(1000) == bytes(1000)
        assert reply.facts.outcome is Outcome.LEFT
        assert reply.facts.received < 2**20


async def test_cookies_are_neither_kept_nor_sent() -> None:
    upstream = Upstream({"/": Reply(body=b"x", headers={"set-cookie": "a=b; Path=/"})})
    async with upstream as url, relaying() as relay:
        for _ in range(2):
            await (await relay.ask(Ask(url=url + "/", headers={}))).read(10)
        assert "cookie" not in upstream.requests[1].headers


async def test_an_idle_connection_that_died_is_replaced_once_and_unnoticed() -> None:
    requests: list[int] = []

    async def script(it: Talking) -> None:
        mine = watched.accepted
        await it.request()
        requests.append(mine)
        it.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await it.request()  # the second on this connection dies without an answer
        requests.append(mine)

    watched = Watched(script)
    async with watched.at() as url, relaying() as relay:
        ask = Ask(url=url, headers={}, body=b"{}")
        assert await (await relay.ask(ask)).read(10) == b"ok"
        reply = await relay.ask(ask)
        assert await reply.read(10) == b"ok"
        assert (reply.facts.retried, reply.facts.reused) == (True, False)
    assert requests == [1, 1, 2]


async def test_a_new_connection_that_dies_is_not_tried_again() -> None:
    async def script(it: Talking) -> None:
        await it.request()

    watched = Watched(script)
    async with watched.at() as url, relaying() as relay:
        with pytest.raises(ProviderError) as caught:
            await relay.ask(Ask(url=url, headers={}, body=b"{}"))
        assert caught.value.failure.kind is Kind.UNREACHABLE
        assert watched.accepted == 1


async def test_a_connection_is_known_as_new_where_several_addresses_are_tried_at_once() -> None:
    async with Upstream(lambda _sent: Reply(body=b"ok")) as url, relaying() as relay:
        ask = Ask(url=url.replace("127.0.0.1", "localhost") + "/", headers={}, body=b"{}")
        for reused in (False, True):
            reply = await relay.ask(ask)
            assert await reply.read(10) == b"ok"
            assert reply.facts.reused is reused


async def test_after_a_byte_of_an_answer_nothing_is_tried_again() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await it.request()
        it.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")

    watched = Watched(script)
    async with watched.at() as url, relaying() as relay:
        ask = Ask(url=url, headers={}, body=b"{}")
        await (await relay.ask(ask)).read(10)
        reply = await relay.ask(ask)
        with pytest.raises(ProviderError):
            await reply.read(100)
        assert reply.facts.outcome is Outcome.CUT
        assert watched.accepted == 1


async def test_the_first_request_after_warming_goes_over_an_open_connection() -> None:
    upstream = Upstream({"/": Reply(status=404), "/v1/x": Reply(body=b"ok")})
    async with upstream as url, relaying() as relay:
        assert await relay.warm(url + "/v1/x")
        reply = await relay.ask(Ask(url=url + "/v1/x", headers={}, body=b"{}"))
        await reply.read(10)
        assert reply.facts.reused
        assert upstream.connections == 1
        assert [(sent.method, sent.target) for sent in upstream.requests] == [("HEAD", "/"), ("POST", "/v1/x")]
        assert "authorization" not in upstream.requests[0].headers


async def test_what_cannot_be_warmed_stays_cold() -> None:
    async with relaying(patience=Patience(connect=0.5)) as relay:
        assert not await relay.warm("http://127.0.0.1:1/")
        assert not await relay.warm("http://nobody.invalid/")
        assert not await relay.warm("nonsense")


async def test_a_proxy_is_asked_for_the_address() -> None:
    proxy = Upstream(lambda _sent: Reply(body=b"by proxy"))
    async with proxy as proxy_url, relaying(proxy=lambda url: proxy_url if ".test" in url else "") as relay:
        reply = await relay.ask(Ask(url="http://api.test/v1/x", headers={}, body=b"{}"))
        assert await reply.read(100) == b"by proxy"
        assert proxy.requests[0].target == "http://api.test/v1/x"
