"""Parse functions for servers of the user's own: Ollama, LM Studio, and whatever speaks like OpenAI."""

from __future__ import annotations

import re
from typing import Any

from trayapp.core.models import Use
from trayapp.providers import fields
from trayapp.providers.fields import abilities, at, limit, listed, modalities, part
from trayapp.providers.naming import by_name
from trayapp.providers.spec import Entry

Row = dict[str, Any]

CONTEXT_KEYS = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "max_input_tokens",
    "meta.n_ctx",
    "meta.n_ctx_train",
)
"""Where servers in OpenAI's shape put the window, the first sound one counting."""
_FILE = re.compile(r"(?:.*[/\\])?([^/\\]+\.gguf)", re.IGNORECASE)


def _ollama(row: Row) -> Entry:
    model = row.get("model") or row["name"]
    stated = fields.words(row.get("capabilities"))
    uses = {"completion": Use.CHAT, "embedding": Use.EMBEDDING, "image": Use.IMAGE, "audio": Use.AUDIO}
    remote = bool(row.get("remote_host") or row.get("remote_model"))
    # the list overlooks what only a model's chat template tells, so nothing follows from what is missing
    can, _ = abilities(
        tools="tools" in stated or None, vision="vision" in stated or None, reasoning="thinking" in stated or None
    )
    return Entry(
        id=model,
        use=next((use for name, use in uses.items() if name in stated), by_name(model)),
        context=limit(at(row, "details.context_length")),
        capabilities=can,
        size=None if remote else limit(row.get("size")),
        remote=remote,
    )


def _lmstudio(row: Row) -> Entry:
    loaded = [at(it, "config.context_length") for it in fields.objects(row.get("loaded_instances"))]
    stated = part(row, "capabilities")
    options = at(stated, "reasoning.allowed_options")
    can, lacks = abilities(
        tools=stated.get("trained_for_tool_use"),
        vision=stated.get("vision"),
        reasoning=any(it != "off" for it in options) if isinstance(options, list) else None,
    )
    return Entry(
        id=row["key"],
        name=fields.text(row.get("display_name")),
        use=_lmstudio_use(row),
        context=limit(*loaded, row.get("max_context_length")),
        capabilities=can,
        lacks=lacks,
        size=limit(row.get("size_bytes")),
    )


def _lmstudio_v0(row: Row) -> Entry:
    can, _ = abilities(
        tools=fields.named_in(row.get("capabilities"), "tool_use") or None, vision=row["type"] == "vlm" or None
    )
    return Entry(
        id=row["id"],
        use=_lmstudio_use(row),
        context=limit(row.get("loaded_context_length"), row.get("max_context_length")),
        capabilities=can,
    )


def _lmstudio_use(row: Row) -> Use:
    kind = row["type"]
    return Use.CHAT if kind in ("llm", "vlm") else Use.EMBEDDING if kind.startswith("embedding") else Use.OTHER


def _compatible(row: Row) -> Entry:
    model = row["id"]
    file = _FILE.fullmatch(model)
    inputs = modalities(at(row, "architecture.input_modalities"))
    outputs = modalities(at(row, "architecture.output_modalities"))
    can, lacks = abilities(vision=fields.sees(inputs))
    name = fields.text(row.get("display_name")) or fields.text(row.get("name"))
    return Entry(
        id=model,
        # llama.cpp names a model by the path of its file
        name=name or (file[1] if file and file[1] != model else ""),
        use=by_name(file[1] if file else model) or fields.use_of(outputs),
        context=limit(*(at(row, key) for key in CONTEXT_KEYS)),
        max_output=limit(row.get("max_output_tokens"), row.get("max_completion_tokens")),
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        base=fields.text(row.get("parent")),
    )


ollama = listed("models", row=_ollama)
lmstudio = listed("models", row=_lmstudio)
lmstudio_v0 = listed("data", row=_lmstudio_v0)
compatible = listed("data", "", row=_compatible)
