"""Carries one request to an upstream and its answer back: bytes through, as they come, and no more held than needed.

``Relay.ask`` raises until the first byte of an answer is there, so that another upstream may still be tried;
after that the caller has seen a part. Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from msgspec import Struct
from yarl import URL

from trayapp.core.clock import Clock, SystemClock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.gateway import headers, loss
from trayapp.gateway.facts import Facts, Outcome
from trayapp.gateway.limits import Patience
from trayapp.gateway.trouble import FAULTS, WrongProxyError, died, error_of

_TRIED_AGAIN = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE")
"""What aiohttp sends a second time by itself."""
_LARGE = 2**20
"""Bytes of a body that is written in pieces."""
_PIECE = 2**18
_asking: ContextVar[Facts] = ContextVar("the facts of the request that is being made")


class Ask(Struct, frozen=True, kw_only=True):
    """What is sent upstream."""

    url: str
    headers: Mapping[str, str]
    """As ``headers.upward`` makes them. They hold the key: this value is made for one request and never kept."""
    body: bytes = b""
    method: str = "POST"
    provider: str = ""
    """Account id, for failures."""

    def __repr__(self) -> str:
        return f"Ask({self.method} {self.url})"


class Relay:
    """Asks upstreams over the connections of one session, in the loop that the session was made in."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        proxy: Callable[[str], str] = lambda _url: "",
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``session`` calls ``connecting``. ``proxy`` gives the one before an address, as ``system.proxies`` does."""
        self._session = session
        self._proxy = proxy
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=self._patience.connect, sock_read=self._patience.silence
        )

    async def ask(self, ask: Ask, facts: Facts | None = None) -> Reply:
        """Send it and wait for status and headers, whatever they say. Cancelling ends it at once, in any phase.

        Raises ProviderError where no answer came, and for a redirect: a key is not taken along to another address.
        A connection that was open already and died without a byte is tried once more on another.
        """
        if facts is None:
            facts = self.facts()
        try:
            response = await self._sent(ask, facts)
        except FAULTS as exc:
            facts.ended = self._clock.monotonic()
            raise error_of(exc, ask.url, ask.provider) from None
        except BaseException:  # cancelled
            facts.ended = self._clock.monotonic()
            facts.outcome = Outcome.LEFT
            raise
        facts.first_byte = self._clock.monotonic()
        facts.status = response.status
        facts.encoding = response.headers.get("Content-Encoding", "")
        if 300 <= response.status < 400:
            facts.ended = facts.first_byte
            response.close()
            raise _elsewhere(ask, response)
        return Reply(response, ask, facts, self._clock)

    def facts(self) -> Facts:
        """For a request that begins now."""
        return Facts(self._clock.monotonic())

    async def warm(self, url: str) -> bool:
        """Have a connection to this address ready before it is needed; nothing is signed. True if it is."""
        try:
            response = await self._session.head(
                _parsed(url).origin(),
                headers={"User-Agent": headers.AGENT, "Accept": "*/*"},
                allow_redirects=False,
                proxy=self._before(url),
                timeout=aiohttp.ClientTimeout(total=2 * self._patience.connect),
            )
        except (*FAULTS, ValueError):
            return False
        response.release()
        return True

    def _before(self, url: str) -> str | None:
        """The proxy before this address. Raises WrongProxyError for a kind that cannot be used."""
        proxy = self._proxy(url)
        if proxy and not proxy.startswith(("http://", "https://")):
            kind = proxy.partition(":")[0]
            raise WrongProxyError(
                _("The proxy of the system cannot be used: it is of the kind “{kind}”.").format(kind=kind)
            )
        return proxy or None

    async def _sent(self, ask: Ask, facts: Facts) -> aiohttp.ClientResponse:
        try:
            return await self._once(ask, facts)
        except FAULTS as exc:
            if not facts.reused or ask.method in _TRIED_AGAIN or not died(exc):
                raise
        facts.retried = True
        return await self._once(ask, facts)

    async def _once(self, ask: Ask, facts: Facts) -> aiohttp.ClientResponse:
        facts.reused = True  # until a connection is made for it
        _asking.set(facts)
        body = ask.body
        return await self._session.request(
            ask.method,
            _parsed(ask.url),
            data=None if not body else aiohttp.BytesPayload(body) if len(body) < _LARGE else _Large(body),
            headers=ask.headers,
            allow_redirects=False,
            proxy=self._before(ask.url),
            timeout=self._timeout,
        )


class Reply:
    """An answer that has begun. It is read or passed on once, or closed; then its facts are complete."""

    def __init__(self, response: aiohttp.ClientResponse, ask: Ask, facts: Facts, clock: Clock) -> None:
        self._response = response
        self._url, self._provider = ask.url, ask.provider  # not the whole: its body would live as long as the stream
        self._clock = clock
        self._watched = False
        self.facts = facts
        self.status = response.status
        self.headers = response.headers

    @property
    def length(self) -> int | None:
        """Bytes of the body, where it is told."""
        return self._response.content_length

    @property
    def readable(self) -> bool:
        """Whether its bytes are what they seem, and not compressed although we asked for the contrary."""
        return self.facts.encoding.lower() in ("", "identity")

    def at_hand(self) -> bytes | None:
        """The whole body, if all of it is here already, as a short answer's is; else None."""
        content = self._response.content
        if content.exception() is not None or not content.is_eof():
            return None
        body = content.read_nowait()
        self.facts.received += len(body)
        self.finish(Outcome.WHOLE)
        return body

    async def piece(self) -> bytes:
        """What has come since the last one, all of it; empty at the end. While nobody asks, nothing more is read.

        Raises ProviderError where the upstream broke off.
        """
        content = self._response.content
        if not self._watched and not content.is_eof():
            self._watched = True
            loss.watch(self._response)
        try:
            chunk = await content.readany()
        except FAULTS as exc:
            self.finish(Outcome.CUT)
            raise error_of(exc, self._url, self._provider) from None
        self.facts.received += len(chunk)
        return chunk

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes; ``facts`` say whether it came whole. Raises as ``piece``; left early, it is closed."""
        try:
            while chunk := await self.piece():
                yield chunk
            self.finish(Outcome.WHOLE)
        finally:
            self.close()

    async def read(self, limit: int) -> bytes:
        """The body, at most so many bytes; the rest of a longer one is not waited for. Raises as ``piece``."""
        held, size = list[bytes](), 0
        async with aclosing(self.pieces()) as pieces:  # else it would be closed some time later
            async for chunk in pieces:
                held.append(chunk)
                size += len(chunk)
                if size >= limit:
                    break
        return b"".join(held)[:limit]

    def close(self) -> None:
        """End it where it stands: the upstream need not go on with an answer that nobody reads."""
        self.finish(Outcome.LEFT)

    def finish(self, outcome: Outcome) -> None:
        """It is over, and how. What comes first counts."""
        if self.facts.ended is None:
            self.facts.ended = self._clock.monotonic()
            self.facts.outcome = outcome
        if outcome is Outcome.WHOLE:
            self._response.release()
        else:
            self._response.close()


class _Large(aiohttp.Payload):
    """A large body, written in pieces: as one, aiohttp would warn, and a copy of the whole would wait to be sent."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body, content_type="application/json")
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise NotImplementedError  # aiohttp wants to have it, and never uses it for a request

    async def write(self, writer: AbstractStreamWriter) -> None:
        view = memoryview(self._value)
        for start in range(0, len(view), _PIECE):
            await writer.write(view[start : start + _PIECE])


def connecting() -> None:
    """For ``net.relay_session``: the request that is being made has a connection of its own."""
    facts = _asking.get(None)
    if facts is not None:
        facts.reused = False


@lru_cache(maxsize=256)
def _parsed(url: str) -> URL:
    """The address as it stands, nothing quoted anew."""
    return URL(url, encoded=True)


def _elsewhere(ask: Ask, response: aiohttp.ClientResponse) -> ProviderError:
    try:
        host = urlsplit(response.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    sentence = _("The provider points to {host} instead of answering: check the address.")
    detail = sentence.format(host=host or _("another page"))
    return ProviderError(Failure(Kind.GARBLED, ask.provider, detail), status=response.status)
