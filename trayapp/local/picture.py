"""One server as it is shown, made of what was seen, what is being loaded and what the user wants; pure."""

from __future__ import annotations

from msgspec.structs import replace

from trayapp.local.policy import due, kept
from trayapp.local.residency import Figures, Loading, Note, Resident, View
from trayapp.local.tracking import Tracked
from trayapp.local.watch import Watch


def picture(
    account: str,
    watch: Watch,
    loading: tuple[Loading, ...],
    figures: Figures,
    *,
    now: float,
    leases: bool,
    remote: bool,
) -> View:
    """The view. ``leases``: the server takes a lifetime; ``remote``: it is on another computer."""
    return View(
        account,
        standing=replace(watch.standing, remote=True) if remote else watch.standing,
        residents=tuple(_resident(it, figures, now, leases=leases) for it in watch.residents.values()),
        loading=loading,
        installed=watch.installed,
        looked=watch.looked,
    )


def _resident(it: Tracked, figures: Figures, now: float, *, leases: bool) -> Resident:
    seen = it.seen
    return Resident(
        key=seen.key,
        name=seen.name,
        size=seen.size,
        vram=seen.vram,
        expires=seen.expires,
        due=due(it, figures, now, leases=leases),
        context=seen.context,
        kept=kept(it, figures),
        busy=it.told is None and it.busy(now),
        leaving=it.told is not None,
        note=_note(it),
    )


def _note(it: Tracked) -> Note | None:
    if it.deleted:
        return Note.DELETED
    if it.hidden:
        return Note.HIDDEN
    if it.drift:
        return Note.DRIFT
    return None if it.says_use else Note.UNUSED
