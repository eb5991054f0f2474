"""What two looks at a server teach about its models: loads, uses, and how long each is kept."""

from __future__ import annotations

from msgspec.structs import replace

from trayapp.local.residency import NEVER, Seen
from trayapp.local.tracking import Followed, Tracked, adopted, follow, leased, used

T = 1_750_000_000.0
PINNED = 2**63 / 1e9
"""Seconds, 292 years: what Ollama makes of ``keep_alive: -1``."""


def seen(expires: float, name: str = "a:latest", **more: object) -> Seen:
    return Seen("key-" + name, name, size=4, vram=4, context=4096, expires=expires, **more)  # type: ignore[arg-type]


def looks(*shown: tuple[float, tuple[Seen, ...]], first: float | None = None, **more: object) -> list[Followed]:
    """Each look at its time, ``first`` being a look before them that showed nothing."""
    found: list[Followed] = []
    before: dict[str, Tracked] = {}
    last = first
    for now, models in shown:
        found.append(follow(before, models, now, last, **more))  # type: ignore[arg-type]
        before, last = found[-1].residents, now
    return found


def one(*shown: tuple[float, float], first: float | None = None) -> Tracked:
    """The only model after such looks at its expiry."""
    return looks(*((now, (seen(expires),)) for now, expires in shown), first=first)[-1].residents["a:latest"]


# -- loads ------------------------------------------------------------------------------------------


def test_what_the_first_look_shows_was_not_seen_to_be_loaded() -> None:
    (found,) = looks((T, (seen(T + 100),)))
    assert found.loads == ()
    it = found.residents["a:latest"]
    assert (it.since, it.used, it.moved) == (T, T, False)
    assert (it.low, it.high) == (100, NEVER)


def test_what_was_not_there_before_is_a_load_and_its_lifetime_lies_between_the_looks() -> None:
    (found,) = looks((T, (seen(T + 298),)), first=T - 5)
    assert found.loads == ("a:latest",)
    it = found.residents["a:latest"]
    assert (it.low, it.high) == (298, 303)


def test_what_is_no_longer_there_is_gone() -> None:
    first, second = looks((T, (seen(T + 300),)), (T + 5, ()))
    assert second.residents == {}
    assert [it.seen.name for it in second.gone] == ["a:latest"]
    assert first.gone == ()


def test_another_context_size_or_key_is_another_load() -> None:
    for change in ({"context": 2048}, {"size": 5}, {"vram": 2}, {"key": "other"}):
        other = replace(seen(T + 300), **change)
        _, found = looks((T, (seen(T + 300),)), (T + 5, (other,)), first=T - 5)
        assert found.loads == ("a:latest",)
        assert found.residents["a:latest"].since == T + 5


def test_instances_of_one_model_are_told_apart() -> None:
    two = (Seen("m", "m"), Seen("m", "m:2"))
    (found,) = looks((T, two), first=T - 5)
    assert tuple(found.residents) == ("m", "m:2")


# -- uses -------------------------------------------------------------------------------------------


def test_an_expiry_that_moved_is_a_use_between_the_two_looks() -> None:
    it = one((T, T + 300), (T + 5, T + 300), (T + 10, T + 307), first=T - 1)
    assert it.moved
    assert it.answered
    assert T + 5 <= it.used <= T + 10


def test_a_known_lifetime_dates_the_use_exactly() -> None:
    it = leased(one((T, T + 300), (T + 5, T + 302)), 1800, T + 5, T + 5)
    found = follow({"a:latest": it}, (seen(T + 5 + 1800),), T + 10, T + 5)
    found = follow(found.residents, (seen(T + 12 + 1800),), T + 15, T + 10)
    assert found.residents["a:latest"].used == T + 12


def test_only_a_use_that_needed_no_load_counts_as_one() -> None:
    found = looks(
        (T, (seen(T + 300),)),
        (T + 5, (seen(T + 303),)),  # perhaps the answer that it was loaded for
        (T + 10, (seen(T + 309),)),
        first=T - 5,
    )
    assert [it.uses for it in found] == [(), (), ("a:latest",)]


def test_an_expiry_that_slides_along_with_the_clock_proves_work_and_nothing_else() -> None:
    it = one((T, T + 300), (T + 5, T + 305), (T + 10, T + 310.002), first=T - 5)
    assert it.sliding
    assert it.busy(T + 10)
    assert not it.moved
    assert it.used == T + 10


def test_when_it_has_slid_and_rests_its_first_answer_is_finished() -> None:
    it = one((T, T + 300), (T + 5, T + 305), (T + 10, T + 307), first=T - 5)
    assert it.moved
    assert not it.busy(T + 10)
    again = one((T, T + 300), (T + 5, T + 305), (T + 10, T + 305), first=T - 5)
    assert again.moved
    assert not again.sliding


def test_two_looks_at_one_moment_prove_no_rest() -> None:
    it = one((T, T + 300), (T + 5, T + 305), (T + 5, T + 305), (T + 10, T + 310), first=T - 5)
    assert it.sliding
    assert not it.moved


def test_a_past_expiry_is_work_not_idleness() -> None:
    it = one((T, T + 10), (T + 5, T + 12), (T + 12, T + 12))
    assert it.busy(T + 12)
    assert not it.busy(T + 11)


def test_a_model_pinned_by_another_program_is_dated_through_its_expiry_too() -> None:
    def pinned(at: float) -> Seen:
        return seen(NEVER, stamp=at + PINNED)

    found = looks((T, (pinned(T - 1),)), (T + 5, (pinned(T - 1),)), (T + 10, (pinned(T + 8),)), first=T - 5)
    it = found[-1].residents["a:latest"]
    assert it.moved
    assert T + 5 <= it.used <= T + 10
    assert it.low > 9e9
    assert not it.drift


def test_a_server_that_says_when_models_were_used_is_taken_at_its_word() -> None:
    shown = Seen("m", "m", used=T - 60, busy=False)
    first, second = looks((T, (shown,)), (T + 5, (replace(shown, used=T + 3),)))
    assert first.residents["m"].used == T - 60
    assert second.residents["m"].used == T + 3
    assert second.uses == ("m",)
    assert replace(second.residents["m"], seen=replace(shown, busy=True)).busy(T + 5)


def test_a_use_in_the_future_is_a_clock_that_is_wrong() -> None:
    (found,) = looks((T, (Seen("m", "m", used=T + 3600, busy=False),)))
    assert found.residents["m"].used == T


# -- the lifetime in force --------------------------------------------------------------------------


def test_each_use_narrows_what_is_known_of_the_lifetime() -> None:
    it = one((T, T + 298), (T + 5, T + 301), (T + 10, T + 308), first=T - 5)
    assert 298 <= it.low <= 300 <= it.high <= 301
    assert not it.drift


def test_a_lifetime_that_somebody_else_set_is_noticed_and_believed() -> None:
    it = one((T, T + 298), (T + 5, T + 303), (T + 10, T + 68), first=T - 5)
    assert it.drift
    assert (it.low, it.high) == (58, 63)


def test_our_own_lease_moves_the_expiry_and_is_no_use() -> None:
    before = one((T, T + 298), (T + 5, T + 303), first=T - 5)
    it = leased(before, 1800, T + 6, T + 6.003)
    found = follow({"a:latest": it}, (seen(T + 1806.003),), T + 6.01, T + 6)
    after = found.residents["a:latest"]
    assert (after.used, after.drift, after.lease) == (before.used, False, 1800)
    assert (after.low, after.high) == (1800, 1800)
    assert found.uses == ()


def test_a_request_that_ends_after_our_lease_is_a_use_of_it() -> None:
    it = leased(one((T, T + 298), (T + 5, T + 303), first=T - 5), 1800, T + 6, T + 6.003)
    found = follow({"a:latest": it}, (seen(T + 303),), T + 6.01, T + 6)  # a request is under way: nothing moved
    found = follow(found.residents, (seen(T + 1809),), T + 10, T + 6.01)
    after = found.residents["a:latest"]
    assert after.used == T + 9
    assert not after.drift


def test_a_lease_that_another_program_overwrote_is_drift() -> None:
    it = leased(one((T, T + 298), (T + 5, T + 303), first=T - 5), 1800, T + 6, T + 6.003)
    found = follow({"a:latest": it}, (seen(T + 1806),), T + 6.01, T + 6)
    found = follow(found.residents, (seen(T + 68),), T + 10, T + 6.01)
    after = found.residents["a:latest"]
    assert after.drift
    assert after.lease == 1800
    assert after.high < 63


def test_a_load_of_ours_has_the_lifetime_that_we_asked_for() -> None:
    it = adopted(one((T, T + 1799.9), first=T - 5), 1800)
    assert (it.ours, it.lease, it.low, it.high) == (True, 1800, 1800, 1800)
    late = adopted(one((T, T + 60), first=T - 5), 1800)
    assert (late.lease, late.high) == (1800, 65)


# -- told to leave ----------------------------------------------------------------------------------


def test_being_told_to_leave_moves_the_expiry_and_is_no_use() -> None:
    it = replace(one((T, T + 298), (T + 5, T + 303), first=T - 5), told=T + 6)
    found = follow({"a:latest": it}, (seen(T + 6),), T + 6.5, T + 5)
    after = found.residents["a:latest"]
    assert (after.told, after.used) == (T + 6, it.used)


def test_who_is_wanted_again_after_that_is_no_longer_told() -> None:
    it = replace(one((T, T + 298), (T + 5, T + 303), first=T - 5), told=T + 6)
    found = follow({"a:latest": it}, (seen(T + 6),), T + 6.5, T + 5)
    found = follow(found.residents, (seen(T + 309),), T + 10, T + 6.5)
    after = found.residents["a:latest"]
    assert after.told is None
    assert T + 6.5 <= after.used <= T + 10


# -- clocks -----------------------------------------------------------------------------------------


def test_a_clock_that_differs_moves_no_use_and_makes_no_drift() -> None:
    for wrong in (-3600.0, -7.0, 7.0, 3600.0):
        it = one((T, T + wrong + 3700), (T + 5, T + wrong + 3704), (T + 10, T + wrong + 3709), first=T - 5)
        assert T + 5 <= it.used <= T + 10
        assert not it.drift


def test_behind_a_clock_that_is_late_every_model_seems_to_work() -> None:
    it = one((T, T - 300), (T + 5, T - 297), (T + 10, T - 291), first=T - 5)
    assert it.busy(T + 10)
    assert it.used > T + 4


def test_our_lease_measures_how_much_the_clocks_differ() -> None:
    ahead = 40.0
    it = leased(one((T, T + ahead + 298), (T + 5, T + ahead + 303), first=T - 5), 1800, T + 6, T + 6.003)
    found = follow({"a:latest": it}, (seen(T + ahead + 1806),), T + 6.01, T + 6)
    found = follow(found.residents, (seen(T + ahead + 1809),), T + 10, T + 6)
    after = found.residents["a:latest"]
    assert not after.drift
    assert T + 6 <= after.used <= T + 10


def test_a_clock_that_was_set_back_lets_no_model_stay_for_longer() -> None:
    it = one((T, T + 300), (T + 5, T + 303), (T - 3600, T + 303))
    assert it.used == T - 3600
    assert not it.busy(T - 3600)


def test_a_request_that_passed_through_us_is_a_use_at_once() -> None:
    it = used(one((T, T + 300)), T + 3)
    assert it.used == T + 3
    assert it.answered
