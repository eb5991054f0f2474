"""The instance answers everybody: the clumsy, the slow and the many, and the last one before it quits."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from tests.system.callers import ask, both_doors, posix, raw, served
from trayapp.system import instance, instance_posix


@both_doors
async def test_a_request_reaches_the_instance_and_its_answer_comes_back(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path / "run", tcp=tcp):
        for message in (b"{}", b'{"a":"\xc3\xa4"}', b'{"x":"' + b"y" * 900_000 + b'"}'):
            assert await ask(tmp_path / "run", message, tcp=tcp) == b'{"heard":' + message + b"}"


@both_doors
async def test_a_caller_is_waited_on_as_long_as_its_request_takes(tmp_path: Path, tcp: bool) -> None:
    release = asyncio.Event()

    async def slow(_line: bytes) -> bytes:
        await release.wait()
        return b"{}"

    async with served(tmp_path, slow, tcp=tcp):
        with pytest.raises(TimeoutError):
            await ask(tmp_path, b"{}", timeout=0.2, tcp=tcp)
        release.set()
        assert await ask(tmp_path, b"{}", tcp=tcp) == b"{}"


@posix
async def test_garbage_is_answered_with_an_error_line_and_the_next_caller_is_served(tmp_path: Path) -> None:
    async with served(tmp_path):
        for sent in (b"\n", b"hello\n", b"\xff\xfe\x00\n", b"GET / HTTP/1.1\r\n\r\n", b"[1]\n"):
            answer = await raw(tmp_path, sent)
            assert answer is not None
            assert answer["ok"] is False
            assert "JSON" in answer["text"]
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'


@posix
async def test_a_line_without_an_end_is_answered_with_an_error_line(tmp_path: Path) -> None:
    async with served(tmp_path):
        for size in (instance.REQUEST_LIMIT + 10, 5 * instance.REQUEST_LIMIT):
            answer = await raw(tmp_path, b"{" + b"x" * size + b"\n")
            assert answer is not None
            assert "too long" in answer["text"]
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'


@both_doors
async def test_a_request_too_long_is_refused_in_words_also_to_our_own_side(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path, tcp=tcp):
        answer = await ask(tmp_path, b"{" + b"x" * (3 * instance.REQUEST_LIMIT), tcp=tcp)
        assert answer is not None
        assert "too long" in json.loads(answer)["text"]


@posix
async def test_who_hangs_up_halfway_hurts_nobody(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def note(line: bytes) -> bytes:
        heard.append(line)
        return b"{}"

    async with served(tmp_path, note):
        for sent in (b"", b"{", b'{"a":1}'):
            assert await raw(tmp_path, sent, end=True) is None
        _reader, writer = await asyncio.open_unix_connection(instance_posix.address(tmp_path))
        writer.write(b'{"done":1}\n')
        writer.transport.abort()
        assert await ask(tmp_path, b'{"last":1}') == b"{}"
    assert b'{"last":1}' in heard
    assert not [it for it in heard if not it.endswith(b"}")]


@posix
async def test_a_caller_who_says_nothing_keeps_nobody_else_waiting_and_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "READ_WITHIN", 0.3)
    async with served(tmp_path):
        silent = [await asyncio.open_unix_connection(instance_posix.address(tmp_path)) for _ in range(10)]
        begun = time.perf_counter()
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'
        assert time.perf_counter() - begun < 0.25
        assert [await reader.read() for reader, _writer in silent] == [b""] * 10
        for _reader, writer in silent:
            writer.close()


@posix
async def test_a_caller_who_does_not_take_a_long_answer_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "READ_WITHIN", 0.3)

    async def long(_line: bytes) -> bytes:
        return b"{" + b"x" * 8_000_000 + b"}"

    async with served(tmp_path, long) as claim:
        _reader, writer = await asyncio.open_unix_connection(instance_posix.address(tmp_path), limit=1)
        writer.write(b"{}\n")
        await asyncio.sleep(0.1)
        assert len(claim._callers) == 1
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not claim._callers:
                break
        assert not claim._callers
        writer.transport.abort()
        answer = await ask(tmp_path, b"{}")
        assert answer is not None
        assert len(answer) == 8_000_002, "who does take it gets all of it"


@posix
async def test_more_callers_than_can_be_served_are_told_to_come_again(tmp_path: Path) -> None:
    release = asyncio.Event()
    working: list[bytes] = []
    all_busy = asyncio.Event()

    async def slow(line: bytes) -> bytes:
        working.append(line)
        if len(working) == instance.AT_ONCE:
            all_busy.set()
        await release.wait()
        return b"{}"

    async with served(tmp_path, slow):
        first = [asyncio.create_task(raw(tmp_path, b"{}\n")) for _ in range(instance.AT_ONCE)]
        await all_busy.wait()
        turned_away = await raw(tmp_path, b"{}\n")
        assert turned_away is not None
        assert "busy" in turned_away["text"]
        release.set()
        assert await asyncio.gather(*first) == [{}] * instance.AT_ONCE


@both_doors
async def test_a_handler_that_fails_is_reported_and_its_caller_is_told(tmp_path: Path, tcp: bool) -> None:
    reported: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["exception"]))

    async def broken(_line: bytes) -> bytes:
        raise ZeroDivisionError("sk-proj-0123456789abcdef")

    async with served(tmp_path, broken, tcp=tcp):
        answer = await ask(tmp_path, b"{}", tcp=tcp)
    assert answer is not None
    assert json.loads(answer)["ok"] is False
    assert b"0123456789" not in answer
    assert [type(it) for it in reported] == [ZeroDivisionError]


@both_doors
async def test_the_answer_to_quit_arrives_although_everything_closes(tmp_path: Path, tcp: bool) -> None:
    leaving = asyncio.Event()

    async def quit_(_line: bytes) -> bytes:
        leaving.set()
        return b'{"bye":1}'

    async with served(tmp_path, quit_, tcp=tcp):
        asking = asyncio.create_task(ask(tmp_path, b"{}", tcp=tcp))
        await leaving.wait()
    assert await asking == b'{"bye":1}'


@posix
async def test_closing_ends_who_is_still_being_answered_within_a_moment(tmp_path: Path) -> None:
    async def for_ever(_line: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    claim = instance.claim(tmp_path)
    assert claim is not None
    await claim.serve(for_ever)
    asking = asyncio.create_task(ask(tmp_path, b"{}"))
    silent = await asyncio.open_unix_connection(instance_posix.address(tmp_path))
    await asyncio.sleep(0.05)
    begun = time.perf_counter()
    await claim.close()
    assert time.perf_counter() - begun < 2
    answer = await asking
    assert answer is not None
    assert "quit" in json.loads(answer)["text"]
    silent[1].close()
    claim.release()
    await claim.close()
