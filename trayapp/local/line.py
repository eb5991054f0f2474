"""One request to a local server: bounded, without keys in its errors, patient only where it may wait for a load."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import httpx
import msgspec

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.local.residency import ServerState, Standing
from trayapp.providers.fields import NotAListError
from trayapp.providers.refusals import refused, words
from trayapp.providers.spec import Json, ProviderSpec, Timeouts, loopback
from trayapp.providers.wire import ACCEPT, Answer, Wire

Http: TypeAlias = Callable[[], Awaitable[httpx.AsyncClient]]
Headers: TypeAlias = Mapping[str, str] | Callable[[], Awaitable[Mapping[str, str]]]
"""The headers of every request, a key among them where the server wants one; or who makes them, anew each time."""

LOOK = 8.0
"""Seconds for an answer behind which there is no load: a look can wait for the server's own locks."""
PATIENT = None
"""No limit for the answer: giving up would end the load that it waits for."""
ROOM = 8 * 2**20
"""Decoded bytes of one answer."""
_CONNECT_HERE, _CONNECT_ELSEWHERE, _POOL = 1.0, 5.0, 5.0
_NO_MEMORY = re.compile(
    r"out ?of ?(device ?)?memory|more system memory|cudaMalloc failed|insufficient (system )?(memory|resources)"
    r"|not enough memory|(failed|unable) to allocate|bad_alloc",
    re.IGNORECASE,
)
"""How the backends say it: the text is theirs, and the servers pass it on as it is."""
_SILENT = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, TimeoutError)


class SilentError(ProviderError):
    """Somebody took the connection and gave no answer."""


class Line:
    """A server's address and how it is asked."""

    def __init__(self, spec: ProviderSpec, http: Http, base_url: str, headers: Headers | None = None) -> None:
        url = base_url.strip().rstrip("/")
        ending = next((it for it in spec.base_endings if url.endswith(it)), "")
        self.url = url.removesuffix(ending).rstrip("/")
        self.remote = not loopback(self.url)
        self._spec, self._http, self._headers = spec, http, headers

    async def open(self) -> Talk:
        """What one request is sent and judged with. Raises ProviderError where there is no key to sign it with."""
        try:
            headers = await self._headers() if callable(self._headers) else dict(self._headers or {})
        except UserError as exc:
            raise ProviderError(Failure(Kind.BAD_INPUT, self._spec.id, str(exc))) from None
        return Talk(self._spec, await self._http(), self.url, headers)

    def standing(self, error: ProviderError) -> Standing:
        """How a server stands that did not say who it is."""
        kind, detail = error.failure.kind, error.failure.detail
        if isinstance(error, SilentError):
            state = ServerState.STARTING
        elif kind is Kind.NOT_RUNNING:
            state = ServerState.NOT_RUNNING
        elif kind is Kind.GARBLED:
            return Standing(ServerState.WRONG_PROGRAM, remote=self.remote)
        else:
            state = ServerState.UNREACHABLE
        return Standing(state, remote=self.remote, detail=detail)


class Talk(Wire):
    """One client and one set of headers, for the requests of one call. Every fault becomes a ProviderError."""

    def __init__(self, spec: ProviderSpec, http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> None:
        connect = _CONNECT_HERE if loopback(url) else _CONNECT_ELSEWHERE
        super().__init__(
            spec,
            http,
            account=Account(spec.id, spec.id, base_url=url),
            key=_key(headers),
            timeouts=Timeouts(connect=connect, receive=LOOK, pool=_POOL, retries=0, base_delay=1.0),
            room=ROOM,
        )
        self._url, self._headers, self._connect = url, headers, connect

    async def get(self, path: str) -> Answer:
        """What the server answers, whatever its status. Raises ProviderError where no answer came."""
        return await self._send("GET", path, None, LOOK)

    async def post(self, path: str, body: Mapping[str, Json], *, limit: float | None = LOOK) -> Answer:
        """As ``get``. ``limit``: seconds for the answer; None: as long as it takes, and cancelling hangs up."""
        return await self._send("POST", path, msgspec.json.encode(body), limit)

    def said(self, answer: Answer) -> str:
        """What the server says is wrong, in one line and without keys; perhaps empty."""
        return words(answer, self.key)

    def refusal(self, answer: Answer) -> ProviderError:
        """The error behind an answer, its kind by its status."""
        return refused(self, answer, rules=(), own_host=False, now=0.0)

    def not_loaded(self, answer: Answer, name: str) -> ProviderError:
        """The error of a load, in the server's own words; too little memory is said plainly."""
        said = self.said(answer)
        if not said:
            return self.unreadable(answer) if answer.ok else self.refusal(answer)
        if _NO_MEMORY.search(said):
            plain = _("There is not enough memory for “{name}”. Unload another model first. The server says: {words}")
            said = plain.format(name=name, words=said)
        return self.failed(Kind.GARBLED, said, status=answer.status)

    def body(self, answer: Answer) -> dict[str, Any]:
        """The object that a good answer holds. Raises ProviderError for every other one."""
        try:
            found = answer.json() if answer.ok else None
        except NotAListError:
            found = None
        if not isinstance(found, dict):
            raise self.refusal(answer) if not answer.ok else self.unreadable(answer)
        return found

    def unreadable(self, answer: Answer) -> ProviderError:
        """The error behind a good status with something else in it than was asked for."""
        detail = self.said(answer) or _("The answer is not one of {name}.").format(name=self.spec.name)
        return self.failed(Kind.GARBLED, detail, status=answer.status)

    async def _send(self, method: str, path: str, content: bytes | None, limit: float | None) -> Answer:
        headers = {
            **self._headers,
            **ACCEPT,
            # one that was kept would break where the server has been started anew since, and prove nothing
            "Connection": "close",
            **({"Content-Type": "application/json"} if content is not None else {}),
        }
        return await self.send(
            method,
            self._url + path,
            headers=lambda: headers,
            each=httpx.Timeout(connect=self._connect, read=limit, write=LOOK, pool=_POOL),
            within=None if limit is None else _POOL + self._connect + limit,
            content=content,
        )

    def broken(self, url: str, exc: BaseException) -> ProviderError:
        """The error behind what httpx raised; SilentError where the server had taken the connection."""
        error = super().broken(url, exc)
        return SilentError(error.failure) if isinstance(exc, _SILENT) or _hung_up(exc, error) else error


def _hung_up(exc: BaseException, error: ProviderError) -> bool:
    return isinstance(exc, httpx.RemoteProtocolError) and error.failure.kind is Kind.UNREACHABLE


def _key(headers: Mapping[str, str]) -> Secret | None:
    """What has to be struck out of whatever the server says."""
    for name, value in headers.items():
        if name.casefold() in ("authorization", "x-api-key", "api-key"):
            return Secret(value.rpartition(" ")[2])
    return None
