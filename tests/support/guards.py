"""Walls around a test: no network beyond this computer, no desktop, no home, nothing left running."""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FROM_OUTSIDE = re.compile(
    # the user's own keys, addresses, proxies and desktop must not decide whether a test passes
    r".*_(API_KEY|TOKEN|BASE_URL|API_BASE|PROXY|SECRET|ENDPOINT)|(HTTPS?|ALL|NO)_PROXY|(OLLAMA|TRAYAPP|LMSTUDIO)_.*"
    r"|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_.*|XDG_.*|GNOME_.*|SSL_CERT_.*|LANGUAGE|LANG|LC_.*",
    re.IGNORECASE,
)
HOMES = {
    "HOME": "",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
}


class LeftComputerError(RuntimeError):
    """A test tried to leave this computer. No OSError, so that no code takes it for an outage."""


def scrub(env: MutableMapping[str, str]) -> None:
    """Take out what the machine or its user put in, and say how Qt and keyring are to behave."""
    for name in [name for name in env if _FROM_OUTSIDE.fullmatch(name)]:
        del env[name]
    env.update(
        LANG="C.UTF-8",
        QT_QPA_PLATFORM="offscreen",
        QT_API="pyside6",
        PYTEST_QT_API="pyside6",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
        # what this machine says of its own network must not decide what is asked
        DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent/system-bus",
    )


def new_folder() -> Path:
    """One folder for everything a session writes; a short name, since a socket's path is limited to 107 bytes."""
    return Path(tempfile.mkdtemp(prefix="trayapp-")).resolve()


def new_home(folder: Path) -> dict[str, str]:
    """Make a home below ``folder`` and give the variables that point into it."""
    for below in HOMES.values():
        (folder / below).mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: str(folder / below) for name, below in HOMES.items()}


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Only loopback and local sockets connect, only ``localhost`` has an address.

    Everything else raises LeftComputerError and is noted in the list given, so that a test fails even if the
    code under test swallowed the error.
    """
    tried: list[str] = []
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def refuse(what: object) -> LeftComputerError:
        tried.append(str(what))
        return LeftComputerError(f"a test tried to reach {what}: tests talk to servers of their own on 127.0.0.1")

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def inside(self: socket.socket, *args: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _here(args[-1][0]):
                raise refuse(args[-1])
            return call(self, *args)

        return inside

    def lookup(host: Any, *args: Any, **named: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        if name.endswith((".invalid", ".test")):  # RFC 6761: nobody's, so nobody is asked
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _here(host):
            raise refuse(host)
        return getaddrinfo(host, *args, **named)

    patched: Any = socket.socket
    patched.connect, patched.connect_ex, patched.sendto = guarded(connect), guarded(connect_ex), guarded(sendto)
    socket.getaddrinfo = lookup
    try:
        yield tried
    finally:
        patched.connect, patched.connect_ex, patched.sendto = connect, connect_ex, sendto
        socket.getaddrinfo = getaddrinfo


def _here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return str(name).endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def left_threads(before: set[threading.Thread], patience: float = 1.0) -> list[str]:
    """Names of the threads that a test started and that did not end within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while True:
        left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
        if not left or time.monotonic() > deadline:
            return [thread.name for thread in left]
        left[0].join(0.02)
