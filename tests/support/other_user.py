"""Runs programs as another user of this computer, and on a disk of their own: where root runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.desktop import ROOT

NOBODY = 65534
PLACES = (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")


@contextmanager
def other_home() -> Iterator[Path]:
    """A folder that belongs to nobody in particular, below one that everybody may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="trayapp-", dir="/tmp")).resolve()
    folder.chmod(0o711)
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    try:
        yield home
    finally:
        shutil.rmtree(folder)


@cache
def python() -> str:
    """An interpreter that this other user may run, with all that the program needs; empty where there is none."""
    for place in PLACES:
        if Path(place).exists():
            tried = as_nobody((place, "-c", "import msgspec, httpx, trayapp.app.build"), Path("/"))
            if tried is not None and tried.returncode == 0:
                return place
    return ""


def as_nobody(
    argv: tuple[str, ...], home: Path, *, timeout: float = 60, **more: str
) -> subprocess.CompletedProcess[str] | None:
    """What came of it; None where it could not even begin."""
    try:
        return subprocess.run(
            argv,
            env=environment(home, more),
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
        )
    except PermissionError:
        return None


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Of a user who has nothing but a home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TRAYAPP_HOME": str(home / "t"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join((str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/system-bus",
        "OLLAMA_HOST": "127.0.0.1:9",
        **more,
    }


def need_root() -> None:
    """Skips where files cannot be given to another user."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("giving files to another user needs root")
    if not python():
        pytest.skip(f"another user needs a Python with the program’s dependencies, such as one of {', '.join(PLACES)}")


def own_disk(
    script: str, folder: Path, size: str, env: Mapping[str, str], **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the shell script with a disk of this size at ``folder``, which only it sees; or skip the test."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a disk of its own needs Linux, root and the program unshare")
    folder.mkdir(parents=True, exist_ok=True)
    mount = f"mount -t tmpfs -o size={size},mode=700 tmpfs '{folder}' || exit 77\n"
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount + script],
        env=dict(env),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        **more,
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip(f"a disk of its own needs leave to mount one: {ran.stderr.strip()}")
    return ran
