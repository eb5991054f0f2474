"""A command's own way to tokens: made, kept and read by its process, whether or not the program runs.

A token is never sent over the instance's socket; there goes its digest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from trayapp.app.gateway_tokens import good_name, slot
from trayapp.core.clock import SystemClock
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.gateway import tokens
from trayapp.system.keyrings import Keyring
from trayapp.system.keys import Kept, Keys
from trayapp.ui import words

T = TypeVar("T")


def made() -> tuple[str, Secret]:
    """A new token's digest, and the token."""
    text = tokens.new()
    return tokens.digest(text), Secret(text)


def keep(name: str, secret: Secret, env: Mapping[str, str], *, keyring: Keyring | None = None) -> Kept:
    """Into the keyring, which may ask for its password. SESSION: there is none that would keep it."""

    async def keeping(keys: Keys) -> Kept:
        try:
            return await keys.put(slot(good_name(name)), secret)
        except ProviderError:  # it gave back something else
            return Kept.SESSION

    return asyncio.run(_with_keys(keeping, env, keyring))


def first_of(names: Iterable[str], env: Mapping[str, str], *, keyring: Keyring | None = None) -> Secret:
    """The first of these tokens that the keyring has. Raises UserError where it has none, or cannot be opened."""

    async def reading(keys: Keys) -> Secret:
        for name in names:
            secret = await keys.get(slot(name), may_prompt=True)
            if secret is not None:
                return secret
        raise UserError(
            _("The keyring has no token. Copy one from the menu, or make one: “trayapp gateway token --new NAME”.")
        )

    try:
        return asyncio.run(_with_keys(reading, env, keyring))
    except ProviderError as exc:
        raise UserError(words.sentence(exc.failure, _("The gateway"))) from exc


async def _with_keys(work: Callable[[Keys], Awaitable[T]], env: Mapping[str, str], keyring: Keyring | None) -> T:
    keys = Keys(clock=SystemClock(), env=env, backend=keyring)
    try:
        return await work(keys)
    finally:
        keys.close()
