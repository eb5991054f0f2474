"""The settings dialog opened at the page “Gateway”, what was saved from it, and what was copied."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication

from tests.qt.dialog import Opened, ready
from tests.qt.local_opened import publish, saved
from trayapp.core.settings import GATEWAY
from trayapp.qt.gateway_page import GatewayPage

__all__ = ["Open", "copied", "publish", "saved", "shown"]

Open = Callable[..., Opened]


async def shown(opened: Open, **more: object) -> tuple[Opened, GatewayPage]:
    it = await ready(opened, **more)
    it.dialog.show_page(GATEWAY)
    await it.desk.settle()
    return it, it.gateway_page


def copied() -> str:
    return QGuiApplication.clipboard().text()
