"""Ollama's own API: who is there, what is in memory and on the disk, load, lease, unload.

What it may be sent, and when, is settled by the package's design notes; here is only how.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from trayapp.core.clock import Clock
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.language import _
from trayapp.local import ollama_answers as answers
from trayapp.local.line import LOOK, PATIENT, Headers, Http, Line, Talk
from trayapp.local.residency import Installed, Seen, ServerState, Standing, in_cloud
from trayapp.providers.fields import NotAListError, text
from trayapp.providers.local import lmstudio_here, ollama_here
from trayapp.providers.spec import Json
from trayapp.providers.table_local import LOCAL
from trayapp.providers.wire import Answer

OLDEST = "0.1.33"
"""The first version that lists what is loaded."""
LONGEST = 9_200_000_000.0
"""Seconds: from 2**63 nanoseconds on the value wraps, and the model leaves at once."""
SHORTEST = 1.0
"""Seconds of a lease: 0 would unload, and load again whatever is not there."""
RELOAD = 600.0
"""Seconds for a lease. It takes milliseconds, unless the model has to be loaded anew for it; giving up would
leave nothing loaded."""
BUSY_PAUSES = (1.0, 2.0, 4.0)
"""Seconds between the attempts at a load while the server's queue is full."""
_SPEC = next(it for it in LOCAL if it.id == "ollama")
_NOT_GENERATE = "does not support generate"


class Ollama:
    """A ``residency.Server``. Holds nothing but what version was seen to list its models."""

    leases = True
    says_use = True

    def __init__(self, http: Http, base_url: str, clock: Clock, headers: Headers | None = None) -> None:
        self._line = Line(_SPEC, http, base_url, headers)
        self._clock = clock
        host = urlsplit(self._line.url).hostname or ""
        self._elsewhere = host == "ollama.com" or host.endswith(".ollama.com")
        self._lists: str | None = None
        """The version whose list of loaded models was seen."""

    async def stand(self) -> Standing:
        """Who is there. Never raises. A version met for the first time is also asked for its list."""
        try:
            talk = await self._line.open()
            answer = await talk.get("/api/version")
            body = _json(answer)
            if not ollama_here(answer.status, body):
                return self._stranger(talk, answer, body)
            version = text(body["version"])
            if self._lists != version:
                listed = await talk.get("/api/ps")
                if listed.status in (404, 405):
                    detail = _("Version {version} or later is needed.").format(version=OLDEST)
                    return Standing(ServerState.TOO_OLD, version, self._line.remote, detail)
                if listed.ok:
                    self._lists = version
        except ProviderError as exc:
            return self._line.standing(exc)
        return Standing(ServerState.RUNNING, version, self._line.remote)

    async def loaded(self) -> tuple[Seen, ...]:
        """Everything in memory. Raises ProviderError; GONE where the version is too old to tell."""
        talk = await self._line.open()
        answer = await talk.get("/api/ps")
        try:
            return answers.loaded(talk.body(answer), self._clock.now(), elsewhere=self._elsewhere)
        except NotAListError:
            raise talk.unreadable(answer) from None

    async def installed(self) -> tuple[Installed, ...]:
        """Everything on the server's disk, and what it passes on to its cloud."""
        talk = await self._line.open()
        answer = await talk.get("/api/tags")
        try:
            return answers.installed(talk.body(answer), elsewhere=self._elsewhere)
        except NotAListError:
            raise talk.unreadable(answer) from None

    async def load(self, model: Installed, lease: float) -> None:
        """Load it with the server's own options; it stays ``lease`` seconds after each use.

        Waits as long as it takes; cancelling hangs up, which gives the load up. Raises ProviderError: LIMITED
        while the queue stays full, GONE for an unknown name, GARBLED with the server's words for a load that failed.
        """
        self._check(model.name, model.remote)
        talk = await self._line.open()
        pauses = iter(BUSY_PAUSES)
        while True:
            answer = await self._touch(talk, model.name, lease, embedding=model.embedding, limit=PATIENT)
            pause = next(pauses, None)
            if answer.status != 503 or pause is None:
                break
            await self._clock.sleep(pause)
        self._judge(talk, answer, model.name)

    async def lease(self, model: Seen, seconds: float, *, embedding: bool = False) -> float:
        """Set how long it stays after each use; gives the seconds that the call took.

        The context that it was loaded with is sent along: without it Ollama would load the model anew. More than
        a moment means that it did so all the same. Raises ProviderError as ``load`` does.
        """
        self._check(model.name, model.remote)
        talk = await self._line.open()
        options = {"num_ctx": model.context} if model.context else None
        began = self._clock.monotonic()
        answer = await self._touch(talk, model.name, seconds, embedding=embedding, limit=RELOAD, options=options)
        took = self._clock.monotonic() - began
        self._judge(talk, answer, model.name)
        return took

    async def unload(self, model: Seen) -> None:
        """Have it leave as soon as its answer is done. Nothing happens to a model that is not loaded.

        Answered at once: only another look tells when it is gone. Raises ProviderError; GONE for an unknown name.
        """
        self._check(model.name, model.remote)
        talk = await self._line.open()
        answer = await talk.post("/api/generate", {"model": model.name, "keep_alive": 0, "stream": False})
        self._judge(talk, answer, model.name)

    async def show(self, name: str) -> str:
        """The path of the model's weights; empty where it is unknown, or on another computer. Raises ProviderError."""
        if self._line.remote or in_cloud(name):
            return ""
        talk = await self._line.open()
        answer = await talk.post("/api/show", {"model": name})
        self._judge(talk, answer, name)
        return answers.weights(_json(answer))

    def _stranger(self, talk: Talk, answer: Answer, body: Json) -> Standing:
        """What somebody is who does not answer as Ollama does."""
        remote = self._line.remote
        if answer.status == 403 and not answer.body.strip():
            return Standing(ServerState.REFUSING, remote=remote)
        if answer.status in (401, 407) or answer.status >= 500:  # something stands in front of it
            return Standing(ServerState.UNREACHABLE, remote=remote, detail=talk.refusal(answer).failure.detail)
        program = "LM Studio" if lmstudio_here(answer.status, body) else program_of(answer.headers)
        return Standing(ServerState.WRONG_PROGRAM, remote=remote, detail=program)

    def _check(self, name: str, remote: bool) -> None:
        """Even an empty request for such a model is passed on to the cloud, and paid for."""
        if remote or self._elsewhere or in_cloud(name):
            raise ValueError(f"{name} does not run on this server: it must never be touched")

    async def _touch(
        self,
        talk: Talk,
        name: str,
        seconds: float,
        *,
        embedding: bool,
        limit: float | None = LOOK,
        options: Mapping[str, Json] | None = None,
    ) -> Answer:
        """The request that loads or leases without making any text, by the route that the model takes."""
        common: dict[str, Any] = {"model": name, "keep_alive": keep_alive(seconds)}
        if options:
            common["options"] = options
        if not embedding:
            answer = await talk.post("/api/generate", {**common, "stream": False}, limit=limit)
            if answer.status != 400 or _NOT_GENERATE not in talk.said(answer):
                return answer
        return await talk.post("/api/embed", {**common, "input": []}, limit=limit)

    def _judge(self, talk: Talk, answer: Answer, name: str) -> None:
        """Raise what the answer says went wrong, in words that name the model."""
        body = _json(answer)
        if answer.ok and isinstance(body, dict) and "error" not in body:
            return
        said = talk.said(answer)
        if answer.status == 503:
            detail = _("The server is busy: {words}").format(words=said) if said else _("The server is busy.")
            raise talk.failed(Kind.LIMITED, detail, status=503)
        if answer.status == 404 and isinstance(body, dict):  # a route that is missing answers in plain text
            detail = said or _("There is no model “{name}” any more.").format(name=name)
            raise talk.failed(Kind.GONE, detail, status=404)
        raise (
            talk.not_loaded(answer, name)
            if answer.status in (400, 404, 405, 500) or answer.ok
            else talk.refusal(answer)
        )


def keep_alive(seconds: float) -> float:
    """Seconds as they are sent: a number, never a text, neither so large that it wraps nor so small that it unloads."""
    held = min(max(SHORTEST, seconds), LONGEST)
    return int(held) if held == int(held) else held


def program_of(headers: Mapping[str, str]) -> str:
    """The word by which a server calls itself; empty where it does not."""
    said = text(headers.get("server", "")).partition("/")[0].partition(" ")[0]
    return said if len(said) <= 40 else ""


def _json(answer: Answer) -> Json:
    try:
        return answer.json()
    except NotAListError:
        return None
