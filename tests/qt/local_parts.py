"""What the tests of the page “Local models” are fed with: two servers with models, and a side that writes down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.qt.parts import NOW
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.local.advice import Advice, advised
from trayapp.local.residency import Installed, Loading, Resident, ServerState, Standing, View
from trayapp.local.stats import Usual
from trayapp.qt.local_page import LocalSide

GB = 10**9
QWEN = ModelRef("ollama", "qwen2.5:7b")
LLAMA = ModelRef("ollama", "llama3.3:70b")
CODER = ModelRef("ollama", "deepseek-coder-v2:16b")
INSTALLED = (
    Installed("a", "qwen2.5:7b", 5 * GB),
    Installed("b", "llama3.3:70b", 43 * GB),
    Installed("c", "deepseek-coder-v2:16b", 9 * GB),
    Installed("d", "nomic-embed-text:latest", GB // 4, embedding=True),
    Installed("e", "gpt-oss:120b-cloud", remote=True),
)
RESIDENTS = (
    Resident("a", "qwen2.5:7b", 6 * GB, 6 * GB, NOW + 1500, NOW + 1500, context=8192),
    Resident("b", "llama3.3:70b", 44 * GB, 20 * GB, NOW - 5, NOW + 1800, busy=True),
)
OLLAMA = View("ollama", Standing(ServerState.RUNNING, "0.32.15"), RESIDENTS, (), INSTALLED, NOW)
LMSTUDIO = View("lmstudio", Standing(ServerState.NOT_RUNNING), looked=NOW)
LOADING = Loading("deepseek-coder-v2:16b", NOW - 12, usual=24.0)


class Side:
    """The program as the page sees it, and what the page did with it."""

    def __init__(self, *views: View, state: State | None = None) -> None:
        self.views: Topic[tuple[View, ...]] = Topic(views or (OLLAMA, LMSTUDIO))
        self.state = Topic(state or State())
        self.now = NOW
        self.watched: list[bool] = []
        self.drawn = 0
        self.loads = Usual()
        self.advice = advised(64 * 2**30)
        self.known: tuple[str, ...] = ("openai/gpt-5",)

    async def advise(self) -> Advice | None:
        return self.advice

    def titles(self) -> Mapping[str, str]:
        self.drawn += 1
        return {"ollama": "Ollama", "lmstudio": "LM Studio"}

    def models(self) -> Sequence[str]:
        return self.known

    def side(self) -> LocalSide:
        return LocalSide(
            views=self.views,
            state=self.state,
            watched=self.watched.append,
            titles=self.titles,
            models=self.models,
            loads=lambda: self.loads,
            advise=self.advise,
            now=lambda: self.now,
        )
