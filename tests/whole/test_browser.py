"""A page in a real browser, elsewhere or under a name that was rebound, asks the gateway in every way, and cannot.

The doors here ask for no token at all, and some pages know one: what keeps a page out must not be that it has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from msgspec import Struct, field

from tests.app.gateway_scene import free_port
from tests.gateway.gateways import OPENAI, World, accounts, gateway_in, upstream
from tests.gateway.serving import GATE, TOKEN
from tests.support.browser import Page, chromium, installed
from tests.support.desktop import MissingProgramError, until
from tests.support.upstream import Reply, Sent, Upstream
from tests.whole.program import Trayapp, listing, server, set_up
from tests.whole.ways_in import LEAVING, PAGE, WAYS, Way, script
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.gateway import guard, sentences
from trayapp.gateway.guard import Admitted, Gate, Head
from trayapp.gateway.server import Listener

OPEN = Gate(0, GATE.digests, open_paths=("/",))
MODEL, ANSWER = "quiet-model", " Gott, "
SECRETS = (MODEL, ANSWER)
REBOUND = "evil.example"
NOTHING = re.compile(r"|0 |(refused: )?(Type|Network|Security)Error\b.*")
"""What a page of another origin may learn: nothing, an answer without status or text, or that it failed."""
HTML = {"content-type": "text/html; charset=utf-8", "access-control-allow-origin": "*"}


@pytest.fixture(autouse=True)
def _browser_or_skip() -> None:
    try:
        installed()
    except MissingProgramError as missing:
        pytest.skip(str(missing))  # “chromium is not installed”, and how to


def has_v6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


class Seen(Struct):
    """What came to the gateway's door."""

    let_in: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Status and path."""

    def nothing(self) -> bool:
        return not self.let_in and not self.refused

    def forget(self) -> None:
        self.let_in.clear()
        self.refused.clear()


class Scene(Struct):
    """A gateway that runs, with a model behind it and somebody who watches its door."""

    port: int
    seen: Seen
    model: Upstream

    async def said(self, page: Page, way: Way, at: str, own: str) -> str:
        """What the page could read; at the end, whatever it sent has come."""
        said = str(await page.run(script(way, at, own, TOKEN)))
        deadline = time.monotonic() + 5
        while self.seen.nothing() and time.monotonic() < deadline:  # noqa: ASYNC110 - it comes in another thread
            await asyncio.sleep(0.01)
        return said


def elsewhere(sent: Sent) -> Reply:
    """The server of the page: itself on every path, but for one that sends the browser on with all that it sent."""
    if sent.path == "/away":
        return Reply(status=307, headers={**HTML, "location": sent.query["to"]})
    return Reply(body=PAGE, headers=HTML)


@contextlib.asynccontextmanager
async def gateway(port: int = 0) -> AsyncIterator[Scene]:
    seen = Seen()
    model = Upstream(upstream())
    async with model as url:
        world = World(accounts=accounts(url), chosen=OPENAI, listings={"openai": listing("openai", MODEL)})
        made = gateway_in(world)

        @contextlib.asynccontextmanager
        async def life() -> AsyncIterator[Any]:
            async with made.life() as answer:

                async def noted(call: Any) -> None:
                    if call.path != "/favicon.ico":  # the browser's own, for the tab in which it shows a refusal
                        seen.let_in.append(f"{call.method} {call.path}")
                    await answer(call)

                yield noted

        def words(path: str, status: int, reason: str, sentence: str) -> tuple[str, bytes]:
            seen.refused.append((status, path))
            return sentences.words(path, status, reason, sentence)

        reports: list[BaseException] = []
        gate = Gate(port, OPEN.digests, open_paths=OPEN.open_paths)
        listener = Listener(life, gate=gate, words=words, report=lambda _name, exc: reports.append(exc))
        try:
            yield Scene(await listener.start(), seen, model)
        finally:
            await listener.stop(0.0)
    assert reports == []


async def attempt(scene: Scene, open_page: Callable[[], Any], at: str, own: str, status: int) -> None:
    """Every way; all must be refused with this status, and give the page nothing."""
    page = await open_page()
    for name, way in WAYS.items():
        scene.seen.forget()
        said = await scene.said(page, way, at, own)
        assert not any(secret in said for secret in SECRETS), f"{name}: {said}"
        assert scene.seen.let_in == [], name
        assert {told for told, _path in scene.seen.refused} == {status}, f"{name} did not come to the door: {said}"
        if status == 403:  # of another origin, so not even the refusal can be read
            assert NOTHING.fullmatch(said), f"{name}: {said}"
    for name, way in LEAVING.items():
        page = await open_page()
        scene.seen.forget()
        await scene.said(page, way, at, own)
        assert scene.seen.let_in == [], name
        assert {told for told, _path in scene.seen.refused} == {status}, name
    assert scene.model.requests == []


@pytest.mark.timeout_s(90)
@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("localhost", "localhost"),
        ("localhost", "127.0.0.1"),
        (REBOUND, "localhost"),
        (REBOUND, "[::1]"),
    ],
)
async def test_a_page_of_another_origin_is_refused_in_every_way(name: str, here: str) -> None:
    if here == "[::1]" and not has_v6():
        pytest.skip("this machine has no ::1")
    own = Upstream(elsewhere)
    async with gateway() as scene, own as served, chromium(evil="127.0.0.1") as browser:
        address = served.replace("127.0.0.1", name)
        await attempt(scene, lambda: browser.open(address), f"http://{here}:{scene.port}", address, 403)


@pytest.mark.timeout_s(90)
async def test_a_page_whose_name_was_rebound_to_this_computer_is_refused_in_every_way() -> None:
    own = Upstream(elsewhere)
    async with chromium(evil="127.0.0.1") as browser, own as served:
        before = Upstream(elsewhere)
        async with before as theirs:
            pages = [await browser.open(theirs.replace("127.0.0.1", REBOUND)) for _ in range(1 + len(LEAVING))]
        # from now on, what has the page's own name and port is the gateway: to the browser, the page's own origin
        port = int(theirs.rpartition(":")[2])
        at = f"http://{REBOUND}:{port}"
        async with gateway(port) as scene:
            said = await scene.said(pages[0], WAYS["fetch"], at, served)
            assert said.startswith("421 "), "the browser does not take it for the page's own"

            async def next_page() -> Page:
                return pages.pop()

            await attempt(scene, next_page, at, served.replace("127.0.0.1", REBOUND), 421)


@pytest.mark.timeout_s(60)
# the browser is ended in the middle of its requests: what it leaves half open is not what is tried here
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
async def test_where_nobody_is_at_the_door_every_way_leads_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways are ways: or the tests above would prove nothing."""

    def let_in(_gate: Gate, head: Head) -> Admitted:
        asks = head.method == "OPTIONS" and bool(head.asks_method)
        names = {"Access-Control-Allow-Headers": head.asks_headers, "Access-Control-Allow-Credentials": "true"}
        return Admitted("", {"Access-Control-Allow-Origin": "".join(head.origin) or "*", **names}, asks)

    monkeypatch.setattr(guard, "admit", let_in)
    own = Upstream(elsewhere)
    async with gateway() as scene, own as address, chromium() as browser:
        page = await browser.open(address)
        for name, way in (WAYS | LEAVING).items():
            scene.seen.forget()
            scene.model.requests.clear()
            said = await scene.said(page, way, f"http://localhost:{scene.port}", address)
            deadline = time.monotonic() + 5
            while way.posts and not scene.model.requests and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (scene.seen.refused, bool(scene.seen.let_in)) == ([], True), f"{name}: {said}"
            assert bool(scene.model.requests) == way.posts, f"{name}: {said}"
            assert any(secret in said for secret in SECRETS) == way.reads, f"{name}: {said}"
            if name in LEAVING:
                page = await browser.open(address)


@pytest.mark.timeout_s(90)
async def test_a_page_gets_nothing_of_the_program_itself_though_it_asks_for_no_token() -> None:
    port = free_port()
    model, own = Upstream(upstream()), Upstream(elsewhere)
    async with model as url, own as address, chromium() as browser:
        chosen = State(active=ModelRef("lab", MODEL))
        free = ("/api/", "/v1/")
        set_up(server("lab", f"{url}/v1"), lists=[listing("lab", MODEL)], state=chosen, gateway_without_token=free)
        with Trayapp(dict(os.environ), "serve", "--port", str(port)) as program:
            await asyncio.to_thread(until, lambda: program.said().count("\n") >= 2, "two lines", 20)
            at = f"http://127.0.0.1:{port}"
            page = await browser.open(address.replace("127.0.0.1", "localhost"))
            for name, way in WAYS.items():
                said = str(await page.run(script(way, at, address, TOKEN)))
                assert NOTHING.fullmatch(said), f"{name}: {said}"
            assert "POST" not in [sent.method for sent in model.requests]
            async with httpx.AsyncClient(trust_env=False) as tool:
                body = {"model": "current", "messages": [{"role": "user", "content": "Hi"}]}
                assert (
                    ANSWER
                    in (await tool.post(f"{at}/v1/chat/completions", json=body)).json()["choices"][0]["message"][
                        "content"
                    ]
                )
    assert [sent.method for sent in model.requests].count("POST") == 1
