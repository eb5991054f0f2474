"""Reads settings and state as they were stored: checked field by field, older versions migrated."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trayapp.core import lenient
from trayapp.core import settings as settings_module
from trayapp.core import state as state_module
from trayapp.core.accounts import Account
from trayapp.core.language import _
from trayapp.core.preference import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS
from trayapp.core.settings import LATENCIES, LONGEST_TTL, STRATEGIES, Settings, Ttl
from trayapp.core.state import State

Raw = dict[str, Any]
Migration = Callable[[Raw], Raw]

_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
_PAGES = (GENERAL, DESKTOP, PROVIDERS, MODELS, LOCAL, GATEWAY)

SETTINGS_MIGRATIONS: Mapping[int, Migration] = {}
"""From the version that is the key to the next one; a stored example of each is a test."""
STATE_MIGRATIONS: Mapping[int, Migration] = {}


class NewerVersionError(Exception):
    """Written by a later version of the program: use defaults and leave the file alone."""


def read_settings(raw: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Settings, and a sentence for each part that could not be used and has its default instead.

    Raises NewerVersionError.
    """
    known = migrated_settings(raw)
    accounts, problems = _accounts(known.pop("accounts", ()))
    rules, about_rules = lenient.rules(known.pop("rules", ()))
    settings, more = lenient.struct(known, Settings)
    settings, further = lenient.sound(settings)
    settings = msgspec.structs.replace(settings, accounts=accounts, rules=rules)
    return settings, (*problems, *about_rules, *more, *further)


def migrated_settings(raw: Mapping[str, Any]) -> Raw:
    """The names and values that a file of the newest version would have. Raises NewerVersionError."""
    return _migrated(raw, settings_module.VERSION, SETTINGS_MIGRATIONS)


def read_state(raw: Mapping[str, Any]) -> tuple[State, tuple[str, ...]]:
    """State, and a sentence for each part that could not be used. Raises NewerVersionError."""
    known = _migrated(raw, state_module.VERSION, STATE_MIGRATIONS)
    state, problems = lenient.struct(known, State)
    if not problems:
        return state, ()
    from trayapp.core import loose  # few files need it

    return lenient.struct(loose.spelled_out(known), State)


def dump(value: Settings | State) -> Raw:
    """Plain data: only what differs from the defaults, and the version."""
    raw: Raw = msgspec.to_builtins(value)
    return {"version": value.version, **raw}


def change(settings: Settings, name: str, text: str, *, onto: bool = False) -> Settings:
    """One preference set from text, as typed on the command line.

    A table is replaced; ``onto``: only the entries that are named change, and nothing at all empties it. A list is
    always replaced.
    Raises KeyError for an unknown name and ValueError, in words, for a value out of its limits.
    """
    from trayapp.core import pairs  # with all the shapes of keys: 1.5 ms that a launch can do without
    from trayapp.core.redaction import struck

    declared = preferences()
    meta_type = declared[name].type
    value: Any = text
    if meta_type is bool:
        word = text.strip().lower()
        if word not in (*_ON, *_OFF):
            raise ValueError(_("“{value}” is neither on nor off.").format(value=struck(text)))
        value = word in _ON
    elif meta_type is dict:
        before = getattr(settings, name) if onto and text.strip() else {}
        value = pairs.parsed(text, declared[name].annotated.__origin__, before)
    elif meta_type is tuple:
        value = pairs.listed(text)
    elif meta_type is str:
        value = text.strip()
    try:
        checked = msgspec.convert(msgspec.to_builtins(value), declared[name].annotated, strict=False)
    except msgspec.ValidationError as exc:
        raise ValueError(limits(declared[name]) or struck(str(exc))) from exc
    if why := lenient.complaint(name, checked):
        raise ValueError(why)
    changes: dict[str, Any] = {name: checked}
    return msgspec.structs.replace(settings, **changes)


def typed(value: object) -> str:
    """A preference's value as ``change`` takes it."""
    if isinstance(value, bool):
        return _ON[0] if value else _OFF[0]
    from trayapp.core import pairs

    if isinstance(value, tuple):
        return ",".join(value)
    return pairs.written(value) if isinstance(value, dict) else str(value)


def change_account(account: Account, name: str, text: str) -> Account:
    """``ttl``, ``strategy`` or ``timeouts`` of an account set from text; nothing at all unsets it.

    Raises KeyError for another name and ValueError, in words, for what cannot be.
    """
    value: Any = text.strip()
    if name == "ttl":
        try:
            value = msgspec.convert(value, Ttl, strict=False) if value else None
        except msgspec.ValidationError as exc:
            raise ValueError(_unsound(name, -1)) from exc
    if problem := _unsound(name, value):
        raise ValueError(problem)
    changes: dict[str, Any] = {name: value}
    return msgspec.structs.replace(account, **changes)


def complaints(account: Account) -> dict[str, str]:
    """The figures of time of an account that cannot be, by name, and what they may be, in words."""
    told = {name: _unsound(name, getattr(account, name)) for name in ("ttl", "strategy", "timeouts")}
    return {name: why for name, why in told.items() if why}


def _unsound(name: str, value: Any) -> str:
    if name == "ttl":
        good = value is None or 0 <= value <= LONGEST_TTL
        words = _("A whole number from {low} to {high}, or nothing.").format(low=0, high=LONGEST_TTL)
    else:
        choices = {"strategy": STRATEGIES, "timeouts": LATENCIES}[name]
        good = not value or value in choices
        words = _("One of: {choices}; or nothing.").format(choices=", ".join(choices))
    return "" if good else words


class Preference(msgspec.Struct, frozen=True):
    """One declared preference, read off Settings."""

    name: str
    type: type
    annotated: Any
    default: Any
    label: str
    help: str
    page: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: dict[str, str]
    form: str
    """How a table is typed, in words."""
    restart: bool


_preferences: dict[str, Preference] = {}


def preferences() -> dict[str, Preference]:
    """Every preference that stands on a page, by name: page by page, and there in the order of declaration."""
    if not _preferences:
        found: list[Preference] = []
        defaults = Settings()
        hints = typing.get_type_hints(Settings, include_extras=True)
        for item in msgspec.structs.fields(Settings):
            hint = hints[item.name]
            meta = next((part for part in getattr(hint, "__metadata__", ()) if isinstance(part, msgspec.Meta)), None)
            if meta is None or meta.extra is None:
                continue
            it = Preference(
                name=item.name,
                type=typing.get_origin(hint.__origin__) or hint.__origin__,
                annotated=hint,
                default=getattr(defaults, item.name),
                label=meta.title or item.name,
                help=meta.description or "",
                page=meta.extra["page"],
                unit=meta.extra["unit"],
                minimum=meta.ge,
                maximum=meta.le,
                choices=meta.extra["choices"],
                form=meta.extra["form"],
                restart=meta.extra["restart"],
            )
            found.append(it)
        found.sort(key=lambda it: _PAGES.index(it.page))
        _preferences.update((it.name, it) for it in found)
    return _preferences


def limits(preference: Preference) -> str:
    """What may be entered, in words; empty where anything goes."""
    if preference.choices:
        return _("One of: {choices}.").format(choices=", ".join(preference.choices))
    if preference.minimum is not None and preference.maximum is not None:
        return _("A whole number from {low} to {high}.").format(low=preference.minimum, high=preference.maximum)
    return _(preference.form) if preference.form else ""


def _migrated(raw: Mapping[str, Any], newest: int, migrations: Mapping[int, Migration]) -> Raw:
    data = dict(raw)
    version = data.get("version")
    version = max(1, version) if isinstance(version, int) and not isinstance(version, bool) else 1
    if version > newest:
        raise NewerVersionError(version)
    for step in range(version, newest):
        data = migrations[step](data)
    data["version"] = newest
    return data


def _accounts(raw: Any) -> tuple[tuple[Account, ...], list[str]]:
    problems: list[str] = []
    if not isinstance(raw, (list, tuple)):
        return (), [_("The list of accounts was not usable.")]
    kept: dict[str, Account] = {}
    for number, item in enumerate(raw, 1):
        try:
            account = msgspec.convert(item, Account)
        except msgspec.ValidationError as exc:
            problems.append(_("Account {number} was not usable: {why}.").format(number=number, why=exc))
            continue
        if account.id in kept:
            problems.append(_("Account “{id}” stands there twice; the first counts.").format(id=account.id))
            continue
        for name, why in complaints(account).items():
            told = _("“{name}” of account “{id}” was not usable and counts as not set. {why}")
            problems.append(told.format(name=name, id=account.id, why=why))
            unset: dict[str, Any] = {name: None if name == "ttl" else ""}
            account = msgspec.structs.replace(account, **unset)
        kept[account.id] = account
    return tuple(kept.values()), problems
