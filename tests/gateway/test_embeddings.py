"""Texts of Ollama's callers become OpenAI's, and its vectors Ollama's, in floats and in base64, within bounds."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.fuzz import bounds
from tests.gateway import listeners
from tests.gateway.wire import STAMP
from trayapp.gateway import embeddings
from trayapp.gateway.embeddings import EmbeddingRequest, Vectors
from trayapp.gateway.exchange import BadRequestError, GarbledError
from trayapp.gateway.limits import VECTORS

TWO = Vectors((Raw(b"[0.5,-0.25]"), Raw(b"[1.0,0.0]")), 7, "vec")


def ollama(**fields: Any) -> EmbeddingRequest:
    return embeddings.read_ollama(json.dumps({"model": "m", "input": "a"} | fields).encode())


def packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def test_requests_are_read() -> None:
    assert ollama() == EmbeddingRequest("m", ("a",))
    assert ollama(input=["a", "b"]) == EmbeddingRequest("m", ("a", "b"))
    assert ollama(keep_alive="5m", truncate=True, options={"num_ctx": 5}, dimensions=3).dimensions == 3
    assert ollama(input=[]).inputs == ()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"input": [1, 2]}, "input"),
        ({"input": [[1]]}, "input"),
        ({"input": ["a", 1]}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": ""}, "model"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_embedded_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        ollama(**fields)
    assert wrong.value.parameter == path


def test_requests_are_written() -> None:
    assert json.loads(embeddings.write_openai_request(EmbeddingRequest("m", ("a",), 5), "vec")) == {
        "model": "vec", "input": ["a"], "encoding_format": "float", "dimensions": 5
    }  # fmt: skip
    assert "dimensions" not in json.loads(embeddings.write_openai_request(EmbeddingRequest("m", ("a",)), "vec"))


def test_answers_are_read_in_every_form() -> None:
    for first in ([0.5, -0.25], packed([0.5, -0.25])):
        data = [{"index": 1, "embedding": [1.0, 0.0]}, {"index": 0, "embedding": first}]
        body = json.dumps({"data": data, "usage": {"prompt_tokens": 7}, "model": "vec"}, separators=(",", ":"))
        assert embeddings.read_openai_answer(body.encode()) == TWO
    bare = embeddings.read_openai_answer(b'{"data":[{"embedding":[1]}]}')
    assert bare == Vectors((Raw(b"[1]"),), 0, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"error":"no"}',
        b'{"data":[{"embedding":"%%"}]}',
        b'{"data":[{"embedding":"AAA="}]}',
        b'{"data":[{"embedding":[null]}]}',
        b'{"data":[{"embedding":{}}]}',
        b'{"data":5}',
        b'{"data":[],"model":"\xff"}',
    ],
)
def test_what_is_no_vector_is_garbled(body: bytes) -> None:
    with pytest.raises(GarbledError):
        embeddings.read_openai_answer(body)


HOSTILE = {
    "one vector without end": lambda size: b'{"data":[{"embedding":[' + b"1," * (size // 2) + b"1]}]}",
    "vectors without numbers": lambda size: b'{"data":[' + b'{"embedding":[]},' * (size // 17) + b'{"embedding":[]}]}',
    "lists beside them": lambda size: b'{"data":[],"usage":[' + b"1.5," * (size // 4) + b"1]}",
    "a name without end": lambda size: b'{"data":[],"model":"' + b"a" * size + b'"}',
    "base64 that grows": lambda size: (
        b'{"data":['
        + b'{"embedding":"'
        + packed([0.1] * 10_000).encode()
        + b'"},' * (size // 54_000)
        + b'{"embedding":[]}]}'
    ),
    "vectors as they are": lambda size: (
        b'{"data":['
        + (b'{"embedding":[' + (b" " * 200 + b"1,") * 100 + b"1]},") * (size // 20_220)
        + b'{"embedding":[]}]}'
    ),
}


@pytest.mark.parametrize("what", list(HOSTILE))
def test_no_answer_takes_more_memory_than_it_may(what: str) -> None:
    def run(body: bytes) -> None:
        embeddings.write_ollama_answer(embeddings.read_openai_answer(body), STAMP)

    body = HOSTILE[what](VECTORS)
    assert bounds.small(run, body, (GarbledError,)) + len(body) < bounds.MEMORY


def test_vectors_have_a_measure_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "VECTORS", 20)
    body = b'{"data":[{"embedding":[0.5,0.25]},{"embedding":[1.0,0.0]}]}'
    assert len(embeddings.read_openai_answer(body).vectors) == 2
    with pytest.raises(GarbledError, match="longer than any model's"):
        embeddings.read_openai_answer(body.replace(b"1.0", b"1.125"))


def test_ollamas_client_reads_its_form() -> None:
    client = listeners.of_ollama(embeddings.write_ollama_answer(TWO, STAMP))
    answer = client.embed("m", ["a", "b"])
    assert [list(vector) for vector in answer.embeddings] == [[0.5, -0.25], [1.0, 0.0]]
    assert answer.prompt_eval_count == 7


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4), max_size=3))
def test_base64_loses_nothing(vectors: list[list[float]]) -> None:
    body = json.dumps({"data": [{"embedding": packed(vector)} for vector in vectors]}).encode()
    assert (
        json.loads(embeddings.write_ollama_answer(embeddings.read_openai_answer(body), STAMP))["embeddings"] == vectors
    )
