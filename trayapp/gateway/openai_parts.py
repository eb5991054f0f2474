"""What OpenAI's dialects have in common: content, sampling figures, tools, formats, tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from trayapp.core.language import _
from trayapp.gateway.answers import counted
from trayapp.gateway.exchange import (
    Choice,
    Effort,
    Format,
    Image,
    Message,
    Reasoning,
    Refusal,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    Usage,
)
from trayapp.gateway.fields import Fields, cannot, must_be

HARMLESS = (
    # OpenAI's own book-keeping, tiers and caches: they change the bill or the speed, never the answer
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "prediction",
    # Ollama's, which clients send to its OpenAI routes as well, where it means nothing
    "keep_alive",
)
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.IGNORECASE)
_TEXTS = ("text", "input_text", "output_text")
_IMAGES = ("image_url", "input_image")


def image_of(url: str, detail: str, path: str) -> Image:
    """A picture by its address; one inside a ``data:`` URL is taken out of it."""
    if not url.startswith("data:"):
        if not url.startswith(("http://", "https://")):
            raise must_be(path, _("an address that begins with https:, http: or data:"))
        return Image(url=url, detail=detail)
    found = _DATA_URL.match(url)
    if found is None:
        raise must_be(path, _("a data: address with a media type and base64"))
    return Image(data=url[found.end() :], media_type=found[1].lower(), detail=detail)


def image_url(image: Image) -> str:
    """The address of a picture, a ``data:`` one if need be."""
    return image.url or f"data:{image.kind};base64,{image.data}"


def read_content(item: Fields, *, images: bool = True, name: str = "content") -> tuple[Text | Image | Refusal, ...]:
    """A message's content: one text, or a list of parts."""
    value = item.take(name)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise must_be(item.at(name), _("a text or a list of parts"))
    parts = []
    for number, one in enumerate(value):
        part = Fields(one, f"{item.at(name)}[{number}]")
        if (read := _part(part, images)) is not None:
            parts.append(read)
        part.done()
    return tuple(parts)


def _part(part: Fields, images: bool) -> Text | Image | Refusal | None:
    # marks for a vendor's cache, and notes on where an earlier answer took its words from
    part.leave("cache_control", "prompt_cache_breakpoint", "annotations", "logprobs")
    kind = part.needed("type")
    if kind in _TEXTS:
        text = part.text("text")
        return Text(text) if text else None
    if kind == "refusal":
        return Refusal(part.text("refusal"))
    if kind in _IMAGES and images:
        return _image(part)
    raise cannot(part.at("type"), _("Content of the kind “{kind}” cannot be translated.").format(kind=kind))


def _image(part: Fields) -> Image:
    if "file_id" in part:
        raise cannot(part.at("file_id"), _("Files stay with the provider that holds them: send the picture itself."))
    value = part.take("image_url")
    if isinstance(value, dict):
        inner = Fields(value, part.at("image_url"))
        image = image_of(inner.needed("url"), inner.text("detail"), inner.at("url"))
        inner.leave("format")
        inner.done()
        return image
    if not isinstance(value, str):
        raise must_be(part.at("image_url"), _("an address"))
    return image_of(value, part.text("detail"), part.at("image_url"))


def call_body(call: ToolCall) -> dict[str, Any]:
    """A call of a function, as a whole message holds it, whoever speaks."""
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def opening(messages: Sequence[Message]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    """The system messages that open a conversation, and the rest of it."""
    first = next((n for n, message in enumerate(messages) if message.role is not Role.SYSTEM), len(messages))
    texts = [part for message in messages[:first] for part in message.parts if isinstance(part, Text)]
    return tuple(texts), tuple(messages[first:])


def read_sampling(fields: Fields, *, logprobs: bool = True) -> Sampling:
    """The figures of chat and of completions; beside OpenAI's own the ones its imitators have added."""
    bias = fields.mapping("logit_bias")
    if not all(isinstance(value, int | float) for value in bias.values()):
        raise must_be(fields.at("logit_bias"), _("an object of numbers"))
    older, newer = fields.number("repetition_penalty"), fields.number("repeat_penalty")
    return Sampling(
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.integer("top_k"),
        min_p=fields.number("min_p"),
        seed=fields.integer("seed"),
        frequency_penalty=fields.number("frequency_penalty"),
        presence_penalty=fields.number("presence_penalty"),
        repeat_penalty=older if newer is None else newer,
        stop=fields.texts("stop"),
        logit_bias=bias,
        logprobs=(fields.flag("logprobs") or False) if logprobs else False,
        top_logprobs=(fields.integer("top_logprobs", 0) or 0) if logprobs else 0,
    )


def read_include_usage(fields: Fields) -> bool:
    """Whether ``stream_options`` ask for the tokens at the end of a stream."""
    options = fields.fields("stream_options")
    wanted = options.flag("include_usage") or False
    options.leave("include_obfuscation")
    options.done()
    return wanted


def read_tool(item: Fields) -> Tool:
    """A function within ``tools``, as Ollama writes it as well; what else the item may hold is the caller's to read."""
    if (kind := item.text("type", "function")) != "function":
        raise cannot(item.at("type"), _("Only functions can be offered as tools, not “{kind}”.").format(kind=kind))
    function = item.fields("function")
    tool = Tool(
        function.needed("name"), function.text("description"), function.mapping("parameters"), function.flag("strict")
    )
    function.done()
    return tool


def read_choice(fields: Fields) -> ToolChoice:
    """``tool_choice``: a word, or the one function to be called, in either of OpenAI's two forms."""
    value = fields.take("tool_choice")
    path = fields.at("tool_choice")
    if value is None:
        return ToolChoice()
    if isinstance(value, str):
        if value not in set(Choice):
            raise must_be(path, _("one of: {words}").format(words=", ".join(Choice)))
        return ToolChoice(Choice(value))
    choice = Fields(value, path)
    if (kind := choice.needed("type")) != "function":
        raise cannot(choice.at("type"), _("A choice of the kind “{kind}” cannot be translated.").format(kind=kind))
    inner = choice.fields("function") if "function" in choice else choice
    named = ToolChoice(Choice.REQUIRED, inner.needed("name"))
    inner.done()
    choice.done()
    return named


def read_format(fields: Fields, name: str) -> Format | None:
    """``response_format`` of chat, or ``text.format`` of responses."""
    if name not in fields:
        return None
    said = fields.fields(name)
    kind = said.one_of("type", "text", "json_object", "json_schema")
    found = None
    if kind == "json_object":
        found = Format()
    elif kind == "json_schema":
        inner = said.fields("json_schema") if "json_schema" in said else said
        schema = inner.mapping("schema")
        found = Format(schema, inner.text("name"), inner.text("description"), inner.flag("strict"))
        inner.done()
    said.done()
    return found


def effort_of(fields: Fields, name: str) -> Effort | None:
    """One of OpenAI's words for how much to think."""
    said = fields.one_of(name, *Effort)
    return Effort(said) if said else None


def read_reasoning(fields: Fields) -> Reasoning:
    """``reasoning_effort``; OpenRouter's ``reasoning``; ``thinking`` of DeepSeek and Z.ai."""
    effort = effort_of(fields, "reasoning_effort")
    said = fields.fields("reasoning")
    effort = effort_of(said, "effort") or effort
    budget, wanted = said.integer("max_tokens", 1), said.flag("enabled")
    said.leave("exclude", "summary")  # whether the thinking is shown
    said.done()
    switch = fields.fields("thinking")
    if kind := switch.one_of("type", "enabled", "disabled"):
        wanted = kind == "enabled"
    switch.done()
    return Reasoning(effort, budget, wanted)


def usage_body(usage: Usage) -> dict[str, Any]:
    """The tokens as chat and completions tell them."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_read, "cache_write_tokens": usage.cached_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def usage_of(said: Any) -> Usage | None:
    """The tokens that a chat answer tells; None where it tells none."""
    if not isinstance(said, dict):
        return None
    into, out = said.get("prompt_tokens_details"), said.get("completion_tokens_details")
    into, out = into if isinstance(into, dict) else {}, out if isinstance(out, dict) else {}
    return Usage(
        input=counted(said.get("prompt_tokens")),
        output=counted(said.get("completion_tokens")),
        # DeepSeek has a name of its own
        cached_read=counted(into.get("cached_tokens")) or counted(said.get("prompt_cache_hit_tokens")),
        cached_write=counted(into.get("cache_write_tokens")),
        reasoning=counted(out.get("reasoning_tokens")),
    )
