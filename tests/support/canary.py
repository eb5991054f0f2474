"""A key made up for one test session, which must be found nowhere once the session is over."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

PREFIX = "sk-proj-canary"
_CHUNK = 1 << 20


def fresh() -> str:
    """A key that looks like one and is in no file yet."""
    return f"{PREFIX}{secrets.token_urlsafe(24)}"


def forms(key: str) -> tuple[bytes, ...]:
    """The key as it may stand in a file: plain, quoted for an address, in base 64, as UTF-16."""
    plain = key.encode()
    found = {plain, quote(key, safe="").encode(), plain.hex().encode(), key.encode("utf-16-le")}
    # Somewhere inside a longer text, base 64 has three forms; their middles do not depend on neighbours.
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + plain)
        found.add(text[4 if lead else 0 : len(text) // 4 * 4 - 4])
    return tuple(found)


def files_with(key: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Every file below ``folders`` that holds the key or has it in its name."""
    wanted = forms(key)
    overlap = max(map(len, wanted))
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if key in path.name or (path.is_file() and not path.is_symlink() and _holds(path, wanted, overlap)):
                yield path


def _holds(path: Path, wanted: tuple[bytes, ...], overlap: int) -> bool:
    try:
        with path.open("rb") as file:
            tail = b""
            while chunk := file.read(_CHUNK):
                text = tail + chunk
                if any(form in text for form in wanted):
                    return True
                tail = text[-overlap:]
    except OSError:
        return False  # sockets, and what ended while we looked
    return False
