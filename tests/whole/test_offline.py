"""A start without a network: the whole menu is there with the icon, and nobody was asked before it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import Message

from tests.bench.data import fill
from tests.support.dbus_server import DbusServer, Reply
from tests.support.desktop import until
from tests.support.upstream import Reply as Answer
from tests.whole.program import Host, Served, Trayapp, cli

ACCOUNTS, MODELS = 25, 2000
GONE = "http://127.0.0.1:9/v1"


@pytest.fixture
def ear(desk: dict[str, str]) -> Iterator[list[float]]:
    """When anybody called the keyring's name; nobody is there to answer."""
    heard: list[float] = []

    def note(message: Message) -> Reply | None:
        heard.append(time.monotonic())
        raise LookupError("there is no keyring here")

    with DbusServer(desk["DBUS_SESSION_BUS_ADDRESS"], "org.freedesktop.secrets", note):
        yield heard


def test_the_menu_is_complete_at_the_icon_and_nobody_was_asked_before_it(
    desk: dict[str, str], host: Host, home: Path, ear: list[float]
) -> None:
    with Served(lambda sent: Answer(hang=True)) as dead:
        desk |= fill(home / "t", accounts=ACCOUNTS, models=MODELS, address=f"{dead.url}/v1", fresh=False)
        with Trayapp(desk):
            item = host.wait_item()
            menu = host.peek(item)
            titles = [label for label in menu.labels if f"({MODELS // ACCOUNTS}) – " in label]
            assert len(titles) == ACCOUNTS
            assert menu.labels[0] == "● OpenAI – team 0: Family 0: Model 0 Instruct"
            for node in menu.children:
                if node.label in titles:
                    rows = host.menu(item, node.id).children
                    assert len(rows) == MODELS // ACCOUNTS
                    assert all(row.enabled for row in rows)
            until(lambda: dead.asked and ear, "the network and the keyring to be asked")
            assert min(dead.asked) > host.came[0]
            assert min(ear) > host.came[0]


def test_lists_from_the_disk_say_how_old_they_are_and_why(desk: dict[str, str], host: Host, home: Path) -> None:
    desk |= fill(home / "t", accounts=2, models=20, address=GONE, fresh=False)
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "Server 1 (10) – not running")
        host.wait_row(item, "OpenAI – team 0 (10) – no keyring, list from 7 days ago")
        assert len(cli(desk, "models", "--porcelain").splitlines()) == 20
        row = next(node for node in host.peek(item).children if node.checkable and not node.checked)
        host.click(item, row.label)
        host.wait_menu(item, lambda menu: menu.child(row.label).checked, "the mark to move")


def test_a_fresh_list_asks_nobody(desk: dict[str, str], host: Host, home: Path) -> None:
    with Served(lambda sent: Answer(hang=True)) as server:
        desk |= fill(home / "t", accounts=2, models=20, address=f"{server.url}/v1")
        desk["OLLAMA_HOST"] = "127.0.0.1:9"
        with Trayapp(desk):
            item = host.wait_item()
            assert host.row(item, "Server 1 (10) – cached just now")
            cli(desk, "status")
            assert not server.asked
