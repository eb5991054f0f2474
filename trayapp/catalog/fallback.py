"""What to show when a provider did not answer, by cause."""

from __future__ import annotations

from msgspec.structs import replace

from trayapp.core.errors import Failure
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing, Source


def next_best(held: Listing | None, embedded: Listing | None, why: Failure) -> Listing:
    """The best list there is, with the reason in it (C3, C13).

    A closed door, no key or a refused one, gives the shipped list to browse; every other cause our own
    last list, which is true to the account. Each stands in where the other is missing. ``embedded`` is
    None where the shipped list is not wanted. The shipped list never replaces what the account listed,
    except behind that closed door, where nothing of it could be called.
    """
    ours = held if held and held.models else None
    if embedded and embedded.models and (why.kind.closed or not ours):
        return replace(embedded, failure=why)
    if ours:
        return replace(ours, source=Source.STALE, failure=why)
    return Listing(why.provider, source=Source.EMBEDDED, failure=why)


def nothing(provider: str) -> str:
    """The last word, when there is no list of any kind (S1-43)."""
    return _("No models available for '{provider}': API failed, no catalog data, no stale cache").format(
        provider=provider
    )


def unanswered(seconds: float) -> str:
    """Said of a provider that is still being waited for when the others are shown."""
    return plural("No answer within {n} second yet.", "No answer within {n} seconds yet.", round(seconds))


def unknown(provider: str) -> str:
    """Said of an account that does not exist."""
    return _("Provider “{provider}” not found").format(provider=provider)
