"""Notifications on a real bus, to a service that keeps what it is asked to show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.notifications import Notifications
from trayapp.system.notify import Note, Notifier

SWITCHED = Note("switched", "Switched", "a/b")
REFUSED = Note("refused a", "A refused the key", "Enter another one.", "Open the settings")


class Clicks(list[tuple[str, str]]):
    """What was clicked."""

    def __call__(self, tag: str, token: str) -> None:
        self.append((tag, token))

    async def wait(self, count: int = 1) -> Clicks:
        async with asyncio.timeout(5):
            while len(self) < count:  # noqa: ASYNC110 - they come over a socket
                await asyncio.sleep(0.005)
        return self


@asynccontextmanager
async def notifier(bus: str, clicks: Clicks | None = None, icon: str = "trayapp") -> AsyncIterator[Notifier]:
    made = Notifier(clicks if clicks is not None else Clicks(), bus=bus, icon=icon, platform="linux")
    try:
        yield made
    finally:
        made.close()
        await asyncio.sleep(0)


@pytest.fixture
def bus(bare_bus: dict[str, str]) -> str:
    return bare_bus["DBUS_SESSION_BUS_ADDRESS"]


@pytest.fixture
def service(bus: str) -> Iterator[Notifications]:
    with Notifications(bus) as made:
        yield made


async def test_it_is_shown_under_the_name_and_icon_of_the_program(bus: str, service: Notifications) -> None:
    async with notifier(bus, icon="file:///icons/trayapp.png") as made:
        assert await made.show(SWITCHED)
    (shown,) = service.shown
    assert (shown.program, shown.title, shown.text) == ("trayapp", "Switched", "a/b")
    assert shown.icon == "file:///icons/trayapp.png"
    assert shown.hints == {"desktop-entry": "trayapp", "urgency": 1}
    assert shown.expires == -1
    assert shown.actions == ()


async def test_what_passes_by_is_not_kept_in_the_desktops_list(bus: str, service: Notifications) -> None:
    async with notifier(bus) as made:
        await made.show(Note("switched", "Switched", passing=True))
    assert service.shown[0].hints["transient"] is True


async def test_a_quick_series_of_switches_shows_one(bus: str, service: Notifications) -> None:
    async with notifier(bus) as made:
        notes = [Note("switched", f"to {number}") for number in range(5)]
        assert all(await asyncio.gather(*(made.show(it) for it in notes), made.show(REFUSED)))
    assert [it.title for it in service.shown] == [*(f"to {number}" for number in range(5)), REFUSED.title]
    assert len(service.open) == 2


async def test_one_that_was_closed_is_not_replaced(bus: str, service: Notifications) -> None:
    async with notifier(bus) as made:
        await made.show(SWITCHED)
        service.close(service.shown[0])
        await made.show(Note("other", "that the signal is read before"))
        await made.show(SWITCHED)
    assert [it.number for it in service.shown] == [1, 2, 3]


async def test_a_click_is_told_by_its_tag_with_the_token_for_the_window(bus: str, service: Notifications) -> None:
    clicks = Clicks()
    async with notifier(bus, clicks) as made:
        await made.show(SWITCHED)
        await made.show(REFUSED)
        assert service.shown[1].actions == ("default", "Open the settings")
        service.click(service.shown[1], token="wayland-1")
        assert await clicks.wait() == [("refused a", "wayland-1")]


async def test_clicks_on_other_programs_notifications_mean_nothing(bus: str, service: Notifications) -> None:
    clicks = Clicks()
    async with notifier(bus, clicks) as made:
        await made.show(REFUSED)
        other = service.shown[0]._replace(number=99)
        service.click(other)
        service.click(service.shown[0])
        assert await clicks.wait() == [("refused a", "")]


async def test_a_service_without_actions_gets_none(bus: str) -> None:
    with Notifications(bus, can=("body",)) as service:
        async with notifier(bus) as made:
            assert await made.show(REFUSED)
        assert service.shown[0].actions == ()


@pytest.mark.parametrize(
    ("can", "text"),
    [(("body",), "R&D <b>"), (("body", "body-markup"), "R&amp;D &lt;b&gt;")],
)
async def test_marks_in_the_text_are_shown_and_not_obeyed(bus: str, can: tuple[str, ...], text: str) -> None:
    with Notifications(bus, can=can) as service:
        async with notifier(bus) as made:
            await made.show(Note("x", "R&D <b>", "R&D <b>"))
        assert (service.shown[0].title, service.shown[0].text) == ("R&D <b>", text)


async def test_without_a_service_somebody_else_has_to_show_it(bus: str) -> None:
    async with notifier(bus) as made:
        assert not await made.show(SWITCHED)
        with Notifications(bus) as service:  # it comes later, as with a desktop that is still starting
            assert await made.show(SWITCHED)
            assert len(service.shown) == 1
        assert not await made.show(SWITCHED)


async def test_without_a_bus_somebody_else_has_to_show_it() -> None:
    async with notifier("unix:path=/nonexistent/bus") as made:
        assert not await made.show(SWITCHED)


async def test_other_systems_have_other_ways() -> None:
    assert not await Notifier(Clicks(), platform="win32").show(SWITCHED)
    assert not await Notifier(Clicks(), platform="darwin").show(SWITCHED)


async def test_a_service_that_restarts_is_used_again(bus: str) -> None:
    async with notifier(bus) as made:
        for _ in range(2):
            with Notifications(bus) as service:
                assert await made.show(SWITCHED)
                assert service.open == [1]


async def test_after_its_end_it_shows_nothing(bus: str, service: Notifications) -> None:
    made = Notifier(Clicks(), bus=bus, platform="linux")
    made.close()
    assert not await made.show(SWITCHED)
    assert service.shown == []


async def test_a_click_that_comes_before_the_answer_to_showing_it_counts(
    bus: str, service: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks = Clicks()
    async with notifier(bus, clicks) as made:
        call = made._call

        async def overtaken(to: Any, member: str, *rest: Any) -> Any:
            answer = await call(to, member, *rest)
            if member == "Notify":
                for number in (answer[0], answer[0] + 7):  # the other one is another program's
                    made._heard("", "ActionInvoked", "", (number, "default"))
            return answer

        monkeypatch.setattr(made, "_call", overtaken)
        assert await made.show(REFUSED)
        assert clicks == [("refused a", "")]
