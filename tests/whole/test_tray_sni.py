"""The running program under a StatusNotifier host: what its menu shows, how it changes, what its rows do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desktop import until
from tests.support.pointer import Pointer
from tests.support.snihost import MENU_SIGNALS
from tests.support.upstream import Reply, Sent
from tests.whole.program import WINDOW, Host, Served, Trayapp, answer, cli, listing, remembered, server, set_up
from tests.whole.reader import Reader
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.models import ModelRef
from trayapp.core.state import State

REFUSED = Reply(status=401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})


class Provider:
    """A server whose list the test changes while the program runs."""

    def __init__(self) -> None:
        self.models = ["one", "two"]
        self.reply: Reply | None = None
        self.served = Served(self._answer)

    @property
    def url(self) -> str:
        return f"{self.served.url}/v1"

    def _answer(self, sent: Sent) -> Reply:
        return self.reply or answer(*self.models)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    with made.served:
        yield made


def test_names_with_underscores_and_ampersands_show_as_they_are(
    desk: dict[str, str], host: Host, provider: Provider
) -> None:
    names = ["&y&&z_&", "_x", "a_b & c__d", "e_&f &"]
    provider.models = names
    set_up(server("mine", provider.url, "R_D & Co"))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "R_D & Co (4) – updated just now")
        assert host.menu(item).labels[5:9] == names


def test_more_models_than_fit_go_into_submenus_that_are_filled_when_they_open(desk: dict[str, str], host: Host) -> None:
    """S2-64: every model stands under its provider."""
    accounts = (server("few", "http://127.0.0.1:9"), server("many", "http://127.0.0.1:9"))
    lists = (listing("few", "only"), listing("many", *(f"model {n:02}" for n in range(25))))
    set_up(*accounts, lists=lists)
    with Trayapp(desk):
        item = host.wait_item()
        assert host.peek(item).labels == [
            "No model chosen",
            "Add a provider…",
            "Find model…",
            "All models…",
            "few (1) – cached just now",
            "many (25) – cached just now",
            "Gateway: off",
            "Refresh",
            "Help",
            "Settings…",
            "Quit",
        ]
        assert not host._layout(item, host.row(item, "many").id).children
        opened = host.open(item, host.row(item, "many").label)
        assert len(opened.children) == 25
        host.close(item, host.row(item, "many").label)
        host.click(item, host.row(item, "few").label, "only")
        host.wait_row(item, "● few: only")
        cli(desk, "settings", "set", "inline_models", "26")
        host.wait_row(item, "model 24")
        assert host.row(item, "only").checked


def test_a_refused_key_is_said_in_the_header_and_the_shipped_list_is_locked(
    desk: dict[str, str], host: Host, reader: Reader, provider: Provider
) -> None:
    provider.reply = REFUSED
    desk["OPENAI_API_KEY"] = "sk-proj-nobody-knows-this-one"
    set_up(Account("openai", "openai", base_url=provider.url, key_from=KeyFrom.ENVIRONMENT))
    with Trayapp(desk):
        item = host.wait_item()
        title = host.wait_words(item, "– key refused").label
        assert title.startswith("OpenAI (")
        first, *models = host.open(item, title).children
        assert (first.label, first.enabled) == ("Add a key…", True)
        assert len(models) > 25
        assert not any(row.enabled for row in models)
        host.close(item, title)
        host.click(item, title, "Add a key…")
        assert reader.wait("key refused.", "label")


def test_an_open_menu_stays_as_it_is_until_it_is_closed(desk: dict[str, str], host: Host, provider: Provider) -> None:
    set_up(server("mine", provider.url))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "mine (2) – updated just now")
        shown = host.open(item).labels
        provider.models = ["one", "three", "two"]
        with host.counting(item) as signals:
            cli(desk, "refresh", "mine")
            assert "three" in cli(desk, "models", "--porcelain")
        assert not any(signals[name] for name in MENU_SIGNALS), signals
        assert host.peek(item).labels == shown
        host.close(item)
        host.wait_row(item, "mine (3) – updated just now")
        assert host.row(item, "three   new")


def test_an_account_that_is_switched_off_is_left_out_and_comes_back(desk: dict[str, str], host: Host) -> None:
    accounts = (server("left", "http://127.0.0.1:9"), server("right", "http://127.0.0.1:9"))
    set_up(*accounts, lists=(listing("left", "a"), listing("right", "b")))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "left (1)")
        cli(desk, "providers", "disable", "left")
        host.wait_menu(item, lambda menu: "a" not in menu.labels, "the account to go")
        assert not [label for label in host.peek(item).labels if label.startswith("left")]
        assert host.row(item, "right (1)")
        cli(desk, "providers", "enable", "left")
        host.wait_row(item, "left (1)")


def test_refresh_brings_what_the_provider_has_now(desk: dict[str, str], host: Host, provider: Provider) -> None:
    set_up(server("mine", provider.url))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "two")
        provider.models = ["one", "three"]
        host.click(item, "Refresh")
        host.wait_row(item, "three   new")
        assert host.peek(item).labels[5:7] == ["one", "three   new"]


def test_quit_ends_it_and_leaves_nothing_behind(desk: dict[str, str], host: Host) -> None:
    set_up()
    with Trayapp(desk) as program:
        item = host.wait_item()
        host.click(item, "Quit")
        assert program.wait_end() == 0
        host.wait_gone(item)
        assert program.said() == ""
        cli(desk, "quit", code=4)


def test_models_that_do_not_chat_are_shown_when_somebody_wants_them(
    desk: dict[str, str], host: Host, provider: Provider
) -> None:
    provider.models = ["text-embedding-3-large", "gpt-4o"]
    set_up(server("mine", provider.url))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "mine (1) – updated")
        assert not [label for label in host.peek(item).labels if "embedding" in label]
        cli(desk, "settings", "set", "show_non_chat", "on")
        host.wait_row(item, "mine (2) – updated")
        host.wait_row(item, "text-embedding-3-large")
        cli(desk, "settings", "set", "show_non_chat", "off")
        host.wait_row(item, "mine (1) – updated")


def test_a_chosen_model_that_is_no_longer_offered_stays_chosen_and_is_marked(
    desk: dict[str, str], host: Host, provider: Provider
) -> None:
    set_up(server("mine", provider.url), state=State(active=ModelRef("mine", "two")))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "two")
        assert host.row(item, "two").checked
        provider.models = ["one"]
        host.click(item, "Refresh")
        first = host.wait_row(item, "● mine: two (no longer listed)")
        assert first.id == host.peek(item).children[0].id
        assert host.tooltip(item) == "trayapp\nmine: two (no longer listed)"
        assert remembered()["active"] == ["mine", "two"]
        assert not [node for node in host.peek(item).children if node.checked]


def test_another_provider_is_asked_about_first_where_that_is_wanted(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    """S2-65, S2-52: a model of B chosen while A is active makes B the provider."""
    accounts = (server("old", "http://127.0.0.1:9"), server("new", "http://127.0.0.1:9"))
    lists = (listing("old", "a", "b"), listing("new", "c"))
    set_up(*accounts, lists=lists, state=State(active=ModelRef("old", "a")), confirm_switch=True)
    question = "Switch from old to new, model c?"
    with Trayapp(desk):
        item = host.wait_item()
        host.click(item, "b")  # the same provider
        host.wait_row(item, "● old: b")
        assert not pointer.windows(WINDOW)

        host.click(item, "c")
        pointer.focus(pointer.wait_window(WINDOW))
        assert reader.wait(question)
        pointer.keys("Escape")
        pointer.wait_no_window(WINDOW)
        assert remembered()["active"] == ["old", "b"]
        assert not host.row(item, "c").checked
        assert host.row(item, "b").checked

        host.click(item, "c")
        pointer.focus(pointer.wait_window(WINDOW))
        assert reader.wait("Switch", "push button")
        pointer.keys("Tab", "Return")
        host.wait_row(item, "● new: c")
        assert remembered()["active"] == ["new", "c"]


def test_a_provider_that_hangs_delays_nobody(desk: dict[str, str], host: Host, provider: Provider) -> None:
    with Served(lambda sent: Reply(hang=True)) as dead:
        set_up(server("dead", f"{dead.url}/v1"), server("mine", provider.url), lists=[listing("dead", "old", age=9e5)])
        with Trayapp(desk) as program:
            item = host.wait_item()
            host.wait_row(item, "mine (2) – updated just now")
            until(lambda: dead.asked, "the question")
            assert host.row(item, "dead (1) – refreshing…")
            host.click(item, "old")
            host.wait_row(item, "● dead: old")
            host.click(item, "Quit")
            assert program.wait_end(3) == 0


def test_a_tray_host_that_comes_late_or_again_has_the_icon_once(desk: dict[str, str], provider: Provider) -> None:
    set_up(server("mine", provider.url))
    host = Host(desk["DBUS_SESSION_BUS_ADDRESS"])
    with Trayapp(desk):
        until(lambda: provider.served.requests, "the program to be at work")
        with host:
            item = host.wait_item()
            host.wait_row(item, "mine (2)")
            for pause in (0.0, 0.1):
                host.restart(pause)
                again = host.wait_item()
                assert (again.owner, len(host.items)) == (item.owner, 1)
                host.wait_row(again, "mine (2)")
            host.click(host.wait_item(), "two")
            host.wait_row(host.wait_item(), "● mine: two")


def test_clicks_on_the_icon_do_what_is_usual_and_what_the_settings_say(
    desk: dict[str, str], host: Host, pointer: Pointer
) -> None:
    accounts = (server("left", "http://127.0.0.1:9", ttl=10**6),)
    set_up(*accounts, lists=(listing("left", "a"),), notify_switch=False)
    with Trayapp(desk):
        item = host.wait_item()
        host.row(item, "a")
        host.activate(item, "SecondaryActivate")
        pointer.focus(pointer.wait_window(WINDOW, by="name"))
        pointer.keys("Escape")
        pointer.wait_no_window(WINDOW)
        host.activate(item)
        assert pointer.wait_window(WINDOW).height < 800  # the search
        cli(desk, "settings", "set", "click_left", "settings")
        host.activate(item)
        pointer.wait_window("^Settings – trayapp$", by="name")


def test_a_left_click_opens_the_menu_where_somebody_wants_that(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    set_up(server("left", "http://127.0.0.1:9", ttl=10**6), lists=(listing("left", "a_b"),), click_left="menu")
    with Trayapp(desk):
        item = host.wait_item()
        host.row(item, "a_b")
        pointer.move(300, 200)
        host.activate(item)
        menu = pointer.wait_window(WINDOW)
        assert (menu.x, menu.y) == (300, 200)
        assert reader.wait("Quit", "menu item")
        pointer.keys("Escape")
        pointer.wait_no_window(WINDOW)


def test_two_quick_clicks_are_a_double_click_where_that_means_something(
    desk: dict[str, str], host: Host, pointer: Pointer
) -> None:
    set_up(
        server("left", "http://127.0.0.1:9", ttl=10**6),
        lists=(listing("left", "a"),),
        click_left="models",
        click_double="settings",
    )
    with Trayapp(desk):
        item = host.wait_item()
        host.row(item, "a")
        host.activate(item)
        host.activate(item)
        pointer.wait_window("^Settings – trayapp$", by="name")
        assert not pointer.windows(WINDOW, by="name")
