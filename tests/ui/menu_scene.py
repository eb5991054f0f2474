"""Three accounts, their lists, and the view that is made of them."""

from __future__ import annotations

from typing import Any

from trayapp.core.accounts import Account
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.ui.menu import Shown, TrayView, tray_view

NOW = 1_000_000.0
GROQ = Shown(Account("groq", "groq"), "Groq", local=False)
WORK = Shown(Account("openai-work", "openai", "OpenAI – work"), "OpenAI – work", local=False)
OLLAMA = Shown(Account("ollama", "ollama"), "Ollama", local=True)


def models(provider: str, *ids: str, **more: Any) -> tuple[Model, ...]:
    return tuple(Model(ModelRef(provider, it), **more) for it in ids)


def listing(provider: str, *ids: str, **more: Any) -> Listing:
    return Listing(provider, models(provider, *ids), more.pop("source", Source.API), more.pop("at", NOW), **more)


def view(*accounts: Shown, lists: tuple[Listing, ...] = (), **more: Any) -> TrayView:
    return tray_view(
        accounts,
        settings=more.pop("settings", Settings()),
        state=more.pop("state", State()),
        listings={it.provider: it for it in lists},
        now=NOW,
        **more,
    )
