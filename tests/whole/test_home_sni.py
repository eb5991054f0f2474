"""A whole day with a StatusNotifier tray, as KDE, GNOME's extension and XFCE have it: the host draws menu and icon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.desktop import until
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.shots import Shots
from tests.support.snihost import Item
from tests.whole import home as steps
from tests.whole.home import NOBODY, WELCOME, Home
from tests.whole.program import WINDOW, Host, Trayapp, cli
from tests.whole.reader import Reader


class SniIcon:
    """An icon that a host shows: what is clicked in it reaches the program over D-Bus."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def item(self) -> Item:
        return self.host.wait_item()

    def rows(self) -> list[tuple[str, bool]]:
        menu = self.host.open(self.item)
        rows = [(it.label, it.checked) for it in menu.children if not it.separator]
        self.host.close(self.item)
        return rows

    def pick(self, *path: str) -> None:
        labels, node = list[str](), self.host.menu(self.item, 0, 1)
        for beginning in path:
            if labels:
                node = self.host.menu(self.item, node.child(labels[-1]).id, 1)
            labels.append(next(label for label in node.labels if label.startswith(beginning)))
        self.host.click(self.item, *labels)

    def click(self) -> None:
        self.host.activate(self.item)

    def wait_gone(self) -> None:
        until(lambda: not self.host.items, "the icon to leave")


def test_a_day_from_the_first_start_to_the_next_one(
    desk_keyring: dict[str, str],
    host: Host,
    reader: Reader,
    pointer: Pointer,
    notifications: Notifications,
    canary: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    env = desk_keyring
    shots = Shots(env, f"sni-{request.node.name}", tmp_path)
    with steps.ollama(env) as ollama, steps.remote(canary) as remote:
        env |= {"OLLAMA_HOST": ollama, "LM_STUDIO_API_BASE": NOBODY}
        at = Home(env, SniIcon(host), reader, pointer, notifications, shots)
        with Trayapp(env) as program, shots:
            steps.whole_day(at, program, remote.url, canary)
        with Trayapp(env), shots:
            steps.start_again(at)


def test_the_first_start_can_be_left_and_comes_again_only_when_it_is_asked_for(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    desk |= {"OLLAMA_HOST": NOBODY, "LM_STUDIO_API_BASE": NOBODY}
    with Trayapp(desk) as program:
        host.wait_item()
        pointer.focus(pointer.wait_window(WELCOME, by="name"))
        reader.wait("Ollama does not run here", "label")
        pointer.keys("Return")
        reader.wait("2 of 3: Add a provider", "label")
        pointer.keys("Escape")
        pointer.wait_no_window(WELCOME, by="name")
        until(lambda: steps.remembered_or_nothing().get("told") == ["welcome"], "it to be remembered")
        assert not steps.settings_file(desk).exists()
        cli(desk, "quit")
        assert program.wait_end() == 0
    with Trayapp(desk):
        host.wait_item()
        cli(desk, "status")
        assert not pointer.windows(WINDOW, smallest=100)
        cli(desk, "open", "--welcome")
        pointer.wait_window(WELCOME, by="name")
        assert reader.wait("1 of 3: Found on this computer", "label")
