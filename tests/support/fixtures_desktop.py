"""Fixtures of a private desktop. What is not installed is a skip that names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import desktop as parts
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.snihost import SniHost


@pytest.fixture
def desk(request: pytest.FixtureRequest, home: Path) -> Iterator[dict[str, str]]:
    """Environment for programs on a screen and a session bus of their own.

    There is no keyring, unless the test also asks for ``desk_keyring``.
    """
    vault = parts.Vault.UNLOCKED if "desk_keyring" in request.fixturenames else parts.Vault.NONE
    try:
        with parts.desktop(vault, folder=home) as env:
            yield env
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def desk_keyring(desk: dict[str, str]) -> dict[str, str]:
    """``desk`` with gnome-keyring on it, unlocked; its password is “test”."""
    return desk


@pytest.fixture
def bare_bus(home: Path) -> Iterator[dict[str, str]]:
    """A home and a session bus that can show gnome-keyring's prompts, and nothing else: no screen."""
    try:
        with parts.home(home) as env, parts.session_bus(env, (parts.PROMPTER,)) as env:
            yield env
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def vault(bare_bus: dict[str, str]) -> Iterator[GnomeKeyring]:
    """gnome-keyring on a bus without a screen, unlocked and under the test's control."""
    try:
        with parts.keyring(bare_bus) as daemon:
            yield daemon
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def sni(desk: dict[str, str]) -> Iterator[SniHost]:
    """A tray host on ``desk``'s bus, already there before the program starts."""
    with SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
        yield host


@pytest.fixture
def notifications(desk: dict[str, str]) -> Iterator[Notifications]:
    """Keeps the notifications shown on ``desk``."""
    with Notifications(desk["DBUS_SESSION_BUS_ADDRESS"]) as service:
        yield service


@pytest.fixture
def pointer(desk: dict[str, str]) -> Pointer:
    """A pointer and keyboard on ``desk``'s screen."""
    try:
        return Pointer(desk)
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))
