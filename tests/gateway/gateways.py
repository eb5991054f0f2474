"""A whole gateway with accounts at scripted upstreams, the vendors' own clients pointed at it, and what it told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

import anthropic
import httpx
import ollama
import openai
from msgspec import Struct, field

from tests.gateway import wire
from tests.gateway.serving import GATE, TOKEN, Door, serving
from tests.support.served import Answer, Front, HungUpError
from tests.support.served import Asked as Seen
from tests.support.tls import tls
from tests.support.upstream import Reply, Sent
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock, SystemClock
from trayapp.core.errors import Failure
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef, Price, Use
from trayapp.core.rules import Rule
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.gateway.exchange import Request as Asked
from trayapp.gateway.limits import Patience
from trayapp.gateway.links import Links
from trayapp.gateway.resolve import Book, Routed
from trayapp.gateway.responses_in_answer import StreamWriter, write_answer
from trayapp.gateway.server import Life
from trayapp.gateway.service import Gateway
from trayapp.gateway.streams import events_of
from trayapp.gateway.usage import Request
from trayapp.providers import table
from trayapp.providers.spec import Dialect, signed

OPENAI, CLAUDE, OLLAMA = ModelRef("openai", "big"), ModelRef("claude", "big"), ModelRef("ollama", "big")
AT = {Dialect.OPENAI: OPENAI, Dialect.ANTHROPIC: CLAUDE, Dialect.OLLAMA: OLLAMA}
SSE = {"content-type": "text/event-stream"}
NDJSON = {"content-type": "application/x-ndjson"}
PRICE = Price(2.0, 10.0, 0.5)
VECTOR = [0.5, -0.25]


def accounts(url: str) -> dict[str, Account]:
    """One account for each dialect, all at this address."""
    return {
        "openai": Account("openai", "openai", "OpenAI – work", f"{url}/v1"),
        "claude": Account("claude", "anthropic", "", f"{url}/v1"),
        "ollama": Account("ollama", "ollama", "", url),
    }


class World(Struct, kw_only=True):
    """What the program knows, and what the gateway told it."""

    accounts: dict[str, Account]
    chosen: ModelRef | None = None
    named: dict[str, Routed] = field(default_factory=dict)
    settings: Settings = Settings()
    listings: dict[str, Listing] = field(default_factory=dict)
    models: dict[ModelRef, Model] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    followed: Callable[[str, str], Routed] | None = None
    key: str = "sk-proj-0123456789abcdefghij"
    local: dict[str, Any] = field(default_factory=dict)
    trouble: Exception | None = None
    """Raised instead of giving headers that hold a key."""
    records: list[Request] = field(default_factory=list)
    served: list[tuple[str, str]] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    """Local models around whose requests we are."""
    was_busy: list[str] = field(default_factory=list)

    def book(self) -> Book:
        return Book(
            accounts={id: it for id, it in self.accounts.items() if it.enabled},
            switched_off=frozenset(id for id, it in self.accounts.items() if not it.enabled),
            listings=self.listings,
            named=lambda name: self.named.get(name.casefold().removesuffix(":latest")),
            followed=self.followed or (lambda _text, _name: Routed(self.chosen, "tray")),
            refuse_others=self.settings.gateway_other_names == "refuse",
        )

    async def headers(self, account: Account, bearer: bool) -> Mapping[str, str]:
        row = table.spec(account.spec)
        if self.trouble is not None and not row.local:
            raise self.trouble
        if bearer:
            return {**row.headers, "Authorization": f"Bearer {self.key}"}
        return signed(row, Secret(self.key) if not row.local else None, account)

    def known(self, ref: ModelRef) -> Model | None:
        return self.models.get(ref, Model(ref, price=PRICE, use=Use.EMBEDDING if "embed" in ref.model else Use.CHAT))

    @contextlib.asynccontextmanager
    async def serving(self, ref: ModelRef) -> AsyncIterator[None]:
        self.busy.append(str(ref))
        self.was_busy.append(str(ref))
        try:
            yield
        finally:
            self.busy.remove(str(ref))

    async def stats(self) -> Mapping[str, Any]:
        return self.local

    def links(self) -> Links:
        return Links(
            book=self.book,
            settings=lambda: self.settings,
            headers=self.headers,
            known=self.known,
            serving=self.serving,
            local=self.stats,
            record=self.records.append,
            served=lambda ref, why: self.served.append((str(ref), why)),
            failed=self.failed.append,
        )


class Served(Struct):
    """A gateway that runs, and its clients."""

    world: World
    door: Door
    gateway: Gateway
    http: httpx.AsyncClient
    openai: openai.AsyncOpenAI
    anthropic: anthropic.AsyncAnthropic
    ollama: ollama.AsyncClient

    async def post(self, path: str, body: Mapping[str, Any] | bytes, **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(path, content=raw, headers={"content-type": "application/json", **headers})

    async def quiet(self) -> list[Request]:
        """The figures of all requests, once none is under way: a caller has its answer before it is written down."""
        while self.gateway.metrics.active:  # noqa: ASYNC110 - it lives in another thread
            await asyncio.sleep(0.001)
        return self.world.records

    async def last(self) -> Request:
        return (await self.quiet())[-1]


def gateway_in(world: World, *, clock: Clock | None = None, patience: Patience | None = None) -> Gateway:
    """One that listens nowhere yet."""
    return Gateway(
        world.links(),
        rules=lambda: world.rules,
        last_text=lambda said: str(said),
        clock=clock,
        patience=patience,
        context=ssl.create_default_context,
    )


@contextlib.asynccontextmanager
async def gateway(
    world: World, *, clock: Clock | None = None, patience: Patience | None = None
) -> AsyncIterator[Served]:
    made = gateway_in(world, clock=clock, patience=patience)
    life: Life = made.life
    async with serving(life=life, gate=GATE) as door:
        keyed = {"Authorization": f"Bearer {TOKEN}"}
        own, same = openai.DefaultAsyncHttpxClient(verify=tls()), anthropic.DefaultAsyncHttpxClient(verify=tls())
        async with (
            httpx.AsyncClient(base_url=door.url, headers=keyed, timeout=10, verify=tls()) as http,
            openai.AsyncOpenAI(api_key=TOKEN, base_url=f"{door.url}/v1", max_retries=0, http_client=own) as of_openai,
            anthropic.AsyncAnthropic(api_key=TOKEN, base_url=door.url, max_retries=0, http_client=same) as of_anthropic,
        ):
            of_ollama = ollama.AsyncClient(host=door.url, headers=keyed, verify=tls())
            try:
                yield Served(world, door, made, http, of_openai, of_anthropic, of_ollama)
            finally:
                await of_ollama._client.aclose()
    assert door.reports == []
    assert world.busy == []


def said(sent: Sent) -> dict[str, Any]:
    """The body of a request as it came upstream."""
    body: dict[str, Any] = json.loads(sent.body)
    return body


def upstream(case: str = "text") -> Callable[[Sent], Reply]:
    """Answers every route of every dialect with one of the cases of ``wire``."""

    def answer(sent: Sent) -> Reply:
        asked = said(sent)
        match sent.path:
            case "/v1/chat/completions":
                return words(Dialect.OPENAI, case, asked.get("stream", False))
            case "/v1/messages":
                return words(Dialect.ANTHROPIC, case, asked.get("stream", False))
            case "/api/chat" | "/api/generate":
                return words(Dialect.OLLAMA, case, asked.get("stream", True))
            case "/v1/responses":
                return responses(case, asked.get("stream", False))
            case "/v1/completions":
                choice = {"index": 0, "text": "and so on", "finish_reason": "stop"}
                usage = wire.openai_usage(wire.USAGE)
                return Reply(body={"id": "x", "object": "text_completion", "choices": [choice], "usage": usage})
            case "/v1/messages/count_tokens":
                return Reply(body={"input_tokens": 42})
            case "/v1/embeddings":
                data = [{"object": "embedding", "index": 0, "embedding": VECTOR}]
                usage = {"prompt_tokens": 5, "total_tokens": 5}
                return Reply(body={"object": "list", "data": data, "model": asked["model"], "usage": usage})
            case "/api/embed":
                return Reply(body={"model": asked["model"], "embeddings": [VECTOR], "prompt_eval_count": 5})
        return Reply(status=404, body=b"404 page not found", headers={"content-type": "text/plain"})

    return answer


@contextlib.asynccontextmanager
async def streaming(pieces: Callable[[Sent, bytes], AsyncGenerator[bytes, None]]) -> AsyncIterator[Front]:
    """An upstream that sends what this gives, piece by piece, without saying how long it will be.

    It is given the request and the good answer. ``Front.log`` tells when an answer ended; a caller that goes away
    cancels the generator.
    """

    async def answer(asked: Seen) -> Answer:
        sent = Sent(asked.method, asked.target, asked.headers, asked.body)
        good = upstream()(sent)
        kind = good.headers.get("content-type", "application/json")
        return Answer(pieces(sent, good.body if isinstance(good.body, bytes) else b"{}"), type=kind)

    front = Front(answer, SystemClock())
    await front.start()
    try:
        yield front
    finally:
        await front.stop()


def events(body: bytes) -> list[bytes]:
    """The events or lines of a stream."""
    mark = b"\n\n" if b"data: " in body else b"\n"
    return [it + mark for it in body.split(mark) if it]


async def cut(_sent: Sent, body: bytes) -> AsyncGenerator[bytes, None]:
    """Half of the events, and then nothing but a closed connection."""
    found = events(body)
    for event in found[: len(found) * 3 // 5]:
        yield event
    await asyncio.sleep(0.01)
    raise HungUpError


async def ended(_sent: Sent, body: bytes) -> AsyncGenerator[bytes, None]:
    """Half of the events, and then an end as if that were all."""
    found = events(body)
    yield b"".join(found[: len(found) * 3 // 5])


def words(dialect: Dialect, case: str, stream: bool) -> Reply:
    kind = NDJSON if dialect is Dialect.OLLAMA else SSE
    answer = wire.ANSWERS[case]
    return Reply(body=wire.STREAM[dialect](answer), headers=kind) if stream else Reply(body=wire.WHOLE[dialect](answer))


def responses(case: str, stream: bool) -> Reply:
    answer = wire.ANSWERS[case]
    if not stream:
        return Reply(body=write_answer(answer, wire.STAMP, Asked("big")))
    writer = StreamWriter(wire.STAMP, Asked("big"))
    return Reply(body=b"".join(map(writer.write, events_of(answer))), headers=SSE)
