"""What was asked of whom, in numbers: one request, sums of many, and what an answer cost. Never any content."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from trayapp.core.models import Price

FILE = "usage.sqlite"
"""The name of the file in the folder of data."""
GROUPED_BY = ("provider", "model", "tool")


class Request(Struct, frozen=True):
    """One request that ended. Tokens are None where the answer did not say."""

    at: float
    """Seconds since the epoch at which it came."""
    tool: str
    """The token's name, else what the tool calls itself."""
    provider: str
    model: str
    asked: str = ""
    """The name that the tool asked for: a role, a rule, ``current``."""
    route: str = ""
    streamed: bool = False
    input: int | None = None
    """All that went in, the cached ones among them."""
    output: int | None = None
    cached: int | None = None
    """Those of ``input`` that the provider read from its cache."""
    written: int | None = None
    """Those of ``input`` that the provider wrote into its cache."""
    cost: float | None = None
    """US dollars, from the catalogue's prices."""
    first_byte: float | None = None
    """Seconds until the answer began."""
    seconds: float = 0.0
    outcome: str = "ok"
    """``ok``, ``cancelled``, ``cut``, or the kind of the failure."""


class Totals(Struct, frozen=True):
    """Sums over some requests."""

    name: str
    """The day, provider, model or tool that they are of; empty where nobody said."""
    requests: int = 0
    failed: int = 0
    """Those that ended in anything but ``ok`` and ``cancelled``."""
    input: int = 0
    output: int = 0
    cached: int = 0
    cost: float = 0.0
    unpriced: int = 0
    """Answers, whole or not, whose price is not known: then the cost is a lower bound."""
    waited: float = 0.0
    """Seconds until answers began, of all together."""
    began: int = 0
    """How many answers that is the time of."""

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.input + self.output

    @property
    def first_byte(self) -> float | None:
        """The average in seconds; None where no answer began."""
        return self.waited / self.began if self.began else None


class Report(Struct, frozen=True):
    """The sums of some days, by day and by what was asked for."""

    what: str
    """One of ``GROUPED_BY``."""
    days: tuple[Totals, ...] = ()
    """One entry for every day, the oldest first, empty ones included."""
    groups: tuple[Totals, ...] = ()
    """The most used first; very many are cut, so that they may be less than the days hold."""
    daily: dict[str, dict[str, Totals]] = {}
    """Each group's days, by the names of both; days without a request are left out."""

    @property
    def total(self) -> Totals:
        """All days together."""
        return added(self.days)


def added(each: Iterable[Totals], name: str = "") -> Totals:
    """One sum of several."""
    held = tuple(each)
    return Totals(
        name,
        sum(it.requests for it in held),
        sum(it.failed for it in held),
        sum(it.input for it in held),
        sum(it.output for it in held),
        sum(it.cached for it in held),
        sum(it.cost for it in held),
        sum(it.unpriced for it in held),
        sum(it.waited for it in held),
        sum(it.began for it in held),
    )


def cost(
    price: Price | None,
    input: int | None,
    output: int | None,
    cached: int | None = None,
    written: int | None = None,
) -> float | None:
    """US dollars for one answer; None where the price or a count that matters is not known.

    ``cached`` and ``written`` are parts of ``input``. Where their own prices are not known they cost what all
    input does. Higher prices of very long requests or of longer caches are in no catalogue.
    """
    if price is None:
        return None
    if price.input == price.output == 0:
        return 0.0
    if input is None or (output is None and price.output):
        return None
    input, output = max(0, input), max(0, output or 0)
    read = min(max(0, cached or 0), input)
    put = min(max(0, written or 0), input - read)
    of_read = price.input if price.cache_read is None else price.cache_read
    of_put = price.input if price.cache_write is None else price.cache_write
    return ((input - read - put) * price.input + read * of_read + put * of_put + output * price.output) / 1e6
