"""Every row over its own samples, all pages and second lists: numbers and facts counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.providers.scene import KEY, QUICK, Scene, account, client
from tests.support import samples
from trayapp.core.models import Modality, Price, Use
from trayapp.providers.client import list_models
from trayapp.providers.spec import Entry, ProviderSpec
from trayapp.providers.table import SPECS, spec

Pins = dict[str, dict[str, Any]]

PINNED: dict[str, tuple[int, Pins]] = {
    "openai": (
        8,
        {
            "gpt-4o": {"use": Use.CHAT, "released": "2024-05-10", "deprecated": None, "context": None, "price": None},
            "gpt-3.5-turbo-instruct": {"use": Use.OTHER, "deprecated": "2026-10-23"},
            "text-embedding-3-large": {"use": Use.EMBEDDING},
            "whisper-1": {"use": Use.AUDIO},
            "gpt-image-2": {"use": Use.IMAGE},
            "ft:gpt-4.1-mini-2025-04-14:acme::AbCdEf12": {"use": Use.CHAT},
        },
    ),
    "anthropic": (
        6,
        {
            "claude-opus-5": {
                "name": "Claude Opus 5",
                "context": 1_000_000,
                "max_output": 128_000,
                "released": "2026-07-24",
                "use": Use.CHAT,
                "inputs": Modality.TEXT | Modality.IMAGE | Modality.PDF,
            },
            "claude-haiku-4-5-20251001": {"context": 200_000, "max_output": 64_000},
            "claude-unknown-preview": {"context": None, "max_output": None, "released": None, "use": Use.CHAT},
        },
    ),
    "gemini": (
        8,
        {
            "gemini-2.5-pro": {"name": "Gemini 2.5 Pro", "context": 1_048_576, "max_output": 65_536, "use": Use.CHAT},
            "gemini-2.5-flash-preview-tts": {"use": Use.AUDIO},
            "gemma-3-27b-it": {"use": Use.CHAT, "context": 131_072},
            "gemini-embedding-001": {"use": Use.EMBEDDING},
            "imagen-4.0-generate-001": {"use": Use.IMAGE},
            "aqa": {"use": Use.OTHER},
        },
    ),
    "openrouter": (
        6,
        {
            "anthropic/claude-sonnet-4.5": {
                "name": "Anthropic: Claude Sonnet 4.5",
                "price": Price(3.0, 15.0, 0.3, 3.75),
                "context": 1_000_000,
                "max_output": 64_000,
                "aliases": ("~anthropic/claude-sonnet-latest",),
                "use": Use.CHAT,
            },
            "deepseek/deepseek-r1:free": {"price": Price(0.0, 0.0), "context": 163_840, "max_output": None},
            "openrouter/auto": {"price": None, "context": 2_000_000},
            "openai/gpt-4": {"price": Price(30.0, 60.0), "context": 8_191, "deprecated": "2026-10-23"},
            "google/gemini-2.5-flash-image": {"use": Use.CHAT, "price": Price(0.3, 2.5)},
            "openai/text-embedding-3-small": {"use": Use.EMBEDDING, "price": Price(0.02, 0.0)},
        },
    ),
    "mistral": (
        7,
        {
            "mistral-large-latest": {
                "aliases": ("mistral-large-2512",),
                "name": "mistral-large-2512",
                "context": 262_144,
                "use": Use.CHAT,
            },
            "magistral-medium-2509": {"aliases": ("magistral-medium-latest",), "context": 131_072},
            "mistral-small-2503": {"deprecated": "2026-11-30"},
            "mistral-embed": {"use": Use.EMBEDDING},
            "mistral-ocr-2505": {"use": Use.OTHER},
            "ft:open-mistral-7b:daf5e488:20260101:6a2f1c3b": {"hidden": True, "base": "open-mistral-7b"},
        },
    ),
    "groq": (
        7,
        {
            "openai/gpt-oss-120b": {
                "context": 131_072,
                "max_output": 65_536,
                "released": "2025-08-05",
                "use": None,
                "hidden": False,
            },
            "whisper-large-v3": {"use": Use.AUDIO},
            "playai-tts": {"use": Use.AUDIO},
            "meta-llama/llama-prompt-guard-2-22m": {"use": Use.OTHER},
            "llama3-8b-8192": {"hidden": True},
        },
    ),
    "cohere": (
        6,
        {
            "command-a-03-2025": {"context": 288_000, "use": Use.CHAT, "deprecated": None},
            "command-r-plus": {"deprecated": ""},
            "embed-v4.0": {"use": Use.EMBEDDING},
            "rerank-v3.5": {"use": Use.RERANK, "context": 4_096},
        },
    ),
    "together": (
        7,
        {
            "deepseek-ai/DeepSeek-V3.1": {
                "name": "DeepSeek V3.1",
                "price": Price(0.6, 1.7),
                "context": 131_072,
                "use": Use.CHAT,
            },
            "Qwen/Qwen2.5-7B": {"use": Use.CHAT},
            "BAAI/bge-large-en-v1.5": {"use": Use.EMBEDDING, "context": 512, "price": Price(0.02, 0.02)},
            "black-forest-labs/FLUX.1-schnell": {"use": Use.IMAGE, "price": None, "context": None},
            "meta-llama/Llama-Guard-4-12B": {"use": Use.OTHER},
            "openai/whisper-large-v3": {"use": Use.AUDIO, "context": None},
        },
    ),
    "cerebras": (
        3,
        {
            "gpt-oss-120b": {
                "name": "OpenAI GPT OSS",
                "price": Price(0.35, 0.75),
                "context": 131_072,
                "max_output": 40_960,
            },
            "qwen-3.8-27b": {"name": "", "price": None, "context": None, "use": Use.CHAT},
        },
    ),
    "perplexity": (
        4,
        {
            "perplexity/kimi-k3": {"price": Price(0.6, 2.5, 0.15), "use": Use.CHAT, "context": None},
            "anthropic/claude-sonnet-5": {"price": Price(3.0, 15.0, 0.3, 3.75)},
        },
    ),
    "xai": (
        4,
        {
            "grok-4-0709": {
                "price": Price(3.0, 15.0, 0.75),
                "context": 256_000,
                "aliases": ("grok-4", "grok-4-latest"),
                "use": Use.CHAT,
            },
            "grok-3-mini": {"price": Price(0.3, 0.5, 0.075), "context": 131_072},
            "grok-4.20-multi-agent": {"price": Price(2.0, 6.0, 0.2), "context": None},
        },
    ),
    "deepinfra": (
        4,
        {
            "deepseek-ai/DeepSeek-V3.1": {
                "price": Price(0.27, 1.0, 0.216),
                "context": 163_840,
                "max_output": 163_840,
                "use": Use.CHAT,
            },
            "BAAI/bge-m3": {"use": Use.EMBEDDING, "price": None},
            "black-forest-labs/FLUX-1-schnell": {"use": Use.IMAGE, "context": None},
        },
    ),
    "fireworks": (
        6,
        {
            "accounts/fireworks/models/deepseek-v3p1": {
                "name": "DeepSeek V3.1",
                "context": 163_840,
                "use": Use.CHAT,
                "price": None,
            },
            "accounts/fireworks/models/qwen2p5-vl-32b-instruct": {"deprecated": "2026-11-30"},
            "accounts/fireworks/models/qwen3-embedding-8b": {"use": Use.EMBEDDING},
            "accounts/fireworks/models/flux-1-schnell-fp8": {"use": Use.IMAGE, "context": None},
            "accounts/acme/models/my-tune": {"use": Use.CHAT, "context": 131_072},
        },
    ),
    "azure-openai": (
        4,
        {
            "team-chat": {"base": "gpt-4o", "use": Use.CHAT, "hidden": False, "deprecated": "2026-10-01"},
            "gpt-5-mini": {"base": "gpt-5-mini", "use": Use.CHAT},
            "search-embeddings": {"base": "text-embedding-3-large", "use": Use.EMBEDDING},
            "half-made": {"hidden": True, "base": "gpt-4.1"},
        },
    ),
    "replicate": (
        4,
        {"openai/gpt-5": {"name": "gpt-5", "use": Use.CHAT, "context": None}, "acme/private-llm": {"use": Use.CHAT}},
    ),
    "bedrock": (
        7,
        {
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0": {
                "base": "anthropic.claude-sonnet-4-5-20250929-v1:0",
                "name": "US Anthropic Claude Sonnet 4.5",
                "use": Use.CHAT,
                "hidden": False,
            },
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0": {"name": "Global Claude Sonnet 4.5"},
            "amazon.nova-pro-v1:0": {"aliases": ("us.amazon.nova-pro-v1:0",), "hidden": False},
            "anthropic.claude-3-5-sonnet-20240620-v1:0": {"deprecated": "2026-12-30", "use": Use.CHAT},
            "amazon.titan-embed-text-v2:0": {"use": Use.EMBEDDING},
            "stability.stable-image-core-v1:1": {"use": Use.IMAGE},
        },
    ),
    "alibaba": (
        5,
        {
            "qwen3-max": {
                "name": "Qwen3-Max",
                "context": 262_144,
                "max_output": 65_536,
                "price": None,
                "released": "2025-11-11",
                "aliases": ("qwen3-max-2025-09-23",),
                "use": Use.CHAT,
            },
            "deepseek-v3.1": {"deprecated": "2026-12-31", "context": 131_072},
            "qwen-image-max": {"use": Use.IMAGE, "context": None, "released": None},
            "text-embedding-v4": {"use": Use.EMBEDDING},
        },
    ),
    "deepseek": (3, {"deepseek-chat": {"use": Use.CHAT, "context": None, "released": None}}),
    "ollama": (
        5,
        {
            "gemma4:latest": {"context": 131_072, "size": 9_608_350_245, "use": Use.CHAT, "remote": False},
            "nomic-embed-text:latest": {"use": Use.EMBEDDING, "context": 2_048},
            "gpt-oss:120b-cloud": {"remote": True, "size": None},
            "llama3.2:latest": {"use": None, "context": None, "size": 2_019_393_189},
        },
    ),
    "lmstudio": (
        3,
        {
            "google/gemma-4-26b-a4b": {"name": "Gemma 4 26B A4B", "context": 4_096, "use": Use.CHAT},
            "deepseek-r1": {"context": 131_072, "size": 40_492_610_355},
            "text-embedding-nomic-embed-text-v1.5-embedding": {"use": Use.EMBEDDING},
        },
    ),
    "openai-compatible": (
        3,
        {"bare-minimum": {"context": None, "use": None}, "with-window": {"context": 32_768}},
    ),
    "nvidia": (
        4,
        {
            "moonshotai/kimi-k3": {"use": None, "released": None},
            "nvidia/nv-embedqa-mistral-7b-v2": {"use": Use.EMBEDDING},
            "meta/llama-guard-4-12b": {"use": Use.OTHER},
        },
    ),
    "huggingface": (
        3,
        {
            "deepseek-ai/DeepSeek-V4-Pro": {"context": 512_000, "price": Price(2.1, 4.4), "hidden": False},
            "google/gemma-3-27b-it": {"context": 40_000, "price": Price(0.25, 0.5)},
            "acme/old-model": {"hidden": True, "price": None},
        },
    ),
    "moonshot": (3, {"kimi-k3": {"context": 1_048_576, "use": Use.CHAT}, "moonshot-v1-8k": {"context": 8_192}}),
    "zai": (3, {"glm-5.2": {"use": Use.CHAT, "context": None}}),
}


def check(entries: list[Entry] | tuple[Entry, ...], count: int, pins: Pins) -> None:
    assert [entry.id for entry in entries if not entry.id] == []
    assert len(entries) == count
    found = {entry.id: entry for entry in entries}
    for model, fields in pins.items():
        assert {name: getattr(found[model], name) for name in fields} == fields, model


def _wanted(row: ProviderSpec, entries: Sequence[Entry]) -> str:
    """What to write down for a new row: as it is read now, to be compared with the sample."""
    first = entries[0]
    use = f"Use.{first.use.name}" if first.use else None
    pins = f'{{"{first.id}": {{"use": {use}, "context": {first.context}}}}}'
    return (
        f"compare this with tests/samples/{row.id}.json, and write it into PINNED of tests/providers/test_pinned.py,"
        f' with what else the sample tells:\n  "{row.id}": ({len(entries)}, {pins}),'
    )


@pytest.mark.parametrize("row", SPECS, ids=lambda row: row.id)
async def test_a_row_reads_its_own_samples(row: ProviderSpec) -> None:
    fetched = await Scene(row).fetch()
    assert row.id in PINNED, _wanted(row, fetched.entries)
    assert fetched.dropped == 0
    assert not fetched.truncated
    assert fetched.size > 0
    check(fetched.entries, *PINNED[row.id])


async def test_openrouter_is_followed_where_it_cuts_its_list() -> None:
    first, second = samples.raw("openrouter-paged"), samples.raw("openrouter-paged.page2")
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=second if "offset=4" in str(request.url) else first)

    row = spec("openrouter")
    async with client(handler) as http:
        fetched = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
    assert asked == [
        "https://openrouter.ai/api/v1/models?output_modalities=all",
        "https://openrouter.ai/api/v1/models?offset=4&limit=4",
    ]
    check(fetched.entries, *PINNED["openrouter"])
