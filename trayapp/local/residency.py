"""The words of the policy: what is loaded, for how long, under which strategy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from trayapp.core.local_settings import LocalSettings

NEVER = float("inf")
"""An expiry that does not come: ``keep_alive: -1``, or a server that knows no expiry."""
NEVER_LEASE = 2_592_000.0
"""Seconds, thirty days: the lease of a model that is never to be unloaded. Finite, so that it outlives nobody for
ever, and each use renews it."""
FIRST_ANSWER = 300.0
"""Seconds, Ollama's own default: how long a model warmed up under “none” waits for its first request."""


class ServerState(StrEnum):
    """How a local server stands; each has its sentence in ``ui``."""

    UNKNOWN = "unknown"
    """Not looked at yet."""
    RUNNING = "running"
    NOT_RUNNING = "not-running"
    STARTING = "starting"
    """It accepts connections and does not answer yet."""
    TOO_OLD = "too-old"
    """It has no route that lists what is loaded."""
    REFUSING = "refusing"
    """It refuses us by Origin or Host (403 with an empty body)."""
    WRONG_PROGRAM = "wrong-program"
    """Somebody else listens there."""
    UNREACHABLE = "unreachable"
    """A server elsewhere that does not answer."""


class Standing(Struct, frozen=True):
    """What the last look at a server said about itself."""

    state: ServerState = ServerState.UNKNOWN
    version: str = ""
    remote: bool = False
    """On another computer: advice about memory does not hold there."""
    detail: str = ""


class Strategy(Struct, frozen=True):
    """How long idle models stay, and how many (requirements S3-4 to S3-14)."""

    id: Literal["ram", "ssd", "none"]
    max_models: int = 0
    """Idle models at most; 0: none stays."""
    keep: float = 0.0
    """Seconds after the last use."""
    eviction: str = "lru"
    """``lru`` or ``immediate``, as in the settings."""

    @property
    def keep_alive(self) -> str:
        """As Ollama's users write it: ``"1800s"``, and ``"0"`` for none (S3-20). On the wire it is a number."""
        return f"{self.keep:.0f}s" if self.keep else "0"


def strategy_of(settings: LocalSettings, id: str | None) -> Strategy | None:
    """The strategy of that name with the user's figures; None: nothing is touched."""
    match id:
        case "ram":
            return Strategy("ram", settings.ram_max_models, settings.ram_keep_seconds, settings.ram_eviction)
        case "ssd":
            return Strategy("ssd", settings.ssd_max_models, settings.ssd_keep_seconds, settings.ssd_eviction)
        case "none":
            return Strategy("none")
    return None


class Figures(Struct, frozen=True):
    """What the policy goes by for one server: the user's wishes, without where they are stored."""

    strategy: Strategy | None = None
    never: frozenset[str] = frozenset()
    """Canonical names of models that are never unloaded: exceptions, and those kept by hand."""
    always: frozenset[str] = frozenset()
    """Canonical names of models that leave right after their answer."""
    read_ahead: bool = False


class Seen(Struct, frozen=True):
    """One model in memory, exactly as its server lists it at one look."""

    key: str
    """The same for all names of one model: Ollama's digest, LM Studio's model key."""
    name: str
    """As the server calls it: ``name:tag``; an instance's id at LM Studio."""
    size: int = 0
    """Bytes in memory; 0 where the server does not say."""
    vram: int = 0
    """Bytes of them on a GPU."""
    context: int | None = None
    """Tokens that this load has room for."""
    expires: float = NEVER
    """Seconds since the epoch; in the past: busy, or leaving."""
    stamp: float | None = None
    """The same moment exactly as the server says it, even where it is never to come (some 292 years ahead): each use
    moves it. None where there is none."""
    used: float | None = None
    """Seconds since the epoch of its last use, where the server itself says so."""
    busy: bool | None = None
    """Where the server itself says so."""
    remote: bool = False
    """Runs elsewhere though listed here; never touched."""


class Installed(Struct, frozen=True):
    """One model on the server's disk."""

    key: str
    name: str
    size: int = 0
    remote: bool = False
    """Runs in the cloud; never touched."""
    embedding: bool = False
    """Known to make embeddings only; it is loaded by another route."""


class Server(Protocol):
    """What a local server can be asked; each call is one request. Raises ProviderError by cause."""

    leases: bool
    """It takes a lifetime for a model that is loaded already."""
    says_use: bool
    """Its list of loaded models tells when each was used, by itself or through its expiry."""

    async def stand(self) -> Standing:
        """Who is there. Never raises."""

    async def loaded(self) -> tuple[Seen, ...]: ...

    async def installed(self) -> tuple[Installed, ...]: ...

    async def load(self, model: Installed, lease: float) -> None:
        """Load it with the server's own options. Waits as long as it takes; cancelling gives the load up."""

    async def lease(self, model: Seen, seconds: float, *, embedding: bool = False) -> float:
        """Set how long it stays after each use; gives the seconds that the call took. Never for remote models."""

    async def unload(self, model: Seen) -> None:
        """Have it leave, as soon as its answer is done. Raises Kind.GONE where its name is no longer known."""


class Note(StrEnum):
    """What is out of the ordinary about a loaded model."""

    DRIFT = "drift"
    """Another program set how long it stays."""
    HIDDEN = "hidden"
    """It was loaded with options that nobody can see: it is only unloaded, never given a lease."""
    DELETED = "deleted"
    """Its files were deleted: it stays until the server ends."""
    UNUSED = "unused"
    """The server does not say when it was used, so it is left alone."""


class Resident(Struct, frozen=True):
    """One model in memory, as it is shown."""

    key: str
    name: str
    size: int
    vram: int
    expires: float
    """When the server lets it go, seconds since the epoch; NEVER; in the past: busy."""
    due: float
    """When the policy lets it go, seconds since the epoch; NEVER while it does not."""
    context: int | None = None
    kept: bool = False
    """Never unloaded, by exception or by hand."""
    busy: bool = False
    leaving: bool = False
    """Told to leave; it goes when its answer is done."""
    note: Note | None = None

    @property
    def gpu(self) -> float | None:
        """The share that is on a GPU, 0 to 1; None where the size is not known."""
        return min(1.0, self.vram / self.size) if self.size else None


class Loading(Struct, frozen=True):
    """A load that we started."""

    name: str
    since: float
    """Seconds since the epoch at which it was asked for."""
    waiting: bool = False
    """Another load comes first: local servers load one model at a time."""
    usual: float | None = None
    """Seconds that its loads took so far, on average."""
    stuck: bool = False
    """It waits for longer than it should, and room is being made for it."""


class View(Struct, frozen=True):
    """One server as the menu, the settings and the command line show it."""

    account: str
    standing: Standing = Standing()
    residents: tuple[Resident, ...] = ()
    loading: tuple[Loading, ...] = ()
    installed: tuple[Installed, ...] = ()
    looked: float = 0.0
    """Seconds since the epoch of the look that this shows; 0: never."""


def canonical(name: str) -> str:
    """A model's name as Ollama keeps it: with its tag, in lower case, without the default registry."""
    text = name.strip().casefold()
    text = text.removeprefix("registry.ollama.ai/").removeprefix("library/")
    return text if ":" in text.rpartition("/")[2] else f"{text}:latest"


def in_cloud(name: str) -> bool:
    """Whether Ollama would pass a request for this name on to its cloud (``internal/modelref``)."""
    tag = name.strip().casefold().rpartition("/")[2].partition(":")[2]
    if tag == "local" or tag.endswith(":local"):
        return False
    return tag == "cloud" or tag.endswith(("-cloud", ":cloud"))


def treated(exceptions: Mapping[str, str], how: str) -> frozenset[str]:
    """The canonical names that the exceptions treat this way."""
    return frozenset(canonical(name) for name, treatment in exceptions.items() if treatment == how)
