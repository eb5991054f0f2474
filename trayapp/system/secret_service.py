"""The Secret Service of a Linux desktop: looked at without a prompt, unlocked only when asked to.

Spoken to directly and not through ``keyring``, whose calls unlock by themselves and then wait without end.
Entries carry the attributes that ``keyring`` searches for, so ``keyring get trayapp SLOT`` finds them.
Everything here blocks, for ``limit`` seconds a question at most; ``unlock`` until its prompt is answered.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, HeaderFields, MatchRule, Message, MessageType, new_method_call
from jeepney.bus import get_bus
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, prep_socket

from trayapp.core.language import _
from trayapp.system.keyrings import SERVICE, KeyringState, ShutError, Sight

NAME = "org.freedesktop.secrets"
_SERVICE = DBusAddress("/org/freedesktop/secrets", NAME, "org.freedesktop.Secret.Service")
_COLLECTION = "org.freedesktop.Secret.Collection"
_PROMPT = "org.freedesktop.Secret.Prompt"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_NOTHING = "/"
_GONE = tuple(
    f"org.freedesktop.DBus.Error.{name}" for name in ("ServiceUnknown", "NoReply", "Disconnected", "NameHasNoOwner")
)


class SecretService:
    """GNOME's keyring, KDE's (it speaks the same since Frameworks 5.97), KeePassXC's: whoever has the name.

    ``bus`` is an address, or ``SESSION`` for the one in the environment. ``display``: whether a prompt would
    be seen by who asks; without one nothing is ever asked, since the prompt could open on a screen elsewhere.
    """

    asks = False

    def __init__(self, bus: str = "SESSION", *, display: bool = True, limit: float = 4.0) -> None:
        self._address = bus
        self._display = display
        self._limit = limit

    def look(self) -> Sight:
        """Which state it is in; some 2 ms. Never prompts, and reads nothing that is encrypted."""
        try:
            with self._bus() as bus:
                path = _default(bus)
                return Sight(_state(bus, path))
        except ShutError as shut:
            return Sight(shut.state, shut.reason)

    def unlock(self) -> KeyringState:
        """Let the service ask for the password, or for a new one where there is no keyring yet.

        Comes back when the prompt is answered, closed (DENIED) or gone with its service, however long that takes.
        """
        with self._bus() as bus:
            path = _default(bus)
            state = _state(bus, path)
            if state is KeyringState.OK or not self._display:
                return state
            if state is KeyringState.ABSENT:
                named = {f"{_COLLECTION}.Label": ("s", _("Default keyring"))}
                prompt = _call(bus, _SERVICE, "CreateCollection", "a{sv}s", (named, "default"))[1]
            else:
                prompt = _call(bus, _SERVICE, "Unlock", "ao", ([path],))[1]
            if prompt != _NOTHING and not _answered(bus, prompt):
                return KeyringState.DENIED
            state = _state(bus, _default(bus))
            return state if state is KeyringState.OK else KeyringState.DENIED

    def read(self, slot: str) -> str | None:
        """The text of the newest entry of this slot. ShutError rather than a prompt."""
        with self._collection() as collection:
            items = list(collection.search_items(_query(slot)))
            if len(items) > 1:  # another program wrote one with other attributes
                items.sort(key=lambda item: item.get_modified(), reverse=True)
            return items[0].get_secret().decode() if items else None

    def write(self, slot: str, text: str) -> None:
        """Make or replace the entry of this slot. ShutError rather than a prompt."""
        label = _("API key for {slot} (trayapp)").format(slot=slot)
        with self._collection() as collection:
            attributes = {**_query(slot), "application": SERVICE}
            written = collection.create_item(label, attributes, text.encode(), replace=True)
            for item in collection.search_items(_query(slot)):
                if item.item_path != written.item_path:
                    item.delete()

    def delete(self, slot: str) -> None:
        """Delete every entry of this slot; that there is none is no error."""
        with self._collection() as collection:
            for item in list(collection.search_items(_query(slot))):
                item.delete()

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        """The default collection as an object whose methods raise where ``keyring``'s would prompt."""
        from secretstorage import Collection, exceptions

        with self._bus() as bus:
            path = _default(bus)
            if (state := _state(bus, path)) is not KeyringState.OK:
                raise ShutError(state)
            try:
                yield Collection(bus, path)
            except exceptions.LockedException:
                raise ShutError(KeyringState.LOCKED) from None
            except exceptions.SecretStorageException:
                raise _silent() from None

    @contextmanager
    def _bus(self) -> Iterator[_Bounded]:
        """A connection of its own for one question. ShutError for a bus or a service that is not there."""
        try:
            bus = _Bounded(get_bus(self._address), self._limit)
        except (KeyError, ValueError, RuntimeError, StopIteration, OSError):
            raise ShutError(KeyringState.NO_SERVICE, _("There is no session bus, so no keyring either.")) from None
        try:
            with bus:
                yield bus
        except DBusErrorResponse as refused:
            raise _refused(refused) from None
        except OSError:  # TimeoutError is one
            raise _silent() from None


class _Bounded(DBusConnection):  # type: ignore[misc]  # jeepney has no types
    """A connection for ``limit`` seconds in all, whoever makes the calls: secretstorage sets no limits."""

    def __init__(self, path: str, limit: float) -> None:
        self._limit = limit
        self.renew()
        super().__init__(prep_socket(path, timeout=limit))

    def renew(self) -> None:
        """Let the time begin anew, after a prompt."""
        self._deadline = time.monotonic() + self._limit

    def send_and_get_reply(self, message: Message, *, timeout: float | None = None, **more: Any) -> Any:
        left = max(0.0, self._deadline - time.monotonic())
        return super().send_and_get_reply(message, timeout=left if timeout is None else timeout, **more)


def wallet_sight(bus: str = "SESSION", daemon: str = "kwalletd5", limit: float = 2.0) -> Sight:
    """The state of KDE's wallet, for desktops where it does not offer the Secret Service. Never prompts."""
    missing = Sight(KeyringState.NO_SERVICE, _("No keyring program runs in this session."))
    wallet = DBusAddress(f"/modules/{daemon}", f"org.kde.{daemon}", "org.kde.KWallet")
    try:
        with SecretService(bus, limit=limit)._bus() as connection:
            if not _call(connection, message_bus, "NameHasOwner", "s", (wallet.bus_name,))[0]:
                return missing
            name = _call(connection, wallet, "networkWallet")[0]
            opened = _call(connection, wallet, "isOpen", "s", (name,))[0]
    except ShutError:
        return missing
    return Sight(KeyringState.OK if opened else KeyringState.LOCKED)


def _query(slot: str) -> dict[str, str]:
    return {"service": SERVICE, "username": slot}


def _default(bus: DBusConnection) -> str:
    """Object path of the default collection, ``/`` if there is none; starts the service where the bus can."""
    running = _call(bus, message_bus, "NameHasOwner", "s", (NAME,))[0]
    if not running and NAME not in _call(bus, message_bus, "ListActivatableNames")[0]:
        raise ShutError(KeyringState.NO_SERVICE, _("No keyring program runs in this session."))
    return str(_call(bus, _SERVICE, "ReadAlias", "s", ("default",))[0])


def _state(bus: DBusConnection, path: str) -> KeyringState:
    if path == _NOTHING:
        return KeyringState.ABSENT
    collection = DBusAddress(path, NAME, _PROPERTIES)
    locked = _call(bus, collection, "Get", "ss", (_COLLECTION, "Locked"))[0][1]
    return KeyringState.LOCKED if locked else KeyringState.OK


def _answered(bus: _Bounded, path: str) -> bool:
    """Show a prompt and wait for its end; whether the user went through with it.

    WORKAROUND: nothing takes back a prompt that stays open. gnome-keyring 42.1 aborts when ``Dismiss`` reaches an
    unlock prompt (gkd-secret-unlock.c:243), and the user's whole session would be without its keyring.
    """
    ends = MatchRule(type="signal", path=path, interface=_PROMPT, member="Completed")
    leaves = MatchRule(type="signal", interface=message_bus.interface, member="NameOwnerChanged")
    leaves.add_arg_condition(0, NAME)
    for rule in (ends, leaves):
        _call(bus, message_bus, "AddMatch", "s", (rule.serialise(),))
    ended: deque[Message] = deque(maxlen=1)
    with bus.filter(ends, queue=ended), bus.filter(leaves, queue=ended):
        _call(bus, DBusAddress(path, NAME, _PROMPT), "Prompt", "s", ("",))
        end = bus.recv_until_filtered(ended)
    if end.header.fields[HeaderFields.member] != "Completed":
        raise _silent()
    bus.renew()
    return not end.body[0]


def _call(bus: DBusConnection, to: Any, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Any:
    reply = bus.send_and_get_reply(new_method_call(to, member, signature, body))
    if reply.header.message_type is MessageType.error:
        raise DBusErrorResponse(reply)
    return reply.body


def _refused(refused: DBusErrorResponse) -> ShutError:
    if refused.name.endswith(".IsLocked"):
        return ShutError(KeyringState.LOCKED)
    if refused.name in _GONE or ".Spawn." in refused.name:
        return _silent()
    # Only the name of the error: its text is the service's own and could hold anything.
    reason = _("The keyring refused ({error}).").format(error=refused.name.rpartition(".")[2])
    return ShutError(KeyringState.NO_SERVICE, reason)


def _silent() -> ShutError:
    return ShutError(KeyringState.NO_SERVICE, _("The keyring does not answer."))
