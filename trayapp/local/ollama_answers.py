"""Reads what Ollama answers: models in memory and on the disk, times of expiry, the path of a model's weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from trayapp.local.residency import NEVER, Installed, Seen, canonical, in_cloud
from trayapp.providers.fields import NotAListError, limit, objects, words
from trayapp.providers.spec import Json

_NEVER_FROM = 20 * 365.25 * 86_400
"""Seconds ahead from which Ollama itself calls an expiry “never” (``format/time.go``)."""
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
_FROM = re.compile(r"^FROM[ \t]+(\S.*)$", re.MULTILINE | re.IGNORECASE)


def loaded(body: Json, now: float, *, elsewhere: bool = False) -> tuple[Seen, ...]:
    """The models of ``/api/ps``. ``now`` in seconds since the epoch; ``elsewhere``: the whole server is a cloud.

    Raises NotAListError for another answer; a row that cannot be read is left out.
    """
    return tuple(_seen(row, name, now, elsewhere) for row, name in _rows(body))


def installed(body: Json, *, elsewhere: bool = False) -> tuple[Installed, ...]:
    """The models of ``/api/tags``. Raises NotAListError for another answer."""
    return tuple(
        Installed(
            key=_key(row, name),
            name=name,
            size=limit(row.get("size")) or 0,
            remote=elsewhere or _remote(row, name),
            embedding=_embeds_only(row),
        )
        for row, name in _rows(body)
    )


def moment(value: object) -> float | None:
    """Seconds since the epoch of a time in RFC 3339, in any zone and with any number of digits; None for anything else.

    Digits past the microsecond are cut off, which costs nothing here.
    """
    try:
        found = datetime.fromisoformat(str(value).upper())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def weights(body: Json) -> str:
    """The path of the weights on the server's disk, from the Modelfile of ``/api/show``; empty where it names none.

    The first ``FROM`` is the model, a second one its projector. Models for MLX have a name there instead.
    """
    text = body.get("modelfile") if isinstance(body, dict) else None
    found = _FROM.search(text) if isinstance(text, str) else None
    path = found[1].strip().strip('"') if found else ""
    return path if _ABSOLUTE.match(path) and "\0" not in path else ""


def _rows(body: Json) -> Iterator[tuple[dict[str, Any], str]]:
    if not isinstance(body, dict) or "models" not in body or not isinstance(body["models"], list | None):
        raise NotAListError
    for row in objects(body["models"]):
        name = row.get("name") or row.get("model")
        if isinstance(name, str) and name.strip() and name.isprintable():
            yield row, name


def _seen(row: dict[str, Any], name: str, now: float, elsewhere: bool) -> Seen:
    stamp = moment(row.get("expires_at"))
    return Seen(
        key=_key(row, name),
        name=name,
        size=limit(row.get("size")) or 0,
        vram=limit(row.get("size_vram")) or 0,
        context=limit(row.get("context_length")),
        expires=NEVER if stamp is None or stamp > now + _NEVER_FROM else stamp,
        stamp=stamp,
        remote=elsewhere or _remote(row, name),
    )


def _key(row: dict[str, Any], name: str) -> str:
    """The manifest's digest, which copies under other names share."""
    digest = row.get("digest")
    return digest if isinstance(digest, str) and digest else canonical(name)


def _remote(row: dict[str, Any], name: str) -> bool:
    return bool(row.get("remote_host") or row.get("remote_model")) or in_cloud(name)


def _embeds_only(row: dict[str, Any]) -> bool:
    stated = words(row.get("capabilities"))
    return "embedding" in stated and "completion" not in stated
