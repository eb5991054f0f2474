"""The command that says what was asked of whom, in tokens and dollars; reads the file, whoever else writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE, USAGE
from trayapp.cli.console import Console
from trayapp.core.language import _, plural

if TYPE_CHECKING:
    from trayapp.gateway.usage import Totals
    from trayapp.gateway.usage_file import UsageFile

DAY, REQUEST = "day", "request"
LONGEST = 3650
"""Days, as many as may be kept."""
_SUMS = (
    "requests",
    "failed",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_usd",
    "unpriced",
    "first_byte_seconds",
)


def usage(console: Console, args: Any) -> int:
    """``trayapp usage``: sums of the last days, or every request; no running program is needed."""
    from trayapp.gateway.usage import FILE
    from trayapp.gateway.usage_file import UsageFile

    days = _days(args.days)
    if days is None:
        console.complain(_("“--days” is a number from 1 to {most}.").format(most=LONGEST))
        return USAGE
    if args.json and args.csv:
        console.complain(_("“--json” and “--csv” do not go together: choose one."))
        return USAGE
    by = args.by or "model"
    file = UsageFile(console.paths.data / FILE, lambda: console.now)
    if by == REQUEST:
        return _requests(console, file, days, args)
    report = file.report("model" if by == DAY else by, days)
    sums = report.days if by == DAY else report.groups
    if args.json:
        console.json(
            {
                "by": by,
                "from": report.days[0].name,
                "to": report.days[-1].name,
                "rows": [_object(it, by) for it in sums],
                "total": _object(report.total),
            }
        )
    elif args.csv:
        _csv(console, (by, *_SUMS), (tuple(_object(it, by).values()) for it in sums))
    else:
        _say(console, by, sums, report.total, days)
    return DONE


def _say(console: Console, by: str, sums: tuple[Totals, ...], total: Totals, days: int) -> None:
    from trayapp.ui import usage as words

    within = plural("{n} day", "{n} days", days)
    if not total.requests:
        console.say(_("No tool has asked the gateway for anything in the last {days}.").format(days=within))
        return
    names = {it.id: disk.name_of(it) for it in disk.read(console.paths, console.env).accounts}
    rows = [words.columns(by)]
    rows.extend((words.title(by, it.name, names), *words.cells(it)) for it in sums if it.requests)
    rows.append((_("All"), *words.cells(total)))
    console.say(output.columns(_to_the_right(rows), width=console.width, flexible=(0,)))
    if total.unpriced:
        console.say(words.unpriced(total))


def _to_the_right(rows: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Figures end where their columns end."""
    sizes = [max(map(len, column)) if any(column[1:]) else 0 for column in zip(*rows, strict=True)]
    for row in rows:
        yield (row[0], *(cell.rjust(size) if size else "" for cell, size in zip(row[1:], sizes[1:], strict=True)))


def _requests(console: Console, file: UsageFile, days: int, args: Any) -> int:
    from trayapp.gateway.usage_file import COLUMNS

    rows = file.rows(days)
    if args.json:
        console.json({"by": REQUEST, "rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    elif args.csv:
        _csv(console, COLUMNS, rows)
    else:
        console.complain(_("Single requests are for programs: add “--json” or “--csv”."))
        return USAGE
    return DONE


def _csv(console: Console, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    from trayapp.cli.console import exact
    from trayapp.gateway import usage_csv

    exact(console.out)
    usage_csv.write(columns, rows, console.out)


def _object(it: Totals, by: str = "") -> dict[str, Any]:
    figures = (it.requests, it.failed, it.input, it.output, it.cached, round(it.cost, 8), it.unpriced, it.first_byte)
    return ({by: it.name} if by else {}) | dict(zip(_SUMS, figures, strict=True))


def _days(text: str | None) -> int | None:
    if text is None:
        return 30
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LONGEST else None
