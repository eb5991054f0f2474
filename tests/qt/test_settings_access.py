"""The settings dialog for hands and ears: names, access keys, the order of Tab, and text of any size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from tests.qt.dialog import Opened, ready
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import GENERAL, MODELS, PROVIDERS
from trayapp.qt.settings import SettingsDialog
from trayapp.ui import form


def controls(dialog: SettingsDialog) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    return [it for it in dialog.findChildren(QWidget) if isinstance(it, kinds) and it.isVisible()]


def pages(it: Opened) -> list[str]:
    return [GENERAL, PROVIDERS, MODELS, form.ABOUT]


async def test_every_control_has_a_name_for_a_screen_reader(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page in pages(it):
        it.look_at(page, "openai" if page == PROVIDERS else "")
        for control in controls(it.dialog):
            if type(control).__name__ in ("QToolButton", "QAbstractButton") or control.objectName().startswith("qt_"):
                continue  # Qt's own, inside its widgets
            named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
            assert named, f"{type(control).__name__} on {page}"


async def test_no_access_key_is_there_twice_on_a_page(opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    for page in pages(it):
        for provider in ("openai", "azure", "ollama") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            texts = [it.dialog.tabs.tabText(at) for at in range(it.dialog.tabs.count())]
            texts += [control.text() for control in controls(it.dialog) if isinstance(control, QAbstractButton)]
            texts += [label.text() for label in it.dialog.findChildren(QLabel) if label.isVisible() and label.buddy()]
            marks = [text.replace("&&", "") for text in texts]
            keys = [mark[mark.index("&") + 1].lower() for mark in marks if "&" in mark]
            assert sorted(keys) == sorted(set(keys)), f"{page} {provider}: {sorted(texts)}"


async def test_tab_goes_from_the_pages_through_the_fields_to_the_buttons(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page, provider in ((GENERAL, ""), (MODELS, ""), (PROVIDERS, "azure"), (form.ABOUT, "")):
        it.look_at(page, provider)
        it.dialog.tabs.tabBar().setFocus()
        order = tab_order(it.dialog)
        # a page that scrolls reaches below the buttons
        above = [widget for widget in order if not it.dialog.buttons.isAncestorOf(widget)]
        heights = [widget.mapTo(it.dialog, widget.rect().topLeft()).y() for widget in above]
        if page == PROVIDERS:  # the list and its button, then the form from top to bottom
            form_ = it.dialog.providers.forms["azure"]
            assert order[1:3] == [it.dialog.providers.list, it.dialog.providers.add_button]
            heights = [
                widget.mapTo(form_, widget.rect().topLeft()).y() for widget in order if form_.isAncestorOf(widget)
            ]
        assert heights == sorted(heights), [widget.accessibleName() for widget in order]
        inside = [it.dialog.buttons.isAncestorOf(widget) for widget in order]
        assert inside == sorted(inside), [(type(widget).__name__, widget.accessibleName()) for widget in order]
        assert sum(inside) >= 2


def tab_order(dialog: SettingsDialog) -> list[QWidget]:
    start = dialog.tabs.tabBar()
    order: list[QWidget] = [start]
    widget = start.nextInFocusChain()
    while widget is not None and widget is not start:
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible()
        if takes and widget.focusProxy() is None:
            order.append(widget)
        widget = widget.nextInFocusChain()
    return order


@pytest.fixture(params=[1.0, 2.0])
def large_text(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[object]:
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(before.pointSizeF() * request.param)
    qapp.setFont(font)
    yield request.param
    qapp.setFont(before)


async def test_no_text_is_clipped_in_any_size(large_text: float, opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    it.enter("inline_models", "ninety")
    for page in pages(it):
        for provider in ("openai", "azure") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            for _turn in range(5):
                await asyncio.sleep(0)
            for widget in it.dialog.findChildren(QWidget):
                if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton) and widget.text():
                    assert_fits(widget, page)


def assert_fits(widget: QLabel | QAbstractButton, page: str) -> None:
    what = f"“{widget.text()}” on {page}: {widget.size()} of {widget.sizeHint()}"
    if isinstance(widget, QLabel) and widget.wordWrap():
        assert widget.height() >= widget.heightForWidth(widget.width()), what
    else:
        assert widget.width() >= widget.minimumSizeHint().width(), what
        assert widget.height() >= widget.minimumSizeHint().height(), what


async def test_enter_in_a_field_is_ok(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    QTest.keyClick(it.row("tray_wait").control, Qt.Key.Key_Return)
    await it.desk.settle()
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings]
