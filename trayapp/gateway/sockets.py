"""Takes the gateway's port on 127.0.0.1 and, where there is one, on ::1: both or none."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.system.ports import Holder, holder

_V4, _V6 = "127.0.0.1", "::1"
_TRIES = 20
EXCLUSIVE = -5
"""SO_EXCLUSIVEADDRUSE, a name that Python has on Windows only (winsock2.h: the complement of SO_REUSEADDR)."""
Make = Callable[[int, int], socket.socket]
"""Family and kind to a socket, as ``socket.socket``."""


def take(
    port: int,
    *,
    who: Callable[[int], Holder] = holder,
    make: Make = socket.socket,
    platform: str = sys.platform,
) -> list[socket.socket]:
    """Sockets that may listen, both with the same port; 0 picks a free one. Blocks.

    Raises ProviderError (PORT_TAKEN) in words that name the holder where the system tells: with one of the two
    addresses another program's, a tool that says “localhost” might reach that one, and give it its prompts.
    """
    tries = 1 if port else _TRIES
    while True:
        tries -= 1
        taken: list[socket.socket] = []
        at = port
        try:
            for family, address in _addresses(make):
                taken.append(_bound(family, address, at, make, platform))
                at = taken[0].getsockname()[1]
            return taken
        except OSError as exc:
            for one in taken:
                one.close()
            if not (tries and taken):  # else it was free on one address and not on the other
                raise _conflict(at, exc, who) from None


def _addresses(make: Make) -> list[tuple[socket.AddressFamily, str]]:
    families = [(socket.AF_INET, _V4)]
    if _has_v6(make):
        families.append((socket.AF_INET6, _V6))
    return families


def _has_v6(make: Make) -> bool:
    """Whether this machine has ::1. One that is switched off has no such address to bind to."""
    if not socket.has_ipv6:
        return False
    try:
        with make(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((_V6, 0))
    except OSError:
        return False
    return True


def _bound(family: socket.AddressFamily, address: str, port: int, make: Make, platform: str) -> socket.socket:
    made = make(family, socket.SOCK_STREAM)
    try:
        if platform == "win32":
            # without it any program may take the port from under us
            made.setsockopt(socket.SOL_SOCKET, EXCLUSIVE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just ended do not count
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if platform == "darwin" and port and _answered(make(family, socket.SOCK_STREAM), (address, port)):
            # there an address of ours may be bound beside another program's wildcard, and takes its callers
            raise OSError("somebody listens at all addresses")
        made.bind((address, port))
        made.listen(512)  # now: with SO_REUSEADDR two may bind, and the second to listen fails
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _answered(probe: socket.socket, address: tuple[str, int]) -> bool:
    with probe:
        probe.settimeout(0.5)
        return probe.connect_ex(address) == 0


def _conflict(port: int, exc: OSError, who: Callable[[int], Holder]) -> ProviderError:
    if isinstance(exc, PermissionError):
        sentence = _("The system does not let trayapp listen at port {port}. Choose another in Settings… → Gateway.")
        return ProviderError(Failure(Kind.PORT_TAKEN, detail=sentence.format(port=port)))
    sentence = _("Port {port} is in use by {holder}. End that program, or choose another port in Settings… → Gateway.")
    return ProviderError(Failure(Kind.PORT_TAKEN, detail=sentence.format(port=port, holder=who(port))))
