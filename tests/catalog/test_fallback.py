"""What stands in when a provider does not answer: decided by the cause (C3)."""

from __future__ import annotations

import pytest

from tests.catalog.scene import models, names
from trayapp.catalog.fallback import next_best, nothing, unanswered, unknown
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source

HELD = Listing("groq", models("groq", "ours"), Source.API, 1_000.0)
SHIPPED = Listing("groq", models("groq", "shipped-1", "shipped-2"), Source.EMBEDDED, 500.0)
CLOSED = (Kind.NO_KEY, Kind.REFUSED)


@pytest.mark.parametrize("kind", [it for it in Kind if it not in CLOSED])
def test_an_outage_leaves_our_own_last_list_with_its_age(kind: Kind) -> None:
    """S1-66, S1-77: and every other answer that does not condemn the key, 403 and an empty list included."""
    found = next_best(HELD, SHIPPED, Failure(kind, "groq"))
    assert (names(found), found.source, found.fetched_at) == (("ours",), Source.STALE, 1_000.0)
    assert found.failure == Failure(kind, "groq")
    assert not found.locked


@pytest.mark.parametrize("kind", CLOSED)
def test_without_a_key_that_works_the_shipped_list_is_there_to_browse(kind: Kind) -> None:
    """S1-78."""
    found = next_best(HELD, SHIPPED, Failure(kind, "groq"))
    assert (names(found), found.source, found.locked) == (("shipped-1", "shipped-2"), Source.EMBEDDED, True)


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("embedded", [None, Listing("groq", source=Source.EMBEDDED)])
def test_where_nothing_is_shipped_a_refused_account_keeps_its_own_list_locked(
    kind: Kind, embedded: Listing | None
) -> None:
    found = next_best(HELD, embedded, Failure(kind, "groq"))
    assert (names(found), found.source, found.locked) == (("ours",), Source.STALE, True)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("held", [None, Listing("groq")])
def test_where_we_have_no_list_the_shipped_one_is_better_than_none(kind: Kind, held: Listing | None) -> None:
    """S1-65, S1-79."""
    found = next_best(held, SHIPPED, Failure(kind, "groq"))
    assert (found.source, len(found.models)) == (Source.EMBEDDED, 2)


def test_nothing_at_all_is_an_empty_list_with_its_reason() -> None:
    found = next_best(None, None, Failure(Kind.UNREACHABLE, "groq"))
    assert (found.provider, found.models, found.failure) == ("groq", (), Failure(Kind.UNREACHABLE, "groq"))
    assert found.source is not Source.API


def test_the_last_word_is_the_documents() -> None:
    """S1-43."""
    assert nothing("groq") == "No models available for 'groq': API failed, no catalog data, no stale cache"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.6, "No answer within 1 second yet."),
        (1.4, "No answer within 1 second yet."),
        (5, "No answer within 5 seconds yet."),
    ],
)
def test_who_is_still_waited_for_is_told_in_whole_seconds(seconds: float, words: str) -> None:
    assert unanswered(seconds) == words


def test_an_account_that_does_not_exist_is_named() -> None:
    assert unknown("groq") == "Provider “groq” not found"
