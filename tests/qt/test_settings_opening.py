"""The settings open with the page that is wanted, and make the others one by one while other things go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.qt.dialog import Opened, ready
from tests.qt.parts import Status
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS
from trayapp.qt.add_account import AddDialog
from trayapp.qt.gateway_page import GatewayPage
from trayapp.qt.local_page import LocalPage
from trayapp.ui import form

Open = Callable[..., Opened]
PAGES = [GENERAL, DESKTOP, PROVIDERS, MODELS, LOCAL, GATEWAY, form.PROFILES, form.DIAGNOSTICS, form.ABOUT]


async def steps(it: Opened) -> AsyncIterator[list[str]]:
    """The names of the pages that are there, after each turn of the loop until all of them are."""
    while missing := it.dialog.turner.missing:
        yield [name for name in PAGES if name not in missing]
        await asyncio.sleep(0)


async def until_open(it: Opened) -> None:
    async for _there in steps(it):
        if it.dialog.isVisible():
            return


@pytest.mark.parametrize("page", [GENERAL, LOCAL, form.ABOUT])
async def test_the_page_that_is_wanted_is_there_when_the_window_opens_and_no_other(opened: Open, page: str) -> None:
    it = opened()
    it.dialog.show_page(page)
    await until_open(it)
    assert [name for name in PAGES if name not in it.dialog.turner.missing] == [page]
    assert it.dialog.turner.current == page
    shown = it.dialog.turner.shown
    assert shown is not None
    assert shown.isVisible()
    await ready(lambda: it)


async def test_every_page_comes_in_a_turn_of_its_own_and_the_window_stays_as_it_is(opened: Open) -> None:
    it = opened()
    await until_open(it)
    size, counts = it.dialog.size(), []
    async for there in steps(it):
        counts.append(len(there))
        assert it.dialog.size() == size
        assert it.dialog.turner.current == GENERAL
    assert sorted(set(counts)) == list(range(1, len(PAGES)))
    await ready(lambda: it)
    assert it.dialog.size() == size
    assert not it.dialog.dirty


async def test_a_page_that_is_turned_to_before_it_is_made_is_the_next_one(opened: Open) -> None:
    it = opened()
    await until_open(it)
    it.dialog.turner.show_page(form.PROFILES)
    assert it.dialog.turner.title.text() == "Profiles"
    async for there in steps(it):
        if len(there) > 1:
            assert form.PROFILES in there or there == [GENERAL, DESKTOP]  # one may have been begun
            break
    await ready(lambda: it)
    assert it.dialog.turner.shown is it.profiles


async def test_a_page_made_late_shows_what_holds_by_then(opened: Open) -> None:
    it = opened()
    it.status = Status(False, "Switched off by you.")
    it.dialog.show_page(form.ABOUT)
    await ready(lambda: it)
    assert it.general.login.note.text() == "Switched off by you."
    assert it.general.rows["confirm_switch"].text == form.OFF
    assert len(it.providers._views) == len(it.accounts.value)


async def test_what_is_searched_for_at_once_is_found_once_its_page_is_made(opened: Open) -> None:
    it = opened()
    await until_open(it)
    side = it.dialog.turner.sidebar
    side.search.setText("new token")
    assert side.results.count() == 0
    await ready(lambda: it)
    assert [side.results.item(at).text() for at in range(side.results.count())] == ["New token\non “Gateway”"]


async def test_a_setting_on_a_page_that_is_not_made_is_found_and_gone_to(opened: Open) -> None:
    it = opened()
    await until_open(it)
    side = it.dialog.turner.sidebar
    side.search.setText("gateway_port")
    assert side.results.count() == 1
    QTest.keyClick(side.search, Qt.Key.Key_Return)
    assert it.dialog.turner.current == GATEWAY
    await ready(lambda: it)
    page = it.dialog.page(GatewayPage)
    assert it.dialog.turner.shown is page
    assert it.dialog.turner.marked is page.rows["gateway_port"].control


async def test_whoever_turns_elsewhere_meanwhile_stays_there(opened: Open) -> None:
    it = opened()
    await until_open(it)
    side = it.dialog.turner.sidebar
    side.search.setText("gateway_port")
    QTest.keyClick(side.search, Qt.Key.Key_Return)
    it.dialog.turner.show_page(GENERAL)
    await ready(lambda: it)
    assert (it.dialog.turner.current, it.dialog.turner.marked) == (GENERAL, None)


async def test_the_question_which_provider_to_add_comes_with_the_window(opened: Open) -> None:
    it = opened()
    it.dialog.show_page(add=True)
    await ready(lambda: it)
    assert it.dialog.turner.shown is it.providers
    (asked,) = it.dialog.findChildren(AddDialog)
    assert asked.isVisible()


async def test_opened_elsewhere_while_it_opens_it_shows_the_page_that_was_asked_for_last(opened: Open) -> None:
    it = opened()
    it.dialog.show_page(PROVIDERS, "mistral")
    await ready(lambda: it)
    assert it.dialog.turner.shown is it.providers
    assert it.providers.forms["mistral"].isVisible()


class Ending:
    """Stands in for ``QtBot`` where the test itself lets the window go."""

    def addWidget(self, _widget: QWidget, **_more: object) -> None:
        pass


async def test_a_program_that_ends_while_pages_are_made_just_ends(qapp: QApplication) -> None:
    it = Opened(cast("QtBot", Ending()))
    await until_open(it)
    shiboken6.delete(it.dialog)
    await it.desk.settle()
    assert not it.desk.tasks


async def test_a_dialog_that_is_closed_while_pages_are_made_is_whole_when_it_opens_again(opened: Open) -> None:
    it = opened()
    await until_open(it)
    it.dialog.reject()
    assert not it.dialog.isVisible()
    await ready(lambda: it)
    it.dialog.show_page(LOCAL)
    assert it.dialog.isVisible()
    assert it.dialog.turner.shown is it.dialog.page(LocalPage)
    await it.desk.settle()
