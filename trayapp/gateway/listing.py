"""What can be asked for, told as each dialect tells it; and the gateway's own figures."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.models import Capability, Modality, Model, Use
from trayapp.core.rules import CURRENT, ROLES, Rule
from trayapp.gateway import plan, sentences
from trayapp.gateway.bodies import Body
from trayapp.gateway.exchange import Fault
from trayapp.gateway.links import Links
from trayapp.gateway.metrics import CONTENT_TYPE, Metrics
from trayapp.gateway.resolve import Book, UnknownModelError, resolve, resolve_embedding
from trayapp.gateway.routes import Found, Local
from trayapp.providers import table
from trayapp.providers.spec import Dialect

if TYPE_CHECKING:
    from trayapp.gateway.call import Call

OLLAMA_VERSION = "0.33.0"
"""The release of Ollama whose routes are spoken here: its tools ask, and refuse older ones."""
_JSON = ("Content-Type", "application/json")
_OWNER = "trayapp"
_LOCAL = frozenset(row.id for row in table.SPECS if row.local)
"""Rows of servers on this computer, which tell what they have in memory."""
_USES = (Use.CHAT, Use.EMBEDDING)
_CAN = ((Capability.TOOLS, "tools"), (Capability.VISION, "vision"), (Capability.REASONING, "thinking"))
_encode = msgspec.json.Encoder().encode


class Offer(Struct, frozen=True):
    """One name that may be asked for."""

    id: str
    owner: str
    model: Model | None = None
    """Which model it means now; None for names that depend on the request, or mean none yet."""
    reachable: bool = True
    """Whether the gateway speaks its provider's language."""

    @property
    def chats(self) -> bool:
        return self.model is None or self.model.use is Use.CHAT

    @property
    def created(self) -> int:
        """Seconds since the epoch, as far as it is known when the model came out."""
        try:
            day = date.fromisoformat((self.model.released or "")[:10] if self.model is not None else "")
        except ValueError:
            return 0
        return (day - date(1970, 1, 1)).days * 86_400


class Listings:
    """Answers what needs no model."""

    def __init__(self, links: Links, metrics: Metrics, rules: Callable[[], tuple[Rule, ...]]) -> None:
        self._links = links
        self._metrics = metrics
        self._rules = rules

    async def answer(self, call: Call, found: Found) -> None:
        """Answer one request. Raises RefusedError for a body that is none."""
        match found.route:
            case Local.ROOT:
                call.answer(200, b"trayapp is running\n", [("Content-Type", "text/plain; charset=utf-8")])
            case Local.METRICS:
                text = self._metrics.text(await self._links.local())
                call.answer(200, text.encode(), [("Content-Type", CONTENT_TYPE)])
            case Local.STATS:
                _say(call, await self._links.local())
            case Local.VERSION:
                _say(call, {"version": OLLAMA_VERSION})
            case Local.TAGS:
                _say(call, {"models": [_tag(it) for it in self.offers()]})
            case Local.PS:
                _say(call, {"models": self._loaded(await self._links.local())})
            case Local.SHOW:
                self._show(call, Body(await call.body()))
            case Local.MODEL:
                self._one(call, found.name)
            case _:
                self._all(call)

    def offers(self) -> Iterator[Offer]:
        """Every name that means something: ``current``, roles that are set, rules, models of accounts that are on."""
        book = self._links.book()
        yield Offer(CURRENT, _OWNER, self._meant(CURRENT, book))
        roles = self._links.settings().roles
        for name in (*(role for role in ROLES if roles.get(role)), *_names(self._rules())):
            yield Offer(name, _OWNER, self._meant(name, book))
        for id, account in book.accounts.items():
            listing = book.listings.get(id)
            if listing is None or listing.locked:
                continue
            reachable = _reachable(account)
            for model in listing.models:
                if model.use in _USES:
                    yield Offer(str(model.ref), id, model, reachable)

    def _meant(self, name: str, book: Book) -> Model | None:
        try:
            ref = resolve(name, book).ref
        except UserError:
            return None
        return self._links.known(ref) or Model(ref)

    # -- OpenAI and Anthropic -------------------------------------------------------------------

    def _all(self, call: Call) -> None:
        if _anthropic(call):
            data = [_anthropic_model(it) for it in self.offers() if it.chats]
            ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
            _say(call, {"data": data, "has_more": False, **ends})
        else:
            _say(call, {"object": "list", "data": [_openai_model(it) for it in self.offers()]})

    def _one(self, call: Call, name: str) -> None:
        found = next((it for it in self.offers() if it.id == name), None)
        if found is None:
            told = _("“{name}” is no model here. GET /v1/models lists what can be asked for.").format(name=name[:80])
            dialect = Dialect.ANTHROPIC if _anthropic(call) else Dialect.OPENAI
            fault = Fault(told, 404, "model", "model_not_found")
            call.answer(404, sentences.error_body(dialect, fault), [_JSON])
            return
        _say(call, _anthropic_model(found) if _anthropic(call) else _openai_model(found))

    # -- Ollama ---------------------------------------------------------------------------------

    def _show(self, call: Call, body: Body) -> None:
        name = body.model or str(body.get("name", ""))
        book = self._links.book()
        try:
            try:
                ref = resolve(name, book).ref
            except UnknownModelError:
                ref = resolve_embedding(name, book).ref
        except UserError as exc:
            fault = sentences.of_error(exc)
            call.answer(fault.status, sentences.error_body(Dialect.OLLAMA, fault), [_JSON])
            return
        _say(call, _shown(self._links.known(ref) or Model(ref), book.accounts[ref.provider]))

    def _loaded(self, local: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The local models in memory, by the names that can be asked for where a list knows them."""
        known: dict[str, Model] = {}
        book = self._links.book()
        for id, account in book.accounts.items():
            listing = book.listings.get(id)
            if listing is not None and account.spec in _LOCAL:
                known = {model.ref.model: model for model in listing.models} | known
        rows = []
        for name in map(str, local.get("loaded_models") or ()):
            model = known.get(name)
            row = _tag(Offer(name if model is None else str(model.ref), _OWNER, model))
            rows.append({**row, "size_vram": 0} | ({"size": model.size} if model is not None and model.size else {}))
        return rows


def _names(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Rules that can be asked for, each name once."""
    seen = set(ROLES) | {CURRENT}
    for rule in rules:
        name = rule.name.strip()
        if rule.enabled and name and name.casefold() not in seen:
            seen.add(name.casefold())
            yield name


def _reachable(account: Account) -> bool:
    try:
        return plan.reachable(plan.spec_of(account))
    except UserError:
        return False


def _anthropic(call: Call) -> bool:
    return "anthropic-version" in call.headers


def _say(call: Call, value: object) -> None:
    call.answer(200, _encode(value), [_JSON])


def _openai_model(it: Offer) -> dict[str, Any]:
    row: dict[str, Any] = {"id": it.id, "object": "model", "created": it.created, "owned_by": it.owner}
    if not it.reachable:
        row["reachable"] = False
        row["note"] = _("Not reachable through the gateway.")
    if it.model is not None and it.model.context:
        row["context_length"] = it.model.context
    return row


def _anthropic_model(it: Offer) -> dict[str, Any]:
    label = it.id if it.model is None or it.owner == _OWNER else it.model.label
    row = {"type": "model", "id": it.id, "display_name": label, "created_at": _moment(it.created)}
    if not it.reachable:
        row["display_name"] = _("{model} (not reachable through the gateway)").format(model=label)
    return row


def _moment(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _tag(it: Offer) -> dict[str, Any]:
    mark = {} if it.reachable else {"reachable": False}
    return {
        **mark,
        "name": it.id,
        "model": it.id,
        "modified_at": _moment(it.created),
        "size": (it.model.size or 0) if it.model is not None else 0,
        "digest": hashlib.sha256(it.id.encode("utf-8", "replace")).hexdigest(),
        "details": _details(it.owner),
        "capabilities": _abilities(it.model),
    }


def _details(family: str) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": "",
    }


def _abilities(model: Model | None) -> list[str]:
    """Ollama's words for what a model can do. One of which nothing is known is a plain one for chat."""
    if model is None:
        return ["completion"]
    if model.use is Use.EMBEDDING:
        return ["embedding"]
    found = ["completion", *(word for ability, word in _CAN if model.capabilities & ability)]
    if model.inputs & Modality.IMAGE and "vision" not in found:
        found.append("vision")
    return found


def _shown(model: Model, account: Account) -> dict[str, Any]:
    """What ``/api/show`` tells: programs look for the length of the context below the name of the architecture."""
    info: dict[str, Any] = {"general.architecture": account.spec, "general.basename": model.label}
    if model.context:
        info[f"{account.spec}.context_length"] = model.context
    return {
        "modelfile": "",
        "parameters": "",
        "template": "",
        "license": "",
        "details": _details(account.id),
        "model_info": info,
        "capabilities": _abilities(model),
        "modified_at": _moment(Offer("", "", model).created),
    }
