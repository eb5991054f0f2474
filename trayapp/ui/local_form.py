"""The page “Local models” as data: strategies and their figures in words, and what is loaded or can be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from trayapp.core.intents import Keep, WarmUp
from trayapp.core.language import N_, _, plural
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.local.advice import Advice
from trayapp.local.residency import Loading, Note, Resident, ServerState, View, canonical, strategy_of
from trayapp.ui import memory, words
from trayapp.ui.advice import sentence

UNMANAGED = ""
"""The choice to leave local models alone, where the others have the name of a strategy."""
STRATEGY_NAMES: dict[str, str] = {
    "ram": N_("RAM"),
    "ssd": N_("SSD"),
    "none": N_("None"),
    UNMANAGED: N_("Not managed"),
}
TREATMENTS: dict[str, str] = {
    "never": N_("never unload"),
    "always": N_("unload after each answer"),
}
_TYPICAL: dict[str, tuple[str, str]] = {
    # requirements S3-3, S3-7, S3-8, S3-12, S3-13, S3-15 and the table S3-32 to S3-34
    "ram": (
        N_("high"),
        N_("fast answers, on a desktop with 64 GB or more; good from 32 GB"),
    ),
    "ssd": (
        N_("low, the model in use only"),
        N_("little memory and some patience, such as a laptop with 16 GB"),
    ),
    "none": (
        N_("minimal"),
        N_("very little memory or rare use, such as a Raspberry Pi"),
    ),
}
_GENERIC: dict[str, str] = {
    "ram": N_("1–2 s where its file is still in the system’s file cache, else 20–30 s"),
    "ssd": N_("20–30 s from an SSD"),
    "none": N_("20–30 s from an SSD, for each answer"),
}


class Usual(Protocol):
    """Seconds that a load takes here, as ``local.stats`` measures it; None: not measured yet."""

    @property
    def cold(self) -> float | None: ...
    @property
    def cached(self) -> float | None: ...
    @property
    def any(self) -> float | None: ...


class Suggestion(Struct, frozen=True):
    """What is suggested, as it is shown."""

    strategy: str | None = None
    """The one to be marked; None: none of them."""
    text: str = ""


class Option(Struct, frozen=True):
    """One strategy as it is offered."""

    id: str
    label: str
    text: str
    """What it does, in a sentence."""
    figures: str = ""
    """Memory, machine and time to load, in a few words."""


class Line(Struct, frozen=True):
    """One model in the table of what is loaded, or is being loaded."""

    ref: ModelRef
    cells: tuple[str, ...]
    detail: str = ""
    """Why it stays or leaves, in sentences."""
    keep: Keep | None = None
    """What the button asks for; None: it cannot be kept, or not be let go here."""
    can_leave: bool = True
    loading: bool = False


class Progress(Struct, frozen=True):
    """The load that is under way, for the bar below the table."""

    ref: ModelRef
    text: str
    elapsed: float
    """Seconds."""
    usual: float | None = None


class Loaded(Struct, frozen=True):
    """All that is told of the memory at one moment."""

    lines: tuple[Line, ...] = ()
    servers: str = ""
    """How the servers stand, a line for each."""
    nothing: str = ""
    """What stands in place of lines."""
    installed: tuple[str, ...] = ()
    """What can be warmed up, as ``account/model``."""
    progress: Progress | None = None


def options(settings: Settings, loads: Usual | None = None) -> tuple[Option, ...]:
    """The strategies with what they do under these figures."""
    return tuple(
        Option(id, _(name), memory.strategy_words(strategy_of(settings, id or None)), _figures(id, loads))
        for id, name in STRATEGY_NAMES.items()
    )


def _figures(id: str, loads: Usual | None) -> str:
    if id not in _TYPICAL:
        return ""
    level, machine = (_(text) for text in _TYPICAL[id])
    parts = [
        _("Memory: {level}, {typical}.").format(level=level, typical=memory.typical_memory(id)),
        _("For {machine}.").format(machine=machine),
        _("Loading a model: {time}.").format(time=(_measured(loads) if loads else "") or _(_GENERIC[id])),
    ]
    return " ".join(parts)


def _measured(loads: Usual) -> str:
    told = []
    if loads.cached is not None:
        told.append(_("{time} from the file cache").format(time=words.duration(loads.cached)))
    if loads.cold is not None:
        told.append(_("{time} from the disk").format(time=words.duration(loads.cold)))
    if loads.any is not None and not told:
        told.append(words.duration(loads.any))
    return _("measured here {times}").format(times=", ".join(told)) if told else ""


def suggested(advice: Advice | None, views: Iterable[View]) -> Suggestion:
    """Which strategy this computer's memory speaks for; none where all servers that answer run elsewhere."""
    there = [it for it in views if it.looked]
    remote = bool(there) and all(it.standing.remote for it in there)
    strategy = None if advice is None or remote else advice.strategy
    return Suggestion(strategy, sentence(advice, remote=remote))


# -- what is loaded ---------------------------------------------------------------------------------


def columns() -> tuple[str, ...]:
    """What the columns of the table are called."""
    return (_("Model"), _("Server"), _("Size"), _("Runs on"), _("Time left"), _("State"))


def lines(views: Iterable[View], titles: Mapping[str, str], now: float, state: State) -> tuple[Line, ...]:
    """Everything in memory or on its way there, server by server and there by name.

    ``titles`` are what the accounts are called; servers list models by the time they have left, which would move them.
    """
    made = []
    for view in views:
        server = titles.get(view.account, view.account)
        made += [_line(view, it, server, now, state) for it in sorted(view.residents, key=lambda it: it.name)]
        made += [
            Line(ModelRef(view.account, it.name), (it.name, server, "", "", "", _loading(it, now)), loading=True)
            for it in view.loading
        ]
    return tuple(made)


def _line(view: View, it: Resident, server: str, now: float, state: State) -> Line:
    ref = ModelRef(view.account, it.name)
    by_hand = (ref.provider, canonical(ref.model)) in {(kept.provider, canonical(kept.model)) for kept in state.kept}
    # unmanaged it would mean nothing; an exception is taken back where it was made
    may = by_hand or (state.strategy is not None and not it.kept)
    size = words.size(it.size) if it.size else ""
    return Line(
        ref,
        (it.name, server, size, memory.share(it), memory.left(it, now, server), memory.state(it)),
        detail=" ".join(memory.sentences(it, now, server, by_hand=by_hand)),
        keep=Keep(ref, on=not by_hand) if may else None,
        can_leave=not it.leaving and it.note is not Note.DELETED,
    )


def standings(views: Iterable[View], titles: Mapping[str, str]) -> str:
    """How the servers stand, a line for each."""
    return "\n".join(memory.standing_sentence(it.standing, titles.get(it.account, it.account)) for it in views)


def nothing(views: Collection[View]) -> str:
    """What is said where no model is shown; empty where the servers' own sentences say it all."""
    states = {it.standing.state for it in views}
    if not views:
        return _("No local server was found. Start Ollama or LM Studio.")
    if ServerState.UNKNOWN in states:
        return _("Looking what is loaded…")
    return _("Nothing is loaded.") if ServerState.RUNNING in states else ""


def progress(views: Iterable[View], now: float) -> Progress | None:
    """The load that is under way, with how many wait behind it; None where nothing is loaded."""
    loads = [(view.account, it) for view in views for it in view.loading]
    if not loads:
        return None
    account, first = min(loads, key=lambda pair: (pair[1].waiting, pair[1].since))
    elapsed = max(0.0, now - first.since)
    text = _("{model}: {state}.").format(model=first.name, state=_loading(first, now))
    if len(loads) > 1:
        text += " " + plural("{n} more is waiting.", "{n} more are waiting.", len(loads) - 1)
    usual = first.usual if first.usual and not first.waiting else None
    return Progress(ModelRef(account, first.name), text, elapsed, usual)


def _loading(load: Loading, now: float) -> str:
    told = memory.loading(load, now)
    return told if load.waiting else _("loading, {time}").format(time=told)


def installed(views: Iterable[View]) -> tuple[ModelRef, ...]:
    """Every model that can be loaded on this or another computer of the user's: none that runs in a cloud."""
    found = {
        ModelRef(view.account, it.name): None for view in views for it in view.installed if not it.remote and it.name
    }
    return tuple(found)


def names(views: Iterable[View]) -> tuple[str, ...]:
    """The names of the installed models without their servers, each once: exceptions hold for all servers."""
    return tuple(dict.fromkeys(ref.model for ref in installed(views)))


def warming(text: str) -> WarmUp | None:
    """What the button Warm up asks for; None where no model is named."""
    try:
        return WarmUp(ModelRef.parse(text))
    except ValueError:
        return None


def help(name: str) -> str:
    """What a preference is for, without how it is typed on a line: it has a control of its own."""
    from trayapp.core import schema

    return _(schema.preferences()[name].help)
