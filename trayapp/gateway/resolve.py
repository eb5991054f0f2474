"""Which model a request means: a name that says so itself, else what the tray has chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef, Use
from trayapp.core.rules import CURRENT, Role

EMBEDDING: Role = "embedding"


class UnknownModelError(UserError):
    """The name means no model here; the sentence says what does."""

    status = 404


class NothingChosenError(UserError):
    """There is nothing to follow: no model is chosen in the tray, or its account is gone."""

    status = 503


class Routed(Struct, frozen=True):
    """What the rules made of a request; handed in, because they are not this folder's subject."""

    ref: ModelRef | None
    why: str = ""
    """``rule NAME``, ``role NAME`` or ``tray``: what decided, for the figures and the answer's header."""
    problem: str = ""
    """A sentence, where a rule or role points nowhere."""
    instead: bool = False
    """The default or the tray's choice, because a role on the way is not set."""


class Book(Struct, frozen=True):
    """All that names are looked up in, as one value: replaced when something changes, never edited."""

    accounts: Mapping[str, Account] = {}
    """Those that are switched on."""
    switched_off: frozenset[str] = frozenset()
    listings: Mapping[str, Listing] = {}
    named: Callable[[str], Routed | None] = lambda _name: None
    """A role's or a rule's name to its model; None for any other name. Knows of case and of ``:latest``."""
    followed: Callable[[str, str], Routed] = lambda _text, _name: Routed(None)
    """Text and name to a model by the rules, else the default, else the tray's choice."""
    refuse_others: bool = False


class Resolved(Struct, frozen=True):
    """The model that answers."""

    ref: ModelRef
    why: str
    """``named``, or what ``Routed.why`` says."""
    exact: bool = False
    """It was asked for by its name: nothing else may stand in for it."""


def resolve(name: str, book: Book, *, text: Callable[[], str] = str) -> Resolved:
    """The model for a chat request. Raises UnknownModelError or NothingChosenError.

    ``text`` gives the last message; it is only asked for where a rule may want it.
    """
    name = name.strip()
    if (ref := _exact(name, book)) is not None:
        return Resolved(ref, "named", exact=True)
    if (routed := book.named(name)) is not None:
        return _found(routed, name, book)
    if book.refuse_others and _plain(name).casefold() not in ("", CURRENT):
        raise UnknownModelError(
            _("“{name}” is no model here. Ask for “current”, ACCOUNT/MODEL, a role or a rule.").format(name=_cut(name))
        )
    routed = book.followed(text(), name)
    if routed.ref is None and not routed.problem:
        raise NothingChosenError(_("No model is chosen. Click one in trayapp's menu, or run “trayapp use”."))
    if routed.ref is not None and routed.ref.provider not in book.accounts:
        raise NothingChosenError(_gone(routed.ref, book))
    return _found(routed, name, book)


def resolve_embedding(name: str, book: Book) -> Resolved:
    """The model for embeddings, which never follow the tray: another model silently spoils a vector store.

    Raises UnknownModelError.
    """
    name = name.strip()
    if (ref := _exact(name, book)) is not None:
        return Resolved(ref, "named", exact=True)
    if (routed := book.named(name)) is not None:
        if routed.instead or routed.ref is None:
            told = _(
                "“{name}” leads to a role that is not set. Set it in Settings… → Local models. Embeddings never"
                " follow the model chosen in the tray."
            )
            raise UnknownModelError(told.format(name=_cut(name)))
        return _found(routed, name, book)
    listed = _listed(name, book)
    if len(listed) == 1:
        return Resolved(listed[0], "named", exact=True)
    if listed:
        told = _("More than one account has “{name}”. Ask for one of: {refs}.")
        raise UnknownModelError(told.format(name=_cut(name), refs=", ".join(map(str, listed[:5]))))
    routed = book.named(EMBEDDING)
    if routed is not None and routed.ref is not None and not routed.instead:
        return _found(routed, EMBEDDING, book)
    told = _(
        "No account has the embedding model “{name}”. Ask for ACCOUNT/MODEL, or set the role “embedding” in"
        " Settings… → Local models. Embeddings never follow the model chosen in the tray."
    )
    raise UnknownModelError(told.format(name=_cut(name)))


def _exact(name: str, book: Book) -> ModelRef | None:
    """``account/model`` of an account that is there. Raises UnknownModelError for one that is switched off."""
    provider, slash, model = name.partition("/")
    provider, model = provider.strip(), model.strip()
    if not (slash and model):
        return None
    ref = ModelRef(provider, model)
    if provider in book.accounts:
        return ref
    if provider in book.switched_off:
        raise UnknownModelError(_("The account “{id}” is switched off in trayapp.").format(id=provider))
    return None


def _found(routed: Routed, name: str, book: Book) -> Resolved:
    if routed.ref is None:
        raise UnknownModelError(routed.problem or _("“{name}” has no model yet.").format(name=_cut(name)))
    if routed.ref.provider not in book.accounts:
        raise UnknownModelError(_gone(routed.ref, book))
    return Resolved(routed.ref, routed.why)


def _gone(ref: ModelRef, book: Book) -> str:
    """What to say of a model that a click, role or rule led to, and whose account is not there to answer."""
    if not ref.provider:
        told = _("Of which account the chosen model “{model}” is, is not known. Choose it again in trayapp's menu.")
        return told.format(model=_cut(ref.model))
    if ref.provider in book.switched_off:
        told = _("The account “{id}” of {ref} is switched off in trayapp. Switch it on, or choose another model.")
    else:
        told = _("The account “{id}” of {ref} is no longer there. Choose another model in trayapp's menu.")
    return told.format(id=ref.provider, ref=_cut(str(ref)))


def _listed(name: str, book: Book) -> list[ModelRef]:
    """Where a model of this name is listed: of open accounts before locked ones, known to embed before others,
    by its own name before another one's alias; with or without the tag ``:latest``.
    """
    plain = _plain(name)
    found: dict[tuple[bool, bool, bool], set[ModelRef]] = {}
    for id, listing in book.listings.items():
        if not plain or id not in book.accounts:
            continue
        for model in listing.models:
            own = _plain(model.ref.model) == plain
            if not own and plain not in map(_plain, model.aliases):
                continue
            rank = (listing.locked, model.use is not Use.EMBEDDING, not own)
            found.setdefault(rank, set()).add(model.ref)
    return sorted(found[min(found)]) if found else []


def _plain(name: str) -> str:
    """Without the tag that Ollama and its tools add to a name that has none."""
    return name.removesuffix(":latest")


def _cut(name: str) -> str:
    from trayapp.core.redaction import struck

    return struck(name)[:80]
