"""Start with the desktop, in the settings dialog: what the system says, and the switch for it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small


class LoginStatus(Protocol):
    """What the system says about starting with the session."""

    @property
    def on(self) -> bool: ...
    @property
    def note(self) -> str: ...


class LoginRow(QWidget):
    """Start with the desktop: read from the system, which remembers it, with its note in words."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._on = False
        self.check = QCheckBox(label)
        self.check.setAccessibleName(_("Start with the desktop"))
        self.check.setEnabled(False)
        self.note = small(plain(_("Asking the system…")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.check)
        layout.addWidget(self.note)

    @property
    def dirty(self) -> bool:
        """Another choice than the system's present one."""
        return self.check.isEnabled() and self.check.isChecked() != self._on

    def show_status(self, status: LoginStatus) -> None:
        """Show what the system says."""
        self._on = status.on
        self.check.setChecked(status.on)
        self.check.setEnabled(True)
        self.note.setText(status.note or _("The icon is there as soon as you have logged in."))
        self.check.setAccessibleDescription(self.note.text())
