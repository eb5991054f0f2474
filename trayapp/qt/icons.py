"""The program's pictures: the tray icon of each state, and the program's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

SIZES = (16, 22, 24, 32, 44, 48, 64)
PROGRAM_SIZES = (16, 32, 48, 64, 128, 256)


class Icons:
    """Gives the icon of a state by its name (``ready working attention``), read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, QIcon] = {}

    def state(self, name: str) -> QIcon:
        """The tray's icon; a state without a picture of its own looks ready."""
        return self._icon(name if (self._folder / f"{name}-22.png").exists() else "ready", SIZES)

    def program(self) -> QIcon:
        """For windows and notifications."""
        return self._icon("trayapp", PROGRAM_SIZES)

    def _icon(self, name: str, sizes: tuple[int, ...]) -> QIcon:
        icon = self._held.get(name)
        if icon is None:
            icon = QIcon()
            for size in sizes:
                icon.addFile(str(self._folder / f"{name}-{size}.png"), QSize(size, size))
            self._held[name] = icon
        return icon
