"""Start at login: what ``trayapp login on`` writes really starts the program, and silently."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.whole.program import WINDOW, Host, Trayapp, cli, listing, server, set_up
from trayapp.core.models import ModelRef
from trayapp.core.state import State


def command(text: str) -> tuple[str, ...]:
    """The Exec line as a session reads it: escapes of the value first, then quotes, then field codes."""
    (line,) = re.findall(r"^Exec=(.*)$", text, re.MULTILINE)
    line = re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "s": " "}.get(found[1], found[1]), line)
    words = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', line)
    return tuple(re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.replace("%%", "%") for quoted, plain in words)


def test_the_entry_for_login_starts_the_program_and_says_nothing(
    desk: dict[str, str], host: Host, pointer: Pointer, notifications: Notifications
) -> None:
    account = server("mine", "http://127.0.0.1:9", ttl=10**6)
    set_up(account, lists=[listing("mine", "one")], state=State(active=ModelRef("mine", "one")))
    cli(desk, "login", "on")
    entry = Path(desk["XDG_CONFIG_HOME"], "autostart", "trayapp.desktop")
    with Trayapp(desk, command=command(entry.read_text(encoding="utf-8"))) as program:
        item = host.wait_item()
        assert host.row(item, "● mine: one")
        cli(desk, "status")
        assert not pointer.windows(WINDOW)
        assert not notifications.shown
        assert cli(desk, "login", "status") == "on\n"
        host.click(item, "Settings…")  # silent at the start, not deaf
        pointer.wait_window("Settings", by="name")
        cli(desk, "login", "off")
        assert not entry.exists()
        cli(desk, "quit")
        assert program.wait_end() == 0
        assert program.said() == ""
