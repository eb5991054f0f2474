"""A day of use in minutes: what a user and the desktop do to the running program in an hour, over and over."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import re
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.bench.processes import memory
from tests.gateway.gateways import events, upstream
from tests.gateway.soaking import ROUTES, Turn, live
from tests.support.desktop import Program
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.served import Answer, Asked, Front, HungUpError, as_json
from tests.support.snihost import Item
from tests.support.upstream import Sent
from tests.whole.home import FINDER, SETTINGS
from tests.whole.program import WINDOW, Host, cli, remembered
from trayapp.cli.entry import main
from trayapp.cli.remote import Remote
from trayapp.cli.windows import PAGES
from trayapp.core.clock import SystemClock
from trayapp.system.paths import find

MODELS = 60
"""Of the provider."""
STREAMS = 12
"""An hour, through the gateway; as many questions besides."""
BUSY = re.compile(r"one event kept the window busy for (\d+) ms: (.*)")


class Look(Struct):
    """What the program holds while nobody asks anything of it."""

    at: float
    """Seconds since the day began."""
    rss: float
    """MB."""
    files: int
    threads: int
    tasks: tuple[str, ...]
    """Names of those on the window's loop."""


def look(pid: int, began: float) -> Look:
    threads, files = (len(list(Path(f"/proc/{pid}/{what}").iterdir())) for what in ("task", "fd"))
    reply = Remote(find()).ask("status")
    tasks = tuple(reply.data["tasks"]) if reply is not None else ()
    return Look(round(time.monotonic() - began, 1), round(memory(pid).rss, 2), files, threads, tasks)


def slope(values: Sequence[float]) -> float:
    """By how much these grow from one to the next: along the line that fits them best."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    along = sum((at - middle) * (value - mean) for at, value in enumerate(values))
    return along / (sum((at - middle) ** 2 for at in range(len(values))) or 1)


def kept_busy() -> dict[str, int]:
    """What the program's own watchdog has logged: events of its code by name and lines, and their milliseconds."""
    found: dict[str, int] = {}
    for path in sorted(find().log_file.parent.glob("trayapp.log*"), reverse=True):
        for ms, what in BUSY.findall(path.read_text("utf-8")):
            found[what] = max(found.get(what, 0), int(ms))
    return found


def told(*words: str, code: int | None = 0) -> None:
    """A command, as if it were typed; in this process, since starting one is most of the time that it takes."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        ended = main(list(words))
    assert code in (None, ended), f"trayapp {' '.join(words)}: {ended}\n{said.getvalue()}"


class Day:
    """The hands, and what they have done."""

    def __init__(
        self,
        env: Mapping[str, str],
        host: Host,
        pointer: Pointer,
        shown: Notifications,
        provider: Provider,
        ollama: Ollama,
        gateway: int,
    ) -> None:
        self.env = dict(env)
        self.host = host
        self.pointer = pointer
        self.shown = shown.shown
        self.provider = provider
        self.ollama = ollama
        self.gateway = f"http://127.0.0.1:{gateway}"
        self.token = ""
        self.key = ""
        self.patient = False
        """There is time for what takes seconds."""
        self.done: Counter[str] = Counter()
        self.took: Counter[str] = Counter()
        """Milliseconds."""
        self.chance = random.Random(24)
        self.keyring = GnomeKeyring(env)

    @property
    def item(self) -> Item:
        return self.host.wait_item()

    def hour(self) -> None:
        """Each of these once, in another order each time."""
        acts = (
            *(self.menu, self.switch, self.refresh, self.streams, self.change, self.settings, self.finder),
            *(self.models, self.guide, self.panel, self.lock, self.server, self.profile, self.asked),
        )
        for act in self.chance.sample(acts, len(acts)):
            began = time.monotonic()
            try:
                act()
            except BaseException as exc:
                exc.add_note(f"in {act.__name__}, after {dict(self.done)}")
                raise
            self.done[act.__name__] += 1
            self.took[act.__name__] += round(1000 * (time.monotonic() - began))

    # -- one by one ---------------------------------------------------------------------------------

    def menu(self) -> None:
        for _again in range(5):
            top = self.host.open(self.item)
            self.host.close(self.item)
            for entry in [it for it in top.children if it.submenu and it.enabled]:
                self.host.menu(self.item, entry.id, 1)

    def switch(self) -> None:
        for _again in range(4):
            model = f"gpt-5-{self.chance.randrange(10, MODELS)}"  # of shorter names the catalogue knows some
            self._pick("OpenAI (", model)
            self.host.wait_row(self.item, f"● OpenAI: {model}")
            assert remembered()["active"] == ["openai", model]

    def refresh(self) -> None:
        self.provider.more = (self.provider.more + 1) % 5  # a list that only grew would be memory that is no leak
        told("refresh", "openai")
        self.host.wait_row(self.item, f"OpenAI ({MODELS + self.provider.more})")

    def streams(self) -> None:
        chance = self.chance
        paths = [path for path in ROUTES if path not in ("/v1/completions", "/api/generate")]
        turns = []
        for number in range(2 * STREAMS):
            path = chance.choice(paths)
            asks, end = ROUTES[path]
            stream = number % 2 == 0
            model = "slow" if stream and chance.random() < 0.2 else "gpt-5-1"
            leaves = "streaming" if model == "slow" else ""
            body = {**asks, "model": f"openai/{model}", "stream": stream}
            turns.append(Turn(path, body, leaves=leaves, end=end if stream and not leaves else b""))
        tally = asyncio.run(live(self.gateway, self.token, self.key, turns))
        assert (tally.wrong, tally.leaks) == ([], []), tally

    def change(self) -> None:
        for name, values in {"inline_models": ("10", "25"), "notify_switch": ("off", "on")}.items():
            for value in values:
                told("settings", "set", name, value)

    def settings(self) -> None:
        for page in self.chance.sample(list(PAGES), 3):
            self._window(SETTINGS, "open", "--settings", page)

    def finder(self) -> None:
        for text in ("gpt-5-1", "oll qwen", "gpt 22 open"):
            self._window(FINDER, "open", "--finder", typed=text)

    def models(self) -> None:
        self._window(WINDOW, "open", "--models", typed="gpt-5-3")

    def guide(self) -> None:
        self._window("trayapp", "open", "--help-page")

    def panel(self) -> None:
        """The desktop's panel crashes, and is back."""
        self.host.restart(0.1)
        self.host.wait_item()
        self.host.wait_row(self.item, "OpenAI (")

    def lock(self) -> None:
        self.keyring.lock()
        told("refresh", "openai", code=None)  # the key that the gateway has in hand goes on being used
        self.menu()
        told("doctor", code=None)
        self.keyring.unlock("test")
        told("refresh", "openai")
        self.host.wait_row(self.item, f"OpenAI ({MODELS + self.provider.more})")

    def server(self) -> None:
        """Ollama ends, and is started again."""
        self.ollama.stop()
        told("refresh", "ollama", code=1)
        self.menu()
        self.ollama.start()
        told("refresh", "ollama")
        self.host.wait_row(self.item, "Ollama (")
        if self.patient:
            told("local", "warm", "ollama/qwen3:8b")  # takes five seconds, as the real one does
            told("local", "unload", "--all")

    def profile(self) -> None:
        told("profile", "save", "Away", "--accounts", "openai")
        told("profile", "use", "Away")
        told("profile", "none")
        told("profile", "remove", "Away")

    def asked(self) -> None:
        cli(self.env, "status")
        for words in (("doctor",), ("usage",), ("gateway", "status"), ("models",), ("cache", "stats")):
            told(*words, code=None)  # the doctor's code says whether something is wrong

    def _pick(self, beginning: str, label: str) -> None:
        """Click a row of a submenu, whose title tells an age: it may grow while it is looked for."""
        for again in range(3):
            title = next(it for it in self.host.menu(self.item, 0, 1).labels if it.startswith(beginning))
            try:
                self.host.click(self.item, title, label)
                return
            except LookupError:
                self.host.close(self.item)
                if again == 2:
                    raise

    def _window(self, name: str, *words: str, typed: str = "") -> None:
        told(*words)
        window = self.pointer.wait_window(name, by="name", smallest=100)
        self.pointer.focus(window)
        if typed:
            self.pointer.type(typed)
        self.pointer.keys("Escape")
        if name == WINDOW:
            self.pointer.keys("Escape")  # the first one empties the search
        self.pointer.wait_no_window(name, by="name", smallest=100)


# -- around it --------------------------------------------------------------------------------------


class Provider:
    """Lists and answers in OpenAI's protocol, on a thread of its own; it takes one key."""

    def __init__(self, key: str) -> None:
        self.more = 0
        """Models that it has besides."""
        self._key = key
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="provider")
        self.front = Front(self._answered, SystemClock())

    def __enter__(self) -> Provider:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.front.start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.front.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _answered(self, asked: Asked) -> Answer:
        self.front.log.clear()
        if asked.headers.get("authorization") != f"Bearer {self._key}":
            return as_json({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
        if asked.path == "/v1/models":
            return as_json({"object": "list", "data": [self._row(at) for at in range(MODELS + self.more)]})
        good = upstream()(Sent(asked.method, asked.target, asked.headers, asked.body))
        if not isinstance(good.body, bytes):
            return as_json(good.body, good.status)
        body, model = good.body, asked.json.get("model", "")
        kind = good.headers.get("content-type", "application/json")
        return Answer(self._pieces(body, model) if asked.json.get("stream") else body, good.status, kind)

    @staticmethod
    def _row(number: int) -> dict[str, Any]:
        return {"id": f"gpt-5-{number}", "object": "model", "created": 1_700_000_000, "owned_by": "me"}

    @staticmethod
    async def _pieces(body: bytes, model: str) -> AsyncGenerator[bytes, None]:
        for number, event in enumerate(events(body)):
            yield event
            await asyncio.sleep(0.001)
            if model == "slow" and number == 3:  # of the first ones, another dialect may make nothing yet
                await asyncio.sleep(5)
                raise HungUpError


class Ollama:
    """A fake one as a process, which ends and begins at the same address."""

    def __init__(self, env: Mapping[str, str], port: int) -> None:
        self._env = dict(env)
        self._port = port
        self.url = f"http://127.0.0.1:{port}"
        self._program: Program | None = None

    def start(self) -> None:
        command = (sys.executable, "-u", "-P", "-m", "tests.support.ollama", "--port", str(self._port))
        self._program = Program(*command, env=self._env, stdout=subprocess.PIPE)
        pipe = self._program.process.stdout
        assert pipe is not None
        ready, _, _ = select.select([pipe], [], [], 20)
        if not ready or b"http" not in pipe.readline():
            raise TimeoutError("the fake Ollama did not start")

    def stop(self) -> None:
        if self._program is not None:
            self._program.end()
            self._program = None


@contextlib.contextmanager
def an_ollama(env: Mapping[str, str], port: int) -> Iterator[Ollama]:
    made = Ollama(env, port)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def lived(day: Day, seconds: float, least: int, looked: Callable[[], Look]) -> list[Look]:
    """Hours until the time is over, ``least`` in any case, and a look after each."""
    looks: list[Look] = []
    until_then = time.monotonic() + seconds
    while len(looks) < least or time.monotonic() < until_then:
        day.hour()
        time.sleep(0.3)  # what an act has left behind ends
        looks.append(looked())
    return looks
