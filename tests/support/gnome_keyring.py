"""gnome-keyring under a test's control: started, ended, locked, and unlocked as its user would."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from jeepney import DBusAddress, Message, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME = "org.freedesktop.secrets"
PATH = "/org/freedesktop/secrets"
_SERVICE = DBusAddress(PATH, NAME, "org.freedesktop.Secret.Service")
# gnome-keyring's own door for its login program; nothing else offers it.
_BACK_DOOR = DBusAddress(PATH, NAME, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")


class GnomeKeyring:
    """One gnome-keyring-daemon, the Secret Service of one bus. Its files survive a restart."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, password: str | None) -> None:
        """Run it; with a password it makes or unlocks the login keyring, without one it unlocks nothing."""
        if self.process is not None:
            raise RuntimeError("gnome-keyring-daemon runs already")
        options = ["--unlock"] if password is not None else []
        self.process = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        with self.process.stdin as typed:
            typed.write((password or "").encode())
        with self._bus() as bus:
            deadline = time.monotonic() + 15
            while not _reply(bus, message_bus.NameHasOwner(NAME))[0]:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"gnome-keyring-daemon did not take {NAME}")
                time.sleep(0.005)
            if password is not None:
                self._await_locked(bus, False, deadline)

    def end(self) -> None:
        """Stop it and wait until its name is free; nothing if it does not run."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def freeze(self) -> None:
        """Stop it from answering without ending it: calls to it hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def lock(self) -> None:
        """What the user's “Lock” in the password program does."""
        with self._bus() as bus:
            _reply(bus, new_method_call(_SERVICE, "Lock", "ao", ([self._default(bus)],)))

    def unlock(self, password: str) -> None:
        """Unlock with the password and no prompt. RuntimeError if it is the wrong one."""
        with self._bus() as bus:
            body = (self._default(bus), _plain(bus, password))
            _reply(bus, new_method_call(_BACK_DOOR, "UnlockWithMasterPassword", "o(oayays)", body))

    def create(self, password: str, label: str = "Default") -> None:
        """Make the default keyring with this password and no prompt."""
        with self._bus() as bus:
            labels = {"org.freedesktop.Secret.Collection.Label": ("s", label)}
            call = new_method_call(
                _BACK_DOOR, "CreateWithMasterPassword", "a{sv}(oayays)", (labels, _plain(bus, password))
            )
            path = _reply(bus, call)[0]
            _reply(bus, new_method_call(_SERVICE, "SetAlias", "so", ("default", path)))

    def items(self) -> list[tuple[str, dict[str, str]]]:
        """Label and attributes of every entry, as a password program lists them."""
        with self._bus() as bus:
            paths = _get(bus, self._default(bus), "Collection", "Items")
            return [(_get(bus, path, "Item", "Label"), _get(bus, path, "Item", "Attributes")) for path in paths]

    def _bus(self) -> DBusConnection:
        return open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"])

    def _default(self, bus: DBusConnection) -> str:
        return str(_reply(bus, new_method_call(_SERVICE, "ReadAlias", "s", ("default",)))[0])

    def _await_locked(self, bus: DBusConnection, wanted: bool, deadline: float) -> None:
        """The name is taken a moment before the password is used."""
        while True:
            path = self._default(bus)
            if path != "/" and _get(bus, path, "Collection", "Locked") is wanted:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the keyring did not become {'locked' if wanted else 'unlocked'}")
            time.sleep(0.005)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def _plain(bus: DBusConnection, password: str) -> tuple[str, bytes, bytes, str]:
    """The password as the Secret Service wants it, over a session without encryption."""
    session = _reply(bus, new_method_call(_SERVICE, "OpenSession", "sv", ("plain", ("s", ""))))[1]
    return session, b"", password.encode(), "text/plain"


def _get(bus: DBusConnection, path: str, of: str, name: str) -> Any:
    address = DBusAddress(path, NAME, "org.freedesktop.DBus.Properties")
    return _reply(bus, new_method_call(address, "Get", "ss", (f"org.freedesktop.Secret.{of}", name)))[0][1]


def _reply(bus: DBusConnection, message: Message, timeout: float = 10.0) -> Any:
    reply = bus.send_and_get_reply(message, timeout=timeout)
    if reply.header.message_type is MessageType.error:
        raise RuntimeError(f"gnome-keyring refused: {reply.body}")
    return reply.body
