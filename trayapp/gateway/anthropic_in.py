"""Anthropic's messages as the caller's dialect: reads the request, and guesses its tokens."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Choice,
    Effort,
    Format,
    Image,
    Message,
    Part,
    Reasoning,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trayapp.gateway.fields import UNREADABLE, Fields, body_fields, cannot, must_be

HARMLESS = (
    # Anthropic's tiers, accounts and caches: they change the bill, the speed or a report, never the answer
    "cache_control",
    "service_tier",
    "speed",
    "diagnostics",
    "user_profile_id",
    "workspace_id",
)
_MARKS = ("cache_control", "citations", "caller")
"""On blocks: a mark for the cache, notes on sources of an earlier answer, and who called a tool."""
_encode = msgspec.json.Encoder().encode
LETTERS = 4
"""Letters to a token, about right for English and too many for code."""
_PICTURE = 1_500
"""Tokens of a picture, about that of one of a megapixel."""


def read_request(body: bytes, *, counting: bool = False) -> Request:
    """The request, or BadRequestError. ``counting``: it is for ``count_tokens``, which needs no limit."""
    fields = body_fields(body)
    fields.leave(*HARMLESS)
    _earlier_thinking_goes(fields)
    fields.only("mcp_servers", [])
    messages = [_message(item) for item in fields.each("messages")]
    system = _texts(fields, "system")
    choice, parallel = _choice(fields)
    reasoning, form = _reasoning(fields)
    metadata = fields.fields("metadata")
    user = metadata.text("user_id")
    metadata.done()
    limit = fields.integer("max_tokens", 1)
    if limit is None and not counting:
        fields.needed("max_tokens")
    request = Request(
        model=fields.needed("model"),
        messages=tuple(messages),
        system=system,
        tools=tuple(_tool(item) for item in fields.each("tools")),
        tool_choice=choice,
        parallel=parallel,
        max_tokens=limit,
        sampling=Sampling(
            temperature=fields.number("temperature"),
            top_p=fields.number("top_p"),
            top_k=fields.integer("top_k"),
            stop=fields.texts("stop_sequences"),
        ),
        format=form,
        reasoning=reasoning,
        user=user,
        stream=fields.flag("stream") or False,
    )
    fields.done()
    return request


def _earlier_thinking_goes(fields: Fields) -> None:
    """Clearing a conversation's earlier thinking needs no word elsewhere: it is never carried in the first place."""
    management = fields.fields("context_management")
    for edit in management.each("edits"):
        if not (kind := edit.needed("type")).startswith("clear_thinking_"):
            raise cannot(edit.at("type"), _("Edits of the kind “{kind}” cannot be translated.").format(kind=kind))
    management.done()


def _texts(fields: Fields, name: str) -> tuple[Text, ...]:
    value = fields.take(name)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise must_be(fields.at(name), _("a text or a list of text blocks"))
    found = []
    for number, one in enumerate(value):
        part = _block(Fields(one, f"{fields.at(name)}[{number}]"))
        if not isinstance(part, Text):
            raise must_be(f"{fields.at(name)}[{number}].type", "“text”")
        found.append(part)
    return tuple(found)


def _message(item: Fields) -> Message:
    role = item.one_of("role", *Role)
    if not role:
        item.needed("role")
    value = item.take("content")
    path = item.at("content")
    if isinstance(value, str):
        parts: tuple[Part, ...] = (Text(value),) if value else ()
    elif isinstance(value, list):
        parts = tuple(_block(Fields(one, f"{path}[{number}]")) for number, one in enumerate(value))
    else:
        raise must_be(path, _("a text or a list of blocks"))
    item.done()
    return Message(Role(role), parts)


def _block(block: Fields) -> Part:
    block.leave(*_MARKS)
    kind = block.needed("type")
    part: Part
    match kind:
        case "text":
            part = Text(block.text("text"))
        case "image":
            part = _image(block)
        case "thinking":
            part = Thinking(block.text("thinking"), block.text("signature"))
        case "redacted_thinking":
            part = Thinking(redacted=block.needed("data"))
        case "tool_use":
            arguments = _encode(block.mapping("input")).decode()
            part = ToolCall(block.needed("id"), block.needed("name"), arguments)
        case "tool_result":
            part = _result(block)
        case _:
            raise cannot(block.at("type"), _("Content of the kind “{kind}” cannot be translated.").format(kind=kind))
    block.done()
    return part


def _image(block: Fields) -> Image:
    source = block.fields("source")
    kind = source.needed("type")
    if kind == "base64":
        image = Image(data=source.needed("data"), media_type=source.needed("media_type"))
    elif kind == "url":
        image = Image(url=source.needed("url"))
    else:
        raise cannot(source.at("type"), _("Files stay with the provider that holds them: send the picture itself."))
    source.done()
    return image


def _result(block: Fields) -> ToolResult:
    path = block.at("content")
    value = block.take("content")
    if value is None or isinstance(value, str):
        parts: list[Text | Image] = [Text(value)] if value else []
    elif isinstance(value, list):
        parts = []
        for number, one in enumerate(value):
            part = _block(Fields(one, f"{path}[{number}]"))
            if not isinstance(part, Text | Image):
                raise cannot(f"{path}[{number}].type", _("A tool's result can hold texts and pictures only."))
            parts.append(part)
    else:
        raise must_be(path, _("a text or a list of blocks"))
    return ToolResult(block.needed("tool_use_id"), tuple(parts), block.flag("is_error") or False)


def _tool(item: Fields) -> Tool:
    # how its arguments are streamed is up to the answering model
    item.leave("cache_control", "eager_input_streaming")
    item.only("allowed_callers", ["direct"])
    item.only("defer_loading", False)
    item.only("input_examples", [])
    if (kind := item.text("type", "custom")) != "custom":
        raise cannot(
            item.at("type"), _("The tool “{kind}” runs at Anthropic: switch it off in your program.").format(kind=kind)
        )
    tool = Tool(item.needed("name"), item.text("description"), item.mapping("input_schema"), item.flag("strict"))
    item.done()
    return tool


def _choice(fields: Fields) -> tuple[ToolChoice, bool | None]:
    said = fields.fields("tool_choice")
    kind = said.one_of("type", "auto", "any", "tool", "none")
    alone = said.flag("disable_parallel_tool_use")
    name = said.needed("name") if kind == "tool" else ""
    said.done()
    modes = {"any": Choice.REQUIRED, "tool": Choice.REQUIRED, "none": Choice.NONE}
    return ToolChoice(modes.get(kind, Choice.AUTO), name), None if alone is None else not alone


def _reasoning(fields: Fields) -> tuple[Reasoning, Format | None]:
    """``thinking`` and ``output_config``, in which the answer's form stands as well."""
    said = fields.fields("thinking")
    kind = said.one_of("type", "enabled", "disabled", "adaptive", "between_tools")
    budget = said.integer("budget_tokens", 1)
    said.leave("display")  # how much of the thinking is shown
    said.done()
    config = fields.fields("output_config")
    effort = config.one_of("effort", "low", "medium", "high", "xhigh", "max")
    form = None
    if "format" in config:
        inner = config.fields("format")
        inner.one_of("type", "json_schema")
        form = Format(inner.mapping("schema"), strict=True)
        inner.done()
    config.done()
    wanted = kind != "disabled" if kind else None
    return Reasoning(Effort(effort) if effort else None, budget, wanted), form


def estimated_tokens(request: Request) -> int:
    """An estimate for ``count_tokens`` where upstream cannot count: four letters to a token, 1,500 for a picture.

    It may be a third too high or too low, more for languages other than English. At least 1.
    """
    letters = sum(len(text.text) for text in request.system)
    pictures = 0
    for message in request.messages:
        for part in message.parts:
            pieces: tuple[Any, ...] = part.parts if isinstance(part, ToolResult) else (part,)
            for piece in pieces:
                pictures += isinstance(piece, Image)
                letters += len(getattr(piece, "text", "")) + len(getattr(piece, "arguments", ""))
    for tool in request.tools:
        letters += len(tool.name) + len(tool.description) + len(_encode(tool.schema))
    turns = 4 * len(request.messages)
    return max(1, -(-letters // LETTERS) + _PICTURE * pictures + turns)


def without_unsigned_thinking(body: bytes) -> bytes:
    """A request for Anthropic itself without thinking that Anthropic did not sign.

    Another vendor's model may have answered the turns before the user chose Claude: its thinking has an empty
    signature, for which the whole conversation would be refused. Everything else stays as it is.
    """
    if b'"signature":""' not in body and b'"signature": ""' not in body:
        return body
    try:
        whole = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        messages = msgspec.json.decode(whole.get("messages", b"[]"), type=list[dict[str, Any]])
    except UNREADABLE:
        return body  # Anthropic says what is wrong with it
    kept = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = [block for block in content if not _unsigned(block)]
        if message.get("content") != [] or not content:
            kept.append(message)
    whole["messages"] = msgspec.Raw(_encode(kept))
    return _encode(whole)


def _unsigned(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and not block.get("signature")
