"""One preference on a page: its control, its help, and what is wrong with what was typed, in words."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.qt.dialogs import Wrapped, plain
from trayapp.ui import form
from trayapp.ui.form import Field, Shape


class FieldRow(QWidget):
    """Shows one field and holds what was typed, good or bad, until it is saved or taken back."""

    changed = Signal()

    def __init__(self, field: Field, label: str) -> None:
        """``label`` is the field's with its access key marked."""
        super().__init__()
        self.field = field
        self.label: Wrapped | None = None
        self.control: QCheckBox | QComboBox | QLineEdit = self._make(label)
        self.control.setObjectName(field.name)
        self.control.setAccessibleName(field.label)
        self.error = plain()
        embolden(self.error)
        self.forced = small(plain())
        embolden(self.forced)
        line = self.line = QHBoxLayout()
        line.addWidget(self.control, 1 if field.shape is Shape.TEXT else 0)
        if field.unit:
            line.addWidget(QLabel(field.unit))
        line.addStretch(0 if field.shape is Shape.TEXT else 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(line)
        if field.help:
            layout.addWidget(small(plain(field.help)))
        layout.addWidget(self.forced)
        layout.addWidget(self.error)
        self.show_field(field)

    @property
    def text(self) -> str:
        """What is entered, in the text form of preferences."""
        if isinstance(self.control, QCheckBox):
            return form.ON if self.control.isChecked() else form.OFF
        if isinstance(self.control, QComboBox):
            return str(self.control.currentData())
        return self.control.text().strip()

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self.text != self.field.value and not self.field.forced_by

    @property
    def problem(self) -> str:
        """What is wrong with what is entered; empty when it can be saved."""
        return form.check(self.field, self.text)

    @property
    def differs(self) -> bool:
        """Something else is entered than what the program has by itself, and it can be changed here."""
        return self.text != self.field.default and not self.field.forced_by

    def reset(self) -> None:
        """Enter what the program has by itself, unless it is set elsewhere."""
        if self.differs:
            self._enter(self.field.default)

    def show_field(self, field: Field, *, forget: bool = True) -> None:
        """Show the value that holds now; what the user has entered stays unless ``forget``."""
        keep = not forget and self.dirty
        self.field = field
        if not keep:
            self._enter(field.value)
        by = _("Set by {variable}; change it there.").format(variable=field.forced_by)
        self.forced.setText(by if field.forced_by else "")
        self.forced.setVisible(bool(field.forced_by))
        self.control.setEnabled(not field.forced_by)
        said = (field.help, field.unit, field.limits, self.forced.text())
        self.control.setAccessibleDescription(" ".join(filter(None, said)))
        self._judge()

    def _enter(self, text: str) -> None:
        if isinstance(self.control, QCheckBox):
            self.control.setChecked(text == form.ON)
        elif isinstance(self.control, QComboBox):
            self.control.setCurrentIndex(max(0, self.control.findData(text)))
        elif self.control.text() != text:
            self.control.setText(text)

    def _make(self, label: str) -> QCheckBox | QComboBox | QLineEdit:
        if self.field.shape is Shape.SWITCH:
            switch = QCheckBox(label)
            switch.toggled.connect(self._edited)
            return switch
        if self.field.shape is Shape.CHOICE:
            box = QComboBox()
            for text, words in self.field.choices:
                box.addItem(words, text)
            box.currentIndexChanged.connect(self._edited)
            control: QComboBox | QLineEdit = box
        else:
            edit = QLineEdit()
            if self.field.shape is Shape.NUMBER:
                edit.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers)
                edit.setFixedWidth(edit.fontMetrics().horizontalAdvance("0" * 14))
            else:
                edit.setMinimumWidth(edit.fontMetrics().averageCharWidth() * 30)
            edit.textChanged.connect(self._edited)
            control = edit
        self.label = Wrapped(label)
        self.label.setBuddy(control)
        return control

    def _edited(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        problem = self.problem
        self.error.setText(problem)
        self.error.setVisible(bool(problem))


class FieldPage(QScrollArea):
    """A page of preferences, with room for more rows above them.

    Labels stand beside their controls, or above them where the page is too narrow for that.
    """

    changed = Signal()

    def __init__(self, page: form.Page, *, taken: str = "", first: QWidget | None = None) -> None:
        """``taken`` are access keys in use around the page; ``first`` stands above its fields."""
        super().__init__()
        self.rows: dict[str, FieldRow] = {}
        self._narrow = False
        inside = QWidget()
        grid = self._grid = QGridLayout(inside)
        grid.setColumnStretch(1, 1)
        self._letter = self.fontMetrics().averageCharWidth()
        if first is not None:
            grid.addWidget(first, 0, 1)
        labels = form.access_keys((field.label for field in page.fields), taken)
        self.taken = taken + form.access_letters(labels)
        """Access keys in use on the page and around it."""
        for field, label in zip(page.fields, labels, strict=True):
            row = FieldRow(field, label)
            row.changed.connect(self.changed)
            self.rows[field.name] = row
            if row.label is not None:
                row.label.least = row.control.sizeHint().height()
                row.label.setMinimumHeight(row.label.least)
        self._arrange()
        grid.setRowStretch(grid.rowCount(), 1)
        make_scrolling(self, inside)

    @property
    def differs(self) -> bool:
        """Some of it is not as the program has it by itself."""
        return any(row.differs for row in self.rows.values())

    def show_fields(self, page: form.Page, *, forget: bool = False) -> None:
        """Show the values that hold now; what was entered stays unless ``forget``."""
        for field in page.fields:
            self.rows[field.name].show_field(field, forget=forget)

    def reset(self) -> None:
        """Enter what the program has by itself, to be saved or taken back."""
        for row in self.rows.values():
            row.reset()

    def add_below(self, more: QWidget) -> None:
        """Put something of its own under the fields, over the whole width."""
        row = self._grid.rowCount()
        self._grid.setRowStretch(row - 1, 0)  # the room that is left stays at the end
        self._grid.addWidget(more, row, 0, 1, 2)
        self._grid.setRowStretch(row + 1, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put labels beside their controls or above them, by the room that there is."""
        bar = self.verticalScrollBar().sizeHint().width()
        narrow = self.width() - bar < self._wanted()
        if narrow != self._narrow:  # told by the whole width: a bar that comes and goes changes nothing
            self._narrow = narrow
            self._arrange()
        super().resizeEvent(event)

    def _wanted(self) -> int:
        """Pixels that labels and controls need side by side."""
        margins = self._grid.contentsMargins()
        controls = max((row.minimumSizeHint().width() for row in self.rows.values()), default=0)
        return self._beside() + controls + self._grid.horizontalSpacing() + margins.left() + margins.right()

    def _beside(self) -> int:
        """Pixels of the column of labels; a label that is longer is wrapped."""
        labels = [row.label for row in self.rows.values() if row.label is not None]
        widest = max((it.fontMetrics().horizontalAdvance(it.text()) + self._letter for it in labels), default=0)
        return min(widest, self._letter * 30)

    def _arrange(self) -> None:
        gap, beside = self._grid.verticalSpacing(), self._beside()
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for number, row in enumerate(self.rows.values()):
            at = 3 * number + 1
            self._grid.setRowMinimumHeight(at + 2, gap)
            if row.label is not None:
                self._grid.removeWidget(row.label)
                row.label.setMinimumWidth(0 if self._narrow else beside)
                row.label.setAlignment(left if self._narrow else right)
                cell = (at, 1) if self._narrow else (at + 1, 0)
                self._grid.addWidget(row.label, *cell, Qt.AlignmentFlag.AlignTop)
            self._grid.removeWidget(row)
            self._grid.addWidget(row, at + 1, 1)


def make_scrolling(area: QScrollArea, inside: QWidget) -> None:
    """A page that scrolls when the text is larger than the window, without a frame around it."""
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    # the page's own colour, not that of a list
    area.viewport().setAutoFillBackground(False)
    inside.setAutoFillBackground(False)


def go_to(tabs: QTabWidget, control: QWidget) -> None:
    """Show the part with this control, and go there."""
    for at in range(tabs.count()):
        part = tabs.widget(at)
        if part is not None and part.isAncestorOf(control):
            tabs.setCurrentIndex(at)
            if isinstance(part, QScrollArea):
                part.ensureWidgetVisible(control)
    control.setFocus()


def bring_up(control: QWidget) -> None:
    """Open whatever part of a window hides it, scroll to it, and give it the keyboard.

    What takes no keyboard itself passes it on to the first control inside.
    """
    above = control.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QTabWidget):
            at = next((at for at in range(above.count()) if _holds(above.widget(at), control)), -1)
            above.setCurrentIndex(at)
        above = above.parentWidget()
    inside = (it for it in control.findChildren(QWidget) if it.focusPolicy() & Qt.FocusPolicy.TabFocus)
    takes = control if control.focusPolicy() & Qt.FocusPolicy.TabFocus else next(inside, control)
    above = control.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(takes)
            above.ensureWidgetVisible(control)
        above = above.parentWidget()
    takes.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _holds(part: QWidget | None, control: QWidget) -> bool:
    return part is not None and (part is control or part.isAncestorOf(control))


def fit(window: QWidget, letters: int, lines: int) -> None:
    """Give a window room for so many letters and lines, as far as the screen has it."""
    letter = window.fontMetrics()
    wanted = QSize(letter.averageCharWidth() * letters, letter.height() * lines)
    free = room(window)
    window.resize(wanted.boundedTo(QSize(free.width() * 19 // 20, free.height() * 9 // 10)))


def room(window: QWidget) -> QSize:
    """What bars and docks leave of its screen."""
    return window.screen().availableSize()


def tab_after(before: QWidget, controls: Iterable[QWidget]) -> None:
    """Let Tab go from ``before`` through these: what is made later would else come last in its window."""
    for control in controls:
        QWidget.setTabOrder(before, control)
        before = control


def small(label: QLabel) -> QLabel:
    """For help: a little smaller, in the full colour."""
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 0.92)
    label.setFont(font)
    return label


def embolden(label: QLabel) -> None:
    """For what matters: told by weight, never by colour alone."""
    font = label.font()
    font.setBold(True)
    label.setFont(font)
