"""A StatusNotifier watcher and host of the tests' own: reads, opens and clicks a tray menu over D-Bus.

A Qt tray icon registers here exactly as with KDE, GNOME's AppIndicator extension, XFCE or LXQt. No pixels
and no window, so it is deterministic, and a call takes about a millisecond.

    with SniHost(env["DBUS_SESSION_BUS_ADDRESS"]) as host:
        item = host.wait_item()
        print(host.menu(item).dump())
        host.click(item, "OpenAI (120)", "gpt_4_mini")
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.support.dbus_server import NOTHING, DbusServer, Reply, member_of, reply_to, sender_of
from tests.support.dbusmenu import Node, node

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"
MENU_SIGNALS = ("LayoutUpdated", "ItemsPropertiesUpdated", "PropertiesChanged")
"""What makes a host read the menu again; many of them freeze a panel."""


class Item(NamedTuple):
    """One registered tray icon."""

    name: str
    """Its name on the bus, as registered."""
    path: str
    owner: str
    """The unique name of its connection, which its signals carry."""


class Icon(NamedTuple):
    name: str
    sizes: tuple[tuple[int, int], ...]
    """Width and height of each pixmap that came along."""
    pixels: bytes
    """The biggest pixmap as the item sent it (ARGB, network order): differs when the picture does."""


class SniHost:
    """The one tray of a bus. May be stopped and started again, and started after the program."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.items: list[Item] = []
        self.signals: Counter[tuple[str, str]] = Counter()
        """(unique name of the sender, member) of every menu and item signal heard."""
        self._changed = threading.Condition()
        self._menus: dict[Item, str] = {}
        self._client: DBusConnection | None = None
        rules = [MatchRule(type="signal", interface=name) for name in (MENU, ITEM, PROPERTIES)]
        rules.append(MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged"))
        self._server = DbusServer(address, WATCHER, self._answer, self._hear, rules)

    def start(self) -> None:
        self.items, self._menus = [], {}
        self._server.start()
        self._client = open_dbus_connection(self.address)
        self._server.signal(WATCHER_PATH, WATCHER, "StatusNotifierHostRegistered")

    def stop(self) -> None:
        """Leave, as a panel does that crashed."""
        self._server.stop()
        if self._client is not None:
            self._client.close()
            self._client = None

    def restart(self, pause: float = 0.0) -> None:
        self.stop()
        time.sleep(pause)
        self.start()

    def wait_item(self, timeout: float = 10.0, count: int = 1) -> Item:
        """The ``count``-th registered icon. TimeoutError if it does not come."""
        self._wait(lambda: len(self.items) >= count, timeout, f"{count} tray icon(s), got {self.items}")
        return self.items[count - 1]

    def wait_gone(self, item: Item, timeout: float = 10.0) -> None:
        self._wait(lambda: item not in self.items, timeout, f"{item} to leave")

    def properties(self, item: Item) -> dict[str, Any]:
        """All properties of the icon, without their D-Bus types."""
        body = self._call(DBusAddress(item.path, item.name, PROPERTIES), "GetAll", "s", (ITEM,))
        return {name: value[1] for name, value in body[0].items()}

    def icon(self, item: Item) -> Icon:
        told = self.properties(item)
        pictures = sorted(told.get("IconPixmap", []), key=lambda picture: int(picture[0]))
        sizes = tuple((width, height) for width, height, _ in pictures)
        return Icon(str(told.get("IconName", "")), sizes, bytes(pictures[-1][2]) if pictures else b"")

    def tooltip(self, item: Item) -> str:
        """Title and text of the tooltip, on one line each, empty ones left out."""
        _, _, title, text = self.properties(item)["ToolTip"]
        return "\n".join(part for part in (title, text) if part)

    def status(self, item: Item) -> str:
        """``Active``, ``Passive`` or ``NeedsAttention``."""
        return str(self.properties(item)["Status"])

    def menu(self, item: Item, parent: int = 0, depth: int = -1) -> Node:
        """The menu below ``parent``, told first that it is about to show, as hosts do."""
        self._about_to_show(item, parent)
        return node(self._menu_call(item, "GetLayout", "iias", (parent, depth, []))[1])

    def open(self, item: Item, *path: str) -> Node:
        """Open the menu and then each submenu named by ``path``; the innermost one, filled."""
        node = self.menu(item, 0, 1)
        self._event(item, node.id, "opened")
        for label in path:
            node = self.menu(item, node.child(label).id, 1)
            self._event(item, node.id, "opened")
        return node

    def close(self, item: Item, *path: str) -> None:
        """Close what ``open`` with the same path opened, the innermost first."""
        ids, node = [0], self._layout(item, 0)
        for label in path:
            node = self._layout(item, node.child(label).id)
            ids.append(node.id)
        for number in reversed(ids):
            self._event(item, number, "closed")

    def find(self, item: Item, *path: str) -> Node:
        """One entry by the labels that lead to it, filled if it is a submenu. LookupError if there is none."""
        node = self.menu(item, 0, 1)
        for label in path:
            node = node.child(label)
            if node.submenu:
                node = self.menu(item, node.id, 1)
        return node

    def click(self, item: Item, *path: str, closes: Literal["before", "after", "never"] = "before") -> Node:
        """Open the menus on the way and click the last label.

        ``closes``: whether the menus' closing is told before the click (LXQt, Plasma) or after it (XFCE).
        """
        *way, last = path
        node = self.open(item, *way).child(last)
        if not node.enabled:
            raise RuntimeError(f"{path} is disabled")
        if closes == "before":
            self.close(item, *way)
        self._event(item, node.id, "clicked")
        if closes == "after":
            self.close(item, *way)
        return node

    def activate(self, item: Item, member: str = "Activate", x: int = 10, y: int = 10) -> None:
        """A left click; ``SecondaryActivate`` is the middle one, ``ContextMenu`` the right one."""
        self._call(DBusAddress(item.path, item.name, ITEM), member, "ii", (x, y))

    def settle(self, item: Item) -> None:
        """Return when every signal that the program sent before it answered this has been counted."""
        self._call(DBusAddress("/", item.name, "org.freedesktop.DBus.Peer"), "Ping")
        self._server.caught_up()

    @contextmanager
    def counting(self, item: Item) -> Iterator[Counter[str]]:
        """The signals that the program sends inside the block, by name; complete when the block is left."""
        self.settle(item)
        before, counted = Counter(self.signals), Counter[str]()
        yield counted
        self.settle(item)
        for (sender, member), number in (Counter(self.signals) - before).items():
            if sender == item.owner:
                counted[member] += number

    def __enter__(self) -> SniHost:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _answer(self, message: Message) -> Reply:
        match member_of(message):
            case "RegisterStatusNotifierItem":
                self._register(str(message.body[0]), sender_of(message))
                return NOTHING
            case "RegisterStatusNotifierHost":
                return NOTHING
            case "Get":
                return "v", (self._told()[message.body[1]],)
            case "GetAll":
                return "a{sv}", (self._told(),)
            case "Introspect":
                return "s", ("<node/>",)
            case unknown:
                raise LookupError(unknown)

    def _register(self, service: str, sender: str) -> None:
        name, path = (sender, service) if service.startswith("/") else (service, "/StatusNotifierItem")
        item = Item(name, path, sender)
        with self._changed:
            if item not in self.items:
                self.items.append(item)
            self._changed.notify_all()
        self._server.signal(WATCHER_PATH, WATCHER, "StatusNotifierItemRegistered", "s", (name + path,))

    def _told(self) -> dict[str, tuple[str, Any]]:
        return {
            "RegisteredStatusNotifierItems": ("as", [item.name + item.path for item in self.items]),
            "IsStatusNotifierHostRegistered": ("b", True),
            "ProtocolVersion": ("i", 0),
        }

    def _hear(self, message: Message) -> None:
        member = member_of(message)
        if member != "NameOwnerChanged":
            self.signals[message.header.fields.get(HeaderFields.sender, ""), member] += 1
        elif not message.body[2]:
            with self._changed:
                self.items = [item for item in self.items if message.body[0] not in (item.name, item.owner)]
                self._changed.notify_all()

    def _wait(self, done: Callable[[], bool], timeout: float, what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(done, timeout):
                raise TimeoutError(f"waited {timeout:g} s for {what}")

    def _about_to_show(self, item: Item, parent: int) -> bool:
        return bool(self._menu_call(item, "AboutToShow", "i", (parent,))[0])

    def _layout(self, item: Item, parent: int) -> Node:
        return node(self._menu_call(item, "GetLayout", "iias", (parent, 1, []))[1])

    def _event(self, item: Item, number: int, what: str) -> None:
        self._menu_call(item, "Event", "isvu", (number, what, ("s", ""), int(time.time()) & 0xFFFFFFFF))

    def _menu_call(self, item: Item, member: str, signature: str, body: tuple[Any, ...]) -> Any:
        if item not in self._menus:
            self._menus[item] = str(self.properties(item)["Menu"])
        return self._call(DBusAddress(self._menus[item], item.name, MENU), member, signature, body)

    def _call(self, to: DBusAddress, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Any:
        if self._client is None:
            raise RuntimeError("the tray host does not run")
        return reply_to(self._client, new_method_call(to, member, signature, body))
