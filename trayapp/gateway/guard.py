"""Who may call: decides by Host, Origin and token, before a byte of the body is read.

The threat is the browser. A page on any site can send requests to 127.0.0.1, and one whose name is rebound to
127.0.0.1 can read the answers as well: the first is known by its Origin or Sec-Fetch-Site, the second by its Host.
The token keeps out other users of this computer and programs in a sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from trayapp.core.language import _
from trayapp.gateway import tokens
from trayapp.gateway.refusal import Reason, RefusedError

METHODS = "GET, POST, HEAD, DELETE"
MAX_AGE = "600"
"""Seconds for which a browser may remember a preflight's answer."""


class Gate(Struct, frozen=True):
    """The rules as one value: replaced when a setting changes, never edited."""

    port: int
    digests: Mapping[str, str] = {}
    """Names of tokens to their digests."""
    origins: frozenset[str] = frozenset()
    """Web pages that may ask, as browsers write them: ``app://obsidian.md``."""
    open_paths: tuple[str, ...] = ()
    """Beginnings of paths that need no token."""


class Head(Struct, frozen=True):
    """What is known of a request before its body. Each tuple holds every value that was sent under that name."""

    method: str
    target: str
    """As it stands in the request line."""
    host: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    """Sec-Fetch-Site."""
    authorization: tuple[str, ...] = ()
    api_key: tuple[str, ...] = ()
    """x-api-key."""
    asks_method: str = ""
    """Access-Control-Request-Method: with it, OPTIONS is a preflight."""
    asks_headers: str = ""
    asks_network: bool = False
    """Access-Control-Request-Private-Network."""


class Admitted(Struct, frozen=True):
    """Who was let in."""

    token: str = ""
    """The name of the token that was shown; empty where none was needed."""
    headers: Mapping[str, str] = {}
    """To be sent with the answer: what lets a listed page read it."""
    preflight: bool = False
    """A browser's question whether it may ask: answered with 204 and these headers, nothing else."""


NOBODY = Admitted()


def admit(gate: Gate, head: Head) -> Admitted:
    """Let the caller in. Raises RefusedError: 421, 403 or 401 with a sentence that says what to do."""
    if head.target[:1] != "/":  # an absolute target would count as the Host, whatever the header says
        raise _misdirected(gate)
    if len(head.host) != 1 or not _own(head.host[0], gate.port):
        raise _misdirected(gate)
    headers = _let_page_in(gate, head) if head.origin or head.site else {}
    if head.method == "OPTIONS" and head.origin and head.asks_method:
        return Admitted(headers={**headers, **_preflight(head)}, preflight=True)
    name = _token_of(gate, head)
    if name is None:
        if head.target.startswith(gate.open_paths):
            return Admitted(headers=headers)
        raise _bad_token() if head.authorization or head.api_key else _no_token()
    return Admitted(name, headers)


def _own(host: str, port: int) -> bool:
    host = host.lower()
    return host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}")


def _let_page_in(gate: Gate, head: Head) -> dict[str, str]:
    """The headers for a page on the list; none where no page asks. Raises RefusedError for any other page."""
    if not head.origin:
        if all(it.lower() in ("none", "same-origin") for it in head.site):
            return {}
        raise _foreign("")
    origin = head.origin[0]
    # “null” is what every page in a sandbox calls itself, so it is never on the list
    if len(head.origin) > 1 or origin == "null" or origin not in gate.origins:
        raise _foreign(origin)
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _preflight(head: Head) -> dict[str, str]:
    answer = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Max-Age": MAX_AGE}
    asked = [it.strip() for it in head.asks_headers.split(",")]
    if names := [it for it in asked if it and all(letter.isalnum() or letter == "-" for letter in it)]:
        answer["Access-Control-Allow-Headers"] = ", ".join(names[:64])
    if head.asks_network:
        answer["Access-Control-Allow-Private-Network"] = "true"
    return answer


def _token_of(gate: Gate, head: Head) -> str | None:
    """The name of a token among those shown. Every one is tried: some tools send two, one of them a stand-in."""
    found = None
    for value in head.authorization:
        scheme, _space, token = value.partition(" ")
        if scheme.lower() == "bearer" and (name := tokens.named(token.strip(), gate.digests)) is not None:
            found = name
    for value in head.api_key:
        if (name := tokens.named(value.strip(), gate.digests)) is not None:
            found = name
    return found


def _misdirected(gate: Gate) -> RefusedError:
    sentence = _("This address is not trayapp's. Point the tool at http://127.0.0.1:{port}.")
    return RefusedError(421, Reason.BAD_HOST, sentence.format(port=gate.port))


def _foreign(origin: str) -> RefusedError:
    if not origin or origin == "null" or len(origin) > 200 or not origin.isprintable():
        return RefusedError(403, Reason.BAD_ORIGIN, _("Web pages may not use trayapp."))
    sentence = _("The web page {origin} may not use trayapp. To allow it, add it in Settings… → Gateway.")
    return RefusedError(403, Reason.BAD_ORIGIN, sentence.format(origin=origin))


def _no_token() -> RefusedError:
    sentence = _("A token is missing. Copy it from trayapp's menu and enter it in this tool as its API key.")
    return RefusedError(401, Reason.UNKNOWN_CALLER, sentence, headers={"WWW-Authenticate": "Bearer"})


def _bad_token() -> RefusedError:
    sentence = _("This is not a token of trayapp's. Copy one from its menu and enter it in this tool as its API key.")
    return RefusedError(401, Reason.UNKNOWN_CALLER, sentence, headers={"WWW-Authenticate": "Bearer"})
