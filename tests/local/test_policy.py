"""Which models leave memory and which stay, read off hand-written values."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayapp.local.policy import Lease, Unload, Why, decide, due, relief, room
from trayapp.local.residency import NEVER, NEVER_LEASE, Figures, Seen, Strategy
from trayapp.local.tracking import Tracked

NOW = 1_750_000_000.0
RAM = Strategy("ram", 3, 1800.0, "lru")
SSD = Strategy("ssd", 1, 120.0, "immediate")
NONE = Strategy("none")


def model(name: str, idle: float = 10.0, **more: object) -> Tracked:
    """One that was used so many seconds ago and is proved idle; its server would keep it for half an hour."""
    seen = Seen(f"key-{name}", f"{name}:latest", size=4, context=4096, expires=NOW + 9000)
    fields = {"moved": True, "answered": True, "low": 1800.0, "high": 1800.0, **more}
    return Tracked(seen, NOW - 9000, NOW - idle, **fields)  # type: ignore[arg-type]


def working(name: str, idle: float = 10.0, **more: object) -> Tracked:
    """One whose expiry is past."""
    it = model(name, idle, **more)
    return Tracked(
        Seen(it.seen.key, it.seen.name, size=4, context=4096, expires=NOW - 1), it.since, it.used, moved=True
    )


def kept_for(name: str, seconds: float, **more: object) -> Tracked:
    """One whose server keeps it so long."""
    return model(name, **{"low": seconds, "high": seconds, **more})  # type: ignore[arg-type]


def acts(
    *models: Tracked,
    strategy: Strategy | None = RAM,
    at: float = NOW,
    loading: bool = False,
    leases: bool = True,
    never: frozenset[str] = frozenset(),
    always: frozenset[str] = frozenset(),
) -> list[str]:
    """What is decided, as words."""
    residents = {it.seen.name: it for it in models}
    found = decide(residents, Figures(strategy, never, always), at, loading=loading, leases=leases)
    return [
        f"{it.why} {it.name.removesuffix(':latest')}"
        if isinstance(it, Unload)
        else f"{it.seconds:.0f} s {it.name.removesuffix(':latest')}"
        for it in found
    ]


def names(*these: str) -> frozenset[str]:
    return frozenset(f"{it}:latest" for it in these)


# -- nothing to do ----------------------------------------------------------------------------------


def test_until_a_strategy_is_chosen_nothing_is_touched() -> None:
    assert acts(model("a", 99_999), kept_for("b", 60), strategy=None, always=names("a")) == []


def test_what_runs_in_the_cloud_is_never_touched() -> None:
    it = Tracked(Seen("k", "a:cloud", remote=True), NOW, NOW - 99_999)
    for strategy in (RAM, SSD, NONE):
        assert acts(it, strategy=strategy) == []


def test_who_was_told_to_leave_is_not_told_twice_nor_counted() -> None:
    assert acts(model("a", 99_999, told=NOW - 3), model("b"), strategy=SSD) == []
    assert acts(model("a", told=NOW - 3), strategy=NONE) == []


def test_whose_files_were_deleted_is_left_alone() -> None:
    assert acts(model("a", 99_999, deleted=True), strategy=NONE) == []


# -- idle -------------------------------------------------------------------------------------------


def test_idle_for_longer_than_it_is_kept_it_leaves() -> None:
    assert acts(model("a", 1799.0), model("b", 1800.0)) == ["idle b"]


def test_a_model_that_works_is_never_idle() -> None:
    assert acts(working("a", 99_999)) == []
    assert acts(model("a", 99_999, serving=True)) == []
    assert acts(model("a", 99_999, sliding=True)) == []


def test_a_model_that_is_kept_never_leaves() -> None:
    it = model("a", 99_999, low=NEVER_LEASE, high=NEVER_LEASE)
    assert acts(it, never=names("a")) == []
    assert acts(it, strategy=NONE, never=names("a")) == []


def test_an_exception_holds_for_every_name_of_the_model() -> None:
    it = model("a", 99_999, names=names("copy"), low=NEVER_LEASE, high=NEVER_LEASE)
    assert acts(it, never=names("copy")) == []
    assert acts(model("a", names=names("copy")), always=names("copy")) == ["answered a"]


# -- after each answer ------------------------------------------------------------------------------


def test_none_tells_everything_to_leave_which_ends_no_answer() -> None:
    assert acts(model("a"), working("b"), strategy=NONE) == ["answered a", "answered b"]


def test_what_always_leaves_does_so_under_every_strategy() -> None:
    assert acts(model("a"), working("b"), always=names("a", "b")) == ["answered a", "answered b"]


def test_what_we_warmed_up_under_none_waits_for_its_first_answer() -> None:
    fresh = Tracked(model("a").seen, NOW - 299, NOW - 299, ours=True)
    assert acts(fresh, strategy=NONE) == []
    assert due(fresh, Figures(NONE), NOW) == NOW + 1
    assert acts(fresh, strategy=NONE, at=NOW + 1) == ["answered a"]
    assert acts(fresh, strategy=NONE, at=NOW + 2) == ["answered a"]
    assert acts(model("a", ours=True), strategy=NONE) == ["answered a"]
    for lease in (0.0, 300.0):
        assert acts(replace(fresh, lease=lease), strategy=NONE) == []


def test_however_early_a_clock_begins_times_are_told_by_their_distance() -> None:
    it = Tracked(model("a").seen, 100.0, 100.0, moved=True, low=1800.0, high=1800.0)
    assert acts(it, at=2000.0) == ["idle a"]
    assert acts(replace(it, moved=False, ours=True), strategy=NONE, at=500.0) == ["answered a"]


def test_what_was_warmed_up_to_stay_leaves_at_once_when_nothing_is_to_stay_any_more() -> None:
    fresh = Tracked(model("a").seen, NOW - 10, NOW - 10, ours=True, lease=1800.0)
    assert acts(fresh, strategy=NONE) == ["answered a"]


def test_a_request_of_ours_is_not_deserted_under_none() -> None:
    assert acts(model("a", serving=True), strategy=NONE) == []


def test_a_server_that_would_cut_an_answer_off_is_told_only_when_it_is_done() -> None:
    busy = Tracked(Seen("k", "a", used=NOW - 5, busy=True), NOW, NOW - 5)
    idle = Tracked(Seen("k", "b", used=NOW - 5, busy=False), NOW, NOW - 5)
    assert acts(busy, idle, strategy=NONE, leases=False) == ["answered b"]


# -- too many ---------------------------------------------------------------------------------------


def test_with_too_many_idle_the_one_used_longest_ago_leaves() -> None:
    assert acts(model("a", 30), model("b", 40), model("c", 20), model("d", 10)) == ["too-many b"]


def test_up_to_as_many_as_may_stay_none_leaves() -> None:
    assert acts(model("a", 30), model("b", 40)) == []
    assert acts(model("a", 30), model("b", 40), model("c", 20)) == []


def test_a_model_that_works_is_no_victim_and_not_counted() -> None:
    assert acts(working("w", 99), model("a", 30), model("b", 40), model("c", 20)) == []


def test_kept_models_count_and_are_no_victims() -> None:
    kept = model("k", 500, low=NEVER_LEASE, high=NEVER_LEASE)
    found = acts(kept, model("a", 30), model("b", 40), model("c", 20), never=names("k"))
    assert found == ["too-many b"]


def test_immediately_all_but_the_one_used_last_leave() -> None:
    assert acts(model("a", 30), model("b", 40), model("c", 20), strategy=SSD) == ["too-many a", "too-many b"]
    assert acts(model("a", 20), model("b", 30), model("c", 40), strategy=SSD) == ["too-many b", "too-many c"]
    several = Strategy("ssd", 3, 120.0, "immediate")
    assert acts(model("a", 30), model("b", 20), strategy=several) == ["too-many a"]


def test_immediately_the_one_that_works_is_the_one_used_last() -> None:
    assert acts(working("w", 99), model("a", 5), strategy=SSD) == ["too-many a"]


def test_who_leaves_for_another_reason_makes_room() -> None:
    assert acts(model("a", 1900), model("b", 40), model("c", 20), model("d", 10)) == ["idle a"]


def test_a_server_that_does_not_say_when_models_were_used_keeps_them() -> None:
    several = [model(name, 99_999, says_use=False) for name in "abcde"]
    assert acts(*several) == []
    assert due(several[0], Figures(RAM), NOW) == NEVER


# -- leases -----------------------------------------------------------------------------------------


def test_a_lease_goes_to_a_model_whose_time_is_too_short() -> None:
    assert acts(kept_for("a", 300)) == ["1800 s a"]
    assert acts(kept_for("a", 300), strategy=Strategy("ram", 3, 200.0)) == []


@pytest.mark.parametrize(("seconds", "lent"), [(1798.5, True), (1799.0, False), (1799.5, False), (1800.5, False)])
def test_a_second_less_is_not_worth_a_lease(seconds: float, lent: bool) -> None:
    assert acts(kept_for("a", seconds)) == (["1800 s a"] if lent else [])


@pytest.mark.parametrize(
    "why",
    [{"moved": False}, {"hidden": True}, {"serving": True}, {"sliding": True}, {"says_use": False}, {"deleted": True}],
)
def test_a_lease_goes_only_to_a_model_that_is_proved_idle(why: dict[str, bool]) -> None:
    assert acts(kept_for("a", 300, **why)) == []
    assert acts(working("a")) == []


def test_no_lease_while_a_load_is_pending_but_unloading_goes_on() -> None:
    assert acts(kept_for("a", 300), model("b", 9999), loading=True) == ["idle b"]


def test_no_lease_where_the_server_takes_none() -> None:
    assert acts(kept_for("a", 300), leases=False) == []


def test_no_lease_while_it_is_not_known_what_became_of_the_one_before() -> None:
    assert acts(kept_for("a", 1800, lease=1800.0, touched=(NOW, NOW)), strategy=Strategy("ram", 3, 3600.0)) == []


def test_a_lease_only_lengthens_what_is_not_known_exactly() -> None:
    assert acts(kept_for("a", 300, high=2000.0)) == []


def test_one_lease_for_each_load_even_if_another_program_shortens_it() -> None:
    assert acts(kept_for("a", 60, lease=float("1800"), drift=True)) == []


def test_another_figure_allows_one_more() -> None:
    assert acts(kept_for("a", 1800, lease=1800.0), strategy=Strategy("ram", 3, 3600.0)) == ["3600 s a"]
    assert acts(kept_for("a", 1800, lease=1800.0), never=names("a")) == [f"{NEVER_LEASE:.0f} s a"]
    assert acts(kept_for("a", NEVER_LEASE, lease=NEVER_LEASE)) == []


def test_what_is_pinned_by_another_program_needs_no_lease() -> None:
    assert acts(kept_for("a", 9.2e9), never=names("a")) == []


def test_who_leaves_gets_no_lease() -> None:
    assert acts(kept_for("a", 300, idle=9999)) == ["idle a"]


# -- when, and whom to ask for room -----------------------------------------------------------------


def test_the_time_left_is_shown_by_our_own_clock() -> None:
    assert due(model("a", 100), Figures(RAM), NOW) == NOW - 100 + 1800
    assert due(model("a"), Figures(None), NOW) == NEVER
    assert due(model("a"), Figures(RAM, never=names("a")), NOW) == NEVER
    assert due(working("a"), Figures(RAM), NOW) == NEVER
    assert due(model("a", 3), Figures(NONE), NOW) == NOW - 3
    assert due(working("a", 3), Figures(NONE), NOW) == NOW - 3, "it is told at once, and finishes its answer"
    assert due(working("a", 3), Figures(NONE), NOW, leases=False) == NEVER


def test_room_is_made_for_one_more() -> None:
    residents = {it.seen.name: it for it in (model("a", 30), model("b", 40), model("c", 20), working("w"))}
    assert room(residents, Figures(RAM), NOW, "key-new") == ("b:latest",)
    assert room(residents, Figures(RAM), NOW, "key-0") == ("b:latest",)
    assert room(residents, Figures(RAM), NOW, "key-b") == ()
    assert room(residents, Figures(Strategy("ram", 2, 1800.0)), NOW, "key-new") == ("b:latest", "a:latest")
    assert room(residents, Figures(Strategy("ram", 1, 1800.0)), NOW, "key-c") == ("b:latest", "a:latest")
    assert room(residents, Figures(Strategy("ssd", 3, 120.0, "immediate")), NOW, "key-c") == ("b:latest", "a:latest")
    assert room(residents, Figures(NONE), NOW, "key-new") == (), "they leave after their answers"
    assert room(residents, Figures(SSD), NOW, "key-new") == ("b:latest", "a:latest", "c:latest")
    assert room(residents, Figures(SSD, never=names("a")), NOW, "key-new") == ("b:latest", "c:latest")
    assert room(residents, Figures(None), NOW, "key-new") == ()


def test_for_a_load_that_hangs_the_idle_one_used_longest_ago_goes() -> None:
    residents = {it.seen.name: it for it in (model("a", 30), model("b", 40), working("w", 99))}
    assert relief(residents, Figures(RAM), NOW, "key-new", hopeless=False) == "b:latest"
    assert relief(residents, Figures(RAM, never=names("b")), NOW, "key-new", hopeless=False) == "a:latest"
    assert relief(residents, Figures(RAM, never=names("a", "b")), NOW, "key-new", hopeless=False) is None
    assert relief(residents, Figures(RAM, never=names("a", "b")), NOW, "key-new", hopeless=True) == "b:latest"
    assert relief(residents, Figures(RAM), NOW, "key-0", hopeless=False) == "b:latest"
    assert relief(residents, Figures(RAM), NOW, "key-b", hopeless=False) == "a:latest"
    assert relief(residents, Figures(None), NOW, "key-new", hopeless=True) is None


def test_the_actions_are_values() -> None:
    found = decide({"a:latest": model("a", 9999)}, Figures(RAM), NOW, loading=False, leases=True)
    assert found == (Unload("a:latest", Why.IDLE),)
    found = decide({"a:latest": kept_for("a", 300)}, Figures(RAM), NOW, loading=False, leases=True)
    assert found == (Lease("a:latest", 1800.0),)
    for action in (Unload("a:latest", Why.IDLE), Lease("a:latest", 1800.0)):
        with pytest.raises(AttributeError):
            action.name = "b:latest"  # type: ignore[misc]
