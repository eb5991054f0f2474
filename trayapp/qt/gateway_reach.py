"""Where tools reach the gateway, on its page: how it stands, and the address for each kind of tool to be copied."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.qt import clipboard
from trayapp.qt.dialogs import Wrapped, plain
from trayapp.qt.fields import embolden, small
from trayapp.qt.local_order import boxed, push
from trayapp.ui import gateway
from trayapp.ui.form import access_keys


class Reach(QWidget):
    """Shows what it is told."""

    def __init__(self, *, taken: str = "") -> None:
        super().__init__()
        self.status = plain()
        embolden(self.status)
        self.addresses: dict[str, QLineEdit] = {}
        self.copy_buttons: dict[str, QPushButton] = {}
        self.copied = small(plain())
        self.copied.hide()
        group = boxed(_("Address"), name=_("Address for tools"))
        grid = QGridLayout(group)
        grid.setColumnStretch(1, 1)
        labels = access_keys((_("Copy"),) * len(gateway.STYLES), taken)
        for row, (style, button) in enumerate(zip(gateway.STYLES, labels, strict=True)):
            told = _(gateway.STYLES[style][0])
            line = self.addresses[style] = QLineEdit()
            line.setReadOnly(True)
            line.setAccessibleName(told)
            # else the line is as narrow as Qt's usual one, and the end of the address is not seen
            line.setMinimumWidth(line.fontMetrics().horizontalAdvance(f"{gateway.address(65535, style)}mm"))
            name = _("Copy the address {which}").format(which=told[:1].lower() + told[1:])
            push_button = push(button, partial(self._copy, style), name)
            self.copy_buttons[style] = push_button
            grid.addWidget(Wrapped(told), row, 0)
            grid.addWidget(line, row, 1)
            grid.addWidget(push_button, row, 2)
        grid.addWidget(self.copied, len(gateway.STYLES), 0, 1, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plain(gateway.meaning()))
        layout.addWidget(self.status)
        layout.addWidget(group)

    def show_status(self, text: str, port: int) -> None:
        """How it stands, and where it listens or would."""
        if text != self.status.text():
            self.status.setText(text)
        for style, line in self.addresses.items():
            address = gateway.address(port, style)
            if address != line.text():
                line.setText(address)
                self.copied.hide()

    def _copy(self, style: str) -> None:
        clipboard.copy(self.addresses[style].text())
        self.copied.setText(_("Copied: {text}").format(text=self.addresses[style].text()))
        self.copied.show()
