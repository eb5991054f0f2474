"""What every window owes to hands and ears, as checks: names, access keys, the order of Tab, and text that fits."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabWidget,
    QWidget,
)

from trayapp.qt.settings import SettingsDialog

KINDS = (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QAbstractItemView)
QTS_OWN = ("QToolButton", "QAbstractButton", "QHeaderView", "QTableCornerButton")
"""Inside its widgets."""


def controls(inside: QWidget) -> list[QWidget]:
    return [it for it in inside.findChildren(QWidget) if isinstance(it, KINDS) and it.isVisible()]


def assert_named(inside: QWidget, where: str = "") -> None:
    """A screen reader has something to say of every control."""
    for control in controls(inside):
        if type(control).__name__ in QTS_OWN or control.objectName().startswith("qt_"):
            continue
        named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        assert named, f"{type(control).__name__} {where}"


def assert_keys_differ(dialog: SettingsDialog, *tabs: QTabWidget, where: str = "") -> None:
    """No access key is there twice, neither on what can be seen nor on any of the tabs."""
    texts = [bar.tabText(at) for bar in tabs for at in range(bar.count())]
    texts += [it.text() for it in controls(dialog) if isinstance(it, QAbstractButton)]
    texts += [label.text() for label in dialog.findChildren(QLabel) if label.isVisible() and label.buddy()]
    marks = [text.replace("&&", "") for text in texts]
    keys = [mark[mark.index("&") + 1].lower() for mark in marks if "&" in mark]
    assert sorted(keys) == sorted(set(keys)), f"{where}: {sorted(texts)}"


def tab_order(dialog: SettingsDialog) -> list[QWidget]:
    """From the list of pages on."""
    start = dialog.turner.sidebar.list
    order: list[QWidget] = [start]
    widget = start.nextInFocusChain()
    while widget is not None and widget is not start:
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible()
        if takes and widget.focusProxy() is None:
            order.append(widget)
        widget = widget.nextInFocusChain()
    return order


def tab_order_of_part(dialog: SettingsDialog, tabs: QTabWidget) -> tuple[QWidget, list[QWidget]]:
    """The part that is shown, and its controls: Tab comes to them from the pages and the parts, then to the buttons."""
    dialog.turner.sidebar.list.setFocus()
    order = tab_order(dialog)
    inside = tabs.currentWidget()
    assert inside is not None
    here = [widget for widget in order if inside.isAncestorOf(widget)]
    buttons = [widget for widget in order if dialog.buttons.isAncestorOf(widget)]
    side = dialog.turner.sidebar
    assert order == [side.list, dialog.turner.link, tabs.tabBar(), *here, *buttons, side.search]
    return inside, here


async def assert_texts_fit(inside: QWidget, where: str) -> None:
    """No text is clipped, once everything has its place."""
    for _turn in range(5):
        await asyncio.sleep(0)
    found = [clipped for widget in inside.findChildren(QWidget) if widget.isVisible() and (clipped := clip(widget))]
    assert not found, "\n".join((where, *found))


def clip(widget: QWidget) -> str:
    """How much of its text does not fit into it, or it into what it stands in; empty where all of it does."""
    what = ""
    if isinstance(widget, QLabel) and widget.text():
        what = _too_small(widget, widget.text(), _room_of_label(widget))
    elif isinstance(widget, QAbstractButton) and widget.text():
        what = _too_small(widget, widget.text(), widget.minimumSizeHint())
    elif isinstance(widget, QGroupBox):
        what = _too_small(widget, widget.title(), QSize(widget.minimumSizeHint().width(), 0))
    elif isinstance(widget, QComboBox) and not widget.isEditable():
        what = _too_small(widget, widget.currentText(), widget.minimumSizeHint())
    elif isinstance(widget, QHeaderView):
        return _narrow_section(widget)
    else:
        return ""
    parent = widget.parentWidget()
    scrolled = parent is not None and isinstance(parent.parentWidget(), QAbstractScrollArea)
    if not what and parent is not None and not scrolled and not parent.rect().contains(widget.geometry()):
        what = f"{widget.geometry()} is outside of {parent.rect()}: {type(widget).__name__} {widget.accessibleName()}"
        text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
        return f"{what} “{text}”"
    return what


def _room_of_label(label: QLabel) -> QSize:
    if not label.wordWrap():
        return label.minimumSizeHint()
    broken = label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse  # even within a word
    words = [] if broken else label.text().replace("&", "").split()
    longest = max(label.fontMetrics().horizontalAdvance(word) for word in words) if words else 0
    return QSize(longest, label.heightForWidth(label.width()))


def _too_small(widget: QWidget, text: str, needed: QSize) -> str:
    if widget.width() >= needed.width() and widget.height() >= needed.height():
        return ""
    return f"{type(widget).__name__} “{text}”: {widget.size().toTuple()} of {needed.toTuple()}"


def _narrow_section(header: QHeaderView) -> str:
    if header.orientation() == Qt.Orientation.Vertical:
        return ""
    narrow = (
        f"column {header.model().headerData(at, header.orientation())}: {header.sectionSize(at)} of"
        f" {header.sectionSizeHint(at)}"
        for at in range(header.count())
        if not header.isSectionHidden(at) and header.sectionSize(at) < header.sectionSizeHint(at)
    )
    return "; ".join(narrow)


def assert_short(tabs: QTabWidget, part: int) -> None:
    """The part is not longer than a small screen."""
    area = tabs.widget(part)
    assert area is not None
    inside = area.widget()  # type: ignore[attr-defined]
    assert inside.heightForWidth(area.width()) <= 50 * tabs.fontMetrics().height()
