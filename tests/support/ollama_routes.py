"""The routes of a fake Ollama: who may call, what is there, and everything that is no work for a model."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.ollama_answers import NDJSON, instant, refusal
from tests.support.ollama_durations import SECOND
from tests.support.ollama_models import FakeModel, Features, RefusedError, full, runs_in_cloud
from tests.support.ollama_turns import ROUTES, Turns, body_of
from tests.support.served import TEXT, Answer, Asked, as_json

if TYPE_CHECKING:
    from tests.support.ollama import FakeOllama

_NAME = re.compile(r"[\w.\-/]+(:[\w.\-]+){0,2}")
_ORIGINS = re.compile(r"(https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?|(app|file|tauri|vscode-\w+)://.*)")
_HEADED = ("/", "/api/version", "/api/tags")
Handler = Callable[[Asked], Awaitable[Answer]]


class Routes:
    """Answers every request to one server."""

    def __init__(self, server: FakeOllama, has: Features, version: str, zone: float, cloud: str) -> None:
        self._server = server
        self._has = has
        self._version = version
        self._zone = zone
        self._cloud = cloud
        self._table: dict[str, dict[str, Handler]] = {
            "/": {"GET": self._root},
            "/api/version": {"GET": self._versions},
            "/api/status": {"GET": self._status},
            "/api/tags": {"GET": self._tags},
            "/api/show": {"POST": self._show},
            "/api/delete": {"DELETE": self._delete},
            "/api/copy": {"POST": self._copy},
            "/api/pull": {"POST": self._pull},
            "/api/embed": {"POST": self._work},
            "/api/embeddings": {"POST": self._work},
            "/v1/embeddings": {"POST": self._work},
            "/v1/models": {"GET": self._v1_models},
            **{path: {"POST": self._work} for path in ROUTES},
        }
        if has.ps:
            self._table["/api/ps"] = {"GET": self._ps}
        for path, there in (("/v1/responses", has.responses), ("/v1/messages", has.messages)):
            if not there:
                del self._table[path]

    async def answer(self, asked: Asked) -> Answer:
        if self._server.standing == "another":
            return Answer(b"<html>It works!</html>", 200 if asked.path == "/" else 404, "text/html")
        if self._server.standing == "refusing" or not _may(asked):
            return Answer(b"", 403, TEXT)
        methods = self._table.get(asked.path)
        if methods is None:
            return Answer(b"404 page not found", 404, TEXT)
        method = "GET" if asked.method == "HEAD" and asked.path in _HEADED else asked.method
        if method not in methods:
            return Answer(b"405 method not allowed", 405, TEXT)
        try:
            return await methods[method](asked)
        except RefusedError as exc:
            return refusal(asked.path, exc)

    async def _root(self, _: Asked) -> Answer:
        return Answer(b"Ollama is running", type=TEXT)

    async def _versions(self, _: Asked) -> Answer:
        return as_json({"version": self._version})

    async def _status(self, _: Asked) -> Answer:
        disabled = self._cloud == "disabled"
        return as_json({"cloud": {"disabled": disabled, "source": "env" if disabled else "none"}})

    async def _tags(self, _: Asked) -> Answer:
        newest = sorted(self._server.models.values(), key=lambda model: -model.modified)
        return as_json({"models": [self._row(model) for model in newest]})

    def _row(self, model: FakeModel) -> dict[str, Any]:
        remote = {"remote_model": model.remote_model, "remote_host": model.remote_host} if model.remote_host else {}
        details, more = model.details, {}
        if self._has.tags_tell:
            details = {**details, "context_length": model.context, "embedding_length": 3072}
            more = {"capabilities": list(model.capabilities)}
        return {
            "name": model.name,
            "model": model.name,
            **remote,
            "modified_at": self._when(1_740_000_000 + model.modified),
            "size": model.size,
            "digest": model.digest,
            "details": details,
            **more,
        }

    async def _ps(self, _: Asked) -> Answer:
        scheduler = self._server.scheduler
        rows = []
        for runner in scheduler.loaded.values():
            context = {"context_length": runner.options.num_ctx} if self._has.ps_context else {}
            rows.append((scheduler.expiry(runner), self._loaded(runner.model, runner.vram), context))
        if self._has.ps_lists_loading and (request := scheduler.loading) is not None:
            lease = 300 * SECOND if request.keep_alive is None else request.keep_alive
            rows.append((int(self._server.clock.now() * SECOND) + lease, self._loaded(request.model, 0), {}))
        rows.sort(key=lambda row: -(row[0] // SECOND))
        return as_json(
            {"models": [{**row, "expires_at": instant(at, self._zone), **rest} for at, row, rest in _split(rows)]}
        )

    def _loaded(self, model: FakeModel, vram: int) -> dict[str, Any]:
        return {
            "name": model.name,
            "model": model.name,
            "size": model.size,
            "digest": model.digest,
            "details": model.details,
            "size_vram": vram,
        }

    async def _show(self, asked: Asked) -> Answer:
        model, _ = self._found(asked, "ShowRequest", "model '{full}' not found")
        says = model.capabilities if model.shown is None else model.shown
        parameters = "\n".join(f"{name:<30} {value}" for name, value in model.parameters.items())
        modelfile = f'# Modelfile generated by "ollama show"\n\nFROM {model.path}\nTEMPLATE {{{{ .Prompt }}}}\n'
        return as_json(
            {
                "license": "none",
                "modelfile": modelfile,
                **({"parameters": parameters} if parameters else {}),
                "template": "{{ .Prompt }}",
                "details": model.details,
                "model_info": {"general.architecture": model.family, f"{model.family}.context_length": model.context},
                **({"capabilities": list(says)} if self._has.show_capabilities else {}),
                "modified_at": self._when(1_740_000_000 + model.modified),
            }
        )

    async def _delete(self, asked: Asked) -> Answer:
        """A loaded model stays in memory, and can no longer be unloaded by its name."""
        model, _ = self._found(asked, "DeleteRequest", "model '{name}' not found")
        del self._server.models[model.name.lower()]
        return Answer(b"")

    async def _copy(self, asked: Asked) -> Answer:
        body = body_of(asked, "CopyRequest")
        source = self._server.models.get(full(body.get("source", "")).lower())
        if source is None:
            raise RefusedError(404, f"model '{body.get('source', '')}' not found")
        fields: dict[str, Any] = {name: getattr(source, name) for name in source.__struct_fields__}
        copy = FakeModel(**{**fields, "name": body["destination"]})
        self._server.models[copy.name.lower()] = copy
        return Answer(b"")

    async def _pull(self, asked: Asked) -> Answer:
        """Installed models are up to date; there are no others."""
        body = body_of(asked, "PullRequest")
        name = body.get("model") or body.get("name") or ""
        if not _NAME.fullmatch(name):
            raise RefusedError(400, "invalid model name")
        model = self._server.models.get(full(name).lower())
        if body.get("stream", True):
            return Answer(_pulling(model), type=NDJSON)
        if model is None:
            raise RefusedError(500, _UNKNOWN)
        return as_json({"status": "success"})

    async def _v1_models(self, _: Asked) -> Answer:
        rows = [
            {"id": model.name, "object": "model", "created": 1_740_000_000, "owned_by": "library"}
            for model in self._server.models.values()
        ]
        return as_json({"object": "list", "data": rows})

    async def _work(self, asked: Asked) -> Answer:
        embeds = "embed" in asked.path
        struct = "EmbedRequest" if embeds else ROUTES[asked.path].struct
        unknown = 'model "{name}" not found, try pulling it first' if embeds else "model '{name}' not found"
        body = body_of(asked, struct)
        if asked.path != "/api/generate" and not embeds and not body.get("model"):
            raise RefusedError(400, "model is required")
        model, body = self._found(asked, struct, unknown)
        turns = Turns(self._server.scheduler, self._server.clock, lambda: self._when(self._server.clock.now()))
        if model.remote_host:
            self._server.cloud_calls.append(asked)
            return await self._remote(asked, body, turns)
        return await (turns.embed if embeds else turns.talk)(asked, body, model)

    async def _remote(self, asked: Asked, body: dict[str, Any], turns: Turns) -> Answer:
        """As if it had been passed on: an empty prompt is asked there, too."""
        if self._cloud == "disabled":
            raise RefusedError(403, "ollama cloud is disabled: remote model is unavailable")
        if self._cloud == "signed-out":
            raise RefusedError(401, "unauthorized", signin_url="https://ollama.com/connect?name=here&key=none")
        await self._server.clock.sleep(0.5)
        return turns.proxied(asked, body)

    def _found(self, asked: Asked, struct: str, unknown: str) -> tuple[FakeModel, dict[str, Any]]:
        """The model that a request names. Raises RefusedError."""
        body = body_of(asked, struct)
        name = body.get("model") or body.get("name") or ""
        if name and not _NAME.fullmatch(name):
            raise RefusedError(400, "invalid model name")
        model = self._server.models.get(full(name).lower())
        if model is None and runs_in_cloud(name):
            model = FakeModel(name=name, remote_host="https://ollama.com:443", remote_model=name)
        if model is None:
            raise RefusedError(404, unknown.format(name=name, full=full(name) if name else ""))
        return model, body

    def _when(self, seconds: float) -> str:
        return instant(int(seconds * 1e6) * 1000 + 997, self._zone)


_UNKNOWN = "pull model manifest: file does not exist"


def _split(rows: list[tuple[int, dict[str, Any], dict[str, Any]]]) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
    """As Go orders the fields: the expiry stands before ``size_vram``."""
    return [
        (at, {name: row[name] for name in row if name != "size_vram"}, {"size_vram": row["size_vram"], **rest})
        for at, row, rest in rows
    ]


async def _pulling(model: FakeModel | None) -> AsyncGenerator[bytes, None]:
    steps: list[dict[str, Any]] = [{"status": "pulling manifest"}]
    if model is None:
        steps.append({"error": _UNKNOWN})
    else:
        layer = {"status": f"pulling {model.blob[:12]}", "digest": f"sha256:{model.blob}", "total": model.size}
        steps += [{**layer, "completed": model.size // 2}, {**layer, "completed": model.size}]
        steps += [{"status": status} for status in ("verifying sha256 digest", "writing manifest", "success")]
    for step in steps:
        yield json.dumps(step).encode() + b"\n"
        await asyncio.sleep(0.06)


def _may(asked: Asked) -> bool:
    """Origin and Host, as a server that listens on loopback checks them."""
    origin = asked.headers.get("origin")
    if origin is not None and not _ORIGINS.fullmatch(origin):
        return False
    host = urlsplit(f"//{asked.headers.get('host', 'localhost')}").hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return address.is_loopback or address.is_private
