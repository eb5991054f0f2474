"""What happens to lists and facts when the user asks: lists cleared, the shipped catalogue's facts refreshed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from trayapp.app.root import App
from trayapp.core.errors import UserError
from trayapp.core.intents import ClearCache, Reply
from trayapp.core.language import _, plural
from trayapp.core.listings import Source
from trayapp.providers.spec import origin

MIRRORS = {"models.dev": "TRAYAPP_MODELS_DEV_URL", "OpenRouter": "TRAYAPP_OPENROUTER_URL"}
"""Variables that hold another address for a source: a company's mirror. The whole address, query and all."""


async def clear_cache(app: App, intent: ClearCache) -> Reply:
    """Forget one account's list or all. Raises ProviderError, "Provider … not found"."""
    name = app.name(app.account(intent.provider).id) if intent.provider is not None else ""
    gone = app.catalog.clear(intent.provider)
    await app.catalog.settle()
    if name:
        text = _("The list of {name} is cleared.") if gone else _("There was no list of {name} to clear.")
        return Reply(True, text.format(name=name), {"cleared": gone})
    text = plural("{n} list is cleared.", "{n} lists are cleared.", gone) if gone else _("There was no list to clear.")
    return Reply(True, text, {"cleared": gone})


async def update_catalog(app: App) -> Reply:
    """Ask the two public sources, keep what is newer beside the shipped file, and use it from then on.

    A list on disk gets the new facts with its next answer; where the shipped list stands in, it is shown anew.
    """
    urls = mirrors(app.env)
    http = await app.net.client()
    from trayapp.catalog.update import update
    from trayapp.system.files import write_private

    facts = await asyncio.to_thread(app.facts)
    written: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        write_private(path, data)
        facts.forget()  # at once, so that no list is enriched with old facts and taken for a newer one
        written.append(path)

    shipped = app.paths.resources / "catalog.json"
    try:
        report = await update(http, app.paths.data, app.clock, shipped=shipped, urls=urls, writer=write)
    finally:
        if written:  # even where the rest was cancelled
            show_shipped_anew(app)
    data: dict[str, Any] = {"shipped": report.shipped, "sources": msgspec.to_builtins(report.outcomes)}
    return Reply(report.ok, report.text, data)


def show_shipped_anew(app: App) -> None:
    """Have the accounts looked at again that show the shipped list: those without a key are not asked for it."""
    shown = app.catalog.listings.value
    standing_in = tuple(it for it in app.accounts if it.id in shown and shown[it.id].source is Source.EMBEDDED)
    app.behind(app.catalog.refresh(standing_in), name="show the new catalogue")


def mirrors(env: Mapping[str, str]) -> dict[str, str]:
    """The addresses that stand in for the public ones, by source. Raises UserError for one that cannot be."""
    found = {}
    for source, variable in MIRRORS.items():
        url = env.get(variable, "").strip()
        if not url:
            continue
        try:
            origin(url)
        except UserError as exc:
            raise UserError(f"{variable}: {exc}") from exc
        found[source] = url
    return found
