"""An upstream that answers with an error: read within bounds, freed of keys, told in the caller's dialect.

Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.redaction import struck
from trayapp.core.secret import Secret
from trayapp.gateway import headers
from trayapp.gateway.exchange import Fault
from trayapp.gateway.faults import read_error
from trayapp.gateway.plan import Route
from trayapp.gateway.sentences import error_body, of_answer
from trayapp.gateway.translate import secrets_in
from trayapp.gateway.trouble import kind_of
from trayapp.gateway.turn import Turn, Way

if TYPE_CHECKING:
    from trayapp.gateway.relay import Reply

_SENTENCE = 150
"""Bytes."""
MOST = 2**18
"""Bytes of an error's body that are read."""
_KEPT = ("retry-after", "retry-after-ms", "x-should-retry")
"""Headers that mean the same in every dialect."""


class DeclinedError(ProviderError):
    """Nobody has been told yet: another upstream may be asked. ``body`` and ``headers`` are what the caller is told."""

    def __init__(self, failure: Failure, status: int, body: bytes, sent: list[tuple[str, str]]) -> None:
        super().__init__(failure, status=status)
        self.told = status, body, sent


def hidden(turn: Turn, way: Way, reply: Reply) -> bool:
    """Whether a good status hides that there is no such route: LM Studio says so in a sentence.

    No answer on these routes is as short as that.
    """
    return (
        way.spec.id == "lmstudio"
        and turn.route in (Route.RESPONSES, Route.MESSAGES)
        and reply.length is not None
        and reply.length < _SENTENCE
    )


async def read(turn: Turn, way: Way, reply: Reply, signed: Mapping[str, str]) -> DeclinedError:
    """The error behind an answer, with the words for the caller."""
    try:
        body = await reply.read(MOST)
    except ProviderError:
        body = b""
    if not reply.readable:
        body = b""
    secrets = secrets_in(signed)
    status = reply.status if reply.status >= 400 else 404
    fault = read_error(status, body, *secrets)
    failure = _failure(way, reply, status, body, fault, keyed=bool(secrets))
    own = of_answer(fault, failure, way.name, way.ref.model)
    if own is None and way.plan.relayed and body.lstrip()[:1] == b"{":
        sent = headers.downward(reply.headers.items(), length=False, secrets=secrets)
        kept = [it for it in sent if it[0].lower() != _CODING]
        return DeclinedError(failure, status, _clean(body, secrets), kept)
    told_when = {name: reply.headers.get(name, "") for name in _KEPT}
    kept = [(name, value) for name, value in told_when.items() if value and not headers.quotes(value, secrets)]
    told = error_body(turn.route.dialect, own or fault)
    return DeclinedError(failure, status, told, [("Content-Type", "application/json"), *kept])


_CODING = "content-encoding"


def _clean(body: bytes, secrets: tuple[Secret, ...]) -> bytes:
    """The body as it came, unless it quotes a key."""
    text = body.decode("utf-8", "replace")
    clean = struck(text, *secrets)
    return body if clean == text else clean.encode()


def _failure(way: Way, reply: Reply, status: int, body: bytes, fault: Fault, *, keyed: bool) -> Failure:
    # brings the client of the lists, which the program has anyway
    from trayapp.providers import refusals
    from trayapp.providers.spec import at_home
    from trayapp.providers.wire import Answer

    answer = Answer(way.plan.url, status, {name.lower(): value for name, value in reply.headers.items()}, body)
    kind = kind_of(status)
    # 404 condemns a key where lists are asked; here it is about a model
    if status in (400, 401, 403) and refusals.condemns(
        way.spec.check.bad_key, answer, own_host=at_home(way.spec, way.account)
    ):
        kind = Kind.REFUSED if keyed else Kind.NO_KEY
    elif kind is Kind.REFUSED:
        kind = Kind.FORBIDDEN
    elif kind is Kind.GARBLED and 400 <= status < 500:
        kind = Kind.BAD_INPUT
    wait = refusals.retry_after(answer, 0.0) if kind.retryable else None
    detail = "" if kind.closed else fault.message
    return Failure(kind, way.account.id, detail, wait)
