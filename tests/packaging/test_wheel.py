"""Wheel and source archive: built in the test, looked into, and equal to one another."""

from __future__ import annotations

import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.conftest import Script
from trayapp.core.version import VERSION

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def build(script: Script, monkeypatch: pytest.MonkeyPatch) -> Any:
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed (pip install hatchling)")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return script("build_wheel")


def test_the_wheel_has_the_program_and_all_that_it_was_shipped_with(build: Any, tmp_path: Path) -> None:
    wheel = build.wheel(ROOT, tmp_path)
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        told = packed.read(f"trayapp-{VERSION}.dist-info/METADATA").decode()
        starts = packed.read(f"trayapp-{VERSION}.dist-info/entry_points.txt").decode()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "trayapp").rglob("*.py")}
    assert modules <= names
    shipped = {path.relative_to(ROOT) for path in (ROOT / "resources").rglob("*") if path.is_file()}
    assert {f"trayapp/{path.as_posix()}" for path in shipped} <= names
    assert "trayapp/resources/locale/de/LC_MESSAGES/trayapp.mo" in names
    assert f"trayapp-{VERSION}.data/data/share/man/man1/trayapp.1" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "packaging/"))]
    assert f"\nVersion: {VERSION}\n" in told
    assert "trayapp = trayapp.__main__:main" in starts


def test_a_wheel_made_of_the_source_archive_is_the_same_byte_for_byte(build: Any, tmp_path: Path) -> None:
    direct = build.wheel(ROOT, tmp_path / "direct")
    source = build.sdist(ROOT, tmp_path)
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path, filter="data")
    unpacked = tmp_path / f"trayapp-{VERSION}"
    assert (unpacked / "packaging" / "build.py").is_file()
    assert (unpacked / "tests" / "packaging" / "test_wheel.py").is_file()
    assert build.wheel(unpacked, tmp_path / "again").read_bytes() == direct.read_bytes()
