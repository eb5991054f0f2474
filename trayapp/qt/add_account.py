"""Where an account is added: what was found on this computer first, then every provider we know."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.providers.spec import ProviderSpec
from trayapp.qt.dialogs import named_buttons, plain
from trayapp.ui.accounts import Offer

_SPEC = Qt.ItemDataRole.UserRole


class AddDialog(QDialog):
    """Says which provider to add; adding it is the page's business."""

    picked = Signal(str)
    """The id of a provider's row."""
    used = Signal(object, bool)
    """An Offer, and whether the key in it is to be copied into the keyring."""

    def __init__(self, parent: QWidget | None, specs: Iterable[ProviderSpec], offers: Iterable[Offer]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Add a provider"))
        layout = QVBoxLayout(self)
        found = tuple(offers)
        self.found = self._found(found) if found else None
        if self.found is not None:
            layout.addWidget(self.found)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(_("Search providers"))
        self.search.setPlaceholderText(_("Type to search"))
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        label = QLabel(_("&Provider"))
        label.setBuddy(self.search)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Providers"))
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(self.list.fontMetrics().height())
        self.list.itemActivated.connect(lambda _item: self._add())
        self.list.currentItemChanged.connect(lambda: self._offer())
        for spec in sorted(specs, key=lambda it: (not it.local, it.name.casefold())):
            text = _("{name} (on this computer)").format(name=spec.name) if spec.local else spec.name
            item = QListWidgetItem(text, self.list)
            item.setData(_SPEC, spec.id)
        self.nothing = plain(
            _("No provider of that name. “OpenAI-compatible” takes any server that speaks OpenAI's protocol.")
        )
        self.nothing.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        named_buttons(
            buttons,
            {QDialogButtonBox.StandardButton.Ok: _("&Add"), QDialogButtonBox.StandardButton.Cancel: _("Cancel")},
        )
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setDefault(True)
        buttons.accepted.connect(self._add)
        buttons.rejected.connect(self.reject)
        for widget in (label, self.search, self.list, self.nothing, buttons):
            layout.addWidget(widget)
        self.search.setFocus()
        self._filter("")
        self.resize(self.sizeHint().expandedTo(self.fontMetrics().boundingRect("x" * 62).size()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys in the search field move through the list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self._move(step)
                return True
        return super().eventFilter(watched, event)

    def _found(self, offers: Iterable[Offer]) -> QGroupBox:
        box = QGroupBox(_("Found on this computer"))
        grid = QGridLayout(box)
        grid.setColumnStretch(0, 1)
        for row, offer in enumerate(offers):
            grid.addWidget(plain(offer.title), row, 0)
            use = self._button(grid, row, 1, _("Use"), _("Use: {what}").format(what=offer.title))
            use.clicked.connect(lambda _checked, offer=offer: self._use(offer, copy=False))
            if offer.variable:
                name = _("Copy to keyring")
                copy = self._button(grid, row, 2, name, f"{name}: {offer.title}")
                copy.clicked.connect(lambda _checked, offer=offer: self._use(offer, copy=True))
        return box

    def _button(self, grid: QGridLayout, row: int, column: int, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setAccessibleName(name)
        grid.addWidget(button, row, column)
        return button

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        first = None
        for row in range(self.list.count()):
            item = self.list.item(row)
            shown = all(word in f"{item.text()} {item.data(_SPEC)}".casefold() for word in words)
            item.setHidden(not shown)
            if shown and first is None:
                first = item
        current = self.list.currentItem()
        if first is None:
            self.list.setCurrentRow(-1)
        elif current is None or current.isHidden() or words:
            self.list.setCurrentItem(first)
        if first is None:  # the sentence may need all the room there is
            self._show_lists(False)
            self.nothing.show()
        else:
            self.nothing.hide()
            self._show_lists(True)
        self._offer()

    def _show_lists(self, on: bool) -> None:
        self.list.setVisible(on)
        if self.found is not None:
            self.found.setVisible(on)

    def _move(self, step: int) -> None:
        row = self.list.currentRow() + step
        while 0 <= row < self.list.count():
            if not self.list.item(row).isHidden():
                self.list.setCurrentRow(row)
                return
            row += step

    def _offer(self) -> None:
        self._ok.setEnabled(self.list.currentItem() is not None)

    def _add(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.picked.emit(item.data(_SPEC))
            self.accept()

    def _use(self, offer: Offer, *, copy: bool) -> None:
        self.used.emit(offer, copy)
        self.accept()
