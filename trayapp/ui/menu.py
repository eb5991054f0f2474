"""The tray's icon, tooltip and menu as one value: sections and rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from trayapp.core.accounts import IMPLICIT
from trayapp.core.arrivals import news
from trayapp.core.errors import Kind
from trayapp.core.intents import (
    CancelRefresh,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    Quit,
    Refresh,
    ShowAll,
    UnlockKeyring,
)
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef
from trayapp.core.settings import PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.gateway.status import Status
from trayapp.local.residency import View
from trayapp.ui import gateway_menu, words
from trayapp.ui.chosen import choice, tooltip
from trayapp.ui.favourites import Known, favourites
from trayapp.ui.memory_menu import memory_menu
from trayapp.ui.menu_rows import Section, Shown, listed, offered, ordered, rows
from trayapp.ui.profile_menu import in_use, profile_menu
from trayapp.ui.row import Row, Submenu

__all__ = ["Section", "Shown", "TrayView", "listed", "offered", "ordered", "rows", "tray_view"]


class TrayView(Struct, frozen=True):
    """All there is to draw."""

    icon: str = "ready"
    """``ready``, ``working`` or ``attention``."""
    tooltip: str = ""
    chosen: str = ""
    """What is chosen, in a line; it is in ``head`` as well."""
    head: tuple[Row, ...] = ()
    top: tuple[Row | None, ...] = ()
    """Pinned and recent models."""
    sections: tuple[Section, ...] = ()
    inline: bool = True
    """Sections stand in the menu itself, those that are folded as submenus; else each is a submenu."""
    profiles: Submenu | None = None
    """None where there is no profile."""
    local: Submenu | None = None
    """Models in memory; None where there is neither a server for them nor a strategy."""
    gateway: Submenu | None = None
    """How tools reach the chosen model."""
    update: Row | Submenu | None = None
    """A version of the program that is out, or the question whether to look for one."""
    tail: tuple[Row | None, ...] = ()
    """None is a separator."""
    limit: int = 200
    """Rows of one submenu before “More…”."""
    pinned: tuple[ModelRef, ...] = ()
    asking: int = 0
    """Providers whose lists are being asked for."""


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
    update: Row | Submenu | None = None,
) -> TrayView:
    """Everything the tray draws, from everything it depends on.

    ``local`` is what the local servers have in memory; ``load_seconds`` how long loading one of the user's
    models usually takes, None as long as none was measured. ``today`` is what today's use of the gateway comes to.
    """
    every = {it.account.id: it for it in accounts}
    names = {id: it.name for id, it in every.items() if it.account.enabled}
    own = {it.id for it in settings.accounts}
    there = [every[id] for id in names if id in own or not _unseen(every[id], listings.get(id), state)]
    sections = _sections(ordered(there, settings), settings, state, listings, now, refreshing)
    asking = sum(section.provider in refreshing for section in sections)  # not a mere look for a local server
    chosen, profile = choice(state.active, names, listings), in_use(state)
    locked = keyring in ("locked", "denied") and _shut(names, listings)
    broken, unclear = gateway_menu.first_row(gateway), _unclear(state, listings)
    line = _("{choice} · profile {name}").format(choice=chosen.text, name=profile) if profile else chosen.text
    line = f"● {line}" if state.active else line
    return TrayView(
        icon="attention" if locked or broken or unclear else "working" if asking else "ready",
        tooltip=tooltip(
            chosen,
            (
                _("Profile: {name}").format(name=profile) if profile else "",
                _("Keyring locked") if locked else "",
                gateway_menu.title(gateway) if gateway is not None and broken is not None else "",
                _("Refreshing lists…") if asking else "",
            ),
        ),
        chosen=line,
        head=_head(line, broken, unclear, locked=locked, sections=sections),
        top=favourites(state, Known(every, listings, now)),
        sections=sections,
        inline=_inline(sections, settings),
        profiles=profile_menu(state),
        local=_memory(there, local, settings, state, now, load_seconds),
        gateway=gateway_menu.gateway_menu(gateway, state=state, today=today) if gateway is not None else None,
        update=update,
        tail=_tail(asking),
        limit=settings.submenu_models,
        pinned=state.pinned,
        asking=asking,
    )


def _head(
    line: str, broken: Row | None, unclear: Row | None, *, locked: bool, sections: Sequence[Section]
) -> tuple[Row, ...]:
    """What is wrong, what is chosen, what is to be done, and the ways to all models."""
    made = [broken] if broken is not None else []
    made.append(Row(line, enabled=False))
    if unclear is not None:
        made.append(unclear)
    if locked:
        made.append(Row(_("Keyring locked – unlock…"), UnlockKeyring()))
    if all(section.local for section in sections):
        made.append(Row(_("Add a provider…"), OpenSettings(PROVIDERS, add=True)))
    if any(section.models or section.concealed for section in sections):
        made += (Row(_("Find model…"), OpenFinder()), Row(_("All models…"), ShowAll()))
    return tuple(made)


def _unclear(state: State, listings: Mapping[str, Listing]) -> Row | None:
    """What asks for the account of a choice that was stored without it."""
    if state.active is None or state.active.provider:
        return None
    from trayapp.ui.asked import row  # hardly any start needs it

    return row(state.active.model, listings)


def _tail(asking: int) -> tuple[Row | None, ...]:
    if asking:
        told = plural("Asking {n} provider… – cancel", "Asking {n} providers… – cancel", asking)
        first = Row(told, CancelRefresh())
    else:
        first = Row(_("Refresh"), Refresh())
    return (first, Row(_("Help"), OpenHelp()), Row(_("Settings…"), OpenSettings()), None, Row(_("Quit"), Quit()))


def _inline(sections: Sequence[Section], settings: Settings) -> bool:
    """Few enough models for the menu itself; those of folded accounts take no room in it."""
    loose = [section for section in sections if not section.folded]
    return bool(loose) and sum(len(section.models) for section in loose) <= settings.inline_models


def _shut(names: Mapping[str, str], listings: Mapping[str, Listing]) -> bool:
    """The locked keyring keeps a list from an account in use."""
    failures = (listing.failure for id in names if (listing := listings.get(id)) is not None)
    return any(failure is not None and failure.kind in (Kind.LOCKED, Kind.DENIED) for failure in failures)


def _memory(
    there: Iterable[Shown],
    local: Sequence[View],
    settings: Settings,
    state: State,
    now: float,
    load_seconds: float | None,
) -> Submenu | None:
    servers = {it.account.id: it.name for it in there if it.account.spec in IMPLICIT}  # which say what they hold
    if not servers and state.strategy is None:
        return None
    return memory_menu(local, servers, settings=settings, state=state, now=now, load_seconds=load_seconds)


def _sections(
    accounts: Iterable[Shown],
    settings: Settings,
    state: State,
    listings: Mapping[str, Listing],
    now: float,
    refreshing: Collection[str],
) -> tuple[Section, ...]:
    hidden: dict[str, set[str]] = defaultdict(set)
    for ref in state.hidden:
        hidden[ref.provider].add(ref.model)
    seen = _Seen(settings, state, listings, now, refreshing, hidden)
    return tuple(_section(it, seen) for it in accounts)


class _Seen(Struct, frozen=True):
    """What sections depend on."""

    settings: Settings
    state: State
    listings: Mapping[str, Listing]
    now: float
    refreshing: Collection[str]
    hidden: Mapping[str, Collection[str]]
    """Ids of the models that the user hid, by account."""


def _section(it: Shown, seen: _Seen) -> Section:
    id, state, now = it.account.id, seen.state, seen.now
    listing, hidden, refreshing = seen.listings.get(id) or Listing(id), seen.hidden.get(id), id in seen.refreshing
    models = every = tuple(offered(listing, all_uses=seen.settings.show_non_chat))
    if hidden:
        models = tuple(model for model in every if model.ref.model not in hidden)
    active = None
    if state.active is not None and state.active.provider == id:
        found = listed(state.active, listing)  # it may have been chosen by another of its names
        active = found.ref.model if found else state.active.model
    if not listing.models and listing.failure is None:
        about = words.state(listing, now, refreshing=True) if refreshing else _("no list yet")
    else:
        about = words.state(listing, now, refreshing=refreshing)
    count = f" ({len(models)})" if models else ""
    return Section(
        provider=id,
        title=f"{it.name}{count} – {about}",
        models=models,
        active=active,
        locked=listing.locked,
        local=it.local,
        hidden=len(listing.models) - len(every),
        unset=listing.failure is not None and listing.failure.kind in (Kind.BAD_INPUT, Kind.UNKNOWN_PROVIDER),
        folded=id in state.folded,
        concealed=tuple(model for model in every if model.ref.model in hidden) if hidden else (),
        new=news(listing, now),
    )


def _unseen(it: Shown, listing: Listing | None, state: State) -> bool:
    """A local server that nobody set up and that never answered: it is looked for, but not shown."""
    if not it.local or it.account.id in state.seen:
        return False
    return listing is None or not listing.models
