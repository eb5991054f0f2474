"""Which route a path means, in whichever dialect, and what is said of paths and methods that mean none."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import unquote

from msgspec import Struct

from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.gateway.plan import Route
from trayapp.providers.spec import Dialect


class Local(StrEnum):
    """What is answered here, without any model."""

    ROOT = "root"
    MODELS = "models"
    MODEL = "model"
    TAGS = "tags"
    SHOW = "show"
    PS = "ps"
    VERSION = "version"
    STATS = "stats"
    METRICS = "metrics"


class Found(Struct, frozen=True):
    """What a request line asks for."""

    route: Route | Local
    name: str = ""
    """The model whose facts are asked for by its path."""


class NoRouteError(UserError):
    """There is no such path here (404), or not with this method (405)."""

    def __init__(self, status: int, sentence: str, allow: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.allow = allow
        """The methods that there are, for the header of that name."""


_ASKED: dict[str, Route | Local] = {
    "/v1/chat/completions": Route.CHAT,
    "/v1/completions": Route.COMPLETIONS,
    "/v1/embeddings": Route.EMBEDDINGS,
    "/v1/responses": Route.RESPONSES,
    "/v1/messages": Route.MESSAGES,
    "/v1/messages/count_tokens": Route.COUNT_TOKENS,
    "/api/chat": Route.OLLAMA_CHAT,
    "/api/generate": Route.OLLAMA_GENERATE,
    "/api/embed": Route.OLLAMA_EMBED,
    "/api/show": Local.SHOW,
}
"""By POST."""
_READ = {
    "/": Local.ROOT,
    "/v1/models": Local.MODELS,
    "/api/tags": Local.TAGS,
    "/api/ps": Local.PS,
    "/api/version": Local.VERSION,
    "/api/llm/stats": Local.STATS,
    "/metrics": Local.METRICS,
}
"""By GET or HEAD."""
_FOUND: dict[str, Found] = {path: Found(route) for path, route in _ASKED.items()}
_FOUND |= {path: Found(route) for path, route in _READ.items()}
_ONE_MODEL = "/v1/models/"
_OF_OLLAMA = ("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs", "/api/embeddings")
_SLASHES = re.compile(r"//+")


def find(method: str, path: str) -> Found:
    """The route. Raises NoRouteError."""
    if (plain := path) not in _FOUND:
        plain = _plain(path)
    found = _FOUND.get(plain)
    if found is None and plain.startswith(_ONE_MODEL):
        found = Found(Local.MODEL, unquote(plain.removeprefix(_ONE_MODEL)))
    if found is None:
        raise NoRouteError(404, _unknown(plain))
    allowed = ("POST",) if plain in _ASKED else ("GET", "HEAD")
    if method not in allowed:
        allow = ", ".join((*allowed, "OPTIONS"))
        sentence = _("{path} takes {methods}, not {method}.").format(path=_shown(plain), methods=allow, method=method)
        raise NoRouteError(405, sentence, allow)
    return found


def dialect_of(path: str) -> Dialect:
    """The dialect in which whoever asks there wants to be told what is wrong."""
    plain = _plain(path)
    if plain.startswith("/api/"):
        return Dialect.OLLAMA
    return Dialect.ANTHROPIC if plain.startswith("/v1/messages") else Dialect.OPENAI


def _plain(path: str) -> str:
    """The path as it stands in the tables.

    Some tools add ``/v1`` to the address that they are given, and some do not: it may be missing, or come twice.
    """
    plain = _SLASHES.sub("/", path)
    if len(plain) > 1:
        plain = plain.rstrip("/") or "/"
    if plain == "/" or plain.startswith("/api/") or plain in _READ:
        return plain
    while plain.startswith("/v1/v1/"):
        plain = plain.removeprefix("/v1")
    known = f"/v1{plain}"
    return known if known in _FOUND or known.startswith(_ONE_MODEL) else plain


def _unknown(path: str) -> str:
    if path.startswith(_OF_OLLAMA):
        return _("{path} is not passed on by trayapp: ask Ollama itself.").format(path=_shown(path))
    return _("There is no {path} here. Tools may ask: {paths}.").format(
        path=_shown(path), paths=", ".join(it for it in _ASKED if it != "/api/show")
    )


def _shown(path: str) -> str:
    from trayapp.core.redaction import struck

    return struck(path)[:80]
