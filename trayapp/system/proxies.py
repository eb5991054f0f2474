"""Which proxy of the system's stands before an address: one set of rules for everything that the program asks."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
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
        host = (parts.hostname or "").lower().rstrip(".")
        proxy = self.by_scheme.get(parts.scheme) or self.by_scheme.get("all") or ""
        if not proxy or _here(host) or any(_fits(parts.scheme, host, parts.port, name) for name in self.never):
            return ""
        return proxy


def of_the_system() -> Proxies:
    """Read them anew: the environment's, else the system's settings on Windows and macOS, which takes milliseconds.

    A script that chooses one (PAC) is not run, and on Linux a desktop's own settings count as far as it puts them
    into the environment.
    """
    from urllib.request import getproxies, getproxies_environment

    named = getproxies_environment()
    return read(named) if named else read(getproxies(), _exceptions(sys.platform))


def read(found: Mapping[str, str], exceptions: Iterable[str] = ()) -> Proxies:
    """What urllib's ``getproxies`` gives, whose ``no`` is a list with commas; ``exceptions`` are the system's own."""
    never = tuple(name for it in (*found.get("no", "").split(","), *exceptions) if (name := it.strip().lower()))
    if "*" in never:
        return Proxies()
    named = {scheme: found[scheme] for scheme in ("http", "https", "all") if found.get(scheme)}
    return Proxies({scheme: it if "://" in it else f"http://{it}" for scheme, it in named.items()}, never)


def _exceptions(platform: str) -> tuple[str, ...]:
    """What urllib leaves out of the system's settings, since it asks for each host anew, and looks its name up."""
    if platform == "win32":
        return _of_windows()
    return _of_macos() if platform == "darwin" else ()


def _of_windows() -> tuple[str, ...]:
    import winreg

    path = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:  # type: ignore[attr-defined,unused-ignore]
            return tuple(str(winreg.QueryValueEx(key, "ProxyOverride")[0]).split(";"))  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return ()


def _of_macos() -> tuple[str, ...]:
    from _scproxy import _get_proxy_settings  # type: ignore[import-not-found,unused-ignore]

    found = _get_proxy_settings()
    return (*found.get("exceptions", ()), *(("<local>",) if found.get("exclude_simple") else ()))


def _here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fits(scheme: str, host: str, port: int | None, name: str) -> bool:
    """``name`` and all below it; with a leading dot only what is below; perhaps with scheme and port.

    As Windows and macOS write them: ``10.*``, and ``<local>`` for names without a dot.
    """
    if name == "<local>":
        return "." not in host and ":" not in host
    wanted_scheme, _sign, name = name.rpartition("://")
    if wanted_scheme not in ("", "all", scheme):
        return False
    bare, _colon, wanted = name.rpartition(":")
    if wanted.isdecimal() and bare and (":" not in bare or bare.startswith("[")):
        if wanted.lstrip("0") != str(port):  # as a number it might have too many digits to be one
            return False
        name = bare
    name = name.strip("[]")
    if "*" in name:
        return fnmatchcase(host, name)
    if "/" in name:
        return _within(host, name)
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
