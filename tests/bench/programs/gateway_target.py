"""The gateway's carrying parts as a process: one token, one upstream. Prints its port; ends when its input does.

python -m tests.bench.programs.gateway_target UPSTREAM_ORIGIN TOKEN
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from trayapp.gateway import tokens
from trayapp.gateway.guard import Gate
from trayapp.gateway.server import Handler, Listener
from trayapp.system import net

if TYPE_CHECKING:
    from trayapp.gateway.call import Call

MODEL = "up-model"


def life(upstream: str) -> contextlib.AbstractAsyncContextManager[Handler]:
    """Everything to one upstream, in the same dialect, with another model's name and another key."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Handler]:
        from trayapp.gateway import headers
        from trayapp.gateway.bodies import Body
        from trayapp.gateway.passing import pass_on
        from trayapp.gateway.relay import Ask, Relay, traced
        from trayapp.gateway.usage_chunk import UsageChunk

        context = await asyncio.to_thread(net.relay_context)
        async with await net.relay_session(context, traced()) as session:
            relay = Relay(session)

            async def handle(call: Call) -> None:
                body = Body(await call.body())
                body.put("model", MODEL)
                through = UsageChunk() if body.stream and body.ask_for_usage() else None
                ask = Ask(
                    url=upstream + call.path,
                    headers=headers.upward(call.all_headers(), {"Authorization": "Bearer sk-real"}),
                    body=body.encoded(),
                    method=call.method,
                )
                reply = await relay.ask(ask)
                await pass_on(reply, call, through=through, observe=len)

            yield handle

    return opened()


def main(upstream: str, token: str) -> None:
    gate = Gate(0, {"bench": tokens.digest(token)})
    listener = Listener(lambda: life(upstream), gate=gate, report=lambda name, exc: print(name, repr(exc), flush=True))

    async def run() -> None:
        print(await listener.start(), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await listener.stop(0)

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:3])
