"""One request of a tool, from its first byte to its line in the figures: what is known of it on the way."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.clock import Clock
from trayapp.core.gateway_settings import GatewaySettings
from trayapp.core.models import Model, ModelRef
from trayapp.core.rules import CURRENT
from trayapp.gateway import usage
from trayapp.gateway.bodies import Body
from trayapp.gateway.exchange import Stamp, Usage
from trayapp.gateway.facts import Facts, Outcome
from trayapp.gateway.plan import Plan, Route
from trayapp.gateway.resolve import Book
from trayapp.gateway.tally import Tally
from trayapp.providers.spec import ProviderSpec

if TYPE_CHECKING:
    from trayapp.gateway.call import Call

MODEL_HEADER = "x-trayapp-model"
"""On every answer: the model that gives it, as ``account/model``."""
_NOTHING = Body(b"{}")
_PLAIN = "!#$&'()*+,/:;=?@[]{}|~ "


class Way(Struct, frozen=True):
    """A model that may answer, and how it is reached."""

    ref: ModelRef
    why: str
    account: Account
    spec: ProviderSpec
    plan: Plan
    model: Model | None
    """What the lists and the catalogue know of it."""

    @property
    def name(self) -> str:
        """What the user calls the account."""
        return self.account.name or self.spec.name


class Turn:
    """Lives as long as the request. ``outcome`` and ``usage`` are filled by whoever finds out."""

    def __init__(self, call: Call, route: Route, clock: Clock, book: Book, settings: GatewaySettings) -> None:
        self.call = call
        self.route = route
        self.book = book
        self.settings = settings
        self._clock = clock
        self.at = clock.now()
        self.started = clock.monotonic()
        self.raw = b""
        """The caller's body as it came, until nobody else can be asked."""
        self.body = _NOTHING
        """The same, to be changed for one upstream."""
        self.asked = ""
        """The name that was asked for."""
        self.streamed = False
        self.way: Way | None = None
        """Where it goes; the last one tried."""
        self.ref: ModelRef | None = None
        self.facts: Facts | None = None
        self.tally: Tally | None = None
        """Of an answer that was passed on; asked when the caller has it."""
        self.usage: Usage | None = None
        """Of a translated answer."""
        self.outcome = ""
        """Empty until it is known."""

    def take(self, raw: bytes) -> None:
        """Look into the body. Raises RefusedError for what is no JSON object, and for a model that is no text."""
        self.body = body = Body(raw)
        self.raw = raw
        self.asked = body.model
        if not self.asked:
            body.put("model", CURRENT)  # names nothing, so it follows the tray as any other name does
            self.raw = body.encoded()
        stream = body.stream
        ollama = self.route in (Route.OLLAMA_CHAT, Route.OLLAMA_GENERATE)
        self.streamed = ollama if stream is None else stream

    def forget(self) -> None:
        """The answer has begun: a long prompt need not stay in memory while it streams."""
        self.raw, self.body = b"", _NOTHING

    @property
    def elapsed(self) -> float:
        """Seconds since the request came."""
        return self._clock.monotonic() - self.started

    def stamp(self) -> Stamp:
        """What a translated answer carries besides its content."""
        return Stamp(secrets.token_hex(12), self.asked or CURRENT, self.at, lambda: self.elapsed)

    def mark(self) -> list[tuple[str, str]]:
        """The header that names the model which answers; none before one is found."""
        return [] if self.ref is None else [_marked(self.ref)]

    def ended(self, seconds: float) -> usage.Request | None:
        """Its figures, after so many seconds; None where it never came to a model."""
        if self.ref is None:
            return None
        facts, told, way = self.facts, self.usage, self.way
        outcome = self.outcome or _how(facts)
        if outcome == "cancelled" and facts is not None and facts.outcome is Outcome.CUT:
            outcome = "cut"  # who was told so has no reason to stay
        if self.tally is not None:
            told = self.tally.usage
            if outcome in ("ok", "cancelled") and self.tally.failed:
                outcome = "cut"
        began = facts.first_byte - self.started if facts is not None and facts.first_byte is not None else None
        return usage.Request(
            self.at,
            self.call.admitted.token or _product(self.call.agent),
            self.ref.provider,
            self.ref.model,
            self.asked[:200],
            self.route.value,
            self.streamed,
            None if told is None else told.input,
            None if told is None else told.output,
            None if told is None else told.cached_read,
            None if told is None else told.cached_write,
            self._cost(way.model if way is not None else None, told),
            began,
            seconds,
            outcome,
        )

    def _cost(self, model: Model | None, told: Usage | None) -> float | None:
        if self.route is Route.COUNT_TOKENS:
            return 0.0
        if model is None or model.price is None or told is None:
            if self.way is not None and self.way.spec.id in IMPLICIT and not (model is not None and model.remote):
                return 0.0  # this user's own computer; a compatible server may be anybody's
            return usage.cost(model.price if model is not None else None, None, None)
        return usage.cost(model.price, told.input, told.output, told.cached_read, told.cached_write)


@lru_cache(maxsize=256)
def _marked(ref: ModelRef) -> tuple[str, str]:
    return MODEL_HEADER, quote(str(ref), safe=_PLAIN)


def _how(facts: Facts | None) -> str:
    """The outcome, where nobody said more."""
    if facts is None or facts.outcome is Outcome.LEFT:
        return "cancelled"
    return {Outcome.WHOLE: "ok", Outcome.CUT: "cut"}.get(facts.outcome, "failed")


def _product(agent: str) -> str:
    """The first word of what a tool calls itself, without its version."""
    return agent.partition("/")[0].strip()[:60]
