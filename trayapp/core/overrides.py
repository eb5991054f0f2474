"""Preferences that the environment sets: each by its name in capitals behind ``TRAYAPP_``, above what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from trayapp.core import schema
from trayapp.core.language import _
from trayapp.core.settings import Settings

PREFIX = "TRAYAPP_"


class Overlaid(NamedTuple):
    """The settings that hold while these variables are set. They are never what is stored."""

    settings: Settings
    names: Mapping[str, str]
    """The preferences that the environment sets, and by which variable."""
    problems: tuple[str, ...]
    """A sentence for each variable that says nothing usable, and so sets nothing."""


def overlay(settings: Settings, env: Mapping[str, str]) -> Overlaid:
    """``settings`` with what the environment says above it. An empty variable counts as none."""
    # most environments set nothing: then the preferences need not even be read off their declaration
    wanted = {name: PREFIX + name.upper() for name in Settings.__struct_fields__}
    found = {name: variable for name, variable in wanted.items() if env.get(variable, "").strip()}
    names: dict[str, str] = {}
    problems: list[str] = []
    for name, variable in found.items():
        if name not in schema.preferences():
            continue
        try:
            settings = schema.change(settings, name, env[variable].strip())
        except ValueError as exc:
            problems.append(_("{variable} is ignored: {why}").format(variable=variable, why=exc))
        else:
            names[name] = variable
    return Overlaid(settings, MappingProxyType(names), tuple(problems))
