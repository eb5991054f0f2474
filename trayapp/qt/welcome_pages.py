"""The three pages of the first start: what was found, a provider, a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.secret import Secret
from trayapp.providers.spec import ProviderSpec
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.keys import KeyLine, wipe
from trayapp.ui.welcome import Sight, matching

_REF = Qt.ItemDataRole.UserRole


class FoundPage(QWidget):
    """What is on this computer; a key in the environment can be used from where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.note = plain(_("Looking for a keyring, for servers of local models, and for keys…"))
        self.switches: dict[str, QCheckBox] = {}
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.note)
        layout.addLayout(self._grid)
        layout.addStretch(1)

    @property
    def variables(self) -> tuple[str, ...]:
        """The rows whose key is to be read from the environment."""
        return tuple(spec for spec, box in self.switches.items() if box.isChecked())

    def show_sights(self, sights: Iterable[Sight]) -> None:
        """Show these in the place of those before."""
        while item := self._grid.takeAt(0):
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.switches = {}
        for row, sight in enumerate(sights):
            mark = QLabel("✓" if sight.there else "–")
            mark.setAccessibleName(_("there") if sight.there else _("not there"))
            self._grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(plain(sight.text), row, 1)
            if sight.spec:
                box = QCheckBox(_("Use it"))
                box.setAccessibleName(_("Use it: {what}").format(what=sight.text))
                box.setChecked(True)
                self.switches[sight.spec] = box
                self._grid.addWidget(box, row, 2, Qt.AlignmentFlag.AlignTop)
        self.note.setText(_("This was found on your computer. Nothing is changed before you press “Finish”."))


class ProviderPage(QWidget):
    """One provider and its key; both can be left out."""

    changed = Signal()

    def __init__(self, specs: Sequence[ProviderSpec], warn: Callable[[ProviderSpec, str], str]) -> None:
        super().__init__()
        self._table = {spec.id: spec for spec in specs}
        self._warn = warn
        self.box = QComboBox()
        self.box.setAccessibleName(_("Provider"))
        self.box.addItem(_("none now"), "")
        for spec in sorted(specs, key=lambda it: it.name.casefold()):
            if spec.keys_url and not spec.asks:
                self.box.addItem(spec.name, spec.id)
        self.edit = KeyLine()
        self.edit.setAccessibleName(_("Key"))
        self.page = QPushButton(_("&Open the key page…"))
        self.page.setAutoDefault(False)
        self.page.clicked.connect(self._open_page)
        self.unchecked = QCheckBox(_("Keep the key without asking the provider whether it is &good"))
        self.warning = plain()
        provider, key = QLabel(_("&Provider")), QLabel(_("&Key"))
        provider.setBuddy(self.box)
        key.setBuddy(self.edit)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.addWidget(provider, 0, 0)
        grid.addWidget(self.box, 0, 1)
        grid.addWidget(self.page, 0, 2)
        grid.addWidget(key, 1, 0)
        grid.addWidget(self.edit, 1, 1, 1, 2)
        layout = QVBoxLayout(self)
        layout.addWidget(plain(_("Which provider do you have an account with? More can be added later.")))
        layout.addLayout(grid)
        layout.addWidget(self.warning)
        layout.addWidget(self.unchecked)
        layout.addWidget(
            small(plain(_("The key goes into the system’s keyring, and to this provider alone. Tools never see it.")))
        )
        layout.addStretch(1)
        self.box.currentIndexChanged.connect(self._changed)
        self.edit.textChanged.connect(self._changed)
        self._changed()

    @property
    def spec(self) -> str:
        """The row of the provider to add; empty: none."""
        return str(self.box.currentData() or "")

    @property
    def key(self) -> Secret | None:
        """What was typed."""
        text = self.edit.text().strip()
        return Secret(text) if text and self.spec else None

    @property
    def lacks(self) -> str:
        """Why this cannot be done as it stands, in a sentence."""
        if self.spec and self.key is None and self._table[self.spec].key_required:
            return _("Paste the key for {name}, or choose “none now”.").format(name=self._table[self.spec].name)
        return ""

    def wipe(self) -> None:
        """Keep nothing of the key."""
        wipe(self.edit)

    def _changed(self) -> None:
        spec = self._table.get(self.spec)
        key = self.key
        for widget in (self.edit, self.page, self.unchecked):
            widget.setEnabled(spec is not None)
        self.page.setToolTip(spec.keys_url if spec else "")
        warning = self._warn(spec, self.edit.text().strip()) if spec is not None and key is not None else ""
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        self.changed.emit()

    def _open_page(self) -> None:
        if self.spec:
            QDesktopServices.openUrl(QUrl(self._table[self.spec].keys_url))


class ModelPage(QWidget):
    """A model to begin with; none has to be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[tuple[ModelRef, str], ...] = ()
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(_("Search models"))
        self.search.setPlaceholderText(_("Type part of a model’s or a provider’s name"))
        self.search.textChanged.connect(lambda _text: self._filter())
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Models"))
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.nothing = plain()
        self.login = QCheckBox(_("&Start with the desktop, so that the icon is always there"))
        layout = QVBoxLayout(self)
        layout.addWidget(plain(_("Which model shall your tools talk to? One click in the tray changes it later.")))
        layout.addWidget(self.search)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.login)

    @property
    def ref(self) -> ModelRef | None:
        """The chosen one."""
        item = self.list.currentItem()
        return item.data(_REF) if item is not None and item.isSelected() else None

    def show_choices(self, choices: tuple[tuple[ModelRef, str], ...]) -> None:
        """Offer these; what was chosen stays chosen where it is among them."""
        if choices != self._choices:
            self._choices = choices
            self._filter()

    def _filter(self) -> None:
        kept = self.ref
        self.list.clear()
        for ref, text in self._choices:
            if matching(f"{text} {ref}", self.search.text()):
                item = QListWidgetItem(text, self.list)
                item.setData(_REF, ref)
                if ref == kept:
                    self.list.setCurrentItem(item)
        self.nothing.setVisible(self.list.count() == 0)
        self.nothing.setText(
            _("No model of that name.")
            if self._choices
            else _("No list of models is here yet; choose in the tray once one came.")
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows in the search field move through the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                row = self.list.currentRow() + step
                self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)
