"""A program whose gateway is switched on, spoken to over real sockets."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.app.house import House
from tests.support.tls import tls
from tests.support.upstream import Reply, Upstream
from trayapp.app.root import App
from trayapp.gateway.status import GatewayState
from trayapp.system.keys import shown

CHAT = "/v1/chat/completions"


def free_port() -> int:
    """One that nobody holds on either loopback address, and that the settings allow."""
    while True:
        port = random.randint(20_000, 32_000)
        try:
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.bind((address, port))
        except OSError:
            continue
        return port


async def until(check: Callable[[], object]) -> None:
    """Return once this is true: threads and sockets take their time."""
    for _turn in range(800):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def answering(text: str = "Hello.", /, **more: Any) -> Upstream:
    """A server of OpenAI's dialect that says this to everybody."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return Upstream({CHAT: Reply(body=body), "/": Reply(status=404), **more})


@asynccontextmanager
async def begun(house: House) -> AsyncIterator[App]:
    """The program with its gateway following the settings."""
    async with house.opened() as app:
        app.gateway.begin()
        await app.gateway.settled()
        yield app


async def first_token(app: App) -> str:
    return shown(await app.gateway.tokens.read())


async def chat(port: int, token: str, model: str = "current", path: str = CHAT) -> httpx.Response:
    """One question of a tool."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        return await http.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers)


def said(answer: httpx.Response) -> str:
    """The words of a chat's answer; fails with the body where it is an error."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def listens(app: App) -> bool:
    return app.gateway.status.value.state is GatewayState.LISTENING
