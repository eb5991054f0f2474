"""The page “Gateway” as data: how it stands in sentences, addresses for tools, tokens, and what may be entered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from msgspec import Struct

from trayapp.core.language import N_, _, plural
from trayapp.core.settings import Settings
from trayapp.core.state import Token
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui import rule_form, words
from trayapp.ui.gateway_menu import ANTHROPIC, OLLAMA, OPENAI, why

STYLES: dict[str, tuple[str, str]] = {
    OPENAI: (N_("For most tools (OpenAI)"), "/v1"),
    ANTHROPIC: (N_("For Claude’s tools (Anthropic)"), ""),
    OLLAMA: (N_("For Ollama’s tools"), ""),
}
"""Kinds of tools by what they speak, and what each wants behind the address: the others add ``/v1`` themselves."""
LONGEST_NAME = 64
"""Characters of a token's name."""


class TokenLine(Struct, frozen=True):
    """One token in the table."""

    name: str
    cells: tuple[str, str, str]
    can_copy: bool = True


def address(port: int, style: str = OPENAI) -> str:
    """The address that a tool of this kind is given."""
    return f"http://127.0.0.1:{port}{STYLES[style][1]}"


def port_of(status: Status, settings: Settings) -> int:
    """Where it listens, or would."""
    return status.port if status.state is GatewayState.LISTENING and status.port else settings.gateway_port


# -- how it stands ------------------------------------------------------------------------------------


def status_sentences(status: Status) -> str:
    """How it stands, for the page."""
    match status.state:
        case GatewayState.OFF:
            return _("The gateway is off: nothing answers at its address.")
        case GatewayState.STARTING:
            return _("The gateway is starting…")
        case GatewayState.FAILED:
            return _("The gateway does not run. {problem}").format(problem=status.problem).rstrip()
    told = [_("The gateway is on and answers at {address}.").format(address=status.url)]
    if status.active:
        told.append(plural("{n} request is under way.", "{n} requests are under way.", status.active))
    if status.served:
        reason = why(status.why)
        served = _("Last answered by {model} ({why}).") if reason else _("Last answered by {model}.")
        told.append(served.format(model=status.served, why=reason))
    return " ".join(told)


def meaning() -> str:
    """What switching it on means."""
    return _(
        "Point a tool at the address below once, with a token as its key. From then on it is answered by the model"
        " chosen in the tray, whichever that is. Only programs on this computer get through, and no tool ever sees"
        " your keys."
    )


# -- tokens -------------------------------------------------------------------------------------------


def token_columns() -> tuple[str, str, str]:
    """What the columns of the table are called."""
    return (_("Name"), _("Made"), _("Kept"))


def token_lines(
    tokens: Iterable[Token], now: float, *, keyring: str = "ok", session: Callable[[str], bool] = lambda _name: False
) -> tuple[TokenLine, ...]:
    """The tokens in their order; ``now`` in seconds since the epoch.

    ``session`` says of a name whether that token is held in memory only.
    """
    made = []
    for it in tokens:
        can_copy = session(it.name) or keyring != "no-service"
        where = _("in the keyring") if can_copy else _("nowhere: the tool has it")
        where = _("until you quit") if session(it.name) else where
        made.append(TokenLine(it.name, (it.name, words.age(now - it.made) if it.made else "", where), can_copy))
    return tuple(made)


def token_problem(name: str, tokens: Iterable[Token]) -> str:
    """Why a new token cannot have this name, in words; nothing at all is no name yet, and fine."""
    text = name.strip()
    if not text:
        return ""
    if len(text) > LONGEST_NAME or not all(it.isalnum() or it in " ._+-" for it in text):
        told = _("The name of a token is made of letters, digits, blanks and . _ + -, {n} at most: such as “editor”.")
        return told.format(n=LONGEST_NAME)
    if any(it.name.casefold() == text.casefold() for it in tokens):
        return _("Another token has this name.")
    return ""


def token_note(keyring: str, tokens: Collection[Token]) -> str:
    """Where tokens are kept, and what that means as the keyring stands."""
    told = {
        "locked": _("The keyring is locked. Tools go on working with their tokens; to copy one, unlock it first."),
        "denied": _("The keyring was not unlocked. Tools go on working with their tokens, but none can be copied."),
        "no-service": _(
            "This system offers no keyring. A new token can be copied until you quit, and never again: put it into"
            " the tool at once. The tool goes on working with it after the next start."
        ),
    }
    note = told.get(keyring) or _(
        "Each tool can have a token of its own, so that the figures tell them apart and one can be revoked alone."
        " Tokens are in the keyring and nowhere else."
    )
    if not tokens:
        note += " " + _("The first one is made when the gateway is first switched on.")
    return note


# -- what may be entered ------------------------------------------------------------------------------


def failover_problem(text: str) -> str:
    """Why this cannot stand in for a model that failed, in words; nothing at all is fine."""
    return rule_form.target_problem(text)


def failover_note(entries: Iterable[str], settings: Settings, known: Collection[str]) -> str:
    """What is worth knowing of the list as it stands, a line for each entry that leads nowhere yet."""
    told = ((it, rule_form.model_note(it, settings, known)) for it in entries)
    return "\n".join(_("{entry}: {note}").format(entry=it, note=note) for it, note in told if note)


def paths_warning(paths: Iterable[str]) -> str:
    """What it means that these paths need no token; empty where every path needs one."""
    given = [it.strip() for it in paths if it.strip()]
    good = [path for it in given if (path := it.removesuffix("*")).startswith("/")]
    told = [
        _("“{text}” is the beginning of no path and means nothing: paths begin with “/”.").format(text=it)
        for it in given
        if not it.startswith("/")
    ]
    if "/" in good:
        told.append(
            _("No token is needed anywhere: every program on this computer, other users’ too, can spend your keys.")
        )
    elif good:
        warning = _(
            "No token is needed for {paths}: every program on this computer, other users’ too, can spend your keys"
            " there."
        )
        told.append(warning.format(paths=", ".join(good)))
    return " ".join(told)
