"""One translation function, through which every sentence a person reads passes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # a second start imports no typing
    from gettext import NullTranslations

ENGLISH = "en"

_installed: NullTranslations | None = None
_spoken = ENGLISH


def install(folder: str, languages: list[str] | None = None) -> bool:
    """Use the catalogue of the first of these languages that has one below ``folder``; False where none has.

    English is what stands in the source, so gettext is imported only when asked for another language, and whoever
    names English first gets it though later ones have catalogues.
    """
    global _installed, _spoken
    _installed, _spoken = None, ENGLISH
    import gettext

    for language in languages or ():
        if language.partition("_")[0] in (ENGLISH, "C", "POSIX"):
            return False
        try:
            _installed = gettext.translation("trayapp", folder, [language])
        except OSError:  # none, or one that cannot be read
            continue
        _spoken = language
        return True
    return False


def spoken() -> str:
    """The code of the language in use, such as ``de_AT``."""
    return _spoken


def _(message: str) -> str:
    # to gettext, nothing at all is the name of the catalogue's own head
    return message if _installed is None or not message else _installed.gettext(message)


def N_(message: str) -> str:
    """Marks a sentence for translators where it is declared; it is translated where it is shown."""
    return message


def open_ended(sentence: str) -> str:
    """A sentence without the stop at its end, in any language there is."""
    return sentence.rstrip().rstrip(".。")


def with_detail(sentence: str, detail: str) -> str:
    """A sentence with what somebody else said about it in brackets; detail may be empty, and may end in a stop."""
    if not detail.strip():
        return sentence
    return _("{said} ({detail}).").format(said=open_ended(sentence), detail=open_ended(detail))


def plural(one: str, many: str, n: int) -> str:
    """The form of a sentence for ``n`` of something; ``{n}`` in it is filled in."""
    english = one if n == 1 else many
    text = english if _installed is None else _installed.ngettext(one, many, n)
    return text.replace("{n}", str(n))
