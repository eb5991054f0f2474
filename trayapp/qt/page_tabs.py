"""The tabs of a page of the settings that has too much for one: each with an access key of its own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QScrollArea, QTabWidget, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.qt.fields import make_scrolling
from trayapp.ui import form


class PageTabs(QTabWidget):
    """They fill the page, and are empty until all their parts are made."""

    def __init__(self, page: QWidget, titles: Sequence[str], *, taken: str) -> None:
        """``taken`` are access keys in use around the page; afterwards ``self.taken`` has those of the tabs too."""
        super().__init__()
        self._titles = form.access_keys(titles, taken)
        self.taken = taken + form.access_letters(self._titles)
        self.setDocumentMode(True)
        self.setAccessibleName(_("Parts of the page"))
        QVBoxLayout(page).addWidget(self)

    def fill(self, *parts: QWidget) -> None:
        """A tab for each, in the order of the titles."""
        for part, title in zip(parts, self._titles, strict=True):
            self.addTab(part, title)


def stacked(*parts: QWidget) -> QScrollArea:
    """What stands in one tab, one below the other; it scrolls where there is no room."""
    area, inside = QScrollArea(), QWidget()
    layout = QVBoxLayout(inside)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    make_scrolling(area, inside)
    return area
