"""What packaging/conventions.md says of the code: the paths and the tests that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "packaging" / "conventions.md").read_text("utf-8")
HEAD = ["Convention", "Linux", "macOS", "Windows", "Where in the code", "How it was tried"]
NAMED = sorted(set(re.findall(r"`((?:trayapp|tests|packaging|resources)/[^`]+)`", PAGE)))


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert (ROOT / path).is_file()
    assert not test or re.search(rf"def {test}\(", (ROOT / path).read_text("utf-8"))


def test_every_table_says_all_of_it() -> None:
    for row in rows():
        assert len(row) == len(HEAD), row
        assert all(row), row
        assert row == HEAD or "`trayapp/" in row[4], row


def test_no_convention_is_there_twice() -> None:
    names = [row[0] for row in rows() if row != HEAD]
    assert len(names) > 40
    assert len(set(names)) == len(names)
