"""Which strategy this computer's memory speaks for, in words."""

from __future__ import annotations

from trayapp.core.language import N_, _
from trayapp.local.advice import ENOUGH, GOOD, Advice

_NAMES = {"ram": N_("RAM"), "ssd": N_("SSD"), "none": N_("None")}
ELSEWHERE = N_("The models run on another computer, whose memory is not known here, so nothing is suggested.")
UNKNOWN = N_("How much memory this computer has is not known, so nothing is suggested.")


def sentence(advice: Advice | None, *, remote: bool = False) -> str:
    """What is suggested, by which figures, and that nothing happens by itself."""
    if remote:
        return _(ELSEWHERE)
    if advice is None:
        return _(UNKNOWN)
    suggested = _("Suggested: {strategy}.").format(strategy=_(_NAMES[advice.strategy]))
    return " ".join((suggested, _machine(advice), _reason(advice), _("Nothing changes until you choose it.")))


def _machine(advice: Advice) -> str:
    if advice.unified:
        told = _("This computer has {memory} GB of memory, shared with its graphics card.")
    elif advice.vram:
        told = _("This computer has {memory} GB of memory, and {vram} GB on its graphics card.")
    else:
        told = _("This computer has {memory} GB of memory.")
    return told.format(memory=advice.memory, vram=advice.vram)


def _reason(advice: Advice) -> str:
    if advice.lifted and advice.strategy == "ram":
        return _("Models that fit on the graphics card can stay there without filling the memory.")
    if advice.lifted:
        return _("A model that fits on the graphics card can stay there for a while without filling the memory.")
    if advice.best:
        return _("That holds several models side by side.")
    told = {
        "ram": _("From {good} GB on, models may stay loaded; large ones may need all of it, one at a time."),
        "ssd": _("That holds one model; from {good} GB on, several could stay loaded."),
        "none": _("With less than {enough} GB, a model that stays loaded leaves too little for other programs."),
    }[advice.strategy]
    return told.format(good=GOOD, enough=ENOUGH)
