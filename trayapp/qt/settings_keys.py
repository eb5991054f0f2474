"""The page “Icon and keys”: the keys that find a model from anywhere are typed, or recorded as they are pressed."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from trayapp.core.language import _
from trayapp.core.shortcuts import no_shortcut
from trayapp.core.topic import Topic
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import FieldPage, FieldRow, embolden
from trayapp.ui import form

_NAMES = {
    Qt.Key.Key_Space: "Space",
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Backtab: "Tab",
    Qt.Key.Key_Insert: "Insert",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Home: "Home",
    Qt.Key.Key_End: "End",
    Qt.Key.Key_PageUp: "PageUp",
    Qt.Key.Key_PageDown: "PageDown",
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
    Qt.Key.Key_Left: "Left",
    Qt.Key.Key_Right: "Right",
    Qt.Key.Key_Pause: "Pause",
}
_ALONE = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Meta,
    Qt.Key.Key_Super_L,
    Qt.Key.Key_Super_R,
)
"""Keys that are held: the one that counts is still to come."""


def written(key: int, held: Qt.KeyboardModifier, platform: str = sys.platform) -> str:
    """Keys as ``core.shortcuts`` writes them, such as ``Ctrl+Alt+M``; good or bad."""
    mac = platform == "darwin"  # Qt calls Command there Control, and Control Meta
    names = (
        ("Ctrl", Qt.KeyboardModifier.MetaModifier if mac else Qt.KeyboardModifier.ControlModifier),
        ("Alt", Qt.KeyboardModifier.AltModifier),
        ("Shift", Qt.KeyboardModifier.ShiftModifier),
        ("Meta", Qt.KeyboardModifier.ControlModifier if mac else Qt.KeyboardModifier.MetaModifier),
    )
    parts = [name for name, modifier in names if held & modifier]
    if Qt.Key.Key_F1.value <= key <= Qt.Key.Key_F24.value:
        last = f"F{key - Qt.Key.Key_F1.value + 1}"
    elif key < 128 and chr(key).isalnum():
        last = chr(key).upper()
    else:
        last = next((name for named, name in _NAMES.items() if named.value == key), "?")
    return "+".join((*parts, last))


class Recorder(QPushButton):
    """Pressed, it waits for keys and tells them. Esc, or the keyboard going elsewhere, ends that."""

    pressed_keys = Signal(str)
    """As they are written."""

    def __init__(self, words: str) -> None:
        """``words``: its own, with the access key marked."""
        super().__init__(words)
        self._words = words
        self._recording = False
        self.setAutoDefault(False)
        self.clicked.connect(lambda _checked: self._record(not self._recording))

    @property
    def recording(self) -> bool:
        """The next keys are told."""
        return self._recording

    def event(self, event: QEvent) -> bool:
        """While it records, no key means anything else in the window: neither Tab nor access keys."""
        if self._recording and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever goes elsewhere has changed their mind."""
        self._record(False)
        super().focusOutEvent(event)

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ALONE:
            return
        if key == Qt.Key.Key_Escape:
            self._record(False)
            return
        text = written(event.key(), event.modifiers())
        if not no_shortcut(text):
            self._record(False)
        self.pressed_keys.emit(text)

    def _record(self, on: bool) -> None:
        self._recording = on
        self.setText(_("Press them now… (Esc: stop)") if on else self._words)
        self.setAccessibleDescription(_("The next keys are recorded. Esc stops that.") if on else "")


class ShortcutLine:
    """Adds to the line of the preference ``shortcut`` what its keys need."""

    def __init__(self, row: FieldRow, problem: Topic[str], words: str) -> None:
        """``problem``: why the keys in use do not work, in a sentence; ``words``: of the button."""
        self._row, self._problem = row, problem
        self.button = Recorder(words)
        self.button.setAccessibleName(_("Press the keys that find a model from anywhere"))
        self.button.pressed_keys.connect(self._pressed)
        self.button.setEnabled(not row.field.forced_by)
        row.line.addWidget(self.button)
        QWidget.setTabOrder(row.control, self.button)
        self.said = plain()
        embolden(self.said)
        layout = row.layout()
        if layout is not None:
            layout.addWidget(self.said)
        row.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say why the keys in use do not work, unless others are entered by now."""
        text = "" if self._row.dirty else self._problem.value
        self.said.setText(text)
        self.said.setVisible(bool(text))
        self.button.setEnabled(not self._row.field.forced_by)

    def _pressed(self, text: str) -> None:
        control = self._row.control
        if isinstance(control, QLineEdit):
            control.setText(text)


class DesktopPage(FieldPage):
    """Its preferences, with a button to press the keys."""

    def __init__(self, page: form.Page, problem: Topic[str], *, taken: str) -> None:
        """``problem``: why the keys in use do not work; ``taken`` are access keys in use around the page."""
        super().__init__(page, taken=taken)
        (words,) = form.access_keys((_("Press keys…"),), self.taken)
        self.shortcut = ShortcutLine(self.rows["shortcut"], problem, words)

    def show_fields(self, page: form.Page, *, forget: bool = False) -> None:
        """Show the values that hold now, and whether the keys work."""
        super().show_fields(page, forget=forget)
        self.shortcut.refresh()
