"""Which window ``trayapp open`` means, as the line the running program takes. Imports nothing: it has to be quick."""

from __future__ import annotations

import os


def N_(message: str) -> str:
    """Marks a text as ``core.language`` does, which would import typing."""
    return message


ACTIVATE = b'{"intent":{"type":"Activate"}}'
PLAIN = {
    "--finder": b'{"intent":{"type":"OpenFinder"}}',
    "--models": b'{"intent":{"type":"ShowAll"}}',
    "--welcome": b'{"intent":{"type":"OpenWelcome"}}',
}
PAGES = {
    "general": N_("General"),
    "icon": N_("Icon and keys"),
    "providers": N_("Providers"),
    "models": N_("Models"),
    "local": N_("Local models"),
    "gateway": N_("Gateway"),
    "profiles": N_("Profiles"),
    "diagnostics": N_("Diagnostics"),
    "about": N_("About"),
}
"""The pages of the settings: the word for the command line, and what ``OpenSettings`` calls it."""


def wanted(words: list[str]) -> bytes | None:
    """The line for what was typed after ``open``; None where the parser has to say what is wrong with it."""
    if not words:
        return ACTIVATE
    page = words[1] if len(words) == 2 else ""
    if len(words) > 2 or page.startswith("-"):
        return None
    if words[0] == "--settings":
        return settings(page)
    if words[0] == "--help-page":
        return guide(page)
    return PLAIN.get(words[0]) if len(words) == 1 else None


def forward(line: bytes) -> bytes:
    """The line with the desktop's leave to come to the front, which whoever was clicked for hands on.

    Without it Wayland opens the window behind others:
    https://specifications.freedesktop.org/startup-notification-spec (XDG_ACTIVATION_TOKEN).
    """
    token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
    if not token or len(token) > 200 or not (token.isascii() and token.isprintable()) or set(token) & set('"\\'):
        return line
    return line[:-1] + f',"activation":"{token}"}}'.encode()


def settings(page: str) -> bytes | None:
    """The line for this page of the settings, or for the one shown last; None for a page there is not."""
    if not page:
        return b'{"intent":{"type":"OpenSettings"}}'
    named = page.casefold()
    names = [name for word, name in PAGES.items() if named in (word, name.casefold())]
    return f'{{"intent":{{"type":"OpenSettings","page":"{names[0]}"}}}}'.encode() if names else None


def guide(page: str) -> bytes | None:
    """The line for this page of the user guide, ``page#heading`` too; None for what no page can be called."""
    if not page.isprintable() or '"' in page or "\\" in page:
        return None
    return f'{{"intent":{{"type":"OpenHelp","page":"{page}"}}}}'.encode()
