"""The submenu “Memory”: strategies to choose from, what is loaded, what can be, and how the servers stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from trayapp.core.intents import CancelWarmUp, Intent, Keep, OpenSettings, SetStrategy, Unload, WarmUp
from trayapp.core.language import _, plural
from trayapp.core.models import ModelRef
from trayapp.core.settings import LOCAL, PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.local.residency import Installed, Note, Resident, ServerState, View, canonical, strategy_of
from trayapp.ui import memory, words
from trayapp.ui.row import Entry, Row, Submenu

KEY = "memory"
"""Of the submenu, among whatever else stands in the menu."""
STRATEGIES = ("ram", "ssd", "none", None)
_TO_SETTLE = (ServerState.TOO_OLD, ServerState.REFUSING, ServerState.WRONG_PROGRAM, ServerState.UNREACHABLE)
"""States in which the account's own settings are worth a look."""


class _Seen(Struct, frozen=True):
    """All that the rows depend on."""

    views: Sequence[View]
    names: Mapping[str, str]
    settings: Settings
    state: State
    now: float
    several: bool
    """Models of more than one server are shown, so each says whose it is."""

    def server(self, view: View) -> str:
        """What people call it."""
        return self.names[view.account]

    def model(self, view: View, name: str) -> str:
        """A model's name, and whose it is where that is in doubt."""
        return f"{name} ({self.server(view)})" if self.several else name


def memory_menu(
    views: Sequence[View],
    names: Mapping[str, str],
    *,
    settings: Settings,
    state: State,
    now: float,
    load_seconds: float | None = None,
) -> Submenu:
    """The submenu for these servers; ``names`` has one for each account that is shown, the others are left out.

    ``load_seconds``: how long loading a model usually takes here; None: not measured yet.
    """
    shown = [it for it in views if it.account in names]
    in_use = sum(1 for it in shown if it.residents or it.loading)
    seen = _Seen(shown, names, settings, state, now, in_use > 1)
    parts: tuple[tuple[Entry, ...], ...] = (
        (*_strategies(seen), Row(memory.load_time(load_seconds), enabled=False)),
        tuple(_loaded(seen)),
        (*_loading(seen), *_to_warm_up(seen)),
        tuple(_standings(seen)),
        (Row(_("Local models…"), OpenSettings(LOCAL)),),
    )
    entries: list[Entry] = []
    for part in filter(None, parts):
        entries += (*((None,) if entries else ()), *part)
    return Submenu(KEY, _title(seen), tuple(entries))


def _title(seen: _Seen) -> str:
    loads = sorted((it for view in seen.views for it in view.loading), key=lambda it: (it.waiting, it.since))
    if loads:
        text = _("loading {model}…").format(model=loads[0].name)
        if len(loads) > 1:
            more = plural("loading {model} and {n} more…", "loading {model} and {n} more…", len(loads) - 1)
            text = more.format(model=loads[0].name)
    elif seen.state.strategy is None:
        text = _("not managed")
    else:
        text = memory.strategy_label(strategy_of(seen.settings, seen.state.strategy))
    return _("Memory: {state}").format(state=text)


def _strategies(seen: _Seen) -> Iterator[Row]:
    for id in STRATEGIES:
        label = memory.strategy_label(strategy_of(seen.settings, id))
        yield Row(
            _with(label, memory.typical_memory(id) if id else ""),
            SetStrategy(id),
            checked=seen.state.strategy == id,
            checkable=True,
            group="strategy",
        )


# -- what is loaded -----------------------------------------------------------------------------------


def _loaded(seen: _Seen) -> Iterator[Entry]:
    # by name: servers list them by the time they have left, and then each use would move all of them
    found = [(view, it) for view in seen.views for it in sorted(view.residents, key=lambda it: it.name.casefold())]
    if found:
        yield Row(_("Loaded now"), enabled=False)
        for view, it in found:
            yield _resident(seen, view, it)
        yield Row(_("Unload all"), Unload())
    elif any(it.standing.state is ServerState.RUNNING for it in seen.views):
        yield Row(_("Nothing is loaded."), enabled=False)
    elif not seen.names:
        yield Row(_("No local server was found – start Ollama or LM Studio"), enabled=False)
    elif not seen.views or any(it.standing.state is ServerState.UNKNOWN for it in seen.views):
        yield Row(_("Looking what is loaded…"), enabled=False)


def _resident(seen: _Seen, view: View, it: Resident) -> Submenu:
    ref, server = ModelRef(view.account, it.name), seen.server(view)
    kept_refs = {(kept.provider, canonical(kept.model)) for kept in seen.state.kept}
    by_hand = (view.account, canonical(it.name)) in kept_refs
    entries: list[Entry] = [_does(_("Unload"), Unload(ref), not it.leaving and it.note is not Note.DELETED)]
    if seen.state.strategy is not None or by_hand:  # unmanaged, it would mean nothing
        keep = Keep(ref, on=not by_hand)
        entries.append(
            Row(
                _("Keep in memory"),
                keep if by_hand or not it.kept else None,  # an exception is taken back where it was made
                checked=by_hand or it.kept,
                checkable=True,
                enabled=by_hand or not it.kept,
            )
        )
    entries.append(None)
    entries += (Row(text, enabled=False) for text in memory.sentences(it, seen.now, server, by_hand=by_hand))
    return Submenu(str(ref), _with(seen.model(view, it.name), memory.facts(it, seen.now, server)), tuple(entries))


def _with(name: str, about: str) -> str:
    return f"{name}   {about}" if about else name


def _does(label: str, intent: Intent, possible: bool) -> Row:
    return Row(label, intent if possible else None, enabled=possible)


# -- what can be ----------------------------------------------------------------------------------------


def _loading(seen: _Seen) -> Iterator[Row]:
    for view in seen.views:
        for it in sorted(view.loading, key=lambda it: (it.waiting, it.since)):
            label = _("Loading {model} – cancel").format(model=seen.model(view, it.name))
            yield Row(_with(label, memory.loading(it, seen.now)), CancelWarmUp(ModelRef(view.account, it.name)))


def _to_warm_up(seen: _Seen) -> Iterator[Submenu]:
    there = [(view, tuple(_idle(view))) for view in seen.views]
    there = [(view, models) for view, models in there if models]
    limit = seen.settings.submenu_models
    entries: list[Entry] = []
    for view, models in there:
        if len(there) > 1:
            entries += (*((None,) if entries else ()), Row(seen.server(view), enabled=False))
        for it in models[:limit]:
            entries.append(Row(_installed(it), WarmUp(ModelRef(view.account, it.name))))
        if len(models) > limit:
            entries.append(Row(_("More…"), OpenSettings(LOCAL)))
    if entries:
        yield Submenu("warm-up", _("Warm up"), tuple(entries))


def _idle(view: View) -> Sequence[Installed]:
    """The models that are on the server's disk and neither loaded nor on their way there, by name."""
    loaded = {it.key for it in view.residents}
    coming = {canonical(it.name) for it in view.loading}
    found = (it for it in view.installed if not it.remote and it.key not in loaded and canonical(it.name) not in coming)
    return sorted(found, key=lambda it: it.name.casefold())


def _installed(it: Installed) -> str:
    about = " · ".join(
        filter(None, (words.size(it.size) if it.size else "", _("for embeddings") if it.embedding else ""))
    )
    return _with(it.name, about)


def _standings(seen: _Seen) -> Iterator[Row]:
    for view in seen.views:
        text = memory.standing(view.standing, seen.server(view))
        if text:
            settle = view.standing.state in _TO_SETTLE
            yield Row(text, OpenSettings(PROVIDERS, view.account) if settle else None, enabled=settle)
