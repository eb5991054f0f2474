"""Qt is imported from what an earlier start compiled, and all the same where that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trayapp.qt import faststart

ROOT = Path(__file__).parent.parent.parent
PROBE = """
import builtins, sys
from pathlib import Path
real, compiled = builtins.compile, []
def counting(source, filename, *args, **named):
    compiled.append(filename)
    return real(source, filename, *args, **named)
builtins.compile = counting
from trayapp.qt import faststart
faststart.import_qt(Path(sys.argv[1]))
assert builtins.compile is counting, "left behind"
from PySide6.QtCore import QObject, Signal
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
print(sum(str(name).startswith(("shibokensupport", "signature_")) for name in compiled))
"""


def compiled_by_a_start(folder: Path) -> int:
    """Start a Python that imports Qt this way and uses it; how many support modules it had to compile."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROBE, folder], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_the_second_start_compiles_nothing(home: Path) -> None:
    assert compiled_by_a_start(home / "cache") > 5
    assert compiled_by_a_start(home / "cache") == 0


def test_the_file_is_private(home: Path) -> None:
    compiled_by_a_start(home / "cache")
    assert (home / "cache" / faststart.NAME).stat().st_mode & 0o777 == 0o600


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


def test_a_folder_that_cannot_be_written_only_costs_the_time(home: Path) -> None:
    blocked = home / "file"
    blocked.write_text("in the way")
    assert compiled_by_a_start(blocked / "cache") > 5
