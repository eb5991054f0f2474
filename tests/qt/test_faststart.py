"""Qt is imported from what an earlier start compiled, and all the same where that cannot be used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trayapp.qt import faststart

ROOT = Path(__file__).parent.parent.parent
PROBE = """
import builtins, re, sys
from pathlib import Path
real_pattern = re.compile
real, compiled = builtins.compile, []
def counting(source, filename, *args, **named):
    compiled.append(filename)
    return real(source, filename, *args, **named)
builtins.compile = counting
from trayapp.qt import faststart
faststart.import_qt(Path(sys.argv[1]))
assert builtins.compile is counting and re.compile is real_pattern, "left behind"
from PySide6.QtCore import QObject, QRect, Signal
class Sender(QObject):
    sent = Signal(int)
heard = []
sender = Sender()
sender.sent.connect(heard.append)
sender.sent.emit(7)
assert heard == [7]
try:
    sender.setObjectName(1, 2)
except TypeError as error:
    assert "setObjectName" in str(error)
else:
    raise AssertionError("signatures are not checked")
try:
    QRect("x")
except TypeError as error:
    assert "(left: int, top: int, width: int, height: int" in str(error), error  # what the expressions serve for
print(sum(str(name).startswith(("shibokensupport", "signature_")) for name in compiled))
"""


LAUNCH = """
import sys
from pathlib import Path
from trayapp.qt import faststart
faststart.import_qt(Path(sys.argv[1]))
import trayapp.qt.loop
print(*sys.modules)
import trayapp.qt.windows
print(*sys.modules)
"""
"""What the icon waits for; then what the first window needs besides."""
ICON = {
    "app": {"build", "ending", "gateway_host", "keychain", "local_models", "root", "timing"},
    "qt": {
        *("clicker", "entries", "faststart", "front", "garbage", "icons", "loop", "menu", "session", "telling", "tray")
    },
    "local": {"residency"},
    "gateway": {"status"},
}
"""Modules of ours, by folder, that the icon cannot do without."""
LATER = {
    *("httpx", "aiohttp", "keyring", "platformdirs", "tomlkit", "jeepney", "truststore", "sqlite3"),
    *("dataclasses", "json", "hashlib", "http", "email", "logging.handlers", "PySide6.QtNetwork", "PySide6.QtSvg"),
}


def said_by(code: str, folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, folder], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compiled_by_a_start(folder: Path) -> int:
    """Start a Python that imports Qt this way and uses it; how many support modules it had to compile."""
    return int(said_by(PROBE, folder))


def test_the_second_start_compiles_nothing_and_the_file_is_private(home: Path) -> None:
    assert compiled_by_a_start(home / "cache") > 5
    assert (home / "cache" / faststart.NAME).stat().st_mode & 0o777 == 0o600
    assert compiled_by_a_start(home / "cache") == 0


@pytest.mark.unmeasured
def test_the_icon_waits_for_nothing_that_is_needed_later_nor_a_message_for_the_settings(home: Path) -> None:
    icon, window = (set(line.split()) for line in said_by(LAUNCH, home / "cache").splitlines())
    for folder, names in ICON.items():
        prefix = f"trayapp.{folder}."
        assert {it.removeprefix(prefix) for it in icon if it.startswith(prefix)} <= names
    assert icon & LATER == set()
    assert window & {"trayapp.qt.settings", "trayapp.qt.finder", "trayapp.qt.help", "trayapp.qt.welcome"} == set()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _other_python(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"cpython", b"cpythom", 1))


def _writable_by_all(path: Path) -> None:
    path.chmod(0o666)


def _folder_writable_by_all(path: Path) -> None:
    path.parent.chmod(0o777)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "harm", [_cut, _flip, _other_python, _writable_by_all, _folder_writable_by_all, _empty], ids=lambda it: it.__name__
)
def test_a_file_that_cannot_be_trusted_is_compiled_again(home: Path, harm: Callable[[Path], None]) -> None:
    compiled_by_a_start(home / "cache")
    harm(home / "cache" / faststart.NAME)
    assert compiled_by_a_start(home / "cache") > 5


def test_another_version_of_a_module_is_compiled_and_not_taken_from_the_file() -> None:
    kept: faststart._Kept = {}
    used: faststart._Kept = {}
    compile_once = faststart._remembering(compile, kept, used)
    compile_once(b"x = 1", "shibokensupport/a.py", "exec")
    kept.update(used)
    again = compile_once(b"x = 1", "shibokensupport/a.py", "exec")
    newer = compile_once(b"x = 2", "shibokensupport/a.py", "exec")
    assert again is next(iter(kept.values()))
    assert newer.co_consts != again.co_consts


def test_whatever_else_is_compiled_meanwhile_passes_through() -> None:
    used: faststart._Kept = {}
    compile_once = faststart._remembering(compile, {}, used)
    assert eval(compile_once("1 + 1", "<text>", "eval")) == 2
    compile_once(b"x: int = 1", "other/a.py", "exec", dont_inherit=True)
    assert used == {}


def test_a_regular_expression_of_theirs_is_compiled_when_it_is_used_and_once() -> None:
    compiled: list[str] = []

    def counting(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return re.compile(pattern, flags)

    names = {"compile_later": faststart._postponing(counting), "re": re}
    exec(compile("made = compile_later('A+', re.IGNORECASE)", "shibokensupport/a.py", "exec"), names)
    made: Any = names["made"]
    find = made.finditer
    assert compiled == []
    assert [it.group() for it in find("aa b a")] == ["aa", "a"]
    assert (made.pattern, made.split("bab")) == ("A+", ["b", "b"])
    assert compiled == ["A+"]
    exec(compile("made = compile_later('B')", "other/a.py", "exec"), names)
    assert compiled == ["A+", "B"]


def test_a_folder_that_cannot_be_written_only_costs_the_time(home: Path) -> None:
    blocked = home / "file"
    blocked.write_text("in the way")
    assert compiled_by_a_start(blocked / "cache") > 5
