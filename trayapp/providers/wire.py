"""Sends one request to a provider and reads its answer, bounded in time, bytes and depth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.redaction import struck
from trayapp.core.secret import Secret
from trayapp.core.weight import too_deep, weight
from trayapp.providers.fields import NotAListError
from trayapp.providers.spec import Json, ProviderSpec, Timeouts, loopback, origin, signed
from trayapp.providers.trust import why_not
from trayapp.providers.unpacking import known, pieces

MAX_BYTES = 32 * 2**20
"""Decoded bytes of one list, all its pages together."""
MAX_ANSWER = 8 * 2**20
"""Decoded bytes of one answer; the longest list known has one."""
MAX_WEIGHT = 32 * 2**20
"""Bytes that parsed JSON may take. It takes up to thirty times its length: three letters make an empty object."""
ACCEPT = {"Accept": "application/json", "Accept-Encoding": "gzip"}
"""What every request asks for, the coding by its name: httpx would offer every one that is installed."""
NO_PROXY = "the proxy of the system cannot be used"
"""How ``system.net`` begins the error of a proxy that it cannot go through."""
_MAX_ERROR = 64 * 2**10


class Answer(Struct, frozen=True):
    """What came back: a status, headers named in lower case, a body that was read to its end or its limit."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Json:
        """The body, parsed. Raises NotAListError for what is no JSON or too deep."""
        return decoded(self.body)


class Wire:
    """One account's line to its provider. Every fault becomes a ProviderError; redirects are not followed."""

    def __init__(
        self,
        spec: ProviderSpec,
        http: httpx.AsyncClient,
        *,
        account: Account,
        key: Secret | None,
        timeouts: Timeouts,
        room: int = MAX_BYTES,
    ) -> None:
        self.spec, self.account, self.key = spec, account, key
        self.spent = 0
        """Decoded bytes of all good answers so far."""
        self._http = http
        self._room = room
        self._each = httpx.Timeout(
            connect=timeouts.connect, read=timeouts.receive, write=timeouts.receive, pool=timeouts.pool
        )
        # a body that comes byte by byte never trips the timeout of a single read
        self._all = timeouts.pool + timeouts.connect + 2 * timeouts.receive

    async def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        sign: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, one answer whatever its status. Raises ProviderError where none came or it is too long."""

        def every() -> dict[str, str]:
            own = signed(self.spec, self.key if sign else None, self.account)
            return {**ACCEPT, **(headers or {}), **own}

        # an empty query would cut off the one that the address brings along
        body = {"params": query or None, "data": form or None}
        return await self.send(method, url, headers=every, each=self._each, within=self._all, **body)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]],
        each: httpx.Timeout,
        within: float | None,
        **body: Any,
    ) -> Answer:
        """What ``ask`` does, for those with headers and times of their own; ``body`` goes to httpx as it is.

        ``headers`` are made once the address is found good and may raise UserError. ``each``: the times of one step;
        ``within``: seconds for everything together, or None.
        """
        try:
            origin(url)  # an address with a name and password in it, or with none at all, is not asked
            request = self._http.build_request(method, url, headers=headers(), timeout=each, **body)
        except UserError as exc:
            raise self.failed(Kind.BAD_INPUT, str(exc)) from None
        except (httpx.InvalidURL, UnicodeError):
            raise self.failed(
                Kind.BAD_INPUT, _("“{url}” is not an address that can be asked.").format(url=url)
            ) from None
        if self._http.is_closed:  # the network changed under us; whoever asks again gets another client
            raise self.broken(url, httpx.NetworkError(""))
        try:
            async with asyncio.timeout(within):
                response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
                try:
                    return await self._read(url, response)
                finally:
                    await response.aclose()
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL, TimeoutError) as exc:
            # the address is one that was answered: httpx takes a redirect apart, though it does not follow it
            raise self.broken(url, exc) from None

    def failed(
        self, kind: Kind, detail: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> ProviderError:
        """The error of this account, its text in one line and without keys."""
        line = " ".join(struck(detail, self.key).split())
        cut = line if len(line) <= 200 else line[:199] + "…"
        return ProviderError(Failure(kind, self.account.id, cut, retry_after), status=status)

    async def _read(self, url: str, response: httpx.Response) -> Answer:
        good = response.is_success
        left = self._room - self.spent
        room = min(left, MAX_ANSWER) if good else _MAX_ERROR
        too_long = self.failed(
            Kind.GARBLED,
            _("The answer is longer than {size} MB.").format(size=min(self._room, MAX_ANSWER) // 2**20)
            if left >= min(self._room, MAX_ANSWER)
            else _("The pages of the answer are longer than {size} MB.").format(size=self._room // 2**20),
            status=response.status_code,
        )
        if not known(response.headers.get("content-encoding", "")):
            raise self.failed(Kind.GARBLED, _("The answer has an unknown encoding."), status=response.status_code)
        declared = response.headers.get("content-length", "")
        if good and declared.isdecimal() and int(declared[:18]) > room:
            raise too_long
        held: list[bytes] = []
        size = 0
        async with aclosing(cast("AsyncGenerator[bytes, None]", pieces(response))) as chunks:
            async for chunk in chunks:
                held.append(chunk)
                size += len(chunk)
                if size > room:
                    if good:
                        raise too_long
                    break
        body = b"".join(held)[:room]
        if good:
            self.spent += len(body)
        return Answer(url, response.status_code, dict(response.headers.items()), body)

    def broken(self, url: str, exc: BaseException) -> ProviderError:
        """The error behind what httpx raised."""
        host = urlsplit(url).netloc
        if (why := why_not(exc)) is not None:
            return self.failed(Kind.TLS, _("No secure connection to {host}: {why}").format(host=host, why=why))
        if isinstance(exc, httpx.ProxyError):
            usable = NO_PROXY not in str(exc)
            told = _("The proxy of the system lets nothing through to {host}.")
            told = told if usable else _("The proxy of the system cannot be used. Give it an address with http://.")
            return self.failed(Kind.UNREACHABLE, told.format(host=host))
        if isinstance(exc, (httpx.ConnectError, httpx.ConnectTimeout)) and loopback(url):
            # Windows takes its time to refuse
            return self.failed(Kind.NOT_RUNNING, _("Nothing answers at {host}.").format(host=host))
        if isinstance(exc, (TimeoutError, httpx.TimeoutException)):
            return self.failed(Kind.UNREACHABLE, _("{host} did not answer in time.").format(host=host))
        if isinstance(exc, httpx.LocalProtocolError):  # its text may hold a header
            return self.failed(Kind.BAD_INPUT, _("The request to {host} could not be made.").format(host=host))
        if isinstance(exc, httpx.UnsupportedProtocol):
            return self.failed(Kind.BAD_INPUT, _("“{url}” is not an address that can be asked.").format(url=url))
        if isinstance(exc, httpx.ConnectError):
            return self.failed(Kind.UNREACHABLE, _("No connection to {host}.").format(host=host))
        # httpx tells a connection that ended early from one that never spoke HTTP only in words
        if isinstance(exc, (httpx.DecodingError, httpx.InvalidURL)) or (
            isinstance(exc, httpx.RemoteProtocolError) and not any(it in str(exc) for it in ("disconnected", "closed"))
        ):
            return self.failed(Kind.GARBLED, _("What {host} answers is not readable.").format(host=host))
        return self.failed(Kind.UNREACHABLE, _("The connection to {host} broke.").format(host=host))


def decoded(body: bytes, most: int = MAX_WEIGHT) -> Json:
    """Parsed JSON. Raises NotAListError for what is none, is nested too deep or would take ``most`` bytes."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if weight(body) > most or too_deep(body):
        raise NotAListError
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise NotAListError from None
