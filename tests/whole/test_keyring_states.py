"""The running program and its keyring: absent, locked, unlocked by a click, emptied; always said in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desktop import until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.pointer import Pointer
from tests.support.upstream import Reply, Sent
from tests.whole.program import Host, Served, Trayapp, answer, cli, remembered, set_up
from tests.whole.reader import Reader
from trayapp.core.accounts import Account

PROMPT = "gcr-prompter"
LOCKED_ROW = "Keyring locked – unlock…"
REFUSED = Reply(status=401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})
NO_SERVICE = "This system offers no keyring: keys are held until you quit, and written nowhere."


@pytest.fixture
def openai(canary: str) -> Iterator[Served]:
    """A provider that knows two models, and the canary."""

    def models(sent: Sent) -> Reply:
        return answer("gpt-4", "gpt-5") if sent.headers.get("authorization") == f"Bearer {canary}" else REFUSED

    with Served({"/v1/models": models}) as served:
        set_up(Account("openai", "openai", base_url=f"{served.url}/v1", timeouts="local"))
        yield served


def test_without_a_keyring_a_key_lasts_until_the_program_ends_and_the_dialog_says_so(
    desk: dict[str, str], host: Host, openai: Served, pointer: Pointer, reader: Reader, canary: str
) -> None:
    with Trayapp(desk) as program:
        item = host.wait_item()
        title = host.wait_row(item, "OpenAI (").label
        host.click(item, title, "Add a key…")
        pointer.focus(pointer.wait_window("Settings", by="name"))
        reader.wait(NO_SERVICE, "label")
        pointer.click(*reader.middle(reader.wait("Set key…", "push button")))
        pointer.focus(pointer.wait_window("Key for OpenAI", by="name"))
        assert reader.wait(NO_SERVICE, "label")
        pointer.type(canary)
        pointer.keys("Return")
        reader.wait(f"Key held until you quit. {NO_SERVICE}", "label")
        pointer.keys("Return")
        pointer.wait_no_window("Key for OpenAI", by="name")
        reader.wait("held for this session only", "label")
        host.wait_row(item, "OpenAI (2) – updated just now")
        openai.requests.clear()
        cli(desk, "refresh")  # and again with the key in memory
        assert openai.paths() == ["/v1/models"]
        assert not remembered().get("keyed")
        host.click(item, "Quit")
        assert program.wait_end() == 0
        host.wait_gone(item)
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_words(item, "– add a key")
        assert not any(node.checkable and node.enabled for node in host.menu(item).walk())


def test_a_locked_keyring_is_opened_by_a_click_and_by_nothing_else(
    desk_keyring: dict[str, str], host: Host, openai: Served, pointer: Pointer, reader: Reader, canary: str
) -> None:
    cli(desk_keyring, "key", "set", "openai", typed=canary)
    GnomeKeyring(desk_keyring).lock()
    openai.requests.clear()
    with Trayapp(desk_keyring):
        item = host.wait_item()
        host.wait_row(item, LOCKED_ROW)
        host.wait_words(item, "– keyring locked")
        assert host.tooltip(item) == "trayapp\nNo model chosen\nKeyring locked"
        attention = until(lambda: host.icon(item), "an icon")
        cli(desk_keyring, "refresh", code=1)
        cli(desk_keyring, "status")
        assert not pointer.windows(PROMPT)
        assert not openai.requests

        host.click(item, LOCKED_ROW)
        pointer.wait_window(PROMPT)
        pointer.keys("Escape")
        pointer.wait_no_window(PROMPT)
        host.wait_row(item, LOCKED_ROW)

        host.click(item, LOCKED_ROW)
        pointer.wait_window(PROMPT)
        pointer.type("test")
        pointer.keys("Return")
        host.wait_row(item, "OpenAI (2) – updated just now")
        assert not [label for label in host.peek(item).labels if label.startswith("Keyring")]
        until(lambda: host.icon(item) != attention, "the icon to calm down")
        pointer.wait_no_window(PROMPT)


def test_a_key_that_was_removed_leaves_a_header_that_asks_for_one(
    desk_keyring: dict[str, str], host: Host, openai: Served, canary: str
) -> None:
    vault = GnomeKeyring(desk_keyring)
    cli(desk_keyring, "key", "set", "openai", typed=canary)
    assert len(vault.items()) == 1
    with Trayapp(desk_keyring):
        item = host.wait_item()
        host.wait_row(item, "OpenAI (2) – updated just now")
        cli(desk_keyring, "key", "remove", "openai")
        assert vault.items() == []
        host.wait_words(item, "– add a key")
        openai.requests.clear()
        cli(desk_keyring, "refresh")
        assert not openai.requests


def test_a_key_set_on_the_command_line_is_used_by_the_running_program(
    desk_keyring: dict[str, str], host: Host, openai: Served, canary: str
) -> None:
    with Trayapp(desk_keyring):
        item = host.wait_item()
        host.wait_words(item, "– add a key")
        cli(desk_keyring, "key", "set", "openai", typed=f" {canary}\n")
        host.wait_row(item, "OpenAI (2) – updated just now")
        cli(desk_keyring, "key", "set", "openai", typed=f"{canary}x", code=1)
        host.wait_row(item, "OpenAI (2) – updated just now")
