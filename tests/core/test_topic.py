"""A value that changes, and who hears of it, also while it is being told."""

from __future__ import annotations

import pytest

from trayapp.core.topic import Topic


def test_listeners_hear_of_later_values_in_the_order_they_came() -> None:
    topic, heard = Topic(0), list[tuple[str, int]]()
    topic.listen(lambda value: heard.append(("first", value)))
    topic.listen(lambda value: heard.append(("second", value)))
    topic.publish(1)
    assert heard == [("first", 1), ("second", 1)]
    assert topic.value == 1


def test_the_value_is_there_before_the_first_listener_looks() -> None:
    topic, seen = Topic("old"), list[str]()
    topic.listen(lambda _value: seen.append(topic.value))
    topic.publish("new")
    assert seen == ["new"]


def test_who_left_hears_nothing_more_and_may_leave_twice() -> None:
    topic, heard = Topic(0), list[int]()
    leave = topic.listen(heard.append)
    topic.publish(1)
    leave()
    leave()
    topic.publish(2)
    assert heard == [1]


def test_who_is_sent_away_by_an_earlier_listener_is_not_told_any_more() -> None:
    topic, heard = Topic(0), list[int]()
    topic.listen(lambda _value: leave())
    leave = topic.listen(heard.append)
    topic.publish(1)
    assert heard == []


def test_who_comes_while_a_value_is_told_hears_the_next_one() -> None:
    topic, heard = Topic(0), list[int]()

    def first(_value: int) -> None:
        leave()
        topic.listen(heard.append)

    leave = topic.listen(first)
    topic.publish(1)
    topic.publish(2)
    assert heard == [2]


def test_the_same_function_may_listen_twice() -> None:
    topic, heard = Topic(0), list[int]()
    topic.listen(heard.append)
    topic.listen(heard.append)
    topic.publish(1)
    assert heard == [1, 1]


def test_everybody_ends_with_the_newest_value_when_a_listener_publishes_another() -> None:
    topic, early, late = Topic(0), list[int](), list[int]()

    def correct(value: int) -> None:
        early.append(value)
        if value == 1:
            topic.publish(2)

    topic.listen(correct)
    topic.listen(late.append)
    topic.publish(1)
    assert topic.value == 2
    assert early == [1, 2]
    assert late[-1] == 2


def test_what_a_listener_raises_is_not_hidden() -> None:
    topic = Topic(0)

    def broken(_value: int) -> None:
        raise ZeroDivisionError

    topic.listen(broken)
    with pytest.raises(ZeroDivisionError):
        topic.publish(1)
    assert topic.value == 1
