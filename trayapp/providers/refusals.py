"""What an answer that is no list means: whose fault it is, in which words, and how long to wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from trayapp.core.errors import Kind, ProviderError
from trayapp.core.language import _
from trayapp.core.redaction import STRUCK, struck
from trayapp.core.secret import Secret
from trayapp.providers.fields import NotAListError, at, every, text
from trayapp.providers.spec import BadKey, Json
from trayapp.providers.wire import Answer, Wire

LONGEST_WAIT = 86_400.0
"""Seconds; whoever asks for more is asked again after a day."""

_BY_STATUS: Mapping[int, Kind] = {
    # S4-14 names 408, 429, 500, 502, 503 and 504: these and no others may be tried again
    **dict.fromkeys((408, 500, 502, 503, 504), Kind.UNREACHABLE),
    429: Kind.LIMITED,
    **dict.fromkeys((401, 402, 403, 407, 412, 451), Kind.FORBIDDEN),
    **dict.fromkeys((404, 405, 410), Kind.GONE),
}
_WORDS = ("error.message", "error", "message", "detail", "detail[].msg", "title", "errors[].message", "error.error")
# keys masked with stars, or cut short: xa***cd, 22aac52a71...
_MASKED = re.compile(r"(?<![\w.-])[\w.-]*\*{2,}[\w*-]*|(?<![\w.-])(?=[\w-]*\d)[\w-]{6,}(?:\.{3}|…)")
_MOST = 4_000
_LONGEST_TIME = 64
"""Letters of a time that is told in a header, a date being the longest; they are looked through more than once."""
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|m(?!s)|s|ms)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def refused(wire: Wire, answer: Answer, *, rules: Iterable[BadKey], own_host: bool, now: float) -> ProviderError:
    """The error behind an answer. REFUSED only by the rules given; without a key they mean NO_KEY."""
    said = words(answer, wire.key)
    kind = _BY_STATUS.get(answer.status, Kind.GARBLED)
    if condemns(rules, answer, own_host=own_host):
        kind = Kind.REFUSED if wire.key else Kind.NO_KEY
        return wire.failed(kind, said or _status_words(answer, said), status=answer.status)
    if answer.status == 401 and not wire.key:
        kind = Kind.NO_KEY
    wait = retry_after(answer, now) if kind.retryable else None
    return wire.failed(kind, _status_words(answer, said), status=answer.status, retry_after=wait)


def condemns(rules: Iterable[BadKey], answer: Answer, *, own_host: bool) -> bool:
    """Whether one of the rules names this answer."""
    return any(_fits(rule, answer) for rule in rules if own_host or not rule.own_host)


def words(answer: Answer, key: Secret | None) -> str:
    """What the provider says is wrong: one line, with what it echoes of a key struck out; perhaps empty.

    One extractor for the nine forms of error body that are known, HTML and plain text included.
    """
    try:
        found = next((said for said in _candidates(answer.json()) if text(said)), "")
    except NotAListError:
        found = _plain(answer)
    # struck before it is cut, so that no half of a key is left at the end
    return text(_MASKED.sub(STRUCK, struck(found[:_MOST], key)))


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds the provider asks us to wait, in any of the forms in use; None where it does not.

    Milliseconds (OpenAI, Azure) come before ``retry-after``, which is seconds, a duration such as
    ``6m0s`` or an HTTP date; Google writes a duration into the body.
    """
    for given, factor in ((answer.headers.get("retry-after-ms"), 0.001), (answer.headers.get("retry-after"), 1.0)):
        seconds = _seconds(given, now, factor) if given else None
        if seconds is not None:
            return seconds
    for delay in every(_json(answer), "error.details[].retryDelay"):
        if isinstance(delay, str) and (seconds := _seconds(delay, now, 1.0)) is not None:
            return seconds
    return None


def _status_words(answer: Answer, said: str) -> str:
    if 300 <= answer.status < 400:
        try:
            where = urlsplit(answer.headers.get("location", "")).hostname
        except ValueError:
            where = None
        return _("The provider points to {host} instead of answering: check the address.").format(
            host=where or _("another page")
        )
    if answer.ok:
        none = _("The answer is not a list of models.")
        return f"{none} {said}" if said else none
    if said:
        return _("API returned status: {status} ({words})").format(status=answer.status, words=said)
    return _("API returned status: {status}").format(status=answer.status)


def _fits(rule: BadKey, answer: Answer) -> bool:
    if rule.status != answer.status:
        return False
    if not rule.path:
        return True
    if rule.path.startswith("header:"):
        values: Iterable[Json] = [answer.headers.get(rule.path.removeprefix("header:"), "")]
    else:
        values = every(_json(answer), rule.path)
    return any(
        isinstance(value, str)
        and (value == rule.equals if rule.equals else rule.contains.casefold() in value.casefold())
        for value in values
    )


def _json(answer: Answer) -> Json:
    try:
        return answer.json()
    except NotAListError:
        return None


def _candidates(body: Json) -> Iterator[str]:
    for path in _WORDS:
        for value in every(body, path):
            if isinstance(value, str):
                yield value


def _plain(answer: Answer) -> str:
    if title := _title(answer.body):
        import html

        return html.unescape(title[:_MOST].decode("utf-8", "replace"))
    if b"<" in answer.body[:200] or b"\0" in answer.body:
        return ""
    return answer.body[:_MOST].decode("utf-8", "replace")


def _title(page: bytes) -> bytes:
    """What stands in the first title of a page; empty where there is none. No pattern: it would try each beginning."""
    lower = page.lower()
    begin = lower.find(b"<title")
    opened = lower.find(b">", begin) + 1 if begin >= 0 else 0
    end = lower.find(b"</title>", opened) if opened else -1
    return page[opened:end] if end >= 0 else b""


def _seconds(given: str, now: float, factor: float) -> float | None:
    given = given.strip()
    if len(given) > _LONGEST_TIME:
        return None
    try:
        number = float(given) * factor
    except ValueError:
        parts = _PART.findall(given)
        if parts and "".join(number + unit for number, unit in parts) == given:
            number = sum(float(number) * _UNITS[unit] for number, unit in parts)
        else:
            from email.utils import parsedate_to_datetime

            try:
                number = parsedate_to_datetime(given).timestamp() - now
            except (ValueError, TypeError, OverflowError, IndexError):
                return None
    if not number < float("inf"):  # true for NaN as well
        return None
    return min(max(number, 0.0), LONGEST_WAIT)


def blocked(body: Json, paths: Iterable[str]) -> str:
    """The first flag among these that says a key is known but not usable; empty where none does."""
    return next((path for path in paths if at(body, path) is True), "")
