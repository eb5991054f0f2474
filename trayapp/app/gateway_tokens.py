"""The tokens by which tools may use the gateway: made, shown to their user, revoked.

A token is in the keyring and nowhere else; the state keeps its digest, so that it is known again while the keyring
is locked. Where there is no keyring it can be shown until the program ends, and still counts afterwards.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayapp.core.errors import ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.redaction import struck
from trayapp.core.secret import Secret
from trayapp.core.state import State, Token
from trayapp.system.keys import Kept, KeyringState
from trayapp.ui import words

if TYPE_CHECKING:
    from trayapp.app.root import App

FIRST = "first"
"""The name of the one that is made when the gateway is first switched on."""
MOST = 100
"""Tokens at once: every request is compared with all of them."""
LONGEST = 64
"""Characters of a name."""
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Tokens:
    """One change at a time. Everything that cannot be done is a UserError, in words."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._run: dict[str, Token] = {}
        self._turn = asyncio.Lock()

    @property
    def all(self) -> tuple[Token, ...]:
        """Those that are remembered, in the order in which they were made, and those of this run."""
        return (*self._app.state.value.tokens, *self._run.values())

    @property
    def digests(self) -> Mapping[str, str]:
        """What the guard knows them by."""
        return {it.name: it.sha256 for it in self.all}

    def session_only(self, name: str) -> bool:
        """Whether it can be shown only until the program ends."""
        return self._app.keychain.keys.session_only(slot(name))

    async def first(self, *, may_prompt: bool) -> None:
        """Make the first one where there is none. Without leave to prompt, a keyring that would is left for later."""
        async with self._turn:
            if self.all:
                return
            shut = (KeyringState.LOCKED, KeyringState.ABSENT, KeyringState.DENIED)
            if not may_prompt and await self._app.keychain.look() in shut:
                return
            await self._make(FIRST, may_prompt=may_prompt)

    async def make(self, name: str) -> Kept:
        """One of this name, known at once; the keyring may ask for its password, for somebody clicked."""
        async with self._turn:
            return await self._make(self._free(name), may_prompt=True)

    async def enter(self, name: str, sha256: str) -> None:
        """Know a token that somebody else of this user has made and keeps."""
        async with self._turn:
            name = self._free(name)
            if not _DIGEST.match(sha256):
                raise UserError(_("This is not the digest of a token."))
            await self._remember(Token(name, sha256, self._app.clock.now()))

    async def for_this_run(self, name: str) -> Secret:
        """One that counts until the program ends and is not remembered."""
        async with self._turn:
            token, secret = self._new(self._free(name))
            self._run[token.name] = token
            self._app.gateway.rules_changed()
            return secret

    async def revoke(self, name: str) -> str:
        """From now on it lets nobody in. Gives a sentence where its entry in the keyring could not be removed."""
        async with self._turn:
            held = self._named(name)
            if self._run.pop(held.name, None) is not None:
                self._app.gateway.rules_changed()
                return ""
            await self._app.remember(lambda state: _with(state, *(it for it in state.tokens if it != held)))
            try:
                await self._app.keychain.remove(slot(held.name))
            except ProviderError:
                return _("Its entry stays in the keyring, which cannot be opened; it is of no use to anybody.")
            return ""

    async def read(self, name: str = "") -> Secret:
        """The token, for its user to see; the keyring may ask for its password. Without a name, the first of all."""
        if not self.all and not name:
            raise UserError(_("There is no token yet. Switch the gateway on, and the first one is made."))
        held = self._named(name) if name else self.all[0]
        try:
            secret = await self._app.keychain.entry(slot(held.name), may_prompt=True)
        except ProviderError as exc:
            raise UserError(words.sentence(exc.failure, _("The gateway"))) from exc
        if secret is None:
            told = _("The token “{name}” is not in the keyring, so it cannot be shown. Make a new one.")
            raise UserError(told.format(name=held.name))
        return secret

    # -- parts ----------------------------------------------------------------------------------

    def _new(self, name: str) -> tuple[Token, Secret]:
        from trayapp.gateway import tokens
        from trayapp.system.logs import know

        text = tokens.new()
        secret = Secret(text)
        know(secret)
        return Token(name, tokens.digest(text), self._app.clock.now()), secret

    async def _make(self, name: str, *, may_prompt: bool) -> Kept:
        """Into the keyring, then into the state. What cannot be remembered is not kept either."""
        token, secret = self._new(name)
        keychain = self._app.keychain
        try:
            kept = await keychain.store(slot(name), secret, may_prompt=may_prompt)
        except ProviderError as exc:
            raise UserError(words.sentence(exc.failure, _("The gateway"))) from exc
        if kept is Kept.SESSION and self._app.alone:
            await keychain.remove(slot(name))
            raise UserError(
                _("There is no keyring to keep the token in. “trayapp gateway token --new NAME” shows one.")
            )
        try:
            await self._remember(token)
        except (ProviderError, UserError):
            await keychain.remove(slot(name))
            raise
        return kept

    async def _remember(self, token: Token) -> None:
        await self._app.remember(lambda state: _with(state, *state.tokens, token))

    def _free(self, name: str) -> str:
        """The name as it is kept. Raises UserError for one that is taken or cannot be one."""
        name = good_name(name)
        if any(it.name.casefold() == name.casefold() for it in self.all):
            raise UserError(
                _("There is a token “{name}” already. Choose another name, or revoke it.").format(name=name)
            )
        if len(self.all) >= MOST:
            raise UserError(_("There are {n} tokens already. Revoke one that is not used.").format(n=MOST))
        return name

    def _named(self, name: str) -> Token:
        wanted = name.strip().casefold()
        for it in self.all:
            if it.name.casefold() == wanted:
                return it
        names = ", ".join(it.name for it in self.all)
        told = _("There is no token “{name}”.").format(name=struck(name.strip())[:LONGEST])
        raise UserError(f"{told} " + _("There are: {names}.").format(names=names) if names else told)


def slot(name: str) -> str:
    """The name of a token's entry in the keyring. No account's id begins with a capital letter."""
    return f"Gateway@{name}"


def good_name(name: str) -> str:
    """The name without blanks around it. Raises UserError for what cannot be the name of a token."""
    name = name.strip()
    plain = all(it.isalnum() or it in " ._+-" for it in name)
    if not name or len(name) > LONGEST or not plain or struck(name) != name:
        told = _("The name of a token is made of letters, digits, blanks and . _ + -, {n} at most: such as “editor”.")
        raise UserError(told.format(n=LONGEST))
    return name


def _with(state: State, *tokens: Token) -> State:
    from msgspec.structs import replace

    return replace(state, tokens=tokens)
