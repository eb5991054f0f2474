"""One user's whole day with the program, step by step, by pointer and keyboard alone; the tray's kind is handed in.

Nothing is prepared on the disk: what a step needs, the steps before it have set up as their user would.
"""

from __future__ import annotations

import contextlib
import select
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from jeepney.io.blocking import open_dbus_connection

from tests.support.desktop import Program, until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer, Window
from tests.support.shots import Shots
from tests.support.upstream import Reply, Sent
from tests.whole.program import WINDOW, Served, Trayapp, answer, cli, remembered
from tests.whole.reader import Part, Reader

WELCOME, SETTINGS, FINDER = "^Welcome – trayapp$", "^Settings – trayapp$", "^Find a model$"
NOBODY = "http://127.0.0.1:9/v1"
LLAMA, QWEN = ["ollama", "llama3.2:latest"], ["ollama", "qwen3:8b"]
REMOTE = "openai-compatible"
"""The account that is added by hand: a server of OpenAI's protocol, at an address that is typed."""
DISTANT = [REMOTE, "distant-one"]


class Icon(Protocol):
    """The icon and its menu, as the tray at hand offers them to a hand."""

    def rows(self) -> list[tuple[str, bool]]:
        """What stands in the menu, and whether it is marked; opened and closed again."""

    def pick(self, *path: str) -> None:
        """Click the row that begins with the last of these, in the submenus that begin with those before it."""

    def click(self) -> None:
        """The left button."""

    def wait_gone(self) -> None:
        """Until it has left the tray."""


class Home:
    """The screen, what is heard from it, and the hands."""

    def __init__(
        self, env: dict[str, str], icon: Icon, reader: Reader, pointer: Pointer, told: Notifications, shots: Shots
    ) -> None:
        self.env = env
        self.icon = icon
        self.reader = reader
        self.pointer = pointer
        self.told = told
        self.shots = shots

    def window(self, name: str) -> Window:
        """The window of this name, with the keyboard in it: without a window manager nobody else gives it."""
        window = self.pointer.wait_window(name, by="name")
        self.pointer.focus(window)
        return window

    def gone(self, name: str) -> None:
        """Until the window of this name has closed."""
        self.pointer.wait_no_window(name, by="name", smallest=100)

    def press(self, name: str, role: str = "push button") -> None:
        """Click it."""
        self.pointer.click(*spot(self.env, self.reader, self.reader.wait(name, role)))

    def labels(self) -> list[str]:
        return [label for label, _ in self.icon.rows()]

    def marked(self) -> list[str]:
        return [label for label, marked in self.icon.rows() if marked]


# -- the steps, in the order of the day --------------------------------------------------------------


def whole_day(at: Home, program: Trayapp, url: str, key: str) -> None:
    """Every step from the first start to the end; ``url`` and ``key`` are of the account that is added."""
    first_start(at)
    choose_in_the_menu(at)
    switch_quickly(at)
    pin_by_keyboard(at)
    add_a_key(at, url, key)
    leave_the_settings(at)
    be_told_once_that_it_goes_on(at)
    switch_profile(at)
    quit_by_the_menu(at, program)


def first_start(at: Home) -> None:
    """The three steps come by themselves, and are gone through by keyboard."""
    at.window(WELCOME)
    at.reader.wait("Ollama runs at", "label")
    at.reader.wait("1 of 3: Found on this computer", "label")
    assert not settings_file(at.env).exists()
    at.shots.take("welcome-found")
    at.pointer.keys("Return")
    at.reader.wait("2 of 3: Add a provider", "label")
    at.shots.take("welcome-provider")
    at.pointer.keys("alt+n")
    at.reader.wait("3 of 3: Choose a model", "label")
    at.reader.wait("qwen3:8b", "list item")
    at.pointer.type("llama3")
    at.reader.wait_gone("qwen3:8b", "list item")
    at.pointer.keys("Down")
    at.shots.take("welcome-model")
    assert not settings_file(at.env).exists()
    assert "active" not in remembered_or_nothing()
    at.pointer.keys("Return")
    at.gone(WELCOME)
    same(remembered()["active"], LLAMA)
    same(remembered()["told"], ["welcome"])
    same(at.labels()[0], "● Ollama: llama3.2:latest")


def choose_in_the_menu(at: Home) -> None:
    """A click on a row, and the desktop says what came of it."""
    at.icon.pick("qwen3:8b")
    shown = at.told.wait("Switched to model: qwen3:8b on provider: Ollama")
    same((shown.program, shown.actions), ("trayapp", ()))
    same(remembered()["active"], QWEN)
    same([label.partition("   ")[0] for label in at.marked()], ["Ollama: qwen3:8b", "qwen3:8b"])


def switch_quickly(at: Home) -> None:
    """A click on the icon opens the finder; what is typed narrows it, Enter chooses and closes it."""
    at.icon.click()
    at.window(FINDER)
    at.reader.wait("deepseek-coder", "list item")
    at.pointer.type("llama3 oll")
    at.reader.wait_gone("deepseek-coder", "list item")
    at.shots.take("finder-typed")
    at.pointer.keys("Return")
    at.gone(FINDER)
    until(lambda: remembered()["active"] == LLAMA, "the choice")


def pin_by_keyboard(at: Home) -> None:
    """A second start opens the finder; Ctrl+P pins, and Esc leaves the choice as it was."""
    cli(at.env, "open", "--finder")
    at.window(FINDER)
    at.pointer.type("qwen")
    at.reader.wait_gone("llama3.2", "list item")
    at.pointer.keys("ctrl+p")
    until(lambda: remembered().get("pinned") == [QWEN], "the pin")
    at.shots.take("finder-pinned")
    at.pointer.keys("Escape")
    at.gone(FINDER)
    same(remembered()["active"], LLAMA)
    labels = at.labels()
    same(labels[labels.index("Pinned") + 1].partition("   ")[0], "Ollama: qwen3:8b")


def add_a_key(at: Home, url: str, key: str) -> None:
    """Settings by the menu, an account and its address by keyboard, the key typed; it is in the keyring alone."""
    at.icon.pick("Settings…")
    at.window(SETTINGS)
    at.shots.take("settings")
    at.press("Providers", "list item")
    at.press("Add a provider")
    at.window("^Add a provider$")
    at.pointer.type("openai-comp")
    at.reader.wait("OpenAI-compatible", "list item")
    at.pointer.keys("Return")
    at.gone("^Add a provider$")
    at.window(SETTINGS)
    at.press("Address", "text")
    at.pointer.type(f"{url}/v1")
    at.shots.take("settings-account")
    at.press("Set key…")
    at.window("^Key for ")
    at.pointer.type(f" {key}")
    at.shots.take("settings-key")
    at.pointer.keys("Return")
    at.reader.wait("Key stored in the keyring.", "label")
    assert in_keyring(at.env) == {f"{REMOTE}@{url}": key}
    same(files_with(at.env, key), [])
    same(processes_with(key), [])
    at.pointer.keys("Return")  # the button is “Close” now
    at.gone("^Key for ")


def leave_the_settings(at: Home) -> None:
    """Closing a window ends nothing, and who came by the icon is not told so."""
    at.window(SETTINGS)
    at.shots.take("settings-done")
    at.pointer.keys("Escape")
    at.gone(SETTINGS)
    same(at.pointer.windows(WINDOW, smallest=100), [])
    assert "distant-one" in at.labels()


def be_told_once_that_it_goes_on(at: Home) -> None:
    """Who opened the list by a second start and closes it is told where the program is; never again."""
    for start in (1, 2):
        with Trayapp(at.env) as second:
            same((second.wait_end(), second.said()), (0, "trayapp: It is running already.\n"))
        at.window(WINDOW)
        at.reader.wait("Search models", "text")
        if start == 1:
            at.shots.take("list")
        at.pointer.keys("Escape")
        if start == 1:
            at.reader.wait("trayapp goes on running in the tray.", "label")
            at.window(WINDOW)
            at.shots.take("goes-on")
            at.pointer.keys("Return")  # “Stay” is what Enter means
        at.gone(WINDOW)
        same(remembered()["told"], ["welcome", "close"])


def switch_profile(at: Home) -> None:
    """What is in use is kept under a name by a command, and used by the menu."""
    cli(at.env, "profile", "save", "Away", "--model", "distant-one", "--accounts", REMOTE)
    at.icon.pick("Profile", "Away")
    until(lambda: remembered().get("profile") == "Away", "the profile")
    same(remembered()["active"], DISTANT)
    at.told.wait("Switched to model: distant-one")
    labels = at.labels()
    same(labels[0], "● OpenAI-compatible server: distant-one · profile Away")
    assert not any(label.startswith("deepseek") for label in labels), labels
    at.icon.pick("Profile", "No profile")
    until(lambda: not remembered().get("profile"), "no profile")


def quit_by_the_menu(at: Home, program: Trayapp) -> None:
    """The process ends well, and leaves its files private and without the key."""
    at.icon.pick("Quit")
    same(program.wait_end(), 0)
    at.icon.wait_gone()
    same(remembered()["active"], DISTANT)
    for path in (settings_file(at.env), state_file()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert f'id = "{REMOTE}"' in settings_file(at.env).read_text("utf-8")


def start_again(at: Home) -> None:
    """All is as it was, and no window comes."""
    labels = at.labels()
    same(labels[0], "● OpenAI-compatible server: distant-one")
    assert "Pinned" in labels, labels
    cli(at.env, "status")  # whatever opens by itself has come by now
    same(at.pointer.windows(WINDOW, smallest=100), [])


# -- what the day needs around it ------------------------------------------------------------------------


@contextlib.contextmanager
def ollama(env: Mapping[str, str]) -> Iterator[str]:
    """A fake Ollama as a process of its own; its address."""
    import subprocess

    command = (sys.executable, "-u", "-P", "-m", "tests.support.ollama", "--port", "0")
    with Program(*command, env=env, stdout=subprocess.PIPE) as program:
        assert program.process.stdout is not None
        ready, _, _ = select.select([program.process.stdout], [], [], 20)
        if not ready:
            raise TimeoutError("the fake Ollama did not start")
        line = program.process.stdout.readline().decode()
        yield next(word.rstrip(":") for word in line.split() if word.startswith("http"))


@contextlib.contextmanager
def remote(key: str) -> Iterator[Served]:
    """A server of OpenAI's protocol that takes this key and no other."""

    def models(sent: Sent) -> Reply:
        known = sent.headers.get("authorization") == f"Bearer {key}"
        refused = {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}
        return answer("distant-one", "distant-two") if known else Reply(status=401, body=refused)

    with Served(models) as server:
        yield server


def spot(env: Mapping[str, str], reader: Reader, part: Part) -> tuple[int, int]:
    """Where to click it, in the screen's pixels: Qt tells screen readers those of a screen that is not scaled."""
    scale = int(env.get("QT_SCALE_FACTOR", "1"))
    x, y = reader.middle(part)
    return x * scale, y * scale


def settings_file(env: Mapping[str, str]) -> Path:
    from trayapp.system.paths import find

    return find(env).settings_file


def state_file() -> Path:
    from trayapp.system.paths import find

    return find().state_file


def remembered_or_nothing() -> dict[str, object]:
    return remembered() if state_file().exists() else {}


def in_keyring(env: Mapping[str, str]) -> dict[str, str]:
    """Every entry's slot and secret, as a password program reads them over the Secret Service."""
    from secretstorage import get_default_collection

    assert all(label.endswith(" (trayapp)") for label, _ in GnomeKeyring(env).items())
    with open_dbus_connection(env["DBUS_SESSION_BUS_ADDRESS"]) as bus:
        items = get_default_collection(bus).get_all_items()
        return {item.get_attributes()["username"]: item.get_secret().decode() for item in items}


def files_with(env: Mapping[str, str], text: str) -> list[Path]:
    """Files of this home that have the text in them as it is."""
    found = []
    for path in Path(env["HOME"]).rglob("*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(path)
    return found


def processes_with(text: str) -> list[str]:
    """Processes that were given the text as an argument or in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):  # it ended, or is somebody else's
                if text.encode() in (folder / name).read_bytes():
                    found.append(f"{folder.name}/{name}")
    return found


def same(found: object, wanted: object) -> None:
    """These are equal; pytest writes out comparisons in test files only."""
    assert found == wanted, f"{found!r} is not {wanted!r}"
