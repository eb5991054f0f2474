"""What can go wrong on the way to an upstream, as the cause that is shown: aiohttp's errors to ``core.errors``.

Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import aiohttp

from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.core.redaction import struck
from trayapp.providers.spec import loopback
from trayapp.providers.trust import why_not

FAULTS = (aiohttp.ClientError, TimeoutError, OSError, UnicodeError)
"""Whatever a request may raise that is the upstream's fault, or its address's."""

_BY_STATUS = {
    **dict.fromkeys((408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529), Kind.UNREACHABLE),
    429: Kind.LIMITED,
    401: Kind.REFUSED,
    **dict.fromkeys((402, 403, 407, 412, 451), Kind.FORBIDDEN),
    **dict.fromkeys((404, 405, 410), Kind.GONE),
}


class WrongProxyError(aiohttp.ClientError):
    """The proxy of the system is of a kind that cannot be used; going around it would betray who set it."""


def kind_of(status: int) -> Kind:
    """The cause behind an answer's status, for who decides whether another upstream is tried."""
    return _BY_STATUS.get(status, Kind.GARBLED)


def died(exc: BaseException) -> bool:
    """Whether the connection ended without a byte of an answer, as one does that was idle for too long."""
    if isinstance(exc, (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError)):
        return False
    return isinstance(exc, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError))


def error_of(exc: BaseException, url: str, provider: str) -> ProviderError:
    """The error of this account in words, without keys and without the address's query."""
    kind, detail = _told(exc, url)
    return ProviderError(Failure(kind, provider, struck(detail)))


def _told(exc: BaseException, url: str) -> tuple[Kind, str]:
    host = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(exc, WrongProxyError):
        return Kind.UNREACHABLE, str(exc)
    if isinstance(exc, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        return Kind.UNREACHABLE, _("The proxy of the system lets nothing through to {host}.").format(host=host)
    if isinstance(exc, (aiohttp.ClientSSLError, ssl.SSLError)):
        why = why_not(exc) or type(exc).__name__
        return Kind.TLS, _("No secure connection to {host}: {why}").format(host=host, why=why)
    if isinstance(exc, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        if loopback(url):
            return Kind.NOT_RUNNING, _("Nothing answers at {host}.").format(host=host)
        return Kind.UNREACHABLE, _("No connection to {host}.").format(host=host)
    if isinstance(exc, TimeoutError):
        return Kind.UNREACHABLE, _("{host} did not answer in time.").format(host=host)
    if isinstance(exc, (aiohttp.InvalidURL, UnicodeError)):
        return Kind.BAD_INPUT, _("“{host}” is not an address that can be asked.").format(host=host)
    if isinstance(exc, aiohttp.ClientResponseError):
        return Kind.GARBLED, _("What {host} answers is not readable.").format(host=host)
    return Kind.UNREACHABLE, _("The connection to {host} broke.").format(host=host)
