"""Does one thing without a tray: the same objects, the same code, and then the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.intents import Intent, Reply
from trayapp.system.paths import Paths


def alone(intent: Intent, paths: Paths) -> Reply:
    """Perform one intent and wait for whatever it set going."""
    return asyncio.run(_with_app(paths, lambda app: perform(app, intent, told=False)))


async def _with_app(paths: Paths, work: Callable[[App], Awaitable[Reply]]) -> Reply:
    app = build(paths)
    app.alone = True
    try:
        return await work(app)
    finally:
        await app.close()
