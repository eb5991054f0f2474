"""Pages of the settings in a list, and the search over everything on them: by hand, and by keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.dialog import Opened, ready
from trayapp.core.intents import OpenHelp
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS
from trayapp.qt.settings_search import Sidebar
from trayapp.ui import form

Open = Callable[..., Opened]
CTRL = Qt.KeyboardModifier.ControlModifier


def results(side: Sidebar) -> list[str]:
    return [side.results.item(row).text().replace("\n", " ") for row in range(side.results.count())]


def search(it: Opened, text: str) -> Sidebar:
    side = it.dialog.turner.sidebar
    QTest.keyClick(it.dialog, Qt.Key.Key_F, CTRL)
    assert side.search.hasFocus()
    QTest.keyClicks(side.search, text)
    return side


async def test_keys_turn_the_pages(opened: Open) -> None:
    it = await ready(opened)
    side = it.dialog.turner.sidebar
    assert it.dialog.focusWidget() is side.list
    QTest.keyClick(it.dialog, Qt.Key.Key_PageDown, CTRL)
    assert it.dialog.turner.current == DESKTOP
    QTest.keyClick(side.list, Qt.Key.Key_Down)
    assert it.dialog.turner.current == PROVIDERS
    QTest.keyClick(it.dialog, Qt.Key.Key_PageUp, CTRL)
    QTest.keyClick(it.dialog, Qt.Key.Key_PageUp, CTRL)
    QTest.keyClick(it.dialog, Qt.Key.Key_PageUp, CTRL)
    assert it.dialog.turner.current == GENERAL
    assert (it.dialog.turner.title.text(), it.dialog.turner.shown) == ("General", it.general)
    side.list.setCurrentRow(side.list.count() - 1)
    assert it.dialog.turner.current == form.ABOUT


async def test_a_setting_is_found_by_its_words_opened_and_marked(opened: Open) -> None:
    it = await ready(opened)
    side = search(it, "LONGEST sub")
    assert results(side)[0] == "Longest submenu on “Models”"
    QTest.keyClick(side.search, Qt.Key.Key_Return)
    await it.desk.settle()
    assert it.dialog.isVisible(), "Enter in the search is not OK"
    assert it.dialog.turner.current == MODELS
    control = it.row("submenu_models").control
    assert it.dialog.focusWidget() is control
    assert it.dialog.turner.marked is control
    it.row("inline_models").control.setFocus()
    assert it.dialog.turner.marked is None, "the mark goes with the keyboard"


@pytest.mark.parametrize(
    ("words", "page", "label"),
    [
        ("gateway_port", GATEWAY, "Port"),
        ("usage_days", GATEWAY, ""),
        ("who leaves ram", LOCAL, "RAM: who leaves when there are more"),
        ("exceptions", LOCAL, "Exceptions"),
        ("loaded now", LOCAL, "Loaded now"),
        ("rules", LOCAL, "Rules"),
        ("add a provider", PROVIDERS, "Add a provider"),
        ("profile of what is in use", form.PROFILES, "Add a profile of what is in use now"),
        ("copy report", form.DIAGNOSTICS, "Copy report"),
        ("hidden models", MODELS, "Hidden models"),
        ("export", GENERAL, "Export the settings to a file"),
        ("new token", GATEWAY, "New token"),
    ],
)
async def test_whatever_stands_on_a_page_is_found(opened: Open, words: str, page: str, label: str) -> None:
    it = await ready(opened)
    side = search(it, words)
    assert any(label in result for result in results(side)), results(side)
    row = next(row for row, result in enumerate(results(side)) if label in result)
    side.results.setCurrentRow(row)
    QTest.keyClick(side.results, Qt.Key.Key_Return)
    await it.desk.settle()
    assert it.dialog.turner.current == page
    marked = it.dialog.turner.marked
    assert marked is not None
    assert marked.isVisible(), "the part of the page that holds it is open"


async def test_an_account_is_found_by_its_name(opened: Open) -> None:
    it = await ready(opened)
    side = search(it, "mistral")
    QTest.keyClick(side.search, Qt.Key.Key_Return)
    await it.desk.settle()
    assert it.dialog.turner.current == PROVIDERS
    assert it.providers.forms["mistral"].isVisible()


async def test_arrows_lead_into_what_was_found_and_escape_ends_the_search_only(opened: Open) -> None:
    it = await ready(opened)
    side = search(it, "model")
    QTest.keyClick(side.search, Qt.Key.Key_Down)
    assert it.dialog.focusWidget() is side.results
    assert side.results.currentRow() == 1
    QTest.keyClick(side.results, Qt.Key.Key_Up)
    QTest.keyClick(side.results, Qt.Key.Key_Up)
    assert it.dialog.focusWidget() is side.search
    QTest.keyClick(side.search, Qt.Key.Key_Escape)
    assert it.dialog.isVisible()
    assert (side.search.text(), side.list.isVisible()) == ("", True)
    QTest.keyClick(side.search, Qt.Key.Key_Escape)
    assert not it.dialog.isVisible()


async def test_nothing_found_is_said(opened: Open) -> None:
    it = await ready(opened)
    side = search(it, "zebra <b>")
    assert side.nothing.isVisible()
    assert side.nothing.text() == "Nothing was found for “zebra <b>”."
    QTest.keyClick(side.search, Qt.Key.Key_Return)
    assert it.dialog.isVisible()


async def test_the_guide_opens_at_the_page_by_click_and_by_key(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(GATEWAY)
    link = it.dialog.turner.link
    assert (link.isVisible(), link.accessibleName()) == (True, "More in the guide")
    QTest.keyClick(link, Qt.Key.Key_Return)
    await it.desk.settle()
    it.dialog.show_page(MODELS)
    link.linkActivated.emit("#")
    await it.desk.settle()
    assert it.desk.asked == [OpenHelp("gateway"), OpenHelp("lists")]
    it.dialog.show_page(form.ABOUT)
    assert not link.isVisible()
