"""One translation function, through which every sentence a person reads passes."""

from __future__ import annotations

from typing import Protocol


class _Catalog(Protocol):
    def gettext(self, message: str) -> str: ...
    def ngettext(self, one: str, many: str, n: int) -> str: ...


_installed: _Catalog | None = None


def install(folder: str, languages: list[str] | None = None) -> bool:
    """Use the first catalogue found under ``folder``; False where there is none.

    English is what stands in the source, so gettext is imported only when asked for a language.
    """
    global _installed
    import gettext

    try:
        _installed = gettext.translation("trayapp", folder, languages)
    except OSError:
        _installed = None
    return _installed is not None


def _(message: str) -> str:
    return message if _installed is None else _installed.gettext(message)


def N_(message: str) -> str:
    """Marks a sentence for translators where it is declared; it is translated where it is shown."""
    return message


def plural(one: str, many: str, n: int) -> str:
    """The form of a sentence for ``n`` of something; ``{n}`` in it is filled in."""
    english = one if n == 1 else many
    text = english if _installed is None else _installed.ngettext(one, many, n)
    return text.replace("{n}", str(n))
