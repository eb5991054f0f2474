"""How to point other tools at the gateway, on its page: a recipe for each, to be copied."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QListWidget, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.qt import clipboard
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden, make_scrolling, small
from trayapp.qt.local_order import push
from trayapp.ui import gateway_tools
from trayapp.ui.form import access_keys
from trayapp.ui.gateway_tools import Recipe

LINES = 12
"""Lines of a recipe that are seen without scrolling: the longest has ten."""


class ToolPart(QScrollArea):
    """Shows one recipe; which one stays while the address changes."""

    def __init__(self, *, taken: str = "") -> None:
        super().__init__()
        self._port = 0
        self._recipes: tuple[Recipe, ...] = ()
        (copy,) = access_keys((_("Copy"),), taken)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Tools"))
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.heading = plain()
        embolden(self.heading)
        self.how = plain()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self.font().pointSizeF())
        self.text.setFont(font)
        edges = 2 * (self.text.frameWidth() + round(self.text.document().documentMargin()))
        bar = self.text.horizontalScrollBar().sizeHint().height()
        self.text.setMinimumHeight(self.text.fontMetrics().lineSpacing() * LINES + edges + bar)
        self.copy_button = push(copy, self._copy, _("Copy the text"))
        self.copied = small(plain())
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setColumnStretch(1, 1)
        grid.addWidget(plain(gateway_tools.intro()), 0, 0, 1, 2)
        grid.addWidget(self.list, 1, 0)
        beside = QVBoxLayout()
        beside.addWidget(self.heading)
        beside.addWidget(self.how)
        beside.addWidget(self.text, 1)
        below = QHBoxLayout()
        below.addWidget(self.copied, 1)
        below.addWidget(self.copy_button)
        beside.addLayout(below)
        grid.addLayout(beside, 1, 1)
        grid.setRowStretch(1, 1)
        make_scrolling(self, inside)

    @property
    def recipe(self) -> Recipe | None:
        """The one that is shown."""
        at = self.list.currentRow()
        return self._recipes[at] if 0 <= at < len(self._recipes) else None

    def show_port(self, port: int) -> None:
        """Fill in the address with this port."""
        if port == self._port:
            return
        self._port, at = port, max(0, self.list.currentRow())
        self._recipes = gateway_tools.recipes(port)
        if not self.list.count():
            self.list.addItems([it.name for it in self._recipes])
            bar = self.list.verticalScrollBar().sizeHint().width()
            self.list.setFixedWidth(self.list.sizeHintForColumn(0) + bar + 4 * self.list.frameWidth())
        self.list.setCurrentRow(at)
        self._show()

    def _show(self) -> None:
        recipe = self.recipe
        if recipe is None:
            return
        self.heading.setText(recipe.name)
        self.how.setText(recipe.how)
        self.text.setPlainText(recipe.text.rstrip())
        self.text.setAccessibleName(_("How to set up {tool}").format(tool=recipe.name))
        self.copied.setText("")

    def _copy(self) -> None:
        recipe = self.recipe
        if recipe is not None:
            clipboard.copy(recipe.text)
            told = _("Copied. Put your token in the place of {token}.")
            self.copied.setText(told.format(token=gateway_tools.TOKEN))
