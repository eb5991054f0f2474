"""Keys in the system's keyring and nowhere else, off the loop and without prompts nobody asked for.

Without a keyring a key lives in memory for the session. A key once read stays in memory as a Secret until
it was unused for 15 minutes, was replaced or removed, or the keyring is found locked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.system.keyrings import Keyring, KeyringState, Library, Nowhere, ShutError, Sight, keychain_sight

if TYPE_CHECKING:
    from concurrent.futures import Future

    from trayapp.system.aside import Aside

__all__ = ["Kept", "KeyringState", "Keys", "candidates", "cleaned", "shown"]

T = TypeVar("T")

QUICK = 5.0
"""Seconds for a call that must not prompt."""
PATIENT = 120.0
"""Seconds to wait for the answer to a prompt that the user asked for."""
LONGEST = 16_384
"""Characters; what is longer is a file and not a key."""
WINDOWS_LONGEST = 2560
"""Bytes in UTF-16: CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h."""
OURS = "sk-trayapp-"
"""How the tokens begin that this program makes for tools: the only secrets that are ever shown."""

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_OURS = {
    "linux": ("SecretService", "libsecret", "kwallet"),
    "darwin": ("macOS",),
    "win32": ("Windows",),
}
_KINDS = {KeyringState.LOCKED: Kind.LOCKED, KeyringState.DENIED: Kind.DENIED}


class Kept(StrEnum):
    """Where a key went."""

    KEYRING = "keyring"
    SESSION = "session"
    """In memory, until the program ends: there is no keyring, or it stayed locked."""


class _Copy(Struct):
    secret: Secret
    used: float
    """Monotonic seconds."""
    session: bool = False


class Keys:
    """The keys of all accounts by slot. Made without touching anything; only the awaited calls do.

    Every call is bounded: 5 s, or 120 s where ``may_prompt`` says that the user asked for it. ``know`` hears
    of each key before anybody else, so that logs can strike it out. Errors are ProviderError with LOCKED,
    NO_KEYRING, DENIED or BAD_INPUT and a sentence where the kind alone does not say why.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        forget_after: float = 900.0,
        backend: Keyring | None = None,
        longest: int | None = WINDOWS_LONGEST if sys.platform == "win32" else None,
        know: Callable[[Secret], None] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._forget_after = forget_after
        self._keyring = backend
        self._longest = longest
        self._know = know
        self._env = env
        self._copies: dict[str, _Copy] = {}
        self._forgotten = 0
        """Counts every dropping, so that a read begun before one leaves no copy after it."""
        self._threads: Aside | None = None
        self._looking: Future[Sight] | None = None
        self._prompt: Future[KeyringState] | None = None
        self.reason = ""
        """Why the last look found no keyring, as a sentence."""

    async def look(self) -> KeyringState:
        """The keyring's state now. Never prompts; drops the copies of what was read if it is locked.

        Beside whatever else hangs, and shared by all who ask at the same time.
        """
        looking = None
        try:
            if self._looking is None:
                self._looking = self._aside.start(self._sight)
            looking = self._looking
            sight = await self._aside.wait(looking, limit=QUICK)
        except TimeoutError:
            sight = Sight(KeyringState.NO_SERVICE, _("The keyring does not answer."))
        finally:
            if self._looking is looking:
                self._looking = None
        self.reason = sight.reason
        if sight.state is KeyringState.LOCKED:
            self._found_locked()
        return sight.state

    async def unlock(self) -> KeyringState:
        """Let the system ask for the keyring's password now. Two clicks share one prompt.

        LOCKED if it is still open after two minutes. It stays, and may be answered later.
        """
        state = await self.look()
        if state not in (KeyringState.LOCKED, KeyringState.ABSENT):
            return state
        try:
            if self._prompt is None or self._prompt.done():
                self._prompt = self._aside.start(lambda: self._chosen().unlock())
            return await self._aside.wait(self._prompt, limit=PATIENT)
        except ShutError as shut:
            self.reason = shut.reason
            return shut.state
        except TimeoutError:
            self.reason = _("The keyring's prompt is still open: answer it, and try again.")
            return state

    async def get(self, slot: str, *, may_prompt: bool) -> Secret | None:
        """The key of this slot, None if there is none."""
        self.drop_stale()
        if copy := self._copies.get(slot):
            copy.used = self._clock.monotonic()
            return copy.secret
        state = await self.look()
        if state is KeyringState.LOCKED and may_prompt:
            state = await self.unlock()
        if state is KeyringState.ABSENT:
            return None  # what was never made holds nothing: no reason to ask for one
        self._demand(state, slot)
        before = self._forgotten
        text = await self._ask(slot, lambda: self._chosen().read(slot), may_prompt)
        if not text:
            return None
        secret = self._heard(cleaned(Secret(text), provider=_account(slot)))
        if before == self._forgotten:
            self._copies[slot] = _Copy(secret, self._clock.monotonic())
        return secret

    async def put(self, slot: str, secret: Secret, *, may_prompt: bool = True) -> Kept:
        """Store a key: cleaned, written, read back, compared. Without a usable keyring, for this session."""
        account = _account(slot)
        secret = self._heard(cleaned(secret, longest=self._longest, provider=account))
        state = await self.look()
        if may_prompt and state in (KeyringState.LOCKED, KeyringState.ABSENT):
            state = await self.unlock()
        if state is KeyringState.OK:
            try:
                came_back = await self._ask(slot, partial(self._write, slot, secret), may_prompt)
            except ProviderError as lost:
                self.reason = lost.failure.detail
            else:
                if came_back is None or Secret(came_back) != secret:
                    self.forget(slot)
                    reason = _("The keyring gave back something else than what was stored. Store the key again.")
                    raise ProviderError(Failure(Kind.GARBLED, account, reason))
                self._keep(slot, secret, session=False)
                return Kept.KEYRING
        self._keep(slot, secret, session=True)
        return Kept.SESSION

    async def remove(self, slot: str, *, may_prompt: bool = True) -> None:
        """Delete the key, in the keyring and in memory; that there is none is no error."""
        held_here = self.session_only(slot)
        self.forget(slot)
        state = await self.look()
        if may_prompt and state is KeyringState.LOCKED:
            state = await self.unlock()
        if state is KeyringState.ABSENT or (held_here and state is not KeyringState.OK):
            return
        self._demand(state, slot)
        await self._ask(slot, lambda: self._chosen().delete(slot), may_prompt)
        self.forget(slot)

    def held(self, slot: str) -> Secret | None:
        """The copy in memory, if there is one; waits for nothing, and may be called from any thread."""
        copy = self._copies.get(slot)
        if copy is None:
            return None
        copy.used = self._clock.monotonic()
        return copy.secret

    def session_only(self, slot: str) -> bool:
        """Whether the key will be gone when the program ends."""
        copy = self._copies.get(slot)
        return copy is not None and copy.session

    def forget(self, slot: str | None = None) -> None:
        """Drop what is in memory, of one slot or of all; session keys too."""
        self._forgotten += 1
        if slot is None:
            self._copies.clear()
        else:
            self._copies.pop(slot, None)

    def drop_stale(self) -> None:
        """Drop copies unused for too long. There is no timer for it: an idle program does not wake."""
        limit = self._clock.monotonic() - self._forget_after
        self._copies = {slot: copy for slot, copy in self._copies.items() if copy.session or copy.used > limit}

    def close(self) -> None:
        """Drop every key and let the thread end. Waits for nothing, not even an open prompt."""
        self.forget()
        if self._threads is not None:
            self._threads.close()

    @property
    def _aside(self) -> Aside:
        if self._threads is None:
            from trayapp.system.aside import Aside

            self._threads = Aside("keyring")
        return self._threads

    def _sight(self) -> Sight:
        """On a thread. The first keyring that is there is used from then on."""
        if self._keyring is not None:
            return self._keyring.look()
        first: Sight | None = None
        for keyring in candidates(self._env):
            sight = keyring.look()
            if sight.state is not KeyringState.NO_SERVICE:
                self._keyring = keyring
                return sight
            first = first or sight
        return first or Sight(KeyringState.NO_SERVICE)

    def _chosen(self) -> Keyring:
        if self._keyring is None:
            raise ShutError(KeyringState.NO_SERVICE, self.reason)
        return self._keyring

    def _write(self, slot: str, secret: Secret) -> str | None:
        keyring = self._chosen()
        keyring.write(slot, secret.reveal())
        return keyring.read(slot)

    async def _ask(self, slot: str, work: Callable[[], T], may_prompt: bool) -> T:
        limit = PATIENT if may_prompt and self._chosen().asks else QUICK
        try:
            return await self._aside.run(work, limit=limit)
        except ShutError as shut:
            if shut.state is KeyringState.LOCKED:
                self._found_locked()
            raise _failure(shut.state, slot, shut.reason) from None
        except TimeoutError:
            raise _failure(KeyringState.NO_SERVICE, slot, _("The keyring does not answer.")) from None

    def _demand(self, state: KeyringState, slot: str) -> None:
        if state is not KeyringState.OK:
            raise _failure(state, slot, self.reason)

    def _heard(self, secret: Secret) -> Secret:
        if self._know is not None:
            self._know(secret)
        return secret

    def _keep(self, slot: str, secret: Secret, *, session: bool) -> None:
        self.forget(slot)
        self._copies[slot] = _Copy(secret, self._clock.monotonic(), session)

    def _found_locked(self) -> None:
        self._forgotten += 1
        self._copies = {slot: copy for slot, copy in self._copies.items() if copy.session}


def cleaned(secret: Secret, *, longest: int | None = None, provider: str = "") -> Secret:
    """The key without white space around it and invisible characters in it.

    ``longest`` is what the system's store takes, in bytes of UTF-16. ProviderError with BAD_INPUT, in
    words, for what can be no key: nothing, a line break inside, letters that no header can carry.
    """
    text = secret.reveal().translate(_ZERO_WIDTH).strip()
    problem = ""
    if not text:
        problem = _("The key is empty.")
    elif any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        problem = _("There is a line break or another control character in the key. Copy it again, in one piece.")
    elif not text.isascii():
        problem = _("There are letters in the key that no key has, such as dots of a hidden one. Copy it again.")
    elif len(text) > LONGEST:
        problem = _("This is too long for a key: {n} characters.").format(n=len(text))
    elif longest is not None and 2 * len(text) > longest:
        problem = _("The key has {n} characters, and the system's store takes {most}.").format(
            n=len(text), most=longest // 2
        )
    if problem:
        raise ProviderError(Failure(Kind.BAD_INPUT, provider, problem))
    return Secret(text)


def shown(token: Secret) -> str:
    """A token of our own as text, for the clipboard or standard output, because its user asked to see it.

    Raises ValueError for anything else: no provider's key comes out this way.
    """
    text = token.reveal()
    if not text.startswith(OURS):
        raise ValueError("this is no token of trayapp's")
    return text


def candidates(env: Mapping[str, str] | None = None, platform: str = sys.platform) -> Iterator[Keyring]:
    """The keyrings of this system that encrypt what they hold, best first; imports only what it gives.

    What ``keyring`` would choose by itself may be a plain-text file or nothing at all.
    """
    import os

    env = os.environ if env is None else env
    wanted = env.get("PYTHON_KEYRING_BACKEND", "")
    if wanted and not wanted.startswith(tuple(f"keyring.backends.{name}." for name in _OURS.get(platform, ()))):
        reason = _("PYTHON_KEYRING_BACKEND is set to {name}, which is no keyring that trayapp trusts.")
        yield Nowhere(reason.format(name=wanted))
    elif platform == "linux":
        from trayapp.system.secret_service import SecretService, wallet_sight

        bus = env.get("DBUS_SESSION_BUS_ADDRESS", "")
        yield SecretService(bus, display=bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")))
        sight = partial(wallet_sight, bus)
        if sight().state is not KeyringState.NO_SERVICE:
            yield _library("kwallet", "DBusKeyring", sight)
    elif platform == "darwin":
        yield _library("macOS", "Keyring", keychain_sight)
    elif platform == "win32":
        yield _library("Windows", "WinVaultKeyring", partial(Sight, KeyringState.OK))  # it is never locked
    else:
        yield Nowhere(_("trayapp knows no keyring of this system."))


def _library(module: str, name: str, sight: Callable[[], Sight]) -> Keyring:
    """A backend of the ``keyring`` library by name, without the scan of every installed package."""
    from importlib import import_module

    from keyring import errors

    found = import_module(f"keyring.backends.{module}")
    backend = getattr(found, name)
    below = (("pywintypes", "error"), ("dbus", "DBusException"))  # errors that the library does not translate
    others = (getattr(getattr(found, of, None), error, OSError) for of, error in below)
    try:
        backend.priority  # raises where it cannot work here  # noqa: B018
        return Library(backend(), errors, sight, tuple(others))
    except RuntimeError as why:
        return Nowhere(_("The keyring cannot be used: {why}.").format(why=why))


def _account(slot: str) -> str:
    return slot.partition("@")[0]


def _failure(state: KeyringState, slot: str, reason: str) -> ProviderError:
    return ProviderError(Failure(_KINDS.get(state, Kind.NO_KEYRING), _account(slot), reason))
