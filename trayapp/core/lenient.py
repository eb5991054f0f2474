"""Reads stored values part by part: what is wrong costs only itself, and a sentence says so."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from trayapp.core.gateway_settings import no_origin, no_path
from trayapp.core.language import _
from trayapp.core.rules import Rule, no_model, no_target
from trayapp.core.settings import Settings
from trayapp.core.shortcuts import no_shortcut

T = TypeVar("T", bound=msgspec.Struct)
Raw = dict[str, Any]

_CHECKS: Mapping[str, Callable[[str], str]] = {
    "roles": no_model,
    "warm_at_launch": no_model,
    "default_route": no_target,
    "gateway_failover": no_target,
    "gateway_without_token": no_path,
    "gateway_origins": no_origin,
    "shortcut": no_shortcut,
}
"""What no type can say of the texts in a preference; each gives a sentence about what cannot be."""


def struct(raw: Raw, kind: type[T]) -> tuple[T, tuple[str, ...]]:
    """The value with everything that can be used, and a sentence for each part that has its default instead."""
    try:
        return msgspec.convert(raw, kind), ()
    except msgspec.ValidationError:
        pass
    hints = typing.get_type_hints(kind, include_extras=True)
    good: Raw = {}
    problems: list[str] = []
    for name, value in raw.items():
        if name not in hints:
            continue
        try:
            good[name] = msgspec.convert(value, hints[name])
        except msgspec.ValidationError as exc:
            entries = _entries(name, value, hints[name], problems)
            if entries is not None:
                good[name] = entries
            else:
                problems.append(_("“{name}” was not usable and has its default: {why}.").format(name=name, why=exc))
    return kind(**good), tuple(problems)


def sound(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings without the texts that their types allow and that mean nothing, and a sentence for each."""
    problems: list[str] = []
    changes: Raw = {}
    for name in _CHECKS:
        value = getattr(settings, name)
        wrong = dict(_wrong(name, value))
        if not wrong:
            continue
        for entry, why in wrong.items():
            told = _("“{name}” was not usable and is left out. {why}")
            if isinstance(value, tuple):  # its number in the file is lost where others were left out before
                told = _("An entry of “{name}” was not usable and is left out. {why}")
            place = f"{name}.{_struck(entry)}" if isinstance(value, dict) else name
            problems.append(told.format(name=place, why=why))
        if isinstance(value, dict):
            changes[name] = {key: it for key, it in value.items() if key not in wrong}
        elif isinstance(value, tuple):
            changes[name] = tuple(it for number, it in enumerate(value, 1) if number not in wrong)
        else:
            changes[name] = ""
    return (msgspec.structs.replace(settings, **changes) if changes else settings), tuple(problems)


def complaint(name: str, value: Any) -> str:
    """What is wrong with a preference though its type is right, in a sentence; empty where nothing is."""
    return next((why for _entry, why in _wrong(name, value)), "")


def rules(raw: Any) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules that can be used, in their order, and a sentence for each other one.

    Patterns are not looked at here: what only the engine can refuse is kept, and fits nothing.
    """
    if not isinstance(raw, (list, tuple)):
        return (), [_("The list of rules was not usable.")]
    kept: dict[str, Rule] = {}
    problems: list[str] = []
    for number, item in enumerate(raw, 1):
        try:
            rule = msgspec.convert(item, Rule)
        except msgspec.ValidationError as exc:
            problems.append(_("Rule {number} was not usable: {why}.").format(number=number, why=_struck(str(exc))))
            continue
        if why := no_target(rule.to):
            told = _("Rule “{name}” was not usable and is left out. {why}")
            problems.append(told.format(name=_struck(rule.name), why=why))
        elif rule.name.casefold() in kept:
            told = _("Rule “{name}” stands there twice; the first counts.")
            problems.append(told.format(name=_struck(rule.name)))
        else:
            kept[rule.name.casefold()] = rule
    return tuple(kept.values()), problems


def _entries(name: str, raw: Any, hint: Any, problems: list[str]) -> Any:
    """The usable entries of a table or list that is not usable as a whole; None where it should be neither."""
    kind = typing.get_origin(hint.__origin__ if hasattr(hint, "__metadata__") else hint)
    alone: list[tuple[Any, Any]]
    if kind is dict and isinstance(raw, dict):
        alone = [(key, {key: value}) for key, value in raw.items()]
    elif kind is tuple and isinstance(raw, (list, tuple)):
        alone = [(number, (value,)) for number, value in enumerate(raw, 1)]
    else:
        return None
    good: list[Any] = []
    for entry, part in alone:
        try:
            made = msgspec.convert(part, hint)
        except msgspec.ValidationError as exc:
            told = _("“{name}” was not usable and is left out: {why}.")
            problems.append(told.format(name=f"{name}.{_struck(str(entry))}", why=_struck(str(exc))))
        else:
            good += made.items() if kind is dict else made
    return kind(good)


def _wrong(name: str, value: Any) -> Iterator[tuple[Any, str]]:
    """The entries that mean nothing, by key or number, counted from 1; None names the value itself."""
    check = _CHECKS.get(name)
    if check is None or not value:
        return
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for entry, text in [(None, value)] if isinstance(value, str) else entries:
        if why := check(text):
            yield entry, why


def _struck(text: str) -> str:
    from trayapp.core.redaction import struck

    return struck(text)
