"""The program's pictures: the tray icon of each state, in the tone that the bar calls for, and the program's own.

Nobody tells a program what colour the bar is. What ``auto`` makes of that:

=================  ========================================================================================
Windows            The taskbar's own theme, from the registry: it may differ from that of the windows.
macOS              A template image: black with transparency, which the system colours as the bar needs it.
Elsewhere, dark    The theme's windows are dark, and so is its bar: the light icon.
Elsewhere, light   Undecided: GNOME's bar is dark above light windows, Plasma's is light. The icon with an
                   outline is seen on both, and on those that are grey or show the desktop behind them.
=================  ========================================================================================
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QGuiApplication, QIcon

if TYPE_CHECKING:
    from PySide6.QtCore import Qt

SIZES = (16, 18, 20, 22, 24, 32, 36, 40, 44, 48, 64)
PROGRAM_SIZES = (16, 24, 32, 48, 64, 128, 256)
"""What a window hands to its desktop; a picture of 512 lies beside them, for installers."""
DARK, LIGHT, OUTLINED = "dark", "light", "outlined"
"""How a state's picture is drawn; a dark one is for light bars, and is black, so it is macOS's template too."""
_PERSONALIZE = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"


def light_taskbar() -> bool | None:
    """Whether the taskbar of Windows is light; None where nobody says so.

    Windows keeps two themes, one for programs, which Qt knows, and one for its own bars: a value of the registry.
    """
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _PERSONALIZE) as key:
            return bool(winreg.QueryValueEx(key, "SystemUsesLightTheme")[0])
    except OSError:
        return None


class Icons(QObject):
    """Gives the icon of a state by its name (``ready working attention``), read when first asked for."""

    changed = Signal()
    """The icons that were given no longer suit the bar, or what the user wants: ask for them again."""

    def __init__(
        self,
        folder: Path,
        colour: Callable[[], str] = lambda: "auto",
        *,
        platform: str = sys.platform,
        taskbar: Callable[[], bool | None] = light_taskbar,
        parent: QObject | None = None,
    ) -> None:
        """``colour`` says what the user wants now: ``auto``, or ``light`` or ``dark`` whatever the theme."""
        super().__init__(parent)
        self._folder = folder
        self._colour = colour
        self._platform = platform
        self._taskbar = taskbar
        self._held: dict[tuple[str, bool], QIcon] = {}
        self._given: tuple[str, bool] | None = None
        self._scheme = ""
        self.themed = True
        """The bar is part of the desktop and follows its theme; a panel of its own (XEmbed) may have any colour."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._told)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.paletteChanged.connect(self.refresh)  # where the theme has no scheme; and Windows' bars changed

    def state(self, name: str) -> QIcon:
        """The tray's icon; a state without a picture of its own looks ready."""
        self._given = tone, mask = self._manner()
        if not (self._folder / f"{name}-{tone}-{SIZES[0]}.png").exists():
            name = "ready"
        return self._icon(f"{name}-{tone}", SIZES, mask)

    def program(self) -> QIcon:
        """For windows and notifications."""
        return self._icon("trayapp", PROGRAM_SIZES)

    def refresh(self, _: object = None) -> None:
        """The theme or the preference may be another: says ``changed`` if the icons look different for it."""
        if self._given is not None and self._manner() != self._given:
            self._given = None  # said once, until somebody asks for an icon again
            self.changed.emit()

    def _manner(self) -> tuple[str, bool]:
        """The tone of the moment, and whether the system may colour it."""
        wanted = self._colour()
        if wanted in (DARK, LIGHT):
            return wanted, False
        if self._platform == "darwin":
            return DARK, True
        if self._platform == "win32":
            bar = self._taskbar()
            return OUTLINED if bar is None else DARK if bar else LIGHT, False
        return LIGHT if self.themed and self._dark_theme() else OUTLINED, False

    def _told(self, scheme: Qt.ColorScheme) -> None:
        self._scheme = scheme.name
        self.refresh()

    def _dark_theme(self) -> bool:
        """What the theme says of itself, or else its windows.

        To ask for the scheme makes PySide build everything named ``Qt``, which takes 15 ms: more than the rest of the
        icon. So it is not asked before the first icon, and the palette, which follows it, answers at no cost.
        """
        if self._scheme in ("Dark", "Light"):
            return self._scheme == "Dark"
        return QGuiApplication.palette().window().color().lightness() < 128

    def _icon(self, name: str, sizes: tuple[int, ...], mask: bool = False) -> QIcon:
        icon = self._held.get((name, mask))
        if icon is None:
            icon = QIcon()
            for size in sizes:
                icon.addFile(str(self._folder / f"{name}-{size}.png"), QSize(size, size))
            icon.setIsMask(mask)
            self._held[name, mask] = icon
        return icon
