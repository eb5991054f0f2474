"""Finds the key of an account: in the keyring, held for the session, or in the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from trayapp.core.accounts import Account, KeyFrom, key_slot
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.secret import Secret
from trayapp.providers import keys as key_hints
from trayapp.providers.local import ollama_address
from trayapp.providers.spec import ProviderSpec, base_url, origin
from trayapp.providers.table import SPECS
from trayapp.providers.table import spec as find_spec
from trayapp.system.keys import Keys


class Keychain:
    """Answers "is there a key?" from memory and "what is it?" from where it is kept."""

    def __init__(self, keys: Keys, env: Mapping[str, str], keyed: Callable[[], tuple[str, ...]]) -> None:
        self.keys = keys
        self._env = env
        self._keyed = keyed

    def slot(self, account: Account) -> str:
        """The account's entry in the keyring, bound to its address. Raises UserError for a bad address."""
        return key_slot(account, origin(base_url(spec_of(account), account)))

    def kept(self, account: Account) -> str:
        """``keyring``, ``session``, ``environment`` or empty: where a key is, without opening anything."""
        if account.key_from is KeyFrom.ENVIRONMENT:
            return "environment" if key_hints.from_environment(spec_of(account), self._env) else ""
        try:
            slot = self.slot(account)
        except UserError:
            return ""
        if self.keys.session_only(slot):
            return "session"
        return "keyring" if slot in self._keyed() else ""

    def has_key(self, account: Account) -> bool:
        """Whether asking the provider makes sense: there is a key, or none is needed."""
        return not spec_of(account).key_required or bool(self.kept(account))

    def variables(self) -> dict[str, str]:
        """The environment variables that hold a key, by the id of the provider's row."""
        found = {spec.id: key_hints.from_environment(spec, self._env) for spec in SPECS}
        return {id: it[0] for id, it in found.items() if it is not None}

    def session_slots(self, accounts: Iterable[Account]) -> frozenset[str]:
        """The entries that are held in memory only."""
        return frozenset(self.slot(it) for it in accounts if self.kept(it) == "session")

    async def key(self, account: Account, *, may_prompt: bool = False) -> Secret | None:
        """The key, or None where the provider needs none. Raises ProviderError by cause."""
        spec = spec_of(account)
        match self.kept(account):
            case "environment":
                found = key_hints.from_environment(spec, self._env)
                return found[1] if found else None
            case "keyring" | "session":
                secret = await self.keys.get(self.slot(account), may_prompt=may_prompt)
                if secret is not None:
                    return secret
        if spec.key_required:
            raise ProviderError(Failure(Kind.NO_KEY, account.id))
        return None


def spec_of(account: Account) -> ProviderSpec:
    """The provider's row. Raises ProviderError where a newer or older table had it."""
    try:
        return find_spec(account.spec)
    except KeyError:
        raise ProviderError(Failure(Kind.UNKNOWN_PROVIDER, account.id, account.spec)) from None


def addressed(account: Account, env: Mapping[str, str]) -> Account:
    """The account with the address that ``OLLAMA_HOST`` gives it, where nobody typed another."""
    if account.spec != "ollama" or account.base_url or not env.get("OLLAMA_HOST"):
        return account
    return msgspec.structs.replace(account, base_url=ollama_address(env["OLLAMA_HOST"]))
