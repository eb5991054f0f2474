"""The figures of the cache as a table, as totals in a sentence, and as a report to copy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from trayapp.catalog.metrics import AccountStats, Stats
from trayapp.core.errors import Failure, Kind
from trayapp.core.language import N_, _, plural
from trayapp.core.redaction import struck
from trayapp.ui import words
from trayapp.ui.diagnostics import findings, summary
from trayapp.ui.findings import Finding, Seen

COLUMNS = (
    N_("Account"),
    N_("List"),
    N_("Models"),
    N_("Age"),
    N_("On disk"),
    N_("Hits"),
    N_("Too old"),
    N_("Missing"),
    N_("Calls"),
    N_("Last failure"),
    N_("Breaker"),
    N_("Next call"),
)
"""“Too old” and “missing” are the misses by reason."""
NUMBERS = (2, 4, 5, 6, 7, 8)
"""Columns that are read from the right."""

_HOMES = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s\"'“”:]+")


class Line(Struct, frozen=True):
    """One account's line of the table."""

    provider: str
    cells: tuple[str, ...]
    detail: str = ""
    """Of the last failure, in the provider's words."""


class Overview(Struct, frozen=True):
    """All that the page shows at one moment."""

    summary: str = ""
    findings: tuple[Finding, ...] = ()
    lines: tuple[Line, ...] = ()
    totals: str = ""


def columns() -> tuple[str, ...]:
    """The headers of the table, in order."""
    return tuple(_(it) for it in COLUMNS)


def lines(stats: Stats, names: Mapping[str, str], *, counted: bool = True) -> tuple[Line, ...]:
    """The table. Not ``counted``: no program runs that counts hits and calls, so those cells are empty."""
    return tuple(_line(it, names.get(it.provider, it.provider), counted) for it in stats.accounts)


def overview(stats: Stats, names: Mapping[str, str], seen: Seen | None) -> Overview:
    """The page's content; without findings as long as nobody looked."""
    found = findings(seen) if seen is not None else ()
    told = summary(found) if seen is not None else _("Looking…")
    return Overview(told, found, lines(stats, names), totals(stats))


def totals(stats: Stats, *, counted: bool = True) -> str:
    """The last line: everything together."""
    number = sum(1 for it in stats.accounts if it.source)
    text = _("{lists} with {models} take {memory} of memory and {bytes} on disk.").format(
        lists=plural("{n} list", "{n} lists", number),
        models=plural("{n} model", "{n} models", stats.entries),
        memory=words.weight(stats.memory),
        bytes=words.weight(stats.bytes),
    )
    if not counted:
        return text
    asked = stats.hits + stats.expired + stats.not_found
    if not asked:
        return f"{text} " + _("Nobody has asked for a list yet.")
    share = f"{100 * (stats.saved or 0.0):.1f}".removesuffix(".0")
    about = _("{asked}: {share} % were answered without asking a provider, who was called {calls}.").format(
        asked=plural("{n} question", "{n} questions", asked),
        share=share,
        calls=plural("{n} time", "{n} times", stats.calls),
    )
    return f"{text} {about}"


def report(stats: Stats, seen: Seen) -> str:
    """Everything as text to show to others: accounts by their ids, no key, and “~” for the home folder."""
    machine = seen.machine
    # what the user calls an account is nobody's business
    plain = Seen(machine, tuple(replace(it, name=it.id) for it in seen.accounts))
    told = [f"trayapp {machine.version}, {machine.system}", ""]
    for it in findings(plain):
        told.append(f"[{it.severity.value}] {it.text}")
        if it.remedy:
            told.append(f"    → {it.remedy}")
    providers = {it.id: it.provider for it in seen.accounts}
    told += ["", *(_row(it, providers.get(it.provider, "")) for it in stats.accounts), "", totals(stats)]
    return shareable("\n".join(told), machine.home) + "\n"


def shareable(text: str, home: str = "") -> str:
    """``text`` without keys, and with “~” in the place of anybody's home folder."""
    if len(home) > 1:
        text = text.replace(home, "~")
    return struck(_HOMES.sub("~", text))


def failure_words(kind: str) -> str:
    """The kind of a failure in a few words; what another version sent stays as it came."""
    if not kind:
        return ""
    try:
        return words.trouble(Failure(Kind(kind)))
    except ValueError:
        return kind


def next_words(it: AccountStats) -> str:
    """When the account is asked again."""
    if it.refreshing:
        return _("being asked")
    return _("not by itself") if it.next_refresh is None else words.ahead(it.next_refresh)


def breaker_words(state: str) -> str:
    """Whether questions go through to the provider."""
    told = {"closed": _("closed"), "open": _("open"), "half-open": _("one try")}
    return told.get(state, state)


def _line(it: AccountStats, name: str, counted: bool) -> Line:
    counts = (it.hits, it.expired, it.not_found, it.calls)
    cells = (
        name,
        it.source,
        str(it.entries) if it.source else "",
        words.age(it.age) if it.age is not None else "",
        words.weight(it.bytes) if it.bytes else "",
        *(str(number) if counted else "" for number in counts),
        failure_words(it.last_failure),
        breaker_words(it.breaker) if counted else "",
        next_words(it),
    )
    return Line(it.provider, cells, struck(it.last_detail))


def _row(it: AccountStats, provider: str) -> str:
    parts = [
        f"{it.provider} ({provider}): {it.source or 'no list'}",
        f"{it.entries} models",
        f"{it.dropped} dropped" if it.dropped else "",
        words.age(it.age) if it.age is not None else "",
        f"{it.bytes} B on disk",
        f"ttl {it.ttl:.0f} s {it.strategy}",
        f"hits {it.hits}, expired {it.expired}, not found {it.not_found}",
        f"calls {it.calls}, retries {it.retries}, joined {it.joined}, puts {it.puts}, failures {it.failures}",
        f"last failure {it.last_failure}" if it.last_failure else "",
        f"breaker {it.breaker}",
        f"again {next_words(it)}",
    ]
    return "; ".join(filter(None, parts))
