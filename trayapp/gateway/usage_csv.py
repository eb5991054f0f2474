"""Figures of use as a table that spreadsheets read: a line a request, or a line a sum."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from trayapp.core.errors import UserError
from trayapp.core.language import _, plural
from trayapp.system import files

if TYPE_CHECKING:
    from trayapp.gateway.usage_file import UsageFile

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(columns: Sequence[str], rows: Iterable[Sequence[object]], out: TextIO) -> None:
    """Write them with their header; what is not known is an empty cell. Raises OSError."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(it) for it in row] for row in rows)


def export(file: UsageFile, path: Path, days: int) -> str:
    """Every request of the last days into a private file; a sentence about it. Raises UserError."""
    from trayapp.gateway.usage_file import COLUMNS

    rows = list(file.rows(days))
    text = io.StringIO()
    write(COLUMNS, rows, text)
    try:
        files.write_private(path, text.getvalue().encode())
    except OSError as exc:
        told = _("{path} could not be written: {why}. Choose another place.")
        raise UserError(told.format(path=path, why=exc.strerror or exc)) from exc
    told = plural("{n} request is in {path}.", "{n} requests are in {path}.", len(rows))
    return told.replace("{path}", str(path))


def _cell(value: object) -> object:
    """Tools choose their own names, and a spreadsheet would reckon with one that begins like a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
