"""OpenAI's chat completions as the upstream's dialect: reads the answer, whole or streamed."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from trayapp.core.secret import Secret
from trayapp.gateway.answers import decoded, no_answer, text_of
from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
    Event,
    GarbledError,
    Ping,
    Refusal,
    RefusalDelta,
    Start,
    Stop,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from trayapp.gateway.faults import fault_in_stream
from trayapp.gateway.framing import Frames
from trayapp.gateway.limits import PARTS, TOLD
from trayapp.gateway.openai_parts import usage_of
from trayapp.gateway.streams import StreamReader, too_much

_STOPS = {
    "stop": StopReason.END,
    "length": StopReason.LENGTH,
    "tool_calls": StopReason.TOOLS,
    "function_call": StopReason.TOOLS,
    "content_filter": StopReason.FILTER,
}


class _Function(Struct):
    name: Any = None
    arguments: Any = None


class _Call(Struct):
    index: Any = None
    id: Any = None
    function: _Function | None = None


class _Said(Struct):
    """A message, or a piece of one. Texts are checked when used, as the imitators differ in all of them."""

    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: list[_Call] | None = None


class _Choice(Struct):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: Any = None
    logprobs: Any = None


class _Body(Struct):
    model: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode
_EACH = 16
"""Characters that a piece takes besides its own."""


def read_answer(body: bytes, seed: str = "") -> Answer:
    """The answer, or GarbledError. ``seed`` makes ids for calls that come without one."""
    said = decoded(_decode, body)
    choice = said.choices[0] if said.choices else None
    if choice is None or choice.message is None:
        raise no_answer(said.error)
    message = choice.message
    parts: list[AnswerPart] = []
    if thinking := _thinking(message):
        parts.append(Thinking(thinking))
    thought, text = _content(message.content)
    if thought:
        parts.append(Thinking(thought))
    if text:
        parts.append(Text(text))
    if isinstance(message.refusal, str) and message.refusal:
        parts.append(Refusal(message.refusal))
    for number, call in enumerate(message.tool_calls or ()):
        function = call.function or _Function()
        parts.append(ToolCall(_id(call.id, seed, number), text_of(function.name), _arguments(function.arguments)))
    return Answer(
        tuple(parts),
        _stop(choice.finish_reason, calls=bool(message.tool_calls), refused=bool(message.refusal)),
        usage=usage_of(said.usage),
        model=text_of(said.model),
        logprobs=_logprobs(choice.logprobs),
    )


def _stop(said: Any, *, calls: bool, refused: bool) -> StopReason:
    """Some imitators say ``stop`` when tools are called; OpenAI says so when it refuses."""
    reason = _STOPS.get(said, StopReason.END) if isinstance(said, str) else StopReason.END
    if reason is StopReason.END:
        return StopReason.TOOLS if calls else StopReason.REFUSAL if refused else reason
    return reason


def _id(value: Any, seed: str, number: int) -> str:
    return text_of(value) or f"call_{seed}_{number}"


def _arguments(value: Any) -> str:
    """A text, as it should be; some imitators send the object itself."""
    if isinstance(value, dict):
        return _encode(value).decode()
    return text_of(value)


def _thinking(said: _Said) -> str:
    # DeepSeek's name, and that of OpenRouter, vLLM and Ollama; servers that send both say the same twice
    return text_of(said.reasoning_content) or text_of(said.reasoning)


def _content(value: Any) -> tuple[str, str]:
    """Thinking and words; Mistral's thinking models send a list of both."""
    if isinstance(value, str):
        return "", value
    thought, text = [], []
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict):
            text.append(text_of(part.get("text")))
            thought.append("".join(_content(part.get("thinking"))))
    return "".join(thought), "".join(text)


def _logprobs(value: Any) -> tuple[dict[str, Any], ...]:
    content = value.get("content") if isinstance(value, dict) else None
    return tuple(item for item in content if isinstance(item, dict)) if isinstance(content, list) else ()


class _Open(Struct):
    """One call as far as it has come."""

    index: int
    id: str
    made: bool
    """The id is ours: the call came without one."""
    begun: bool = False
    held: list[str] = []
    """Arguments that came before the name."""


class AnswerReader(StreamReader):
    """Chunks to events. The stream is good if it gave a finish reason, whether ``[DONE]`` follows or not."""

    def __init__(self, seed: str = "", *secrets: Secret | None) -> None:
        super().__init__(Frames(), *secrets)
        self._seed = seed
        self._begun = False
        self._finish: Any = None
        self._usage: Usage | None = None
        self._refused = False
        self._calls: dict[Any, _Open] = {}
        self._count = 0
        self._held = 0

    def _read(self, piece: tuple[bytes, bytes], events: list[Event]) -> None:
        name, data = piece
        if name == b":":
            events.append(Ping())
            return
        if data.startswith(b"[DONE]"):
            self._end_with(self._cut()[0], events)  # type: ignore[arg-type]
            return
        said = _decode(data)
        if said.error is not None or name == b"error":
            self._end_with(fault_in_stream(said.error, *self._secrets), events)
            return
        if not self._begun:
            self._begun = True
            events.append(Start(text_of(said.model)))
        if said.usage is not None:
            self._usage = usage_of(said.usage) or self._usage
        if said.choices:
            self._choice(said.choices[0], events)

    def _cut(self) -> list[Event]:
        if self._finish is None:
            return super()._cut()
        reason = _stop(self._finish, calls=bool(self._count), refused=self._refused)
        return [Stop(reason, usage=self._usage)]

    def _choice(self, choice: _Choice, events: list[Event]) -> None:
        said = choice.delta or choice.message
        if said is not None:
            if thinking := _thinking(said):
                events.append(ThinkingDelta(thinking))
            thought, text = _content(said.content)
            if thought:
                events.append(ThinkingDelta(thought))
            logprobs = _logprobs(choice.logprobs) if choice.logprobs else ()
            if text or logprobs:
                events.append(TextDelta(text, logprobs))
            if isinstance(said.refusal, str) and said.refusal:
                self._refused = True
                events.append(RefusalDelta(said.refusal))
            for number, call in enumerate(said.tool_calls or ()):
                self._call(call, number, events)
        if choice.finish_reason is not None:
            self._finish = choice.finish_reason
            if choice.finish_reason == "error":
                self._end_with(fault_in_stream(None), events)

    def _call(self, call: _Call, number: int, events: list[Event]) -> None:
        function = call.function or _Function()
        name, id_ = text_of(function.name), text_of(call.id)
        place = call.index if isinstance(call.index, int) else number
        held = self._calls.get(place)
        # Google's imitation numbers every call 0; a new id with a name is a new call all the same
        if held is None or (id_ and name and held.begun and not held.made and id_ != held.id):
            held = self._calls[place] = _Open(self._count, _id(call.id, self._seed, self._count), made=not id_)
            self._count += 1
            self._hold(name)
        arguments = _arguments(function.arguments)
        if not held.begun:
            held.id, held.made = id_ or held.id, held.made and not id_
            held.held.append(arguments)
            self._hold(arguments)
            if not name:
                return
            held.begun = True
            arguments = "".join(held.held)
            held.held.clear()
            events.append(ToolStart(held.index, held.id, name))
        if arguments:
            events.append(ToolDelta(held.index, arguments))

    def _hold(self, text: str) -> None:
        """Raises GarbledError for calls without end, and for words of them that nobody can be told yet."""
        self._held += len(text) + _EACH
        if self._held > TOLD or self._count > PARTS:
            raise GarbledError(too_much().message)
