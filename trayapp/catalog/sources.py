"""Reads what models.dev and OpenRouter publish into rows of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from trayapp.catalog.rows import Fact
from trayapp.core.models import Capability, Modality, Price, Use
from trayapp.providers.naming import by_name

MODELS_DEV: Mapping[str, tuple[str, ...]] = {
    "alibaba": ("alibaba",),
    "anthropic": ("anthropic",),
    "azure-openai": ("azure", "azure-cognitive-services"),
    "bedrock": ("amazon-bedrock",),
    "cerebras": ("cerebras",),
    "cohere": ("cohere",),
    "deepinfra": ("deepinfra",),
    "deepseek": ("deepseek",),
    "fireworks": ("fireworks-ai",),
    "gemini": ("google",),
    "groq": ("groq",),
    "huggingface": ("huggingface",),
    "mistral": ("mistral",),
    "moonshot": ("moonshotai",),
    "nvidia": ("nvidia",),
    "openai": ("openai",),
    "openrouter": ("openrouter",),
    "perplexity": ("perplexity", "perplexity-agent"),
    "together": ("togetherai",),
    "xai": ("xai",),
    "zai": ("zai",),
}
"""Our provider rows and what models.dev calls them; the first that lists a model wins.

China's own sites (``alibaba-cn`` and so on) have other prices and take other keys: left out.
"""

_MODALITIES = {
    "text": Modality.TEXT,
    "image": Modality.IMAGE,
    "audio": Modality.AUDIO,
    "speech": Modality.AUDIO,
    "video": Modality.VIDEO,
    "pdf": Modality.PDF,
    "file": Modality.PDF,
    "embeddings": Modality.EMBEDDING,
    "embedding": Modality.EMBEDDING,
}
_ISO = re.compile(r"20\d\d(-\d\d){0,2}\Z")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")


def models_dev(body: Any) -> dict[str, dict[str, Fact]]:
    """Rows by provider and id from ``models.dev/api.json``. Raises TypeError for what is no such answer.

    A model that cannot be read is left out and loses nothing else.
    """
    if not isinstance(body, dict):
        raise TypeError("models.dev's answer is not an object")
    found: dict[str, dict[str, Fact]] = {}
    for spec, names in MODELS_DEV.items():
        rows: dict[str, Fact] = {}
        for name in names:
            models = _mapping(_mapping(body.get(name)).get("models"))
            for id, item in models.items():
                if id and isinstance(item, dict):
                    rows.setdefault(id, _models_dev_row(id, item))
        if rows:
            found[spec] = rows
    return found


def _models_dev_row(id: str, item: Mapping[str, Any]) -> Fact:
    modalities, limit, cost = (_mapping(item.get(name)) for name in ("modalities", "limit", "cost"))
    inputs, outputs = mask(modalities.get("input")), mask(modalities.get("output"))
    use = use_of(id, outputs, item.get("family"))
    flags = (
        (Capability.TOOLS, item.get("tool_call")),
        (Capability.REASONING, item.get("reasoning")),
        (Capability.STRUCTURED, item.get("structured_output")),
    )
    yes, no = capabilities(flags, inputs, use)
    row = Fact(
        id=id,
        name=text(item.get("name")),
        context=limit_of(limit.get("context")),
        max_output=limit_of(limit.get("output")),
        inputs=inputs,
        outputs=outputs,
        capabilities=yes,
        lacks=no,
        use=use,
        released=_iso(item.get("release_date")),
        deprecated="" if item.get("status") == "deprecated" else None,
    )
    return with_price(
        row, Price.per_million(cost.get("input"), cost.get("output"), cost.get("cache_read"), cost.get("cache_write"))
    )


def openrouter(body: Any) -> dict[str, Fact]:
    """Rows by id from OpenRouter's public list. Raises TypeError for what is no such answer."""
    items = body.get("data") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise TypeError("OpenRouter's answer has no list of models")
    rows = (_openrouter_row(item) for item in items if isinstance(item, dict) and text(item.get("id")))
    return {row.id: row for row in rows}


def _openrouter_row(item: Mapping[str, Any]) -> Fact:
    id = str(item["id"])
    architecture, pricing, top = (_mapping(item.get(name)) for name in ("architecture", "pricing", "top_provider"))
    inputs, outputs = mask(architecture.get("input_modalities")), mask(architecture.get("output_modalities"))
    use = use_of(id, outputs)
    takes = item.get("supported_parameters")
    stated = takes if isinstance(takes, list) and takes else None
    yes, no = capabilities(
        (
            (Capability.TOOLS, stated and "tools" in stated),
            (Capability.REASONING, stated and "reasoning" in stated),
            (Capability.STRUCTURED, stated and "structured_outputs" in stated),
        ),
        inputs,
        use,
    )
    windows = [size for size in (limit_of(item.get("context_length")), limit_of(top.get("context_length"))) if size]
    row = Fact(
        id=id,
        name=text(item.get("name")),
        context=min(windows, default=None),
        max_output=limit_of(top.get("max_completion_tokens")),
        inputs=inputs,
        outputs=outputs,
        capabilities=yes,
        lacks=no,
        use=use,
        deprecated=_iso(item.get("expiration_date")),
    )
    parts = ("prompt", "completion", "input_cache_read", "input_cache_write")
    return with_price(row, Price.per_token(*(pricing.get(part) for part in parts)))


def capabilities(
    flags: Iterable[tuple[Capability, object]], inputs: int | None, use: Use | None
) -> tuple[int | None, int | None]:
    """The masks of what a model has and lacks; a flag that is neither true nor false is unknown.

    Vision follows from what goes in, where no flag speaks of it. Whatever chats streams: all providers here do.
    """
    yes = no = 0
    for flag, value in flags:
        yes |= flag if value is True else 0
        no |= flag if value is False else 0
    if inputs and not (yes | no) & Capability.VISION:
        yes |= Capability.VISION if inputs & Modality.IMAGE else 0
        no |= 0 if inputs & Modality.IMAGE else Capability.VISION
    if use is Use.CHAT:
        yes |= Capability.STREAMING
    return int(yes) or None, int(no) or None


def use_of(id: str, outputs: int | None, family: object = None) -> Use | None:
    """What a model is for, by its name and else by what comes out of it."""
    named = by_name(id) or (by_name(family) if isinstance(family, str) else None)
    if named is not None or not outputs:
        return named
    for modality, use in (
        (Modality.TEXT, Use.CHAT),
        (Modality.EMBEDDING, Use.EMBEDDING),
        (Modality.IMAGE, Use.IMAGE),
        (Modality.VIDEO, Use.VIDEO),
        (Modality.AUDIO, Use.AUDIO),
    ):
        if outputs & modality:
            return use
    return Use.OTHER


def with_price(fact: Fact, price: Price | None) -> Fact:
    """The row with all four parts of a price."""
    if price is None:
        return fact
    return replace(
        fact, input=price.input, output=price.output, cache_read=price.cache_read, cache_write=price.cache_write
    )


def mask(names: object) -> int | None:
    """A mask of ``Modality`` from their names; None where none is known."""
    if not isinstance(names, list):
        return None
    return int(sum({_MODALITIES[name] for name in names if isinstance(name, str) and name in _MODALITIES})) or None


def limit_of(value: object) -> int | None:
    """A number of tokens; zero, negative and what is no number are unknown."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
        return None
    return int(value)


def text(value: object) -> str | None:
    """Trimmed text that is not empty."""
    return value.strip() or None if isinstance(value, str) else None


def _iso(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    if _ISO.match(value):
        return value
    day = _DAY.match(value)
    return day.group() if day else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
