"""Where the next page of a list is, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

from trayapp.core.errors import UserError
from trayapp.providers.fields import at, limit
from trayapp.providers.spec import Json, Paging, origin

MAX_PAGES = 10


class Pages:
    """The pages of one list. Stops at a cursor that is missing, empty or known, at a page without rows,
    at a page that brings nothing new, at another host, and after ten pages."""

    def __init__(self, paging: Paging | None, url: str, query: Mapping[str, str]) -> None:
        self.url, self.query = url, dict(query)
        self.read = 0
        """Pages so far."""
        self.cut = False
        """Whether there was more that was not read."""
        self._paging = paging
        self._rows = 0
        self._seen: set[str] = set()

    def turn(self, body: Json, *, rows: int, fresh: int) -> bool:
        """Go to the next page, if there is one. ``rows`` stood on this one, ``fresh`` of them for the first time."""
        self.read += 1
        self._rows += rows
        if self._paging is None or not rows or not fresh:
            return False
        mark = self._next(self._paging, body)
        if not mark or mark in self._seen:
            return False
        if self.read >= MAX_PAGES:
            self.cut = True
            return False
        self._seen.add(mark)
        if not self._paging.next_url:
            self.query[self._paging.param] = mark
            return True
        return self._follow(mark)

    def _next(self, paging: Paging, body: Json) -> str:
        if paging.more and at(body, paging.more) is not True:
            return ""
        if paging.total:
            total = limit(at(body, paging.total))
            return "" if total is not None and self._rows >= total else str(self.read + 1)
        mark = at(body, paging.cursor or paging.next_url)
        if isinstance(mark, bool) or not isinstance(mark, (str, int)):
            return ""
        return str(mark)

    def _follow(self, link: str) -> bool:
        try:
            url = urljoin(self.url, link)
            same = origin(url) == origin(self.url)
        except (UserError, ValueError):
            same = False
        if not same:  # the key goes with the request
            self.cut = True
            return False
        self.url, self.query = url, {}
        return True
