"""What one installation gives to another as one document: everything but keys, and what is about one computer alone."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from trayapp.core import schema
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.profiles import LONGEST, Profile
from trayapp.core.redaction import struck
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.version import VERSION

EXPORT = 1
"""The version of the document's form."""
HEAD = "trayapp"
OWN = ("keyed", "tokens", "seen", "told", "looked")
"""What is remembered about this computer and its keyring: never given away, never taken over."""
_GONE = object()
_ID = re.compile(r"[0-9a-f]{32}\Z")
"""Ids that providers ask for, such as Cloudflare's, look like keys and are none."""


class Taken(Struct, frozen=True, kw_only=True):
    """What can be used of a document."""

    settings: Settings | None = None
    """None: the document says nothing about settings."""
    state: State | None = None
    keyed: tuple[str, ...] = ()
    """Ids of the accounts that had a key in the keyring where this was exported."""
    tokens: tuple[str, ...] = ()
    """Names of the gateway's tokens there."""
    problems: tuple[str, ...] = ()
    """A sentence for each part that cannot be used."""


def document(settings: Settings, state: State, *, now: float, keyed: Iterable[str] = ()) -> dict[str, Any]:
    """The whole export. ``now``: seconds since the epoch; ``keyed``: ids of accounts whose key stays in the keyring.

    Whatever looks like a key is left out, and ``left_out`` says where it stood.
    """
    left: list[str] = []
    remembered = {name: value for name, value in schema.dump(state).items() if name not in OWN}
    if state.tokens:
        remembered["tokens"] = [it.name for it in state.tokens]
    made: dict[str, Any] = {
        HEAD: {"export": EXPORT, "version": VERSION, "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))},
        "settings": _safe(schema.dump(settings), "settings", left),
        "state": _safe(remembered, "state", left),
        "keys_missing": list(keyed),
    }
    return {**made, "left_out": left} if left else made


def decoded(data: bytes) -> dict[str, Any]:
    """The document in these bytes, which may be any: what is in it is for ``read`` to judge. Raises UserError."""
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UserError(_none()) from None


def read(raw: Mapping[str, Any], *, strategies: Collection[str]) -> Taken:
    """What can be used of it. Raises UserError, in words, for what is no export or a newer version's.

    ``strategies``: those that there are for local models.
    """
    head = raw.get(HEAD)
    version = head.get("export") if isinstance(head, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UserError(_none())
    if version > EXPORT:
        raise UserError(_newer(head))
    parts = {name: raw[name] for name in ("settings", "state") if isinstance(raw.get(name), dict)}
    if not parts:
        raise UserError(_("There is nothing in this export. Nothing was changed."))
    taken, problems = Taken(), list[str]()
    try:
        if "settings" in parts:
            settings, told = schema.read_settings(parts["settings"])
            taken = structs.replace(taken, settings=settings)
            problems += told
        if "state" in parts:
            state, told = schema.read_state({name: it for name, it in parts["state"].items() if name not in OWN})
            taken = structs.replace(taken, state=_sound(state, strategies, problems))
            problems += told
    except schema.NewerVersionError:
        raise UserError(_newer(head)) from None
    return structs.replace(
        taken,
        keyed=_texts(raw.get("keys_missing")),
        tokens=_texts(parts.get("state", {}).get("tokens")),
        problems=tuple(map(struck, problems)),
    )


def merged(mine: State, theirs: State) -> State:
    """What is remembered once theirs is taken over: what is about this computer stays."""
    own: dict[str, Any] = {name: getattr(mine, name) for name in OWN}
    return structs.replace(theirs, **own)


def changes(settings: Settings) -> tuple[str, ...]:
    """Names of the preferences that are not as the program has them."""
    plain = schema.dump(settings)
    return tuple(name for name in schema.preferences() if name in plain)


def _none() -> str:
    return _("This is no export of trayapp: “trayapp export” makes one. Nothing was changed.")


def _newer(head: Any) -> str:
    version = head.get("version") if isinstance(head, dict) else None
    shown = struck(version) if isinstance(version, str) and len(version) <= 40 and version.isprintable() else "?"
    told = _("This was exported by a newer version of trayapp ({version}). Install that one here first.")
    return f"{told.format(version=shown)} {_('Nothing was changed.')}"


def _sound(state: State, strategies: Collection[str], problems: list[str]) -> State:
    """The state without strategies and profiles that mean nothing."""
    kept: dict[str, Profile] = {}
    for profile in state.profiles:
        name = profile.name.strip()
        if not name or len(name) > LONGEST or not name.isprintable() or name.casefold() in kept:
            problems.append(_("Profile “{name}” was not usable and is left out.").format(name=name[:LONGEST]))
            continue
        if profile.strategy is not None and profile.strategy not in strategies:
            told = _("The strategy of profile “{name}” was not usable and counts as not set.")
            problems.append(told.format(name=name))
            profile = structs.replace(profile, strategy=None)
        kept[name.casefold()] = structs.replace(profile, name=name)
    strategy = state.strategy
    if strategy is not None and strategy not in strategies:
        problems.append(_("The strategy for local models was not usable and counts as not set."))
        strategy = None
    inside = state.profile if state.profile.casefold() in kept else ""
    return structs.replace(state, profiles=tuple(kept.values()), strategy=strategy, profile=inside)


def _safe(value: Any, place: str, left: list[str]) -> Any:
    """``value`` without any text that looks like a key.

    A list of texts is one thing, such as a model, and goes as a whole; other lists and tables lose the entry.
    """
    if isinstance(value, str):
        if struck(value) == value or (".values." in place and _ID.match(value)):
            return value
        left.append(place)
        return _GONE
    if isinstance(value, dict):
        safe = {}
        for name, it in value.items():
            below = f"{place}.{struck(str(name))}"
            if struck(str(name)) != name:
                left.append(below)
            elif (part := _safe(it, below, left)) is not _GONE:
                safe[name] = part
        return safe
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(it, str) for it in value):
            if all(struck(it) == it for it in value):
                return value
            left.append(place)
            return _GONE
        named = ((_named(it) or str(number), it) for number, it in enumerate(value, 1))
        parts = [_safe(it, f"{place}.{name}", left) for name, it in named]
        return [it for it in parts if it is not _GONE]
    return value


def _named(value: Any) -> str:
    """What tells this entry of a list from the others: an account's id, the name of a rule or a profile."""
    found = value.get("id") or value.get("name") if isinstance(value, dict) else ""
    return struck(found) if isinstance(found, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    """The texts in it that can be shown on one line."""
    entries = value if isinstance(value, list) else ()
    return tuple(it for it in entries if isinstance(it, str) and it.isprintable() and 0 < len(it) <= 64)
