"""Puts two lists of one provider together, and folds the rows that are other names of one model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from trayapp.providers.fields import kept_once
from trayapp.providers.spec import Entry

_EMPTY = (None, "", 0, ())
_FILLED = tuple(it.name for it in fields_of(Entry) if it.name not in ("id", "hidden", "capabilities", "lacks"))
_SNAPSHOT = re.compile(r"-\d{4}(?:-\d\d-\d\d)?\Z")


def filled(entry: Entry, more: Entry | None) -> Entry:
    """``entry`` with what it leaves out taken from ``more``; its id and its own word stay."""
    if more is None:
        return entry
    taken = {}
    for name in _FILLED:
        own, other = getattr(entry, name), getattr(more, name)
        if own in _EMPTY and (other not in _EMPTY or own is None):
            taken[name] = other
    known = entry.capabilities | entry.lacks
    return replace(
        entry,
        **taken,
        capabilities=entry.capabilities | (more.capabilities & ~known),
        lacks=entry.lacks | (more.lacks & ~known),
    )


def by_id(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """Every row of the first list, filled from the second; what only the second names is left out."""
    more = {extra.id: extra for extra in extras}
    return [filled(entry, more.get(entry.id)) for entry in entries]


def both(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """The rows of either list; where both have one, the first list's word counts more."""
    extras = list(extras)
    return kept_once([*by_id(entries, extras), *extras])


def one_per_name(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """Rows that share a name are one model: the ``-latest`` id leads, the others become its aliases (Mistral)."""
    groups: dict[str, list[Entry]] = {}
    for entry in (*entries, *extras):
        groups.setdefault(entry.name or entry.id, []).append(entry)
    lead = []
    for group in groups.values():
        group.sort(key=lambda it: not it.id.endswith("-latest"))
        names = dict.fromkeys(name for it in group for name in (it.id, *it.aliases))
        lead.append(replace(group[0], aliases=tuple(name for name in names if name != group[0].id)))
    return lead


def aliases_folded(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """A row that another one names as its alias, or that points to a listed row, is that row's alias."""
    rows = {entry.id: entry for entry in (*entries, *extras)}
    folded: set[str] = set()
    leads: set[str] = set()  # no chains: who took another one in is not taken in
    for entry in list(rows.values()):
        target = rows.get(entry.base)
        if target is None or target.id == entry.id or target.id in folded or entry.id in leads:
            continue
        rows[target.id] = replace(target, aliases=(*target.aliases, entry.id))
        leads.add(target.id)
        folded.add(entry.id)
    for entry in rows.values():
        taken = {name for name in entry.aliases if name in rows and name != entry.id and name not in leads}
        if entry.id not in folded and taken:
            folded |= taken
            leads.add(entry.id)
    return [entry for entry in rows.values() if entry.id not in folded]


def with_deployed_models(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """Azure: what a deployment is for stands at the model it runs, which may be listed by snapshot."""
    models = list(extras)

    def of(base: str) -> list[Entry]:
        exact = [it for it in models if it.id == base]
        return exact or [it for it in models if base and _SNAPSHOT.sub("", it.id) == base]

    joined = []
    for entry in entries:
        found = of(entry.base)
        uses = {it.use for it in found}
        changes = replace(entry, use=found[0].use) if len(uses) == 1 else entry
        # which snapshot is deployed is not said, so a date counts only where there is one
        joined.append(replace(changes, deprecated=found[0].deprecated) if len(found) == 1 else changes)
    return joined


def with_profiles(entries: Iterable[Entry], extras: Iterable[Entry]) -> list[Entry]:
    """Bedrock: a model that cannot be called by its own id stands under each profile that leads to it.

    Where the model can be called itself, its profiles are other names of it.
    """
    entries = list(entries)
    listed = {entry.id for entry in entries}
    profiles: dict[str, list[Entry]] = {}
    for profile in extras:
        if not profile.hidden and profile.id not in listed:
            profiles.setdefault(profile.base, []).append(profile)
    joined: list[Entry] = []
    for entry in entries:
        ways = profiles.get(entry.id, [])
        if entry.hidden and ways:
            joined += [
                replace(entry, id=way.id, name=way.name or entry.name, base=entry.id, hidden=False) for way in ways
            ]
        else:
            joined.append(replace(entry, aliases=(*entry.aliases, *(way.id for way in ways))))
    return joined
