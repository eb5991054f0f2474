"""One line of the quick switcher in words: what stands in its columns, and what a screen reader says of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.models import Capability, Model
from trayapp.ui import words
from trayapp.ui.finder import sees
from trayapp.ui.finder_index import Candidate
from trayapp.ui.finder_text import Span, merged, spans, spans_with_gaps

DOT = " · "
"""Between what stands below the name."""


class Standing(Struct, frozen=True):
    """What is special about the model of a line at the moment."""

    chosen: bool = False
    pinned: bool = False
    loaded: bool = False


class Figures(Struct, frozen=True):
    """The columns of figures. Empty: not known."""

    context: str = ""
    cost: str = ""
    """Price, or the size of a model that is on this computer."""


def figures(model: Model) -> Figures:
    """Tokens of context, and what a million of them costs."""
    if model.price is not None:
        cost = words.price(model.price)
    else:
        cost = words.size(model.size) if model.size is not None else ""
    return Figures(words.tokens(model.context) if model.context is not None else "", cost)


class Longest(Struct, frozen=True):
    """Texts that the columns of figures have room for."""

    contexts: tuple[str, ...]
    costs: tuple[str, ...]


def figures_at_most() -> Longest:
    """The widest figures there commonly are; what is wider is cut."""
    return Longest(("888.8k", "88.8M"), ("$88.88/$888", "$0.888/$0.88", "888.8 GB", _("free")))


def traits() -> tuple[str, ...]:
    """The columns of traits, each with its word or nothing in it; the rarer further from the edge."""
    return (_("new"), _("loaded"), _("vision"), _("tools"))


def has(it: Candidate, standing: Standing) -> tuple[bool, ...]:
    """Which of the traits the model has, in their order."""
    return (it.new, standing.loaded, sees(it.model), bool(it.model.can(Capability.TOOLS)))


def below(it: Candidate) -> tuple[str, ...]:
    """What stands below the name: the account, the id where it is another, and what is out of the ordinary."""
    model = it.model
    made = [it.account]
    if model.ref.model != model.label:
        made.append(model.ref.model)
    if it.hidden:
        made.append(_("hidden"))
    if model.remote:
        made.append(_("runs in the cloud"))
    if model.deprecated is not None:
        made.append(_("until {date}").format(date=model.deprecated) if model.deprecated else _("deprecated"))
    return tuple(made)


class Text(Struct, frozen=True):
    """A text and the letters of it that the search met."""

    text: str
    met: tuple[Span, ...] = ()


def texts(it: Candidate, called: Sequence[str]) -> tuple[Text, Text]:
    """The name, and the line below it."""
    label, under = it.model.label, below(it)
    plain = [word for word in called if word in it.text]
    loose = [word for word in called if word not in it.text]
    met = list(_met(it.account, plain, loose))
    if it.model.ref.model != label:
        before = len(it.account) + len(DOT)
        met += ((start + before, end + before) for start, end in _met(it.model.ref.model, plain, loose))
    return Text(label, _met(label, plain, loose)), Text(DOT.join(under), tuple(met))


def _met(text: str, plain: Sequence[str], loose: Sequence[str]) -> tuple[Span, ...]:
    if not plain and not loose:
        return ()
    return merged((*spans(text, plain), *(span for word in loose for span in spans_with_gaps(text, word))))


def spoken(it: Candidate, standing: Standing) -> str:
    """All of the line in words, the name first."""
    model, told = it.model, figures(it.model)
    having = (word for word, there in zip(traits(), has(it, standing), strict=True) if there)
    parts = (
        _("{provider}: {model}").format(provider=it.account, model=model.label),
        *below(it)[1:],
        _("context of {n} tokens").format(n=told.context) if told.context else "",
        _price(model) or told.cost,
        *having,
        _("pinned") if standing.pinned else "",
        _("chosen") if standing.chosen else "",
    )
    return ", ".join(filter(None, parts))


def _price(model: Model) -> str:
    price = model.price
    if price is None or (price.input == 0 and price.output == 0):
        return ""
    text = _("{input} for a million tokens in, {output} for a million out")
    return text.format(input=words.dollars(price.input), output=words.dollars(price.output))


def help_line(pin: str, hide: str) -> str:
    """What the keys do, in a line that wraps between them; ``pin`` and ``hide`` are as this system writes keys."""
    keys = (
        _("Enter: choose"),
        _("{keys}: pin").format(keys=pin),
        _("{keys}: hide").format(keys=hide),
        _("Esc: close"),
        _("F1: help"),
    )
    return DOT.join(it.replace(" ", "\N{NO-BREAK SPACE}") for it in keys)


def nothing(typed: bool, models: int) -> str:
    """Why the list is empty, and what to do."""
    if not models:
        return _("No model can be chosen yet. Add a provider or its key in the settings.")
    if typed:
        return _("No model fits. Type less, or press F1 for what can be typed.")
    return _("All models are hidden. Type “hidden” to see them.")
