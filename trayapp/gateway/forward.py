"""The same dialect on both sides: the request with another model's name, the answer byte by byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayapp.core.secret import Secret
from trayapp.gateway import anthropic_in, headers
from trayapp.gateway.faults import broken_off
from trayapp.gateway.passing import pass_on
from trayapp.gateway.plan import Route
from trayapp.gateway.sentences import error_frame
from trayapp.gateway.tally import Tally
from trayapp.gateway.translate import secrets_in
from trayapp.gateway.turn import Turn, Way
from trayapp.gateway.usage_chunk import UsageChunk

if TYPE_CHECKING:
    from trayapp.gateway.relay import Reply

_TELLS_UNASKED = ("mistral",)
"""Rows whose streams tell their tokens anyway, and which refuse fields that they do not know."""


class Forward:
    """One request as it goes to one model."""

    def __init__(self, turn: Turn, way: Way) -> None:
        self._turn = turn
        route, body = turn.route, turn.body
        body.put("model", way.ref.model)
        self._hides_usage = (
            turn.streamed
            and route in (Route.CHAT, Route.COMPLETIONS)
            and way.spec.id not in _TELLS_UNASKED
            and body.ask_for_usage()
        )
        if route.dialect is _OLLAMA and turn.settings.gateway_keep_alive == "strip":
            body.drop("keep_alive")
        self._secrets: tuple[Secret, ...] = ()
        self.body = body.encoded()
        if way.spec.id == "anthropic" and route in (Route.MESSAGES, Route.COUNT_TOKENS):
            self.body = anthropic_in.without_unsigned_thinking(self.body)

    def headers(self, signed: Mapping[str, str]) -> dict[str, str]:
        """What goes with it: the few that the caller may decide, and ours."""
        self._secrets = secrets_in(signed)
        return headers.upward(self._turn.call.headers.items(), signed)

    async def deliver(self, reply: Reply) -> None:
        """Pass the answer on, and count it."""
        turn = self._turn
        turn.forget()
        self.body = b""
        kind = reply.headers.get("Content-Type", "")
        stream = "event-stream" in kind or "ndjson" in kind
        tally = turn.tally = Tally(turn.route, stream=stream)
        if not stream:
            await pass_on(reply, turn.call, observe=tally.feed, more=turn.mark(), secrets=self._secrets)
            return
        await pass_on(
            reply,
            turn.call,
            observe=tally.feed,
            through=UsageChunk() if self._hides_usage else None,
            whole=tally.whole,
            cut=lambda: error_frame(turn.route, broken_off(), between=tally.between),
            more=turn.mark(),
            secrets=self._secrets,
        )


_OLLAMA = Route.OLLAMA_CHAT.dialect
