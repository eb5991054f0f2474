"""What happens to a request seldom: errors that cannot be read, streams that nobody asked for, very many names."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tests.gateway import wire
from tests.gateway.gateways import (
    CLAUDE,
    OLLAMA,
    OPENAI,
    SSE,
    World,
    accounts,
    gateway,
    gateway_in,
    streaming,
    upstream,
    words,
)
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.models import ModelRef
from trayapp.gateway import attempts
from trayapp.gateway.guard import Gate
from trayapp.gateway.links import Links
from trayapp.gateway.resolve import Book, Routed
from trayapp.providers.spec import Dialect

HI: Any = [{"role": "user", "content": "Hi"}]
CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body={"error": {"message": "Broken."}}, cut=5),
        Reply(status=500, body={"error": {"message": "Broken."}}, gzip=True),
    ],
)
async def test_an_error_that_cannot_be_read_is_told_by_its_status(reply: Reply) -> None:
    async with Upstream(lambda _: reply) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        answer = await served.post(CHAT, {"messages": HI})
        assert answer.status_code == 500
        assert answer.json()["error"]["message"] == "The provider answered with status 500."
        assert (await served.last()).outcome == "unreachable"


async def test_what_a_provider_forbids_is_no_refused_key() -> None:
    forbidden = Reply(status=403, body={"error": {"message": "Not in your country."}})
    async with Upstream(lambda _: forbidden) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        answer = await served.post(CHAT, {"messages": HI})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        assert "does not allow this" in answer.json()["error"]["message"]
        assert served.world.failed == []


async def test_a_stream_that_nobody_asked_for_and_that_failed_is_told_with_its_status() -> None:
    failed = wire.sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
    async with Upstream(lambda _: Reply(body=failed, headers=SSE)) as url:
        async with gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
            answer = await served.post(CHAT, {"messages": HI})
            assert (answer.status_code, answer.json()["error"]["message"]) == (529, "Overloaded")


async def test_a_whole_answer_that_breaks_off_is_told_as_such() -> None:
    half = replace(words(Dialect.ANTHROPIC, "text", False), cut=40)
    async with Upstream(lambda _: half) as url, gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
        answer = await served.post(CHAT, {"messages": HI})
        assert answer.status_code == 502
        assert "before it was complete" in answer.json()["error"]["message"]


async def test_what_comes_behind_the_end_of_a_stream_is_taken_so_that_the_connection_is_kept() -> None:
    async def chatty(_sent: Sent, body: bytes) -> AsyncGenerator[bytes, None]:
        yield body
        await asyncio.sleep(0.02)
        yield b": and good bye\n\n"

    async with streaming(chatty) as front, gateway(World(accounts=accounts(front.url), chosen=CLAUDE)) as served:
        for _ in range(2):
            answer = await served.post(CHAT, {"messages": HI, "stream": True})
            assert answer.text.endswith("data: [DONE]\n\n")
            assert "good bye" not in answer.text
            assert (await served.last()).outcome == "ok"


async def test_however_many_names_are_asked_for_each_finds_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_MOST_PLANS", 2)
    server = Upstream(upstream())
    names = ["a", "b", "c", "d", "x" * 300, "a", "x" * 300]
    async with server as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        for name in (*names, *(f"openai/{name}" for name in names)):
            assert (await served.post(CHAT, {"model": name, "messages": HI})).status_code == 200
        asked = [json.loads(it.body)["model"] for it in server.requests]
        assert asked == ["big"] * len(names) + names


async def test_an_account_of_a_later_version_is_said_to_be_one() -> None:
    world = World(accounts={"future": Account("future", "of-the-future")}, chosen=ModelRef("future", "x"))
    async with gateway(world) as served:
        answer = await served.post(CHAT, {"messages": HI})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == (
            "The account “future” is of a provider that this version does not know."
        )


class Leaving(World):
    """A local server that fails when an answer is over."""

    @contextlib.asynccontextmanager
    async def serving(self, ref: ModelRef) -> AsyncIterator[None]:
        yield
        raise ProviderError(Failure(Kind.UNREACHABLE, "ollama"))


async def test_what_goes_wrong_when_an_answer_is_over_begins_no_second_one() -> None:
    async def whole(_sent: Sent, body: bytes) -> AsyncGenerator[bytes, None]:
        yield body

    async with streaming(whole) as front, gateway(Leaving(accounts=accounts(front.url), chosen=OLLAMA)) as served:
        body = json.dumps({"messages": HI, "stream": True}).encode()
        answer = await served.door.says(served.door.request(path="/api/chat", body=body))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1") == 1


async def test_who_needs_no_token_is_known_by_the_name_of_its_program() -> None:
    async with Upstream(upstream()) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        served.door.listener.set_gate(Gate(0, open_paths=("/v1/",)))
        del served.http.headers["authorization"]
        assert (await served.post(CHAT, {"messages": HI}, **{"user-agent": "aider/0.9 (x)"})).status_code == 200
        assert (await served.last()).tool == "aider"


async def test_a_name_is_looked_up_once_while_nothing_has_changed() -> None:
    looked_up: list[str] = []

    def followed(_text: str, name: str) -> Routed:
        looked_up.append(name)
        return Routed(OPENAI, "tray")

    class Settled(World):
        """Nothing changes."""

        kept: Book | None = None

        def book(self) -> Book:
            self.kept = self.kept or super().book()
            return self.kept

    async with Upstream(upstream()) as url, gateway(Settled(accounts=accounts(url), followed=followed)) as served:
        for name in ("gpt-x", "gpt-x", "gpt-y", "x" * 300, "x" * 300):
            assert (await served.post(CHAT, {"model": name, "messages": HI})).status_code == 200
    assert looked_up == ["gpt-x", "gpt-y", "x" * 300, "x" * 300]


async def test_figures_that_cannot_be_had_any_more_are_told_in_words() -> None:
    async def gone() -> Mapping[str, Any]:
        raise ProviderError(Failure(Kind.UNREACHABLE, detail="trayapp gave this up: it is being quit."))

    class Quitting(World):
        def links(self) -> Links:
            return replace(super().links(), local=gone)

    async with gateway(Quitting(accounts={})) as served:
        answer = await served.http.get("/api/llm/stats")
        assert (answer.status_code, answer.json()) == (502, answer.json())
        assert "trayapp gave this up" in answer.text


async def test_only_what_is_there_and_can_be_reached_is_warmed() -> None:
    world = World(accounts={"copy": Account("copy", "replicate"), "future": Account("future", "of-the-future")})
    made = gateway_in(world)
    assert not await made.warm(ModelRef("copy", "x"))  # it has not begun
    async with made.life():
        for account in ("gone", "copy", "future"):
            assert not await made.warm(ModelRef(account, "x"))
