"""The settings dialog opened at the page “Local models”, and what was saved from it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.qt.dialog import Opened, ready
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import LOCAL, Settings
from trayapp.qt.local_page import LocalPage

Open = Callable[..., Opened]


async def shown(opened: Open, **more: object) -> tuple[Opened, LocalPage]:
    it = await ready(opened, **more)
    it.dialog.show_page(LOCAL)
    await it.desk.settle()
    return it, it.local


def saved(it: Opened) -> Settings:
    (intent,) = [it for it in it.desk.asked if isinstance(it, SaveSettings)]
    return intent.settings


def publish(it: Opened, **changes: object) -> None:
    it.settings.publish(msgspec.structs.replace(it.settings.value, **changes))
