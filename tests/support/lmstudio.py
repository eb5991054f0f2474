"""A fake LM Studio: its native, OpenAI and greeting routes, with its own rules of what stays loaded.

    async with FakeLMStudio(FakeLM(key="qwen/qwen3-8b"), FakeLM(key="nomic", type="embedding")) as server:
        server.url, server.transport(), server.log, server.story       # as of FakeOllama
        await server.chat("qwen/qwen3-8b", ttl=60)                     # another program asks
        server.lms_ps()                                                # what ``lms ps --json`` would print

A model that a request loads (JIT) has a time to live, counted from its last request, and is evicted by the next such
model, even while it answers. One loaded through ``/api/v1/models/load`` is manual: no time to live, never evicted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from tests.support.ollama_turns import SECONDS
from tests.support.served import Answer, Asked, FakeServer, Said, as_json
from tests.support.timeloop import LoopClock
from trayapp.core.clock import Clock

TTL = 3600.0
"""Seconds, an hour: the default for models that requests load."""
_NONE_LOADED = (
    "No models loaded. Please load a model in the developer page or use the `lms load` command."  # its own words
)
Kind = Literal["loaded", "unloaded", "expired", "evicted"]


class FakeLM(Struct, kw_only=True):
    """One downloaded model. Times are seconds, sizes bytes."""

    key: str
    type: Literal["llm", "vlm", "embedding"] = "llm"
    size: int = 5_000_000_000
    load: float = 4.0
    prompt: float = 0.1
    answer: float = 0.4
    tokens: int = 4
    context: int = 32_768
    publisher: str = "lmstudio-community"
    tools: bool = True
    fails: str = ""
    """What every load of it ends with; empty: it works."""


class Instance:
    """A loaded model; a second load of the same one is ``key:2``."""

    def __init__(self, model: FakeLM, id: str, ttl: float | None, context: int, now: float) -> None:
        self.model = model
        self.id = id
        self.ttl = ttl
        """None: loaded by hand."""
        self.context = context
        self.used = now
        self.references = 0
        self.timer: asyncio.TimerHandle | None = None
        self.slot = asyncio.Semaphore(1)
        self.gone = asyncio.Event()

    @property
    def config(self) -> dict[str, Any]:
        parallel: dict[str, Any] = {} if self.model.type == "embedding" else {"parallel": 4, "flash_attention": True}
        return {"context_length": self.context, "eval_batch_size": 512, **parallel, "offload_kv_cache_to_gpu": True}


class Event(Struct, frozen=True):
    at: float
    kind: Kind
    id: str
    busy: bool = False
    """evicted, unloaded: while it answered."""


class _RefusedError(Exception):
    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        error = {"message": message, "type": "invalid_request_error", "param": "model", "code": code}
        self.answer = as_json({"error": error}, status)


class FakeLMStudio(FakeServer):
    """One server."""

    def __init__(
        self,
        *models: FakeLM,
        clock: Clock | None = None,
        jit: bool = True,
        auto_evict: bool = True,
        token: str = "",
        native_v1: bool = True,
        port: int = 0,
    ) -> None:
        super().__init__(clock or LoopClock(), port)
        self.models = {model.key: model for model in models}
        self.instances: dict[str, Instance] = {}
        self.story: list[Event] = []
        self.jit = jit
        self.auto_evict = auto_evict
        self.token = token
        self._loading: dict[str, asyncio.Task[Instance]] = {}
        self._table: dict[tuple[str, str], Callable[[Asked], Awaitable[Answer]]] = {
            ("GET", "/lmstudio-greeting"): self._greeting,
            ("GET", "/v1/models"): self._openai_models,
            ("GET", "/api/v0/models"): self._v0_models,
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/completions"): self._chat,
            ("POST", "/api/v0/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embed,
            ("POST", "/api/v0/embeddings"): self._embed,
        }
        if native_v1:  # since 0.4.0
            self._table |= {
                ("GET", "/api/v1/models"): self._v1_models,
                ("POST", "/api/v1/models/load"): self._load,
                ("POST", "/api/v1/models/unload"): self._unload,
            }

    async def stop(self) -> None:
        """Ended, and everything out of memory."""
        await super().stop()
        for task in self._loading.values():
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        for id in list(self.instances):
            self._drop(id, "unloaded")

    @property
    def loaded(self) -> list[str]:
        return list(self.instances)

    async def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Said:
        sign = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return await super().ask(method, path, body, {**sign, **(headers or {})})

    async def chat(self, model: str, *, seconds: float | None = None, **more: Any) -> Said:
        """``/v1/chat/completions``; ``more``: ttl, stream."""
        headers = {} if seconds is None else {SECONDS: str(seconds)}
        return await self.ask("POST", "/v1/chat/completions", {"model": model, "messages": [], **more}, headers)

    def lms_ps(self) -> list[dict[str, Any]]:
        """What ``lms ps --json`` prints: the one place with the last use and the time to live."""
        return [
            {
                "type": one.model.type,
                "modelKey": one.model.key,
                "identifier": one.id,
                "sizeBytes": one.model.size,
                "contextLength": one.context,
                "ttlMs": None if one.ttl is None else int(one.ttl * 1000),
                "lastUsedTime": int(one.used * 1000),
                "status": "generating" if one.references else "idle",
                "queued": max(0, one.references - 1),
                "parallel": 4,
            }
            for one in self.instances.values()
        ]

    async def _answer(self, asked: Asked) -> Answer:
        handler = self._table.get((asked.method, asked.target.partition("?")[0]))
        if handler is None:
            return as_json({"error": f"Unexpected endpoint or method. ({asked.method} {asked.target})"})
        greeting = asked.path == "/lmstudio-greeting"
        if self.token and not greeting and asked.headers.get("authorization") != f"Bearer {self.token}":
            error = {"message": "Invalid API token", "type": "invalid_request_error", "code": "invalid_api_key"}
            return as_json({"error": error}, 401)
        try:
            return await handler(asked)
        except _RefusedError as exc:
            return exc.answer

    async def _greeting(self, _: Asked) -> Answer:
        return as_json({"lmstudio": True})

    async def _openai_models(self, _: Asked) -> Answer:
        """With JIT off only what is loaded."""
        names = self.models if self.jit else self.instances
        rows = [{"id": name, "object": "model", "owned_by": "organization_owner"} for name in names]
        return as_json({"data": rows, "object": "list"})

    async def _v0_models(self, _: Asked) -> Answer:
        rows = []
        for model in self.models.values():
            loaded = bool(self._instances_of(model))
            kind = "embeddings" if model.type == "embedding" else model.type
            row = {"id": model.key, "object": "model", "type": kind, "publisher": model.publisher, "arch": "llama"}
            row |= {"compatibility_type": "gguf", "quantization": "Q4_K_M"}
            tools = {"capabilities": ["tool_use"]} if model.tools else {}
            state = {"state": "loaded" if loaded else "not-loaded", "max_context_length": model.context}
            rows.append({**row, **state, **tools})
        return as_json({"object": "list", "data": rows})

    async def _v1_models(self, _: Asked) -> Answer:
        return as_json({"models": [self._v1_row(model) for model in self.models.values()]})

    def _v1_row(self, model: FakeLM) -> dict[str, Any]:
        embeds = model.type == "embedding"
        can = {"vision": model.type == "vlm", "trained_for_tool_use": model.tools}
        return {
            "type": "embedding" if embeds else "llm",
            "publisher": model.publisher,
            "key": model.key,
            "display_name": model.key.rpartition("/")[2],
            "architecture": "llama",
            "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
            "size_bytes": model.size,
            "params_string": "8B",
            "loaded_instances": [{"id": one.id, "config": one.config} for one in self._instances_of(model)],
            "max_context_length": model.context,
            "format": "gguf",
            **({} if embeds else {"capabilities": can}),
            "description": None,
            "variants": [f"{model.key}@q4_k_m"],
            "selected_variant": f"{model.key}@q4_k_m",
        }

    async def _load(self, asked: Asked) -> Answer:
        """By hand, whatever else the body says: ``ttl`` is unknown here. Each call is an instance more."""
        body = asked.json
        model = self.models.get(str(body.get("model")))
        if model is None:
            raise _RefusedError(404, f"Model not found: {body.get('model')}", "model_not_found")
        began = self.clock.monotonic()
        one = await self._bring(model, None, body.get("context_length"))
        took = round(self.clock.monotonic() - began, 3)
        said = {"type": "embedding" if model.type == "embedding" else "llm", "instance_id": one.id}
        said |= {"load_time_seconds": took, "status": "loaded"}  # type: ignore[dict-item]
        return as_json({**said, **({"load_config": one.config} if body.get("echo_load_config") else {})})

    async def _unload(self, asked: Asked) -> Answer:
        """By the instance's id, not by the model's key."""
        id = asked.json.get("instance_id")
        if id not in self.instances:
            raise _RefusedError(404, f"No model instance with id '{id}' is loaded", "model_not_found")
        await self.clock.sleep(0.2)
        self._drop(id, "unloaded")
        return as_json({"instance_id": id})

    async def _chat(self, asked: Asked) -> Answer:
        one = await self._wanted(asked.json)
        body = asked.json
        seconds = float(asked.headers.get(SECONDS, one.model.answer))
        if body.get("stream"):
            return Answer(self._stream(one, seconds), type="text/event-stream")
        try:
            said = "".join([text async for text in self._pieces(one, seconds)])
        finally:
            self._end(one)
        if one.gone.is_set():
            raise _RefusedError(400, "Model unloaded.", "model_unloaded")
        message = {"role": "assistant", "content": said}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 11, "completion_tokens": one.model.tokens, "total_tokens": 11 + one.model.tokens}
        return as_json({**self._head(one, "chat.completion"), "choices": choices, "usage": usage})

    async def _embed(self, asked: Asked) -> Answer:
        one = await self._wanted(asked.json)
        try:
            await self.clock.sleep(one.model.prompt)
        finally:
            self._end(one)
        data = [{"object": "embedding", "embedding": [0.01, -0.002], "index": 0}]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        return as_json({"object": "list", "data": data, "model": one.id, "usage": usage})

    def _head(self, one: Instance, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": int(self.clock.now()), "model": one.id}

    async def _stream(self, one: Instance, seconds: float) -> AsyncGenerator[bytes, None]:
        head = self._head(one, "chat.completion.chunk")

        def chunk(delta: dict[str, str], reason: str | None) -> bytes:
            body = {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            return b"data: " + json.dumps(body).encode() + b"\n\n"

        try:
            async for text in self._pieces(one, seconds):
                yield chunk({"role": "assistant", "content": text}, None)
            if one.gone.is_set():
                yield b'event: error\ndata: {"error":{"message":"Model unloaded."}}\n\n'
            else:
                yield chunk({}, "stop") + b"data: [DONE]\n\n"
        finally:
            self._end(one)

    async def _pieces(self, one: Instance, seconds: float) -> AsyncGenerator[str, None]:
        model = one.model
        async with one.slot:
            for number, wait in enumerate([model.prompt, *[seconds / model.tokens] * model.tokens]):
                try:
                    async with asyncio.timeout(wait):
                        await one.gone.wait()
                except TimeoutError:
                    if number:
                        yield f"word{number} "
                else:
                    return

    async def _wanted(self, body: dict[str, Any]) -> Instance:
        """The instance that answers, in use from now on; loaded for it where need be. Raises _RefusedError."""
        name, ttl = str(body.get("model", "")), body.get("ttl")
        model = self.models.get(name)
        one = self.instances.get(name) or next(iter(self._instances_of(model) if model else ()), None)
        if one is None and model is not None and self.jit:
            one = await self._just_in_time(model, TTL if ttl is None else float(ttl))
        if one is None and len(self.instances) == 1:
            one = next(iter(self.instances.values()))  # a wrong name is answered by the only one there is
        if one is None:
            raise _RefusedError(404, _NONE_LOADED, "model_not_found")
        one.references += 1
        one.used = self.clock.now()
        if one.timer is not None:
            one.timer.cancel()
        return one

    async def _just_in_time(self, model: FakeLM, ttl: float) -> Instance:
        """Shared by all who ask for it meanwhile; it goes on when they hang up."""
        task = self._loading.get(model.key)
        if task is None:
            for one in [one for one in self.instances.values() if one.ttl is not None and self.auto_evict]:
                self._drop(one.id, "evicted")
            task = asyncio.create_task(self._bring(model, ttl, None), name=f"fake load of {model.key}")
            self._loading[model.key] = task
            task.add_done_callback(lambda done: self._brought(model.key, done))
        return await asyncio.shield(task)

    def _brought(self, key: str, task: asyncio.Task[Instance]) -> None:
        del self._loading[key]
        if not task.cancelled():
            task.exception()  # whoever asked may have hung up

    async def _bring(self, model: FakeLM, ttl: float | None, context: int | None) -> Instance:
        await self.clock.sleep(model.load)
        if model.fails:
            raise _RefusedError(500, model.fails, "model_load_failed")
        names = [model.key, *(f"{model.key}:{number}" for number in range(2, 100))]
        id = next(name for name in names if name not in self.instances)
        one = self.instances[id] = Instance(model, id, ttl, context or min(4096, model.context), self.clock.now())
        self._arm(one)
        self.story.append(Event(self.clock.now(), "loaded", id))
        return one

    def _end(self, one: Instance) -> None:
        one.references -= 1
        one.used = self.clock.now()
        if one.references == 0 and not one.gone.is_set():
            self._arm(one)

    def _arm(self, one: Instance) -> None:
        if one.ttl is not None:
            one.timer = asyncio.get_running_loop().call_later(one.ttl, self._drop, one.id, "expired")

    def _drop(self, id: str, how: Kind) -> None:
        one = self.instances.pop(id)
        if one.timer is not None:
            one.timer.cancel()
        one.gone.set()
        self.story.append(Event(self.clock.now(), how, id, one.references > 0))

    def _instances_of(self, model: FakeLM | None) -> list[Instance]:
        return [one for one in self.instances.values() if one.model is model]
