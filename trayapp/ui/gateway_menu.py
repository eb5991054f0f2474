"""The submenu “Gateway”: on and off, what to copy for tools, what answered last, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trayapp.core.intents import CopyAddress, CopyToken, OpenSettings, SwitchGateway
from trayapp.core.language import _, open_ended, plural
from trayapp.core.settings import GATEWAY
from trayapp.core.state import State, Token
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui.row import Entry, Row, Submenu

KEY = "gateway"
"""Of the submenu, among whatever else stands in the menu."""
OPENAI, ANTHROPIC, OLLAMA = "openai", "anthropic", "ollama"
"""Kinds of tools by what they speak."""
_LONGEST_LINE = 90
"""Characters of a problem in the menu, which does not wrap; the page has all of it."""


def gateway_menu(status: Status, *, state: State, today: str = "") -> Submenu:
    """The submenu; ``today`` is what today's use comes to, in a line."""
    on = status.state is not GatewayState.OFF
    parts: tuple[tuple[Entry, ...], ...] = (
        (
            Row(_("Let tools use the chosen model"), SwitchGateway(not on), checked=on, checkable=True),
            *_trouble(status),
        ),
        tuple(_to_copy(state.tokens)) if on else (),
        tuple(Row(text, enabled=False) for text in (last(status), under_way(status), today) if text),
        (Row(_("Gateway…"), OpenSettings(GATEWAY)),),
    )
    entries: list[Entry] = []
    for part in filter(None, parts):
        entries += (*((None,) if entries else ()), *part)
    return Submenu(KEY, title(status), tuple(entries))


def title(status: Status) -> str:
    """How it stands, in a few words."""
    match status.state:
        case GatewayState.LISTENING:
            return _("Gateway: on – {address}").format(address=status.url)
        case GatewayState.STARTING:
            return _("Gateway: starting…")
        case GatewayState.FAILED:
            return _("Gateway: {problem}").format(problem=_short(status))
    return _("Gateway: off")


def first_row(status: Status | None) -> Row | None:
    """What stands first in the menu where it failed, and leads to where it can be mended; None where all is well."""
    if status is None or status.state is not GatewayState.FAILED:
        return None
    return Row(_("Gateway: {problem} – settle it…").format(problem=_short(status)), OpenSettings(GATEWAY))


def _short(status: Status) -> str:
    """What is wrong, without what to do about it."""
    said = open_ended(next(_sentences(status.problem), "")) or _("it does not run")
    return said if len(said) <= _LONGEST_LINE else said[: _LONGEST_LINE - 1].rstrip() + "…"


def _trouble(status: Status) -> Iterator[Row]:
    if status.state is GatewayState.FAILED:
        yield from (Row(text, enabled=False) for text in _sentences(status.problem))
        yield Row(_("Try again"), SwitchGateway(True))


def _sentences(text: str) -> Iterator[str]:
    """Each on its own: rows of a menu do not wrap."""
    lines = text.replace("\n", " ").replace(". ", ".\n").replace("。", "。\n").split("\n")
    return (line.strip() for line in lines if line.strip())


def _to_copy(tokens: Sequence[Token]) -> Iterator[Entry]:
    yield Row(_("Copy address"), CopyAddress(OPENAI))
    yield Row(_("Copy address for Claude’s tools"), CopyAddress(ANTHROPIC))
    yield Row(_("Copy address for Ollama’s tools"), CopyAddress(OLLAMA))
    if not tokens:
        yield Row(_("No token yet – make one…"), OpenSettings(GATEWAY))
    elif len(tokens) == 1:
        yield Row(_("Copy token"), CopyToken(tokens[0].name))
    else:
        yield Submenu("tokens", _("Copy token"), tuple(Row(it.name, CopyToken(it.name)) for it in tokens))


def last(status: Status) -> str:
    """What answered last, and why; empty where nothing did yet."""
    if not status.served:
        return ""
    if not (reason := why(status.why)):
        return _("last: {model}").format(model=status.served)
    return _("last: {model} – {why}").format(model=status.served, why=reason)


def why(decided: str) -> str:
    """``Status.why`` in words."""
    what, _space, name = decided.partition(" ")
    match what:
        case "role":
            return _("role {name}").format(name=name)
        case "rule":
            return _("rule {name}").format(name=name)
        case "named":
            return _("asked for by name")
        case "tray":
            return _("chosen in the tray")
        case "failover":
            return _("in place of one that failed")
    return decided


def under_way(status: Status) -> str:
    """How many requests are being answered; empty where none is."""
    return plural("{n} request under way", "{n} requests under way", status.active) if status.active else ""
