"""The tray's icon, tooltip and menu as one value: sections and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.errors import Kind
from trayapp.core.intents import OpenSettings, PickModel, Quit, Refresh, ShowAll, UnlockKeyring
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.settings import MODELS, PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.gateway.status import Status
from trayapp.local.residency import View
from trayapp.ui import gateway_menu, words
from trayapp.ui.memory_menu import memory_menu
from trayapp.ui.row import Row, Submenu


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


class TrayView(Struct, frozen=True):
    """All there is to draw. ``inline``: sections stand in the menu itself, else each is a submenu."""

    icon: str = "ready"
    """``ready``, ``working`` or ``attention``."""
    tooltip: str = ""
    head: tuple[Row, ...] = ()
    sections: tuple[Section, ...] = ()
    inline: bool = True
    local: Submenu | None = None
    """Models in memory; None where there is neither a server for them nor a strategy."""
    gateway: Submenu | None = None
    """How tools reach the chosen model."""
    tail: tuple[Row | None, ...] = ()
    """None is a separator."""
    limit: int = 200
    """Rows of one submenu before “More…”."""


class Shown(Struct, frozen=True):
    """One account with what the menu needs to know of its provider."""

    account: Account
    name: str
    local: bool


def tray_view(
    accounts: Iterable[Shown],
    *,
    settings: Settings,
    state: State,
    listings: Mapping[str, Listing],
    now: float,
    refreshing: frozenset[str] = frozenset(),
    keyring: str = "ok",
    local: Sequence[View] = (),
    load_seconds: float | None = None,
    gateway: Status | None = None,
    today: str = "",
) -> TrayView:
    """Everything the tray draws, from everything it depends on.

    ``local`` is what the local servers have in memory; ``load_seconds`` how long loading one of the user's
    models usually takes, None as long as none was measured. ``today`` is what today's use of the gateway comes to.
    """
    known = [it for it in accounts if it.account.enabled]
    names = {it.account.id: it.name for it in known}
    own = {it.id for it in settings.accounts}
    there = [it for it in known if it.account.id in own or not _unseen(it, listings.get(it.account.id), state)]
    sections = [
        _section(it, listings.get(it.account.id), settings, state, now, it.account.id in refreshing)
        for it in sorted(there, key=lambda it: not it.local)
    ]
    chosen = choice(state.active, names, listings)
    locked = keyring in ("locked", "denied") and any(
        failure.kind in (Kind.LOCKED, Kind.DENIED)
        for id in names
        if (listing := listings.get(id)) is not None and (failure := listing.failure) is not None
    )
    busy = any(section.provider in refreshing for section in sections)  # not a mere look for a local server
    broken = gateway_menu.first_row(gateway)
    head = [broken] if broken is not None else []
    head.append(Row(f"● {chosen}" if state.active else chosen, enabled=False))
    if locked:
        head.append(Row(_("Keyring locked – unlock…"), UnlockKeyring()))
    if not any(not section.local for section in sections):
        head.append(Row(_("Add a provider…"), OpenSettings(PROVIDERS, add=True)))
    servers = {it.account.id: it.name for it in there if it.account.spec in IMPLICIT}  # which say what they hold
    memory = None
    if servers or state.strategy is not None:
        memory = memory_menu(local, servers, settings=settings, state=state, now=now, load_seconds=load_seconds)
    reach = gateway_menu.gateway_menu(gateway, state=state, today=today) if gateway is not None else None
    tooltip = ["trayapp", chosen]
    if locked:
        tooltip.append(_("Keyring locked"))
    if gateway is not None and broken is not None:
        tooltip.append(gateway_menu.title(gateway))
    return TrayView(
        icon="attention" if locked or broken else "working" if busy else "ready",
        tooltip="\n".join(tooltip),
        head=tuple(head),
        sections=tuple(sections),
        inline=sum(len(section.models) for section in sections) <= settings.inline_models,
        local=memory,
        gateway=reach,
        tail=(
            Row(_("Refresh"), Refresh()),
            Row(_("Settings…"), OpenSettings()),
            None,
            Row(_("Quit"), Quit()),
        ),
        limit=settings.submenu_models,
    )


def rows(section: Section, limit: int) -> tuple[Row, ...]:
    """The rows of one section, in order; past ``limit`` one row opens the whole list in a window."""
    made: list[Row] = []
    if section.locked:
        made.append(Row(_("Add a key…"), OpenSettings(PROVIDERS, section.provider)))
    elif section.unset:
        made.append(Row(_("Check its settings…"), OpenSettings(PROVIDERS, section.provider)))
    elif not section.models and section.hidden:
        hidden = plural(
            "{n} model that does not chat is hidden", "{n} models that do not chat are hidden", section.hidden
        )
        made.append(Row(hidden, OpenSettings(MODELS)))
    elif not section.models:
        made.append(Row(_("No models yet – ask again"), Refresh(section.provider)))
    shown = section.models[:limit]
    if section.active and len(section.models) > limit and all(it.ref.model != section.active for it in shown):
        # the chosen one is never behind “More…”
        shown = (*shown[:-1], *(it for it in section.models[limit - 1 :] if it.ref.model == section.active))
    same = Counter(model.label for model in shown)
    for model in shown:
        name = model.label if same[model.label] == 1 else f"{model.label} ({model.ref.model})"
        about = words.facts(model)
        checked = model.ref.model == section.active
        made.append(
            Row(
                f"{name}   {about}" if about else name,
                None if section.locked else PickModel(model.ref),
                checked=checked,
                checkable=True,
                enabled=not section.locked,
                group="model",
            )
        )
    if len(section.models) > limit:
        made.append(Row(_("More…"), ShowAll(section.provider)))
    return tuple(made)


def offered(listing: Listing, *, all_uses: bool) -> Sequence[Model]:
    """The models people pick from: those that chat, unless all are asked for."""
    if all_uses:
        return listing.models
    chatting = tuple(it for it in listing.models if it.use is Use.CHAT)
    return listing.models if len(chatting) == len(listing.models) else chatting


def choice(active: ModelRef | None, names: Mapping[str, str], listings: Mapping[str, Listing]) -> str:
    """What is chosen, in one line; a model that is gone stays chosen and is marked."""
    if active is None:
        return _("No model chosen")
    name = names.get(active.provider)
    if name is None:
        return _("{ref} (account not in use)").format(ref=active)
    listing = listings.get(active.provider)
    found = listed(active, listing)
    label = found.label if found else active.model
    text = f"{name}: {label}"
    if found is None and listing is not None and listing.models and listing.source is not Source.EMBEDDED:
        return _("{choice} (no longer listed)").format(choice=text)
    return text


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


def _section(
    it: Shown, listing: Listing | None, settings: Settings, state: State, now: float, refreshing: bool
) -> Section:
    listing = listing or Listing(it.account.id)
    models = tuple(offered(listing, all_uses=settings.show_non_chat))
    active = None
    if state.active is not None and state.active.provider == it.account.id:
        found = listed(state.active, listing)  # it may have been chosen by another of its names
        active = found.ref.model if found else state.active.model
    if not listing.models and listing.failure is None:
        about = words.state(listing, now, refreshing=True) if refreshing else _("no list yet")
    else:
        about = words.state(listing, now, refreshing=refreshing)
    count = f" ({len(models)})" if models else ""
    return Section(
        provider=it.account.id,
        title=f"{it.name}{count} – {about}",
        models=models,
        active=active,
        locked=listing.locked,
        local=it.local,
        hidden=len(listing.models) - len(models),
        unset=listing.failure is not None and listing.failure.kind in (Kind.BAD_INPUT, Kind.UNKNOWN_PROVIDER),
    )


def _unseen(it: Shown, listing: Listing | None, state: State) -> bool:
    """A local server that nobody set up and that never answered: it is looked for, but not shown."""
    if not it.local or it.account.id in state.seen:
        return False
    return listing is None or not listing.models
