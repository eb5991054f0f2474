"""Who kept a thread busy, from what was seen of it now and then."""

from __future__ import annotations

from trayapp.core.busy import DEEPEST, Step, Turn

OURS = "/opt/site-packages/trayapp"
LOOP = Step("/opt/site-packages/qasync/__init__.py", 5, "timerEvent")
SLOT = Step(f"{OURS}/qt/menu.py", 10, "shown")
FILL = Step(f"{OURS}/ui/menu.py", 20, "rows")
OTHER = Step(f"{OURS}/qt/tray.py", 30, "render_view")


def test_the_event_that_was_seen_longest_is_named_after_our_own_outermost_call() -> None:
    turn = Turn(OURS)
    turn.glance((LOOP, SLOT, FILL), 0.03)
    turn.glance((LOOP, OTHER), 0.04)
    turn.glance((LOOP, SLOT), 0.01)
    turn.glance((LOOP, SLOT, FILL), 0.02)
    busy = turn.longest(1.0)
    assert busy is not None
    assert (busy.name, round(busy.seconds, 3)) == ("trayapp/qt/menu.py shown", 0.06)
    assert busy.place == "trayapp/ui/menu.py rows"
    assert busy.stack == (LOOP, SLOT, FILL)
    assert busy.text() == ("trayapp/ui/menu.py:20 rows < trayapp/qt/menu.py:10 shown < qasync/__init__.py:5 timerEvent")


def test_an_event_cannot_have_taken_longer_than_its_turn() -> None:
    turn = Turn(OURS)
    turn.glance((SLOT,), 0.2)
    busy = turn.longest(0.001)
    assert busy is not None
    assert busy.seconds == 0.001


def test_what_qt_does_by_itself_is_nobodys() -> None:
    turn = Turn(OURS)
    turn.glance((), 0.2)
    assert turn.longest(1.0) is None
    assert turn.seconds == 0.2


def test_without_a_call_of_ours_it_is_named_after_the_outermost_one() -> None:
    turn = Turn(OURS)
    turn.glance((LOOP,), 0.2)
    busy = turn.longest(1.0)
    assert busy is not None
    assert busy.name == "qasync/__init__.py timerEvent"


def test_file_names_lose_the_folders_of_this_computer() -> None:
    for file, short in {
        "C:\\Users\\somebody\\trayapp\\trayapp\\qt\\menu.py": "trayapp/qt/menu.py",
        "/home/somebody/lib/python3.11/asyncio/events.py": "asyncio/events.py",
        "<frozen importlib._bootstrap>": "<frozen importlib._bootstrap>",
    }.items():
        assert Step(file, 1, "f").text() == f"{short}:1 f"


def test_a_deep_stack_is_told_by_its_innermost_steps() -> None:
    turn = Turn(OURS)
    turn.glance((SLOT,) + (FILL,) * 50, 0.2)
    busy = turn.longest(1.0)
    assert busy is not None
    assert busy.text().count("<") == DEEPEST - 1


def test_an_import_is_told_by_the_lines_that_import() -> None:
    turn = Turn(OURS)
    within = Step("<frozen importlib._bootstrap>", 1176, "_find_and_load")
    turn.glance((SLOT, within, within, FILL, within), 0.2)
    busy = turn.longest(1.0)
    assert busy is not None
    assert busy.text() == "trayapp/ui/menu.py:20 rows < trayapp/qt/menu.py:10 shown"
