"""Finds who answers a request, asks, and where that fails asks the next in the user's list, if there is one.

Another model is tried only before the first byte of an answer, only for causes that are the provider's or its key's,
and never for a model that was asked for by its name. An account that failed is left alone for a while.
Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from trayapp.core.accounts import Account
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.rules import TEXT, Rule
from trayapp.gateway import declined, touches
from trayapp.gateway.anthropic_in import estimated_tokens
from trayapp.gateway.anthropic_in import read_request as read_messages
from trayapp.gateway.bodies import Body
from trayapp.gateway.forward import Forward
from trayapp.gateway.links import Links
from trayapp.gateway.plan import Plan, Route, ours, plan, spec_of
from trayapp.gateway.relay import Ask, Relay
from trayapp.gateway.resolve import Book, Resolved, resolve, resolve_embedding
from trayapp.gateway.translate import Embed, FaultyError, Translate
from trayapp.gateway.trouble import kind_of
from trayapp.gateway.turn import Turn, Way
from trayapp.providers.spec import Dialect, ProviderSpec

PASSED_ON = frozenset(
    {
        Kind.UNREACHABLE,
        Kind.LIMITED,
        Kind.NOT_RUNNING,
        Kind.TLS,
        Kind.NO_KEY,
        Kind.REFUSED,
        Kind.FORBIDDEN,
        Kind.LOCKED,
        Kind.DENIED,
        Kind.NO_KEYRING,
    }
)
"""Causes for which another provider may do better."""
LONGEST_COOLING = 3600.0
_LATER_ROUTES = (Route.RESPONSES, Route.MESSAGES, Route.COUNT_TOKENS, Route.COMPLETIONS)
"""Routes that servers of this kind have had for some time only, and older ones lack."""
_ASKED_AGAIN = 600.0
"""Seconds after which such a route is tried again: the server may have been replaced by a newer one."""
_MOST_PLANS = 500
_LONGEST_NAME = 200
_SAID_IN = {Route.CHAT: "messages", Route.MESSAGES: "messages", Route.OLLAMA_CHAT: "messages", Route.RESPONSES: "input"}
_encode = msgspec.json.Encoder().encode


class Attempts:
    """Belongs to the gateway's loop."""

    def __init__(
        self,
        links: Links,
        relay: Relay,
        clock: Clock,
        *,
        rules: Callable[[], tuple[Rule, ...]],
        last_text: Callable[[object], str],
    ) -> None:
        self._links = links
        self._relay = relay
        self._clock = clock
        self._rules = rules
        self._last_text = last_text
        self._cooling: dict[str, float] = {}
        """Accounts that failed, and until when they are left alone."""
        self._plans: dict[tuple[str, Route, str], tuple[Account, Plan]] = {}
        self._of_book = Book()
        self._meant: dict[str, Resolved] = {}
        """What names mean by that book, where no rule reads the text."""
        self._lacking: dict[tuple[str, Route], float] = {}
        """Accounts whose server turned out not to have a route, and when."""

    async def answer(self, turn: Turn) -> None:
        """Answer it. Raises UserError, ProviderError or FaultyError where nobody did, and before the first byte."""
        turn.take(await turn.call.body())
        resolved = self._resolved(turn)
        turn.ref = resolved.ref
        first, *others = self._in_order(turn, resolved)
        trouble = await self._trouble(turn, first)
        while trouble is not None and others:
            before = turn.ref, turn.way
            turn.body = Body(turn.raw)
            try:
                trouble = await self._trouble(turn, others.pop(0))
            except UserError:
                turn.ref, turn.way = before  # this one cannot even be asked: what was wrong before is told
        if trouble is not None:
            raise trouble

    async def _trouble(self, turn: Turn, one: Resolved) -> ProviderError | FaultyError | None:
        """Ask this one. Gives what went wrong where another may be asked instead, and raises it where none may."""
        try:
            turn.ref = one.ref
            turn.way = self._way(turn, one)
            await self._ask(turn, turn.way)
        except (ProviderError, FaultyError) as exc:
            if turn.call.begun or not self._may_pass(turn, one, exc):
                raise
            return exc
        return None

    # -- who ------------------------------------------------------------------------------------

    def _resolved(self, turn: Turn) -> Resolved:
        if turn.route.embeds:
            return resolve_embedding(turn.asked, turn.book)
        if any(rule.enabled and rule.on == TEXT for rule in self._rules()):
            return resolve(turn.asked, turn.book, text=lambda: self._text(turn))
        if turn.book is not self._of_book or len(self._meant) > _MOST_PLANS:
            self._of_book, self._meant = turn.book, {}
        found = self._meant.get(turn.asked)
        if found is None:
            found = resolve(turn.asked, turn.book)
            if len(turn.asked) <= _LONGEST_NAME:
                self._meant[turn.asked] = found
        return found

    def _text(self, turn: Turn) -> str:
        """What the user said last; only looked for where a rule reads it."""
        return self._last_text(turn.body.get(_SAID_IN.get(turn.route, "prompt")))

    def _in_order(self, turn: Turn, first: Resolved) -> list[Resolved]:
        """Who is asked, one after the other."""
        others = turn.settings.gateway_failover
        if not others or first.exact or turn.route.embeds:
            return [first]
        found = {first.ref: first}
        for one in _named(others, turn.book):
            found.setdefault(one.ref, one)
        return [it for it in found.values() if not self._cold(it.ref.provider)] or [first]

    def _cold(self, provider: str) -> bool:
        until = self._cooling.get(provider)
        return until is not None and self._clock.monotonic() < until

    def _may_pass(self, turn: Turn, one: Resolved, exc: ProviderError | FaultyError) -> bool:
        """Whether the next in the list may be asked instead; the account is left alone from now on."""
        failover = bool(turn.settings.gateway_failover) and not one.exact and not turn.route.embeds
        failure = exc.failure if isinstance(exc, ProviderError) else Failure(kind_of(exc.fault.status))
        if not failover or failure.kind not in PASSED_ON:
            return False
        wait = max(float(turn.settings.gateway_cooldown), failure.retry_after or 0.0)
        self._cooling[one.ref.provider] = self._clock.monotonic() + min(wait, LONGEST_COOLING)
        return True

    # -- how ------------------------------------------------------------------------------------

    def _way(self, turn: Turn, one: Resolved) -> Way:
        """How this model is reached. Raises UserError."""
        account = turn.book.accounts[one.ref.provider]
        spec = spec_of(account)
        return Way(
            one.ref, one.why, account, spec, self._plan(turn, account, spec, one.ref), self._links.known(one.ref)
        )

    def _plan(self, turn: Turn, account: Account, spec: ProviderSpec, ref: ModelRef) -> Plan:
        key = (account.id, turn.route, ref.model)
        held = self._plans.get(key)
        lacking = self._lacking.get(key[:2])
        if lacking is not None and self._clock.monotonic() - lacking > _ASKED_AGAIN:
            del self._lacking[key[:2]]
            held = lacking = None
        if held is not None and held[0] is account:
            return held[1]
        made = plan(turn.route, spec, account, ref.model, relay=lacking is None)
        if ours(made.url, _own_port(turn)):
            told = _("The account “{id}” points at trayapp itself. Change its address in Settings… → Providers.")
            raise UserError(told.format(id=account.id))
        if len(self._plans) > _MOST_PLANS:
            self._plans.clear()
        self._plans[key] = account, made
        return made

    async def _ask(self, turn: Turn, way: Way) -> None:
        if self._answered_here(turn, way):
            return
        if not way.spec.local:
            await self._carried(turn, way)
            return
        async with self._links.serving(way.ref):
            await self._carried(turn, way)

    def _answered_here(self, turn: Turn, way: Way) -> bool:
        """What needs no upstream: tokens that it cannot count, and models that it need not load."""
        if turn.route is Route.COUNT_TOKENS and not way.plan.relayed:
            told = _encode({"input_tokens": estimated_tokens(read_messages(turn.raw, counting=True))})
        elif turn.route.dialect is Dialect.OLLAMA and touches.is_touch(turn.route, turn.body):
            unload = touches.unloads(turn.body)
            strip = turn.settings.gateway_keep_alive == "strip"
            if way.plan.relayed and not (unload and strip):
                return False
            told = touches.write(turn.route, turn.stamp(), unload=unload)
        else:
            return False
        turn.call.answer(200, told, [("Content-Type", "application/json"), *turn.mark()])
        turn.outcome = "ok"
        return True

    async def _carried(self, turn: Turn, way: Way) -> None:
        carrier: Forward | Translate | Embed
        if way.plan.relayed:
            carrier = Forward(turn, way)
        else:
            carrier = Embed(turn, way) if turn.route.embeds else Translate(turn, way)
        signed = await self._links.headers(way.account, way.plan.bearer)
        turn.facts = self._relay.facts()
        ask = Ask(url=way.plan.url, headers=carrier.headers(signed), body=carrier.body, provider=way.account.id)
        reply = await self._relay.ask(ask, turn.facts)
        if reply.status >= 400 or declined.hidden(turn, way, reply):
            refusal = await declined.read(turn, way, reply, signed)
            if self._lacks(turn, way, refusal):
                turn.body = Body(turn.raw)
                turn.way = replace(way, plan=self._plan(turn, way.account, way.spec, way.ref))
                await self._carried(turn, turn.way)
                return
            if refusal.failure.kind is Kind.REFUSED:
                self._links.failed(refusal.failure)
            raise refusal
        self._links.served(way.ref, way.why)
        self._cooling.pop(way.account.id, None)
        await carrier.deliver(reply)

    def _lacks(self, turn: Turn, way: Way, refusal: declined.DeclinedError) -> bool:
        """Whether it is the route that is not there, rather than the model."""
        if refusal.status not in (404, 405) or not way.plan.relayed or not way.spec.local:
            return False
        if turn.route not in _LATER_ROUTES or "model" in refusal.failure.detail.casefold():
            return False
        self._lacking[way.account.id, turn.route] = self._clock.monotonic()
        self._plans.pop((way.account.id, turn.route, way.ref.model), None)
        return True


def _named(names: Iterable[str], book: Book) -> Iterator[Resolved]:
    """The models of the user's list that there are; what follows the tray is no other one."""
    for name in names:
        if "/" not in name and book.named(name) is None:
            continue
        try:
            found = resolve(name, book)
        except UserError:
            continue
        yield Resolved(found.ref, "failover")


def _own_port(turn: Turn) -> int:
    """The guard lets no other Host in than ours with its port."""
    port = turn.call.headers.get("Host", "").rpartition(":")[2]
    return int(port) if port.isdecimal() else 0
