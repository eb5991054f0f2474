"""Which keyring is used where, and what the ``keyring`` library's backends are held to."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from jeepney import Message
from keyring import errors

from tests.support import desktop
from tests.support.clock import FakeClock
from tests.support.dbus_server import DbusServer, Reply, member_of
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.system import keys as module
from trayapp.system.keyrings import KeyringState, Library, Nowhere, ShutError, Sight, keychain_sight
from trayapp.system.keys import Kept, Keys, candidates
from trayapp.system.secret_service import SecretService, wallet_sight

SLOT = "openai@https://api.openai.com:443"


class Backend:
    """A backend of the ``keyring`` library that keeps entries in memory, or raises what it is told to."""

    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.raises: Exception | None = None

    def get_password(self, service: str, name: str) -> str | None:
        if self.raises:
            raise self.raises
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        if self.raises:
            raise self.raises
        self.entries[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        if (service, name) not in self.entries:
            raise errors.PasswordDeleteError("not there")
        del self.entries[service, name]


def library(backend: Backend, state: KeyringState = KeyringState.OK) -> Library:
    return Library(backend, errors, lambda: Sight(state))


@pytest.mark.parametrize(
    "name",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "keyrings.alt.file.PlaintextKeyring",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.SecretServiceButNot.Keyring",
    ],
)
async def test_what_keeps_keys_in_plain_text_or_not_at_all_is_no_keyring(clock: FakeClock, name: str) -> None:
    [chosen] = candidates({"PYTHON_KEYRING_BACKEND": name}, "linux")
    assert isinstance(chosen, Nowhere)
    keys = Keys(clock=clock, env={"PYTHON_KEYRING_BACKEND": name}, backend=chosen)
    assert await keys.look() is KeyringState.NO_SERVICE
    assert name in keys.reason
    assert await keys.unlock() is KeyringState.NO_SERVICE
    assert await keys.put(SLOT, Secret("sk-one")) is Kept.SESSION
    keys.close()


@pytest.mark.parametrize("use", ["read", "write", "delete"])
def test_nowhere_refuses_with_its_reason(use: str) -> None:
    arguments = ("slot", "text") if use == "write" else ("slot",)
    with pytest.raises(ShutError) as shut:
        getattr(Nowhere("because"), use)(*arguments)
    assert (shut.value.state, shut.value.reason) == (KeyringState.NO_SERVICE, "because")


def test_linux_uses_the_secret_service_and_does_not_import_the_library() -> None:
    code = (
        "import sys; from trayapp.system.keys import candidates;"
        "print([type(one).__name__ for one in candidates({}, 'linux')], 'keyring' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=desktop.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['SecretService'] False"


def test_importing_keys_costs_a_launch_next_to_nothing() -> None:
    heavy = ["asyncio", "concurrent", "ctypes", "jeepney", "keyring", "queue", "secretstorage"]
    code = f"import sys, trayapp.system.keys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=desktop.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_naming_the_secret_service_is_allowed() -> None:
    [chosen] = candidates({"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}, "linux")
    assert isinstance(chosen, SecretService)


@pytest.mark.parametrize(
    ("platform", "module_name", "class_name"),
    [("darwin", "macOS", "Keyring"), ("win32", "Windows", "WinVaultKeyring")],
)
def test_macos_and_windows_use_their_own(
    monkeypatch: pytest.MonkeyPatch, platform: str, module_name: str, class_name: str
) -> None:
    fake: Any = SimpleNamespace(**{class_name: Backend})
    monkeypatch.setattr(module, "keychain_sight", lambda: Sight(KeyringState.OK))
    monkeypatch.setitem(sys.modules, f"keyring.backends.{module_name}", fake)
    [chosen] = candidates({}, platform)
    assert isinstance(chosen, Library)
    assert chosen.look() == Sight(KeyringState.OK)
    chosen.write(SLOT, "sk-one")
    assert chosen.read(SLOT) == "sk-one"
    chosen.delete(SLOT)
    chosen.delete(SLOT)
    assert chosen.read(SLOT) is None
    assert chosen.unlock() is KeyringState.OK


def test_a_backend_that_cannot_work_here_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    class Meta(type):
        @property
        def priority(cls) -> float:
            raise RuntimeError("pywin32 is missing")

    class Cannot(metaclass=Meta): ...

    monkeypatch.setitem(sys.modules, "keyring.backends.Windows", SimpleNamespace(WinVaultKeyring=Cannot))
    [chosen] = candidates({}, "win32")
    assert chosen.look() == Sight(KeyringState.NO_SERVICE, "The keyring cannot be used: pywin32 is missing.")


def test_what_windows_lets_through_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class WinError(Exception): ...

    class Full(Backend):
        def set_password(self, service: str, name: str, text: str) -> None:
            raise WinError(1783, "CredWrite", "The stub received bad data")

    fake: Any = SimpleNamespace(WinVaultKeyring=Full, pywintypes=SimpleNamespace(error=WinError))
    monkeypatch.setitem(sys.modules, "keyring.backends.Windows", fake)
    [chosen] = candidates({}, "win32")
    with pytest.raises(ShutError, match="refused"):
        chosen.write(SLOT, "sk-one")


@pytest.mark.parametrize(
    ("code", "status", "state"),
    [(0, 7, KeyringState.OK), (0, 6, KeyringState.LOCKED), (-25307, 0, KeyringState.ABSENT), (-1, 0, KeyringState.OK)],
)
def test_the_keychain_is_looked_at_without_a_prompt(code: int, status: int, state: KeyringState) -> None:
    def get_status(keychain: None, pointer: Any) -> int:
        pointer._obj.value = status
        return code

    assert keychain_sight(SimpleNamespace(SecKeychainGetStatus=get_status)) == Sight(state)


def test_an_unknown_system_has_no_keyring() -> None:
    [chosen] = candidates({}, "plan9")
    assert chosen.look().state is KeyringState.NO_SERVICE


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (errors.KeyringLocked("sk-one"), KeyringState.DENIED),
        (errors.InitError("sk-one"), KeyringState.NO_SERVICE),
        (errors.NoKeyringError("sk-one"), KeyringState.NO_SERVICE),
        (errors.PasswordSetError("sk-one"), KeyringState.NO_SERVICE),
        (OSError(8, "sk-one"), KeyringState.NO_SERVICE),
    ],
)
def test_each_error_of_the_library_is_a_state_and_its_text_is_left_out(raised: Exception, state: KeyringState) -> None:
    backend = Backend()
    backend.raises = raised
    with pytest.raises(ShutError) as shut:
        library(backend).write(SLOT, "sk-one")
    assert shut.value.state is state
    assert "sk-one" not in str(shut.value)
    assert shut.value.__suppress_context__


async def test_where_reading_itself_asks_a_click_has_more_time(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(module, "QUICK", 0.05)
    answered = threading.Event()

    class Slow(Backend):
        def get_password(self, service: str, name: str) -> str | None:
            answered.wait(0.3)
            return "sk-one"

    keys = Keys(clock=clock, backend=library(Slow()))
    assert await keys.get(SLOT, may_prompt=True) == Secret("sk-one")
    keys.forget()
    with pytest.raises(ProviderError) as caught:
        await keys.get(SLOT, may_prompt=False)
    assert caught.value.failure.kind is Kind.NO_KEYRING
    answered.set()
    keys.close()


@pytest.mark.parametrize(("opened", "state"), [(True, KeyringState.OK), (False, KeyringState.LOCKED)])
def test_kdes_wallet_is_looked_at_without_opening_it(
    bare_bus: dict[str, str], opened: bool, state: KeyringState
) -> None:
    asked: list[str] = []

    def answer(message: Message) -> Reply:
        asked.append(member_of(message))
        return {"networkWallet": ("s", ("kdewallet",)), "isOpen": ("b", (opened,))}[member_of(message)]

    address = bare_bus["DBUS_SESSION_BUS_ADDRESS"]
    assert wallet_sight(address).state is KeyringState.NO_SERVICE
    with DbusServer(address, "org.kde.kwalletd5", answer):
        assert wallet_sight(address) == Sight(state)
    assert asked == ["networkWallet", "isOpen"]


def test_without_a_bus_there_is_no_wallet() -> None:
    assert wallet_sight("unix:path=/nowhere").state is KeyringState.NO_SERVICE
