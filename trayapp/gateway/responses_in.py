"""OpenAI's responses as the caller's dialect: reads the request."""

from __future__ import annotations

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Format,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from trayapp.gateway.fields import Fields, body_fields, cannot, must_be, objects
from trayapp.gateway.openai_parts import HARMLESS, effort_of, opening, read_choice, read_content, read_format

_HARMLESS = (
    *HARMLESS,
    # a limit for tools that run at OpenAI, of which none can be offered
    "max_tool_calls",
    # what happens to a conversation that is too long: upstream refuses it with a sentence of its own
    "truncation",
    # Codex tells of itself
    "client_metadata",
)
_ITEM_MARKS = ("id", "status", "phase", "namespace", "caller", "internal_chat_message_metadata_passthrough")
"""On items of an earlier answer: what OpenAI called them, and where it thought they belong."""
_KEPT_AT_OPENAI = ("previous_response_id", "conversation", "prompt")
_BESIDES = ("reasoning.encrypted_content",)
"""What may be asked for besides the answer, and is left out of it: thinking in a form that only OpenAI can read."""


def read_request(body: bytes) -> Request:
    """The request, or BadRequestError."""
    fields = body_fields(body)
    fields.leave(*_HARMLESS)
    for name in _KEPT_AT_OPENAI:
        if name in fields:
            why = _("It stands for something kept at OpenAI: send the whole conversation with every request.")
            raise cannot(fields.at(name), why)
    fields.only("background", False)
    fields.only("context_management", [])
    fields.only("top_logprobs", 0)
    for number, name in enumerate(fields.items("include")):
        if name not in _BESIDES:
            raise cannot(f"include[{number}]")
    options = fields.fields("stream_options")
    options.leave("include_obfuscation")
    options.done()
    instructions = fields.text("instructions")
    system, messages = opening(_conversation(fields))
    form, verbosity = _text(fields)
    request = Request(
        model=fields.needed("model"),
        messages=messages,
        system=(Text(instructions), *system) if instructions else system,
        tools=tuple(_tool(item) for item in fields.each("tools")),
        tool_choice=read_choice(fields),
        parallel=fields.flag("parallel_tool_calls"),
        max_tokens=fields.integer("max_output_tokens", 1),
        sampling=Sampling(temperature=fields.number("temperature"), top_p=fields.number("top_p")),
        format=form,
        reasoning=_reasoning(fields),
        verbosity=verbosity,
        user=fields.text("user"),
        stream=fields.flag("stream") or False,
    )
    fields.done()
    return request


def _text(fields: Fields) -> tuple[Format | None, str]:
    said = fields.fields("text")
    form = read_format(said, "format")
    verbosity = said.one_of("verbosity", "low", "medium", "high")
    said.done()
    return form, "" if verbosity == "medium" else verbosity


def _reasoning(fields: Fields) -> Reasoning:
    said = fields.fields("reasoning")
    effort = effort_of(said, "effort")
    # how the thinking is shown, and how much of the earlier thinking OpenAI looks at again
    said.leave("summary", "generate_summary", "context")
    said.only("mode", "standard")
    said.done()
    return Reasoning(effort)


def _conversation(fields: Fields) -> list[Message]:
    """The input as turns; what one model says in several items is one turn."""
    value = fields.take("input")
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [Message(Role.USER, (Text(value),))]
    if not isinstance(value, list):
        raise must_be(fields.at("input"), _("a text or a list of items"))
    turns: list[Message] = []
    for item in objects(value, fields.at("input")):
        message = _item(item)
        item.done()
        last = turns[-1] if turns else None
        if last is not None and last.role is message.role is Role.ASSISTANT:
            turns[-1] = Message(Role.ASSISTANT, (*last.parts, *message.parts))
        else:
            turns.append(message)
    return turns


def _item(item: Fields) -> Message:
    item.leave(*_ITEM_MARKS)
    kind = item.text("type", "message")
    match kind:
        case "message":
            return _message(item)
        case "reasoning":
            return Message(Role.ASSISTANT, _thinking(item))
        case "function_call":
            call = ToolCall(item.needed("call_id"), item.needed("name"), item.text("arguments"))
            return Message(Role.ASSISTANT, (call,))
        case "function_call_output":
            return Message(Role.USER, (_result(item),))
    raise cannot(item.at("type"), _("Items of the kind “{kind}” cannot be translated.").format(kind=kind))


def _message(item: Fields) -> Message:
    role = item.one_of("role", "user", "assistant", "system", "developer")
    if not role:
        item.needed("role")
    speaker = Role.SYSTEM if role in ("system", "developer") else Role(role)
    return Message(speaker, read_content(item, images=speaker is Role.USER))


def _thinking(item: Fields) -> tuple[Part, ...]:
    """Earlier thinking in plain words; its sealed form is OpenAI's own and left out."""
    item.leave("encrypted_content")
    words = [part.text("text") for name in ("content", "summary") for part in item.each(name)]
    return tuple(Thinking(text) for text in words if text)


def _result(item: Fields) -> ToolResult:
    parts: list[Text | Image] = []
    for part in read_content(item, name="output"):
        if isinstance(part, Refusal):
            raise must_be(item.at("output"), _("a text or a list of texts and pictures"))
        parts.append(part)
    return ToolResult(item.needed("call_id"), tuple(parts), name=item.text("name"))


def _tool(item: Fields) -> Tool:
    if (kind := item.needed("type")) != "function":
        why = _("The tool “{kind}” has no counterpart at the chosen model: switch it off in your program.")
        raise cannot(item.at("type"), why.format(kind=kind))
    item.only("allowed_callers", ["direct"])
    item.only("defer_loading", False)
    item.leave("output_schema")  # a description of what the program itself will send
    tool = Tool(item.needed("name"), item.text("description"), item.mapping("parameters"), item.flag("strict"))
    item.done()
    return tool
