"""Requests of Ollama's callers that ask for no answer: they only want a model loaded, or gone."""

from __future__ import annotations

from typing import Any

from trayapp.gateway.bodies import Body
from trayapp.gateway.embeddings import Vectors, write_ollama_answer
from trayapp.gateway.exchange import Stamp
from trayapp.gateway.ollama_in_answer import write_loaded
from trayapp.gateway.plan import Route

_ASKED_WITH = {
    Route.OLLAMA_CHAT: ("messages",),
    Route.OLLAMA_GENERATE: ("prompt", "images"),
    Route.OLLAMA_EMBED: ("input",),
}


def is_touch(route: Route, body: Body) -> bool:
    """Whether there is nothing to be answered on this route of Ollama's."""
    return not any(body.get(name) for name in _ASKED_WITH[route])


def unloads(body: Body) -> bool:
    """Whether the model is to leave at once: a time of nought, in one of its spellings."""
    keep: Any = body.get("keep_alive")
    if isinstance(keep, str):
        keep = keep.strip().rstrip("hmsnuµ")
        return bool(keep) and not keep.strip("0.")
    return isinstance(keep, int | float) and not isinstance(keep, bool) and keep == 0


def write(route: Route, stamp: Stamp, *, unload: bool) -> bytes:
    """The answer where nothing has to be done: the model is elsewhere, or the strategy decides when it leaves."""
    if route is Route.OLLAMA_EMBED:
        return write_ollama_answer(Vectors(()), stamp)
    loaded = write_loaded(stamp, chat=route is Route.OLLAMA_CHAT)
    return loaded.replace(b'"done_reason":"load"', b'"done_reason":"unload"') if unload else loaded
