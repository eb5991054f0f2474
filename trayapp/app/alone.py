"""Does one thing without a tray: the same objects, the same code, and then the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.core.intents import Intent, Reply
from trayapp.system.paths import Paths

if TYPE_CHECKING:
    from trayapp.system.keyrings import Keyring


def alone(
    intent: Intent, paths: Paths, *, env: Mapping[str, str] | None = None, keyring: Keyring | None = None
) -> Reply:
    """Perform one intent and wait for whatever it set going. ``keyring`` stands in for the system's."""
    return asyncio.run(_alone(intent, paths, env, keyring))


async def _alone(intent: Intent, paths: Paths, env: Mapping[str, str] | None, keyring: Keyring | None) -> Reply:
    app = build(paths, env=env, keyring=keyring)
    app.alone = True
    try:
        return await perform(app, intent, told=False)
    finally:
        await app.close()
