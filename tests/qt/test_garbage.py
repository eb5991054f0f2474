"""Cycles are collected on the GUI's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from trayapp.qt import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    was = gc.isenabled()
    yield
    gc.enable() if was else gc.disable()  # what was frozen stays so: with it the tests themselves are (conftest.py)


class Widget:
    """Like a dialog: it is part of a cycle, and says where it ends."""

    def __init__(self, ended: list[str]) -> None:
        self.ended, self.me = ended, self

    def __del__(self) -> None:
        self.ended.append(threading.current_thread().name)


def busy() -> None:
    """What makes Python collect, were it left to itself."""
    kept = [[number] for number in range(20_000)]
    kept.clear()


def busy_elsewhere() -> None:
    thread = threading.Thread(target=busy, name="worker")
    thread.start()
    thread.join()


def test_left_to_itself_python_collects_in_any_thread() -> None:
    gc.enable()
    gc.collect()
    ended: list[str] = []
    Widget(ended)
    busy_elsewhere()
    assert ended == ["worker"]


def test_minded_it_waits_for_the_guis_thread() -> None:
    gc.enable()
    gc.collect()
    garbage.mind()
    ended: list[str] = []
    Widget(ended)
    busy_elsewhere()
    assert ended == []
    kept = [[number] for number in range(garbage.ENOUGH + 100)]
    garbage.tidy()
    assert ended == ["MainThread"]
    kept.clear()


def test_a_little_is_not_worth_a_look() -> None:
    gc.enable()
    gc.collect()
    garbage.mind()
    ended: list[str] = []
    Widget(ended)
    garbage.tidy()
    assert ended == []
    gc.collect()
    assert ended == ["MainThread"]
