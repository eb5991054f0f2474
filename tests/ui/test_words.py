"""Figures and states in words."""

from __future__ import annotations

import pytest

from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Model, ModelRef, Price
from trayapp.ui import words

REF = ModelRef("p", "m")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (512, "512"),
        (8192, "8k"),
        (32_768, "32k"),
        (128_000, "128k"),
        (131_072, "128k"),
        (200_000, "200k"),
        (400_000, "400k"),
        (999_999, "1M"),
        (1_000_000, "1M"),
        (1_048_576, "1M"),
        (2_097_152, "2M"),
        (1_500, "1.5k"),
        (10_000_000, "10M"),
    ],
)
def test_a_context_is_said_as_people_say_it(count: int, text: str) -> None:
    assert words.tokens(count) == text


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (Price(3, 15), "$3/$15"),
        (Price(1.25, 10), "$1.25/$10"),
        (Price(0.5, 1.5), "$0.5/$1.5"),
        (Price(0.075, 0.3), "$0.075/$0.3"),
        (Price(0, 0), "free"),
        (Price(0, 2), "$0/$2"),
        (Price(150, 600), "$150/$600"),
        (Price(0.00002, 0.004), "<$0.001/$0.004"),
    ],
)
def test_a_price_has_the_digits_that_matter(price: Price, text: str) -> None:
    assert words.price(price) == text


def test_unknown_and_free_are_not_the_same() -> None:
    assert words.facts(Model(REF)) == ""
    assert words.facts(Model(REF, price=Price(0, 0))) == "free"


def test_a_row_says_context_price_and_tools() -> None:
    model = Model(REF, context=128_000, price=Price(2.5, 10), capabilities=int(Capability.TOOLS))
    assert words.facts(model) == "128k · $2.5/$10 · tools"
    assert words.facts(Model(REF, size=4_700_000_000)) == "4.7 GB"
    assert words.facts(Model(REF, deprecated="2026-12-31")) == "until 2026-12-31"
    assert words.facts(Model(REF, remote=True, deprecated="")) == "runs in the cloud · deprecated"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (86_400, "1 day ago"),
        (259_200, "3 days ago"),
        (-5, "from another time"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert words.age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),
        (0.9, "now"),
        (59, "in 59 s"),
        (60, "in 1 min"),
        (7200, "in 2 h"),
        (86_400, "in 1 day"),
        (259_200, "in 3 days"),
    ],
)
def test_how_long_until_something(seconds: float, text: str) -> None:
    assert words.ahead(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.84, "0.8 s"),
        (3.0, "3 s"),
        (9.97, "10 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (120, "2 min"),
        (1800, "30 min"),
        (3601, "1 h"),
        (5400, "1 h 30 min"),
        (86_400, "1 day"),
        (97_200, "1 day 3 h"),
        (604_800, "7 days"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_the_header_says_where_a_list_comes_from_and_how_old_it_is() -> None:
    model = Model(REF)
    now = 10_000.0

    def said(source: Source, failure: Failure | None = None, at: float = 2_800.0) -> str:
        return words.state(Listing("p", (model,), source, at, failure=failure), now)

    assert said(Source.API, at=9_999) == "updated just now"
    assert said(Source.CACHE) == "cached 2 h ago"
    assert said(Source.STALE, Failure(Kind.UNREACHABLE, "p")) == "no answer, list from 2 h ago"
    assert said(Source.EMBEDDED, Failure(Kind.NO_KEY, "p")) == "add a key"
    assert said(Source.EMBEDDED, Failure(Kind.REFUSED, "p")) == "key refused"
    assert said(Source.EMBEDDED, Failure(Kind.UNREACHABLE, "p")) == "no answer, shipped list"
    assert said(Source.STALE, Failure(Kind.REFUSED, "p")) == "key refused, list from 2 h ago"
    assert said(Source.STALE, Failure(Kind.NOT_RUNNING, "p")) == "not running"
    assert words.state(Listing("p", (model,)), now, refreshing=True) == "refreshing…"
    assert said(Source.EMBEDDED) == "shipped list"
    assert said(Source.STALE) == "old list, 2 h ago"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_failure_has_words_and_says_what_to_do(kind: Kind) -> None:
    assert words.trouble(Failure(kind, "groq"))
    assert words.sentence(Failure(kind, "groq"), "Groq").endswith(".")
    said = words.sentence(Failure(kind, "groq", "some detail"), "Groq")
    # what is wrong with an entry is a sentence of our own already
    assert said == "some detail" if kind is Kind.BAD_INPUT else said.endswith(". (some detail)")
    assert "{" not in said


@pytest.mark.parametrize("state", ["locked", "absent", "no-service", "denied"])
def test_every_state_of_the_keyring_but_a_good_one_has_its_sentence(state: str) -> None:
    assert words.keyring(state).endswith(".")
    assert words.keyring("ok") == ""
