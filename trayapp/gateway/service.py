"""The gateway as a whole: answers every request that was let in, and writes each down that came to a model."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING

from trayapp.core.clock import Clock, SystemClock
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.models import ModelRef
from trayapp.core.rules import Rule
from trayapp.gateway import routes, sentences
from trayapp.gateway.declined import DeclinedError
from trayapp.gateway.exchange import Fault
from trayapp.gateway.links import Links
from trayapp.gateway.listing import Listings
from trayapp.gateway.metrics import Metrics
from trayapp.gateway.plan import Route, plan, spec_of
from trayapp.gateway.refusal import RefusedError
from trayapp.gateway.translate import FaultyError
from trayapp.gateway.turn import Turn
from trayapp.system import net, proxies

if TYPE_CHECKING:
    import ssl

    from trayapp.gateway.attempts import Attempts
    from trayapp.gateway.call import Call
    from trayapp.gateway.limits import Patience
    from trayapp.gateway.relay import Relay
    from trayapp.gateway.server import Handler

_JSON = ("Content-Type", "application/json")


class Gateway:
    """``life`` is what a ``server.Listener`` wants, ``sentences.words`` its words."""

    def __init__(
        self,
        links: Links,
        *,
        rules: Callable[[], tuple[Rule, ...]],
        last_text: Callable[[object], str],
        metrics: Metrics | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        context: Callable[[], ssl.SSLContext] = net.relay_context,
        proxies_of: Callable[[], proxies.Proxies] = proxies.of_the_system,
    ) -> None:
        """``rules`` are the user's, ``last_text`` finds in a request's messages what they read.

        ``context`` and ``proxies_of`` are called in a thread when the gateway begins, for they block.
        """
        self.metrics = metrics or Metrics()
        self._links = links
        self._rules = rules
        self._last_text = last_text
        self._clock = clock or SystemClock()
        self._patience = patience
        self._context = context
        self._proxies = proxies_of
        self._listings = Listings(links, self.metrics, rules)
        self._relay: Relay | None = None

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[Handler]:
        """From the first caller to the last: the connections to upstreams live as long."""
        from trayapp.gateway.attempts import Attempts
        from trayapp.gateway.relay import Relay, connecting

        context, found = await asyncio.gather(asyncio.to_thread(self._context), asyncio.to_thread(self._proxies))
        async with await net.relay_session(context, connecting) as session:
            relay = Relay(session, proxy=found.for_url, patience=self._patience, clock=self._clock)
            attempts = Attempts(self._links, relay, self._clock, rules=self._rules, last_text=self._last_text)
            self._relay = relay
            try:
                yield partial(self._answer, attempts)
            finally:
                self._relay = None
        await asyncio.sleep(0)  # its transports are taken from the loop

    async def warm(self, ref: ModelRef) -> bool:
        """Have a connection ready for a model that was just chosen. For the gateway's own loop."""
        account = self._links.book().accounts.get(ref.provider)
        if account is None or self._relay is None:
            return False
        try:
            way = plan(Route.CHAT, spec_of(account), account, ref.model)
        except UserError:
            return False
        return await self._relay.warm(way.url)

    async def _answer(self, attempts: Attempts, call: Call) -> None:
        """Answer one request, whatever it is."""
        if call.method == "OPTIONS":
            call.answer(204, b"", [("Allow", "GET, HEAD, POST, OPTIONS")])
            return
        try:
            found = routes.find(call.method, call.path)
        except routes.NoRouteError as exc:
            allow = [("Allow", exc.allow)] if exc.allow else []
            body = sentences.error_body(routes.dialect_of(call.path), sentences.of_error(exc))
            call.answer(exc.status, body, [_JSON, *allow])
            return
        if isinstance(found.route, Route):
            await self._model(attempts, call, found.route)
        else:
            await self._listings.answer(call, found)

    async def _model(self, attempts: Attempts, call: Call, route: Route) -> None:
        """A request for a model, counted from here to its end."""
        turn = Turn(call, route, self._clock, self._links.book(), self._links.settings())
        self.metrics.active += 1
        try:
            await self._answered(attempts, turn)
        except asyncio.CancelledError:
            turn.outcome = turn.outcome or "cancelled"
            raise
        finally:
            # the answer is sent when the handler has returned: it need not wait for its own figures
            asyncio.get_running_loop().call_soon(self._written_down, turn, turn.elapsed)

    def _written_down(self, turn: Turn, seconds: float) -> None:
        if (request := turn.ended(seconds)) is not None:
            self.metrics.record(request)
            self._links.record(request)
        self.metrics.active -= 1  # last: who sees none under way, from whichever thread, sees all their figures

    async def _answered(self, attempts: Attempts, turn: Turn) -> None:
        name = ""
        try:
            await attempts.answer(turn)
        except DeclinedError as exc:
            turn.outcome = exc.failure.kind.value
            status, body, headers = exc.told
            turn.call.answer(status, body, [*headers, *turn.mark()])
        except FaultyError as exc:
            turn.outcome = "garbled" if exc.fault.status == 502 else "unreachable"
            self._tell(turn, exc.fault)
        except (ProviderError, UserError) as exc:
            if turn.call.begun:
                raise
            if isinstance(exc, ProviderError):
                turn.outcome = exc.failure.kind.value
                name = turn.way.name if turn.way is not None else exc.failure.provider
            else:
                turn.outcome = "bad-input"
            self._tell(turn, sentences.of_error(exc, name), exc)

    def _tell(self, turn: Turn, fault: Fault, exc: BaseException | None = None) -> None:
        headers = [_JSON, *turn.mark()]
        if fault.status in (401, 503):
            headers.append(("x-should-retry", "false"))  # OpenAI's and Anthropic's clients would wait, and ask again
        if isinstance(exc, RefusedError):
            headers += exc.headers.items()
        turn.call.answer(fault.status, sentences.error_body(turn.route.dialect, fault), headers)
