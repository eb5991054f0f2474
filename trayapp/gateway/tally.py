"""Counts the tokens of an answer from its passing bytes, and knows whether it came to its dialect's own end.

Nothing is parsed while the bytes pass: of a stream its beginning and its end are held, for there the figures stand,
and read when it is over. What cannot be read is unknown, never an error.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from trayapp.gateway import anthropic_parts, openai_parts
from trayapp.gateway.answers import counted
from trayapp.gateway.exchange import Usage
from trayapp.gateway.fields import UNREADABLE
from trayapp.gateway.plan import Route

FIRST = 8 * 2**10
"""Bytes of a stream's beginning that are held: Anthropic tells there what went in."""
LAST = 32 * 2**10
"""Bytes of an answer's end that are held, and whatever more came in the same chunk."""
MOST = 2**18
"""The same for an answer that comes whole."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_any = msgspec.json.Decoder().decode
_TOLD_IN = ("usage", "prompt_eval_count", "eval_count")
"""The fields of a whole answer that tell its tokens, in any dialect."""
_USAGE = re.compile(rb'(?<!\\)"usage"\s*:\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}')
_COUNT = re.compile(rb'(?<!\\)"(prompt_eval_count|eval_count)"\s*:\s*(\d{1,18})(?!\d)')
_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
_TELLING = re.compile(
    rb'"usage"|finish_reason": ?"|"error"|"done": ?true|message_|' + "|".join(map(re.escape, _ENDS)).encode()
)
"""What stands in the events and lines that are worth a look."""


class Tally:
    """Feed it an answer's bytes; ask it when they have ended."""

    def __init__(self, route: Route, *, stream: bool) -> None:
        self._route = route
        self._stream = stream
        self._first: list[bytes] = []
        self._room = FIRST if stream else 0
        self._last: deque[bytes] = deque()
        self._held = 0
        self._most = LAST if stream else MOST
        self._trimmed = False
        self._read = False
        self._usage: Usage | None = None
        self._over = False
        self._failed = False

    def feed(self, chunk: bytes) -> None:
        """The next bytes; costs no more than keeping them."""
        if self._room > 0:
            self._first.append(chunk)
            self._room -= len(chunk)
        self._last.append(chunk)
        self._held += len(chunk)
        while self._held - len(self._last[0]) >= self._most:
            self._held -= len(self._last.popleft())
            self._trimmed = True

    def whole(self) -> bool:
        """Whether the stream said that it is over, or that it failed: then whoever reads it knows."""
        self._look()
        return self._over

    @property
    def failed(self) -> bool:
        """Whether the stream ended with an error in its own dialect."""
        self._look()
        return self._failed

    @property
    def usage(self) -> Usage | None:
        """The tokens; None where the answer did not tell."""
        self._look()
        return self._usage

    @property
    def between(self) -> bool:
        """Whether the last byte ended an event or a line."""
        end = b"\n" if self._route.dialect is _OLLAMA else b"\n\n"
        return not self._last or b"".join(self._last)[-4:].replace(b"\r", b"").endswith(end)

    def _look(self) -> None:
        if self._read:
            return
        self._read = True
        held = b"".join(self._last)
        if not self._stream:
            self._usage = self._of_whole(held)
            return
        if self._route is Route.MESSAGES:
            for said in _objects(iter(b"".join(self._first).split(b"\n"))):
                if said.get("type") == "message_start" and isinstance(message := said.get("message"), dict):
                    self._usage = anthropic_parts.usage_of(message.get("usage"))
                    break
        started = self._usage
        read = _READERS[self._route]
        told = b'"usage"' not in held and b"eval_count" not in held  # or never will be
        self._over = b"data: [DONE]" in held[-64:] or b"data:[DONE]" in held[-64:]
        for said in _objects(_backwards(held)):
            usage, over, failed = read(said, started)
            self._over = self._over or over or failed
            self._failed = self._failed or failed
            if usage is not None and not told:
                self._usage, told = usage, True
            if self._over and told:
                break
        if self._usage is started and self._trimmed:
            self._usage = self._of_rest(held) or started

    def _of_whole(self, held: bytes) -> Usage | None:
        if self._trimmed:
            return self._of_rest(held)
        try:
            fields = _fields(held)  # thousands of vectors need not become numbers
            said = {name: _any(fields[name]) for name in _TOLD_IN if name in fields}
        except UNREADABLE:
            return None
        return _READERS[self._route]({"response": said, "done": True, **said}, None)[0]

    def _of_rest(self, held: bytes) -> Usage | None:
        """From the end of something too long to be held: figures stand behind the words in every dialect."""
        if self._route.dialect is _OLLAMA:
            counts = {name.decode(): int(number) for name, number in _COUNT.findall(held)}
            return _ollama({"done": True, **counts}, None)[0]
        found = _USAGE.findall(held)
        if not found:
            return None
        try:
            said = _decode(b"{" + found[-1] + b"}")
        except UNREADABLE:
            return None
        return _READERS[self._route]({"response": said, **said}, None)[0]


def _backwards(data: bytes) -> Iterator[bytes]:
    """The lines from the last to the first: what is looked for stands near the end."""
    end = len(data)
    while end > 0:
        start = data.rfind(b"\n", 0, end) + 1
        yield data[start:end]
        end = start - 1


def _objects(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The objects of events or lines that may tell something; cut ones are passed over."""
    for line in lines:
        if _TELLING.search(line) is None:
            continue
        at = line.find(b"{")
        try:
            yield _decode(line[at:] if at > 0 else line)
        except UNREADABLE:
            continue


_Told = tuple[Usage | None, bool, bool]
"""Tokens, whether the answer is over, whether it failed."""


def _chat(said: dict[str, Any], _started: Usage | None) -> _Told:
    choices = said.get("choices")
    over = isinstance(choices, list) and any(isinstance(it, dict) and it.get("finish_reason") for it in choices)
    return openai_parts.usage_of(said.get("usage")), over, said.get("error") is not None


def _responses(said: dict[str, Any], _started: Usage | None) -> _Told:
    kind = said.get("type")
    response = said.get("response")
    usage = response.get("usage") if isinstance(response, dict) else None
    return _of_responses(usage), kind in _ENDS, kind in ("error", "response.failed")


def _of_responses(said: Any) -> Usage | None:
    if not isinstance(said, dict):
        return None
    into = said.get("input_tokens_details")
    cached = into.get("cached_tokens") if isinstance(into, dict) else None
    return Usage(counted(said.get("input_tokens")), counted(said.get("output_tokens")), counted(cached))


def _messages(said: dict[str, Any], started: Usage | None) -> _Told:
    kind = said.get("type")
    usage = anthropic_parts.usage_of(said["usage"], started) if isinstance(said.get("usage"), dict) else None
    return usage, kind == "message_stop", kind == "error"


def _ollama(said: dict[str, Any], _started: Usage | None) -> _Told:
    into, out = said.get("prompt_eval_count"), said.get("eval_count")
    usage = None if into is None and out is None else Usage(counted(into), counted(out))
    return usage, said.get("done") is True, said.get("error") is not None


def _nothing(_said: dict[str, Any], _started: Usage | None) -> _Told:
    return None, True, False


_OLLAMA = Route.OLLAMA_CHAT.dialect
_READERS: Mapping[Route, Callable[[dict[str, Any], Usage | None], _Told]] = {
    Route.CHAT: _chat,
    Route.COMPLETIONS: _chat,
    Route.EMBEDDINGS: _chat,
    Route.RESPONSES: _responses,
    Route.MESSAGES: _messages,
    Route.COUNT_TOKENS: _nothing,
    Route.OLLAMA_CHAT: _ollama,
    Route.OLLAMA_GENERATE: _ollama,
    Route.OLLAMA_EMBED: _ollama,
}
