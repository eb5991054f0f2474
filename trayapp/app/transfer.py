"""Takes over what another installation exported, and gives what can be exported: everything but keys."""

from __future__ import annotations

from trayapp.app.root import App
from trayapp.core.intents import Import, Reply
from trayapp.core.language import _


async def take_over(app: App, intent: Import) -> Reply:
    """Replace settings and what is remembered by what the document holds."""
    return Reply(False, _("Nothing was imported."))
