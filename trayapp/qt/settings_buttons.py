"""The buttons of the settings dialog: OK, Cancel, Apply, and the one that resets a page."""

from __future__ import annotations

from PySide6.QtWidgets import QDialogButtonBox, QPushButton, QWidget

from trayapp.core.language import _
from trayapp.qt.dialogs import named_buttons
from trayapp.ui import form


class Buttons(QDialogButtonBox):
    """They stand below every page."""

    def __init__(self) -> None:
        box = QDialogButtonBox.StandardButton
        super().__init__(box.Ok | box.Cancel | box.Apply)
        keyed = form.access_keys((_("OK"), _("Cancel"), _("Apply"), _("Reset page")))
        named_buttons(self, dict(zip((box.Ok, box.Cancel, box.Apply), keyed, strict=False)))
        self.letters = form.access_letters(keyed)
        """Of their access keys."""
        self.button(box.Ok).setDefault(True)
        self.apply: QPushButton = self.button(box.Apply)
        self.reset = self.addButton(keyed[-1], QDialogButtonBox.ButtonRole.ResetRole)
        self.reset.setAutoDefault(False)
        told = _("Enters what the program has by itself on this page. Apply or OK saves it.")
        self.reset.setToolTip(told)
        self.reset.setAccessibleDescription(told)
        self.tab_order: list[QWidget] = []
        """In which Tab comes to them."""
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            self.tab_order.append(widget)
            widget = widget.nextInFocusChain()
