"""Which row of the catalogue fits a model that a provider lists, and what that row may say about it.

The rules are tried in order and the first that fits wins. A price carried over an inexact match
is wrong in about half the cases, so only the first four rules carry one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from trayapp.catalog.rows import EVERYTHING, Fact
from trayapp.core.models import Capability


class Rule(StrEnum):
    """How a row was found, in the order in which the rules are tried."""

    EXACT = "exact"
    ALIAS = "alias"
    """An alias, canonical slug or deployed model that the provider's own answer names."""
    PATH = "path"
    FOLDED = "folded"
    """The same but for case and the signs between words."""
    REGION = "region"
    VARIANT = "variant"
    DATED = "dated"
    """Another dated snapshot, or the undated name, or the base of a fine-tune."""
    ELSEWHERE = "elsewhere"
    """The same model at its maker or at another host."""


_BUT_PRICE = EVERYTHING - {"price"}
# `:28k` is another window than the row's, and `:extended` says so by its name
_BUT_LIMITS = _BUT_PRICE - {"context", "max_output"}
_CAPABILITIES = frozenset(("capabilities", "use"))
_ELSEWHERE = frozenset(("name", "capabilities", "use"))

ALL_CAPABILITIES = sum(Capability)
_PORTABLE = Capability.TOOLS | Capability.REASONING

MAKERS = (
    "openai",
    "anthropic",
    "gemini",
    "mistral",
    "cohere",
    "xai",
    "deepseek",
    "moonshot",
    "zai",
    "alibaba",
    "nvidia",
)
"""Where a model is at home, asked before other hosts; the hosts follow in alphabetical order."""


class Match(Struct, frozen=True):
    """A row, how it was found, and which fields of a model it may fill."""

    row: Fact
    rule: Rule
    carries: frozenset[str] = EVERYTHING
    mask: int = ALL_CAPABILITIES
    """The capabilities it may speak of."""

    @property
    def near(self) -> bool:
        """What it fills is marked as carried over from a near match."""
        return self.rule in (Rule.DATED, Rule.ELSEWHERE)


_SIGNS = str.maketrans("._", "--")
_PATH = re.compile(r"(?:models|accounts/(?P<account>[^/]+)/models|publishers/[^/]+/models)/(?=[^/]+\Z)")
_REGION = re.compile(r"(?:us-gov|us|eu|apac|ap|jp|au|ca|in|sa|mx|af|me|il|uk|global)\.(?=[a-z0-9-]+\.)")
_CONTEXT = re.compile(r":\d+[km]\Z")
_VARIANT = re.compile(r":(?:free|batch|thinking|nitro|floor|online|exacto|extended|beta|fastest|cheapest|preferred)\Z")
_DATE = re.compile(
    r"[-@](?:(?P<y>20\d\d)-?(?P<m>[01]\d)-?(?P<d>[0-3]\d)"  # 2024-08-06, 20250929
    r"|(?P<m2>[01]\d)-(?P<y2>20\d\d)"  # 08-2025
    r"|(?P<y3>2[3-9])(?P<m3>0[1-9]|1[0-2])(?P<d3>[0-3]\d)?"  # 2512, 250414
    r"|(?P<m4>0[1-9]|1[0-2])-?(?P<d4>0[1-9]|[12]\d|3[01]))(?=[-:@]|\Z)"  # 0905, 04-17
)
_LATEST = re.compile(r"-latest(?=[-:@]|\Z)")
_TUNED = re.compile(r"ft:(?P<model>[^:]+):|(?P<deployed>.+)\.ft-")
_MAKER_DOT = re.compile(  # Bedrock's form
    r"(?:amazon|ai21|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen"
    r"|stability|twelvelabs|writer|xai|zai)\."
)
_VERSION = re.compile(r"-v\d+(?::\d+)?\Z")
_NO_MODEL = frozenset(("auto", "chat", "default", "free", "latest", "model", "model-router", "router", "test"))


def fold(text: str) -> str:
    """Without regard to case, and with ``.`` and ``_`` as ``-``."""
    return text.casefold().translate(_SIGNS)


def dated(id: str) -> bool:
    """Whether the id names a snapshot by its date."""
    return _DATE.search(fold(id)) is not None


class Index:
    """One provider's rows, found by their ids in every way the rules need; made as far as asked."""

    def __init__(self, rows: Iterable[Fact]) -> None:
        self.exact: dict[str, Fact] = {row.id: row for row in rows}

    @cached_property
    def plain(self) -> dict[str, Fact]:
        return {_PATH.sub("", row.id, count=1): row for row in self.exact.values()}

    @cached_property
    def folded(self) -> dict[str, Fact | None]:
        """None where several rows of different price fold to one name."""
        found: dict[str, Fact | None] = {}
        for text, row in self.plain.items():
            key = fold(text)
            held = found.get(key, row)
            found[key] = row if held is not None and held.price == row.price else None
        return found

    @cached_property
    def regionless(self) -> dict[str, Fact]:
        return {_regionless(text): row for text, row in sorted(self.plain.items(), key=_longest_first)}

    @cached_property
    def stems(self) -> dict[str, Fact]:
        """By name without date: the undated row if there is one, else the newest."""
        newest: dict[str, tuple[tuple[int, int, int], Fact]] = {}
        for text, row in self.plain.items():
            name, date = _stem(text)
            rank = (9999, 0, 0) if date is None else date
            if name not in newest or rank > newest[name][0]:
                newest[name] = (rank, row)
        return {name: row for name, (_, row) in newest.items()}


def match(
    index: Index,
    elsewhere: Callable[[], Mapping[str, Fact]],
    id: str,
    aliases: Iterable[str] = (),
    base: str = "",
    *,
    deployed: bool = False,
) -> Match | None:
    """The row for a listed model, or None.

    ``elsewhere`` gives ``homes`` of all providers, asked for only where nothing closer fits. ``base``
    is the model behind a fine-tune, or with ``deployed`` the one behind a deployment, whose own
    name says nothing.
    """
    tuned = _TUNED.match(base or id)
    if tuned:
        base, deployed = tuned["model"] or tuned["deployed"], False
    if base and base != id:
        found = match(index, elsewhere, base)
        if found is None or not deployed:
            return found and _only_capabilities(found)
        return Match(found.row, Rule.ALIAS) if found.rule is Rule.EXACT else found
    return _here(index, id, aliases) or _at_home(elsewhere(), id)


def _only_capabilities(found: Match) -> Match:
    return Match(found.row, Rule.DATED, _CAPABILITIES, found.mask)


def _here(index: Index, id: str, aliases: Iterable[str]) -> Match | None:
    named = [index.exact[alias] for alias in aliases if alias in index.exact]
    snapshot = next((row for row in named if dated(row.id)), None)
    if snapshot is not None and not dated(id):
        # a bare name moves on: what the provider says it means today is the snapshot
        return Match(snapshot, Rule.ALIAS)
    if row := index.exact.get(id):
        return Match(row, Rule.EXACT)
    if named:
        return Match(named[0], Rule.ALIAS)
    plain = _PATH.sub("", id, count=1)
    if (row := index.plain.get(plain)) and _same_account(id, row.id):
        return Match(row, Rule.PATH)
    if (row := index.folded.get(fold(plain))) and _same_account(id, row.id):
        return Match(row, Rule.FOLDED)
    return _inexact(index, id, plain)


def _inexact(index: Index, id: str, plain: str) -> Match | None:
    if (row := index.regionless.get(_regionless(plain))) and _same_account(id, row.id):
        return Match(row, Rule.REGION, _BUT_LIMITS if _CONTEXT.search(plain) else _BUT_PRICE)
    bare = _VARIANT.sub("", plain)
    if bare != plain and (row := index.folded.get(fold(bare))):
        return Match(row, Rule.VARIANT, _BUT_LIMITS if plain.endswith(":extended") else _BUT_PRICE)
    row = index.stems.get(_stem(plain)[0])
    return Match(row, Rule.DATED, _CAPABILITIES) if row and _same_account(id, row.id) else None


def _at_home(elsewhere: Mapping[str, Fact], id: str) -> Match | None:
    row = elsewhere.get(tail(id))
    return None if row is None else Match(row, Rule.ELSEWHERE, _ELSEWHERE, _PORTABLE)


def homes(providers: Mapping[str, Iterable[Fact]]) -> dict[str, Fact]:
    """Every known model by its bare name, the maker's row first."""
    order = (*MAKERS, *sorted(set(providers) - set(MAKERS)))
    found: dict[str, Fact] = {}
    for provider in order:
        for row in providers.get(provider, ()):
            found.setdefault(tail(row.id), row)
    for name in _NO_MODEL:
        found.pop(name, None)
    found.pop("", None)
    return found


def tail(id: str) -> str:
    """The model's bare name, folded: no maker, no host, no region, no variant."""
    last = _VARIANT.sub("", id.casefold().rsplit("/", 1)[-1])
    last = _REGION.sub("", last, count=1)
    if maker := _MAKER_DOT.match(last):
        last = _VERSION.sub("", last[maker.end() :])
    return fold(last)


def _stem(plain: str) -> tuple[str, tuple[int, int, int] | None]:
    """The name without date, region and variant, and the date as (year, month, day)."""
    text = _regionless(_VARIANT.sub("", plain))
    found = _DATE.search(text)
    if found is None:
        return _LATEST.sub("", text), None
    part = found.groupdict()
    year = part["y"] or part["y2"] or ("20" + part["y3"] if part["y3"] else "0")
    month = part["m"] or part["m2"] or part["m3"] or part["m4"]
    day = part["d"] or part["d3"] or part["d4"] or "0"
    return text[: found.start()] + text[found.end() :], (int(year), int(month), int(day))


def _regionless(plain: str) -> str:
    return fold(_CONTEXT.sub("", _REGION.sub("", plain.casefold(), count=1)))


def _longest_first(item: tuple[str, Fact]) -> tuple[int, str]:
    """So that of several regions the row without any, the shortest, comes last and stays."""
    return -len(item[0]), item[0]


def _same_account(id: str, other: str) -> bool:
    """A model of one's own may carry the name of a public one."""
    mine, theirs = _PATH.match(id), _PATH.match(other)
    accounts = (mine and mine["account"]), (theirs and theirs["account"])
    return not all(accounts) or accounts[0] == accounts[1]
