"""What the user is told, and which of it can be turned off."""

from __future__ import annotations

import msgspec
import pytest

from trayapp.core.intents import OpenSettings
from trayapp.core.models import ModelRef
from trayapp.core.settings import GATEWAY, PROVIDERS, Settings
from trayapp.ui import notices
from trayapp.ui.notices import Notice, Subject, wanted

NOTIFICATIONS = [it for it in Subject if it is not Subject.FAILED]


def test_there_are_four_notifications_and_each_can_be_turned_off() -> None:
    assert [it.value for it in NOTIFICATIONS] == ["switched", "refused", "port", "set-aside"]
    names = ["notify_switch", "notify_refused", "notify_port", "notify_set_aside"]
    for name in names:
        settings = msgspec.structs.replace(Settings(), **{name: False})
        off = [it for it in Subject if not wanted(Notice(it, ""), settings)]
        assert off == [NOTIFICATIONS[names.index(name)]]


def test_all_of_them_are_wanted_until_somebody_says_otherwise() -> None:
    assert all(wanted(Notice(it, ""), Settings()) for it in Subject)


def test_what_failed_is_told_whatever_is_turned_off() -> None:
    off = Settings(notify_switch=False, notify_refused=False, notify_port=False, notify_set_aside=False)
    assert [it for it in Subject if wanted(Notice(it, ""), off)] == [Subject.FAILED]


def test_of_two_switches_the_second_takes_the_place_of_the_first() -> None:
    one = notices.switched(ModelRef("a", "x"), "X", "A")
    two = notices.switched(ModelRef("b", "y"), "Y", "B")
    assert one.tag == two.tag
    assert one.title == "Switched to model: X on provider: A"


def test_two_refused_keys_are_two_notifications_and_each_leads_to_its_account() -> None:
    one, two = notices.refused("a", "Account A"), notices.refused("b", "Account B")
    assert one.tag != two.tag
    assert one.opens == OpenSettings(PROVIDERS, "a")
    assert "Account A" in one.title


def test_a_gateway_that_cannot_listen_says_why_and_leads_to_its_page() -> None:
    notice = notices.unreachable("Port 4180 is taken by “ollama”. End it, or choose another port.")
    assert notice.opens == OpenSettings(GATEWAY)
    assert "4180" in notice.text


@pytest.mark.parametrize("problems", [("one",), ("one", "two")])
def test_what_was_set_aside_is_told_line_by_line(problems: tuple[str, ...]) -> None:
    assert notices.set_aside(problems).text.split("\n") == list(problems)
