"""What a fake Ollama has on its disk, and which version it takes itself for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

FOLDER = "/usr/share/ollama/.ollama/models"
_RUNNER_OPTIONS: dict[str, type] = {
    "num_ctx": int,
    "num_batch": int,
    "num_gpu": int,
    "main_gpu": int,
    "use_mmap": bool,
    "num_thread": int,
    "draft_num_predict": int,
}
_NAMED = {int: "integer", bool: "boolean"}


class RefusedError(Exception):
    """What a route answers instead: a status and Ollama's words."""

    def __init__(self, status: int, text: str, **more: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.more = more


class FakeModel(Struct, kw_only=True):
    """One model. Its switches may be turned while the server runs. Times are seconds, sizes bytes."""

    name: str
    blob: str = ""
    """Its weights; two models that name the same one are aliases. Its own, made from the name, where empty."""
    size: int = 4_000_000_000
    load: float = 4.0
    """A load from the disk."""
    reload: float | None = None
    """A load out of the file cache; a quarter of ``load`` unless given."""
    prompt: float = 0.1
    answer: float = 0.4
    tokens: int = 4
    """Pieces that an answer comes in."""
    capabilities: tuple[str, ...] = ("completion", "tools")
    shown: tuple[str, ...] | None = None
    """Capabilities in ``/api/show`` where they differ from those in ``/api/tags``."""
    parameters: Mapping[str, Any] = {}
    """The Modelfile's ``PARAMETER`` lines."""
    context: int = 131_072
    """Tokens it was trained for, which no ``num_ctx`` exceeds."""
    family: str = "llama"
    on_gpu: float = 1.0
    """The share of it that goes to a GPU."""
    remote_model: str = ""
    remote_host: str = ""
    modified: float = 0.0
    oom: bool = False
    """Every load of it ends out of memory."""
    oom_at_answer: bool = False
    stalls: bool = False
    """Its loads never get anywhere."""

    def __post_init__(self) -> None:
        self.name = full(self.name)
        self.blob = self.blob or hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def path(self) -> str:
        """Where its weights are; the scheduler's key."""
        return f"{FOLDER}/blobs/sha256-{self.blob}"

    @property
    def digest(self) -> str:
        """Of its manifest: the same for a plain copy, another one with other parameters."""
        parts = (self.blob, sorted(self.parameters.items()), self.remote_model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def embeds(self) -> bool:
        """It makes embeddings and nothing else."""
        return "embedding" in self.capabilities and "completion" not in self.capabilities

    @property
    def cached_load(self) -> float:
        return self.load / 4 if self.reload is None else self.reload

    @property
    def details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": f"{self.size / 600_000_000:.1f}B",
            "quantization_level": "Q4_K_M",
        }


def embedding(name: str, **more: Any) -> FakeModel:
    """A model that only makes embeddings."""
    given = {"size": 300_000_000, "load": 1.0, "context": 2048, "family": "nomic-bert", **more}
    return FakeModel(name=name, capabilities=("embedding",), **given)


def cloud(name: str, **more: Any) -> FakeModel:
    """A stub of a model that runs elsewhere, as ``ollama pull`` leaves it."""
    remote = re.sub(r"[:-]cloud\Z", "", name)
    return FakeModel(name=name, size=317, remote_model=remote, remote_host="https://ollama.com:443", **more)


def samples() -> tuple[FakeModel, ...]:
    """Some of each kind, for looking at a real program."""
    return (
        FakeModel(name="llama3.2", size=2_019_393_189, load=3.0, answer=3.0, tokens=30, modified=5),
        FakeModel(name="qwen3:8b", size=5_225_388_164, load=6.0, answer=4.0, tokens=40, on_gpu=0.6, modified=4),
        FakeModel(name="deepseek-coder:6.7b", size=3_827_834_503, load=5.0, answer=4.0, tokens=40, modified=3),
        FakeModel(name="gpt-oss:20b", size=13_793_441_244, load=12.0, answer=6.0, tokens=50, on_gpu=0.0, modified=2),
        embedding("nomic-embed-text", modified=1),
        cloud("gpt-oss:120b-cloud"),
    )


def full(name: str) -> str:
    """``name:tag`` as ``/api/ps`` and ``/api/tags`` have it."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def runs_in_cloud(name: str) -> bool:
    """By its form alone: ``name:cloud``, ``name:tag-cloud``, ``name:tag:cloud``; ``:local`` wins."""
    tag = name.lower().partition(":")[2]
    return tag.rpartition(":")[2] != "local" and (tag.rpartition(":")[2] == "cloud" or tag.endswith("-cloud"))


class Options(Struct, frozen=True):
    """What a runner is started with; another value of any of them is another runner."""

    num_ctx: int
    num_batch: int = 512
    num_gpu: int = -1
    main_gpu: int = 0
    use_mmap: bool | None = None
    num_thread: int = 0
    draft_num_predict: int = 0
    shift: bool = True
    context_chosen: bool = False
    """``num_ctx`` was asked for, by the request or by the model; else the server chose it."""


def options_of(model: FakeModel, asked: Mapping[str, Any], shift: bool | None, context: int) -> Options:
    """The server's defaults, the model's parameters, the request's options. Raises RefusedError (500) on a wrong type.

    What is no runner option, or none at all, is left out.
    """
    for name, value in asked.items():
        wanted = _RUNNER_OPTIONS.get(name)
        if wanted is not None and value is not None and type(value) is not wanted:
            raise RefusedError(500, f'option "{name}" must be of type {_NAMED[wanted]}')
    given = {**model.parameters, **{name: value for name, value in asked.items() if value is not None}}
    chosen = {name: value for name, value in given.items() if name in _RUNNER_OPTIONS}
    wish = max(int(chosen.pop("num_ctx", context)), 2048 if "vision" in model.capabilities else 4)
    return Options(
        **chosen,
        num_ctx=min(wish, model.context),
        shift=True if shift is None else shift,
        context_chosen="num_ctx" in given,
    )


class Features(Struct, frozen=True):
    """What a version has or lacks (section 10 of the notes on local servers)."""

    ps: bool = True
    ps_context: bool = True
    ps_lists_loading: bool = False
    tags_tell: bool = True
    """Capabilities and context in ``/api/tags``."""
    show_capabilities: bool = True
    responses: bool = True
    messages: bool = True


def features_of(version: str) -> Features:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    at = (*numbers, 0, 0, 0)[:3]
    return Features(
        ps=at >= (0, 1, 33),
        ps_context=at >= (0, 11, 0),
        ps_lists_loading=at < (0, 30, 0),
        tags_tell=at >= (0, 30, 0),
        show_capabilities=at >= (0, 7, 0),
        responses=at >= (0, 13, 3),
        messages=at >= (0, 14, 0),
    )


class Limits(Struct, frozen=True, kw_only=True):
    """The server's environment, and the machine it is on."""

    keep_alive: str = "5m"
    """``OLLAMA_KEEP_ALIVE``."""
    max_loaded: int = 3
    num_parallel: int = 1
    max_queue: int = 512
    load_timeout: float = 300.0
    context: int = 4096
    """The automatic one."""
    vram: int | None = None
    """Bytes of GPU memory; None: never short."""
    ram: int | None = None
    """Bytes above which a load ends out of memory; None: never."""
    unload: float = 0.1
    """Seconds until a killed runner is gone from the list."""
    vram_wait: float = 0.0
    """Seconds after that until its GPU memory is free; no other unload begins before."""
    file_cache: float = 3600.0
    """Seconds for which a model's file stays cached after its load."""
    mmap: bool = True
    """What ``use_mmap`` comes to where nobody chose it."""
    deadlocks: bool = True
    """A request that carries keep_alive can undo an eviction (#17408); False: where that was repaired."""
