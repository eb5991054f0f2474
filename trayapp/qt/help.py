"""The user guide in a window: its pages on the left, Markdown on the right, links among them followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent, QKeySequence, QShortcut, QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from trayapp.app.root import App
from trayapp.core.language import _
from trayapp.ui import guide

_NAME = Qt.ItemDataRole.UserRole


class _Text(QTextBrowser):
    """Shows one page. Pictures are read from the guide's own folder only."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.setOpenLinks(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAccessibleName(_("Text of the page"))

    def show_page(self, text: str) -> None:
        """Show this Markdown. Lines of code wrap like all others: a page that moves sideways is hard to read."""
        self.setMarkdown(text)
        at = QTextCursor(self.document())
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().nonBreakableLines():
                format = block.blockFormat()
                format.setNonBreakableLines(False)
                at.setPosition(block.position())
                at.setBlockFormat(format)
            block = block.next()

    def loadResource(self, kind: int, url: QUrl | str) -> object:
        """Nothing is fetched from anywhere, and nothing read from elsewhere."""
        name = Path(QUrl(url).path()).name
        path = self._folder / name
        if kind != int(QTextDocument.ResourceType.ImageResource.value) or not name or not path.is_file():
            return None
        return super().loadResource(kind, QUrl.fromLocalFile(str(path)))


class HelpWindow(QWidget):
    """Every page of ``folder``, which was shipped with the program."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._texts = _read(folder)
        self._pages = guide.pages(self._texts)
        self._shown = ""
        self._been: list[str] = []
        self.setWindowTitle(_("Help – trayapp"))
        self.list = QListWidget()
        self.list.setAccessibleName(_("Pages of the guide"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for page in self._pages:
            item = QListWidgetItem(page.title, self.list)
            item.setData(_NAME, page.name)
        self.list.currentItemChanged.connect(lambda item: self._show(item.data(_NAME)) if item else None)
        self.text = _Text(folder)
        self.text.anchorClicked.connect(self._follow)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(_("Search the guide"))
        self.search.setAccessibleName(_("Search the guide"))
        self.search.returnPressed.connect(self.find_next)
        self.nothing = QLabel()
        self.back = QPushButton(_("&Back"))
        self.back.setEnabled(False)
        self.back.clicked.connect(self._go_back)
        line = QHBoxLayout()
        line.addWidget(self.back)
        line.addWidget(self.search, 1)
        line.addWidget(self.nothing)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        letter = self.fontMetrics()
        split.setSizes([letter.averageCharWidth() * 26, letter.averageCharWidth() * 84])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addLayout(line)
        layout.addWidget(split, 1)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self._to_search)
        self.resize(letter.averageCharWidth() * 112, letter.height() * 38)

    @property
    def shown(self) -> str:
        """The name of the page that is shown."""
        return self._shown

    def open_page(self, page: str = "") -> None:
        """Show ``gateway`` or ``gateway#tokens``; the first page where there is none of that name."""
        name, _hash, anchor = page.partition("#")
        self._go(name if name in self._texts else guide.FIRST, anchor)
        self.show()
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; Alt+Left goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_Left and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._go_back()
        else:
            super().keyPressEvent(event)

    def find_next(self) -> None:
        """The next place where the searched words stand: on this page, then on the following ones."""
        wanted = self.search.text().strip()
        self.nothing.setText("")
        if not wanted or self.text.find(wanted):
            return
        names = [it.name for it in self._pages]
        at = names.index(self._shown) if self._shown in names else 0
        for name in (*names[at + 1 :], *names[: at + 1]):
            if guide.has(self._texts[name], wanted):
                self._go(name)
                if self.text.find(wanted):
                    return
        self.nothing.setText(_("Not found."))

    # -- getting about ----------------------------------------------------------------------------

    def _go(self, name: str, anchor: str = "") -> None:
        row = next((row for row, page in enumerate(self._pages) if page.name == name), -1)
        if self.list.currentRow() == row:
            self._show(name)
        else:
            self.list.setCurrentRow(row)
        if anchor:
            self._to_heading(anchor)

    def _show(self, name: str) -> None:
        if name not in self._texts or name == self._shown:
            return
        if self._shown:
            self._been.append(self._shown)
        self._shown = name
        self.back.setEnabled(bool(self._been))
        self.text.show_page(self._texts[name])

    def _follow(self, url: QUrl) -> None:
        found = guide.target(url.toString())
        if found is None:
            if url.scheme() in ("https", "http"):
                QDesktopServices.openUrl(url)
            return
        name, anchor = found
        self._go(name or self._shown, anchor)

    def _go_back(self) -> None:
        if self._been:
            name = self._been.pop()
            self._go(name)
            self._been.pop()  # going back is not a step to go back to
            self.back.setEnabled(bool(self._been))

    def _to_heading(self, anchor: str) -> None:
        block = self.text.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and guide.anchor(block.text()) == anchor:
                place = self.text.document().documentLayout().blockBoundingRect(block)
                self.text.verticalScrollBar().setValue(round(place.top()))
                return
            block = block.next()

    def _to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()


def window(app: App) -> HelpWindow:
    """The window of the running program."""
    return HelpWindow(app.paths.resources / "help")


def _read(folder: Path) -> Mapping[str, str]:
    """The pages by name. They came with the program, and are small: under 100 kB together."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
