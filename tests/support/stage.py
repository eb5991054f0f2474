"""Where screenshots are taken: the real program with sample data on a private screen, light or dark, at any scale."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from jeepney import Message

from tests.support import desktop as parts
from tests.support import sample_home
from tests.support.dbus_server import DbusServer, Reply, member_of
from tests.support.desktop import ROOT, Program, Vault, until
from tests.support.pointer import Picture, Pointer, Window, screenshot
from trayapp.core.gateway_settings import PORT

COMMAND = (sys.executable, "-P", "-m", "trayapp")
WINDOW = "^trayapp$"
PORTAL = "org.freedesktop.portal.Desktop"
SCHEMES = {"dark": 1, "light": 2}
"""How a desktop's portal tells programs what the user prefers (org.freedesktop.appearance, color-scheme)."""
Theme = Literal["light", "dark"]
LOADED = "llama3.2"
STILL = 0.4
"""Seconds without a change on the screen: whatever was to come is there, and a cursor has not blinked."""


class Stage:
    """The program as its user sees it. ``theme`` and ``scale`` are what it was started with."""

    def __init__(self, env: Mapping[str, str], theme: Theme, scale: int) -> None:
        self.env = dict(env)
        self.theme = theme
        self.scale = scale
        self.pointer = Pointer(env)

    def open(self, *words: str) -> Window:
        """The window that ``trayapp open WORD…`` brings, with the keyboard in it."""
        before = {it.number for it in self._windows()}
        self.run("open", *words)

        def came() -> Window | None:
            return next((it for it in self._windows() if it.number not in before), None)

        window = until(came, f"a window for “trayapp open {' '.join(words)}”", pause=0.05)
        self.pointer.focus(window)
        return window

    def click(self, window: Window, x: int, y: int) -> None:
        """At a place in the window, in pixels at 100 %; then the pointer is out of sight."""
        self.pointer.click(window.x + x * self.scale, window.y + y * self.scale)
        self.pointer.move(0, 990 * self.scale)

    def close(self) -> None:
        """Press Escape until no window is left; without a window manager there is no other way."""

        def gone() -> bool:
            for window in self._windows():
                self.pointer.focus(window)
                self.pointer.keys("Escape")
            return not self._windows()

        self.pointer.keys("Escape")
        time.sleep(0.3)  # an open menu has the keyboard, and would lose it to what is done below
        until(gone, "every window to close", pause=0.1)

    def menu(self) -> Window:
        """The menu, as a click with the right button opens it."""
        icon = self.pointer.wait_window(WINDOW, smallest=10)
        self.pointer.click(*icon.middle, button=3)
        return self.pointer.wait_window(WINDOW, smallest=100)

    def picture(self, window: Window) -> Picture:
        """What the window looks like once nothing moves any more; it may have grown meanwhile."""
        number, still, before = window.number, time.monotonic(), None
        while time.monotonic() - still < STILL:
            now = screenshot(self.env)
            if before is None or now.rows != before.rows:
                before, still = now, time.monotonic()
            time.sleep(0.05)
        grown = next((it for it in self._windows() if it.number == number), window)
        assert before is not None
        return before.cut(grown.x, grown.y, grown.width, grown.height)

    def run(self, *words: str) -> None:
        """A command of the user's. RuntimeError, with what it says, where it fails."""
        done = subprocess.run((*COMMAND, *words), env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(f"trayapp {' '.join(words)}: {done.stderr.strip()[-500:]}")

    def _windows(self) -> list[Window]:
        return self.pointer.windows(WINDOW, smallest=100)


@contextlib.contextmanager
def stage(theme: Theme = "light", scale: int = 1, *, bare: bool = False) -> Iterator[Stage]:
    """The program is up, in its tray. ``bare``: nothing is set up yet, but a key is in the environment.

    RuntimeError if it tried to reach anything beyond this computer.
    """
    with ExitStack() as stack:
        env = stack.enter_context(parts.home())
        env = stack.enter_context(parts.xvfb(env, f"{1400 * scale}x{1000 * scale}x24"))
        env = stack.enter_context(parts.session_bus(env, (parts.PROMPTER,)))
        stack.enter_context(parts.keyring(env, Vault.UNLOCKED))
        stack.enter_context(_portal(env["DBUS_SESSION_BUS_ADDRESS"], theme))
        asked = stack.enter_context(_wall())
        env |= {
            "QT_QPA_PLATFORMTHEME": "xdgdesktopportal",
            "QT_SCALE_FACTOR": str(scale),
            "LANG": "C.UTF-8",
            "HTTP_PROXY": asked.address,
            "HTTPS_PROXY": asked.address,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        ollama = stack.enter_context(_ollama(env, loaded=not bare))
        home = Path(env["HOME"], "sample")
        if bare:
            env |= sample_home.write_bare(home, ollama=ollama)
        else:
            env |= sample_home.write(home, ollama=ollama, port=_free(PORT))
        stack.enter_context(parts.trayer(env))
        stack.enter_context(Program(*COMMAND, env=env))
        made = Stage(env, theme, scale)
        made.pointer.wait_window(WINDOW, smallest=10)
        made.pointer.move(0, 990 * scale)  # below every window
        time.sleep(2)  # the servers of this computer have been looked at
        yield made
        if asked.hosts:
            raise RuntimeError(f"the program asked beyond this computer: {', '.join(asked.hosts)}")


class _Wall:
    """A proxy that lets nobody through, and notes who was asked for."""

    def __init__(self, listening: socket.socket) -> None:
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.hosts: list[str] = []

    def serve(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: it is over
            while True:
                talk, _ = listening.accept()
                with talk:
                    self.hosts.append(talk.recv(1024).split(b"\r\n")[0].decode("latin-1"))
                    talk.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@contextlib.contextmanager
def _wall() -> Iterator[_Wall]:
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listening:
        wall = _Wall(listening)
        thread = threading.Thread(target=wall.serve, args=(listening,), name="the wall", daemon=True)
        thread.start()
        try:
            yield wall
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@contextlib.contextmanager
def _portal(address: str, theme: Theme) -> Iterator[None]:
    """What a desktop says of its colours to those who ask."""
    scheme = ("u", SCHEMES[theme])

    def answer(message: Message) -> Reply:
        match member_of(message):
            case "ReadAll":
                return "a{sa{sv}}", ({"org.freedesktop.appearance": {"color-scheme": scheme}},)
            case "ReadOne":
                return "v", (scheme,)
            case "Read":
                return "v", (("v", scheme),)
            case unknown:
                raise LookupError(unknown)

    server = DbusServer(address, PORTAL, answer)
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def _ollama(env: Mapping[str, str], *, loaded: bool) -> Iterator[str]:
    """A fake one, at the address that everybody knows if nobody has it. ``loaded``: with a model in memory.

    Not there in a test: the programs of other tests at the same time would find it.
    """
    port = _free(21_434 if "PYTEST_CURRENT_TEST" in os.environ else 11_434)
    address = f"http://127.0.0.1:{port}"
    command = (sys.executable, "-P", "-m", "tests.support.ollama", "--port", str(port))
    with Program(*command, env=env):
        until(lambda: _asked(f"{address}/api/version"), "a fake Ollama", pause=0.05)
        if loaded:
            _asked(f"{address}/api/generate", {"model": LOADED, "keep_alive": "30m"})  # without a prompt: no answer
        yield address


def _asked(url: str, body: object = None) -> bytes:
    """The answer; nothing where nobody is there yet."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    try:
        with opener.open(urllib.request.Request(url, data), timeout=60) as answer:
            read: bytes = answer.read()
            return read
    except OSError:
        return b""


def _free(wanted: int) -> int:
    """This port of the loopback if nobody has it, else another below those that systems give away."""
    for port in range(wanted, wanted + 500):
        with socket.socket() as trying, contextlib.suppress(OSError):
            trying.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port was found")


def linked(page: Path) -> set[str]:
    """The names of the pictures that a page in Markdown shows."""
    import re

    return {Path(it).stem for it in re.findall(r"!\[[^\]]*\]\(([^)#?]+\.png)\)", page.read_text("utf-8"))}
