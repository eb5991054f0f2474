"""“Reset page” enters what the program has by itself, and saves nothing before Apply."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from tests.qt.dialog import APPLY, Opened, ready
from tests.qt.parts import SETTINGS
from trayapp.core import schema
from trayapp.core.intents import SaveSettings
from trayapp.core.rules import EXAMPLES
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, Settings
from trayapp.ui import form

Open = Callable[..., Opened]
OTHERWISE = msgspec.structs.replace(
    SETTINGS,
    confirm_switch=True,
    tray_wait=30,
    inline_models=7,
    provider_ttl_overrides={"ollama": 300},
    ram_max_models=5,
    local_exceptions={"qwen2.5:7b": "never"},
    roles={"primary": "openai/gpt-5"},
    warm_at_launch=("ollama/b",),
    default_route="openai/gpt-5",
    rules=EXAMPLES["by role"],
    gateway_port=4321,
    gateway_failover=("openai/gpt-5",),
)


def preferences_of(page: str) -> list[str]:
    return [name for name, it in schema.preferences().items() if it.page == page]


@pytest.mark.parametrize("page", [GENERAL, DESKTOP, MODELS, LOCAL, GATEWAY])
async def test_a_page_goes_back_to_what_the_program_has_by_itself(opened: Open, page: str) -> None:
    it = await ready(opened)
    it.settings.publish(OTHERWISE)
    it.dialog.show_page(page)
    button = it.dialog.buttons.reset
    assert button.isEnabled()
    button.click()
    assert it.desk.asked == []
    assert not button.isEnabled(), "nothing differs any more"
    assert it.dialog.dirty
    await it.press(APPLY)
    saved = next(intent for intent in it.desk.asked if isinstance(intent, SaveSettings)).settings
    usual = {name: getattr(Settings(), name) for name in preferences_of(page)}
    assert {name: getattr(saved, name) for name in usual} == usual
    kept = msgspec.structs.replace(OTHERWISE, **usual)
    assert saved == kept, "other pages, accounts and rules stay"


async def test_it_can_be_taken_back(opened: Open) -> None:
    it = await ready(opened)
    it.settings.publish(OTHERWISE)
    it.dialog.show_page(MODELS)
    it.dialog.buttons.reset.click()
    it.enter("inline_models", "7")
    it.enter("provider_ttl_overrides", "ollama=300")
    assert not it.dialog.dirty
    assert it.dialog.buttons.reset.isEnabled()


async def test_it_mends_what_cannot_be_saved(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(MODELS)
    it.enter("inline_models", "ninety")
    assert it.dialog.buttons.reset.isEnabled()
    it.dialog.buttons.reset.click()
    assert (it.row("inline_models").text, it.dialog.dirty) == ("25", False)


@pytest.mark.parametrize("page", [PROVIDERS, form.PROFILES, form.DIAGNOSTICS, form.ABOUT])
async def test_pages_without_preferences_have_nothing_to_reset(opened: Open, page: str) -> None:
    it = await ready(opened)
    it.dialog.show_page(page)
    assert not it.dialog.buttons.reset.isVisible()
    it.dialog.show_page(GENERAL)
    assert it.dialog.buttons.reset.isVisible()
    assert not it.dialog.buttons.reset.isEnabled(), "all is as it was made"
    await it.desk.settle()


async def test_what_the_environment_sets_stays(qtbot: QtBot) -> None:
    forced = {"tray_wait": "TRAYAPP_TRAY_WAIT", "gateway_failover": "TRAYAPP_GATEWAY_FAILOVER"}
    it = await ready(Opened, qtbot=qtbot, forced=forced)
    it.settings.publish(msgspec.structs.replace(SETTINGS, tray_wait=3, gateway_failover=("openai/gpt-5",)))
    for page in (DESKTOP, GATEWAY):
        it.dialog.show_page(page)
        assert not it.dialog.buttons.reset.isEnabled()
    it.enter("shortcut", "Ctrl+Alt+M")
    it.dialog.show_page(DESKTOP)
    it.dialog.buttons.reset.click()
    assert (it.row("shortcut").text, it.row("tray_wait").text) == ("", "3")
