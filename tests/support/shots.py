"""Screenshots as artefacts of end-to-end tests: numbered, in light and dark and at both scales where they are wanted.

They go below the folder that ``TEST_SHOTS`` names, and are kept; else into the test's own temporary folder. With
``TEST_SHOTS`` a test that takes its ``looks`` as parameters runs once for each, without it only in the first.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests.support import desktop as parts
from tests.support.desktop import Vault
from tests.support.pointer import screenshot
from tests.support.stage import STILL, Theme
from tests.support.stage import _portal as portal

WANTED = "TEST_SHOTS"
"""The variable that names the folder in which pictures are kept."""
LONGEST = 3.0
"""Seconds in which what moves has to come to rest before it is taken as it is."""


class Look(NamedTuple):
    """How a desktop makes its programs look."""

    theme: Theme = "light"
    scale: int = 1

    def __str__(self) -> str:
        return f"{self.theme}-{self.scale}00"


def looks() -> list[Look]:
    """Those to be taken: all four where pictures are kept, else the plain one."""
    if not os.environ.get(WANTED):
        return [Look()]
    return [Look(theme, scale) for theme in ("light", "dark") for scale in (1, 2)]


@contextlib.contextmanager
def dressed(look: Look, folder: Path, vault: Vault = Vault.NONE) -> Iterator[dict[str, str]]:
    """A private desktop that tells its programs to look like this; the environment for them.

    The theme comes the way it does on today's desktops, from the portal, and Qt is told to ask that; scaled, the
    screen has as many more pixels.
    """
    with contextlib.ExitStack() as stack:
        env = stack.enter_context(parts.home(folder))
        env = stack.enter_context(parts.xvfb(env, f"{1280 * look.scale}x{960 * look.scale}x24"))
        env = stack.enter_context(parts.session_bus(env, () if vault is Vault.NONE else (parts.PROMPTER,)))
        if vault is not Vault.NONE:
            stack.enter_context(parts.keyring(env, vault))
        stack.enter_context(portal(env["DBUS_SESSION_BUS_ADDRESS"], look.theme))
        yield env | {"QT_QPA_PLATFORMTHEME": "xdgdesktopportal", "QT_SCALE_FACTOR": str(look.scale)}


class Shots:
    """The pictures of one test: ``with Shots(env, name, tmp_path) as shots: shots.take("menu")``.

    Where the test fails, the screen as it was then is the last one, and the failure says where they are.
    """

    def __init__(self, env: Mapping[str, str], name: str, folder: Path) -> None:
        """``name`` is the test's; it becomes a folder below ``TEST_SHOTS``."""
        self._env = env
        kept = os.environ.get(WANTED)
        self.folder = Path(kept) / re.sub(r"[^\w.-]+", "-", name).strip("-") if kept else folder / "shots"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.taken: list[Path] = []

    def take(self, what: str) -> Path:
        """The whole screen, at rest where pictures are kept; else as it is, since nobody waits for them."""
        path = self.folder / f"{len(self.taken) + 1:02}-{what}.png"
        if os.environ.get(WANTED):
            self._rest()
        screenshot(self._env).save(path)
        self.taken.append(path)
        return path

    def _rest(self) -> None:
        began = still = time.monotonic()
        before = screenshot(self._env).rows
        while time.monotonic() - still < STILL and time.monotonic() - began < LONGEST:
            time.sleep(0.05)
            now = screenshot(self._env).rows
            if now != before:
                before, still = now, time.monotonic()

    def __enter__(self) -> Shots:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is not None:
            with contextlib.suppress(OSError):  # the screen itself may be what is gone
                self.take("failed")
            kept = "" if os.environ.get(WANTED) else f" (kept with --keep-files, or where {WANTED} names a folder)"
            exc.add_note(f"what the screen showed: {self.folder}{kept}")
