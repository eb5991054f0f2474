"""Why a connection is not trusted, in words that say what to do: OpenSSL's own are for its authors."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

from trayapp.core.language import N_, _

_CLOCK = N_("Look whether this computer's clock is right.")
_UNKNOWN = N_(
    "nobody vouches for it whom this computer knows. Behind a company's proxy, add its certificate to this computer's."
)
_OTHER_NAME = N_("its certificate is for another name. Check the address.")
_BY_CODE: Mapping[int, tuple[str, ...]] = {
    # X509_V_ERR_… of OpenSSL's x509_vfy.h; on macOS and Windows the system's own words are passed on
    9: (N_("its certificate is not valid yet."), _CLOCK),
    10: (N_("its certificate has expired."), _CLOCK),
    18: (N_("its certificate is signed by nobody but itself. If it is your own, add it to this computer's."),),
    **dict.fromkeys((19, 20, 21), (_UNKNOWN,)),
    23: (N_("its certificate was taken back by who gave it."),),
    **dict.fromkeys((62, 64), (_OTHER_NAME,)),
}
_PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
"""OpenSSL's reasons where something else than TLS was answered."""


def why_not(exc: BaseException | None) -> str | None:
    """The reason, if it is one of TLS that is behind this error; None for every other."""
    found = [it for it in causes(exc) if isinstance(it, ssl.SSLError) and not isinstance(it, _WAITED)]
    # aiohttp's own error is one of TLS as well, and knows less than what led to it
    return _told(max(found, key=_tells)) if found else None


def causes(exc: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, those of a group among them."""
    while exc is not None:
        yield exc
        # aiohttp keeps what it was told in attributes
        for inner in (*getattr(exc, "exceptions", ()), *(getattr(exc, name, None) for name in _KEPT)):
            if isinstance(inner, BaseException) and inner is not exc:
                yield from causes(inner)
        exc = exc.__cause__ or exc.__context__


_KEPT = ("certificate_error", "os_error")
_WAITED = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Stand behind every time that ran out in a handshake, and say nothing about trust."""


def _tells(exc: ssl.SSLError) -> int:
    return 2 * bool(getattr(exc, "verify_code", 0)) + bool(getattr(exc, "reason", None))


def _told(exc: ssl.SSLError) -> str:
    code = int(getattr(exc, "verify_code", 0))
    if code in _BY_CODE:
        return " ".join(_(part) for part in _BY_CODE[code])
    reason = str(getattr(exc, "reason", None) or "")
    if reason.startswith(_PLAIN):
        return _("there is no TLS at this address. Check whether it begins with http:// and which port it has.")
    said = getattr(exc, "verify_message", "") or reason or (str(exc.args[-1]) if exc.args else type(exc).__name__)
    return str(said)
