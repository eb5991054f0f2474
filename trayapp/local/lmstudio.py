"""LM Studio's own API: what is in memory and on the disk, load, unload.

It takes no lifetime for a model that is loaded, and its routes do not say when one was used: that its command line
tool tells, where it is there. Two traps decide how a model is loaded (``lmstudio-bug-tracker`` #644, #2051): a load
by the load route stays for ever, so it is used only where the last use is known and the policy can end the stay; else
one token is asked for with a ``ttl``, and the server itself lets the model go. Its own eviction of models that were
loaded this way can cut off an answer, so whoever loads here must see to it that no other such model is busy.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from trayapp.core.clock import Clock
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.language import _
from trayapp.local.line import PATIENT, Headers, Http, Line, Talk
from trayapp.local.ollama import program_of
from trayapp.local.residency import NEVER, Installed, Seen, ServerState, Standing
from trayapp.providers.fields import NotAListError, at, limit, objects, text
from trayapp.providers.local import lmstudio_here, ollama_here
from trayapp.providers.spec import Json
from trayapp.providers.table_local import LOCAL
from trayapp.providers.wire import Answer
from trayapp.system.lms import Use

OLDEST = "0.3.6"
"""The first version that says which models are loaded."""
UNLOADS = "0.4.0"
"""The first version that unloads a model when it is told to."""
LONGEST = 2**31 - 1
"""Seconds of a ``ttl``."""
_UNLOADING = 30.0
"""Seconds: the answer comes when the model is gone."""
_SPEC = next(it for it in LOCAL if it.id == "lmstudio")
_NO_ROUTE = "Unexpected endpoint or method."
_UNKNOWN = ("not found", "not loaded", "no model", "no such", "cannot find", "does not exist")
"""How it may say that an instance is no longer there; no list of its errors exists."""


class LMStudio:
    """A ``residency.Server``. ``uses``: what its tool says of each loaded model; None for a server elsewhere."""

    leases = False

    def __init__(
        self,
        http: Http,
        base_url: str,
        clock: Clock,
        headers: Headers | None = None,
        uses: Callable[[], Awaitable[Mapping[str, Use] | None]] | None = None,
    ) -> None:
        self._line = Line(_SPEC, http, base_url, headers)
        self._clock = clock
        self._uses = None if self._line.remote else uses
        self.says_use = False
        """True while the tool answers, and knows every model that is loaded."""

    async def stand(self) -> Standing:
        """Who is there. Never raises. It does not tell its version."""
        remote = self._line.remote
        try:
            talk = await self._line.open()
            answer = await talk.get("/api/v1/models")
            body = _json(answer)
            if not lmstudio_here(answer.status, body) and not _is_list(await self._older(talk)):
                return await self._stranger(talk, answer)
            if answer.status == 401:
                return Standing(ServerState.REFUSING, remote=remote, detail=talk.said(answer))
            if not _no_route(body) or _is_list(await self._older(talk)):
                return Standing(ServerState.RUNNING, remote=remote)
            detail = _("Version {version} or later is needed.").format(version=OLDEST)
            return Standing(ServerState.TOO_OLD, remote=remote, detail=detail)
        except ProviderError as exc:
            return self._line.standing(exc)

    async def loaded(self) -> tuple[Seen, ...]:
        """Every loaded instance, its last use merged in where the tool tells it. Raises ProviderError."""
        talk = await self._line.open()
        found = tuple(self._instances(await self._list(talk)))
        if not found:  # nothing to ask the tool about; it is not cheap
            return ()
        uses = await self._asked()
        self.says_use &= all(it.name in uses for it in found)
        return tuple(_merged(it, uses.get(it.name)) for it in found)

    async def installed(self) -> tuple[Installed, ...]:
        """Everything on the server's disk. Raises ProviderError."""
        talk = await self._line.open()
        body = await self._list(talk)
        return tuple(
            Installed(
                key=name,
                name=name,
                size=limit(row.get("size_bytes")) or 0,
                embedding=row.get("type") in ("embedding", "embeddings"),
            )
            for row, name in _rows(body)
        )

    async def load(self, model: Installed, lease: float) -> None:
        """Load it with the server's own settings, to stay until the policy ends it or, where the last use is
        unknown, ``lease`` seconds after each use. Nothing where it is loaded already.

        Waits as long as it takes; cancelling gives the load up. Raises ProviderError: GONE where another model
        answered in its place, GARBLED with the server's words for a load that failed.
        """
        _check(model.name, model.remote)
        talk = await self._line.open()
        listed = await self._list(talk)  # the tool would start a server that is not there
        if any(it.key == model.key for it in self._instances(listed)):
            return  # each load is one instance more
        await self._asked()
        if self.says_use:
            answer = await talk.post("/api/v1/models/load", {"model": model.name}, limit=PATIENT)
            if not _no_route(_json(answer)):
                self._judge(talk, answer, model.name, "instance_id")
                return
        self._judge(talk, await self._just_in_time(talk, model, lease), model.name, "model")

    async def lease(self, model: Seen, seconds: float, *, embedding: bool = False) -> float:
        """Nothing: it takes no lifetime for a model that is loaded already."""
        return 0.0

    async def unload(self, model: Seen) -> None:
        """Have the instance leave. It may cut off an answer: never for one that is busy.

        Raises ProviderError: GONE where it is not there, FORBIDDEN where the version cannot do it.
        """
        _check(model.name, model.remote)
        talk = await self._line.open()
        answer = await talk.post("/api/v1/models/unload", {"instance_id": model.name}, limit=_UNLOADING)
        body = _json(answer)
        if _no_route(body):
            detail = _("LM Studio {version} or later is needed to unload models.").format(version=UNLOADS)
            raise talk.failed(Kind.FORBIDDEN, detail, status=answer.status)
        if answer.ok and isinstance(body, dict) and "error" not in body:
            return
        said = talk.said(answer)
        if answer.status == 404 or (answer.status < 500 and any(it in said.casefold() for it in _UNKNOWN)):
            detail = said or _("There is no model “{name}” any more.").format(name=model.name)
            raise talk.failed(Kind.GONE, detail, status=answer.status)
        raise talk.unreadable(answer) if answer.ok else talk.refusal(answer)

    # -- parts ----------------------------------------------------------------------------------

    async def _stranger(self, talk: Talk, answer: Answer) -> Standing:
        remote = self._line.remote
        if answer.status == 403 and not answer.body.strip():
            return Standing(ServerState.REFUSING, remote=remote)
        if answer.status == 401:  # the greeting is for everybody
            greeting = await talk.get("/lmstudio-greeting")
            if lmstudio_here(greeting.status, _json(greeting)):
                return Standing(ServerState.REFUSING, remote=remote, detail=talk.said(answer))
        if answer.status in (401, 407) or answer.status >= 500:
            return Standing(ServerState.UNREACHABLE, remote=remote, detail=talk.refusal(answer).failure.detail)
        other = await talk.get("/api/version")
        program = "Ollama" if ollama_here(other.status, _json(other)) else program_of(answer.headers)
        return Standing(ServerState.WRONG_PROGRAM, remote=remote, detail=program)

    async def _older(self, talk: Talk) -> Json:
        """The list of versions before 0.4.0; None where there is none."""
        answer = await talk.get("/api/v0/models")
        return _json(answer) if lmstudio_here(answer.status, _json(answer)) or _empty(_json(answer)) else None

    async def _list(self, talk: Talk) -> Json:
        """All models, loaded or not, by the newest route that is there. Unknown routes are answered with 200."""
        answer = await talk.get("/api/v1/models")
        body = _json(answer)
        if answer.ok and isinstance(at(body, "models"), list):
            return body
        if _no_route(body) or answer.status in (404, 405):
            answer = await talk.get("/api/v0/models")
            body = _json(answer)
            if answer.ok and isinstance(at(body, "data"), list):
                return body
            raise talk.failed(Kind.GONE, talk.said(answer), status=answer.status)
        raise talk.unreadable(answer) if answer.ok else talk.refusal(answer)

    def _instances(self, body: Json) -> Iterator[Seen]:
        for row, name in _rows(body):
            size = limit(row.get("size_bytes")) or 0
            if row.get("state") == "loaded":
                yield Seen(name, name, size, context=limit(row.get("loaded_context_length")))
            for instance in objects(row.get("loaded_instances")):
                id = instance.get("id")
                if isinstance(id, str) and id.strip() and id.isprintable():
                    yield Seen(name, id, size, context=limit(at(instance, "config.context_length")))

    async def _asked(self) -> Mapping[str, Use]:
        found = await self._uses() if self._uses else None
        self.says_use = found is not None
        return found or {}

    async def _just_in_time(self, talk: Talk, model: Installed, lease: float) -> Answer:
        """The smallest request that makes the server load the model, with the time that it is to stay."""
        ttl = min(LONGEST, max(1, math.ceil(min(lease, LONGEST))))
        if model.embedding:
            wanted: dict[str, Json] = {"model": model.name, "input": "hi", "ttl": ttl}
            return await talk.post("/v1/embeddings", wanted, limit=PATIENT)
        message = [{"role": "user", "content": "hi"}]
        wanted = {"model": model.name, "messages": message, "max_tokens": 1, "stream": False, "ttl": ttl}
        return await talk.post("/v1/chat/completions", wanted, limit=PATIENT)

    def _judge(self, talk: Talk, answer: Answer, name: str, field: str) -> None:
        """Raise what went wrong with a load, a wrong name among it: that is answered by whatever model is loaded."""
        body = _json(answer)
        if not (answer.ok and isinstance(body, dict)) or "error" in body:
            raise talk.not_loaded(answer, name)
        other = body.get(field)
        if isinstance(other, str) and other and not same(name, other):
            detail = _("“{name}” was not loaded: LM Studio answered with “{other}”. Check the name.")
            raise talk.failed(Kind.GONE, detail.format(name=name, other=text(other)), status=answer.status)


def same(asked: str, answered: str) -> bool:
    """Whether two names mean one model: instances add ``:2``, variants ``@q4_k_m``, some routes no publisher."""
    first, second = (_plain(it) for it in (asked, answered))
    return first == second or first.rpartition("/")[2] == second.rpartition("/")[2]


def _plain(name: str) -> str:
    name = name.strip().casefold().partition("@")[0]
    begin, _colon, number = name.rpartition(":")
    return begin if begin and number.isdecimal() else name


def _merged(seen: Seen, use: Use | None) -> Seen:
    if use is None:
        return seen
    ends = use.used + use.ttl if use.used is not None and use.ttl is not None else NEVER
    return Seen(
        seen.key,
        seen.name,
        seen.size,
        context=seen.context,
        expires=ends,
        used=use.used,
        busy=use.busy,
        remote=use.remote,
    )


def _rows(body: Json) -> Iterator[tuple[dict[str, Any], str]]:
    for row in (*objects(at(body, "models")), *objects(at(body, "data"))):
        name = row.get("key") or row.get("id")
        if isinstance(name, str) and name.strip() and name.isprintable():
            yield row, name


def _check(name: str, remote: bool) -> None:
    if remote:
        raise ValueError(f"{name} does not run on this server: it must never be touched")


def _no_route(body: Json) -> bool:
    return isinstance(body, dict) and str(body.get("error", "")).startswith(_NO_ROUTE)


def _is_list(body: Json) -> bool:
    return isinstance(at(body, "data"), list)


def _empty(body: Json) -> bool:
    """The list of an older LM Studio with nothing installed; others send such a list too."""
    return isinstance(body, dict) and body.get("data") == []


def _json(answer: Answer) -> Json:
    try:
        return answer.json()
    except NotAListError:
        return None
