"""Looks for newer versions of the program: one request a day at most, and only where the user wants it.

It is one GET without a cookie, a version or anything else of this computer's, and its answer is a version and the
address of a page. Nothing is ever downloaded or installed. That the request goes out is on the disk before it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from trayapp.app.root import App, replaced
from trayapp.core import releases
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.intents import Reply, ShowRelease, SwitchUpdates
from trayapp.core.language import _, open_ended
from trayapp.core.redaction import struck
from trayapp.core.releases import ASKED, Release, Updates
from trayapp.core.state import Looked, State
from trayapp.core.version import VERSION
from trayapp.ui import words
from trayapp.ui.releases import standing

if TYPE_CHECKING:
    import logging

    import httpx

SOON = 60.0
"""Seconds after a start, a wake or a change of the settings in which nobody is asked: others have more urgent needs."""
WITHIN = 10.0
"""Seconds for the request and its answer, in all."""
MOST_BYTES = 64 << 10
"""Of an answer, unpacked."""
HEADERS = {"User-Agent": "trayapp", "Accept": "application/json", "Accept-Encoding": "gzip"}
"""All that is said besides the address, the same on every computer."""
_HOPS = 2
"""Requests for one answer: the address may lead to another of the same server."""


class Timer(Protocol):
    """What ``call_later`` gives back."""

    def cancel(self) -> None: ...


def _later(seconds: float, call: Callable[[], object]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


class Updating:
    """Asks by itself once a day, from ``begin`` to ``end``, as long as the setting is on. Waits on one timer."""

    def __init__(
        self,
        app: App,
        *,
        allowed: Callable[[], bool],
        later: Callable[[float, Callable[[], object]], Timer] = _later,
    ) -> None:
        """``allowed``: there is a network as far as anybody knows, and it costs nothing."""
        self._app = app
        self._allowed = allowed
        self._later = later
        self._timer: Timer | None = None
        self._leave: tuple[Callable[[], None], ...] = ()

    def begin(self) -> None:
        """From now on."""
        app = self._app
        self._leave = (app.settings.listen(lambda _it: self.arm()), app.state.listen(lambda _it: self.arm()))
        self.arm()

    def end(self) -> None:
        """Ask nobody any more."""
        for leave in self._leave:
            leave()
        self._leave = ()
        self._disarm()

    def arm(self) -> None:
        """Set the timer anew: the settings changed, somebody was asked, or the network is another."""
        self._disarm()
        app = self._app
        if self._leave and app.settings.value.update_notice and app.release_address and self._allowed():
            wait = releases.wait(app.state.value.looked, app.clock.now())
            self._timer = self._later(max(SOON, wait), self._due)

    def _due(self) -> None:
        self._timer = None
        if self._allowed():
            self._app.tasks.start(self._look(), name="look for a new version")

    async def _look(self) -> None:
        # the state that says so sets the timer; where it cannot be written, nobody was asked and nobody tries on
        reply = await look(self._app)
        _log().info("looked for a new version: %s", reply.text)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def look(app: App) -> Reply:
    """Ask, unless somebody was asked within a day; what came of it, in words. Never raises for network or disk."""
    if not app.release_address:
        return Reply(False, standing(seen(app)))
    try:
        if not await _taken(app):
            return _told(app, again=True)
    except (ProviderError, UserError) as exc:
        return Reply(False, _("Nobody was asked: that could not be written down first. {why}").format(why=_why(exc)))
    why = ""
    found: Release | None = None
    try:
        found = await newest_release(await app.net.client(), app.release_address)
    except NoAnswerError as exc:
        why = str(exc)
    try:
        await app.remember(lambda state: replaced(state, looked=_heard(state.looked, found)))
    except (ProviderError, UserError) as exc:
        _log().warning("not remembered: %s", exc)
    if why:
        told = _("{host} gave no answer that can be used: {why}.")
        return Reply(False, told.format(host=releases.host(app.release_address), why=open_ended(why)))
    return _told(app)


async def switch(app: App, intent: SwitchUpdates) -> Reply:
    """What the user answered to the question, or chose: either way it is not put again."""
    await app.prefer(lambda settings: msgspec.structs.replace(settings, update_notice=intent.on))
    app.asks_updates = False
    await asked(app)
    app.redraw()
    if intent.on:
        return Reply(True, _("trayapp looks for new versions once a day."))
    return Reply(True, _("trayapp does not look for new versions."))


async def asked(app: App) -> None:
    """The question was put, and is not put again after this run."""
    await app.note(lambda state: state if ASKED in state.told else replaced(state, told=(*state.told, ASKED)))


async def show(app: App) -> Reply:
    """Have the page shown by whoever has a screen; the menu does not speak of this version any more."""
    from trayapp.app.perform import open_window

    reply = open_window(app, ShowRelease())
    found = releases.known(app.state.value.looked, app.release_address)
    if reply.ok and found is not None:
        version = found.version
        await app.note(lambda state: replaced(state, looked=_with(state.looked, told=version)))
    return reply


def seen(app: App) -> Updates:
    """What is known, for whoever shows it."""
    return releases.seen(
        app.state.value.looked,
        address=app.release_address,
        on=app.settings.value.update_notice,
        now=app.clock.now(),
    )


class NoAnswerError(Exception):
    """Why an answer is of no use, in words."""


async def newest_release(http: httpx.AsyncClient, address: str) -> Release:
    """The release that the server names. Raises NoAnswerError.

    It may lead elsewhere within itself; to any other server it is not followed.
    """
    import httpx

    from trayapp.providers.fields import NotAListError
    from trayapp.providers.trust import why_not
    from trayapp.providers.wire import decoded

    url = address
    try:
        async with asyncio.timeout(WITHIN):
            for _hop in range(_HOPS):
                body, url = await _asked(http, url)
                if not url:
                    found = releases.read(decoded(body), address)
                    if found is None:
                        raise NoAnswerError(_("it names no version"))
                    return found
        raise NoAnswerError(_("it leads from one address to the next"))
    except TimeoutError as exc:
        raise NoAnswerError(_("it took too long")) from exc
    except NotAListError as exc:
        raise NoAnswerError(_("it names no version")) from exc
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as exc:
        if (untrusted := why_not(exc)) is not None:
            raise NoAnswerError(_("there is no secure connection: {why}").format(why=open_ended(untrusted))) from exc
        why = struck(str(exc) or type(exc).__name__)[:200]
        raise NoAnswerError(_("it could not be reached ({why})").format(why=why)) from exc


async def _asked(http: httpx.AsyncClient, url: str) -> tuple[bytes, str]:
    """The body of one answer, or the address that it leads to."""
    import httpx

    from trayapp.providers.spec import origin
    from trayapp.providers.unpacking import known, pieces

    if http.is_closed:  # the network changed under us
        raise httpx.NetworkError("")
    request = http.build_request("GET", url, headers=HEADERS, timeout=WITHIN)
    answer = await http.send(request, stream=True, auth=None, follow_redirects=False)
    try:
        if answer.has_redirect_location:
            to = str(answer.url.join(answer.headers["location"]))
            try:
                same = origin(to) == origin(url)
            except UserError:
                same = False
            if not same:
                raise NoAnswerError(_("it leads to another server"))
            return b"", to
        if answer.status_code != 200:
            raise NoAnswerError(_("it answered with status {status}").format(status=answer.status_code))
        if not known(answer.headers.get("content-encoding", "")):
            raise NoAnswerError(_("its answer has an unknown encoding"))
        body = bytearray()
        async with aclosing(cast("AsyncGenerator[bytes, None]", pieces(answer))) as parts:
            async for part in parts:
                body += part
                if len(body) > MOST_BYTES:
                    raise NoAnswerError(_("its answer is too long"))
        return bytes(body), ""
    finally:
        await answer.aclose()


async def _taken(app: App) -> bool:
    """Take this day's request, if nobody has: on the disk when this returns. Raises as ``App.remember`` does."""
    taken = False

    def take(state: State) -> State:
        nonlocal taken
        taken = releases.wait(state.looked, app.clock.now()) <= 0
        return replaced(state, looked=_with(state.looked, at=app.clock.now())) if taken else state

    await app.remember(take)
    return taken


def _heard(looked: Looked | None, found: Release | None) -> Looked:
    """What is known after an answer; one of no use takes nothing away."""
    if found is None:
        return _with(looked, failed=True)
    return _with(looked, failed=False, version=found.version, page=found.page)


def _with(looked: Looked | None, **changes: object) -> Looked:
    return msgspec.structs.replace(looked or Looked(), **changes)


def _told(app: App, *, again: bool = False) -> Reply:
    """How things stand, for who asked; ``again``: too soon for another request."""
    it = seen(app)
    told = [standing(it)]
    if it.newest and it.page:
        told.append(_("What is new: {url}").format(url=it.page))
    if again:
        ahead = words.ahead(releases.wait(app.state.value.looked, app.clock.now()))
        told.append(_("trayapp asks once a day at most, so next {when}.").format(when=ahead))
    return Reply(not it.failed, "\n".join(told), {"version": VERSION, **msgspec.to_builtins(it)})


def _why(exc: ProviderError | UserError) -> str:
    return exc.failure.detail if isinstance(exc, ProviderError) else str(exc)


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("trayapp")
