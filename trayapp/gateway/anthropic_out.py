"""Anthropic's messages as the upstream's dialect: writes the request."""

from __future__ import annotations

import re
import zlib
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Choice,
    Effort,
    Image,
    Message,
    Part,
    Refusal,
    Request,
    Role,
    Sampling,
    Target,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    effort_near,
)
from trayapp.gateway.fields import cannot
from trayapp.gateway.streams import called_before

_encode = msgspec.json.Encoder().encode
MAX_TOKENS = 4096
"""The limit where neither the request nor the catalogue knows one: the API does not answer without."""
_LEAST_BUDGET = 1024
_LONGEST_USER = 256
_BUDGETS = {
    Effort.MINIMAL: 1024,
    Effort.LOW: 2048,
    Effort.MEDIUM: 8192,
    Effort.HIGH: 16_384,
    Effort.XHIGH: 24_576,
    Effort.MAX: 32_000,
}
"""Tokens of thinking for models that know no words for it."""
# Claude 3 to 4.5 have budgets; later ones decide by themselves and are told an effort. Other vendors' models
# behind this dialect understand budgets.
_ADAPTIVE = re.compile(r"claude-(?!\d|[a-z]+-4(?:-[0-5])?(?:[-@:]\d{8}|[-@:]latest|[-@:]v\d|$))")
_NOT_ID = re.compile(r"[^a-zA-Z0-9_-]")
_BEGIN = "(The conversation begins.)"
"""The user's turn where a conversation opens with the model's: the API does not take it otherwise."""


_PLAIN = Target()


def write_request(request: Request, model: str, target: Target = _PLAIN) -> bytes:
    """The body for ``/v1/messages``, or CannotCarryError."""
    messages = _turns(request)
    system = "\n\n".join(_system(request))
    if not messages:  # only a system message: it is what the model is asked
        messages, system = [{"role": "user", "content": [{"type": "text", "text": system or _BEGIN}]}], ""
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens or target.max_output or MAX_TOKENS,
        "messages": messages,
    }
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if choice := _choice(request):
            body["tool_choice"] = choice
    body |= _sampling(request.sampling)
    if target.thinks is not False:
        body |= _thinking(request, model, target.max_output)
    if request.format is not None:
        if request.format.schema is None:
            why = _("Anthropic's API writes JSON by a schema only: give “json_schema” instead of “json_object”.")
            raise cannot("response_format", why)
        config = body.setdefault("output_config", {})
        config["format"] = {"type": "json_schema", "schema": request.format.schema}
    if request.verbosity:
        raise cannot("verbosity")
    if 0 < len(request.user) <= _LONGEST_USER:
        body["metadata"] = {"user_id": request.user}
    if request.stream:
        body["stream"] = True
    return _encode(body)


def _system(request: Request) -> list[str]:
    """All system messages: one in mid-conversation joins the others, for the API has one place for them."""
    texts = [text.text for text in request.system]
    for message in request.messages:
        if message.role is Role.SYSTEM:
            texts += [part.text for part in message.parts if isinstance(part, Text)]
    return [text for text in texts if text.strip()]


def _turns(request: Request) -> list[dict[str, Any]]:
    """The user's and the model's turns in strict alternation, results of tools before all else in a turn."""
    turns: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        blocks = [block for part in message.parts if (block := _block(part)) is not None]
        if not blocks:
            continue
        if message.role is Role.USER and message.name:
            blocks.insert(0, {"type": "text", "text": f"{message.name}:"})
        if turns and turns[-1]["role"] == message.role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": message.role.value, "content": blocks})
    for turn in turns:
        turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    if turns and turns[0]["role"] == Role.ASSISTANT:
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": _BEGIN}]})
    if turns and turns[-1]["role"] == Role.ASSISTANT:
        last = turns[-1]["content"][-1]
        if last["type"] == "text":  # refused with a blank at its end
            last["text"] = last["text"].rstrip()
    return turns


def _block(part: Part) -> dict[str, Any] | None:
    """One block; None for what the API would refuse as empty, and for thinking that Anthropic did not sign."""
    match part:
        case Text(text) | Refusal(text):
            return {"type": "text", "text": text} if text.strip() else None
        case Image():
            return _image(part)
        case Thinking(redacted=redacted) if redacted:
            return {"type": "redacted_thinking", "data": redacted}
        case Thinking(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature} if signature else None
        case ToolCall(id_, name):
            return {"type": "tool_use", "id": call_id(id_), "name": name, "input": called_before(part, "messages")}
    return _result(part)


def _result(part: ToolResult) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call_id(part.id)}
    content = [_image(one) if isinstance(one, Image) else {"type": "text", "text": one.text} for one in part.parts]
    content = [one for one in content if one["type"] != "text" or one["text"].strip()]
    if len(content) == 1 and content[0]["type"] == "text":
        block["content"] = content[0]["text"]
    elif content:
        block["content"] = content
    if part.is_error:
        block["is_error"] = True
    return block


def _image(image: Image) -> dict[str, Any]:
    if image.url:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": image.kind, "data": image.data}}


def call_id(text: str) -> str:
    """An id that the API takes; a changed one stays apart from all others by a sum over the original."""
    clean = _NOT_ID.sub("_", text)
    return clean if clean == text else f"{clean}_{zlib.crc32(text.encode()):08x}"


def _tool(tool: Tool) -> dict[str, Any]:
    body: dict[str, Any] = {"name": tool.name, "input_schema": tool.schema or {"type": "object", "properties": {}}}
    if tool.description:
        body["description"] = tool.description
    if tool.strict:
        body["strict"] = True
    return body


def _choice(request: Request) -> dict[str, Any]:
    choice = request.tool_choice
    if choice.mode is Choice.NONE:
        return {"type": "none"}
    if choice.name:
        body: dict[str, Any] = {"type": "tool", "name": choice.name}
    else:
        body = {"type": "any" if choice.mode is Choice.REQUIRED else "auto"}
    if request.parallel is not None:
        body["disable_parallel_tool_use"] = not request.parallel
    return body if body != {"type": "auto"} else {}


def _sampling(said: Sampling) -> dict[str, Any]:
    if said.temperature is not None and said.temperature > 1:
        raise cannot("temperature", _("Anthropic's API takes figures from 0 to 1."))
    refused = {
        "seed": said.seed is not None,
        "frequency_penalty": bool(said.frequency_penalty),
        "presence_penalty": bool(said.presence_penalty),
        "repeat_penalty": said.repeat_penalty not in (None, 1),
        "min_p": bool(said.min_p),
        "logit_bias": bool(said.logit_bias),
        "logprobs": said.logprobs or said.top_logprobs > 0,
    }
    for name, given in refused.items():
        if given:
            raise cannot(name)
    figures = {
        "temperature": said.temperature,
        "top_p": said.top_p,
        "top_k": said.top_k if said.top_k and said.top_k > 0 else None,
        "stop_sequences": [word for word in said.stop if word.strip()] or None,
    }
    if any(not word.strip() for word in said.stop):
        raise cannot("stop", _("Anthropic's API takes no stop words of blanks only."))
    return {name: value for name, value in figures.items() if value is not None}


def _thinking(request: Request, model: str, max_output: int | None) -> dict[str, Any]:
    """Thinking as the model knows it: an effort for later Claudes, a budget below the limit for all others."""
    said = request.reasoning
    if said.effort is Effort.NONE or (said.effort is None and said.wanted is False):
        return {"thinking": {"type": "disabled"}}
    if said.effort is None and said.budget is None and not said.wanted:
        return {}
    if _ADAPTIVE.search(model):
        effort = said.effort or (effort_near(said.budget) if said.budget is not None else None)
        body: dict[str, Any] = {"thinking": {"type": "adaptive"}}
        if effort is not None:
            body["output_config"] = {"effort": (Effort.LOW if effort is Effort.MINIMAL else effort).value}
        return body
    if _unsigned_tools(request.messages):
        return {}
    budget = said.budget or _BUDGETS[said.effort or Effort.MEDIUM]
    limit = request.max_tokens or max_output or budget + MAX_TOKENS
    budget = min(budget, limit - 1)
    if budget < _LEAST_BUDGET:
        return {}
    return {"max_tokens": limit, "thinking": {"type": "enabled", "budget_tokens": budget}}


def _unsigned_tools(messages: tuple[Message, ...]) -> bool:
    """Whether the model waits for results of calls whose thinking was lost on the way.

    Models with budgets refuse to go on with thinking in such a turn, and think again in the next one.
    """
    for message in reversed(messages):
        if message.role is Role.ASSISTANT:
            calls = any(isinstance(part, ToolCall) for part in message.parts)
            signed = any(isinstance(part, Thinking) and (part.signature or part.redacted) for part in message.parts)
            return calls and not signed
        if message.role is Role.USER and not any(isinstance(part, ToolResult) for part in message.parts):
            return False
    return False
