"""How a preference is declared: its words, its page and its limits, beside its type."""

from __future__ import annotations

from typing import Any

from msgspec import Meta

from trayapp.core.language import N_

GENERAL, DESKTOP, PROVIDERS, MODELS = N_("General"), N_("Icon and keys"), N_("Providers"), N_("Models")
LOCAL, GATEWAY = N_("Local models"), N_("Gateway")
"""The pages of the settings that hold preferences, in their order."""


def about(
    label: str,
    *,
    page: str,
    help: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    unit: str = "",
    choices: dict[str, str] | None = None,
    form: str = "",
    restart: bool = False,
) -> Meta:
    """How one preference is shown, and its limits; both are inclusive.

    ``choices`` maps each allowed text to the words for it; ``form`` says how a table is typed.
    """
    extra: dict[str, Any] = {"page": page, "unit": unit, "restart": restart, "choices": choices or {}, "form": form}
    if choices:
        return Meta(title=label, description=help, pattern=f"^({'|'.join(choices)})$", extra=extra)
    return Meta(title=label, description=help, ge=minimum, le=maximum, extra=extra)
