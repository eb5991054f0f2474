"""One configured provider: two OpenAI accounts are two."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from trayapp.core.errors import UserError
from trayapp.core.language import _

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_NOT_ID = re.compile(r"[^a-z0-9]+")


class KeyFrom(StrEnum):
    """Where an account's key is read from. Never the settings file."""

    KEYRING = "keyring"
    ENVIRONMENT = "environment"


class Account(Struct, frozen=True, omit_defaults=True):
    """A provider as the user set it up. Holds no key, ever."""

    id: str
    spec: str
    """Id of the provider's row in ``providers.table``."""
    name: str = ""
    """What the user calls it; empty: the provider's own name."""
    base_url: str = ""
    """Empty: the row's own address."""
    values: dict[str, str] = {}
    """What the row asks for besides a key: Azure resource, Bedrock region."""
    enabled: bool = True
    key_from: KeyFrom = KeyFrom.KEYRING
    timeouts: str = ""
    """Latency class (``local fast medium slow``); empty: the row's own."""
    ttl: int | None = None
    """Seconds a list counts as fresh; None: the provider's or the default."""
    strategy: str = ""
    """Refresh strategy (``fresh moderate aggressive``); empty: the program's."""


IMPLICIT = ("ollama", "lmstudio")
"""The rows of the local servers that the program knows by their own API, and not only as somebody's list of models.

So they are looked for without being set up, are asked first who they are, and can tell and change what is loaded.
"""


def with_implicit(accounts: Iterable[Account]) -> tuple[Account, ...]:
    """All accounts in the user's order, and before them the local servers nobody set up or switched off."""
    own = tuple(accounts)
    taken = {account.id for account in own} | {account.spec for account in own}
    return (*(Account(spec, spec) for spec in IMPLICIT if spec not in taken), *own)


def check_id(text: str) -> str:
    """An id as typed, or UserError that says which characters are allowed."""
    if not _ID.match(text):
        raise UserError(
            _("“{id}” cannot be an account id: use lower-case letters, digits and . _ -, 64 at most.").format(id=text)
        )
    return text


def new_id(spec: str, name: str, taken: Iterable[str]) -> str:
    """An id for a new account: the provider's own, else made from the name, else numbered."""
    used = set(taken)
    words = _NOT_ID.sub("-", name.lower()).strip("-")[:48]
    wanted = spec
    if words and spec in used:
        wanted = words if words.startswith(spec) else f"{spec}-{words}"
    number, candidate = 2, wanted
    while candidate in used:
        candidate, number = f"{wanted}-{number}", number + 1
    return candidate


def key_slot(account: Account, origin: str) -> str:
    """The name of the account's entry in the keyring.

    The origin is part of it, so that an account moved to another server has no key there:
    a key is never sent to a host that it was not entered for.
    """
    return f"{account.id}@{origin}"


def environment_slot(account: Account, origin: str) -> str:
    """How it stands beside these names that the key in the environment may go to this origin, for its user said so."""
    return f"environment:{key_slot(account, origin)}"
