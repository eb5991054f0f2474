"""Fixtures of a private desktop. What is not installed is a skip that names it.

The parts speak D-Bus through a library that only Linux has, so they are imported by who asks for one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gnome_keyring import GnomeKeyring
    from tests.support.notifications import Notifications
    from tests.support.pointer import Pointer
    from tests.support.snihost import SniHost


@contextmanager
def or_skip() -> Iterator[None]:
    if not sys.platform.startswith("linux"):
        pytest.skip(f"the private desktop needs Linux, this is {sys.platform}")
    from tests.support.desktop import MissingProgramError

    try:
        yield
    except MissingProgramError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def desk(request: pytest.FixtureRequest, home: Path) -> Iterator[dict[str, str]]:
    """Environment for programs on a screen and a session bus of their own.

    There is no keyring, unless the test also asks for ``desk_keyring``.
    """
    with or_skip():
        from tests.support import desktop as parts

        vault = parts.Vault.UNLOCKED if "desk_keyring" in request.fixturenames else parts.Vault.NONE
        with parts.desktop(vault, folder=home) as env:
            yield env


@pytest.fixture
def desk_keyring(desk: dict[str, str]) -> dict[str, str]:
    """``desk`` with gnome-keyring on it, unlocked; its password is “test”."""
    return desk


@pytest.fixture
def bare_bus(home: Path) -> Iterator[dict[str, str]]:
    """A home and a session bus that can show gnome-keyring's prompts, and nothing else: no screen."""
    with or_skip():
        from tests.support import desktop as parts

        with parts.home(home) as env, parts.session_bus(env, (parts.PROMPTER,)) as env:
            yield env


@pytest.fixture
def vault(bare_bus: dict[str, str]) -> Iterator[GnomeKeyring]:
    """gnome-keyring on a bus without a screen, unlocked and under the test's control."""
    with or_skip():
        from tests.support import desktop as parts

        with parts.keyring(bare_bus) as daemon:
            yield daemon


@pytest.fixture
def sni(desk: dict[str, str]) -> Iterator[SniHost]:
    """A tray host on ``desk``'s bus, already there before the program starts."""
    from tests.support.snihost import SniHost

    with SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
        yield host


@pytest.fixture
def notifications(desk: dict[str, str]) -> Iterator[Notifications]:
    """Keeps the notifications shown on ``desk``."""
    from tests.support.notifications import Notifications

    with Notifications(desk["DBUS_SESSION_BUS_ADDRESS"]) as service:
        yield service


@pytest.fixture
def pointer(desk: dict[str, str]) -> Iterator[Pointer]:
    """A pointer and keyboard on ``desk``'s screen."""
    with or_skip():
        from tests.support.pointer import Pointer

        yield Pointer(desk)
