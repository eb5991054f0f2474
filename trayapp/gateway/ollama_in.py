"""Ollama's chat and generate as the caller's dialect: reads the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    BadRequestError,
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
    ToolResult,
)
from trayapp.gateway.fields import Fields, body_fields, cannot, must_be
from trayapp.gateway.openai_parts import opening, read_tool

HARMLESS = (
    # how long the model stays in memory, which is the program's to decide
    "keep_alive",
    # what happens to a conversation that is too long: upstream refuses it with a sentence of its own
    "truncate",
    "shift",
)
MACHINE = (
    # how Ollama runs a model on its own machine; another server runs it in its own way
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "num_keep",
    "numa",
    "low_vram",
    "f16_kv",
    "logits_all",
    "vocab_only",
    "use_mmap",
    "use_mlock",
    "embedding_only",
    "draft_num_predict",
    # mean something only beside a penalty or with mirostat, which are read or refused themselves
    "repeat_last_n",
    "penalize_newline",
    "mirostat_tau",
    "mirostat_eta",
)
_encode = msgspec.json.Encoder().encode


def read_chat(body: bytes) -> Request:
    """A request to ``/api/chat``, or BadRequestError. Without messages it only asks to load the model."""
    fields = body_fields(body)
    calls = _Calls()
    system, messages = opening([_message(item, calls) for item in fields.each("messages")])
    tools = tuple(_tool(item) for item in fields.each("tools"))
    return _request(fields, system, messages, tools)


def read_generate(body: bytes) -> Request:
    """A request to ``/api/generate``, or BadRequestError. Without a prompt it only asks to load the model."""
    fields = body_fields(body)
    for name in ("suffix", "template"):
        fields.only(name, "")
    fields.only("raw", False)
    fields.only("context", [])
    system = fields.text("system")
    prompt = fields.text("prompt")
    images = _images(fields)
    parts: tuple[Part, ...] = (*((Text(prompt),) if prompt else ()), *images)
    messages = (Message(Role.USER, parts),) if parts else ()
    return _request(fields, (Text(system),) if system else (), messages, ())


def _request(
    fields: Fields, system: tuple[Text, ...], messages: tuple[Message, ...], tools: tuple[Tool, ...]
) -> Request:
    fields.leave(*HARMLESS)
    limit, sampling = _options(fields)
    stream = fields.flag("stream")
    request = Request(
        model=fields.needed("model"),
        messages=messages,
        system=system,
        tools=tools,
        max_tokens=limit,
        sampling=sampling,
        format=_format(fields),
        reasoning=_think(fields),
        stream=True if stream is None else stream,
    )
    fields.done()
    return request


def _options(fields: Fields) -> tuple[int | None, Sampling]:
    said = fields.fields("options")
    said.leave(*MACHINE)
    said.only("mirostat", 0)
    said.only("tfs_z", 1)
    said.only("typical_p", 1)
    limit = said.integer("num_predict")
    sampling = Sampling(
        temperature=said.number("temperature"),
        top_p=said.number("top_p"),
        top_k=said.integer("top_k"),
        min_p=said.number("min_p"),
        seed=said.integer("seed"),
        frequency_penalty=said.number("frequency_penalty"),
        presence_penalty=said.number("presence_penalty"),
        repeat_penalty=said.number("repeat_penalty"),
        stop=said.texts("stop"),
        logprobs=fields.flag("logprobs") or False,
        top_logprobs=fields.integer("top_logprobs", 0) or 0,
    )
    said.done()
    # -1 and -2 mean no limit
    return limit if limit is not None and limit > 0 else None, sampling


def _format(fields: Fields) -> Format | None:
    value = fields.take("format")
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        return Format(value)
    if value != "json":
        raise must_be(fields.at("format"), _("“json” or a JSON schema"))
    return Format()


def _think(fields: Fields) -> Reasoning:
    value = fields.take("think")
    if value is None or isinstance(value, bool):
        return Reasoning(wanted=value)
    if value not in ("low", "medium", "high", "max"):
        raise must_be(fields.at("think"), _("true, false, low, medium, high or max"))
    return Reasoning(Effort(value))


def _images(item: Fields) -> tuple[Image, ...]:
    images = item.texts("images")
    return tuple(Image(data=_bare(image)) for image in images)


def _bare(image: str) -> str:
    """The base64 alone: some clients put a ``data:`` address before it."""
    return image.partition(",")[2] if image.startswith("data:") else image


class _Calls:
    """The calls of the conversation that wait for a result: Ollama names tools where others have ids."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._count = 0

    def made(self, id_: str, name: str) -> str:
        """The id of a new call, one of our own where it has none."""
        id_ = id_ or f"call_{self._count}"
        self._count += 1
        self._waiting.append((id_, name))
        return id_

    def answered(self, id_: str, name: str, path: str) -> tuple[str, str]:
        """Id and name of the call that a result belongs to: by id, else the first of that name, else the first."""
        tests: tuple[Callable[[tuple[str, str]], bool], ...] = (
            (lambda call: call[0] == id_),
            (lambda call: not id_ and call[1] == name),
            (lambda call: not id_ and not name),
        )
        for test in tests:
            for call in self._waiting:
                if test(call):
                    self._waiting.remove(call)
                    return call
        raise BadRequestError(_("“{field}” answers no call of a tool.").format(field=path), path)


def _message(item: Fields, calls: _Calls) -> Message:
    role = item.needed("role")
    text = item.text("content")
    images = _images(item)
    parts: list[Part] = [Text(text)] if text else []
    match role:
        case "system":
            message = Message(Role.SYSTEM, tuple(parts))
        case "user":
            message = Message(Role.USER, (*parts, *images))
        case "assistant":
            thinking = item.text("thinking")
            called = [_call(call, calls) for call in item.each("tool_calls")]
            message = Message(Role.ASSISTANT, (*((Thinking(thinking),) if thinking else ()), *parts, *called))
        case "tool":
            said = item.text("tool_name") or item.text("name")
            id_, name = calls.answered(item.text("tool_call_id"), said, item.path)
            words = (Text(text),) if text else ()
            message = Message(Role.USER, (ToolResult(id_, (*words, *images), name=name),))
        case _:
            raise must_be(item.at("role"), _("one of: {words}").format(words="system, user, assistant, tool"))
    if images and message.role is not Role.USER:
        raise cannot(item.at("images"), _("Only a user's message and a tool's result can hold pictures."))
    # left over from copying another role's message
    for name in ("tool_calls", "images"):
        item.only(name, [])
    for name in ("thinking", "tool_name", "name", "tool_call_id"):
        item.only(name, "")
    item.done()
    return message


def _call(item: Fields, calls: _Calls) -> ToolCall:
    item.leave("type")
    function = item.fields("function")
    function.leave("index")
    name = function.needed("name")
    given: Any = function.take("arguments")
    if isinstance(given, str):  # as OpenAI writes them; clients that know both mix them up
        arguments = given
    elif given is None or isinstance(given, dict):
        arguments = _encode(given or {}).decode()
    else:
        raise must_be(function.at("arguments"), _("an object"))
    function.done()
    call = ToolCall(calls.made(item.text("id"), name), name, arguments)
    item.done()
    return call


def _tool(item: Fields) -> Tool:
    tool = read_tool(item)
    item.only("items", [])
    item.done()
    return tool
