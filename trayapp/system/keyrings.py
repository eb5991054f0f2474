"""What a keyring is to this program: its states, and the few calls that each system's has to answer."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import ModuleType
from typing import Any, Protocol

from msgspec import Struct

from trayapp.core.language import _

SERVICE = "trayapp"
"""The service name of every entry; the user name is the slot (``core.accounts.key_slot``)."""


class KeyringState(StrEnum):
    """What can be done with the keyring at this moment."""

    OK = "ok"
    LOCKED = "locked"
    """It is there, and its password has not been given."""
    ABSENT = "absent"
    """The service runs, but no keyring was ever made: writing would ask to make one."""
    NO_SERVICE = "no-service"
    DENIED = "denied"
    """The prompt was closed."""


class Sight(Struct, frozen=True):
    """The outcome of a look: the state, and a sentence where the state alone does not say why."""

    state: KeyringState
    reason: str = ""


class ShutError(Exception):
    """A keyring did not do what it was asked, because it is in this state."""

    def __init__(self, state: KeyringState, reason: str = "") -> None:
        super().__init__(f"{state}: {reason}")
        self.state = state
        self.reason = reason


class Keyring(Protocol):
    """One system's keyring. Everything blocks and is called on other threads; errors are ShutError.

    ``asks``: reading and writing may open the system's prompt by themselves. Where it is False only
    ``unlock`` does, which comes back when the prompt was answered.
    """

    asks: bool

    def look(self) -> Sight: ...
    def unlock(self) -> KeyringState: ...
    def read(self, slot: str) -> str | None: ...
    def write(self, slot: str, text: str) -> None: ...
    def delete(self, slot: str) -> None: ...


class Nowhere:
    """No keyring, and why."""

    asks = False

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def look(self) -> Sight:
        return Sight(KeyringState.NO_SERVICE, self._reason)

    def unlock(self) -> KeyringState:
        return KeyringState.NO_SERVICE

    def read(self, slot: str) -> str | None:
        raise self._shut()

    def write(self, slot: str, text: str) -> None:
        raise self._shut()

    def delete(self, slot: str) -> None:
        raise self._shut()

    def _shut(self) -> ShutError:
        return ShutError(KeyringState.NO_SERVICE, self._reason)


class Library:
    """A backend of the ``keyring`` library: the Keychain, Windows' store, KWallet.

    ``errors`` is the library's module of that name, ``others`` what its backend lets through from below.
    """

    asks = True

    def __init__(
        self,
        backend: Any,
        errors: ModuleType,
        sight: Callable[[], Sight],
        others: tuple[type[Exception], ...] = (),
    ) -> None:
        self._backend = backend
        self._errors = errors
        self._sight = sight
        self._others = (errors.KeyringError, OSError, *others)

    def look(self) -> Sight:
        return self._sight()

    def unlock(self) -> KeyringState:
        """Reading what is not there is what makes these systems ask; they have no call for it alone."""
        self.read("unlock")
        return self._sight().state

    def read(self, slot: str) -> str | None:
        text = self._call(self._backend.get_password, slot)
        return text if isinstance(text, str) else None

    def write(self, slot: str, text: str) -> None:
        self._call(self._backend.set_password, slot, text)

    def delete(self, slot: str) -> None:
        # Backends raise the same error for "was not there" and "would not".
        if self.read(slot) is not None:
            self._call(self._backend.delete_password, slot)

    def _call(self, call: Callable[..., Any], *args: str) -> Any:
        errors = self._errors
        try:
            return call(SERVICE, *args)
        except errors.KeyringLocked:
            # Raised after the system has asked: the user said no.
            raise ShutError(KeyringState.DENIED) from None
        except (errors.InitError, errors.NoKeyringError):
            raise ShutError(KeyringState.NO_SERVICE, _("The keyring could not be opened.")) from None
        except self._others:
            # Their texts come from the system and are left out: a write's may quote what was written.
            raise ShutError(KeyringState.NO_SERVICE, _("The keyring refused the request.")) from None


def keychain_sight(security: Any = None) -> Sight:
    """The state of the default keychain of macOS, which no prompt is needed for.

    SecKeychain.h of Security.framework: SecKeychainGetStatus, kSecUnlockStateStatus (1), errSecNoDefaultKeychain.
    """
    import ctypes

    if security is None:
        security = ctypes.CDLL("/System/Library/Frameworks/Security.framework/Security")
    status = ctypes.c_uint32()
    code = security.SecKeychainGetStatus(None, ctypes.byref(status))
    if code == -25307:
        return Sight(KeyringState.ABSENT)
    return Sight(KeyringState.LOCKED if code == 0 and not status.value & 1 else KeyringState.OK)
