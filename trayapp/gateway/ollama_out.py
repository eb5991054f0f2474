"""Ollama's chat as the upstream's dialect: writes the request."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Choice,
    Effort,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Target,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from trayapp.gateway.fields import cannot
from trayapp.gateway.openai_chat_out import result_text, tool_body
from trayapp.gateway.streams import called_before

_encode = msgspec.json.Encoder().encode
_LEVELS = {
    Effort.MINIMAL: "low",
    Effort.LOW: "low",
    Effort.MEDIUM: "medium",
    Effort.HIGH: "high",
    Effort.XHIGH: "high",
    Effort.MAX: "max",
}
_PLAIN = Target()


def write_request(request: Request, model: str, target: Target = _PLAIN) -> bytes:
    """The body for ``/api/chat``, or CannotCarryError. It holds no ``keep_alive``: the engine sets the lease."""
    body: dict[str, Any] = {"model": model, "messages": _messages(request), "stream": request.stream}
    if tools := _tools(request):
        body["tools"] = tools
    if request.format is not None:
        body["format"] = "json" if request.format.schema is None else request.format.schema
    if options := _options(request, target):
        body["options"] = options
    if target.thinks is not False and (think := _think(request.reasoning)) is not None:
        body["think"] = think
    if request.sampling.logprobs:
        body["logprobs"] = True
        if request.sampling.top_logprobs:
            body["top_logprobs"] = request.sampling.top_logprobs
    if request.verbosity:
        raise cannot("verbosity")
    return _encode(body)


def _tools(request: Request) -> list[dict[str, Any]]:
    """The tools; none where none may be called, for Ollama has no word to forbid or to demand a call."""
    choice = request.tool_choice
    if not request.tools or choice.mode is Choice.NONE:
        return []
    if choice.mode is Choice.REQUIRED:
        raise cannot("tool_choice", _("Ollama's models decide by themselves whether to call a tool: use “auto”."))
    if request.parallel is False:
        raise cannot("parallel_tool_calls", _("Ollama's models may call several tools at once: allow it."))
    # strictness is left out: the schema is sent, and a model may stray from it as any other may
    return [tool_body(tool.name, tool.description, tool.schema) for tool in request.tools]


def _options(request: Request, target: Target) -> dict[str, Any]:
    said = request.sampling
    if said.logit_bias:
        raise cannot("logit_bias")
    temperature, top_p = said.temperature, said.top_p
    if target.openai_caller:
        # Ollama's own OpenAI routes do the same; the model's file may say something else
        temperature = 1.0 if temperature is None else temperature
        top_p = 1.0 if top_p is None else top_p
    options = {
        "num_predict": request.max_tokens,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": said.top_k,
        "min_p": said.min_p,
        "seed": said.seed,
        "frequency_penalty": said.frequency_penalty,
        "presence_penalty": said.presence_penalty,
        "repeat_penalty": said.repeat_penalty,
        "stop": list(said.stop) or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _think(said: Reasoning) -> bool | str | None:
    if said.effort is Effort.NONE:
        return False
    if said.effort is not None:
        return _LEVELS[said.effort]
    return True if said.budget is not None else said.wanted


def _messages(request: Request) -> list[dict[str, Any]]:
    names: dict[str, str] = {}
    written: list[dict[str, Any]] = []
    if request.system:
        written.append({"role": "system", "content": "\n\n".join(text.text for text in request.system)})
    for number, message in enumerate(request.messages):
        path = f"messages[{number}]"
        if message.role is Role.SYSTEM:
            written.append({"role": "system", "content": _text(message.parts)})
        elif message.role is Role.ASSISTANT:
            written.append(_assistant(message, names, path))
        else:
            written += _user(message, names, path)
    return written


def _text(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text | Refusal))


def _assistant(message: Message, names: dict[str, str], path: str) -> dict[str, Any]:
    body: dict[str, Any] = {"role": "assistant", "content": _text(message.parts)}
    if thinking := "".join(part.text for part in message.parts if isinstance(part, Thinking)):
        body["thinking"] = thinking
    calls = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            names[part.id] = part.name
            calls.append({"id": part.id, "function": {"name": part.name, "arguments": called_before(part, path)}})
    if calls:
        body["tool_calls"] = calls
    return body


def _user(message: Message, names: dict[str, str], path: str) -> list[dict[str, Any]]:
    """Results of tools first, each a message of its own with the tool's name; then the user's words and pictures."""
    written: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            result: dict[str, Any] = {"role": "tool", "content": result_text(part), "tool_call_id": part.id}
            if name := names.get(part.id) or part.name:
                result["tool_name"] = name
            if images := _images(part.parts, path):
                result["images"] = images
            written.append(result)
    words = [part.text for part in message.parts if isinstance(part, Text)]
    images = _images(message.parts, path)
    if words or images or not written:
        user: dict[str, Any] = {"role": "user", "content": "\n\n".join(words)}
        if message.name:
            user["content"] = f"{message.name}: {user['content']}"
        if images:
            user["images"] = images
        written.append(user)
    return written


def _images(parts: tuple[Part, ...], path: str) -> list[str]:
    found = []
    for part in parts:
        if isinstance(part, Image):
            if part.url:
                raise cannot(path, _("Ollama fetches no pictures: send the picture itself instead of its address."))
            found.append(part.data)
    return found
