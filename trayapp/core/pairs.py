"""Tables and lists on one line of text: “ollama=300,code=lab/qwen3:8b”, “fast.receive=20,slow.retries=1”."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.core.redaction import struck


def written(table: Mapping[str, Any]) -> str:
    """The table as ``parsed`` reads it; empty for an empty one."""
    parts = []
    for name, value in table.items():
        plain = msgspec.to_builtins(value)
        if isinstance(plain, dict):
            parts += [f"{name}.{figure}={_number(it)}" for figure, it in plain.items()]
        else:
            parts.append(f"{name}={_number(plain)}")
    return ",".join(parts)


def parsed(text: str, hint: Any, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The table that ``text`` describes, checked against ``hint``, a ``dict[…, …]``; its values may be structs.

    What stands in ``before`` stays unless it is named; ``NAME=`` takes one out. Raises ValueError, in words.
    """
    names, values = typing.get_args(hint)
    figures = typing.get_type_hints(values, include_extras=True) if hasattr(values, "__struct_fields__") else None
    table: dict[str, Any] = msgspec.to_builtins(before or {})
    seen: set[str] = set()
    for part in filter(None, (it.strip() for it in text.split(","))):
        name, equals, value = (it.strip() for it in part.partition("="))
        if not (name and equals):
            told = _("“{part}” is not of the form NAME=NUMBER.")
            if values is str or typing.get_origin(values) is typing.Literal:
                told = _("“{part}” is not of the form NAME=VALUE.")
            raise ValueError(told.format(part=struck(part)))
        if name in seen:
            raise ValueError(_("“{name}” stands there twice.").format(name=struck(name)))
        seen.add(name)
        if figures is None:
            if value and typing.get_origin(names) is typing.Literal:
                _one_of(name, typing.get_args(names))
            _put(table, name, value, values, name)
            continue
        outer, _dot, inner = name.partition(".")
        _one_of(outer, typing.get_args(names))
        _one_of(inner, figures)
        _put(table.setdefault(outer, {}), inner, value, figures[inner], name)
        if not table[outer]:
            del table[outer]
    made: dict[str, Any] = msgspec.convert(table, hint)
    return made


def listed(text: str) -> tuple[str, ...]:
    """The parts of ``text`` between its commas, each once."""
    return tuple(dict.fromkeys(filter(None, (it.strip() for it in text.split(",")))))


def _put(table: dict[str, Any], name: str, value: str, hint: Any, called: str) -> None:
    if not value:
        table.pop(name, None)
        return
    try:
        table[name] = msgspec.to_builtins(msgspec.convert(value, hint, strict=False))
    except msgspec.ValidationError as exc:
        if typing.get_origin(hint) is typing.Literal:
            *others, last = (_("“{text}”").format(text=it) for it in typing.get_args(hint))
            told = _("“{name}” has to be {some} or {last}.")
            raise ValueError(told.format(name=struck(called), some=", ".join(others), last=last)) from exc
        low, high, whole = _bounds(hint)
        told = _("“{name}” has to be a number from {low} to {high}.")
        if whole:
            told = _("“{name}” has to be a whole number from {low} to {high}.")
        raise ValueError(told.format(name=struck(called), low=_number(low), high=_number(high))) from exc


def _bounds(hint: Any) -> tuple[float, float, bool]:
    """The least and the greatest number that the annotation allows, and whether it is a whole one."""
    number = next(it for it in (hint, *typing.get_args(hint)) if hasattr(it, "__metadata__"))
    (limits,) = number.__metadata__
    return limits.ge, limits.le, number.__origin__ is int


def _one_of(name: str, known: Any) -> None:
    if name not in known:
        told = _("“{name}” is not one of these: {names}.")
        raise ValueError(told.format(name=struck(name), names=", ".join(known)))


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
