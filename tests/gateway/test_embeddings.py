"""Vectors pass between OpenAI's and Ollama's dialects, as floats and as base64, and their clients read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway import listeners
from tests.gateway.wire import STAMP
from trayapp.gateway import embeddings
from trayapp.gateway.embeddings import EmbeddingRequest, Vectors
from trayapp.gateway.exchange import BadRequestError, GarbledError

TWO = Vectors(((0.5, -0.25), (1.0, 0.0)), 7, "vec")
FLOATS = EmbeddingRequest("current", ("a", "b"))
BASE64 = EmbeddingRequest("current", ("a", "b"), base64=True)


def openai(**fields: Any) -> EmbeddingRequest:
    return embeddings.read_openai(json.dumps({"model": "m", "input": "a"} | fields).encode())


def ollama(**fields: Any) -> EmbeddingRequest:
    return embeddings.read_ollama(json.dumps({"model": "m", "input": "a"} | fields).encode())


def test_requests_are_read() -> None:
    assert openai(input=["a", "b"], encoding_format="base64", dimensions=5, user="u") == EmbeddingRequest(
        "m", ("a", "b"), 5, True, "u"
    )
    assert openai() == ollama() == EmbeddingRequest("m", ("a",))
    assert ollama(keep_alive="5m", truncate=True, options={"num_ctx": 5}, dimensions=3).dimensions == 3
    assert ollama(input=[]).inputs == ()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"input": [1, 2]}, "input"),
        ({"input": [[1]]}, "input"),
        ({"input": ["a", 1]}, "input"),
        ({"input": ""}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": ""}, "model"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_embedded_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        openai(**fields)
    assert wrong.value.parameter == path


def test_requests_are_written() -> None:
    request = EmbeddingRequest("m", ("a",), 5, True, "u")
    assert json.loads(embeddings.write_openai_request(request, "vec")) == {
        "model": "vec", "input": ["a"], "encoding_format": "float", "dimensions": 5, "user": "u"
    }  # fmt: skip
    assert json.loads(embeddings.write_ollama_request(request, "vec")) == {
        "model": "vec", "input": ["a"], "truncate": False, "dimensions": 5
    }  # fmt: skip


def test_answers_are_read_in_every_form() -> None:
    whole = embeddings.write_openai_answer(TWO, STAMP, BASE64)
    assert embeddings.read_openai_answer(whole) == Vectors(TWO.vectors, 7, "current")
    data = [{"index": 1, "embedding": [1.0, 0.0]}, {"index": 0, "embedding": [0.5, -0.25]}]
    body = json.dumps({"data": data, "usage": {"prompt_tokens": 7}, "model": "vec"}).encode()
    assert embeddings.read_openai_answer(body) == TWO
    native = {"model": "vec", "embeddings": [[0.5, -0.25], [1, 0]], "total_duration": 5, "prompt_eval_count": 7}
    assert embeddings.read_ollama_answer(json.dumps(native).encode()) == TWO


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"error":"no"}', b'{"data":[{"embedding":"%%"}]}', b'{"data":5}']
)
def test_what_is_no_vector_is_garbled(body: bytes) -> None:
    with pytest.raises(GarbledError):
        embeddings.read_openai_answer(body)
    with pytest.raises(GarbledError):
        embeddings.read_ollama_answer(body)


@pytest.mark.parametrize("asked", [FLOATS, BASE64])
def test_openais_client_reads_both_forms(asked: EmbeddingRequest) -> None:
    client = listeners.of_openai(embeddings.write_openai_answer(TWO, STAMP, asked))
    answer = (
        client.embeddings.create(model="m", input=["a", "b"])
        if asked.base64
        else client.embeddings.create(model="m", input=["a", "b"], encoding_format="float")
    )
    assert [item.embedding for item in answer.data] == [[0.5, -0.25], [1.0, 0.0]]
    assert answer.usage.prompt_tokens == 7


def test_ollamas_client_reads_its_form() -> None:
    client = listeners.of_ollama(embeddings.write_ollama_answer(TWO, STAMP, FLOATS))
    answer = client.embed("m", ["a", "b"])
    assert [list(vector) for vector in answer.embeddings] == [[0.5, -0.25], [1.0, 0.0]]
    assert answer.prompt_eval_count == 7


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4), max_size=3))
def test_base64_loses_nothing(vectors: list[list[float]]) -> None:
    held = Vectors(tuple(tuple(vector) for vector in vectors), 3, STAMP.model)
    assert embeddings.read_openai_answer(embeddings.write_openai_answer(held, STAMP, BASE64)) == held
