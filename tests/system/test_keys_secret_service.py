"""Keys on a real Secret Service: gnome-keyring on a private bus, open, locked, new, frozen and gone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import desktop
from tests.support.clock import FakeClock
from tests.support.dbus_server import DbusServer
from tests.support.gnome_keyring import GnomeKeyring
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.system import keys as module
from trayapp.system.keyrings import KeyringState, ShutError, Sight
from trayapp.system.keys import Kept, Keys
from trayapp.system.secret_service import NAME, SecretService

SLOT = "openai@https://api.openai.com:443"


@pytest.fixture
def service(bare_bus: dict[str, str]) -> SecretService:
    return SecretService(bare_bus["DBUS_SESSION_BUS_ADDRESS"], display=False)


@pytest.fixture
def new_keys(clock: FakeClock, bare_bus: dict[str, str]) -> Iterator[Callable[[], Keys]]:
    """Each call is a program that has just been started."""
    made: list[Keys] = []

    def build() -> Keys:
        made.append(Keys(clock=clock, env=bare_bus))
        return made[-1]

    yield build
    for keys in made:
        keys.close()


async def test_a_key_is_stored_found_by_the_next_program_replaced_and_removed(
    new_keys: Callable[[], Keys], vault: GnomeKeyring, canary: str
) -> None:
    keys = new_keys()
    assert await keys.look() is KeyringState.OK
    assert await keys.get(SLOT, may_prompt=False) is None
    assert await keys.put(SLOT, Secret(f" {canary}\n")) is Kept.KEYRING
    assert await new_keys().get(SLOT, may_prompt=False) == Secret(canary)
    assert await keys.put(SLOT, Secret("sk-second")) is Kept.KEYRING
    assert await new_keys().get(SLOT, may_prompt=False) == Secret("sk-second")
    assert len(vault.items()) == 1
    await keys.remove(SLOT)
    await keys.remove(SLOT)
    assert vault.items() == []
    assert await new_keys().get(SLOT, may_prompt=False) is None


async def test_the_entry_can_be_told_apart_in_a_password_program(
    new_keys: Callable[[], Keys], vault: GnomeKeyring
) -> None:
    await new_keys().put(SLOT, Secret("sk-one"))
    [(label, attributes)] = vault.items()
    assert label == f"API key for {SLOT} (trayapp)"
    assert attributes["service"] == "trayapp"
    assert attributes["username"] == SLOT


async def test_a_key_survives_a_restart_of_the_service_and_then_waits_for_the_password(
    new_keys: Callable[[], Keys], vault: GnomeKeyring, canary: str
) -> None:
    keys = new_keys()
    await keys.put(SLOT, Secret(canary))
    vault.end()
    vault.start(None)
    assert await keys.look() is KeyringState.LOCKED
    vault.unlock("test")
    assert await keys.get(SLOT, may_prompt=False) == Secret(canary)


def test_a_locked_keyring_without_a_screen_says_so_at_once(vault: GnomeKeyring, service: SecretService) -> None:
    service.write(SLOT, "sk-one")
    vault.lock()
    assert service.look() == Sight(KeyringState.LOCKED)
    assert service.unlock() is KeyringState.LOCKED
    uses: list[Callable[[], object]] = [
        lambda: service.read(SLOT),
        lambda: service.write(SLOT, "x"),
        lambda: service.delete(SLOT),
    ]
    for use in uses:
        with pytest.raises(ShutError) as shut:
            use()
        assert shut.value.state is KeyringState.LOCKED
    vault.unlock("test")
    assert service.read(SLOT) == "sk-one"


async def test_a_locked_keyring_takes_the_copies_along_and_keeps_session_keys(
    new_keys: Callable[[], Keys], vault: GnomeKeyring
) -> None:
    keys = new_keys()
    await keys.put(SLOT, Secret("sk-one"))
    vault.lock()
    assert await keys.put("other@x", Secret("sk-two")) is Kept.SESSION
    with pytest.raises(ProviderError) as caught:
        await keys.get(SLOT, may_prompt=True)
    assert caught.value.failure.kind is Kind.LOCKED
    assert await keys.get("other@x", may_prompt=False) == Secret("sk-two")


async def test_a_keyring_never_made_is_absent_and_nothing_makes_one_unasked(
    new_keys: Callable[[], Keys], bare_bus: dict[str, str]
) -> None:
    keys = new_keys()
    with desktop.keyring(bare_bus, desktop.Vault.NEVER) as vault:
        assert await keys.look() is KeyringState.ABSENT
        assert await keys.get(SLOT, may_prompt=True) is None
        assert await keys.put(SLOT, Secret("sk-one")) is Kept.SESSION
        vault.create("test")
        assert await keys.look() is KeyringState.OK
        assert await keys.put(SLOT, Secret("sk-one")) is Kept.KEYRING


@pytest.mark.parametrize("address", [None, "", "unix:path=/nowhere", "tcp:host=127.0.0.1,port=1", "nonsense"])
async def test_without_a_bus_there_is_no_keyring(clock: FakeClock, address: str | None) -> None:
    keys = Keys(clock=clock, env={} if address is None else {"DBUS_SESSION_BUS_ADDRESS": address})
    assert await keys.look() is KeyringState.NO_SERVICE
    assert keys.reason == "There is no session bus, so no keyring either."
    assert await keys.put(SLOT, Secret("sk-one")) is Kept.SESSION
    keys.close()


async def test_a_keyring_that_comes_later_is_found(new_keys: Callable[[], Keys], bare_bus: dict[str, str]) -> None:
    keys = new_keys()
    assert await keys.look() is KeyringState.NO_SERVICE
    assert keys.reason == "No keyring program runs in this session."
    with desktop.keyring(bare_bus):
        assert await keys.look() is KeyringState.OK
        assert keys.reason == ""
    assert await keys.look() is KeyringState.NO_SERVICE


async def test_a_service_that_ends_between_the_look_and_the_read(
    clock: FakeClock, vault: GnomeKeyring, service: SecretService
) -> None:
    class Ends(SecretService):
        def look(self) -> Sight:
            sight = super().look()
            vault.end()
            return sight

    keys = Keys(clock=clock, backend=Ends(service._address, display=False))
    with pytest.raises(ProviderError) as caught:
        await keys.get(SLOT, may_prompt=False)
    assert caught.value.failure.kind is Kind.NO_KEYRING
    keys.close()


async def test_a_frozen_service_costs_a_bounded_wait_and_nothing_afterwards(
    clock: FakeClock, bare_bus: dict[str, str], vault: GnomeKeyring
) -> None:
    keys = Keys(clock=clock, backend=SecretService(bare_bus["DBUS_SESSION_BUS_ADDRESS"], limit=0.2))
    await keys.put(SLOT, Secret("sk-one"))
    vault.freeze()
    async with asyncio.timeout(2):
        assert await keys.look() is KeyringState.NO_SERVICE
    assert keys.reason == "The keyring does not answer."
    vault.thaw()
    keys.forget()
    assert await keys.get(SLOT, may_prompt=False) == Secret("sk-one")
    keys.close()


def test_another_programs_refusal_is_said_without_its_text(bare_bus: dict[str, str]) -> None:
    def answer(message: object) -> None:
        raise LookupError("sk-proj-secret of somebody")

    address = bare_bus["DBUS_SESSION_BUS_ADDRESS"]
    with DbusServer(address, NAME, answer):
        sight = SecretService(address).look()
    assert sight == Sight(KeyringState.NO_SERVICE, "The keyring refused (UnknownMethod).")


def test_a_service_that_never_answers_is_waited_for_once_in_all(bare_bus: dict[str, str]) -> None:
    address = bare_bus["DBUS_SESSION_BUS_ADDRESS"]
    with DbusServer(address, NAME, lambda message: None):
        assert SecretService(address, limit=0.1).look().reason == "The keyring does not answer."


async def test_entries_are_those_of_the_keyring_library(
    new_keys: Callable[[], Keys], vault: GnomeKeyring, service: SecretService
) -> None:
    """So that ``keyring get trayapp SLOT`` works, and what was stored with it is replaced and not doubled."""
    backend = "--keyring-backend", "keyring.backends.SecretService.Keyring"

    def library(*args: str, typed: str = "") -> str:
        command = [sys.executable, "-m", "keyring", *backend, *args]
        done = subprocess.run(
            command, env=vault.env, input=typed, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout.strip()

    await asyncio.to_thread(library, "set", "trayapp", SLOT, typed="sk-by-library\n")
    assert await new_keys().get(SLOT, may_prompt=False) == Secret("sk-by-library")
    await new_keys().put(SLOT, Secret("sk-ours"))
    assert len(vault.items()) == 1
    assert await asyncio.to_thread(library, "get", "trayapp", SLOT) == "sk-ours"
    await asyncio.sleep(1.1)  # gnome-keyring notes the time of a change in whole seconds
    await asyncio.to_thread(library, "set", "trayapp", SLOT, typed="sk-newer\n")
    assert service.read(SLOT) == "sk-newer"


def test_a_program_that_uses_it_does_not_stall_and_imports_it_late(vault: GnomeKeyring) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.keyring_probe", "cycle", "20"],
        env=vault.env,
        cwd=desktop.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["first"] == ["ok", "keyring"]
    assert seen["same"]
    assert seen["gone"]
    assert seen["late_imports"] == ["jeepney", "secretstorage"]
    assert seen["median_ms"]["look"] < 50
    assert max(seen["import_gap_ms"], seen["gap_ms"]) < 250, seen  # some 20 ms; a blocked loop would show 500


def test_what_may_not_prompt_has_less_time_than_what_may() -> None:
    assert module.QUICK < module.PATIENT


def test_no_key_is_in_the_files_of_the_keyring(vault: GnomeKeyring, service: SecretService, canary: str) -> None:
    service.write(SLOT, canary)
    files = [path for path in Path(vault.env["XDG_DATA_HOME"]).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if canary.encode() in path.read_bytes()]
