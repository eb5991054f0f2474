"""A bus of the test's own in the place of the system's, and services on it that say how the network is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.dbus_server import DbusServer

NM = "org.freedesktop.NetworkManager"
PLACE = "/org/freedesktop/NetworkManager"


@contextmanager
def system_bus(folder: Path) -> Iterator[str]:
    """Its address. Everybody may play every service; those that can be started have their files in ``folder``."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is missing: apt-get install dbus-daemon")
    config = folder / "bus.conf"
    config.write_text(
        '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" '
        '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n'
        f"<busconfig><servicedir>{folder}</servicedir><listen>unix:path={folder / 'bus'}</listen>"
        "<policy context='default'><allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/>"
        "<allow own='*'/></policy></busconfig>"
    )
    daemon = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"], stdout=subprocess.PIPE, text=True
    )
    with daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


class Manager(DbusServer):
    """NetworkManager, or networkd, as far as it is asked: its properties by name, each with its type."""

    def __init__(self, bus: str, name: str = NM, **values: tuple[str, Any]) -> None:
        self.values = values
        self.asked: list[str] = []
        super().__init__(bus, name, self._told)

    def say(self, **values: tuple[str, Any]) -> None:
        """Announce that these properties have changed."""
        self.signal(PLACE, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", (NM, values, []))

    def state(self, number: int) -> None:
        """Announce NMState: 70 is online, 20 is not."""
        self.signal(PLACE, NM, "StateChanged", "u", (number,))

    def _told(self, message: Any) -> Any:
        interface, name = message.body
        self.asked.append(f"{interface}.{name}")
        return ("v", (self.values[name],))
