"""The icon in the tray: made when there is a tray to hold it, and made again when a better one comes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from trayapp.qt.icons import Icons
from trayapp.qt.menu import ModelMenu
from trayapp.ui.clicks import Click
from trayapp.ui.menu import TrayView

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

WATCHER = "org.kde.StatusNotifierWatcher"
"""The D-Bus name that a desktop's tray takes. Qt looks for it once for each icon it makes."""
RECHECKS = (500, 1_000, 2_000, 4_000, *(8_000,) * 8)
"""Milliseconds between looks for an XEmbed tray, which announces itself to nobody who has no icon."""


_NO_XEMBED = ("offscreen", "minimal", "wayland", "wayland-egl")
"""Platforms where looking again would find nothing that D-Bus does not tell us of."""
_CLICKS = {
    QSystemTrayIcon.ActivationReason.Trigger: Click.LEFT,
    QSystemTrayIcon.ActivationReason.MiddleClick: Click.MIDDLE,
    QSystemTrayIcon.ActivationReason.DoubleClick: Click.DOUBLE,
}


class Tray(QObject):
    """Draws a TrayView where a tray is to be found, and says when one comes or goes."""

    asked = Signal(object)
    """The intent of the row that was clicked."""
    opened = Signal(str)
    """The account whose submenu is being opened."""
    activated = Signal(object)
    """The icon was clicked, and how. Not with the right button: that opens the menu."""
    available = Signal(bool)
    """There is a place for the icon, or no longer."""

    def __init__(self, icons: Icons, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._view = TrayView()
        self._icon: QSystemTrayIcon | None = None
        self._dbus = False
        self._there = False
        self._watched: QDBusServiceWatcher | None = None
        self._pauses = list(RECHECKS)
        self._recheck = QTimer(self)
        self._recheck.setSingleShot(True)
        self._recheck.timeout.connect(self._look)
        icons.changed.connect(self._redress)
        self.menu = ModelMenu()
        self.menu.asked.connect(self.asked)
        self.menu.opened.connect(self.opened)

    @property
    def there(self) -> bool:
        """Whether the icon has a place now."""
        return self._there

    @property
    def dbus(self) -> bool:
        """Whether a tray host draws the menu, over D-Bus, instead of Qt."""
        return self._dbus

    def start(self) -> None:
        """Look for a tray, make the icon if there is one, and go on looking if not."""
        bus = _session_bus()
        if bus is not None:
            from PySide6.QtDBus import QDBusServiceWatcher

            self._dbus = _has_watcher(bus)
            watched = QDBusServiceWatcher(WATCHER, bus, parent=self)
            watched.serviceRegistered.connect(self._host_came)
            watched.serviceUnregistered.connect(self._host_went)
            self._watched = watched
        self._look()

    def render_view(self, view: TrayView) -> None:
        """Show this from now on; the menu follows once it is closed."""
        before, self._view = self._view, view
        self.menu.render_view(view, self._dbus)
        if self._icon is not None:
            if view.icon != before.icon:
                self._icon.setIcon(self._icons.state(view.icon))
            if view.tooltip != before.tooltip:
                self._icon.setToolTip(view.tooltip)

    def rest(self) -> None:
        """Stop looking: a window stands in now. A D-Bus host that comes later is still noticed."""
        self._recheck.stop()
        self._pauses.clear()
        if self._icon is None and QGuiApplication.platformName() == "xcb":
            self._make()  # costs nothing; Qt places it when an XEmbed tray comes

    def pop_up(self) -> None:
        """Open the menu where the pointer is.

        A StatusNotifier host opens its own copy of the menu with the right button, and there is no way to ask it for
        that: what opens there is Qt's, which some Wayland desktops will not place at the pointer.
        """
        self.menu.popup(QCursor.pos())

    def tell(self, title: str, text: str) -> None:
        """A notification by way of Qt, where there is an icon to show it from."""
        if self._icon is not None:
            self._icon.showMessage(title, text, self._icons.program())

    def close(self) -> None:
        """Take the icon away and stop listening."""
        self._recheck.stop()
        self._pauses.clear()
        if self._watched is not None:
            self._watched.deleteLater()
            self._watched = None
        self._drop()
        self._there = False
        self.menu.deleteLater()

    # -- where the icon can be ------------------------------------------------------------------

    def _look(self) -> None:
        if self._dbus or QSystemTrayIcon.isSystemTrayAvailable():
            self._make()
            self._say(True)
        elif self._pauses and QGuiApplication.platformName() not in _NO_XEMBED:
            self._recheck.start(self._pauses.pop(0))

    def _host_came(self) -> None:
        if self._dbus and self._icon is not None:
            self._say(True)  # it restarted: Qt itself brings the icon back
            return
        self._dbus = True
        self._recheck.stop()
        # Not from within the signal: Qt's own watcher of the same name may be about to hear of it.
        QTimer.singleShot(0, self, self._remake)

    def _host_went(self) -> None:
        if self._dbus:
            self.menu.host_gone()
            self._say(False)

    def _remake(self) -> None:
        if self._watched is not None:  # not closed meanwhile
            self._make()
            self._say(True)

    def _make(self) -> None:
        self._drop()
        self._icons.themed = self._dbus
        icon = QSystemTrayIcon(self._icons.state(self._view.icon), self)
        icon.setToolTip(self._view.tooltip)
        self.menu.render_view(self._view, self._dbus)  # texts are escaped by the kind of tray
        icon.setContextMenu(self.menu)
        icon.activated.connect(self._clicked)
        icon.show()
        self._icon = icon

    def _drop(self) -> None:
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        click = _CLICKS.get(reason)
        if click is not None:
            self.activated.emit(click)

    def _redress(self) -> None:
        """The theme changed, or how the icon is to be drawn on it."""
        if self._icon is not None:
            self._icon.setIcon(self._icons.state(self._view.icon))

    def _say(self, there: bool) -> None:
        if there != self._there:
            self._there = there
            self.available.emit(there)


def _session_bus() -> QDBusConnection | None:
    if not sys.platform.startswith("linux"):
        return None
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus()
    return bus if bus.isConnected() else None


def _has_watcher(bus: QDBusConnection) -> bool:
    interface = bus.interface()
    return interface is not None and bool(interface.isServiceRegistered(WATCHER).value())
