"""Keys that are typed, stored, refused, echoed and crashed upon are nowhere but in the keyring and in their header."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support import canary as canaries
from tests.support.desktop import ROOT, Program, until
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.snihost import Item
from tests.support.upstream import Reply, Sent
from tests.whole.canary import BusTap, Family, Places, called, stand_ins
from tests.whole.home import in_keyring
from tests.whole.program import COMMAND, Host, Served, Trayapp, answer, listing, set_up
from tests.whole.reader import Reader
from trayapp.cli.windows import PAGES
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.system.paths import find

LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are looked into by /proc: this system has no /proc"
)
pytestmark = LINUX
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})
COMMANDS = (
    *("status --json", "doctor", "doctor --json", "key list", "key list --json", "providers --json", "models --json"),
    *("current", "cache stats", "cache stats --json", "catalog status", "gateway status --json", "gateway url"),
    *("usage --json", "usage --by request --csv", "settings list", "local status --json", "local status", "profile"),
    *("route hello", "login status", "paths", "export", "completion bash", "completion zsh", "completion fish"),
    *("complete -- key set ", "complete --described -- settings set ", "--help", "key set --help", "unknown"),
)
"""Everything that tells something, as it is typed."""


class Provider:
    """A provider of OpenAI's protocol that takes ``keys``, and does with what it was shown as ``mode`` says."""

    def __init__(self, *keys: str, elsewhere: str) -> None:
        self.keys = keys
        self.mode = ""
        self.elsewhere = elsewhere

    def __call__(self, sent: Sent) -> Reply:
        shown = sent.headers.get("authorization", "").removeprefix("Bearer ")
        if self.mode:
            return MODES[self.mode](shown, self.elsewhere)
        if shown not in self.keys:
            return MODES["echo"](shown, self.elsewhere)
        return WHOLE if sent.path == CHAT else answer("gpt-4", "gpt-5")


MODES: dict[str, Callable[[str, str], Reply]] = {
    "echo": lambda key, _to: Reply(
        status=401,
        body={
            "error": {"message": f"Incorrect API key provided: {key}. Sent: Bearer {key}", "code": "invalid_api_key"}
        },
        headers={"www-authenticate": f'Bearer error="{key}"', "x-request-id": key, "x-ratelimit-limit-requests": key},
    ),
    "limit": lambda key, _to: Reply(
        status=429, body={"error": {"message": f"{key} is out of credit"}}, headers={"retry-after": key}
    ),
    "page": lambda key, _to: Reply(
        status=500, body=f"<html><title>{key}</title>{key}</html>".encode(), headers={"content-type": "text/html"}
    ),
    "redirect": lambda key, to: Reply(status=307, headers={"location": f"{to}/v1/models?api_key={key}"}),
    "reason": lambda key, _to: Reply(raw=f"HTTP/1.1 403 {key}\r\nContent-Length: 0\r\n\r\n".encode()),
    "noise": lambda key, _to: Reply(raw=f"{key} is no HTTP\r\n\r\n".encode()),
    "header": lambda key, _to: Reply(raw=f"HTTP/1.1 200 OK\r\n{key}\x00: {key}\r\n\r\n".encode()),
    "length": lambda key, _to: Reply(raw=f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n{key}".encode()),
    "coding": lambda key, _to: Reply(body=b"x", headers={"content-encoding": key}),
    "list": lambda key, _to: Reply(body={"error": key, "data": {"id": key}}),
}


class Scene:
    """The keys, who takes them, and what was seen."""

    def __init__(self, env: dict[str, str], canary: str, provider: Served, elsewhere: Served, port: int) -> None:
        self.env = env
        self.stored = canary
        self.port = port
        self.typed, self.inherited, self.refused = canaries.fresh(), canaries.fresh(), canaries.fresh()
        self.plain = f"quiet.{canaries.fresh()[-9:-3].lower()}.canary"
        """One that has the shape of no key: only who knows it can strike it out."""
        self.all = (self.stored, self.typed, self.inherited, self.refused, self.plain)
        self.provider = Provider(self.stored, self.typed, self.inherited, self.plain, elsewhere=elsewhere.url)
        self.served, self.elsewhere = provider, elsewhere
        self.places = Places(*self.all)

    def run(self, *words: str, typed: str = "", command: tuple[str, ...] = COMMAND) -> int:
        """One command; all that it says is looked at."""
        ran = subprocess.run(
            [*command, *words],
            env=self.env,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            cwd=ROOT,
        )
        self.places.look("commands", " ".join(words) or "a start", ran.stdout + ran.stderr)
        return ran.returncode

    def ask(self, token: str) -> None:
        """A tool asks through the gateway, at once and as a stream."""
        for stream in (False, True):
            body = {"model": "current", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
            told = httpx.post(
                f"http://127.0.0.1:{self.port}{CHAT}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=20,
            )
            # what a provider says in an answer that is no error passes unread; it knows its own key
            text = "" if told.status_code == 200 else told.text
            self.places.look("answers of the gateway", f"{told.status_code}", f"{told.headers}\n{text}")

    def sent(self) -> list[str]:
        """Requests in which a key stood anywhere but in its header, or went to somebody else."""
        wrong = [f"{it.method} to another host" for it in self.elsewhere.requests]
        for it in self.served.requests:
            others = {name: value for name, value in it.headers.items() if name != "authorization"}
            whole = f"{it.target} {others} {it.body.decode('utf-8', 'replace')}"
            wrong += [f"{it.method} {it.path}" for key in self.all if key in whole]
        return wrong


@pytest.fixture
def scene(desk_keyring: dict[str, str], canary: str) -> Iterator[Scene]:
    """Three accounts: a key in the keyring, one of no shape, and one in the environment."""
    env = desk_keyring
    held: list[Provider] = []
    with Served({}) as elsewhere, Served(lambda sent: held[0](sent)) as served:
        port = free_port()
        made = Scene(env, canary, served, elsewhere, port)
        held.append(made.provider)
        env |= {
            "GROQ_API_KEY": made.inherited,
            "TMPDIR": str(Path(env["HOME"]) / "tmp"),
            "PATH": stand_ins(env, xdg_open="exit 0", nvidia_smi="exit 1", lms="echo '[]'"),
        }
        Path(env["TMPDIR"]).mkdir()
        url = f"{served.url}/v1"
        accounts = (
            Account("openai", "openai", base_url=url, timeouts="local"),
            Account("lab", "openai-compatible", "Lab", base_url=url, timeouts="local"),
            Account("groq", "groq", base_url=url, timeouts="local", key_from=KeyFrom.ENVIRONMENT),
        )
        set_up(
            *accounts,
            lists=(listing("openai", "gpt-4"),),
            state=State(active=ModelRef("openai", "gpt-4")),
            gateway=True,
            gateway_port=port,
        )
        yield made


def texts(host: Host, item: Item, reader: Reader, scene: Scene, told: Notifications) -> None:
    """What eyes and ears get at this moment."""
    scene.places.look("menu", "the menu", f"{host.menu(item).dump()}\n{host.tooltip(item)}")
    for one in told.shown:
        scene.places.look("notifications", one.title, f"{one.title}\n{one.text}\n{one.actions}\n{one.hints}")
    for part in reader.parts():
        said = f"{part.name}\n{reader.typed(part) if part.role == 'text' else ''}"
        scene.places.look("windows", part.role, said)


@pytest.mark.timeout_s(240)
def test_no_key_leaves_the_program_but_to_the_keyring_and_to_its_own_provider(
    scene: Scene, host: Host, reader: Reader, pointer: Pointer, notifications: Notifications
) -> None:
    env, places = scene.env, scene.places
    with BusTap(env["DBUS_SESSION_BUS_ADDRESS"]) as tap:
        assert scene.run("key", "set", "openai", typed=f"{scene.stored}\n") == 0
        assert scene.run("key", "set", "lab", typed=scene.plain) == 0
        assert scene.run("key", "set", "openai", typed=scene.refused) == 1
        with Trayapp(env, "--debug") as program, Family(program.pid) as family:
            item = host.wait_item()
            for name in ("OpenAI (2)", "Lab (2)", "Groq (2)"):
                host.wait_row(item, name)
            scene.run("gateway", "token", "--new", "editor")
            token = until(lambda: tool_token(env), "a token")
            scene.ask(token)
            type_a_key(scene, host, item, reader, pointer)

            for number, mode in enumerate(MODES):
                scene.provider.mode = mode
                scene.run("refresh")
                account = ("lab", "openai", "groq")[number % 3]
                scene.run("key", "test", account)
                scene.run("use", f"{account}/gpt-4")
                scene.ask(token)
                texts(host, item, reader, scene, notifications)
            scene.run("key", "set", "lab", typed=scene.refused)
            for words in COMMANDS:
                scene.run(*words.split(" "))
            scene.run("export", str(Path(env["HOME"]) / "exported.json"))
            for page in PAGES:
                scene.run("open", "--settings", page)
                pointer.wait_window("Settings", by="name")
                texts(host, item, reader, scene, notifications)
            places.look_mapped(program.pid)
            scene.provider.mode = ""
            host.click(item, "Quit")
            assert program.wait_end() == 0
    for name, arguments in family.arguments():
        places.look("arguments", name, arguments)
    for name, variables in family.environments():
        places.look("environments of children", name, variables)
    assert called(env, "xdg-open"), "the page where keys are made was opened by another program"
    places.look("bus", "every message", tap.heard)
    places.look_below("files", Path(env["HOME"]))
    print(places)
    assert places.found == []
    assert scene.sent() == []
    assert in_keyring(env)[f"openai@{scene.served.url}"] == scene.typed
    assert b"dh-ietf1024-sha256-aes128-cbc-pkcs7" in tap.heard
    assert tap.heard.count(b"OpenSession") > 2
    assert {sent.headers.get("authorization", "")[7:] for sent in scene.served.requests} >= set(scene.all)
    for kind, least in {"files": 30, "commands": 70, "windows": 200, "notifications": 1, "mapped": 100}.items():
        assert places.things[kind] >= least, (kind, places.things[kind])
    assert len(tap.heard) > 100_000
    assert find(env).log_file.stat().st_size > 1000


def type_a_key(scene: Scene, host: Host, item: Item, reader: Reader, pointer: Pointer) -> None:
    """A wrong one first, then a good one; the page where keys are made is opened on the way."""
    scene.run("open", "--settings", "providers")
    pointer.focus(pointer.wait_window("Settings", by="name"))
    pointer.click(*reader.middle(reader.wait("OpenAI\n", "list item")))
    pointer.click(*reader.middle(reader.wait("Set key…", "push button")))
    pointer.focus(pointer.wait_window("Key for OpenAI", by="name"))
    pointer.click(*reader.middle(reader.wait("Open the key page", "push button")))
    until(lambda: called(scene.env, "xdg-open"), "the key page to open")
    pointer.click(*reader.middle(reader.wait("Key", "text")))
    pointer.type(scene.refused)
    pointer.keys("Return")
    reader.wait("OpenAI refused the key.", "label")
    for part in reader.parts():
        scene.places.look("windows", part.role, part.name)
    pointer.keys("ctrl+a")
    pointer.type(f" {scene.typed}")
    pointer.keys("Return")
    reader.wait("Key stored in the keyring.", "label")
    pointer.keys("Return")
    pointer.wait_no_window("Key for OpenAI", by="name")
    scene.run("open", "--settings", "general")


def tool_token(env: Mapping[str, str]) -> str:
    """The token that tools show; it is ours to give out, and no key."""
    ran = subprocess.run([*COMMAND, "gateway", "token"], env=dict(env), capture_output=True, text=True, cwd=ROOT)
    return ran.stdout.strip()


LINE = """
import sys
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from trayapp.qt.keys import KeyLine, wipe
app = QApplication(["line"])
window, line = QWidget(), KeyLine()
window.setWindowTitle("A line")
line.setAccessibleName("Key")
QVBoxLayout(window).addWidget(line)
QGuiApplication.clipboard().setText(sys.stdin.read())
line.returnPressed.connect(lambda: wipe(line))
window.show()
app.exec()
"""


def test_a_screen_reader_and_whoever_listens_to_it_hear_dots(
    desk: dict[str, str], reader: Reader, pointer: Pointer, canary: str
) -> None:
    """Qt by itself tells them what is pasted into a line of dots, replaced in it and deleted from it."""
    places = Places(canary)
    with BusTap(desk["DBUS_SESSION_BUS_ADDRESS"]) as tap:
        with Program(sys.executable, "-c", LINE, env=desk, stdin=canary.encode()):
            pointer.focus(pointer.wait_window("A line", by="name"))
            line = reader.wait("Key", "text")

            def shows(letters: int) -> None:
                until(lambda: reader.typed(line) == "●" * letters, f"{letters} dots")

            pointer.keys("ctrl+v")
            shows(len(canary))
            pointer.keys("ctrl+a", "BackSpace")
            shows(0)
            pointer.click(*reader.middle(line), 3)
            pointer.click(*reader.middle(reader.wait("Paste", "menu item")))
            shows(len(canary))
            pointer.keys("ctrl+a", "x")
            shows(1)
            pointer.keys("BackSpace", "ctrl+v")
            shows(len(canary))
            pointer.keys("Return")
            shows(0)
        places.look("bus", "every message", tap.heard)
        assert ("●" * len(canary)).encode() in tap.heard
        assert b"TextChanged" in tap.heard
    assert places.found == []


CRASH = """
import asyncio, sys, threading
from trayapp.__main__ import main
from trayapp.app import key_work

class Unlucky:
    def __init__(self, text): self.text = text
    def __del__(self): raise LookupError(f"in the end {self.text}")

async def crash(app, account, key):
    text = key.reveal()
    def broken(): raise LookupError(f"in a callback {text}")
    def lost(): raise LookupError(f"in a thread {text}")
    asyncio.get_running_loop().call_soon(broken)
    threading.Thread(target=lost).start()
    Unlucky(text)
    await asyncio.sleep(0.1)
    raise LookupError(f"at last {text}")

key_work._check = crash
sys.exit(main())
"""


@pytest.mark.parametrize("plain", [False, True], ids=["of a key's shape", "of no shape"])
def test_a_mistake_of_our_own_that_quotes_a_key_is_written_down_without_it(
    scene: Scene, host: Host, reader: Reader, plain: bool
) -> None:
    places, command = scene.places, (sys.executable, "-c", CRASH)
    account, key = ("lab", scene.plain) if plain else ("openai", scene.stored)
    assert scene.run("key", "set", account, typed=key) == 0
    assert scene.run("key", "test", account, command=command) == 1
    with Program(*command, "--debug", env=scene.env, stderr=subprocess.PIPE) as program:
        host.wait_item()
        assert scene.run("key", "test", account) == 1
        log = find(scene.env).log_file
        wanted = ("in a callback", "in a thread", "at last")
        until(lambda: all(f"LookupError: {it}" in log.read_text("utf-8") for it in wanted), "all of it in the log")
        reader.wait("Something went wrong inside trayapp")
        for part in reader.parts():
            places.look("windows", part.role, part.name)
        scene.run("quit")
        assert program.process.stderr is not None
        said = program.process.stderr.read()
        program.process.wait(10)
    assert b"LookupError: in the end" in said
    places.look("standard error", "the tray", said)
    places.look_below("files", Path(scene.env["HOME"]))
    assert places.found == []


def test_the_running_program_has_no_core_dumps_and_its_children_no_keys(scene: Scene, host: Host) -> None:
    assert scene.run("key", "set", "openai", typed=scene.stored) == 0
    with Trayapp(scene.env) as program:
        host.wait_item()
        assert limits(program.pid) == ("1", "00000000")
        scene.run("quit")
        program.wait_end()
    with Trayapp(scene.env, "serve", "--port", str(free_port())) as program:
        until(lambda: program.said().count("\n") >= 2, "two lines", 20)
        assert limits(program.pid) == ("1", "00000000")
        scene.places.look_mapped(program.pid)
    scene.places.look_below("files", Path(scene.env["HOME"]))
    assert scene.places.found == []
    assert scene.places.things["mapped"] > 50


def limits(pid: int) -> tuple[str, str]:
    """The soft limit of core dumps in bytes, and which kinds of memory would go into one."""
    line = re.search(r"^Max core file size +(\S+)", Path(f"/proc/{pid}/limits").read_text("ascii"), re.MULTILINE)
    assert line is not None
    return line[1], Path(f"/proc/{pid}/coredump_filter").read_text("ascii").strip()
