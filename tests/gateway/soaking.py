"""Traffic as a long day brings it: every dialect, whole and streamed, callers that leave, and upstreams that fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from functools import cache
from typing import Any

import aiohttp
from msgspec import Struct, field

from tests.gateway.gateways import events, upstream
from tests.support.served import Answer, Front, HungUpError
from tests.support.served import Asked as Seen
from tests.support.upstream import Reply, Sent
from trayapp.core.clock import SystemClock

CALLERS = 32
"""At once."""
PROMPT = "A sentence that is neither short nor long, as prompts have them by the dozen. " * 50
HI: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
ROUTES: dict[str, tuple[dict[str, Any], bytes]] = {
    "/v1/chat/completions": ({"messages": HI}, b"data:[DONE]"),
    "/v1/messages": ({"messages": HI, "max_tokens": 9}, b"event:message_stop"),
    "/v1/responses": ({"input": PROMPT}, b"event:response.completed"),
    "/v1/completions": ({"prompt": PROMPT}, b""),
    "/api/chat": ({"messages": HI}, b'"done":true'),
    "/api/generate": ({"prompt": PROMPT}, b'"done":true'),
}
"""What is asked on each, and how a whole stream ends, without spaces; nothing where the upstream streams nothing."""
ACCOUNTS = ("openai", "claude", "ollama")
REFUSALS = {"400": 400, "401": 401, "429": 429, "500": 502, "503": 503}
"""Models that are refused with this status, and what a caller may then see besides it."""
BROKEN = ("garbage", "hangup")
CUT = ("cut", "ended")


class Turn(Struct):
    """One request, and what must become of it."""

    path: str
    body: dict[str, Any] | bytes | None = None
    """None: it is read by GET."""
    token: bool = True
    leaves: str = ""
    """``streaming`` or ``waiting``: when the caller goes away."""
    statuses: tuple[int, ...] = (200,)
    end: bytes = b""
    """How a stream must end."""
    never: bytes = b""
    """How it must not."""


class Tally(Struct):
    """What became of all."""

    answered: int = 0
    streamed: int = 0
    failed: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)
    """Answers that should have been others."""
    leaks: list[str] = field(default_factory=list)
    """Paths whose answers showed the key."""


def day(requests: int, streams: int, seed: int) -> Iterator[Turn]:
    """So many of each, in an order that the seed decides."""
    chance = random.Random(seed)
    order = [False] * requests + [True] * streams
    chance.shuffle(order)
    for stream in order:
        yield _stream(chance) if stream else _request(chance)


def _stream(chance: random.Random) -> Turn:
    path = chance.choice([path for path, (_asks, end) in ROUTES.items() if end])
    asks, end = ROUTES[path]
    lot = chance.random()
    model = "big" if lot < 0.8 else "slow" if lot < 0.9 else chance.choice(CUT)
    body = {**asks, "model": f"{chance.choice(ACCOUNTS)}/{model}", "stream": True}
    if model == "slow":
        return Turn(path, body, leaves="streaming")
    return Turn(path, body, end=end) if model == "big" else Turn(path, body, statuses=(200, 502), never=end)


def _request(chance: random.Random) -> Turn:
    lot = chance.random()
    if lot < 0.05:
        return Turn(chance.choice(["/v1/models", "/api/tags", "/metrics", "/api/llm/stats", "/api/version", "/"]))
    if lot < 0.1:
        return _refused(chance)
    path = chance.choice(list(ROUTES))
    ask = {**ROUTES[path][0], "stream": False}
    if path == "/v1/completions":
        return Turn(path, {**ask, "model": "openai/big"})
    account = chance.choice(ACCOUNTS)
    if lot < 0.15:
        status = chance.choice(list(REFUSALS))
        return Turn(path, {**ask, "model": f"{account}/{status}"}, statuses=(int(status), REFUSALS[status]))
    if lot < 0.18:
        return Turn(path, {**ask, "model": f"{account}/{chance.choice(BROKEN)}"}, statuses=(200, 502))
    if lot < 0.23:
        return Turn(path, {**ask, "model": f"{account}/slow"}, leaves="waiting")
    if lot < 0.28:
        return Turn("/v1/embeddings", {"model": "openai/embed", "input": PROMPT})
    return Turn(path, {**ask, "model": chance.choice([f"{account}/big", "current", "gpt-anything"])})


def _refused(chance: random.Random) -> Turn:
    """What never leaves the gateway."""
    good: dict[str, Any] = {**ROUTES["/v1/chat/completions"][0], "model": "current"}
    return chance.choice(
        [
            Turn("/v1/chat/completions", good, token=False, statuses=(401,)),
            Turn("/v1/chat/completions", b'{"model": "current", "messages": [', statuses=(400,)),
            Turn("/v1/chat/completions", {**good, "model": "nobody/nothing"}, statuses=(200, 404)),
            Turn("/v1/nothing", good, statuses=(404,)),
            Turn("/v1/messages", statuses=(405,)),
        ]
    )


async def live(url: str, token: str, key: str, turns: Iterable[Turn]) -> Tally:
    """Have all of them asked, many at once. ``key`` must be in no answer."""
    tally = Tally()
    waiting = iter(turns)
    async with aiohttp.ClientSession(url, auto_decompress=False, trust_env=False) as http:

        async def caller() -> None:
            for turn in waiting:
                await _ask(http, turn, token, key.encode(), tally)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await asyncio.sleep(0)
    return tally


async def _ask(http: aiohttp.ClientSession, turn: Turn, token: str, key: bytes, tally: Tally) -> None:
    headers = {"Authorization": f"Bearer {token if turn.token else 'wrong'}", "Content-Type": "application/json"}
    data = json.dumps(turn.body).encode() if isinstance(turn.body, dict) else turn.body
    heard, status = b"", 0
    method = "GET" if data is None else "POST"
    try:
        async with asyncio.timeout(0.02 if turn.leaves == "waiting" else 20):
            async with http.request(method, turn.path, data=data, headers=headers) as answer:
                status = answer.status
                async for piece in answer.content.iter_any():
                    heard += piece
                    if turn.leaves == "streaming":
                        answer.close()
                        break
    except TimeoutError:
        if turn.leaves != "waiting":
            tally.wrong.append(f"{turn.path} {_model(turn)}: nothing came")
    except aiohttp.ClientError as exc:
        if not turn.never:  # a stream that was cut may end with its connection
            tally.wrong.append(f"{turn.path} {_model(turn)}: {type(exc).__name__}")
    if key in heard:
        tally.leaks.append(f"{turn.path} {_model(turn)}")
    _count(turn, status, heard, tally)


def _count(turn: Turn, status: int, heard: bytes, tally: Tally) -> None:
    if turn.leaves:
        tally.left += 1
        return
    squeezed = heard.replace(b" ", b"")
    whole = turn.end in squeezed and not (turn.never and turn.never in squeezed)
    if status not in turn.statuses or (status == 200 and not whole):
        tally.wrong.append(f"{turn.path} {_model(turn)}: {status} {heard[-300:]!r}")
    elif status != 200 or turn.never:
        tally.failed += 1
    elif turn.end:
        tally.streamed += 1
    else:
        tally.answered += 1


def _model(turn: Turn) -> str:
    return str(turn.body["model"]) if isinstance(turn.body, dict) else ""


# -- the upstream ------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def misbehaving(key: str) -> AsyncIterator[Front]:
    """An upstream that does what the asked model is called, and repeats the key to whom it refuses."""

    async def answer(asked: Seen) -> Answer:
        if len(front.log) > 1000:
            front.log.clear()
        body = asked.json
        model, stream = body.get("model", ""), body.get("stream", asked.path.startswith("/api/"))
        if model in REFUSALS:
            said = {"error": {"message": f"Not with {key}.", "type": "refused", "code": "refused"}}
            return Answer(json.dumps(said).encode(), int(model))
        if model == "hangup":
            raise HungUpError
        if model == "garbage":
            return Answer(b"<html>")
        good = _good(asked.path, bool(stream), model)
        kind = good.headers.get("content-type", "application/json")
        if model == "slow":
            return Answer(_pieces(good.body, model), type=kind) if stream else await _asleep()
        if stream and isinstance(good.body, bytes):
            return Answer(_pieces(good.body, model), type=kind)
        whole = good.body if isinstance(good.body, bytes) else json.dumps(good.body).encode()
        return Answer(whole, good.status, type=kind)

    front = Front(answer, SystemClock())
    await front.start()
    try:
        yield front
    finally:
        await front.stop()


@cache
def _good(path: str, stream: bool, model: str) -> Reply:
    asked = json.dumps({"model": model, "stream": stream}).encode()
    return upstream()(Sent("POST", path, {}, asked))


async def _pieces(body: bytes, model: str) -> AsyncGenerator[bytes, None]:
    found = events(body)
    for event in found[: len(found) // 2] if model in CUT else found:
        yield event
        await asyncio.sleep(0.001)
    if model == "cut":
        raise HungUpError
    if model == "slow":
        await asyncio.sleep(3600)


async def _asleep() -> Answer:
    await asyncio.sleep(3600)
    return Answer()
