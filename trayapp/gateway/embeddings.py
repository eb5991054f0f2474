"""Embeddings of an Ollama caller from an OpenAI upstream: texts in, vectors out, in floats or in base64."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trayapp.core.language import _
from trayapp.gateway.answers import counted, decoded, text_of, unreadable
from trayapp.gateway.exchange import GarbledError, Stamp, Target
from trayapp.gateway.faults import fault_in_stream
from trayapp.gateway.fields import Fields, body_fields, cannot, must_be
from trayapp.gateway.limits import VECTOR, VECTORS
from trayapp.gateway.ollama_in import MACHINE
from trayapp.gateway.streams import too_much

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_PLAIN = Target()
_MOST = 50_000
"""Objects and lists in one answer; OpenAI takes 2,048 texts at once."""
_SMALL = 2**16
"""Bytes of what stands beside the vectors."""
_NOTHING = Raw()


class EmbeddingRequest(Struct, frozen=True):
    """Texts to be turned into vectors."""

    model: str
    inputs: tuple[str, ...]
    dimensions: int | None = None


class Vectors(Struct, frozen=True):
    """One vector for every text, in order."""

    vectors: tuple[Raw, ...]
    """Each a list of numbers in JSON, as it came: as Python's numbers they would take three times the memory."""
    tokens: int = 0
    model: str = ""


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
    return _encode(body)


class _Datum(Struct):
    embedding: Raw
    index: int | None = None


class _OpenAI(Struct):
    data: list[_Datum] | None = None
    usage: Raw = _NOTHING
    model: Raw = _NOTHING
    error: Raw = _NOTHING


_decode_answer = msgspec.json.Decoder(_OpenAI).decode
_decode_vector = msgspec.json.Decoder(list[float] | str).decode


def read_openai_answer(body: bytes) -> Vectors:
    """The vectors, or GarbledError."""
    if body.count(b"{") + body.count(b"[") > _MOST:
        raise GarbledError(too_much().message)
    said = decoded(_decode_answer, body)
    if said.data is None:
        raise GarbledError(fault_in_stream(_beside(said.error)).message)
    data = said.data
    if all(item.index is not None for item in data):
        data = sorted(data, key=lambda item: item.index or 0)
    usage = _beside(said.usage)
    tokens = counted(usage.get("prompt_tokens")) if isinstance(usage, dict) else 0
    return Vectors(tuple(_numbers([item.embedding for item in data])), tokens, text_of(_beside(said.model)))


def _beside(value: Raw) -> Any:
    """What stands beside the vectors; None where there is nothing, or too much to be told."""
    return decoded(_decode, bytes(value)) if 0 < memoryview(value).nbytes <= _SMALL else None


def _numbers(vectors: list[Raw]) -> Iterator[Raw]:
    """Each as a list of numbers, or GarbledError."""
    size = 0
    for vector in vectors:
        if memoryview(vector).nbytes > VECTOR:
            raise GarbledError(too_much().message)
        value = decoded(_decode_vector, vector)
        if isinstance(value, str):
            vector = Raw(_encode(_unpacked(value)))
        size += memoryview(vector).nbytes
        if size > VECTORS:
            raise GarbledError(too_much().message)
        yield vector


def _unpacked(text: str) -> tuple[float, ...]:
    try:
        raw = base64.b64decode(text, validate=True)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    except (ValueError, struct.error) as error:
        raise unreadable(error) from error


def write_ollama_answer(vectors: Vectors, stamp: Stamp) -> bytes:
    """The body of an answer to ``/api/embed``."""
    took = max(1, int(stamp.elapsed() * 1_000_000_000))
    head = {
        "model": stamp.model,
        "total_duration": took,
        "load_duration": 0,
        "prompt_eval_count": vectors.tokens,
    }
    pieces: list[Any] = [_encode(head)[:-1], b',"embeddings":[']
    for number, vector in enumerate(vectors.vectors):
        pieces += (b",", vector) if number else (vector,)
    return b"".join((*pieces, b"]}"))  # once: encoding it would take the memory of it half as much again
