"""Embeddings between OpenAI's dialect and Ollama's: texts in, vectors out, in floats or in base64."""

from __future__ import annotations

import base64
import struct
from typing import Any

import msgspec
from msgspec import Struct

from trayapp.core.language import _
from trayapp.gateway.exchange import GarbledError, Stamp, Target
from trayapp.gateway.faults import fault_in_stream
from trayapp.gateway.fields import UNREADABLE, Fields, body_fields, cannot, must_be
from trayapp.gateway.ollama_in import MACHINE
from trayapp.gateway.streams import counted

_encode = msgspec.json.Encoder().encode
_PLAIN = Target()


class EmbeddingRequest(Struct, frozen=True):
    """Texts to be turned into vectors."""

    model: str
    inputs: tuple[str, ...]
    dimensions: int | None = None
    base64: bool = False
    """Whether the caller wants its vectors as base64 of 32-bit floats."""
    user: str = ""


class Vectors(Struct, frozen=True):
    """One vector for every text, in order."""

    vectors: tuple[tuple[float, ...], ...]
    tokens: int = 0
    model: str = ""


def read_openai(body: bytes) -> EmbeddingRequest:
    """A request to ``/v1/embeddings``, or BadRequestError."""
    fields = body_fields(body)
    form = fields.one_of("encoding_format", "float", "base64")
    request = EmbeddingRequest(
        fields.needed("model"),
        _inputs(fields),
        fields.integer("dimensions", 1),
        form == "base64",
        fields.text("user"),
    )
    if not request.inputs:
        raise must_be("input", _("a text or a list of texts"))
    fields.done()
    return request


def read_ollama(body: bytes) -> EmbeddingRequest:
    """A request to ``/api/embed``, or BadRequestError. Without input it only asks to load the model."""
    fields = body_fields(body)
    # memory is the program's to manage
    fields.leave("keep_alive")
    # shortening what is too long is Ollama's habit: others refuse it with a sentence of their own
    fields.leave("truncate")
    options = fields.fields("options")
    options.leave(*MACHINE)
    options.done()
    request = EmbeddingRequest(fields.needed("model"), _inputs(fields), fields.integer("dimensions", 1))
    fields.done()
    return request


def _inputs(fields: Fields) -> tuple[str, ...]:
    value = fields.take("input")
    if isinstance(value, list) and value and not isinstance(value[0], str):
        raise cannot("input", _("Tokens mean something to their own model only: send the text."))
    if value is None or isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise must_be("input", _("a text or a list of texts"))
    return tuple(value)


def write_openai_request(request: EmbeddingRequest, model: str, target: Target = _PLAIN) -> bytes:
    """The body for an OpenAI upstream, which is always asked for floats: not every imitator knows base64."""
    del target
    body: dict[str, Any] = {"model": model, "input": list(request.inputs), "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.user:
        body["user"] = request.user
    return _encode(body)


def write_ollama_request(request: EmbeddingRequest, model: str, target: Target = _PLAIN) -> bytes:
    """The body for ``/api/embed``. A text that is too long is refused, as OpenAI does, not cut."""
    del target
    body: dict[str, Any] = {"model": model, "input": list(request.inputs), "truncate": False}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return _encode(body)


class _Datum(Struct):
    embedding: list[float] | str
    index: int | None = None


class _OpenAI(Struct):
    data: list[_Datum] | None = None
    usage: Any = None
    model: Any = None
    error: Any = None


class _Ollama(Struct):
    embeddings: list[list[float]] | None = None
    prompt_eval_count: Any = None
    model: Any = None
    error: Any = None


_decode_openai = msgspec.json.Decoder(_OpenAI).decode
_decode_ollama = msgspec.json.Decoder(_Ollama).decode


def read_openai_answer(body: bytes) -> Vectors:
    """The vectors, or GarbledError."""
    try:
        said = _decode_openai(body)
    except UNREADABLE as error:
        raise _garbled(error) from error
    if said.data is None:
        raise GarbledError(fault_in_stream(said.error).message)
    data = said.data
    if all(item.index is not None for item in data):
        data = sorted(data, key=lambda item: item.index or 0)
    tokens = counted(said.usage.get("prompt_tokens")) if isinstance(said.usage, dict) else 0
    model = said.model if isinstance(said.model, str) else ""
    return Vectors(tuple(_floats(item.embedding) for item in data), tokens, model)


def read_ollama_answer(body: bytes) -> Vectors:
    """The vectors, or GarbledError."""
    try:
        said = _decode_ollama(body)
    except UNREADABLE as error:
        raise _garbled(error) from error
    if said.embeddings is None:
        raise GarbledError(fault_in_stream(said.error).message)
    model = said.model if isinstance(said.model, str) else ""
    return Vectors(tuple(tuple(item) for item in said.embeddings), counted(said.prompt_eval_count), model)


def _garbled(error: Exception) -> GarbledError:
    return GarbledError(_("The provider's answer cannot be read: {reason}").format(reason=error))


def _floats(value: list[float] | str) -> tuple[float, ...]:
    if isinstance(value, list):
        return tuple(value)
    try:
        raw = base64.b64decode(value, validate=True)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    except (ValueError, struct.error) as error:
        raise _garbled(error) from error


def write_openai_answer(vectors: Vectors, stamp: Stamp, request: EmbeddingRequest) -> bytes:
    """The body of an answer to ``/v1/embeddings``."""
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if request.base64 else vector}
        for index, vector in enumerate(vectors.vectors)
    ]
    usage = {"prompt_tokens": vectors.tokens, "total_tokens": vectors.tokens}
    return _encode({"object": "list", "data": data, "model": stamp.model, "usage": usage})


def _packed(vector: tuple[float, ...]) -> str:
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except (OverflowError, struct.error) as error:
        raise _garbled(error) from error


def write_ollama_answer(vectors: Vectors, stamp: Stamp, request: EmbeddingRequest) -> bytes:
    """The body of an answer to ``/api/embed``."""
    del request
    took = max(1, int(stamp.elapsed() * 1_000_000_000))
    body = {
        "model": stamp.model,
        "embeddings": vectors.vectors,
        "total_duration": took,
        "load_duration": 0,
        "prompt_eval_count": vectors.tokens,
    }
    return _encode(body)
