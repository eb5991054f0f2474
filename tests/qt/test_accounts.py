"""The Providers page: accounts and their keys, added, changed, tested and removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.qt.parts import SETTINGS, SPECS, Desk, views
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import CheckKey, CopyKey, RemoveAccount, RemoveKey, Reply, SaveAccount, UnlockKeyring
from trayapp.qt.account_form import AccountForm
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.add_account import AddDialog
from trayapp.qt.keys import KeyDialog
from trayapp.ui.accounts import Offer

OFFERS = (Offer("openai", "OpenAI, key found in OPENAI_API_KEY", "OPENAI_API_KEY"),)
Make = Callable[..., ProvidersPage]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def make(qtbot: QtBot, desk: Desk) -> Make:
    def page(keyring: str = "ok") -> ProvidersPage:
        made = ProvidersPage(
            perform=desk.perform,
            start=desk.start,
            specs=SPECS,
            offers=lambda: OFFERS,
            warn=lambda _spec, _text: "",
        )
        qtbot.addWidget(made)
        made.show_accounts(views(keyring=keyring))
        made.show()
        return made

    return page


def form_of(page: ProvidersPage, provider: str) -> AccountForm:
    page.select(provider)
    return page.forms[provider]


def shown(form: AccountForm) -> list[str]:
    return [button.text().replace("&", "") for button in form.buttons if button.isVisible()]


def button(form: AccountForm, text: str) -> QPushButton:
    return next(it for it in form.buttons if it.text().replace("&", "") == text)


def found(page: ProvidersPage, kind: type[QWidget]) -> object:
    return next((it for it in page.findChildren(kind) if it.isVisible()), None)


async def until(check: Callable[[], object]) -> object:
    for _turn in range(100):
        made = check()
        if made:
            return made
        await asyncio.sleep(0)
    raise AssertionError("it never came")


async def agree(page: ProvidersPage, text: str) -> None:
    box = await until(lambda: found(page, QMessageBox))
    assert isinstance(box, QMessageBox)
    next(it for it in box.buttons() if it.text() == text).click()


async def test_every_account_stands_there_with_its_state_in_words(make: Make) -> None:
    page = make()
    texts = [page.list.item(at).text() for at in range(page.list.count())]
    assert texts[0] == "Ollama\nnot running"
    assert "OpenAI – work\n41 models, cached 2 h ago" in texts
    assert "Mistral\nkey refused" in texts


@pytest.mark.parametrize(
    ("provider", "keyring", "wanted"),
    [
        (
            "openai",
            "ok",
            ["Set key…", "Test key", "Use OPENAI_API_KEY", "Forget key", "Open key page", "Remove account…"],
        ),
        (
            "openai",
            "locked",
            [
                "Set key…",
                "Test key",
                "Unlock keyring…",
                "Use OPENAI_API_KEY",
                "Forget key",
                "Open key page",
                "Remove account…",
            ],
        ),
        ("openai-private", "ok", ["Set key…", "Test key", "Copy key to keyring", "Open key page", "Remove account…"]),
        ("mistral", "ok", ["Set key…", "Remove account…"]),
        ("ollama", "ok", ["Set key…", "Test key", "Remove account…"]),
    ],
)
async def test_what_can_be_done_is_offered_and_nothing_else(
    make: Make, provider: str, keyring: str, wanted: list[str]
) -> None:
    assert shown(form_of(make(keyring=keyring), provider)) == wanted


@pytest.mark.parametrize(
    ("provider", "text", "intent"),
    [
        ("openai", "Test key", CheckKey("openai")),
        ("openai", "Unlock keyring…", UnlockKeyring()),
        ("openai-private", "Copy key to keyring", CopyKey("openai-private")),
    ],
)
async def test_a_button_asks_for_what_it_says_and_shows_the_answer(
    make: Make, desk: Desk, provider: str, text: str, intent: object
) -> None:
    form = form_of(make(keyring="locked"), provider)
    desk.replies[type(intent)] = Reply(True, "It worked.")
    button(form, text).click()
    await desk.settle()
    assert desk.asked == [intent]
    assert form.outcome.text == "It worked."


async def test_a_test_that_takes_long_can_be_cancelled(make: Make, desk: Desk) -> None:
    desk.hold = asyncio.Event()
    form = form_of(make(), "openai")
    button(form, "Test key").click()
    await desk.settle()
    assert form.outcome.busy
    assert not button(form, "Set key…").isEnabled()
    form.outcome._cancel.click()
    await desk.settle()
    assert form.outcome.text == "Cancelled."
    assert button(form, "Set key…").isEnabled()
    assert not desk.tasks


async def test_the_variable_can_be_used_instead(make: Make, desk: Desk) -> None:
    button(form_of(make(), "openai"), "Use OPENAI_API_KEY").click()
    await desk.settle()
    wanted = msgspec.structs.replace(SETTINGS.accounts[0], key_from=KeyFrom.ENVIRONMENT)
    assert desk.asked == [SaveAccount(wanted)]


async def test_removing_an_account_asks_first(make: Make, desk: Desk) -> None:
    page = make()
    form = form_of(page, "mistral")
    button(form, "Remove account…").click()
    await agree(page, "Keep")
    await desk.settle()
    assert desk.asked == []
    button(form, "Remove account…").click()
    await agree(page, "&Remove")
    await desk.settle()
    assert desk.asked == [RemoveAccount("mistral")]
    page.show_accounts([it for it in views() if it.provider != "mistral"])
    assert "mistral" not in page.forms
    assert page.list.currentItem() is not None


async def test_forgetting_a_key_asks_first(make: Make, desk: Desk) -> None:
    page = make()
    button(form_of(page, "openai"), "Forget key").click()
    await agree(page, "&Forget it")
    await desk.settle()
    assert desk.asked == [RemoveKey("openai")]


@pytest.mark.parametrize("address", ["ftp://x", "not an address", "https://user@host/", "http://"])
async def test_an_address_that_is_none_is_told_beside_it(make: Make, address: str) -> None:
    form = form_of(make(), "openai")
    form.address.setText(address)
    assert form.wrong is form.address
    assert "address" in form._errors[form.address].text()
    form.address.setText("https://proxy.example/v1")
    assert form.wrong is None


async def test_another_server_is_said_to_need_its_own_key(make: Make) -> None:
    form = form_of(make(), "openai")
    form.address.setText("https://api.openai.com/v2")
    assert "another server" not in form.key.text()
    form.address.setText("https://proxy.example/v1")
    assert "another server" in form.key.text()
    assert "api.openai.com" in form.key.text()


async def test_a_value_that_cannot_stand_in_an_address_is_told_and_a_missing_one_is_not_a_mistake(make: Make) -> None:
    form = form_of(make(), "azure")
    assert form.wrong is None
    assert "Resource" in form.state.text()
    form.values["resource"].setText("a/b")
    assert form.wrong is form.values["resource"]
    form.values["resource"].setText("acme")
    assert form.wrong is None
    assert form.draft.values == {"resource": "acme"}


async def test_what_is_typed_survives_looking_at_another_account_and_news(make: Make) -> None:
    page = make()
    form = form_of(page, "openai")
    form.name.setText("Mine")
    form_of(page, "mistral")
    page.show_accounts(views(keyring="locked"))
    assert form_of(page, "openai").name.text() == "Mine"
    assert page.dirty == (form,)
    assert "locked" in form.key.text()


async def test_a_key_is_asked_for_only_after_the_address_is_saved(make: Make, desk: Desk) -> None:
    page = make()
    form = form_of(page, "openai")
    form.address.setText("ftp://x")
    button(form, "Set key…").click()
    await desk.settle()
    assert found(page, KeyDialog) is None
    form.address.setText("https://proxy.example/v1")
    button(form, "Set key…").click()
    await desk.settle()
    assert [type(it) for it in desk.asked] == [SaveAccount]
    dialog = found(page, KeyDialog)
    assert isinstance(dialog, KeyDialog)
    dialog.reject()


# -- adding -----------------------------------------------------------------------------------------


async def adding(page: ProvidersPage) -> AddDialog:
    page.add_button.click()
    dialog = await until(lambda: found(page, AddDialog))
    assert isinstance(dialog, AddDialog)
    return dialog


async def test_a_provider_is_found_by_typing_and_added_by_enter(make: Make, desk: Desk) -> None:
    page = make()
    dialog = await adding(page)
    QTest.keyClicks(dialog.search, "azure")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    await desk.settle()
    assert desk.asked == [SaveAccount(Account("azure-openai-2", "azure", name="Azure OpenAI 2"))]


async def test_arrows_in_the_search_field_skip_what_is_filtered_out(make: Make) -> None:
    dialog = await adding(make())
    QTest.keyClicks(dialog.search, "open")
    assert dialog.list.currentItem().text() == "Azure OpenAI"
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.list.currentItem().text() == "OpenAI"
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.list.currentItem().text() == "OpenAI"
    dialog.reject()


async def test_nothing_found_says_what_to_do_and_adds_nothing(make: Make, desk: Desk) -> None:
    dialog = await adding(make())
    QTest.keyClicks(dialog.search, "nobody")
    assert dialog.nothing.isVisible()
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    await desk.settle()
    assert desk.asked == []
    dialog.reject()


async def test_a_new_account_is_shown_as_soon_as_it_is_there_and_asked_for_its_key(make: Make, desk: Desk) -> None:
    page = make()
    dialog = await adding(page)
    desk.hold = asyncio.Event()
    QTest.keyClicks(dialog.search, "mistral")
    dialog._add()
    await desk.settle()
    added = Account("mistral-2", "mistral", name="Mistral 2")
    settings = msgspec.structs.replace(SETTINGS, accounts=(*SETTINGS.accounts, added))
    page.show_accounts(views(settings=settings))  # news comes before the answer
    desk.hold.set()
    await desk.settle()
    assert page.forms["mistral-2"].isVisible()
    key = found(page, KeyDialog)
    assert isinstance(key, KeyDialog)
    key.reject()


@pytest.mark.parametrize(
    ("text", "key_from", "copies"),
    [("Use", KeyFrom.ENVIRONMENT, False), ("Copy to keyring", KeyFrom.KEYRING, True)],
)
async def test_what_was_found_is_added_with_one_click(
    make: Make, desk: Desk, text: str, key_from: KeyFrom, copies: bool
) -> None:
    dialog = await adding(make())
    next(it for it in dialog.findChildren(QPushButton) if it.text() == text).click()
    await desk.settle()
    saved = SaveAccount(Account("openai-3", "openai", name="OpenAI 3", key_from=key_from))
    assert desk.asked == [saved, CopyKey("openai-3")] if copies else [saved]


async def test_a_refusal_to_add_is_told(make: Make, desk: Desk) -> None:
    desk.replies[SaveAccount] = Reply(False, "The disk is full.")
    page = make()
    dialog = await adding(page)
    QTest.keyClicks(dialog.search, "mistral")
    dialog._add()
    box = await until(lambda: found(page, QMessageBox))
    assert isinstance(box, QMessageBox)
    assert box.text() == "The disk is full."
    box.reject()
