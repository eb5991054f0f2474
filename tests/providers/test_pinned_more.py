"""What models can do, by hand from the samples; and the other lists that the same servers have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.scene import Scene
from tests.providers.test_pinned import Pins, check
from tests.support import samples
from trayapp.core.models import Capability, Use
from trayapp.providers import shapes, shapes_local, shapes_own
from trayapp.providers.table import spec

TOOLS, VISION, REASONING, STRUCTURED = (
    Capability.TOOLS,
    Capability.VISION,
    Capability.REASONING,
    Capability.STRUCTURED,
)
ABLE: list[tuple[str, str, Capability, bool | None]] = [
    ("anthropic", "claude-opus-5", VISION, True),
    ("anthropic", "claude-opus-5", REASONING, True),
    ("anthropic", "claude-unknown-preview", TOOLS, True),
    ("anthropic", "claude-unknown-preview", REASONING, None),
    ("gemini", "gemini-2.5-pro", REASONING, True),
    ("gemini", "gemma-3-27b-it", REASONING, None),
    ("openrouter", "anthropic/claude-sonnet-4.5", TOOLS, True),
    ("openrouter", "deepseek/deepseek-r1:free", TOOLS, False),
    ("openrouter", "deepseek/deepseek-r1:free", REASONING, True),
    ("openrouter", "google/gemini-2.5-flash-image", VISION, True),
    ("mistral", "codestral-2508", VISION, False),
    ("mistral", "magistral-medium-2509", REASONING, True),
    ("cohere", "command-a-vision-07-2025", TOOLS, False),
    ("cohere", "command-a-vision-07-2025", VISION, True),
    ("cohere", "rerank-v3.5", TOOLS, None),
    ("cerebras", "gemma-4-31b", VISION, True),
    ("cerebras", "gpt-oss-120b", VISION, False),
    ("xai", "grok-4-0709", VISION, True),
    ("deepinfra", "Qwen/Qwen3-VL-30B-A3B-Instruct", VISION, True),
    ("fireworks", "accounts/fireworks/models/qwen2p5-vl-32b-instruct", VISION, True),
    ("fireworks", "accounts/acme/models/my-tune", TOOLS, False),
    ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", VISION, True),
    ("alibaba", "qwen3-max", TOOLS, True),
    ("alibaba", "qwen3-vl-plus", VISION, True),
    ("alibaba", "deepseek-v3.1", STRUCTURED, False),
    ("ollama", "qwen3:8b", TOOLS, True),
    ("ollama", "qwen3:8b", VISION, None),
    ("lmstudio", "google/gemma-4-26b-a4b", REASONING, True),
    ("lmstudio", "deepseek-r1", VISION, False),
    ("huggingface", "deepseek-ai/DeepSeek-V4-Pro", TOOLS, True),
    ("huggingface", "google/gemma-3-27b-it", TOOLS, None),
    ("huggingface", "google/gemma-3-27b-it", VISION, True),
    ("moonshot", "moonshot-v1-8k", VISION, False),
]


@pytest.mark.parametrize(("row", "model", "capability", "able"), ABLE)
async def test_what_a_model_can_do_is_yes_no_or_unknown(
    row: str, model: str, capability: Capability, able: bool | None
) -> None:
    found = {entry.id: entry for entry in (await Scene(spec(row)).fetch()).entries}[model]
    stated = True if found.capabilities & capability else False if found.lacks & capability else None
    assert stated is able


OTHER_LISTS: list[tuple[str, Any, int, Pins]] = [
    (
        "vllm",
        shapes_local.compatible,
        2,
        {
            "Qwen/Qwen3-30B-A3B": {"context": 131_072},
            "sql-lora": {"context": None, "base": "Qwen/Qwen3-30B-A3B"},
        },
    ),
    (
        "llamacpp",
        shapes_local.compatible,
        2,
        {
            "../models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf": {
                "name": "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
                "context": 8_192,
                "use": Use.CHAT,
            },
            "loading.gguf": {"name": "", "context": None},
        },
    ),
    (
        "localai",
        shapes_local.compatible,
        3,
        {"gpt-4": {"use": None}, "whisper-1": {"use": Use.AUDIO}, "bert-embeddings": {"use": Use.EMBEDDING}},
    ),
    ("litellm", shapes_local.compatible, 3, {"gpt-4o": {"context": 128_000, "max_output": 16_384}}),
    ("ollama-openai", shapes_local.compatible, 2, {"acme/tuned:latest": {"context": None}}),
    (
        "lmstudio-v0",
        shapes_local.lmstudio_v0,
        3,
        {
            "qwen2-vl-7b-instruct": {"context": 32_768, "use": Use.CHAT, "capabilities": int(VISION)},
            "meta-llama-3.1-8b-instruct": {"context": 8_192},
            "text-embedding-nomic-embed-text-v1.5": {"use": Use.EMBEDDING},
        },
    ),
    ("fireworks-inference", shapes.fireworks_inference, 3, {"accounts/acme/models/my-tune": {"use": Use.CHAT}}),
    ("alibaba-compatible", shapes.plain, 3, {"text-embedding-v4": {"use": Use.EMBEDDING}}),
    ("bedrock-mantle", shapes.plain, 3, {"openai.gpt-oss-120b": {"use": None}}),
    ("perplexity-agent", shapes.plain_chat, 4, {"perplexity/sonar": {"price": None}}),
    ("replicate-models", shapes_own.replicate, 3, {"acme/hello-world": {"name": "hello-world"}}),
]


@pytest.mark.parametrize(("sample", "parse", "count", "pins"), OTHER_LISTS, ids=[it[0] for it in OTHER_LISTS])
def test_other_lists_of_the_same_servers_are_read_too(sample: str, parse: Any, count: int, pins: Pins) -> None:
    entries = [entry for entry in parse(samples.data(sample)) if entry is not None]
    check(entries, count, pins)
