"""One account in the menu and in the list window: its section, and the rows of its models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.intents import OpenSettings, PickModel, Refresh, ShowAll
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.settings import MODELS, PROVIDERS, Settings
from trayapp.ui import words
from trayapp.ui.row import Row

GROUP = "model"
"""Of the rows of models, one of which may be the chosen one."""


class Shown(Struct, frozen=True):
    """One account with what the menu needs to know of its provider."""

    account: Account
    name: str
    local: bool


class Placed(Protocol):
    """Whatever stands for an account."""

    @property
    def account(self) -> Account: ...
    @property
    def local(self) -> bool: ...


P = TypeVar("P", bound=Placed)


def ordered(accounts: Iterable[P], settings: Settings) -> tuple[P, ...]:
    """In the order of the menu: as the user put them, then what is on this computer, then the others as they came."""
    places = {id: place for place, id in enumerate(settings.provider_order)}
    return tuple(sorted(accounts, key=lambda it: (places.get(it.account.id, len(places)), not it.local)))


class Section(Struct, frozen=True):
    """One account in the menu: a header, and rows that are made when somebody looks.

    ``models`` is the listing's own tuple, filtered; nothing is copied for a menu that stays closed.
    """

    provider: str
    title: str
    models: tuple[Model, ...] = ()
    active: str | None = None
    """Id of the chosen model if it belongs to this account."""
    locked: bool = False
    local: bool = False
    unset: bool = False
    """The account is not complete, or of a provider that this version does not know."""
    hidden: int = 0
    """Models that are left out because they do not chat."""
    folded: bool = False
    """The user wants its rows below its header only when it is opened."""
    concealed: tuple[Model, ...] = ()
    """Models that the user hid, one by one."""
    new: frozenset[str] = frozenset()
    """Ids of models that came within the week."""


def rows(section: Section, limit: int, *, concealed: bool = False) -> tuple[Row, ...]:
    """The rows of one section, in order; past ``limit`` one row opens the whole list in a window.

    ``concealed``: the models that the user hid follow, marked as such.
    """
    return tuple(each_row(section, limit, concealed=concealed))


def each_row(section: Section, limit: int, *, concealed: bool = False) -> Iterator[Row]:
    """``rows`` one by one, for whoever has thousands to make: each takes ten microseconds."""
    shown = section.models[:limit]
    if section.active and len(section.models) > limit and all(it.ref.model != section.active for it in shown):
        # the chosen one is never behind “More…”
        chosen = tuple(it for it in section.models[limit:] if it.ref.model == section.active)
        shown = (*shown[: limit - len(chosen)], *chosen)
    also = section.concealed if concealed else ()
    same = Counter(model.label for model in (*shown, *also))
    yield from _instead(section, shown_too=bool(also))
    for model, hidden in chain(((it, False) for it in shown), ((it, True) for it in also)):
        name = model.label if same[model.label] == 1 else f"{model.label} ({model.ref.model})"
        yield _model(section, model, name, hidden)
    if len(section.models) > limit:
        yield Row(_("More…"), ShowAll(section.provider))


def _instead(section: Section, *, shown_too: bool) -> Iterator[Row]:
    """What stands above the models, or in the place of a list without any."""
    if section.locked:
        yield Row(_("Add a key…"), OpenSettings(PROVIDERS, section.provider))
    elif section.unset:
        yield Row(_("Check its settings…"), OpenSettings(PROVIDERS, section.provider))
    elif section.models or shown_too:
        return
    elif section.concealed:
        yield Row(_("All models are hidden – show…"), ShowAll(section.provider))
    elif section.hidden:
        hidden = plural(
            "{n} model that does not chat is hidden", "{n} models that do not chat are hidden", section.hidden
        )
        yield Row(hidden, OpenSettings(MODELS))
    else:
        yield Row(_("No models yet – ask again"), Refresh(section.provider))


def _model(section: Section, model: Model, name: str, hidden: bool) -> Row:
    return Row(
        with_facts(_("{model} (hidden)").format(model=name) if hidden else name, model, model.ref.model in section.new),
        None if section.locked else PickModel(model.ref),
        checked=model.ref.model == section.active,
        checkable=True,
        enabled=not section.locked,
        group=GROUP,
        ref=model.ref,
        hidden=hidden,
    )


def with_facts(name: str, model: Model | None, new: bool = False) -> str:
    """What a row says of a model: its name, what is known of it, and that it is new."""
    known = words.facts(model) if model is not None else ""
    about = " · ".join(filter(None, (known, _("new") if new else "")))
    return f"{name}   {about}" if about else name


def offered(listing: Listing, *, all_uses: bool) -> Sequence[Model]:
    """The models people pick from: those that chat, unless all are asked for."""
    if all_uses:
        return listing.models
    chatting = tuple(it for it in listing.models if it.use is Use.CHAT)
    return listing.models if len(chatting) == len(listing.models) else chatting


def listed(ref: ModelRef, listing: Listing | None) -> Model | None:
    """The model in its account's list, by id, else by a name that the provider also takes."""
    if listing is None:
        return None
    by_name = None
    for it in listing.models:
        if it.ref.model == ref.model:
            return it
        if by_name is None and ref.model in it.aliases:
            by_name = it
    return by_name
