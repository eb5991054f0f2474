"""Newer versions of the program: who says which there is, what of that is believed, and when may be asked again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from trayapp.core import version
from trayapp.core.language import _
from trayapp.core.state import Looked, State

DAY = 86_400.0
"""Seconds between two requests, at least."""
ASKED = "updates"
"""In ``State.told``: the user was asked once whether to look for new versions."""
_VERSION = r"(?:trayapp[-_ ]?)?v?([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})((?:[-+._]|a|b|c|dev|pre|rc)[0-9a-z.+_-]{0,60})?"
_PARTS = 4
_PAGE = r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,300}"
"""Compiled when first used: a launch seldom needs them."""
_HERE = ("127.0.0.1", "localhost", "::1")
_NAMES = (("version", "url"), ("tag_name", "html_url"))
"""What version and page are called: in a small file of one's own, and in what GitHub says of a latest release."""


class Release(Struct, frozen=True):
    """A version that is out. ``page`` says what is new in it; empty where there is none that can be trusted."""

    version: str
    page: str = ""


class Updates(Struct, frozen=True, kw_only=True):
    """What is known of newer versions, for whoever shows it."""

    host: str = ""
    """Who is asked; empty: this build has nobody to ask."""
    on: bool = False
    """It asks by itself."""
    age: float | None = None
    """Seconds since the last request; None: there was none."""
    failed: bool = False
    """That one brought nothing."""
    newest: str = ""
    """A version newer than this one; empty: none is known."""
    page: str = ""


def address(env: Mapping[str, str]) -> tuple[str, str]:
    """Where to ask, empty for nowhere; and why what the environment says cannot be used, in a sentence.

    It has to begin with https, unless it is on this very computer, and to hold no name or password.
    """
    url = env.get(version.RELEASES_VARIABLE, "").strip() or version.RELEASES
    if not url:
        return "", ""
    parts = _split(url)
    if parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)):
        return url, ""
    why = _("an address that begins with https:// and holds no user name is needed.")
    return "", _("{variable} is ignored: {why}").format(variable=version.RELEASES_VARIABLE, why=why)


def host(address: str) -> str:
    """Who answers there, for people."""
    parts = _split(address)
    return parts.netloc if parts is not None else ""


def read(body: Any, address: str) -> Release | None:
    """The release that an answer names; None where it names none that is finished."""
    if not isinstance(body, dict) or body.get("draft") is True or body.get("prerelease") is True:
        return None
    for name, page in _NAMES:
        found = _final(body.get(name))
        if found:
            told = body.get(page)
            return Release(found, told if isinstance(told, str) and trusted(told, address) else "")
    return None


def trusted(page: str, address: str) -> bool:
    """Whether a page may be opened: by https, at the host that was asked, or where that is ``api.…``, at its own."""
    if not re.fullmatch(_PAGE, page):
        return False
    asked, parts = _split(address), _split(page)
    if asked is None or parts is None:
        return False
    name = asked.hostname or ""
    return parts.netloc.lower() in (asked.netloc.lower(), name, name.removeprefix("api."))


def newer(one: str, other: str = "") -> bool:
    """Whether the first is a later version than the second, or than this program where there is none.

    What is no version is never newer. A version that is not finished (``1.0rc1``) comes before the one that is.
    """
    first, second = _key(one), _key(other or version.VERSION)
    return first is not None and second is not None and first > second


def known(looked: Looked | None, address: str) -> Release | None:
    """What is out and newer than this program, as far as was ever heard."""
    if looked is None or not address or not newer(looked.version):
        return None
    return Release(_final(looked.version), looked.page if trusted(looked.page, address) else "")


def asks(state: State, forced: Collection[str]) -> bool:
    """Whether a program that starts with this state asks its user if newer versions are to be looked for.

    Once ever; not at the first start, when nothing is chosen yet; not where the environment has decided (``forced``).
    """
    return state.active is not None and ASKED not in state.told and "update_notice" not in forced


def wait(looked: Looked | None, now: float) -> float:
    """Seconds until somebody may be asked again; zero: at once.

    A last time that lies in the future by more than a day was told by a clock that was wrong, and counts as long ago.
    By less, a clock was set back, and the day begins anew: better a day too late than twice in one.
    """
    if looked is None or looked.at <= 0 or looked.at - now > DAY:
        return 0.0
    return max(0.0, looked.at + DAY - now)


def seen(looked: Looked | None, *, address: str, on: bool, now: float) -> Updates:
    """All of it, for whoever shows it."""
    if not address:
        return Updates(on=on)
    found = known(looked, address) or Release("")
    return Updates(
        host=host(address),
        on=on,
        age=max(0.0, now - looked.at) if looked is not None and looked.at > 0 else None,
        failed=looked is not None and looked.failed,
        newest=found.version,
        page=found.page,
    )


def _key(text: str) -> tuple[int, ...] | None:
    """What versions are compared by."""
    match = re.fullmatch(_VERSION, text.strip(), re.IGNORECASE | re.ASCII)
    if match is None:
        return None
    numbers = [int(it) for it in match[1].split(".")]
    finished = match[2] is None or match[2].lower().startswith(("+", ".post"))
    return (*numbers, *([0] * (_PARTS - len(numbers))), int(finished))


def _final(text: Any) -> str:
    """The bare numbers of a version that is finished: nothing else that was sent is ever shown."""
    key = _key(text) if isinstance(text, str) else None
    if key is None or not key[-1]:
        return ""
    least = 3 if key[3] == 0 else 4
    return ".".join(map(str, key[:least]))


def _split(url: str) -> SplitResult | None:
    """The parts of an address that can be asked; None for every other."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and "@" not in parts.netloc and url.isprintable() and " " not in url else None
