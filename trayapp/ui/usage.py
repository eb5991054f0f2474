"""What was used, as it is shown: today's line for the menu, the bars of thirty days, and a table with its totals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from trayapp.core.language import N_, _, plural
from trayapp.gateway.usage import Report, Totals, added

DAYS = 30
"""Days that the chart shows, today among them."""
APART = 5
"""Parts of a bar that are told apart; all others are one."""
WEEK = 7
TICKS = 4
"""Lines across the chart, at most."""


class Measure(StrEnum):
    """What the bars are as high as."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    COST = "cost"


MEASURES: Mapping[Measure, str] = {
    Measure.REQUESTS: N_("Requests"),
    Measure.TOKENS: N_("Tokens used"),
    Measure.COST: N_("Cost"),
}
GROUPS: Mapping[str, str] = {"model": N_("Model"), "provider": N_("Provider"), "tool": N_("Tool")}
COLUMNS = (N_("Requests"), N_("Failed"), N_("Tokens in"), N_("Tokens out"), N_("Cached"), N_("Cost"), N_("First byte"))
"""After the column of names. “Cached” are among those in; the first byte is what was waited for on average."""
_MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)


class Bar(Struct, frozen=True):
    """One day."""

    parts: tuple[float, ...]
    """Heights from the bottom up, in the order of ``Chart.names``."""
    words: str
    """All of it in a sentence."""
    label: str = ""
    """The day, where it stands below the bar."""


class Chart(Struct, frozen=True):
    """Bars with their scale."""

    names: tuple[str, ...] = ()
    """Of the parts, as the table calls them."""
    others: bool = False
    """The last part is of all that is not told apart."""
    bars: tuple[Bar, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    """Heights with a line across, the last being the top."""
    summary: str = ""
    """What the chart shows, for who cannot see it."""


class Line(Struct, frozen=True):
    """One line of the table."""

    cells: tuple[str, ...]
    part: int | None = None
    """Which part of the bars it is; None for all together."""


class View(Struct, frozen=True):
    """All that the page shows at one moment."""

    chart: Chart = Chart()
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    note: str = ""
    """What has to be said about the figures; empty: nothing."""


def today_line(today: Totals | None) -> str:
    """``Today: 42 requests, 120k tokens, $0.35``; empty where nothing was asked, or nobody knows."""
    if today is None or not today.requests:
        return ""
    parts = [plural("{n} request", "{n} requests", today.requests)]
    if today.failed:
        parts.append(_("{n} failed").format(n=today.failed))
    if today.tokens:
        parts.append(_("{n} tokens").format(n=short(today.tokens)))
    if today.cost:
        parts.append(spent(today))
    return _("Today: {figures}").format(figures=", ".join(parts))


def view(report: Report, measure: Measure, names: Mapping[str, str] | None = None) -> View:
    """The page's content; ``names`` are what the accounts are called."""
    total = report.total
    ranked = sorted(report.groups, key=lambda it: (-amount(it, measure), -it.requests, it.name))
    shown = [title(report.what, it.name, names or {}) for it in ranked]
    chart = _chart(report, measure, [it.name for it in ranked[:APART]], shown[:APART])
    lines = [Line((name, *cells(it)), min(at, APART)) for at, (it, name) in enumerate(zip(ranked, shown, strict=True))]
    rest = _rest(total, ranked)
    if rest.requests:
        lines.append(Line((_("Others"), *cells(rest)), APART))
    if lines:
        lines.append(Line((_("All"), *cells(total))))
    return View(chart, columns(report.what), tuple(lines), unpriced(total))


def columns(what: str) -> tuple[str, ...]:
    """The headers of the table; ``what`` is one of ``GROUPS``, or ``day``."""
    return (_(GROUPS[what]) if what in GROUPS else _("Day"), *(_(it) for it in COLUMNS))


def cells(it: Totals) -> tuple[str, ...]:
    """Sums in words, in the order of ``COLUMNS``; what is nothing is empty."""
    counts = (it.failed, it.input, it.output, it.cached)
    return (
        f"{it.requests:,}",
        *(f"{count:,}" if count else "" for count in counts),
        spent(it) if it.cost or (not it.unpriced and it.requests > it.failed) else "",
        _("{n} s").format(n=f"{it.first_byte:.2f}") if it.first_byte is not None else "",
    )


def title(what: str, name: str, names: Mapping[str, str]) -> str:
    """What a provider, model or tool is called."""
    if not name:
        return _("not told")
    return names.get(name, name) if what == "provider" else name


def amount(it: Totals, measure: Measure) -> float:
    """As high as the bar is."""
    return {Measure.REQUESTS: it.requests, Measure.TOKENS: it.tokens, Measure.COST: it.cost}[measure]


def told(value: float, measure: Measure) -> str:
    """An amount with what it is of: ``42 requests``, ``1.2M tokens``, ``$0.35``."""
    if measure is Measure.COST:
        return money(value)
    if measure is Measure.TOKENS:
        return _("{n} tokens").format(n=short(round(value)))
    return plural("{n} request", "{n} requests", round(value))


def short(count: int) -> str:
    """``950``, ``12.3k``, ``120k``, ``4M``, ``1.2B``: a count of tokens in three digits."""
    for size, letter in ((1, ""), (1e3, "k"), (1e6, "M")):
        if count < size * 999.5:
            return _three(count / size) + letter
    return _three(count / 1e9) + "B"


def money(amount: float) -> str:
    """``$0``, ``<$0.01``, ``$0.35``, ``$1,234``."""
    if amount <= 0:
        return "$0"
    if amount < 0.005:
        return "<$0.01"
    return f"${amount:,.0f}" if amount >= 999.995 else f"${amount:.2f}"


def spent(it: Totals) -> str:
    """What it cost, as far as prices are known."""
    return _("at least {cost}").format(cost=money(it.cost)) if it.unpriced and it.cost else money(it.cost)


def unpriced(total: Totals) -> str:
    """That the cost is a lower bound; empty where every price is known."""
    if not total.unpriced:
        return ""
    return plural(
        "The price of {n} answer is not known: what is said of cost is without it.",
        "The prices of {n} answers are not known: what is said of cost is without them.",
        total.unpriced,
    )


def day_words(day: str) -> str:
    """``3 Jun`` for an ISO date."""
    when = date.fromisoformat(day)
    return _("{day} {month}").format(day=when.day, month=_(_MONTHS[when.month - 1]))


def _chart(report: Report, measure: Measure, apart: list[str], shown: list[str]) -> Chart:
    bars = []
    last = len(report.days) - 1
    others = _("Others")
    for at, day in enumerate(report.days):
        parts = [amount(report.daily.get(name, {}).get(day.name) or Totals(day.name), measure) for name in apart]
        parts.append(max(0.0, amount(day, measure) - sum(parts)))
        heights = tuple(0.0 if it < 1e-9 else it for it in parts)
        labelled = zip((*shown, others), heights, strict=True)
        label = day_words(day.name) if (last - at) % WEEK == 0 else ""
        bars.append(Bar(heights, _bar_words(day, measure, labelled), label))
    ticks = _ticks(max((sum(bar.parts) for bar in bars), default=0.0), measure)
    summary = _summary(report, measure)
    if any(bar.parts[-1] for bar in bars):
        return Chart((*shown, others), True, tuple(bars), ticks, summary)
    bars = [Bar(bar.parts[:-1], bar.words, bar.label) for bar in bars]
    return Chart(tuple(shown), False, tuple(bars), ticks, summary)


def _bar_words(day: Totals, measure: Measure, parts: Iterable[tuple[str, float]]) -> str:
    told_parts = [f"{name} {_bare(height, measure)}" for name, height in parts if height]
    whole = f"{day_words(day.name)}: {told(amount(day, measure), measure)}"
    return _("{whole} – {parts}").format(whole=whole, parts=", ".join(told_parts)) if told_parts else whole


def _summary(report: Report, measure: Measure) -> str:
    total = report.total
    days = plural("{n} day", "{n} days", len(report.days))
    if not total.requests:
        return _("No tool has asked for anything in the last {days}.").format(days=days)
    best = max(report.days, key=lambda it: amount(it, measure))
    said = _("In the last {days}: {whole}. Most was on {day}: {most}. Today: {today}.")
    return said.format(
        days=days,
        whole=told(amount(total, measure), measure),
        day=day_words(best.name),
        most=told(amount(best, measure), measure),
        today=told(amount(report.days[-1], measure), measure),
    )


def _rest(total: Totals, ranked: Iterable[Totals]) -> Totals:
    """What is in no group, where there were too many of them."""
    held = added(ranked)
    pairs = {name: max(0, getattr(total, name) - getattr(held, name)) for name in Totals.__struct_fields__[1:]}
    return Totals("", **pairs)


def _ticks(most: float, measure: Measure) -> tuple[tuple[float, str], ...]:
    """Round figures up to one that is at least ``most``."""
    least = 0.01 if measure is Measure.COST else 1.0
    step = max(least, 10 ** math.floor(math.log10(most / TICKS))) if most > 0 else least
    while step * TICKS < most * (1 - 1e-9):
        step *= 2.5 if f"{step:e}".startswith("2.0") else 2  # 1, 2, 5, 10
    number = max(1, math.ceil(most / step - 1e-9))
    return tuple((step * at, _bare(step * at, measure)) for at in range(1, number + 1))


def _bare(value: float, measure: Measure) -> str:
    return money(value) if measure is Measure.COST else short(round(value))


def _three(number: float) -> str:
    return f"{number:.0f}" if number >= 99.95 else f"{number:.1f}".removesuffix(".0")
