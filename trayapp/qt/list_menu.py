"""What can be done with a line of the list besides choosing it: its context menu, and the keys for the same."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from trayapp.core.intents import Hide, Intent, Pin, Refresh
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.qt.list_lines import Line, Lines

PIN, HIDE = QKeySequence("Ctrl+P"), QKeySequence("Ctrl+H")


class Deed(Struct, frozen=True):
    """One entry of the menu. Without an intent it does what Enter does."""

    label: str
    intent: Intent | None = None
    keys: QKeySequence | None = None


def deeds(line: Line, lines: Lines) -> tuple[Deed, ...]:
    """What can be done with this line; nothing with one that cannot be reached by keys."""
    if line.row is None:
        fold = Deed(_("&Expand") if lines.folded(line.provider) else _("&Collapse"))
        return (*((fold,) if lines.foldable(line) else ()), Deed(_("&Refresh"), Refresh(line.provider)))
    if not line.live:
        return ()
    choose = Deed(_("&Choose"), keys=QKeySequence(Qt.Key.Key_Return))
    if line.ref is None:
        return (choose,)
    more = (Deed(_("Show all hidden &models again"), Hide(None, on=False)),) if line.row.hidden else ()
    return (choose, _pin(line.ref, lines), _hide(line.ref, line.row.hidden), *more)


def keyed(event: QKeyEvent, line: Line | None, lines: Lines) -> Intent | None:
    """What these keys ask for at this line; None: nothing."""
    pressed = QKeySequence(event.keyCombination())
    if line is None or not line.live or line.row is None or line.ref is None or pressed not in (PIN, HIDE):
        return None
    return (_pin(line.ref, lines) if pressed == PIN else _hide(line.ref, line.row.hidden)).intent


def popup(
    parent: QWidget, at: QPoint, offered: tuple[Deed, ...], do: Callable[[Deed], None], *, by_key: bool
) -> QMenu | None:
    """Open the menu there, on the screen; it goes by itself. None where there is nothing to offer.

    ``by_key``: its first entry is active. Opened by the pointer none is: to let go of the button would do it.
    """
    if not offered:
        return None
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for deed in offered:
        action = menu.addAction(deed.label)
        if deed.keys is not None:
            action.setShortcut(deed.keys)
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(lambda _checked=False, deed=deed: do(deed))
    if by_key:
        menu.setActiveAction(menu.actions()[0])
    menu.popup(at)
    return menu


def _pin(ref: ModelRef, lines: Lines) -> Deed:
    on = lines.pinned(ref)
    return Deed(_("Un&pin") if on else _("&Pin on top"), Pin(ref, on=not on), PIN)


def _hide(ref: ModelRef, hidden: bool) -> Deed:
    return Deed(_("Show &again") if hidden else _("&Hide"), Hide(ref, on=not hidden), HIDE)
