"""One question per account at a time, so many at once, repeated where that may help."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.support.clock import FakeClock
from trayapp.catalog.flights import Flights, Gate, insist
from trayapp.catalog.freshness import Timing
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_the_width_are_inside_and_they_come_in_order() -> None:
    """S4-30."""
    gate, inside, order, most = Gate(lambda: 3), 0, [], 0
    release = asyncio.Event()

    async def visit(number: int) -> None:
        nonlocal inside, most
        async with gate:
            inside += 1
            most = max(most, inside)
            order.append(number)
            await release.wait()
            inside -= 1

    tasks = [asyncio.create_task(visit(number)) for number in range(8)]
    await turns()
    assert (inside, order) == (3, [0, 1, 2])
    release.set()
    await asyncio.gather(*tasks)
    assert (most, order) == (3, list(range(8)))


async def test_the_width_may_change_while_people_wait() -> None:
    width, release = 1, asyncio.Event()
    gate, inside = Gate(lambda: width), 0

    async def visit() -> None:
        nonlocal inside
        async with gate:
            inside += 1
            await release.wait()

    tasks = [asyncio.create_task(visit()) for _ in range(5)]
    await turns()
    assert inside == 1
    width = 4
    tasks[0].cancel()
    await turns()
    assert inside == 5  # one has left again
    release.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    gate = Gate(lambda: 1)
    async with gate:
        waiting = asyncio.create_task(gate.__aenter__())
        await turns()
        waiting.cancel()
        await turns()
    let_in = asyncio.create_task(gate.__aenter__())
    await turns()
    assert let_in.done()


async def test_called_off_in_the_moment_of_being_let_in_the_place_is_given_on() -> None:
    gate = Gate(lambda: 1)
    await gate.__aenter__()
    waiting = asyncio.create_task(gate.__aenter__())
    await turns()
    await gate.__aexit__(None, None, None)  # lets it in …
    waiting.cancel()  # … before it runs again
    await turns()
    async with asyncio.timeout(1), gate:
        pass


async def test_a_flight_is_gone_when_it_is_over_and_a_fault_of_ours_is_reported() -> None:
    flights, reported = Flights(), []
    over: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("a bug")

    task = flights.start(("groq", 1), work(), partial(over.append, "groq"))
    assert flights.flying(("groq", 1)) is task
    assert flights.flying(("groq", 2)) is None
    await asyncio.wait([task])
    await turns()
    assert (flights.flying(("groq", 1)), over, [type(it) for it in reported]) == (None, ["groq"], [KeyError])


async def test_closing_ends_all_flights() -> None:
    flights = Flights()
    tasks = [flights.start((name, 1), asyncio.sleep(1e6), lambda: None) for name in ("a", "b")]
    await flights.close()
    assert all(task.cancelled() for task in tasks)


class Server:
    def __init__(self, *failures: Failure) -> None:
        self.failures, self.calls = list(failures), 0

    async def __call__(self) -> Listing:
        self.calls += 1
        if self.failures:
            raise ProviderError(self.failures.pop(0))
        return Listing("groq")


async def persuade(server: Server, clock: FakeClock, *, retries: int = 3, jitter: float = 0.0) -> tuple[Listing, int]:
    retried = 0

    def count() -> None:
        nonlocal retried
        retried += 1

    found = await insist(
        server,
        gate=Gate(lambda: 1),
        clock=clock,
        rng=lambda: jitter,
        timing=Timing(base_delay=1.5),
        retries=retries,
        retried=count,
    )
    return found, retried


async def test_what_passes_is_waited_out_with_growing_pauses(clock: FakeClock) -> None:
    """S4-31."""
    server = Server(Failure(Kind.UNREACHABLE), Failure(Kind.LIMITED), Failure(Kind.UNREACHABLE))
    assert (await persuade(server, clock, jitter=0.5))[1] == 3
    assert clock.slept == [1.75, 3.25, 6.25]


async def test_after_the_last_retry_the_last_failure_counts(clock: FakeClock) -> None:
    server = Server(*[Failure(Kind.UNREACHABLE, detail=str(number)) for number in range(9)])
    with pytest.raises(ProviderError) as raised:
        await persuade(server, clock, retries=2)
    assert (server.calls, raised.value.failure.detail) == (3, "2")


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.FORBIDDEN, Kind.GARBLED, Kind.NOT_RUNNING, Kind.TLS, Kind.NO_KEY])
async def test_what_will_not_change_is_not_asked_twice(clock: FakeClock, kind: Kind) -> None:
    """S4-31, S4-16."""
    server = Server(Failure(kind))
    with pytest.raises(ProviderError):
        await persuade(server, clock)
    assert (server.calls, clock.slept) == (1, [])


async def test_while_one_pauses_others_go_through(clock: FakeClock) -> None:
    clock.hold()
    gate = Gate(lambda: 1)
    pausing = asyncio.create_task(
        insist(
            Server(Failure(Kind.UNREACHABLE)),
            gate=gate,
            clock=clock,
            rng=lambda: 0.0,
            timing=Timing(),
            retries=1,
            retried=lambda: None,
        )
    )
    await turns()
    async with asyncio.timeout(1), gate:
        assert not pausing.done()
    clock.advance(1.0)
    await pausing
