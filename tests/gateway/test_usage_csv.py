"""Figures of use for spreadsheets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.gateway.figures import NOW, request
from trayapp.core.errors import UserError
from trayapp.gateway import usage_csv
from trayapp.gateway.usage_file import UsageFile


def test_the_exported_file_holds_every_request_and_is_private(tmp_path: Path) -> None:
    file = UsageFile(tmp_path / "usage.sqlite", lambda: NOW)
    file.write([request(tool="=cmd"), request(model="ünïcode, “quoted”")])
    target = tmp_path / "out" / "use.csv"
    assert usage_csv.export(file, target, 30) == f"2 requests are in {target}."
    lines = target.read_text("utf-8").splitlines()
    assert lines[0].startswith("at,day,tool,provider")
    assert "'=cmd" in lines[1]
    assert '"ünïcode, “quoted”"' in lines[2]
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600
    (tmp_path / "blocked").write_text("")
    with pytest.raises(UserError, match=r"could not be written: .+ Choose another place"):
        usage_csv.export(file, tmp_path / "blocked" / "use.csv", 30)
