"""The whole trip: a key typed into the dialog, a model clicked in the menu, and all of it there again offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney.io.blocking import open_dbus_connection

from tests.support import samples
from tests.support.canary import PREFIX
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.upstream import Reply, Sent
from tests.whole.program import Host, Served, Trayapp, cli, remembered
from tests.whole.reader import Reader
from trayapp.providers import keys as key_hints
from trayapp.providers.table import spec

REFUSED = Reply(status=401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})


@pytest.fixture
def openai(canary: str) -> Iterator[Served]:
    def models(sent: Sent) -> Reply:
        known = sent.headers.get("authorization") == f"Bearer {canary}"
        return Reply(body=samples.data("openai")) if known else REFUSED

    with Served({"/v1/models": models}) as server:
        yield server


@pytest.fixture
def ollama() -> Iterator[Served]:
    routes = {"/api/tags": Reply(body=samples.data("ollama")), "/api/version": Reply(body={"version": "0.12.0"})}
    with Served(routes) as server:
        yield server


def test_a_key_typed_and_a_model_clicked_are_there_again_without_a_network(
    desk_keyring: dict[str, str],
    host: Host,
    reader: Reader,
    pointer: Pointer,
    notifications: Notifications,
    openai: Served,
    ollama: Served,
    canary: str,
) -> None:
    env = desk_keyring
    env["OLLAMA_HOST"] = ollama.url
    assert not key_hints.warning(spec("openai"), canary)
    cli(env, "providers", "disable", "lmstudio")
    cli(env, "providers", "add", "openai", "--base-url", f"{openai.url}/v1")
    with Trayapp(env) as program:
        item = host.wait_item()
        # the shipped list is there to look at, and its first row is the way to a key
        locked = host.wait_row(item, "OpenAI (").label
        assert locked.endswith(" – add a key")
        assert not any(row.enabled for row in host.open(item, locked).children[1:])
        host.close(item, locked)
        host.wait_row(item, "Ollama (4) – updated")
        assert min(ollama.asked) > host.came[0]
        assert not openai.asked

        host.click(item, locked, "Add a key…")
        pointer.focus(pointer.wait_window("Settings", by="name"))
        reader.wait(" models, add a key.", "label")
        pointer.click(*reader.middle(reader.wait("Set key…", "push button")))
        pointer.focus(pointer.wait_window("Key for OpenAI", by="name"))
        pointer.type(f"  {canary}\t")
        pointer.keys("Return")
        reader.wait("Key stored in the keyring. OpenAI takes the key.", "label")
        assert secrets(env) == {f"openai@{openai.url}": canary}
        assert not arguments_with(PREFIX)
        pointer.keys("Return")  # the dialog's button is “Close” now
        pointer.wait_no_window("Key for OpenAI", by="name")
        pointer.focus(pointer.wait_window("Settings", by="name"))
        pointer.keys("Escape")
        pointer.wait_no_window("Settings", by="name")

        # eight models: no submenus any more
        host.wait_row(item, "OpenAI (4) – updated just now")
        assert host.tooltip(item) == "trayapp\nNo model chosen"
        host.click(item, host.row(item, "GPT-4o").label)
        shown = notifications.wait("Switched")
        assert "Switched to model: GPT-4o on provider: OpenAI" in (shown.title, shown.text)
        assert remembered()["active"] == ["openai", "gpt-4o"]
        first = host.wait_row(item, "● OpenAI: GPT-4o")
        before = host.menu(item)
        host.close(item)
        assert first.id == before.children[0].id
        host.click(item, "Quit")
        assert program.wait_end() == 0
        host.wait_gone(item)

    openai.stop()
    ollama.stop()
    with Trayapp(env) as program:
        item = host.wait_item()
        after = host.peek(item)
        assert kept(after.labels) == kept(before.labels)
        assert after.children[0].label == "● OpenAI: GPT-4o"
        assert host.tooltip(item) == "trayapp\nOpenAI: GPT-4o"
        assert [node.label for node in after.children if node.checked] == [host.row(item, "GPT-4o").label]
        assert host.row(item, "OpenAI (4) – cached just now")
        host.click(item, "Refresh")
        host.wait_row(item, "Ollama (4) – not running")
        host.wait_row(item, "Refresh", timeout=30)  # while some are still asked, it says so
        assert kept(host.peek(item).labels) == kept(before.labels)
        assert remembered()["active"] == ["openai", "gpt-4o"]
        cli(env, "quit")
        assert program.wait_end() == 0


def kept(labels: list[str]) -> list[str]:
    """The rows of a menu without the states of its headers, which change with time and network."""
    return [label.partition(" – ")[0] for label in labels]


def secrets(env: dict[str, str]) -> dict[str, str]:
    """What a password program reads: every entry's slot and secret."""
    from secretstorage import get_default_collection

    assert [label for label, _ in GnomeKeyring(env).items()] == [
        f"API key for {attributes['username']} (trayapp)" for _, attributes in GnomeKeyring(env).items()
    ]
    with open_dbus_connection(env["DBUS_SESSION_BUS_ADDRESS"]) as bus:
        items = get_default_collection(bus).get_all_items()
        return {item.get_attributes()["username"]: item.get_secret().decode() for item in items}


def arguments_with(text: str) -> list[str]:
    """Processes that were given the text as an argument, where everybody can read it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:  # ended while we looked
            continue
    return found
