"""The routes of a fake Ollama that make a model work: generate, chat, embed, and their compatible forms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol

from msgspec import Struct

from tests.support.ollama_answers import Chat, Counts, Generate, V1Chat, V1Completion, V1Messages, V1Responses
from tests.support.ollama_durations import SECOND, BadDurationError, keep_alive
from tests.support.ollama_models import FakeModel, RefusedError, options_of
from tests.support.ollama_scheduler import OUT_OF_MEMORY, Request, Runner, Scheduler
from tests.support.served import Answer, Asked, as_json
from trayapp.core.clock import Clock

SECONDS = "x-answer-seconds"
"""A header of the fake's own clients: how long this answer takes."""
_BROKEN = "an error was encountered while running the model: "


class Shape(Protocol):
    """A dialect."""

    media: str

    def opening(self) -> bytes: ...
    def piece(self, text: str) -> bytes: ...
    def closing(self, counts: Counts) -> bytes: ...
    def whole(self, text: str, counts: Counts) -> dict[str, Any]: ...
    def broken(self, why: str) -> bytes: ...


class Route(Struct, frozen=True):
    """How one route reads its request."""

    struct: str
    """What Go calls it, in its complaints."""
    shape: Callable[[str, str], Shape]
    prompt: str
    """The field with what is asked; where it is empty, the model is only loaded, or unloaded."""
    does: str = "generate"
    native: bool = True


ROUTES = {
    "/api/generate": Route("GenerateRequest", Generate, "prompt"),
    "/api/chat": Route("ChatRequest", Chat, "messages", "chat"),
    "/v1/chat/completions": Route("ChatCompletionRequest", V1Chat, "messages", "chat", native=False),
    "/v1/completions": Route("CompletionRequest", V1Completion, "prompt", native=False),
    "/v1/responses": Route("ResponsesRequest", V1Responses, "input", "chat", native=False),
    "/v1/messages": Route("MessagesRequest", V1Messages, "messages", "chat", native=False),
}


def body_of(asked: Asked, struct: str) -> dict[str, Any]:
    """The request's object. Raises RefusedError with what Go's decoder says."""
    if not asked.body:
        raise RefusedError(400, "EOF" if asked.path.startswith("/v1/") else "missing request body")
    text = asked.body.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except json.JSONDecodeError as exc:
        if exc.pos >= len(text.rstrip()) or "Unterminated" in exc.msg:
            raise RefusedError(400, "unexpected EOF") from None
        raise RefusedError(400, f"invalid character '{text[exc.pos]}' looking for beginning of value") from None
    if not isinstance(body, dict):
        raise RefusedError(400, f"json: cannot unmarshal array into Go value of type api.{struct}")
    for name in ("model", "name"):
        if not isinstance(body.get(name, ""), str):
            kind = "bool" if isinstance(body[name], bool) else "number"
            raise RefusedError(
                400, f"json: cannot unmarshal {kind} into Go struct field {struct}.{name} of type string"
            )
    return body


class Turns:
    """Answers requests that need a runner."""

    def __init__(self, scheduler: Scheduler, clock: Clock, stamp: Callable[[], str]) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._stamp = stamp

    async def talk(self, asked: Asked, body: dict[str, Any], model: FakeModel) -> Answer:
        """Generate and chat, in whatever dialect. Raises RefusedError."""
        route = ROUTES[asked.path]
        lease = _lease(body) if route.native else None
        shape = route.shape(body["model"], self._stamp())
        if isinstance(shape, V1Chat):
            shape.tells = (body.get("stream_options") or {}).get("include_usage") is True
        if route.native and not body.get(route.prompt) and lease == 0:
            self._scheduler.expire(model, asked.direct)
            return _only(shape, "unload")
        if model.embeds:
            raise RefusedError(400, f'"{body["model"]}" does not support {route.does}')
        if body.get("think") and "thinking" not in model.capabilities:
            raise RefusedError(400, f'"{body["model"]}" does not support thinking')
        request = self._request(asked, body, model, lease, route.native)
        began = self._clock.monotonic()
        try:
            runner = await self._scheduler.grant(request)
            if route.native and not body.get(route.prompt):
                self._scheduler.end(request)
                return _only(shape, "load")
            turn = _Turn(self._scheduler, self._clock, runner, request, began, asked.headers.get(SECONDS))
            if body.get("stream", route.native):
                return Answer(turn.stream(shape), type=shape.media)
            return as_json(await turn.whole(shape))
        except BaseException:
            self._scheduler.end(request)
            raise

    async def embed(self, asked: Asked, body: dict[str, Any], model: FakeModel) -> Answer:
        """``/api/embed``, ``/api/embeddings`` and ``/v1/embeddings``. Raises RefusedError."""
        native = asked.path != "/v1/embeddings"
        inputs = body.get("prompt" if asked.path == "/api/embeddings" else "input") or []
        texts = [inputs] if isinstance(inputs, str) else inputs
        request = self._request(asked, body, model, _lease(body) if native else None, native)
        began = self._clock.monotonic()
        try:
            runner = await self._scheduler.grant(request)
            turn = _Turn(self._scheduler, self._clock, runner, request, began, asked.headers.get(SECONDS))
            if texts:
                await turn.think()
        finally:
            self._scheduler.end(request)
        vectors = [[0.01, -0.0017, 0.0097] for _ in texts]
        if asked.path == "/api/embeddings":
            return as_json({"embedding": vectors[0] if vectors else []})
        if asked.path == "/api/embed":
            took = {"total_duration": turn.took, "load_duration": 0, "prompt_eval_count": 5 * len(texts)}
            return as_json({"model": body["model"], "embeddings": vectors, **(took if texts else {})})
        data = [{"object": "embedding", "embedding": vector, "index": at} for at, vector in enumerate(vectors)]
        usage = {"prompt_tokens": 5 * len(texts), "total_tokens": 5 * len(texts)}
        return as_json({"object": "list", "data": data, "model": body["model"], "usage": usage})

    def proxied(self, asked: Asked, body: dict[str, Any]) -> Answer:
        """An answer from the cloud, whole or as a stream of one piece."""
        if asked.path not in ROUTES:
            return as_json({"model": body["model"], "embeddings": [], "embedding": [], "data": []})
        route = ROUTES[asked.path]
        shape = route.shape(body["model"], self._stamp())
        if not body.get("stream", route.native):
            return as_json(shape.whole("from the cloud", Counts(11, 1)))
        said = shape.opening() + shape.piece("from the cloud") + shape.closing(Counts(11, 1))
        return Answer(said, type=shape.media)

    def _request(
        self, asked: Asked, body: dict[str, Any], model: FakeModel, lease: int | None, native: bool
    ) -> Request:
        given = (body.get("options") or {}) if native else {}
        shift = body.get("shift") if native else None
        options = options_of(model, given, shift, self._scheduler.limits.context)
        return Request(model, options, lease, asked.direct)


class _Turn:
    """One answer of one runner; its end is the request's end."""

    def __init__(
        self, scheduler: Scheduler, clock: Clock, runner: Runner, request: Request, began: float, wish: str | None
    ) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._runner = runner
        self._request = request
        self._began = began
        self._seconds = float(wish) if wish else runner.model.answer
        self._loaded = int((clock.monotonic() - began) * SECOND)
        self._reason: str | None = "stop"

    @property
    def took(self) -> int:
        return int((self._clock.monotonic() - self._began) * SECOND)

    async def stream(self, shape: Shape) -> AsyncGenerator[bytes, None]:
        try:
            said = 0
            yield shape.opening()
            try:
                async for text in self._pieces():
                    said += 1
                    yield shape.piece(text)
            except RefusedError as exc:
                yield shape.broken(exc.text)
            else:
                yield shape.closing(self._counts(said))
        finally:
            self._scheduler.end(self._request)

    async def whole(self, shape: Shape) -> dict[str, Any]:
        """Raises RefusedError where the runner dies."""
        try:
            said = [text async for text in self._pieces()]
        finally:
            self._scheduler.end(self._request)
        return shape.whole("".join(said), self._counts(len(said)))

    async def think(self) -> None:
        """The time until its first piece. Raises RefusedError where the runner dies."""
        async with self._runner.slots:
            await self._pass(self._runner.model.prompt)

    def _counts(self, said: int) -> Counts:
        return Counts(11, said, self.took, self._loaded, self._reason)

    async def _pieces(self) -> AsyncGenerator[str, None]:
        model = self._runner.model
        async with self._runner.slots:
            if not await self._pass(model.prompt):
                return
            if model.oom_at_answer:
                self._scheduler.expire_all()
                raise RefusedError(500, f"{_BROKEN}CUDA error: {OUT_OF_MEMORY}")
            for number in range(model.tokens):
                if not await self._pass(self._seconds / model.tokens):
                    return
                yield f"word{number} "

    async def _pass(self, seconds: float) -> bool:
        """False where the runner has closed in good order meanwhile. Raises RefusedError where it died."""
        runner = self._runner
        try:
            async with asyncio.timeout(seconds):
                await runner.died.wait()
        except TimeoutError:
            return True
        if not runner.clean:
            raise RefusedError(500, f"{_BROKEN}unexpected EOF")
        self._reason = None
        return False


def _lease(body: dict[str, Any]) -> int | None:
    try:
        return keep_alive(body.get("keep_alive"))
    except BadDurationError as exc:
        raise RefusedError(400, str(exc)) from None


def _only(shape: Shape, reason: str) -> Answer:
    """What is said where nothing was asked: one object, whatever ``stream`` says."""
    assert isinstance(shape, Generate)
    return as_json(shape.line("", True, done_reason=reason))
