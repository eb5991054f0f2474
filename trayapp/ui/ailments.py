"""What is the matter with one account, and what to do about it, in words."""

from __future__ import annotations

from trayapp.core.errors import Failure, Kind
from trayapp.core.language import _, plural, with_detail
from trayapp.ui import words
from trayapp.ui.findings import AccountSeen, Finding, Severity

_GRAVE = (Kind.REFUSED, Kind.FORBIDDEN, Kind.GONE, Kind.TLS, Kind.BAD_INPUT, Kind.UNKNOWN_PROVIDER)
"""Nothing of these mends itself."""


def account_finding(it: AccountSeen) -> Finding | None:
    """The one thing to say of an account; None of a local server that nobody set up and that is not there."""
    found = _finding(it)
    return None if found is None else Finding(found[0], found[1], found[2], it.id)


def _finding(it: AccountSeen) -> tuple[Severity, str, str] | None:
    if not it.enabled:
        return Severity.NOTE, _("{name} is switched off.").format(name=it.name), ""
    if not it.known:
        return (
            Severity.ERROR,
            _("{name}: this version of trayapp does not know the provider “{id}”.").format(
                name=it.name, id=it.provider
            ),
            _("Install a newer version, or remove the account."),
        )
    if it.problem:
        return (
            Severity.ERROR,
            it.problem
            if it.name in it.problem
            else _("{name} is not set up completely. {problem}").format(name=it.name, problem=it.problem),
            _("Fill it in on the Providers page of the settings."),
        )
    if it.key == "missing":
        return _without_key(it)
    if it.failure is not None and it.failure.kind is not Kind.NOT_RUNNING:
        return _failed(it, it.failure)
    if it.local and (it.failure is not None or it.answers is False):
        return _not_running(it)
    return _well(it)


def _without_key(it: AccountSeen) -> tuple[Severity, str, str]:
    if it.from_environment:
        text = _("{name} takes its key from the environment, where {variable} is not set.")
        remedy = _(
            "Set the variable where trayapp is started from, and start it again; or keep a key in the keyring:"
            " trayapp key set {id}"
        )
        return Severity.ERROR, text.format(name=it.name, variable=it.variable or "…"), remedy.format(id=it.id)
    return (
        Severity.ERROR,
        _("{name} has no key yet.").format(name=it.name),
        _("Add one in the settings, or with “trayapp key set {id}”.").format(id=it.id),
    )


def _failed(it: AccountSeen, failure: Failure) -> tuple[Severity, str, str]:
    grave = failure.kind in _GRAVE or not it.models
    text = " ".join(filter(None, (_sentence(it, failure), _list(it), _rest(it))))
    return Severity.ERROR if grave else Severity.WARNING, text, _remedy(it, failure.kind)


def _not_running(it: AccountSeen) -> tuple[Severity, str, str] | None:
    if it.answers:
        text = _("{name} was not running when it was last asked; now something answers at {address}.")
        return Severity.NOTE, text.format(name=it.name, address=it.address), _ask_again(it)
    if not it.own:
        return None
    text = _("{name} is not running at {address}.").format(name=it.name, address=it.address)
    return Severity.NOTE, " ".join(filter(None, (text, _list(it)))), _("Start it when you want its models.")


def _well(it: AccountSeen) -> tuple[Severity, str, str] | None:
    if it.age is None:
        if not it.own and not it.answers:
            return None
        return Severity.NOTE, _("{name} has given no list yet.").format(name=it.name), _ask_again(it)
    told = _("{name}: {models}, listed {when}.").format(
        name=it.name, models=plural("{n} model", "{n} models", it.models), when=words.age(it.age)
    )
    return Severity.GOOD, told, ""


def _sentence(it: AccountSeen, failure: Failure) -> str:
    told = {
        Kind.NO_KEY: _("{name} has no key."),
        Kind.REFUSED: _("{name} refused the key."),
        Kind.FORBIDDEN: _("{name} does not allow this with your key, region or network."),
        Kind.GONE: _("{name} has no list of models at its address, {address}."),
        Kind.LIMITED: _("{name} asks to wait: too many requests, or no credit left."),
        Kind.EMPTY: _("{name} returned no models."),
        Kind.UNREACHABLE: _("{name} does not answer."),
        Kind.TLS: _("The connection to {name} could not be trusted."),
        Kind.GARBLED: _("{name} gave an answer that could not be read."),
        Kind.LOCKED: _("The key of {name} could not be read, for the keyring is locked."),
        Kind.NO_KEYRING: _("The key of {name} could not be read, for there is no keyring."),
        Kind.DENIED: _("The key of {name} could not be read, for the keyring was not unlocked."),
        Kind.DISK: _("The list of {name} could not be written."),
    }
    text = told.get(failure.kind, _("{name} could not be asked.")).format(name=it.name, address=it.address)
    return with_detail(text, failure.detail)


def _remedy(it: AccountSeen, kind: Kind) -> str:
    told = {
        Kind.NO_KEY: _("Add one in the settings, or with “trayapp key set {id}”."),
        Kind.REFUSED: _("Replace it in the settings, or with “trayapp key set {id}”."),
        Kind.FORBIDDEN: _("Check with the provider what the key may do, and whether your country is served."),
        Kind.GONE: _("Check the address in the settings."),
        Kind.LIMITED: _("Look at your credit there; if that is well, only waiting helps."),
        Kind.EMPTY: _("Check with the provider what the key may see."),
        Kind.TLS: _("Check this computer's clock, its proxy and its certificates."),
        Kind.GARBLED: _("Check the address; a proxy or a network's sign-in page may have answered in its place."),
        Kind.LOCKED: _("Unlock it: “Keyring locked – unlock…” in the menu."),
        Kind.NO_KEYRING: _("Install one, such as GNOME Keyring or KWallet, and log in again."),
        Kind.DENIED: _("Unlock it: “Keyring locked – unlock…” in the menu."),
        Kind.DISK: _("Look whether there is space, and whose the folder is: see “trayapp paths”."),
        Kind.BAD_INPUT: _("Check it on the Providers page of the settings."),
    }
    return told.get(kind, _("Check the network, then: trayapp refresh {id}")).format(id=it.id)


def _list(it: AccountSeen) -> str:
    """Which list is shown in the meantime."""
    if it.source == "shipped" and it.models:
        return _("The shipped list stands in.")
    if it.age is None or not it.models:
        return _("There is no list of it.")
    return _("Its last list, {when}, is kept.").format(when=words.age(it.age))


def _rest(it: AccountSeen) -> str:
    """How long it is left alone."""
    if it.breaker == "closed" or it.next_refresh is None:
        return ""
    if it.breaker == "half-open" or it.next_refresh < 1:
        return _("It is tried again with the next refresh.")
    return _("After several failures it is left alone, and tried again {when}.").format(
        when=words.ahead(it.next_refresh)
    )


def _ask_again(it: AccountSeen) -> str:
    return _("Ask it: trayapp refresh {id}").format(id=it.id)
