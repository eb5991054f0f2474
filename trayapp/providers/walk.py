"""Reads the pages of one list, from the first route that is there, within bounds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from msgspec import Struct

from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.providers.fields import NotAListError
from trayapp.providers.pages import Pages
from trayapp.providers.refusals import refused
from trayapp.providers.spec import Entry, Json, Parse, Route, at_home, base_url, fill, origin
from trayapp.providers.wire import Answer, Wire, decoded

MAX_ROWS = 20_000
_THREAD_FROM = 100_000
"""Bytes from which an answer is parsed in a thread: below, handing it over costs more."""

_log = logging.getLogger(__name__)


class Walk:
    """What one list gave so far: rows by id, what was dropped, whether there was more."""

    def __init__(self, wire: Wire, now: Callable[[], float]) -> None:
        self._wire, self._spec, self._now = wire, wire.spec, now
        self.entries: dict[str, Entry] = {}
        self.dropped = self.pages = 0
        self.truncated = self.not_modified = False
        self.etag = self.last_modified = ""

    async def first(self, etag: str, last_modified: str) -> None:
        """The row's own list, or the next route where that one is not there."""
        spec, missing = self._spec, None
        main = Route(
            path=spec.list_path,
            parse=spec.parse,
            query=spec.list_query,
            paging=spec.paging,
            condemns=spec.list_condemns,
        )
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified} if spec.extra_list is None else {}
        routes = (main, *spec.list_fallbacks)
        for route in routes:
            try:
                return await self._read(route, conditions)
            except ProviderError as exc:
                if not self._elsewhere(exc):
                    raise
                missing = missing or exc
                conditions = {}
        raise missing or AssertionError(routes)

    async def more(self, route: Route) -> list[Entry]:
        """The second list; nothing where it fails, since it only adds facts."""
        other = Walk(self._wire, self._now)
        try:
            await other._read(route, {})
        except ProviderError as exc:
            _log.debug("second list of %s: %s", self._wire.account.id, exc.failure.detail)
        return list(other.entries.values())

    def _elsewhere(self, exc: ProviderError) -> bool:
        if exc.failure.kind in (Kind.REFUSED, Kind.NO_KEY):
            return False
        # LM Studio answers 200 and an error to routes it does not know
        return exc.status in self._spec.falls_back_on or (exc.failure.kind is Kind.GARBLED and exc.status == 200)

    async def _read(self, route: Route, conditions: dict[str, str]) -> None:
        wire, spec = self._wire, self._spec
        try:
            base = base_url(spec, wire.account)
            start = (origin(base) if route.rooted else base) + fill(route.path, spec, wire.account)
            home = at_home(spec, wire.account)
        except UserError as exc:
            raise wire.failed(Kind.BAD_INPUT, str(exc)) from None
        pages = Pages(route.paging, start, route.query)
        conditions = {name: value for name, value in conditions.items() if value}
        more = True
        while more:
            answer = await wire.ask(pages.url, query=pages.query, sign=not route.public, headers=conditions)
            if answer.status == 304 and conditions:
                self.not_modified = True
                return
            conditions = {}
            rules = spec.check.bad_key if route.condemns else ()
            try:
                if not answer.ok:
                    raise NotAListError
                page = await _parsed(answer.body, route.parse, MAX_ROWS - len(self.entries))
            except NotAListError:
                raise refused(wire, answer, rules=rules, own_host=home, now=self._now()) from None
            fresh = self._take(page)
            more = not self.truncated and pages.turn(page.body, rows=page.rows, fresh=fresh)
            self.pages = pages.read
            self.truncated |= pages.cut
            self.etag, self.last_modified = (_tag(answer, name) for name in ("etag", "last-modified"))

    def _take(self, page: _Page) -> int:
        before = len(self.entries)
        for entry in page.entries:
            self.entries.setdefault(entry.id, entry)
        self.dropped += page.dropped
        self.truncated |= page.cut
        return len(self.entries) - before or (1 if page.rows and not page.entries else 0)


class _Page(Struct, frozen=True):
    body: Json
    entries: list[Entry]
    rows: int
    dropped: int
    cut: bool


async def _parsed(body: bytes, parse: Parse, room: int) -> _Page:
    if len(body) < _THREAD_FROM:
        return _page(body, parse, room)
    return await asyncio.to_thread(_page, body, parse, room)


def _page(raw: bytes, parse: Parse, room: int) -> _Page:
    body = decoded(raw)
    entries: list[Entry] = []
    rows = dropped = 0
    for entry in parse(body):
        rows += 1
        if rows > room:
            return _Page(body, entries, rows, dropped, cut=True)
        if entry is None:
            dropped += 1
        else:
            entries.append(entry)
    return _Page(body, entries, rows, dropped, cut=False)


def _tag(answer: Answer, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 256 else ""
