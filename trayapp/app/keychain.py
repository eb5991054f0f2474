"""Finds the key of an account: in the keyring, held for the session, or in the environment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from trayapp.core.accounts import Account, KeyFrom, key_slot
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.secret import Secret
from trayapp.core.topic import Topic
from trayapp.providers import keys as key_hints
from trayapp.providers.spec import ProviderSpec, base_url, origin
from trayapp.providers.table import SPECS
from trayapp.providers.table import spec as find_spec
from trayapp.system.keys import Kept, KeyringState, Keys

if TYPE_CHECKING:
    import asyncio

DROP_AFTER = 901.0
"""Seconds after the last use of any key at which those in memory are looked through: ``Keys`` drops at 900."""
_SHUT = {
    Kind.LOCKED: KeyringState.LOCKED,
    Kind.DENIED: KeyringState.DENIED,
    Kind.NO_KEYRING: KeyringState.NO_SERVICE,
}


class Keychain:
    """Answers "is there a key?" from memory and "what is it?" from where it is kept.

    ``know`` hears of every key before it is used, so that the log can strike it out; ``lost`` of every entry
    that was known to exist and is no longer in the keyring, with a function that says whether that still holds.
    ``state`` is the keyring as it was last met.
    """

    def __init__(
        self,
        keys: Keys,
        env: Mapping[str, str],
        keyed: Callable[[], tuple[str, ...]],
        *,
        know: Callable[[Secret], object],
        lost: Callable[[str, Callable[[], bool]], Awaitable[object]],
    ) -> None:
        self.keys = keys
        self.state: Topic[str] = Topic(KeyringState.OK.value)
        self._env = env
        self._keyed = keyed
        self._know = know
        self._lost = lost
        self._session: set[str] = set()
        self._from_environment: dict[str, Secret] = {}
        """By the id of the provider's row: what ``held`` need not read again."""
        self._stored = 0
        """Counts what was stored, so that a read begun before does not take a new entry for a lost one."""
        self._timer: asyncio.TimerHandle | None = None

    # -- from memory ----------------------------------------------------------------------------

    def slot(self, account: Account) -> str:
        """The account's entry in the keyring, bound to its address. Raises UserError for a bad address."""
        return key_slot(account, origin(base_url(spec_of(account), account)))

    def slots(self, account: Account) -> tuple[str, ...]:
        """Every entry that this account is known to have, for all addresses it ever had."""
        known = {*self._keyed(), *self._session}
        return tuple(sorted(it for it in known if it.rpartition("@")[0] == account.id))

    def kept(self, account: Account) -> str:
        """``keyring``, ``session``, ``environment`` or empty: where a key is, without opening anything."""
        try:
            if account.key_from is KeyFrom.ENVIRONMENT:
                return "environment" if self._given(account) else ""
            slot = self.slot(account)
        except (UserError, ProviderError):
            return ""
        if self.keys.session_only(slot):
            return "session"
        return "keyring" if slot in self._keyed() else ""

    def worth_asking(self, account: Account) -> bool:
        """Whether to ask for its list: there is a key, or none is needed, or something else is missing.

        What else is missing is said by asking: such an account must not be told to bring a key.
        """
        try:
            self.slot(account)
            return not spec_of(account).key_required or bool(self.kept(account))
        except (UserError, ProviderError):
            return True

    def variables(self) -> dict[str, str]:
        """The environment variables that hold a key, by the id of the provider's row."""
        found = {spec.id: key_hints.from_environment(spec, self._env) for spec in SPECS}
        return {id: it[0] for id, it in found.items() if it is not None}

    def session_slots(self, accounts: Iterable[Account]) -> frozenset[str]:
        """The entries that are held in memory only."""
        return frozenset(self.slot(it) for it in accounts if self.kept(it) == "session")

    def held(self, account: Account) -> Secret | None:
        """The key where it is in memory already, or in the environment; for any thread, and without waiting.

        None says nothing: ``key`` finds out.
        """
        try:
            if account.key_from is KeyFrom.ENVIRONMENT:
                return self._in_environment(account)
            return self.keys.held(self.slot(account))
        except (UserError, ProviderError):
            return None

    def used(self) -> None:
        """Copies of keys were used by ``held``: look through them later."""
        self._drop_later()

    # -- from where keys are --------------------------------------------------------------------

    async def key(self, account: Account, *, may_prompt: bool = False) -> Secret | None:
        """The key, or None where the provider needs none. Raises ProviderError by cause."""
        self.keys.drop_stale()
        spec = spec_of(account)
        match self.kept(account):
            case "environment":
                found = self._given(account)
                if found is not None:
                    self._know(found[1])
                    return found[1]
            case "keyring" | "session":
                secret = await self._read(self.slot(account), may_prompt)
                if secret is not None:
                    return secret
        if spec.key_required:
            raise ProviderError(Failure(Kind.NO_KEY, account.id))
        return None

    async def look(self) -> KeyringState:
        """The keyring's state now, without a prompt."""
        return self._met(await self.keys.look())

    async def unlock(self) -> KeyringState:
        """Let the system ask for the keyring's password: somebody clicked for it."""
        return self._met(await self.keys.unlock())

    async def entry(self, slot: str, *, may_prompt: bool) -> Secret | None:
        """An entry that is no account's, or None. Raises as ``Keys.get`` does."""
        return await self._read(slot, may_prompt)

    async def store(self, slot: str, secret: Secret, *, may_prompt: bool = True) -> Kept:
        """Write a key; the keyring is opened, or made, with the user's consent. Raises as ``Keys.put`` does."""
        state = await self.keys.look()
        if may_prompt and state in (KeyringState.LOCKED, KeyringState.ABSENT):
            state = await self.keys.unlock()
        self._met(state)
        # who has just closed a prompt is not shown a second one
        kept = await self.keys.put(slot, secret, may_prompt=state is KeyringState.OK)
        self._stored += 1
        self._drop_later()
        if kept is Kept.SESSION:
            self._session.add(slot)
            if state is KeyringState.OK:
                await self.look()  # it looked well, and then would not be written
        else:
            self._session.discard(slot)
        return kept

    def stored_elsewhere(self, slot: str) -> None:
        """Another process has written this entry: what was read before counts no more."""
        self.keys.forget(slot)
        self._stored += 1

    async def remove(self, slot: str) -> None:
        """Delete an entry, and the copy in memory. Raises as ``Keys.remove`` does."""
        try:
            await self.keys.remove(slot, may_prompt=True)
        except ProviderError as exc:
            self._shut(exc)
            raise
        self._session.discard(slot)

    def close(self) -> None:
        """Drop every key and wake no more."""
        if self._timer is not None:
            self._timer.cancel()
        self.keys.close()

    async def _read(self, slot: str, may_prompt: bool) -> Secret | None:
        before = self._stored
        try:
            secret = await self.keys.get(slot, may_prompt=may_prompt)
        except ProviderError as exc:
            self._shut(exc)
            raise
        if secret is not None:
            self._drop_later()
            if self.state.value != KeyringState.OK.value:
                await self.look()
        elif await self.look() is KeyringState.OK and before == self._stored:
            # somebody else took it out; one that is not there for the moment takes nothing with it
            await self._lost(slot, lambda: before == self._stored)
        return secret

    def _in_environment(self, account: Account) -> Secret | None:
        """The environment of a process stays as it is, and a Secret has to live for logs to know it."""
        found = self._given(account)
        if found is None:
            return None
        if account.spec not in self._from_environment:
            self._know(found[1])
            self._from_environment[account.spec] = found[1]
        return self._from_environment[account.spec]

    def _given(self, account: Account) -> tuple[str, Secret] | None:
        """From the environment, as far as it may go to this account. Raises UserError and ProviderError."""
        return key_hints.given(spec_of(account), account, self._env, self._keyed())

    def _met(self, state: KeyringState) -> KeyringState:
        if state.value != self.state.value:
            self.state.publish(state.value)
        return state

    def _shut(self, exc: ProviderError) -> None:
        if exc.failure.kind in _SHUT:
            self._met(_SHUT[exc.failure.kind])

    def _drop_later(self) -> None:
        """One wake-up, long after the last use: copies of keys do not stay in an idle program."""
        import asyncio

        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(DROP_AFTER, self.keys.drop_stale)


def spec_of(account: Account) -> ProviderSpec:
    """The provider's row. Raises ProviderError where a newer or older table had it."""
    try:
        return find_spec(account.spec)
    except KeyError:
        raise ProviderError(Failure(Kind.UNKNOWN_PROVIDER, account.id, account.spec)) from None
