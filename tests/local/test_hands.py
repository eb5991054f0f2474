"""What is done to models is seen to happen, and what a server refuses is remembered of its model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.local.engine_scene import Counted
from tests.support.clock import FakeClock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.local.hands import ARRIVES, BETWEEN, GONE_AFTER, Hands
from trayapp.local.policy import Lease
from trayapp.local.residency import Installed, Seen, ServerState, Standing
from trayapp.local.watch import Watch

MODEL = Seen("k", "a:latest")
FAR = Seen("c", "far:cloud", remote=True)
SILENT = ProviderError(Failure(Kind.UNREACHABLE))


class Server:
    """Shows at each look what comes next, the last one again and again."""

    leases = says_use = True

    def __init__(self, *looks: tuple[Seen, ...] | ProviderError) -> None:
        self.looks = list(looks)
        self.unloaded: list[str] = []
        self.leased: list[tuple[str, float]] = []
        self.stocked = 0
        self.refuses: ProviderError | None = None

    async def stand(self) -> Standing:
        return Standing(ServerState.RUNNING)

    async def loaded(self) -> tuple[Seen, ...]:
        seen = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(seen, ProviderError):
            raise seen
        return seen

    async def installed(self) -> tuple[Installed, ...]:
        self.stocked += 1
        raise SILENT

    async def load(self, model: Installed, lease: float) -> None:
        raise AssertionError("hands load nothing")

    async def lease(self, model: Seen, seconds: float, *, embedding: bool = False) -> float:
        if self.refuses is not None:
            raise self.refuses
        self.leased.append((model.name, seconds))
        return 0.0

    async def unload(self, model: Seen) -> None:
        self.unloaded.append(model.name)


Made = Callable[..., tuple[Hands, Watch, Server]]


@pytest.fixture
def made(clock: FakeClock) -> Made:
    def make(*looks: tuple[Seen, ...] | ProviderError) -> tuple[Hands, Watch, Server]:
        server, stats = Server(*looks), Counted()
        watch = Watch(server, clock, stats)
        decided = (Lease(MODEL.name, 60.0),)
        start = lambda work, name: asyncio.create_task(work, name=name)  # noqa: E731
        return Hands(server, clock, stats, watch, lambda: decided, watch.look, start), watch, server

    return make


@pytest.mark.parametrize("name", [FAR.name, "gone:latest"])
async def test_what_is_elsewhere_or_gone_is_not_told_to_leave(made: Made, name: str) -> None:
    hands, _watch, server = made((MODEL, FAR))
    await hands.see()
    assert await hands.dismiss(name) is None
    assert server.unloaded == []


async def test_a_model_on_its_way_out_is_not_settled_until_it_has_gone(made: Made) -> None:
    hands, _watch, server = made((MODEL,), (MODEL,), ())
    await hands.see()
    assert await hands.settled("k")
    await hands.dismiss(MODEL.name)
    assert not await hands.settled("k")
    assert server.unloaded == [MODEL.name]


async def test_a_model_that_does_not_leave_is_not_taken_for_one_that_stays(made: Made, clock: FakeClock) -> None:
    hands, _watch, _server = made((MODEL,))
    await hands.see()
    await hands.dismiss(MODEL.name)
    with pytest.raises(ProviderError) as caught:
        await hands.settled("k")
    assert caught.value.failure.detail == "it will be unloaded as soon as its answer is done."
    assert sum(clock.slept) >= GONE_AFTER


async def test_a_load_that_shows_a_moment_late_has_arrived(made: Made, clock: FakeClock) -> None:
    hands, watch, _server = made((), SILENT, (MODEL,))
    await hands.arrived(Installed("k", MODEL.name))
    assert watch.of("k") is not None
    assert clock.slept == [BETWEEN] * 2


async def test_a_load_that_never_shows_was_let_go_again(made: Made, clock: FakeClock) -> None:
    hands, _watch, _server = made(())
    with pytest.raises(ProviderError) as caught:
        await hands.arrived(Installed("k", MODEL.name))
    assert caught.value.failure.detail == "the server let it go again at once."
    assert len(clock.slept) == ARRIVES - 1


async def test_no_lifetime_is_given_to_what_cannot_be_seen(made: Made) -> None:
    hands, _watch, server = made((MODEL,), SILENT)
    await hands.see()
    await hands.lend(MODEL.name)
    assert server.leased == []
    await hands.lend(MODEL.name)
    assert server.leased == []


@pytest.mark.parametrize(("kind", "deleted"), [(Kind.GONE, True), (Kind.GARBLED, False)])
async def test_a_lifetime_that_is_refused_is_not_given_again(made: Made, kind: Kind, deleted: bool) -> None:
    hands, watch, server = made((MODEL,))
    server.refuses = ProviderError(Failure(kind))
    await hands.lend(MODEL.name)
    it = watch.residents[MODEL.name]
    assert (it.lease, it.deleted, it.hidden) == (60.0, deleted, False)
    assert server.leased == []


async def test_a_lifetime_is_given_once_however_often_it_is_asked_for(made: Made) -> None:
    hands, _watch, server = made((MODEL,))
    await asyncio.gather(hands.lend(MODEL.name), hands.lend(MODEL.name))
    assert server.leased == [(MODEL.name, 60.0)]


async def test_a_stranger_that_no_list_names_is_asked_about_once(made: Made) -> None:
    _hands, watch, server = made((MODEL,), (MODEL, FAR))
    await watch.look()
    await watch.learn()
    await watch.learn()
    assert server.stocked == 1
    await watch.look()
    await watch.learn()
    assert server.stocked == 2
