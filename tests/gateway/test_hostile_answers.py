"""Upstreams that answer without end or measure: the caller is told, and little memory is held meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.fuzz import bounds
from tests.gateway.gateways import CLAUDE, OPENAI, World, accounts, gateway
from tests.gateway.test_service_faults import ROUTES, message
from tests.gateway.wire import STAMP
from tests.support.upstream import Reply, Upstream
from trayapp.gateway import translate
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import Answer, Fault, GarbledError, Request, Stop
from trayapp.gateway.limits import ANSWER, PARTS, TOLD, VALUES
from trayapp.gateway.streams import Gathering, Told, arguments_object
from trayapp.gateway.translate import whole_answer
from trayapp.providers.spec import Dialect

TOO_MUCH = "The provider's answer is longer than any model's can be, and was not read to its end."
FEW = VALUES // 250
"""Values that together weigh nearly what they may."""


def message_of(inside: bytes) -> bytes:
    return b'{"choices":[{"message":{' + inside + b"}}]}"


WHOLE: dict[str, tuple[Dialect, bytes]] = {
    "lists": (Dialect.OPENAI, message_of(b'"content":[' + b"[]," * (ANSWER // 3) + b"1]")),
    "as many lists as may be": (Dialect.OPENAI, message_of(b'"content":[' + b"[]," * FEW + b"1]")),
    "as many parts as may be": (Dialect.OPENAI, message_of(b'"content":[' + b"{}," * FEW + b"1]")),
    "a text": (Dialect.OPENAI, message_of(b'"content":"' + b"a" * (ANSWER - 99) + b'"')),
    "a wide text": (Dialect.OPENAI, message_of('"content":"😀'.encode() + b"a" * (VALUES // 4 - 999) + b'"')),
    "calls": (Dialect.OPENAI, message_of(b'"tool_calls":[' + b"{}," * (PARTS - 1) + b"{}]")),
    "large calls": (
        Dialect.OPENAI,
        message_of(b'"tool_calls":[' + b'{"function":{"arguments":"%b"}},' % (b"a" * 3000) * 4000 + b"{}]"),
    ),
    "blocks": (Dialect.ANTHROPIC, b'{"content":[' + b'{"type":"text"},' * (PARTS - 1) + b'{"type":"text"}]}'),
    "an input": (Dialect.ANTHROPIC, b'{"content":[{"type":"tool_use","input":{"a":[' + b"[]," * FEW + b"1]}}]}"),
    "probabilities": (Dialect.OLLAMA, b'{"done":true,"message":{},"logprobs":[' + b"{}," * FEW + b"{}]}"),
}


@pytest.mark.parametrize("what", list(WHOLE))
def test_an_answer_that_comes_whole_takes_no_more_memory_than_it_may(what: str) -> None:
    dialect, body = WHOLE[what]
    spoken = Spoken.MESSAGES if what == "an input" else Spoken.RESPONSES

    def run(body: bytes) -> None:
        IN[spoken].write_answer(whole_answer(OUT[dialect], body, "s"), STAMP, Request("m"))

    assert bounds.small(run, body, (GarbledError,)) + len(body) < bounds.MEMORY


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (Dialect.OPENAI, WHOLE["lists"][1]),
        (Dialect.OPENAI, message_of(b'"tool_calls":[' + b"{}," * PARTS + b"{}]")),
        (Dialect.ANTHROPIC, b'{"content":[' + b'{"type":"text"},' * PARTS + b'{"type":"text"}]}'),
    ],
)
def test_more_than_an_answer_can_hold_is_refused_before_it_costs_anything(dialect: Dialect, body: bytes) -> None:
    with pytest.raises(GarbledError, match="longer than any model's"):
        whole_answer(OUT[dialect], body, "s")


def chunk(delta: bytes) -> bytes:
    return b'data: {"choices":[{"delta":{' + delta + b"}}]}\n\n"


def call(number: int, inside: bytes) -> bytes:
    return chunk(b'"tool_calls":[{"index":%d,"function":{%b}}]' % (number, inside))


def block(number: int) -> bytes:
    start = b'{"type":"content_block_start","index":%d,"content_block":{"type":"tool_use","input":{"a":"%b"}}}'
    return b"data: " + start % (number, b"x" * 9000) + b"\n\n"


def repeated(piece: bytes, first: bytes = b"") -> Iterator[bytes]:
    yield first
    for _ in range(20 * ANSWER // 2**16):
        yield piece * (2**16 // len(piece) + 1)


ENDLESS: dict[str, tuple[Dialect, Callable[[], Iterator[bytes]]]] = {
    "a line": (Dialect.OPENAI, lambda: repeated(b"a" * 1000, b"data: ")),
    "an event": (Dialect.OPENAI, lambda: repeated(b"data: " + b"a" * 1000 + b"\n")),
    "empty lines of an event": (Dialect.OPENAI, lambda: repeated(b"data:\n")),
    "arguments of a call without a name": (
        Dialect.OPENAI,
        lambda: repeated(call(0, b'"arguments":"%b"' % (b"a" * 900))),
    ),
    "calls without a name": (Dialect.OPENAI, lambda: (call(number, b"") for number in range(10**6))),
    "calls": (Dialect.OPENAI, lambda: (call(number, b'"name":"a"') for number in range(10**6))),
    "arguments": (
        Dialect.OPENAI,
        lambda: repeated(call(0, b'"arguments":"%b"' % (b"a" * 900)), call(0, b'"name":"a"')),
    ),
    "inputs": (Dialect.ANTHROPIC, lambda: (block(number) for number in range(10**6))),
    "lists in one event": (Dialect.OPENAI, lambda: iter([chunk(b'"content":[' + b"[]," * (ANSWER // 3) + b"1]")])),
    "a wide event": (Dialect.OPENAI, lambda: iter([chunk('"content":"😀'.encode() + b"a" * (VALUES // 4) + b'"')])),
}


def read(dialect: Dialect, pieces: Iterator[bytes], spoken: Spoken) -> list[object]:
    """The last events that a caller of this kind is told."""
    reader, told = OUT[dialect].stream_reader("s"), Told(words=spoken is Spoken.RESPONSES)
    writer = IN[spoken].stream_writer(STAMP, Request("m", stream=True))
    events: list[object] = []
    for piece in pieces:
        found = told.of(reader.feed(piece))
        events = list(found) or events
        b"".join(map(writer.write, found))
        if reader.over or (events and isinstance(events[-1], Fault)):
            break
    return events


@pytest.mark.parametrize("what", list(ENDLESS))
def test_a_stream_without_measure_ends_with_a_fault_and_takes_no_more_memory_than_it_may(what: str) -> None:
    dialect, pieces = ENDLESS[what]
    last: list[object] = []

    def run(_data: bytes) -> None:
        last.extend(read(dialect, pieces(), Spoken.OLLAMA_CHAT))

    bounds.small(run, b"")
    assert isinstance(last[-1], Fault)
    assert last[-1].status == 502


@pytest.mark.parametrize("text", [b"a" * 900, "😀".encode() * 225])
def test_words_that_are_repeated_at_the_end_have_a_measure_and_others_have_none(text: bytes) -> None:
    words = chunk(b'"content":"%b"' % text)
    end = b'data: {"choices":[{"finish_reason":"stop"}]}\n\n'

    def run(_data: bytes) -> None:
        said = read(Dialect.OPENAI, repeated(words), Spoken.RESPONSES)
        assert isinstance(said[-1], Fault)
        assert said[-1].message == TOO_MUCH

    assert bounds.small(run, b"") < bounds.MEMORY
    pieces = iter([words * (2 * TOLD // len(text)), end, b"data: [DONE]\n\n"])
    assert isinstance(read(Dialect.OPENAI, pieces, Spoken.CHAT)[-1], Stop)


def test_arguments_that_would_fill_the_memory_are_no_object() -> None:
    assert arguments_object('{"a":[' + "[]," * 100 + "1]}") is not None
    assert arguments_object('{"a":[' + "[]," * VALUES + "1]}") is None


def test_probabilities_beyond_measure_are_left_out_of_what_is_gathered() -> None:
    whole = Gathering()
    reader = OUT[Dialect.OPENAI].stream_reader("s")
    piece = b'data: {"choices":[{"delta":{"content":"a"},"logprobs":{"content":[' + b"{}," * 9000 + b"{}]}}]}\n\n"
    for number in range(15):
        for event in reader.feed(piece):
            whole.take(event)
        if number == 0:
            assert len(whole.answer().logprobs) == 9001
    answer = whole.answer()
    assert isinstance(answer, Answer)
    assert (answer.logprobs, answer.parts[0].text) == ((), "a" * 15)  # type: ignore[union-attr]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/v1/chat/completions", CLAUDE),
        ("/v1/responses", CLAUDE),
        ("/v1/messages", OPENAI),
        ("/api/chat", OPENAI),
        ("/api/generate", CLAUDE),
    ],
)
async def test_a_whole_answer_that_is_too_long_is_a_502_in_the_callers_dialect(
    path: str, chosen: object, declared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translate, "ANSWER", 10_000)
    body = b"x" * 20_000
    bare = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body
    reply = Reply(body=body) if declared else Reply(raw=bare)
    async with Upstream(lambda _sent: reply) as url:
        world = World(accounts=accounts(url), chosen=chosen)  # type: ignore[arg-type]
        async with gateway(world) as served:
            answer = await served.post(path, ROUTES[path])
            assert (answer.status_code, message(path, answer.json())) == (502, TOO_MUCH)
