"""The settings dialog for hands and ears: names, access keys, the order of Tab, and text of any size."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.access import assert_keys_differ, assert_named, assert_texts_fit, tab_order
from tests.qt.dialog import Opened, ready
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import GENERAL, MODELS, PROVIDERS
from trayapp.ui import form


def pages(it: Opened) -> list[str]:
    return [page.name for page in form.pages(it.settings.value)]


async def test_every_control_has_a_name_for_a_screen_reader(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page in pages(it):
        it.look_at(page, "openai" if page == PROVIDERS else "")
        await it.desk.settle()
        assert_named(it.dialog, f"on {page}")


async def test_no_access_key_is_there_twice_on_a_page(opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    for page in pages(it):
        for provider in ("openai", "azure", "ollama") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            await it.desk.settle()
            assert_keys_differ(it.dialog, where=f"{page} {provider}")


async def test_tab_goes_from_the_pages_through_the_fields_to_the_buttons(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page, provider in ((GENERAL, ""), (MODELS, ""), (PROVIDERS, "azure"), (form.ABOUT, "")):
        it.look_at(page, provider)
        it.dialog.turner.sidebar.list.setFocus()
        order = tab_order(it.dialog)
        # a page that scrolls reaches below the buttons
        assert order[1] is it.dialog.turner.link or page == form.ABOUT
        assert order.pop() is it.dialog.turner.sidebar.search
        above = [widget for widget in order[1:] if not it.dialog.buttons.isAncestorOf(widget)]
        heights = [widget.mapTo(it.dialog, widget.rect().topLeft()).y() for widget in above]
        if page == PROVIDERS:  # the list and its button, then the form from top to bottom
            form_ = it.providers.forms["azure"]
            side = it.providers
            assert order[2:5] == [side.list, side.up_button, side.add_button], "the last one cannot go down"
            heights = [
                widget.mapTo(form_, widget.rect().topLeft()).y() for widget in order if form_.isAncestorOf(widget)
            ]
        assert heights == sorted(heights), [widget.accessibleName() for widget in order]
        inside = [it.dialog.buttons.isAncestorOf(widget) for widget in order]
        assert inside == sorted(inside), [(type(widget).__name__, widget.accessibleName()) for widget in order]
        assert sum(inside) >= 2


async def test_no_text_is_clipped_in_any_size(size_of_text: float, opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    it.enter("inline_models", "ninety")
    for page in pages(it):
        for provider in ("openai", "azure") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            await assert_texts_fit(it.dialog, page)


async def test_enter_in_a_field_is_ok(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    QTest.keyClick(it.row("tray_wait").control, Qt.Key.Key_Return)
    await it.desk.settle()
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings]
