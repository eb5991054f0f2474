"""What names mean in the gateway: accounts, lists, roles and rules as they are now, in one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trayapp.core.accounts import Account
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.gateway.resolve import Book, Routed
from trayapp.local import routing
from trayapp.local.routing import Why


def book(accounts: Iterable[Account], listings: Mapping[str, Listing], settings: Settings, state: State) -> Book:
    """The value that the gateway looks names up in. Its functions may be called from any thread."""
    accounts = tuple(accounts)
    rules, roles, default, chosen = settings.rules, settings.roles, settings.default_route, state.active

    def named(name: str) -> Routed | None:
        # accounts are none of the rules' business here: whoever resolves knows them better
        found = routing.named(name, rules=rules, roles=roles, default=default, chosen=chosen)
        return None if found is None else _told(found)

    def followed(text: str, name: str) -> Routed:
        return _told(routing.route(text, name, rules=rules, roles=roles, default=default, chosen=chosen))

    return Book(
        accounts={it.id: it for it in accounts if it.enabled},
        switched_off=frozenset(it.id for it in accounts if not it.enabled),
        listings=listings,
        named=named,
        followed=followed,
        refuse_others=settings.gateway_other_names == "refuse",
    )


def _told(found: routing.Routed) -> Routed:
    """The same in the gateway's words: which model, and what decided."""
    if found.ref is None:
        return Routed(None, problem=_problem(found))
    return Routed(found.ref, _why(found), instead=found.instead is not None)


def _why(found: routing.Routed) -> str:
    """What the model comes from in the end: a role that is not set has led elsewhere."""
    match found.instead or found.why:
        case Why.CHOSEN:
            return "tray"
        case Why.RULE | Why.RULE_NAME:
            return f"rule {found.rule}"
        case _other:
            return f"role {found.role}" if found.role else "default"


def _problem(found: routing.Routed) -> str:
    """Why there is no model, in a sentence; empty where nothing is chosen and nothing else was wanted."""
    if not found.unset:
        return ""
    role = found.unset[0]
    if routing.EMBEDDING in found.unset:
        told = _("The role “{role}” is not set, and nothing stands in for it. Set it in Settings… → Local models.")
        return told.format(role=routing.EMBEDDING)
    told = _("The role “{role}” is not set, and no model is chosen. Set it in the settings, or click a model.")
    return told.format(role=role)
