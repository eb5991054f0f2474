"""The table of faults says what is so: each test in it exists, and each sentence stands in the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "FAULTS.md"
NOTHING = "nothing"
"""How a row begins whose user reads nothing at all."""


class Row(NamedTuple):
    """One line of the table."""

    boundary: str
    fault: str
    said: str
    test: str


def rows() -> list[Row]:
    found, boundary = [], ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            boundary = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[2].startswith("`"):
            found.append(Row(boundary, cells[0], cells[1], cells[2].strip("`")))
    return found


@cache
def texts() -> frozenset[str]:
    """Every text in the source, put together where it is written over several lines."""
    return frozenset(
        node.value
        for path in (ROOT / "trayapp").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def defined(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_boundary_has_its_faults() -> None:
    count = {boundary: sum(it.boundary == boundary for it in rows()) for boundary in {it.boundary for it in rows()}}
    assert count.keys() == {
        "A provider's list",
        "The gateway",
        "The keyring",
        "D-Bus",
        "The disk",
        "The process",
    }
    assert all(number >= 6 for number in count.values()), count
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if "::test_" in line]
    assert len(lines) == len(rows()), "a row could not be read"


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.boundary}, {row.fault}")
def test_what_a_row_says_is_so(row: Row) -> None:
    path, _, name = row.test.partition("::")
    assert (ROOT / path).is_file(), row.test
    assert name in defined(ROOT / path), f"there is no test of this name: {row.test}"
    if not row.said.startswith(NOTHING):
        assert row.said in texts(), f"no source says “{row.said}”"
