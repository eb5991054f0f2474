"""Which proxy of the system's stands before an address, as httpx has it: for whoever has to name it by request."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct


class Proxies(Struct, frozen=True):
    """What the environment, or the system's settings, say."""

    by_scheme: Mapping[str, str] = {}
    """Scheme of the address, or ``all``, to the proxy's address."""
    never: tuple[str, ...] = ()
    """Hosts that are asked directly, in lower case."""

    def for_url(self, url: str) -> str:
        """The proxy's address; empty where there is none. Never one for this computer: it would look on its own."""
        if not self.by_scheme:
            return ""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        proxy = self.by_scheme.get(parts.scheme) or self.by_scheme.get("all") or ""
        if not proxy or _here(host) or any(_fits(host, parts.port, name) for name in self.never):
            return ""
        return proxy


def of_the_system() -> Proxies:
    """Read them anew. On Windows and macOS this asks the registry or the system's settings: milliseconds."""
    from urllib.request import getproxies

    return read(getproxies())


def read(found: Mapping[str, str]) -> Proxies:
    """What urllib's ``getproxies`` gives, whose ``no`` is a list with commas."""
    never = tuple(name for it in found.get("no", "").split(",") if (name := it.strip().lower()))
    if "*" in never:
        return Proxies()
    named = {scheme: found[scheme] for scheme in ("http", "https", "all") if found.get(scheme)}
    return Proxies({scheme: it if "://" in it else f"http://{it}" for scheme, it in named.items()}, never)


def _here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fits(host: str, port: int | None, name: str) -> bool:
    """``name`` and all below it; with a leading dot only what is below; perhaps with scheme and port."""
    name = name.rpartition("://")[2]
    bare, _colon, wanted = name.rpartition(":")
    if wanted.isdecimal() and bare and (":" not in bare or bare.startswith("[")):
        if wanted.lstrip("0") != str(port):  # as a number it might have too many digits to be one
            return False
        name = bare
    name = name.strip("[]")
    if "/" in name:
        return _within(host, name)
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
