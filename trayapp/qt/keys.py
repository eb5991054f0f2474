"""Where a key is typed, checked and wiped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAccessible,
    QAccessibleTextInsertEvent,
    QAccessibleTextRemoveEvent,
    QContextMenuEvent,
    QDesktopServices,
)
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from trayapp.core.intents import Reply, StoreKey
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.qt import clipboard, fields
from trayapp.qt.dialogs import Perform, Start, named_buttons, plain
from trayapp.qt.outcome import Outcome

PASTED = 8
"""Letters that come into the field at once when they are pasted; hands and input methods bring fewer."""

HINTS = (
    Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)
DOT = "●"
_CHANGING = (QEvent.Type.KeyPress, QEvent.Type.InputMethod, QEvent.Type.MouseButtonRelease, QEvent.Type.Drop)
"""Events by which a user changes a line's text; the middle button pastes when it is let go."""


@contextmanager
def unheard() -> Iterator[None]:
    """Text that changes meanwhile is not told to screen readers.

    WORKAROUND: of a line that shows dots Qt tells them the very letters that are pasted, replaced and deleted, and
    every program of the session may listen to what they are told (PySide 6.11, AT-SPI of Linux).
    """
    heard = sys.platform.startswith("linux") and QAccessible.isActive()
    if heard:
        QAccessible.setActive(False)
    try:
        yield
    finally:
        if heard:
            QAccessible.setActive(True)


class KeyLine(QLineEdit):
    """A line for a key: dots for the eye, and dots for the ear."""

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(HINTS)

    def event(self, event: QEvent) -> bool:
        """What shows the key to the eye, because its user asked for it, tells it to the ear as well."""
        if event.type() not in _CHANGING or self.echoMode() is not QLineEdit.EchoMode.Password:
            return super().event(event)
        before = len(self.text())
        with unheard():
            done = super().event(event)
        self._tell(len(self.text()) - before)
        return done

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The usual one; what is chosen in it is done between its closing and the next turn of the loop."""
        menu = self.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.aboutToHide.connect(self._chosen)
        menu.popup(event.globalPos())

    def _chosen(self) -> None:
        if self.echoMode() is QLineEdit.EchoMode.Password:
            quiet = unheard()
            quiet.__enter__()
            QTimer.singleShot(0, lambda: quiet.__exit__(None, None, None))

    def _tell(self, grown: int) -> None:
        if grown and QAccessible.isActive():
            kind = QAccessibleTextInsertEvent if grown > 0 else QAccessibleTextRemoveEvent
            place = max(0, self.cursorPosition() - max(0, grown))
            QAccessible.updateAccessibility(kind(self, place, DOT * abs(grown)))


class KeyDialog(QDialog):
    """Asks for one account's key. The key is checked by the provider before it is kept.

    ``warn`` says in words what is plainly wrong with a key as typed. ``note`` is a sentence on where
    the key will go. The field holds the key until it is stored or the dialog is closed, not longer. A key
    that was pasted can be taken out of the clipboard, where every program could read it, by a button.
    """

    def __init__(
        self,
        parent: QWidget | None,
        *,
        provider: str,
        title: str,
        perform: Perform,
        start: Start,
        warn: Callable[[str], str],
        note: str = "",
        keys_url: str = "",
    ) -> None:
        super().__init__(parent)
        self._provider = provider
        self._title = title
        self._warn = warn
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Key for {name}").format(name=title))
        self._length = 0
        self._pasted: Secret | None = None
        self.edit = KeyLine()
        self.edit.setAccessibleName(_("Key"))
        whole = self.edit.fontMetrics().averageCharWidth() * 60  # of most keys
        self.edit.setMinimumWidth(min(whole, fields.room(self).width() * 3 // 4))
        self.edit.textChanged.connect(self._typed)
        label = plain(_("&Paste or type the key that {name} gave you:").format(name=title.replace("&", "&&")))
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        label.setTextFormat(Qt.TextFormat.AutoText)  # plain text would show the access key's mark
        label.setBuddy(self.edit)
        show = QCheckBox(_("&Show the key"))
        show.toggled.connect(self._show_key)
        self.forget = QPushButton(_("C&lear the clipboard"))
        self.forget.setAutoDefault(False)
        self.forget.setToolTip(_("The key you pasted is still there, and every program can read it."))
        self.forget.clicked.connect(self._clear)
        self.forget.hide()
        self.warning = plain()
        self.outcome = Outcome(perform, start, button=False)
        self.outcome.busy_changed.connect(self._busy)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self._save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self._close = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        named_buttons(
            self.buttons,
            {
                QDialogButtonBox.StandardButton.Save: _("&Check and save"),
                QDialogButtonBox.StandardButton.Cancel: _("Cancel"),
            },
        )
        self._save.setDefault(True)
        self.anyway = QPushButton(_("&Keep anyway"))
        self.anyway.setAutoDefault(False)
        self.anyway.clicked.connect(lambda: self._store(check=False))
        self.buttons.addButton(self.anyway, QDialogButtonBox.ButtonRole.ActionRole)
        self.anyway.hide()
        self.buttons.accepted.connect(lambda: self._store(check=True))
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, self.edit, show, self.warning):
            layout.addWidget(widget)
        layout.addWidget(self.forget, 0, Qt.AlignmentFlag.AlignLeft)
        if keys_url:
            page = QPushButton(_("&Open the key page…"))
            page.setAutoDefault(False)
            page.setToolTip(keys_url)
            page.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(keys_url)))
            layout.addWidget(page, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(plain(note or _("It goes into this system's keyring and nowhere else.")))
        layout.addWidget(self.outcome)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self._typed("")

    def reject(self) -> None:
        """Cancel gives up what is under way first; the second time it closes."""
        if self.outcome.busy:
            self.outcome.cancel()
        else:
            super().reject()

    def done(self, result: int) -> None:
        """Every way out wipes the field and gives up what is under way."""
        self.outcome.cancel()
        self._wipe()
        self._pasted = None
        super().done(result)

    def _typed(self, text: str) -> None:
        key = text.strip()
        grown, self._length = len(text) - self._length, len(text)
        if grown >= PASTED:  # the clipboard is another program's, which may be slow: no letter typed waits for it
            self._offer(Secret(key))
        warning = self._warn(key) if key else ""
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        self._save.setEnabled(bool(key))
        self.anyway.hide()

    def _offer(self, key: Secret) -> None:
        """What was pasted into an empty field stands in the clipboard as it is."""
        if clipboard.holds(key):
            self._pasted = key
            self.forget.show()

    def _clear(self) -> None:
        if self._pasted is not None:
            clipboard.clear(self._pasted)
        self._pasted = None
        self.forget.hide()
        (self.edit if self.edit.isEnabled() else self._close).setFocus()

    def _show_key(self, on: bool) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)

    def _store(self, *, check: bool) -> None:
        key = self.edit.text().strip()
        if not key or self.outcome.busy:
            return
        self.anyway.hide()
        meanwhile = _("Asking {name}…") if check else _("Storing the key…")
        self.outcome.ask(
            StoreKey(self._provider, Secret(key), check=check), meanwhile.format(name=self._title), self._answered
        )

    def _answered(self, reply: Reply) -> None:
        if not reply.ok:
            # The provider refused it or could not tell: only the user can know better.
            self.anyway.setVisible(isinstance(reply.data, dict) and "verdict" in reply.data)
            self.edit.setFocus()
            return
        self._wipe()
        self.edit.setEnabled(False)
        self._save.hide()
        self._close.setText(_("Close"))
        self._close.setDefault(True)
        self._close.setFocus()

    def _busy(self, busy: bool) -> None:
        self.edit.setReadOnly(busy)
        self._save.setEnabled(not busy and bool(self.edit.text().strip()))

    def _wipe(self) -> None:
        wipe(self.edit)


def wipe(edit: QLineEdit) -> None:
    """Leave nothing of a key in its field."""
    with unheard():
        # setText, unlike clear, leaves nothing to undo
        edit.setText("*" * len(edit.text()))
        edit.setText("")
