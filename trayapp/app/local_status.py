"""What is known of local models as plain data: for the command line and the gateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from trayapp.local.residency import NEVER, Resident, View, strategy_of

if TYPE_CHECKING:
    from trayapp.app.root import App
    from trayapp.local.stats import Measurements


def summary(app: App, views: Iterable[View], measurements: Measurements) -> dict[str, Any]:
    """S3-39's fields ``cache_strategy``, ``loaded_models``, ``cache_hit_rate`` and ``avg_swap_time_ms``, and more.

    Times are seconds; ``expires_in`` and ``due_in`` are null where nothing ends the stay.
    """
    now, state, shown = app.clock.now(), app.state.value, tuple(views)
    names = tuple(it.name for view in shown for it in view.residents)
    strategy = strategy_of(app.settings.value, state.strategy)
    return {
        **measurements.summary(state.strategy, names),
        "max_models": strategy.max_models if strategy else None,
        "keep_alive": strategy.keep_alive if strategy else None,
        "servers": [_server(view, now) for view in shown],
    }


def _server(view: View, now: float) -> dict[str, Any]:
    return {
        "account": view.account,
        "state": view.standing.state.value,
        "version": view.standing.version or None,
        "remote": view.standing.remote,
        "detail": view.standing.detail or None,
        "age_seconds": round(now - view.looked, 1) if view.looked else None,
        "loaded": [_resident(it, now) for it in view.residents],
        "loading": [
            {"name": it.name, "seconds": round(now - it.since, 1), "waiting": it.waiting, "usual_seconds": it.usual}
            for it in view.loading
        ],
    }


def _resident(it: Resident, now: float) -> dict[str, Any]:
    return {
        "name": it.name,
        "size": it.size or None,
        "gpu": round(it.gpu, 3) if it.gpu is not None else None,
        "context": it.context,
        "expires_in": _left(it.expires, now),
        "due_in": _left(it.due, now),
        "kept": it.kept,
        "busy": it.busy,
        "leaving": it.leaving,
        "note": it.note.value if it.note else None,
    }


def _left(moment: float, now: float) -> float | None:
    return None if moment == NEVER else round(max(0.0, moment - now), 1)
