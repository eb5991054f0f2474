"""The listener: its thread, its port, its beginning and its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gateway.serving import GATE, TOKEN, echo, everything, hello, serving
from trayapp.core.errors import Kind, ProviderError
from trayapp.gateway import tokens
from trayapp.gateway.call import Call
from trayapp.gateway.guard import Gate
from trayapp.gateway.server import Handler, Listener, only
from trayapp.system.bridge import across


def heard(name: str, exc: BaseException) -> None:
    raise AssertionError(f"{name} reported {exc!r}")


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("gateway")}


async def test_it_answers_on_both_addresses_in_a_thread_of_its_own() -> None:
    where: list[str] = []

    async def handle(call: Call) -> None:
        where.append(threading.current_thread().name)
        call.answer(200, await call.body())

    async with serving(handle) as door:
        for host in ("127.0.0.1", "::1") if socket.has_ipv6 else ("127.0.0.1",):
            answer = await door.says(door.request(body=b"text"), host=host)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\ntext")
        assert set(where) == {"gateway"}
        assert door.listener.port == door.port
    assert threads() == set()


async def test_aiohttp_is_not_imported_before_it_starts() -> None:
    code = "import sys, trayapp.gateway.server; print('aiohttp' in sys.modules, 'ssl' in sys.modules)"
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("False"), done.stderr


async def test_it_starts_and_stops_again_and_again_at_the_same_port() -> None:
    listener = Listener(only(hello), gate=GATE, report=heard)
    port = await listener.start()
    for _ in range(3):
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{port}/", headers={"x-api-key": TOKEN})
        assert (answer.status_code, answer.text, answer.headers["server"]) == (200, "hello", "trayapp")
        await listener.stop(0)
        assert listener.port is None
        assert threads() == set()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await listener.start() == port
    await listener.stop(0)
    await listener.stop(0)


async def test_a_port_that_is_taken_is_refused_in_words_with_its_holder() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        listener = Listener(only(hello), gate=Gate(port), report=heard)
        with pytest.raises(ProviderError) as caught:
            await listener.start()
    assert caught.value.failure.kind is Kind.PORT_TAKEN
    assert f"Port {port} is in use by " in caught.value.failure.detail
    assert threads() == set()
    assert listener.port is None


async def test_what_the_life_cannot_open_is_told_to_who_starts_it() -> None:
    closed: list[str] = []

    @contextlib.asynccontextmanager
    async def broken() -> AsyncIterator[Handler]:
        raise LookupError("no certificates")
        yield hello

    @contextlib.asynccontextmanager
    async def life() -> AsyncIterator[Handler]:
        yield hello
        closed.append(threading.current_thread().name)

    listener = Listener(broken, gate=GATE, report=heard)
    with pytest.raises(LookupError, match="no certificates"):
        await listener.start()
    assert threads() == set()
    async with serving(life=life) as door:
        assert await door.listener.start() == door.port  # once more changes nothing
        assert b"200 OK" in await door.says(door.request())
    assert closed == ["gateway"]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_life_that_ends_badly_or_begins_badly_for_nobody_is_reported(waits: bool) -> None:
    reports: list[BaseException] = []

    @contextlib.asynccontextmanager
    async def life() -> AsyncIterator[Handler]:
        if not waits:
            await asyncio.sleep(0.05)
            raise LookupError("it broke")
        yield hello
        raise LookupError("it broke")

    listener = Listener(life, gate=GATE, report=lambda _name, exc: reports.append(exc))
    starting = asyncio.create_task(listener.start())
    if waits:
        await starting
        await listener.stop(0)
    else:
        await asyncio.sleep(0.01)
        starting.cancel()
        await asyncio.wait({starting})
    assert [str(it) for it in reports] == ["it broke"]
    assert (threads(), listener.port, listener.loop) == (set(), None, None)


async def test_what_a_handler_left_behind_is_ended_with_the_listener_and_its_errors_are_reported() -> None:
    ended: list[str] = []

    async def forgotten() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(threading.current_thread().name)

    def breaks() -> None:
        raise LookupError("nobody waits for this")

    async def handle(call: Call) -> None:
        loop = asyncio.get_running_loop()
        call.left = loop.create_task(forgotten())  # type: ignore[attr-defined]
        loop.call_soon(breaks)
        call.answer(200, b"done")

    async with serving(handle) as door:
        assert b"done" in await door.says(door.request())
        assert ended == []
    assert ended == ["gateway"]
    assert [str(it) for it in door.reports] == ["nobody waits for this"]


async def test_giving_up_while_it_starts_leaves_nothing_behind() -> None:
    @contextlib.asynccontextmanager
    async def slow() -> AsyncIterator[Handler]:
        await asyncio.sleep(0.2)
        yield hello

    listener = Listener(slow, gate=GATE, report=heard)
    task = asyncio.create_task(listener.start())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads() == set()
    assert listener.port is None


async def test_a_running_answer_is_finished_within_the_grace() -> None:
    begun = threading.Event()

    async def slow(call: Call) -> None:
        await call.begin(200, [])
        await call.write(b"one ")
        begun.set()
        await asyncio.sleep(0.3)
        await call.write(b"two")
        await call.end()

    async with serving(slow, grace=5.0) as door:
        saying = asyncio.create_task(door.says(door.request()))
        assert await asyncio.to_thread(begun.wait, 5)
    assert (await saying).endswith(b"3\r\ntwo\r\n0\r\n\r\n")


async def test_after_the_grace_an_answer_is_broken_off_and_does_not_look_whole() -> None:
    begun = threading.Event()
    ended: list[str] = []

    async def endless(call: Call) -> None:
        await call.begin(200, [])
        await call.write(b"one")
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("tidied up")

    before = time.monotonic()
    async with serving(endless, grace=0.1) as door:
        saying = asyncio.create_task(door.says(door.request()))
        assert await asyncio.to_thread(begun.wait, 5)
    assert (await saying).endswith(b"one\r\n")
    assert ended == ["tidied up"]
    assert time.monotonic() - before < 3
    assert threads() == set()


async def test_who_waits_for_an_answer_at_the_end_is_told_so() -> None:
    begun = threading.Event()

    async def waiting(call: Call) -> None:
        begun.set()
        await asyncio.sleep(60)

    async with serving(waiting, grace=0.0) as door:
        saying = asyncio.create_task(door.says(door.request()))
        assert await asyncio.to_thread(begun.wait, 5)
    assert (await saying).startswith(b"HTTP/1.1 503 ")
    assert b"being quit" in await saying


async def test_idle_connections_do_not_hold_the_end() -> None:
    async with serving() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request())
        await reader.readuntil(b"hello")
        before = time.monotonic()
        await door.listener.stop(10)
        assert time.monotonic() - before < 2
        assert await everything(reader) == b""
        writer.close()


async def test_other_rules_count_from_the_next_request() -> None:
    async with serving() as door:
        assert b" 200 " in await door.says(door.request())
        door.listener.set_gate(Gate(0, {"new": tokens.digest("another")}))
        assert b" 401 " in await door.says(door.request())
        assert b" 200 " in await door.says(door.request("x-api-key: another"))


async def test_a_handler_that_fails_is_reported_and_its_caller_told_no_more_than_that() -> None:
    async def fails(call: Call) -> None:
        raise LookupError("with a secret in it")

    async def silent(call: Call) -> None:
        pass

    async with serving(fails) as door:
        answer = await door.says(door.request())
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"secret" not in answer
        assert b"Traceback" not in answer
        assert [type(it) for it in door.reports] == [LookupError]
    async with serving(silent) as door:
        assert (await door.says(door.request())).startswith(b"HTTP/1.1 500 ")


async def test_a_handler_that_fails_in_mid_answer_breaks_it_off() -> None:
    async def fails(call: Call) -> None:
        await call.begin(200, [])
        await call.write(b"half")
        raise LookupError

    async with serving(fails) as door:
        assert (await door.says(door.request())).endswith(b"half\r\n")
        assert [type(it) for it in door.reports] == [LookupError]


async def test_functions_of_the_main_loop_are_called_from_handlers() -> None:
    home = asyncio.get_running_loop()
    asked: list[str] = []

    async def at_home(word: str) -> str:
        asked.append(threading.current_thread().name)
        return word.upper()

    ask = across(home, at_home)

    async def handle(call: Call) -> None:
        call.answer(200, (await ask("hello")).encode())

    async with serving(handle) as door:
        assert (await door.says(door.request())).endswith(b"HELLO")
    assert asked == [threading.current_thread().name]


async def test_a_caller_keeps_its_connection() -> None:
    async with serving(echo) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for number in range(5):
            writer.write(door.request(body=b"%d!" % number))
            assert (await reader.readuntil(b"!")).endswith(b"%d!" % number)
        writer.close()


async def test_a_listed_page_gets_its_preflight_and_its_answer() -> None:
    gate = Gate(0, GATE.digests, frozenset({"app://obsidian.md"}))
    async with serving(gate=gate) as door, httpx.AsyncClient() as http:
        page = {"Origin": "app://obsidian.md"}
        asked = {**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = await http.options(door.url + "/v1/models", headers=asked)
        assert (preflight.status_code, preflight.headers["access-control-allow-headers"]) == (204, "authorization")
        answer = await http.get(door.url + "/v1/models", headers={**page, "x-api-key": TOKEN})
        assert answer.headers["access-control-allow-origin"] == "app://obsidian.md"
        evil = await http.options(door.url + "/v1/models", headers={**asked, "Origin": "https://evil.example"})
        assert evil.status_code == 403
        assert not [name for name in evil.headers if name.startswith("access-control-")]


async def test_a_long_body_that_had_to_wait_arrives_whole_and_the_next_request_as_well() -> None:
    async def handle(call: Call) -> None:
        transport = call._request.transport
        while call.path == "/long" and transport is not None and transport.is_reading():  # noqa: ASYNC110
            await asyncio.sleep(0)
        call.answer(200, str(len(await call.body())).encode())

    async with serving(handle) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for path, size in (("/long", 2**23), ("/short", 7), ("/long", 2**23)):
            writer.write(door.request(path=path, body=b"x" * size))
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert await asyncio.wait_for(reader.readexactly(len(str(size))), 10) == str(size).encode()
        writer.close()
