"""What upstreams answer in their three dialects, case by case, and what each case comes to."""

from __future__ import annotations

import json
from typing import Any

from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
    Refusal,
    Stamp,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from trayapp.providers.spec import Dialect

STAMP = Stamp("ab12", "current", 1_700_000_000.5, lambda: 1.5)
USAGE = Usage(input=20, output=7)
CACHED = Usage(input=120, output=7, cached_read=80, cached_write=10, reasoning=4)


def sse(body: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


ANSWERS: dict[str, Answer] = {
    "text": Answer((Text("Grüß Gott, 世界 🙂"),), StopReason.END, usage=USAGE, model="big"),
    "tools": Answer(
        (Text("Let me look."), ToolCall("c1", "look", '{"q": "a b"}'), ToolCall("c2", "list", "{}")),
        StopReason.TOOLS,
        usage=USAGE,
        model="big",
    ),
    "thinking": Answer((Thinking("Hmm."), Text("Yes.")), StopReason.END, usage=USAGE, model="big"),
    "length": Answer((Text("It was a"),), StopReason.LENGTH, usage=USAGE, model="big"),
    "empty": Answer((), StopReason.END, usage=USAGE, model="big"),
    "refusal": Answer((Refusal("I will not."),), StopReason.REFUSAL, usage=USAGE, model="big"),
    "cached": Answer((Text("Again."),), StopReason.END, usage=CACHED, model="big"),
}
"""What is said; each dialect says as much of it as it can."""

SAYS: dict[Dialect, set[str]] = {
    Dialect.OPENAI: set(ANSWERS),
    Dialect.ANTHROPIC: set(ANSWERS),
    Dialect.OLLAMA: set(ANSWERS) - {"refusal", "cached"},
}


def pieces(text: str) -> list[str]:
    """A text in pieces, so that JSON is cut in its middle."""
    third = max(1, len(text) // 3)
    return [text[start : start + third] for start in range(0, len(text), third)]


def openai_usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_read, "cache_write_tokens": usage.cached_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


_OPENAI_STOPS = {StopReason.LENGTH: "length", StopReason.TOOLS: "tool_calls"}


def openai_whole(answer: Answer) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    for part in answer.parts:
        match part:
            case Text(text):
                message["content"] = text
            case Thinking(text):
                message["reasoning_content"] = text
            case Refusal(text):
                message["refusal"] = text
            case ToolCall(id_, name, arguments):
                call = {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
                message.setdefault("tool_calls", []).append(call)
    choice = {"index": 0, "message": message, "finish_reason": _OPENAI_STOPS.get(answer.stop, "stop")}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": answer.model, "choices": [choice]}
    return json.dumps(body | {"usage": openai_usage(answer.usage or USAGE)}).encode()


def openai_chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "big", "choices": [choice]})


def openai_stream(answer: Answer) -> bytes:
    """Parallel calls begin together, and their arguments come in turns."""
    out = [b": here it comes\n\n", openai_chunk({"role": "assistant", "content": ""})]
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    for part in answer.parts:
        match part:
            case Text(text):
                out += [openai_chunk({"content": piece}) for piece in pieces(text)]
            case Thinking(text):
                out += [openai_chunk({"reasoning": piece}) for piece in pieces(text)]
            case Refusal(text):
                out += [openai_chunk({"refusal": piece}) for piece in pieces(text)]
    for index, call in enumerate(calls):
        head = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        out.append(openai_chunk({"tool_calls": [head]}))
    turns = [(index, piece) for index, call in enumerate(calls) for piece in pieces(call.arguments)]
    for index, piece in sorted(turns, key=lambda turn: turn[1] != pieces(calls[turn[0]].arguments)[0]):
        out.append(openai_chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    out.append(openai_chunk({}, _OPENAI_STOPS.get(answer.stop, "stop")))
    out.append(sse({"id": "x", "model": "big", "choices": [], "usage": openai_usage(answer.usage or USAGE)}))
    return b"".join([*out, b"data: [DONE]\n\n"])


_ANTHROPIC_STOPS = {
    StopReason.END: "end_turn",
    StopReason.LENGTH: "max_tokens",
    StopReason.TOOLS: "tool_use",
    StopReason.REFUSAL: "refusal",
}


def anthropic_usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input - usage.cached_read - usage.cached_write,
        "cache_read_input_tokens": usage.cached_read,
        "cache_creation_input_tokens": usage.cached_write,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def anthropic_block(part: AnswerPart) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Thinking(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolCall(id_, name, arguments):
            return {"type": "tool_use", "id": id_, "name": name, "input": json.loads(arguments)}
    return None


def _details(answer: Answer) -> dict[str, Any] | None:
    refusals = [part.text for part in answer.parts if isinstance(part, Refusal)]
    return {"type": "refusal", "category": None, "explanation": refusals[0]} if refusals else None


def anthropic_whole(answer: Answer) -> bytes:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [block for part in answer.parts if (block := anthropic_block(part))],
        "stop_reason": _ANTHROPIC_STOPS[answer.stop],
        "stop_sequence": None,
        "stop_details": _details(answer),
        "usage": anthropic_usage(answer.usage or USAGE),
    }
    return json.dumps(body).encode()


def anthropic_stream(answer: Answer) -> bytes:
    usage = anthropic_usage(answer.usage or USAGE)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": answer.model, "content": []}
    out = [
        sse({"type": "message_start", "message": message | {"usage": usage | {"output_tokens": 1}}}, "message_start")
    ]
    out.append(sse({"type": "ping"}, "ping"))
    for index, part in enumerate(answer.parts):
        block = anthropic_block(part)
        if block is None:
            continue
        kind, deltas = "", []
        match part:
            case Text(text):
                kind, deltas = "text", [{"type": "text_delta", "text": piece} for piece in pieces(text)]
            case Thinking(text):
                kind, deltas = "thinking", [{"type": "thinking_delta", "thinking": piece} for piece in pieces(text)]
            case ToolCall(_, _, arguments):
                kind = "input"
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces(arguments)]]
        start = block | {kind: {} if kind == "input" else ""}
        begin = {"type": "content_block_start", "index": index, "content_block": start}
        out.append(sse(begin, "content_block_start"))
        body = {"type": "content_block_delta", "index": index}
        out += [sse(body | {"delta": delta}, "content_block_delta") for delta in deltas]
        out.append(sse({"type": "content_block_stop", "index": index}, "content_block_stop"))
    delta = {"stop_reason": _ANTHROPIC_STOPS[answer.stop], "stop_sequence": None, "stop_details": _details(answer)}
    tokens = {"output_tokens": usage["output_tokens"], "output_tokens_details": usage["output_tokens_details"]}
    out.append(sse({"type": "message_delta", "delta": delta, "usage": tokens}, "message_delta"))
    return b"".join([*out, sse({"type": "message_stop"}, "message_stop")])


def _ollama_last(answer: Answer) -> dict[str, Any]:
    usage = answer.usage or USAGE
    return {
        "done": True,
        "done_reason": "length" if answer.stop is StopReason.LENGTH else "stop",
        "total_duration": 254540674,
        "load_duration": 1151918,
        "prompt_eval_count": usage.input,
        "eval_count": usage.output,
    }


def _ollama_message(part: AnswerPart) -> dict[str, Any]:
    match part:
        case Thinking(text):
            return {"content": "", "thinking": text}
        case ToolCall(id_, name, arguments):
            return {"tool_calls": [{"id": id_, "function": {"name": name, "arguments": json.loads(arguments)}}]}
        case Text(text) | Refusal(text):
            return {"content": text}


_OLLAMA_HEAD = {"model": "big", "created_at": "2026-11-20T23:14:10.624933657Z"}


def ollama_whole(answer: Answer) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for part in answer.parts:
        for name, value in _ollama_message(part).items():
            message[name] = message[name] + value if name in message else value
    return json.dumps({**_OLLAMA_HEAD, "message": message, **_ollama_last(answer)}).encode()


def ollama_stream(answer: Answer) -> bytes:
    out = []
    for part in answer.parts:
        message = {"role": "assistant", "content": ""} | _ollama_message(part)
        texts = pieces(str(message["content"])) or [""]
        for number, piece in enumerate(texts):
            said = message | {"content": piece} if number == 0 else {"role": "assistant", "content": piece}
            out.append(line({**_OLLAMA_HEAD, "message": said, "done": False}))
    last = {**_OLLAMA_HEAD, "message": {"role": "assistant", "content": ""}, **_ollama_last(answer)}
    return b"".join([*out, line(last)])


WHOLE = {Dialect.OPENAI: openai_whole, Dialect.ANTHROPIC: anthropic_whole, Dialect.OLLAMA: ollama_whole}
STREAM = {Dialect.OPENAI: openai_stream, Dialect.ANTHROPIC: anthropic_stream, Dialect.OLLAMA: ollama_stream}
CASES = [(dialect, case) for dialect in WHOLE for case in sorted(SAYS[dialect])]


def plainly(answer: Answer) -> Answer:
    """The answer with its arguments spelled one way: dialects that hold objects do not keep the blanks."""
    parts: list[AnswerPart] = [
        ToolCall(part.id, part.name, json.dumps(json.loads(part.arguments or "{}"), sort_keys=True))
        if isinstance(part, ToolCall)
        else part
        for part in answer.parts
    ]
    return Answer(tuple(parts), answer.stop, answer.sequence, answer.usage, answer.model, answer.logprobs)
