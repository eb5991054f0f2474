"""Targets: what tools ask the gateway, from the first byte of a head, and what upstreams answer it."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

from tests.fuzz.bounds import Run
from tests.fuzz.target import Loop, Target, chosen, headed, number, split, worded
from tests.gateway.serving import GATE, TOKEN
from tests.gateway.wire import ANSWERS, CASES, STAMP, STREAM, WHOLE
from tests.support import samples
from trayapp.core.errors import UserError
from trayapp.core.secret import Secret
from trayapp.gateway import anthropic_in, bodies, embeddings, faults, framing, routes, sentences
from trayapp.gateway.call import Call
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import BadRequestError, Fault, GarbledError, Request, Stop
from trayapp.gateway.exchange import Target as Aim
from trayapp.gateway.limits import Limits
from trayapp.gateway.plan import Route
from trayapp.gateway.streams import events_of, gathered
from trayapp.gateway.tally import Tally
from trayapp.gateway.usage_chunk import UsageChunk
from trayapp.local.routing import last_text
from trayapp.providers.spec import Dialect

_DIALECTS = sorted(OUT)
_KEY = Secret("sk-upstream-0123456789abcdef")
_TURNS = [
    {"role": "user", "content": [{"type": "text", "text": "What is it?"}]},
    {"role": "user", "content": "And this?"},
]
_PICTURE = "iVBORw0KGgo="
ASKED: dict[str, list[dict[str, Any]]] = {
    Spoken.CHAT: [
        {
            "model": "m", "stream": True, "stream_options": {"include_usage": True}, "max_completion_tokens": 9,
            "messages": [
                {"role": "system", "content": "Be brief."}, *_TURNS,
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"q\": 1}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "found"},
                {"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PICTURE}", "detail": "low"}}]},
            ],
            "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
            "tool_choice": "auto", "temperature": 0.5, "top_p": 1, "stop": ["\n"], "user": "u",
            "reasoning_effort": "low",
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        }
    ],
    Spoken.RESPONSES: [
        {
            "model": "m", "instructions": "Be brief.", "store": False, "reasoning": {"effort": "low"},
            "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "x"},
                {"role": "user", "content": [{"type": "input_image", "image_url": "https://a.test/i.png"}]},
            ],
            "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}], "max_output_tokens": 9,
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}, "stream": True,
        }
    ],
    Spoken.COMPLETIONS: [{"model": "m", "prompt": "Once", "max_tokens": 5, "stop": "\n", "stream": True}],
    Spoken.MESSAGES: [
        {
            "model": "m", "max_tokens": 9,
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                *_TURNS,
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Hm", "signature": "s"},
                    {"type": "tool_use", "id": "c1", "name": "look", "input": {"q": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "x", "is_error": True},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PICTURE}}]},
            ],
            "tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"},
            "thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "u"}, "stream": True,
        }
    ],
    Spoken.OLLAMA_CHAT: [
        {
            "model": "m", "messages": [{"role": "user", "content": "x", "images": [_PICTURE]},
                {"role": "assistant", "content": "", "tool_calls": [
                    {"function": {"name": "look", "arguments": {"q": 1}}}]},
                {"role": "tool", "tool_name": "look", "content": "x"}],
            "options": {"num_predict": 5, "temperature": 0, "stop": ["a"]}, "keep_alive": "5m", "think": True,
            "format": {"type": "object"}, "tools": [{"type": "function", "function": {"name": "look"}}],
        }
    ],
    Spoken.OLLAMA_GENERATE: [{"model": "m", "prompt": "x", "system": "s", "images": [_PICTURE], "raw": False}],
    "ollama-embed": [{"model": "m", "input": "a", "truncate": True, "options": {"num_ctx": 9}, "dimensions": 8}],
}  # fmt: skip
"""A request of each dialect with most of what it can say."""


def requests() -> Run:
    """A request's body: read in its dialect, and written in every other."""
    names = sorted(ASKED)

    def run(data: bytes) -> None:
        words, raw = split(data)
        name = chosen(words, names)
        body = bodies.Body(raw)
        assert isinstance(body.model, str)
        last_text(body.get("messages"))
        body.ask_for_usage()
        body.put("model", "other")
        assert bodies.Body(body.encoded()).model == "other"
        if name == Spoken.MESSAGES:
            anthropic_in.without_unsigned_thinking(raw)
        if name == "ollama-embed":
            embeddings.write_openai_request(embeddings.read_ollama(raw), "m")
        else:
            _written(IN[Spoken(name)].read_request(raw))

    return run


def _written(request: Request) -> None:
    for dialect in _DIALECTS:
        for aim in (Aim(), Aim(own=True, thinks=True, max_output=4096, openai_caller=True)):
            with worded(BadRequestError):
                json.loads(OUT[Dialect(dialect)].write_request(request, "claude-opus-5", aim))


def request_seeds() -> list[bytes]:
    return [seed for name, asked in ASKED.items() for it in asked for seed in headed(name, json.dumps(it).encode())]


def replies() -> Run:
    """An upstream's whole answer, read in its dialect and written in every other; vectors as well."""

    def run(data: bytes) -> None:
        words, raw = split(data)
        name = chosen(words, [*_DIALECTS, "openai-embeddings"])
        if name == "openai-embeddings":
            told = json.loads(embeddings.write_ollama_answer(embeddings.read_openai_answer(raw), STAMP))
            assert all(isinstance(it, list) for it in told["embeddings"])
            return
        answer = OUT[Dialect(name)].read_answer(raw, "seed")
        for spoken in IN.values():
            with worded(GarbledError):
                spoken.write_answer(answer, STAMP, Request("m"))

    return run


def reply_seeds() -> list[bytes]:
    found = [seed for dialect, case in CASES for seed in headed(dialect, WHOLE[dialect](ANSWERS[case]))]
    vectors = b'{"data":[{"embedding":[0.1,2],"index":0},{"embedding":"AACAPw==","index":1}],"usage":{}}'
    return found + headed("openai-embeddings", vectors)


def streams() -> Run:
    """An upstream's stream, cut anywhere, written on in every dialect; the count of its tokens."""

    def run(data: bytes) -> None:
        words, raw = split(data)
        dialect = Dialect(chosen(words, _DIALECTS))
        step = max(1, number(words, 1, 700), len(raw) // 400)
        chunks = [raw[at : at + step] for at in range(0, len(raw), step)]
        reader = OUT[dialect].stream_reader("seed", _KEY)
        events = [event for chunk in chunks for event in reader.feed(chunk)] + reader.end()
        assert reader.over
        assert isinstance(events[-1], Stop | Fault)
        whole = gathered(events)
        for spoken in IN.values():
            writer = spoken.stream_writer(STAMP, Request("m", stream=True))
            written = b"".join(map(writer.write, events))
            assert _KEY.reveal().encode() not in written or _KEY.reveal().encode() in raw
            if not isinstance(whole, Fault):
                list(events_of(whole))
        tally, hidden = Tally(list(Route)[number(words, 2, 0) % len(Route)], stream=bool(len(raw) % 2)), UsageChunk()
        for chunk in chunks:
            tally.feed(chunk)
            hidden.feed(chunk)
        hidden.end()
        assert isinstance(tally.whole(), bool)
        assert tally.usage is None or tally.usage.input >= 0

    return run


def stream_seeds() -> list[bytes]:
    found = [
        seed
        for at, (dialect, case) in enumerate(CASES)
        for seed in headed(f"{dialect} 40 {at}", STREAM[dialect](ANSWERS[case]))
    ]
    usage = framing.event(b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}')
    done = b'{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4}}}'
    return found + headed("openai 9", usage + framing.event(b"[DONE]"), framing.named_event("response.completed", done))


def complaints() -> Run:
    """An upstream's error body, in words for the caller's dialect."""

    def run(data: bytes) -> None:
        words, raw = split(data)
        fault = faults.read_error(number(words, 1, 400), raw, _KEY)
        assert fault.message
        assert _KEY.reveal() not in fault.message
        faults.fault_in_stream(fault.message, _KEY)
        for dialect in Dialect:
            json.loads(sentences.error_body(dialect, fault))
        for route in Route:
            sentences.error_frame(route, fault, between=bool(len(raw) % 2))
        for spoken in IN.values():
            spoken.write_error(fault)

    return run


def complaint_seeds() -> list[bytes]:
    return [seed for name in samples.names("errors") for seed in headed("x 401", samples.refusal(name).content)]


def packed(data: bytes) -> None:
    """A request's body with a content-encoding."""
    words, raw = split(data)
    limit = 2**20
    assert len(bodies.plain_bytes(raw, words[0], limit)) <= limit
    bodies.declared_length(words[-1], limit)


def packed_seeds() -> list[bytes]:
    body = json.dumps(ASKED[Spoken.CHAT][0]).encode()
    bomb = zlib.compress(b" " * 2**24, wbits=31)
    return headed("gzip 90", gzip.compress(body, mtime=0), bomb) + headed("deflate 5", zlib.compress(body), body)


class Line(asyncio.Transport):
    """A caller's connection without a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.said.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.said.extend(map(bytes, list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Nobody is held back."""

    resume_reading = pause_reading


def heads() -> Run:
    """Whatever comes first on a caller's connection: answered in words or not at all, and nothing goes wrong inside."""
    from trayapp.gateway.connection import House

    loop, reports = Loop(), list[BaseException]()

    async def handler(call: Call) -> None:
        routes.find(call.method, call.path)
        call.answer(200, await call.body())

    async def talk(data: bytes) -> bytes:
        house = House(
            handler,
            gate=lambda: GATE,
            limits=Limits(last_words=0.0, body_within=0.01),
            words=sentences.words,
            report=lambda _what, exc: reports.append(exc),
        )
        connection, line = house.web(), Line()
        connection.connection_made(line)
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            if not line.closed and part:
                connection.data_received(part)
                for _ in range(6):
                    await asyncio.sleep(0)
        connection.connection_lost(None)
        for _ in range(6):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        return b"".join(line.said)

    def run(data: bytes) -> None:
        reports.clear()
        said = loop.run(talk(data))
        assert not reports, reports
        assert said == b"" or said.startswith(b"HTTP/"), said
        assert b"Traceback" not in said

    return run


def head_seeds() -> list[bytes]:
    def head(method: str, path: str, *lines: str, body: bytes = b"") -> bytes:
        own = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1:0", f"Authorization: Bearer {TOKEN}", *lines]
        return "\r\n".join([*own, f"Content-Length: {len(body)}", "", ""]).encode() + body

    chunked = head("POST", "/v1/messages", "x-api-key: a").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return [
        head("POST", "/v1/chat/completions", "Content-Type: application/json", body=b'{"model":"m"}'),
        head("GET", "/v1/models/a%2Fb?x=1") + head("GET", "//api/tags"),
        head("OPTIONS", "/v1/models", "Origin: app://obsidian.md", "Access-Control-Request-Method: GET"),
        head("POST", "/api/chat", "Content-Encoding: gzip", "Expect: 100-continue", body=gzip.compress(b"{}", mtime=0)),
        chunked + b"5\r\nhello\r\n0\r\n\r\n",
        head("GET", "/", "Upgrade: websocket", "Connection: Upgrade", "Sec-Fetch-Site: cross-site"),
        head("DELETE", "http://evil.test/v1/models").replace(b"HTTP/1.1", b"HTTP/1.0"),
    ]


GATEWAY = (
    Target(name="requests", make=requests, seeds=request_seeds, declared=(UserError,), about="gateway/*_in.py, bodies"),
    Target(name="replies", make=replies, seeds=reply_seeds, declared=(GarbledError,), about="gateway/*_out_answer.py"),
    Target(
        name="streams",
        make=streams,
        seeds=stream_seeds,
        about="gateway/framing.py, streams, *_out_answer, tally, usage_chunk",
    ),
    Target(name="complaints", make=complaints, seeds=complaint_seeds, about="gateway/faults.py"),
    Target(name="packed", make=lambda: packed, seeds=packed_seeds, declared=(UserError,), about="gateway/bodies.py"),
    Target(name="heads", make=heads, seeds=head_seeds, about="gateway/connection.py, guard, routes"),
)
