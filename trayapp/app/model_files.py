"""The file of a local model: whether it is in the file cache before a load, and reading it ahead of one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from trayapp.core.errors import ProviderError

if TYPE_CHECKING:
    import logging

    from trayapp.local.ollama import Ollama
    from trayapp.local.residency import Installed

COLD = 0.5
"""Below this share in the file cache a load counts as one from the disk; between the two nothing is said."""


class ModelFiles:
    """Finds the files through Ollama, which names their path; nowhere else, and never for another computer."""

    def __init__(self, server: Ollama) -> None:
        self._server = server
        self._paths: dict[str, str] = {}
        """By the model's key, which changes with its content."""

    async def cached(self, model: Installed) -> bool | None:
        """Whether its file is in the file cache; None where that cannot be told."""
        from trayapp.system.filecache import THERE, resident_share

        path = await self._path(model)
        share = await asyncio.to_thread(resident_share, path) if path else None
        if share is None:
            return None
        return True if share >= THERE else False if share <= COLD else None

    async def read_ahead(self, model: Installed) -> None:
        """Read the file once, if there is memory to spare. Cancelled, it ends at the next piece."""
        from trayapp.system.filecache import read_ahead

        path = await self._path(model)
        if not path:
            return
        stop = threading.Event()
        try:
            done = await asyncio.to_thread(read_ahead, path, stop=stop)
        finally:
            stop.set()
        if done.reason:
            _log().info("%s was not read ahead: %s", model.name, done.reason)
        else:
            _log().info("%s: %d bytes read ahead in %.1f s", model.name, done.bytes, done.seconds)

    async def _path(self, model: Installed) -> str:
        if model.key not in self._paths:
            try:
                self._paths[model.key] = await self._server.show(model.name)
            except ProviderError:
                return ""
        return self._paths[model.key]


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("trayapp")
