"""Asks a Wayland desktop for keys, through its portal org.freedesktop.portal.GlobalShortcuts.

The desktop may ask its user, may give other keys than those that were wished for, and tells when they are pressed.
https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.GlobalShortcuts.html
"""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from typing import Any

from trayapp.core.language import _
from trayapp.core.shortcuts import Shortcut
from trayapp.system.hotkey import Pressed, Say, not_here
from trayapp.system.session_bus import NoAnswerError, SessionBus

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REQUEST, SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
REGISTRY = "org.freedesktop.host.portal.Registry"
ID = "find-a-model"
ASKED = 300.0
"""Seconds for the user to answer what the desktop asks."""
_MODIFIERS = {"Ctrl": "CTRL", "Alt": "ALT", "Shift": "SHIFT", "Meta": "LOGO"}
_KEYS = {"Space": "space", "PageUp": "Page_Up", "PageDown": "Page_Down"}
_numbers = count(1)


class PortalKeys:
    """The keys of one shortcut, as one session of the portal's."""

    def __init__(self, pressed: Pressed, problem: Say, *, bus: str = "SESSION") -> None:
        self._pressed = pressed
        self._problem = problem
        self._address = bus
        self._bus: SessionBus | None = None
        self._session = ""
        self._answers: dict[str, asyncio.Future[tuple[Any, ...]]] = {}
        self._taking: asyncio.Task[None] | None = None

    def take(self, shortcut: Shortcut) -> None:
        """Ask for them."""
        self._taking = asyncio.get_running_loop().create_task(self._take(shortcut), name="ask the desktop for keys")

    def close(self) -> None:
        """End the session by hanging up."""
        if self._taking is not None:
            self._taking.cancel()
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    async def _take(self, shortcut: Shortcut) -> None:
        try:
            self._problem(await self._bound(shortcut))
        except (NoAnswerError, TimeoutError, LookupError, ValueError):
            self._problem(not_here(shortcut))

    async def _bound(self, shortcut: Shortcut) -> str:
        """What is wrong, in a sentence, or nothing."""
        self._bus = bus = await SessionBus.opened(self._heard, bus=self._address)
        for interface in (REQUEST, SHORTCUTS):
            await bus.listen(SERVICE, interface)
        # a program outside a sandbox has to say who it is, where the portal is new enough to be told
        with contextlib.suppress(NoAnswerError):
            await bus.call(SERVICE, PATH, REGISTRY, "Register", "sa{sv}", ("trayapp", {}))
        status, found = await self._asked("CreateSession", "a{sv}", {"session_handle_token": ("s", _token())})
        if status != 0:
            return not_here(shortcut)
        self._session = str(found["session_handle"][1])
        wish = {"description": ("s", _("Find a model")), "preferred_trigger": ("s", trigger(shortcut))}
        status, found = await self._asked("BindShortcuts", "oa(sa{sv})sa{sv}", {}, (self._session, [(ID, wish)], ""))
        if status == 1:
            return _("The desktop was told not to give {keys} to trayapp.").format(keys=shortcut)
        bound = status == 0 and any(it[0] == ID for it in found.get("shortcuts", ("", ()))[1])
        return "" if bound else not_here(shortcut)

    async def _asked(
        self, member: str, signature: str, options: dict[str, Any], before: tuple[Any, ...] = ()
    ) -> tuple[int, dict[str, Any]]:
        """A request's answer: 0, 1 where the user refused, 2 for all else; and what came with it."""
        if self._bus is None:
            raise NoAnswerError("closed")
        token = _token()
        # the answer may come before the call returns, so its path is worked out as the portal does
        path = f"/org/freedesktop/portal/desktop/request/{self._bus.name[1:].replace('.', '_')}/{token}"
        answer = self._answers[path] = asyncio.get_running_loop().create_future()
        body = (*before, {**options, "handle_token": ("s", token)})
        (given,) = await self._bus.call(SERVICE, PATH, SHORTCUTS, member, signature, body)
        self._answers[str(given)] = answer
        async with asyncio.timeout(ASKED):
            status, found = await answer
        return int(status), dict(found)

    def _heard(self, interface: str, member: str, path: str, body: tuple[Any, ...]) -> None:
        if (interface, member) == (REQUEST, "Response"):
            answer = self._answers.pop(path, None)
            if answer is not None and not answer.done():
                answer.set_result(body)
        elif (interface, member) == (SHORTCUTS, "Activated") and body[:2] == (self._session, ID):
            self._pressed()


def trigger(shortcut: Shortcut) -> str:
    """The wish as the shortcuts specification writes it: ``CTRL+ALT+m``."""
    key = shortcut.key.lower() if len(shortcut.key) == 1 else _KEYS.get(shortcut.key, shortcut.key)
    return "+".join((*(_MODIFIERS[it] for it in shortcut.modifiers), key))


def _token() -> str:
    return f"trayapp{next(_numbers)}"
