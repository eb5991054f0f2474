"""Does one thing without a tray: the same objects, the same code, and then the end."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.core.intents import Intent, Reply
from trayapp.system import hardening
from trayapp.system.paths import Paths

if TYPE_CHECKING:
    from trayapp.system.keyrings import Keyring


def alone(
    intent: Intent, paths: Paths, *, env: Mapping[str, str] | None = None, keyring: Keyring | None = None
) -> Reply:
    """Perform one intent and wait for whatever it set going. ``keyring`` stands in for the system's."""
    hardening.no_dumps()
    usual = threading.excepthook
    # an error's text may quote a key; the program's own hook strikes it out, and Python's for threads would not
    threading.excepthook = lambda met: sys.excepthook(met.exc_type, met.exc_value or met.exc_type(), met.exc_traceback)
    try:
        return asyncio.run(_alone(intent, paths, env, keyring))
    finally:
        threading.excepthook = usual


def local_status(paths: Paths, *, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What ``door`` answers to “local”, from one look at the servers; nothing is changed there."""
    return asyncio.run(_local_status(paths, env))


async def _local_status(paths: Paths, env: Mapping[str, str] | None) -> dict[str, Any]:
    app = build(paths, env=env)
    app.alone = True
    try:
        await app.local.look()
        return app.local.summary()
    finally:
        await app.close()


async def _alone(intent: Intent, paths: Paths, env: Mapping[str, str] | None, keyring: Keyring | None) -> Reply:
    app = build(paths, env=env, keyring=keyring)
    app.alone = True
    try:
        return await perform(app, intent, told=False)
    finally:
        await app.close()
