"""What the tests of the windows are fed with: a few providers, accounts and lists, and a recorder of intents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from trayapp.catalog.metrics import Stats
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import Intent, OpenSettings, Quit, Refresh, Reply
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Model, ModelRef, Price
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.local.residency import Resident, ServerState, Standing, View
from trayapp.providers.spec import Ask, Entry, ProviderSpec
from trayapp.ui.accounts import AccountView, account_views
from trayapp.ui.figures import Overview, overview, report
from trayapp.ui.findings import AccountSeen, Machine, Seen
from trayapp.ui.form import About
from trayapp.ui.memory_menu import memory_menu
from trayapp.ui.menu import Section, TrayView
from trayapp.ui.row import Row, Submenu

ICONS = Path(__file__).parents[2] / "resources" / "icons"
NOW = 1_750_000_000.0


def nothing(_body: Any) -> Iterator[Entry]:
    return iter(())


SPECS = (
    ProviderSpec(
        id="ollama", name="Ollama", base_url="http://127.0.0.1:11434", parse=nothing, local=True, key_required=False
    ),
    ProviderSpec(
        id="lmstudio",
        name="LM Studio",
        base_url="http://127.0.0.1:1234/v1",
        parse=nothing,
        local=True,
        key_required=False,
    ),
    ProviderSpec(
        id="openai",
        name="OpenAI",
        base_url="https://api.openai.com/v1",
        parse=nothing,
        key_env=("OPENAI_API_KEY",),
        keys_url="https://platform.openai.com/api-keys",
    ),
    ProviderSpec(id="mistral", name="Mistral", base_url="https://api.mistral.ai/v1", parse=nothing),
    ProviderSpec(
        id="azure",
        name="Azure OpenAI",
        base_url="https://{resource}.openai.azure.com/openai/v1",
        parse=nothing,
        asks=(Ask("resource", "Resource", "my-company"),),
    ),
)
SETTINGS = Settings(
    accounts=(
        Account("openai", "openai", name="OpenAI – work"),
        Account("openai-private", "openai", name="OpenAI – private", key_from=KeyFrom.ENVIRONMENT),
        Account("mistral", "mistral"),
        Account("azure", "azure"),
    )
)
STATE = State(keyed=("openai@https://api.openai.com:443",), active=ModelRef("openai", "gpt_5"))


def models(provider: str, count: int) -> tuple[Model, ...]:
    return tuple(
        Model(ModelRef(provider, f"m_{at}"), context=128_000, price=Price(3, 15), capabilities=Capability.TOOLS)
        for at in range(count)
    )


LISTINGS = {
    "openai": Listing("openai", models("openai", 41), Source.CACHE, NOW - 7200),
    "mistral": Listing("mistral", (), Source.EMBEDDED, 0.0, Failure(Kind.REFUSED, "mistral")),
    "ollama": Listing("ollama", (), Source.API, NOW, Failure(Kind.NOT_RUNNING, "ollama")),
}


def views(
    settings: Settings = SETTINGS, state: State = STATE, keyring: str = "ok", **more: Any
) -> tuple[AccountView, ...]:
    env = {"openai": "OPENAI_API_KEY"}
    return account_views(settings, state, LISTINGS, SPECS, env, keyring, (), NOW, **more)


def section(provider: str, count: int, title: str = "", **more: Any) -> Section:
    return Section(provider, title or f"{provider.title()} ({count}) – cached 2 h ago", models(provider, count), **more)


def tray_view(*sections: Section, inline: bool = True, head: tuple[Row, ...] = (), **more: Any) -> TrayView:
    return TrayView(
        tooltip="trayapp",
        head=head or (Row("● nothing", enabled=False),),
        sections=sections,
        inline=inline,
        tail=(Row("Refresh", Refresh()), Row("Settings…", OpenSettings()), None, Row("Quit", Quit())),
        **more,
    )


def memory_submenu(*loaded: str, strategy: str | None = "ram") -> Submenu:
    """The submenu “Memory” with these models in Ollama."""
    residents = tuple(Resident(it, it, 4_700_000_000, 4_700_000_000, NOW + 1800, NOW + 750) for it in loaded)
    view = View("ollama", Standing(ServerState.RUNNING), residents, looked=NOW)
    return memory_menu((view,), {"ollama": "Ollama"}, settings=Settings(), state=State(strategy=strategy), now=NOW)


def about() -> About:
    return About(
        version="0.1.0",
        licence="MIT licence",
        places=(
            ("Settings", "/home/somebody/.config/trayapp/settings.toml"),
            ("Lists", "/home/somebody/.cache/trayapp"),
        ),
        editions=("The shipped catalogue is of 1 October 2026.",),
    )


class Desk:
    """Performs intents by writing them down, and starts tasks as the program does."""

    def __init__(self) -> None:
        self.asked: list[Intent] = []
        self.replies: dict[type, Reply] = {}
        self.hold: asyncio.Event | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def perform(self, intent: Intent) -> Reply:
        self.asked.append(intent)
        if self.hold is not None:
            await self.hold.wait()
        return self.replies.get(type(intent), Reply(True, "Done."))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def settle(self) -> None:
        """Until nothing more happens by itself."""
        for _turn in range(20):
            await asyncio.sleep(0)


class Doctor:
    """Tells the Diagnostics page what the test wants it to show, and counts how often it was asked."""

    def __init__(self) -> None:
        self.machine = Machine(version="0.1.0", system="Linux", running=True, tray=True, shipped="2026-10-01")
        self.seen: tuple[AccountSeen, ...] = ()
        self.stats = Stats()
        self.drawn = self.looked = 0
        self.changed: Topic[int] = Topic(0)

    async def look(self) -> Machine:
        self.looked += 1
        return self.machine

    def overview(self, machine: Machine | None) -> Overview:
        self.drawn += 1
        names = {it.id: it.name for it in self.seen}
        return overview(self.stats, names, Seen(machine, self.seen) if machine else None)

    def report(self, machine: Machine) -> str:
        return report(self.stats, Seen(machine, self.seen))

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        return self.changed.listen(lambda _value: changed())


class Status:
    """What the system says about starting with the session."""

    def __init__(self, on: bool, note: str = "") -> None:
        self.on = on
        self.note = note
