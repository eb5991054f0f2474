"""The four notifications of the running program, through a desktop's own service, and what leads on from them."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.app.gateway_scene import free_port
from tests.support.desktop import until
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.upstream import Reply, Sent
from tests.whole.program import WINDOW, Host, Served, Trayapp, answer, cli, listing, server, set_up
from tests.whole.reader import Reader
from trayapp.core.accounts import Account, KeyFrom
from trayapp.system.paths import find

SETTINGS = "^Settings – trayapp$"
REFUSED = Reply(status=401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})


def furnish(**settings: Any) -> None:
    set_up(server("mine", "http://127.0.0.1:9", ttl=10**6), lists=[listing("mine", "one", "two")], **settings)


def test_a_switch_is_told_by_the_desktop_and_leaves_the_icon_in_peace(
    desk: dict[str, str], host: Host, notifications: Notifications
) -> None:
    furnish()
    with Trayapp(desk):
        item = host.wait_item()
        host.click(item, "two")
        shown = notifications.wait("Switched to model: two on provider: mine")
        assert (shown.program, shown.text, shown.actions) == ("trayapp", "mine/two", ())
        assert shown.icon.startswith("file:///")
        assert shown.icon.endswith(".png")
        assert shown.hints == {"desktop-entry": "trayapp", "urgency": 1, "transient": True}
        assert host.status(item) == "Active"
        host.settle(item)
        assert not host.signals[item.owner, "NewStatus"]  # Qt's own way asks for attention


def test_a_quick_series_of_switches_leaves_one_on_the_screen(
    desk: dict[str, str], host: Host, notifications: Notifications
) -> None:
    furnish()
    with Trayapp(desk):
        item = host.wait_item()
        for model in ("one", "two", "one", "two"):
            host.click(item, model)
            host.wait_row(item, f"● mine: {model}")
        until(lambda: len(notifications.shown) == 4, "four notifications")
        assert notifications.shown[-1].text == "mine/two"
        assert len(notifications.open) == 1


def test_a_refused_key_is_told_once_and_a_click_leads_to_its_account(
    desk: dict[str, str], host: Host, notifications: Notifications, pointer: Pointer, reader: Reader
) -> None:
    replies = [answer("gpt-4o"), REFUSED]

    def reply(sent: Sent) -> Reply:
        return replies[0]

    with Served(reply) as provider:
        desk["OPENAI_API_KEY"] = "sk-proj-nobody-knows-this-one"
        set_up(
            server("other", "http://127.0.0.1:9", ttl=10**6),
            Account("openai", "openai", "Work", base_url=f"{provider.url}/v1", key_from=KeyFrom.ENVIRONMENT),
        )
        with Trayapp(desk):
            item = host.wait_item()
            host.wait_row(item, "Work (1) – updated")
            del replies[0]
            cli(desk, "refresh", "openai", code=1)
            shown = notifications.wait("Work refused the key")
            assert shown.actions == ("default", "Open the settings")
            cli(desk, "refresh", "openai", code=1)
            assert not pointer.windows(WINDOW)
            notifications.click(shown)
            pointer.wait_window(SETTINGS, by="name")
            assert reader.wait("key refused.", "label")
            assert len(notifications.shown) == 1


@pytest.mark.parametrize("silent", [False, True])
def test_a_port_that_is_taken_is_told_unless_the_start_is_silent(
    desk: dict[str, str], host: Host, notifications: Notifications, pointer: Pointer, silent: bool
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        furnish(gateway=True, gateway_port=port)
        with Trayapp(desk, *(["--silent"] if silent else [])):
            item = host.wait_item()
            host.wait_words(item, f"{port}")
            if silent:
                cli(desk, "status")
                host.click(item, "two")  # what its user does is told even then
                notifications.wait("Switched")
                assert len(notifications.shown) == 1
                return
            shown = notifications.wait("Tools do not reach the chosen model")
            assert f"Port {port} is in use by" in shown.text
            notifications.click(shown)
            pointer.wait_window(SETTINGS, by="name")


def test_what_was_set_aside_is_told(desk: dict[str, str], host: Host, notifications: Notifications) -> None:
    furnish()
    find().settings_file.write_text("this is = = no TOML\n", encoding="utf-8")
    with Trayapp(desk):
        host.wait_item()
        shown = notifications.wait("Some stored data could not be used")
        assert "settings.toml" in shown.text


def test_what_is_turned_off_is_not_told(desk: dict[str, str], host: Host, notifications: Notifications) -> None:
    furnish(notify_switch=False)
    with Trayapp(desk):
        item = host.wait_item()
        host.click(item, "two")
        host.wait_row(item, "● mine: two")
        cli(desk, "settings", "set", "notify_switch", "on")
        host.click(item, "one")
        notifications.wait("model: one")
        assert len(notifications.shown) == 1


def test_without_a_service_for_them_nothing_is_missing_but_the_words(
    desk: dict[str, str], host: Host, pointer: Pointer
) -> None:
    furnish()
    with Trayapp(desk):
        item = host.wait_item()
        host.click(item, "two")
        host.wait_row(item, "● mine: two")
        cli(desk, "status")
        assert host.status(item) == "Active"
        assert not pointer.windows(WINDOW)


def test_what_was_asked_for_and_failed_is_a_window(
    desk: dict[str, str], host: Host, notifications: Notifications, pointer: Pointer, reader: Reader
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        furnish(gateway_port=port)
        with Trayapp(desk):
            item = host.wait_item()
            host.click(item, host.row(item, "Gateway").label, "Let tools use the chosen model")
            host.wait_words(item, f"{port}")
            pointer.wait_window(WINDOW)
            assert reader.wait("That did not work")
            assert not notifications.shown
