"""What the user is told though nobody asked: refused keys and a gateway that cannot listen, each once."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.app.gateway_scene import free_port, until
from tests.app.house import GROQ, REFUSED, House, at, do, guarded, heard, models, settled
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app.noticing import Noticing
from trayapp.app.root import App
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import OpenSettings, Refresh, RemoveKey, StoreKey, SwitchGateway
from trayapp.core.secret import Secret
from trayapp.core.settings import PROVIDERS
from trayapp.gateway.status import GatewayState
from trayapp.ui.notices import Notice, Subject

GOOD = "gsk_goodgoodgoodgoodgoodgood"


@asynccontextmanager
async def watched(house: House) -> AsyncIterator[tuple[App, list[Notice]]]:
    """A program that tells what it notices."""
    async with house.opened() as app:
        told = heard(app)
        noticing = Noticing(app)
        noticing.begin()
        try:
            yield app, told
        finally:
            noticing.end()


async def test_a_refused_key_is_told_once_and_leads_to_its_account(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url)))
        async with watched(house) as (app, told):
            for _ in range(3):
                await do(app, Refresh())
            (notice,) = told
            assert (notice.subject, notice.provider) == (Subject.REFUSED, "groq")
            assert notice.opens == OpenSettings(PROVIDERS, "groq")


async def test_it_is_not_told_again_at_the_next_start(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url)))
        house.listed(at(GROQ, url), "a")
        for times in (1, 0, 0):
            async with watched(house) as (app, told):
                await do(app, Refresh())
                assert len(told) == times
        assert house.stored()[1].told == ("refused:groq",)


async def test_with_another_key_it_is_told_anew(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url)))
        async with watched(house) as (app, told):
            await do(app, Refresh())
            await do(app, StoreKey("groq", Secret("gsk_anotherbadanotherbadbad"), check=False))
            assert [it.provider for it in told] == ["groq", "groq"]


async def test_once_it_works_or_has_no_key_the_next_refusal_is_news(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url)))
        async with watched(house) as (app, told):
            await do(app, Refresh())
            await do(app, StoreKey("groq", Secret(GOOD)))
            assert house.stored()[1].told == ()
            app.catalog.refused(Failure(Kind.REFUSED, "groq"))  # as the gateway meets it
            await settled(app)
            assert len(told) == 2
            await do(app, RemoveKey("groq"))
            assert house.stored()[1].told == ()


async def test_an_outage_in_between_makes_no_news_of_it(house: House) -> None:
    answers = [REFUSED]

    def answer(_sent: Sent) -> Answer:
        return answers[-1]

    async with Upstream(answer) as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        async with watched(house) as (app, told):
            for reply in (REFUSED, Answer(status=404), REFUSED):
                answers.append(reply)
                await do(app, Refresh())
            assert [it.subject for it in told] == [Subject.REFUSED]


async def test_who_does_not_want_to_be_told_is_not(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url)), notify_refused=False, notify_port=False)
        async with watched(house) as (app, told):
            await do(app, Refresh())
            assert told == []


async def test_an_account_that_works_is_nothing_to_tell_of(house: House) -> None:
    async with guarded(GOOD, "a") as url:
        house.prepare(at(GROQ, url), state=house.keyed(at(GROQ, url), key=GOOD))
        async with watched(house) as (app, told):
            await do(app, Refresh())
            assert told == []
            assert models("a").status == 200


async def test_a_port_that_is_taken_at_the_start_is_told_once(house: House) -> None:
    port = free_port()
    house.clock.hold()
    with socket.create_server(("127.0.0.1", port)):
        house.prepare(gateway=True, gateway_port=port)
        async with watched(house) as (app, told):
            app.gateway.begin()
            await app.gateway.settled()
            app.gateway.retry()
            await app.gateway.settled()
            assert app.gateway.status.value.state is GatewayState.FAILED
            assert [it.subject for it in told] == [Subject.PORT]
            assert str(port) in told[0].text


async def test_who_switches_it_on_is_answered_and_not_notified_besides(house: House) -> None:
    port = free_port()
    house.clock.hold()
    with socket.create_server(("127.0.0.1", port)):
        house.prepare(gateway_port=port)
        async with watched(house) as (app, told):
            app.gateway.begin()
            await app.gateway.settled()
            reply = await do_ask(app)
            assert not reply
            assert [it.subject for it in told] == [Subject.FAILED]


async def do_ask(app: App) -> bool:
    from trayapp.app.perform import perform

    reply = await perform(app, SwitchGateway(True))
    await until(lambda: app.gateway.status.value.state is GatewayState.FAILED)
    return reply.ok
