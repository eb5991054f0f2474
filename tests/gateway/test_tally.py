"""Tokens from passing bytes: however they are cut, however much there is, and nothing from what is no answer."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.gateway import wire
from trayapp.gateway.exchange import Request, Usage
from trayapp.gateway.plan import Route
from trayapp.gateway.responses_in_answer import StreamWriter, write_answer
from trayapp.gateway.streams import events_of
from trayapp.gateway.tally import LAST, MOST, Tally
from trayapp.providers.spec import Dialect

CASES = [
    (Route.CHAT, Dialect.OPENAI),
    (Route.MESSAGES, Dialect.ANTHROPIC),
    (Route.OLLAMA_CHAT, Dialect.OLLAMA),
    (Route.RESPONSES, None),
]


def stream(dialect: Dialect | None, case: str = "text") -> bytes:
    answer = wire.ANSWERS[case]
    if dialect is not None:
        return wire.STREAM[dialect](answer)
    writer = StreamWriter(wire.STAMP, Request("m"))
    return b"".join(map(writer.write, events_of(answer)))


def whole(dialect: Dialect | None, case: str = "text") -> bytes:
    answer = wire.ANSWERS[case]
    return write_answer(answer, wire.STAMP, Request("m")) if dialect is None else wire.WHOLE[dialect](answer)


def fed(route: Route, body: bytes, *, stream: bool, piece: int = 0) -> Tally:
    tally = Tally(route, stream=stream)
    for start in range(0, len(body), piece or len(body)):
        tally.feed(body[start : start + (piece or len(body))])
    return tally


def counted(usage: Usage | None) -> tuple[int, int, int]:
    assert usage is not None
    return usage.input, usage.output, usage.cached_read


@pytest.mark.parametrize("piece", [1, 7, 100, 0])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("route", "dialect"), CASES)
def test_tokens_are_found_however_the_bytes_are_cut(
    route: Route, dialect: Dialect | None, streamed: bool, piece: int
) -> None:
    for case in ("text", "tools", "length", "empty", *(("cached",) if dialect is not Dialect.OLLAMA else ())):
        body = stream(dialect, case) if streamed else whole(dialect, case)
        tally = fed(route, body, stream=streamed, piece=piece)
        assert counted(tally.usage) == ((120, 7, 80) if case == "cached" else (20, 7, 0))
        if streamed:
            assert tally.whole()
            assert not tally.failed
            assert tally.between


@pytest.mark.parametrize(("route", "dialect"), CASES)
def test_a_stream_that_does_not_say_its_end_is_not_whole(route: Route, dialect: Dialect | None) -> None:
    body = stream(dialect)
    mark = b"\n" if dialect is Dialect.OLLAMA else b"\n\n"
    events = [it + mark for it in body.split(mark) if it]
    half = b"".join(events[: len(events) // 2])
    assert not fed(route, half, stream=True).whole()
    assert fed(route, half, stream=True).between
    assert not fed(route, half[:-5], stream=True).between


def test_an_end_is_known_without_usage_and_without_the_last_mark() -> None:
    finish = wire.openai_chunk({}, "stop")
    assert fed(Route.CHAT, finish, stream=True).whole()
    assert fed(Route.CHAT, finish.replace(b'": ', b'":'), stream=True).whole()
    assert fed(Route.CHAT, b"data: [DONE]\n\n", stream=True).whole()
    assert fed(Route.COMPLETIONS, b'data: {"choices":[{"text":"","finish_reason":"length"}]}\n\n', stream=True).whole()


@pytest.mark.parametrize(
    ("route", "last"),
    [
        (Route.CHAT, b'data: {"error": {"message": "no"}}\n\n'),
        (Route.MESSAGES, b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no"}}\n\n'),
        (Route.OLLAMA_CHAT, b'{"error":"no"}\n'),
        (Route.RESPONSES, b'event: response.failed\ndata: {"type":"response.failed","response":{}}\n\n'),
    ],
)
def test_an_error_of_the_dialects_own_is_an_end_and_a_failure(route: Route, last: bytes) -> None:
    tally = fed(route, last, stream=True)
    assert (tally.whole(), tally.failed) == (True, True)


@pytest.mark.parametrize(("route", "dialect"), CASES)
def test_of_a_long_stream_only_the_ends_are_held(route: Route, dialect: Dialect | None) -> None:
    body = stream(dialect)
    mark = b"\n" if dialect is Dialect.OLLAMA else b"\n\n"
    first, rest = body.split(mark, 1)
    filler = (
        b'{"done":false,"message":{"content":"usage"}}\n' if dialect is Dialect.OLLAMA else b'data: {"type":"x"}\n\n'
    )
    tally = Tally(route, stream=True)
    tally.feed(first + mark)
    for _ in range(20_000):
        tally.feed(filler)
    tally.feed(rest)
    assert tally._held < 2 * LAST + len(rest)
    assert counted(tally.usage) == (20, 7, 0)
    assert tally.whole()


@pytest.mark.parametrize(("route", "dialect"), CASES)
def test_figures_at_the_end_of_something_huge_are_found(route: Route, dialect: Dialect | None) -> None:
    said = json.loads(whole(dialect))
    told = {"usage": said.pop("usage")} if "usage" in said else {}
    counts = {name: said.pop(name) for name in list(said) if name.endswith("_count")}
    body = json.dumps({**said, "filler": 'a "usage" and \\"usage\\": {}' * (MOST // 10), **counts, **told}).encode()
    assert counted(fed(route, body, stream=False, piece=50_000).usage) == (20, 7, 0)


def test_figures_that_are_cut_or_odd_at_the_end_of_something_huge_are_none() -> None:
    filler = b'{"filler":"' + b"x" * 2 * MOST + b'",'
    for odd in (b'"usage":{"prompt_tokens":01}}', b'"usage":3}', b'"usage":{'):
        assert fed(Route.CHAT, filler + odd, stream=False, piece=50_000).usage is None


def test_embeddings_tell_what_went_in() -> None:
    openai = b'{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":5,"total_tokens":5}}'
    assert counted(fed(Route.EMBEDDINGS, openai, stream=False).usage) == (5, 0, 0)
    native = b'{"embeddings":[[0.1]],"prompt_eval_count":6}'
    assert counted(fed(Route.OLLAMA_EMBED, native, stream=False).usage) == (6, 0, 0)
    many = b'{"data":[' + b'{"embedding":[0.1]},' * 50_000 + b'{"embedding":[0.1]}],"usage":{"prompt_tokens":5}}'
    assert counted(fed(Route.EMBEDDINGS, many, stream=False, piece=60_000).usage) == (5, 0, 0)


ODD: list[Any] = [
    b"",
    b"\n\n\n",
    b"{",
    b"[1]",
    b"null",
    b'{"usage": 3}',
    b'{"usage": {"prompt_tokens": "many", "completion_tokens": -4}}',
    b'{"usage": null, "error": null}',
    b'data: {"choices": 3, "usage": []}\n\n',
    b'data: {"type": "message_start", "message": 3, "usage": {}}\n\n',
    b'{"done": true, "prompt_eval_count": [], "eval_count": {}}\n',
    b'{"response": 3, "type": []}',
    b"\xff\xfe\x00",
    b'{"a":' * 5000,
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("route", list(Route))
def test_what_is_no_answer_tells_nothing_and_raises_nothing(route: Route, streamed: bool) -> None:
    dice = random.Random(7)
    for body in (*ODD, *(dice.randbytes(200) for _ in range(50))):
        tally = fed(route, body, stream=streamed, piece=33)
        usage = tally.usage
        assert usage is None or min(usage.input, usage.output, usage.cached_read) >= 0
        tally.whole()
