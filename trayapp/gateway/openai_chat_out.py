"""OpenAI's chat completions as the upstream's dialect: writes the request."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Effort,
    Format,
    Image,
    Message,
    Reasoning,
    Refusal,
    Request,
    Role,
    Target,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
    effort_near,
)
from trayapp.gateway.fields import cannot
from trayapp.gateway.openai_parts import call_body, image_url

_encode = msgspec.json.Encoder().encode
_LONGEST_USER = 64
"""Letters. What Claude Code sends is longer; and imitators refuse the field, which is for a report only."""
_PLAIN = Target()


def write_request(request: Request, model: str, target: Target = _PLAIN) -> bytes:
    """The body for ``/chat/completions``, or CannotCarryError.

    OpenAI itself calls the token limit ``max_completion_tokens`` and takes no figures but its own; the imitators
    know ``max_tokens``, ``top_k``, ``min_p`` and ``repetition_penalty``.
    """
    body: dict[str, Any] = {"model": model, "messages": _messages(request, target)}
    if request.max_tokens is not None:
        body["max_completion_tokens" if target.own else "max_tokens"] = request.max_tokens
    if request.tools:
        body["tools"] = [tool_body(tool.name, tool.description, tool.schema, tool.strict) for tool in request.tools]
        if request.tool_choice != ToolChoice():
            body["tool_choice"] = _choice(request.tool_choice)
        if request.parallel is not None:
            body["parallel_tool_calls"] = request.parallel
    body |= _sampling(request, target.own)
    if request.format is not None:
        body["response_format"] = _format(request.format)
    if target.thinks is not False and (effort := effort_for(request.reasoning)):
        body["reasoning_effort"] = effort
    if request.verbosity:
        body["verbosity"] = request.verbosity
    if target.own and 0 < len(request.user) <= _LONGEST_USER:
        body["user"] = request.user
    if request.stream:
        body["stream"] = True
        if target.ask_usage:
            body["stream_options"] = {"include_usage": True}
    return _encode(body)


def effort_for(reasoning: Reasoning) -> Effort | None:
    """OpenAI's word for what was said about thinking; None where nothing is said that it has a word for."""
    if reasoning.effort is not None or reasoning.budget is None:
        return reasoning.effort
    return effort_near(reasoning.budget)


def _sampling(request: Request, own: bool) -> dict[str, Any]:
    said = request.sampling
    figures: dict[str, Any] = {
        "temperature": said.temperature,
        "top_p": said.top_p,
        "seed": said.seed,
        "frequency_penalty": said.frequency_penalty,
        "presence_penalty": said.presence_penalty,
        "stop": list(said.stop) or None,
        "logit_bias": said.logit_bias or None,
        "logprobs": said.logprobs or None,
        "top_logprobs": said.top_logprobs or None,
    }
    added = {"top_k": said.top_k, "min_p": said.min_p, "repetition_penalty": said.repeat_penalty}
    neutral = {"top_k": (None, 0, -1), "min_p": (None, 0), "repetition_penalty": (None, 1)}
    for name, value in added.items():
        if value in neutral[name]:
            continue
        if own:
            raise cannot(name)
        figures[name] = value
    return {name: value for name, value in figures.items() if value is not None}


def tool_body(name: str, description: str, schema: dict[str, Any], strict: bool | None = None) -> dict[str, Any]:
    """One of ``tools``, as Ollama wants it as well."""
    function: dict[str, Any] = {"name": name}
    if description:
        function["description"] = description
    function["parameters"] = schema or {"type": "object", "properties": {}}
    if strict is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> Any:
    if choice.name:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode.value


def _format(said: Format) -> dict[str, Any]:
    if said.schema is None:
        return {"type": "json_object"}
    schema: dict[str, Any] = {"name": said.name or "answer", "schema": said.schema}
    if said.description:
        schema["description"] = said.description
    if said.strict is not None:
        schema["strict"] = said.strict
    return {"type": "json_schema", "json_schema": schema}


def _messages(request: Request, target: Target) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    if request.system:
        written.append({"role": "system", "content": "\n\n".join(text.text for text in request.system)})
    for message in request.messages:
        if message.role is Role.ASSISTANT:
            written.append(_assistant(message, target))
        elif message.role is Role.SYSTEM:
            written.append({"role": "system", "content": _joined(message)})
        else:
            written += _user(message)
    return written


def _joined(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


def _assistant(message: Message, target: Target) -> dict[str, Any]:
    body: dict[str, Any] = {"role": "assistant"}
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    refusals = [part.text for part in message.parts if isinstance(part, Refusal)]
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if texts or not (calls or refusals):
        body["content"] = "".join(texts)
    if refusals:
        body["refusal"] = "".join(refusals)
    if message.name:
        body["name"] = message.name
    # elsewhere the model's earlier thinking stays behind: OpenAI takes none back, and others refuse it
    if target.thinking_back and (thinking := [part.text for part in message.parts if isinstance(part, Thinking)]):
        body["reasoning_content"] = "".join(thinking)
    if calls:
        body.setdefault("content", None)
        body["tool_calls"] = [call_body(call) for call in calls]
    return body


def _user(message: Message) -> list[dict[str, Any]]:
    """Tool results each become a message of their own and come first, as OpenAI wants them behind the calls.

    A tool's message holds words only: its pictures follow in the user's, under the id of the call.
    """
    results: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case ToolResult(id_, parts):
                results.append({"role": "tool", "tool_call_id": id_, "content": result_text(part)})
                images = [_image(image) for image in parts if isinstance(image, Image)]
                if images:
                    content += [{"type": "text", "text": f"[tool result {id_}]"}, *images]
            case Image():
                content.append(_image(part))
            case Text(text):
                content.append({"type": "text", "text": text})
            case _:
                raise cannot("messages", _("A user's message cannot hold what only a model says."))
    if not content and results:
        return results
    user: dict[str, Any] = {"role": "user"}
    if message.name:
        user["name"] = message.name
    plain = len(content) == 1 and content[0]["type"] == "text"
    user["content"] = content[0]["text"] if plain else content or ""
    return [*results, user]


def result_text(result: ToolResult) -> str:
    """A result in words. That it is an error is said in words too, where the dialect has no flag for it."""
    text = "\n".join(part.text for part in result.parts if isinstance(part, Text))
    if result.is_error and not text.lower().startswith("error"):
        return f"Error: {text}"
    return text


def _image(image: Image) -> dict[str, Any]:
    address = {"url": image_url(image)}
    if image.detail:
        address["detail"] = image.detail
    return {"type": "image_url", "image_url": address}
