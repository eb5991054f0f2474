"""What the tests of the quick switcher search in: a few accounts with models of all kinds."""

from __future__ import annotations

from typing import Any

from trayapp.core.models import Capability, Model, ModelRef, Price
from trayapp.core.state import State
from trayapp.local.residency import View
from trayapp.ui.finder import Found, search
from trayapp.ui.finder_index import Index, Source, indexing, marks
from trayapp.ui.finder_query import parse

TOOLS, VISION = Capability.TOOLS, Capability.VISION


def model(provider: str, id: str, name: str = "", **more: Any) -> Model:
    return Model(ModelRef(provider, id), name, **more)


def ref(text: str) -> ModelRef:
    return ModelRef.parse(text)


SOURCES = (
    Source(
        "ollama",
        "Ollama",
        (
            model("ollama", "qwen3:8b", context=40_960, capabilities=int(TOOLS), size=5_200_000_000),
            model("ollama", "llama-3.2-vision", context=131_072),
            model("ollama", "gpt-oss:120b-cloud", remote=True),
        ),
        local=True,
    ),
    Source(
        "work",
        "OpenAI – work",
        (
            model("work", "gpt-5", "GPT-5", context=400_000, price=Price(1.25, 10), capabilities=int(TOOLS | VISION)),
            model("work", "gpt-5-mini", "GPT-5 mini", context=400_000, price=Price(0.25, 2), aliases=("mini",)),
            model("work", "sol", "Sol", context=1_000_000, price=Price(0.5, 4)),
        ),
        hidden=(model("work", "gpt-3.5", "GPT-3.5"),),
        new=frozenset({"sol"}),
    ),
    Source(
        "router",
        "OpenRouter",
        (
            model("router", "solar/pro", "Solar Pro", context=32_768, price=Price(0, 0)),
            model("router", "meta/console", "Console", context=204_800, price=Price(1, 1)),
            model("router", "café/crème", "Café Crème"),
        ),
    ),
)


def index_of(*sources: Source) -> Index:
    """The index at once."""
    making = indexing(sources or SOURCES)
    while True:
        try:
            next(making)
        except StopIteration as done:
            made: Index = done.value
            return made


def ids(index: Index, found: Found) -> list[str]:
    return [index.candidates[at].model.ref.model for at in found.places]


def find(text: str, state: State | None = None, local: tuple[View, ...] = (), index: Index | None = None) -> list[str]:
    """The ids of what is found for this text, in order."""
    index = index or index_of()
    return ids(index, search(index, parse(text), marks(index, state or State(), local)))
