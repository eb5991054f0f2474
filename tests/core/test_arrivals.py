"""A model is new for a week, if the list that it came into was not the account's first."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core import arrivals
from trayapp.core.arrivals import WEEK, carried, fresh, news
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef

NOW = 1_750_000_000.0
DAY = 86_400.0


def listing(*ids: str, source: Source = Source.API) -> Listing:
    return Listing("groq", tuple(Model(ModelRef("groq", it)) for it in ids), source, NOW)


def after(*lists: tuple[float, tuple[str, ...]]) -> Listing:
    """What is held after these lists came, each with its time in days."""
    held: Listing | None = None
    for days, ids in lists:
        held = carried(listing(*ids), held, NOW + days * DAY)
    assert held is not None
    return held


def test_a_first_list_marks_nothing() -> None:
    assert news(after((0, ("a", "b"))), NOW) == frozenset()


def test_what_comes_into_a_later_list_is_new_for_a_week() -> None:
    it = after((0, ("a",)), (1, ("a", "b")))
    assert news(it, NOW + DAY) == {"b"}
    assert fresh(it, "b", NOW + DAY + WEEK - 1)
    assert not fresh(it, "b", NOW + DAY + WEEK)
    assert not fresh(it, "a", NOW + DAY)


def test_it_keeps_its_time_from_list_to_list() -> None:
    it = after((0, ("a",)), (1, ("a", "b")), (3, ("a", "b")), (5, ("a", "b", "c")))
    assert it.arrived == {"b": NOW + DAY, "c": NOW + 5 * DAY}
    assert after((0, ("a",)), (1, ("a", "b")), (8, ("a", "b"))).arrived == {}


@pytest.mark.parametrize("before", [listing("a", source=Source.EMBEDDED), listing(), None])
def test_a_shipped_or_an_empty_list_is_no_list_to_compare_with(before: Listing | None) -> None:
    assert carried(listing("a", "b"), before, NOW).arrived == {}


def test_an_old_model_that_was_away_for_a_day_is_not_new() -> None:
    it = after((0, ("a", "b")), (1, ("a",)), (2, ("a", "b")))
    assert it.arrived == {}
    assert it.gone == {}


def test_a_new_model_that_was_away_for_a_day_keeps_its_old_time() -> None:
    away = after((0, ("a",)), (1, ("a", "b")), (2, ("a",)))
    assert away.gone == {"b": NOW + 2 * DAY}
    assert carried(listing("a", "b"), away, NOW + 3 * DAY).arrived == {"b": NOW + DAY}


def test_a_model_that_was_away_for_longer_than_a_week_is_new_again() -> None:
    it = after((0, ("a", "b")), (1, ("a",)), (9, ("a",)), (10, ("a", "b")))
    assert it.arrived == {"b": NOW + 10 * DAY}


def test_a_clock_that_was_set_back_makes_nothing_new_for_ever() -> None:
    it = after((0, ("a",)), (365, ("a", "b")))
    assert not fresh(it, "b", NOW)
    again = carried(listing("a", "b"), it, NOW)  # set right: it came now at the latest
    assert fresh(again, "b", NOW)
    assert not fresh(carried(listing("a", "b"), again, NOW + WEEK), "b", NOW + WEEK)


def test_a_list_that_changes_all_its_names_is_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_GONE", 3)
    it = after(*((at / 100, tuple(f"{at}-{n}" for n in range(5))) for at in range(20)))
    assert len(it.gone) == 3
    assert len(it.arrived) == 5 + 3


def test_nothing_of_it_is_written_where_there_is_nothing() -> None:
    assert b"arrived" not in msgspec.json.encode(after((0, ("a",)), (1, ("a",))))
    told = msgspec.json.encode(after((0, ("a", "c")), (1, ("a", "b"))))
    assert msgspec.json.decode(told, type=Listing).arrived == {"b": NOW + DAY}


@given(st.lists(st.tuples(st.floats(-30, 30), st.frozensets(st.sampled_from("abcde")), st.booleans()), max_size=12))
def test_whatever_comes_only_listed_models_are_new_and_none_for_longer_than_a_week(
    steps: list[tuple[float, frozenset[str], bool]],
) -> None:
    held: Listing | None = None
    for days, ids, same in steps:
        now = NOW + days * DAY
        models = held.models if same and held is not None else listing(*sorted(ids)).models
        new = carried(Listing("groq", models), held, now)
        listed = {it.ref.model for it in new.models}
        assert set(new.arrived) <= listed | set(new.gone)
        assert not listed & set(new.gone)
        assert all(0 <= now - when < WEEK for when in (*new.arrived.values(), *new.gone.values()))
        held = new
