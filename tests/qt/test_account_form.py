"""The folded part of an account's form: figures of time, checked in words, done by keyboard, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.qt.parts import SETTINGS, SPECS, Desk, views
from trayapp.core.accounts import Account
from trayapp.core.settings import Settings
from trayapp.qt.account_form import AccountForm
from trayapp.ui.accounts import AccountView

OPENAI = SETTINGS.accounts[0]
Make = Callable[..., AccountForm]


def of(account: Account, **preferences: Any) -> AccountView:
    settings = Settings(accounts=(account,), **preferences)
    return next(it for it in views(settings=settings) if it.provider == account.id)


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def form(account: Account = OPENAI, **preferences: Any) -> AccountForm:
        desk = Desk()
        spec = next(it for it in SPECS if it.id == account.spec)
        made = AccountForm(
            of(account, **preferences), spec, perform=desk.perform, start=desk.start, warn=lambda _spec, _text: ""
        )
        qtbot.addWidget(made)
        made.show()
        return made

    return form


def opened(make: Make, *account: Account, **preferences: Any) -> AccountForm:
    form = make(*account, **preferences)
    form.advanced.toggle.setChecked(True)
    return form


async def test_it_is_folded_away_until_somebody_wants_it(make: Make) -> None:
    form = make()
    part = form.advanced
    assert part.toggle.isVisible()
    assert not any(it.isVisible() for it in part.controls[1:])
    part.toggle.click()
    assert all(it.isVisible() for it in part.controls)
    part.toggle.click()
    assert not part.ttl.isVisible()
    assert not form.dirty


async def test_it_is_open_where_the_account_has_a_figure_of_its_own(make: Make) -> None:
    for own in ({"ttl": 0}, {"strategy": "fresh"}, {"timeouts": "slow"}):
        assert make(msgspec.structs.replace(OPENAI, **own)).advanced.ttl.isVisible()


async def test_the_space_key_opens_it_and_tab_goes_on_inside(make: Make, qtbot: QtBot) -> None:
    form = make()
    part = form.advanced
    part.toggle.setFocus()
    QTest.keyClick(part.toggle, Qt.Key.Key_Space)
    assert part.ttl.isVisible()
    assert [it.focusPolicy() & Qt.FocusPolicy.TabFocus for it in part.controls] == [Qt.FocusPolicy.TabFocus] * 4
    assert form.controls[-4:] == part.controls
    for control in part.controls:
        assert control.accessibleName()


async def test_what_holds_without_a_figure_is_said_in_words(make: Make) -> None:
    part = opened(make).advanced
    assert part.latency.itemText(0) == "as its provider: medium"
    assert part.strategy.itemText(0) == "as for all: when they are older than that"
    assert part.ttl.placeholderText() == "3600"
    local = opened(make, Account("ollama", "ollama"), model_cache_strategy="fresh").advanced
    assert local.latency.itemText(0) == "as its provider: this computer"
    assert local.strategy.itemText(0) == "as for all: every time"
    assert local.ttl.placeholderText() == "300"


async def test_the_account_as_entered_has_its_figures(make: Make) -> None:
    form = opened(make)
    part = form.advanced
    part.ttl.setText(" 600 ")
    part.strategy.setCurrentIndex(part.strategy.findData("aggressive"))
    part.latency.setCurrentIndex(part.latency.findData("slow"))
    assert form.dirty
    assert form.wrong is None
    assert form.draft == msgspec.structs.replace(OPENAI, ttl=600, strategy="aggressive", timeouts="slow")
    form.show_view(of(form.draft), forget=True)
    assert not form.dirty
    part.ttl.clear()
    part.strategy.setCurrentIndex(0)
    part.latency.setCurrentIndex(0)
    assert form.draft == OPENAI


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "99999999999", "10 min"])
async def test_a_time_that_is_none_is_told_beside_it_and_keeps_the_account_from_being_saved(
    make: Make, text: str
) -> None:
    form = opened(make)
    form.advanced.ttl.setText(text)
    assert form.advanced._error.isVisible()
    assert "0 to 31536000" in form.advanced._error.text()
    assert form.wrong is form.advanced.ttl
    assert form.dirty
    form.advanced.toggle.click()
    assert form.advanced.ttl.isVisible(), "what keeps all from being saved stays in sight"
    form.advanced.ttl.setText("5")
    assert form.wrong is None
    assert not form.advanced._error.isVisible()


async def test_news_does_not_undo_what_is_typed_and_tells_what_holds_now(make: Make) -> None:
    form = opened(make)
    form.advanced.ttl.setText("5")
    form.show_view(of(OPENAI, default_ttl_seconds=60))
    assert (form.advanced.ttl.text(), form.advanced.ttl.placeholderText()) == ("5", "60")
    form.show_view(of(msgspec.structs.replace(OPENAI, strategy="fresh")), forget=True)
    assert (form.advanced.ttl.text(), form.draft.strategy) == ("", "fresh")


async def test_saving_something_else_keeps_figures_of_the_account(make: Make) -> None:
    own = msgspec.structs.replace(OPENAI, ttl=5, strategy="fresh", timeouts="local")
    form = make(own)
    form.name.setText("Mine")
    assert form.draft == msgspec.structs.replace(own, name="Mine")
