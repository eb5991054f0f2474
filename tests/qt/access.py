"""What every window owes to hands and ears, as checks: names, access keys, the order of Tab, and text that fits."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
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
    texts = [bar.tabText(at) for bar in (dialog.tabs, *tabs) for at in range(bar.count())]
    texts += [it.text() for it in controls(dialog) if isinstance(it, QAbstractButton)]
    texts += [label.text() for label in dialog.findChildren(QLabel) if label.isVisible() and label.buddy()]
    marks = [text.replace("&&", "") for text in texts]
    keys = [mark[mark.index("&") + 1].lower() for mark in marks if "&" in mark]
    assert sorted(keys) == sorted(set(keys)), f"{where}: {sorted(texts)}"


def tab_order(dialog: SettingsDialog) -> list[QWidget]:
    """From the row of tabs on."""
    start = dialog.tabs.tabBar()
    order: list[QWidget] = [start]
    widget = start.nextInFocusChain()
    while widget is not None and widget is not start:
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible()
        if takes and widget.focusProxy() is None:
            order.append(widget)
        widget = widget.nextInFocusChain()
    return order


def tab_order_of_part(dialog: SettingsDialog, tabs: QTabWidget) -> tuple[QWidget, list[QWidget]]:
    """The part that is shown, and its controls: Tab comes to them from both rows of tabs, then to the buttons."""
    dialog.tabs.tabBar().setFocus()
    order = tab_order(dialog)
    inside = tabs.currentWidget()
    assert inside is not None
    here = [widget for widget in order if inside.isAncestorOf(widget)]
    buttons = [widget for widget in order if dialog.buttons.isAncestorOf(widget)]
    assert order == [dialog.tabs.tabBar(), tabs.tabBar(), *here, *buttons]
    return inside, here


async def assert_texts_fit(inside: QWidget, where: str) -> None:
    """No label and no button is clipped, once everything has its place."""
    for _turn in range(5):
        await asyncio.sleep(0)
    for widget in inside.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton) and widget.text():
            _assert_fits(widget, where)


def _assert_fits(widget: QLabel | QAbstractButton, where: str) -> None:
    what = f"“{widget.text()}” on {where}: {widget.size()} of {widget.sizeHint()}"
    if isinstance(widget, QLabel) and widget.wordWrap():
        assert widget.height() >= widget.heightForWidth(widget.width()), what
    else:
        assert widget.width() >= widget.minimumSizeHint().width(), what
        assert widget.height() >= widget.minimumSizeHint().height(), what


def assert_short(tabs: QTabWidget, part: int) -> None:
    """The part is not longer than a small screen."""
    area = tabs.widget(part)
    assert area is not None
    inside = area.widget()  # type: ignore[attr-defined]
    assert inside.heightForWidth(area.width()) <= 50 * tabs.fontMetrics().height()
