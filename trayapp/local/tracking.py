"""Folds each look at a server into what is known of its models: loads, uses, and the lifetime in force; pure.

A server that says when a model was used is taken at its word. Ollama says it through ``expires_at`` alone, which is
the end of the last request plus the ``keep_alive`` in force. So a use shows as an expiry that moved, and two looks
bound both: when the use was, and how long the model is kept. Uses are dated by our own clock, between two looks; the
server's clock only narrows them down, because it may be another computer's and wrong. Where such a clock is late,
every expiry seems past, and the model counts as busy: then nothing is done about it.

While the first answer after a load is still going, Ollama has no expiry yet and shows “now plus keep_alive” at every
look (``server/routes.go``, ``PsHandler``): an expiry that slides along with the clock proves nothing but work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from trayapp.local.residency import NEVER, Seen

BLUR = 1.0
"""Seconds by which moments may miss each other: an answer takes time to be noted, on either side."""
SLIDE = 0.3
"""Seconds within which an expiry moved exactly as the clock did."""


class Tracked(Struct, frozen=True):
    """One load of one model, from the look that first saw it."""

    seen: Seen
    since: float
    """Seconds since the epoch of that look."""
    used: float
    """The latest moment at which it may have been used last."""
    low: float = 0.0
    """Seconds: it is kept at least so long after a use."""
    high: float = NEVER
    """And at most so long."""
    moved: bool = False
    """A request has ended since the load: only then a model can be told from one that works on its first answer."""
    sliding: bool = False
    """Its expiry moves along with the clock: its first answer is not finished."""
    answered: bool = False
    """It was used after the look that first saw it."""
    serving: bool = False
    """A request that passes through us is with it."""
    drift: bool = False
    """How long it is kept was changed by somebody else."""
    lease: float | None = None
    """The lifetime that we gave this load, in seconds."""
    touched: tuple[float, float] | None = None
    """Between which moments we set it, until the expiry is seen that came of it."""
    ours: bool = False
    """We loaded it."""
    told: float | None = None
    """When we told it to leave, unless somebody used it after that."""
    deleted: bool = False
    """Its server does not know its name any more."""
    refused: bool = False
    """Its server cannot unload it."""
    hidden: bool = False
    """A lease would load it anew."""
    says_use: bool = True
    """Its uses are known."""
    names: frozenset[str] = frozenset()
    """Every canonical name of it that is known."""

    def busy(self, now: float) -> bool:
        """Whether it works, as far as anybody can tell."""
        if self.seen.busy is not None:
            return self.seen.busy or self.serving
        return self.serving or self.sliding or self.seen.expires <= now


class Followed(Struct, frozen=True):
    """What one look taught."""

    residents: dict[str, Tracked]
    """By the server's own name of each, in its order."""
    loads: tuple[str, ...] = ()
    """Loaded since the look before."""
    uses: tuple[str, ...] = ()
    """Used since the look before without having to be loaded. An answer that the load itself was for is none."""
    gone: tuple[Tracked, ...] = ()


def follow(
    before: Mapping[str, Tracked],
    seen: Iterable[Seen],
    now: float,
    looked_before: float | None,
    *,
    says_use: bool = True,
    hidden: Callable[[str], bool] = lambda _key: False,
) -> Followed:
    """Go from one look to the next. ``now``: when its answer came; ``looked_before``: when the last one was sent.

    None for that is the first look, or the first after a silence: what is there then was not seen to be loaded.
    """
    since = None if looked_before is None else min(looked_before, now)  # a clock can be set back
    residents: dict[str, Tracked] = {}
    loads, uses = [], []
    for one in seen:
        known = before.get(one.name)
        if known is None or not _same_load(known.seen, one):
            it = _first_seen(one, now, since)
            if since is not None:
                loads.append(one.name)
        else:
            it = _seen_again(known, one, now, known.since if since is None else since)
            if it.used > known.used and (known.moved or known.ours):
                uses.append(one.name)
        told = None if it.told is None else min(it.told, now)
        residents[one.name] = replace(it, used=min(it.used, now), told=told, says_use=says_use, hidden=hidden(one.key))
    gone = tuple(it for name, it in before.items() if name not in residents)
    return Followed(residents, tuple(loads), tuple(uses), gone)


def adopted(it: Tracked, seconds: float | None) -> Tracked:
    """We loaded it, with this lifetime; None where the server takes none. What was seen of it counts for more."""
    if seconds is None or not it.low - BLUR <= seconds <= it.high + BLUR:
        return replace(it, ours=True, lease=seconds)
    return replace(it, ours=True, lease=seconds, low=seconds, high=seconds)


def leased(it: Tracked, seconds: float, began: float, ended: float) -> Tracked:
    """We gave it this lifetime, by a call between these moments. The expiry moves with it, which is no use."""
    return replace(it, lease=seconds, low=seconds, high=seconds, drift=False, touched=(began, ended))


def used(it: Tracked, now: float) -> Tracked:
    """A request that passed through us has ended."""
    return replace(it, used=max(it.used, now), answered=True)


def _same_load(before: Seen, now: Seen) -> bool:
    return (before.key, before.context, before.size, before.vram) == (now.key, now.context, now.size, now.vram)


def _moment(seen: Seen) -> float:
    return seen.expires if seen.stamp is None else seen.stamp


def _first_seen(seen: Seen, now: float, since: float | None) -> Tracked:
    """Who loaded it has used it last; when that was is bounded by the look that did not show it yet."""
    high = NEVER if since is None else _moment(seen) - since
    it = Tracked(seen, since=now, used=now, low=max(0.0, _moment(seen) - now), high=max(0.0, high))
    return it if seen.used is None else replace(it, used=min(seen.used, now), moved=True)


def _seen_again(before: Tracked, seen: Seen, now: float, since: float) -> Tracked:
    it = replace(before, seen=seen)
    if seen.used is not None:
        later = seen.used > before.used + BLUR
        return replace(it, used=min(max(seen.used, before.used), now), answered=it.answered or later, moved=True)
    if _moment(seen) == _moment(before.seen):
        rests = it.sliding and now - since > SLIDE  # in a shorter time it could not be told from sliding
        return replace(it, sliding=it.sliding and not rests, moved=it.moved or rests)
    if before.told is not None and seen.expires <= now:
        return it  # being told to leave moves the expiry to that moment
    if before.touched is not None:
        return _after_touch(it, before.touched, now, since)
    if not before.moved and abs((_moment(seen) - now) - (_moment(before.seen) - since)) <= SLIDE:
        return replace(_narrowed(it, now, since), sliding=True, used=now)
    return _after_use(it, now, since)


def _after_use(it: Tracked, now: float, since: float) -> Tracked:
    """A request ended between the two looks; who was told to leave before that is wanted again."""
    it = _narrowed(it, now, since)
    when = min(now, max(since, _moment(it.seen) - it.low))
    return replace(it, used=max(it.used, when), moved=True, sliding=False, answered=True, told=None)


def _after_touch(it: Tracked, touched: tuple[float, float], now: float, since: float) -> Tracked:
    """The first expiry since our lease: it comes of the lease itself, or of a request that was faster."""
    began, ended = touched
    it = replace(it, touched=None)
    held = it.lease or 0.0
    if began + held - BLUR <= _moment(it.seen) <= ended + held + BLUR:
        return it
    if since <= began:  # no look between: what does not fit is the difference between two clocks
        low = max(0.0, _moment(it.seen) - now)
        return replace(it, used=now, low=low, high=max(low, _moment(it.seen) - began))
    return _after_use(it, now, max(since, began))


def _narrowed(it: Tracked, now: float, since: float) -> Tracked:
    """With the bounds of the lifetime in force after one more use; anew where that contradicts what was known."""
    low, high = max(0.0, _moment(it.seen) - now), max(0.0, _moment(it.seen) - since)
    if low > it.high + BLUR or high < it.low - BLUR:
        return replace(it, low=low, high=high, drift=True)
    high = min(high, it.high)
    return replace(it, low=min(max(low, it.low), high), high=high)
