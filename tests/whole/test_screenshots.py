"""The screenshots: those that the documents show can be taken anew, and are, from the program as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import screenshots
from tests.support.desktop import ROOT, MissingProgramError
from tests.support.screenshots import BARE, HELP, LARGEST, PICTURES
from tests.support.stage import linked

PAGES = [ROOT / "README.md", *sorted(HELP.glob("*.md"))]


def test_every_picture_that_a_document_shows_is_taken_by_the_command() -> None:
    assert set[str]().union(*map(linked, PAGES)) <= set(PICTURES)
    assert {"menu", "settings"} <= set(screenshots.shown())
    assert set(BARE) <= set(PICTURES)


def test_no_picture_is_kept_that_nobody_sees_or_that_is_too_big() -> None:
    kept = sorted(HELP.glob("*.png"))
    assert {it.stem for it in kept} == set(screenshots.shown())
    assert [it.name for it in kept if it.stat().st_size > LARGEST] == []


def test_a_screenshot_is_taken_in_the_theme_that_was_asked_for(tmp_path: Path) -> None:
    try:
        assert screenshots.take(["models"], tmp_path, "dark", 1) == []
    except MissingProgramError as missing:
        pytest.skip(str(missing))
    assert 10 < brightness(tmp_path / "models.png") < 128


def brightness(path: Path) -> float:
    """Of the picture's first pixel, which is the window's own colour: 0 to 255."""
    import struct
    import zlib

    data = path.read_bytes()
    at = data.index(b"IDAT")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    return sum(zlib.decompress(data[at + 4 : at + 4 + length])[1:4]) / 3
