"""Request bodies: parsed at the top only, decoded within the limit."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.gateway.bodies import Body, declared_length, plain_bytes
from trayapp.gateway.refusal import RefusedError

LIMIT = 2**20


def refused(call: Any, *given: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        call(*given)
    return caught.value


def test_only_the_model_changes_and_every_other_byte_stays() -> None:
    body = Body(
        b'{ "big":123456789012345678901234567890, "model" : "x", "n":1.50e+00,"s":"\\u00e9\xc3\xa9", "u":[ 1,{ } ]}'
    )
    assert body.model == "x"
    body.put("model", "acme/large")
    assert body.encoded() == (
        b'{"big":123456789012345678901234567890,"model":"acme/large","n":1.50e+00,"s":"\\u00e9\xc3\xa9","u":[ 1,{ } ]}'
    )


def test_a_body_that_nobody_changes_is_the_one_that_came() -> None:
    raw = b'\n{ "model" : "x" }\r\n'
    body = Body(raw)
    body.drop("keep_alive")
    assert body.encoded() is raw


def test_fields_are_dropped_and_added() -> None:
    body = Body(b'{"keep_alive":-1,"model":"x"}')
    body.drop("keep_alive")
    body.put("options", {"num_ctx": 1})
    assert body.encoded() == b'{"model":"x","options":{"num_ctx":1}}'
    assert "keep_alive" not in body
    assert body.get("options") == {"num_ctx": 1}


def test_streaming_is_what_the_body_says() -> None:
    assert Body(b'{"stream":true}').stream is True
    assert Body(b'{"stream":false}').stream is False
    assert Body(b'{"stream":null}').stream is None
    assert Body(b"{}").stream is None
    assert refused(lambda: Body(b'{"stream":"yes"}').stream).status == 400


@pytest.mark.parametrize("value", [b"1", b"null", b"[]", b"true", b'{"a":1}'])
def test_a_model_that_is_no_text_is_refused(value: bytes) -> None:
    assert refused(lambda: Body(b'{"model":%b}' % value).model).status == 400


def test_usage_is_asked_for_once_and_other_options_stay() -> None:
    body = Body(b'{"stream":true,"stream_options":{"include_obfuscation":false}}')
    assert body.ask_for_usage()
    assert json.loads(body.encoded())["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert not body.ask_for_usage()
    assert Body(b'{"stream_options":null}').ask_for_usage()
    assert Body(b'{"stream_options":{"include_usage":false}}').ask_for_usage()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b"{",
        b'{"a":}',
        b'{"a":1,}',
        b'{"a":1} x',
        b"{'a':1}",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"model=x",
        b'{"a":' + b"[" * 200_000,
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"model":"a","x":{},"model":"a much longer one"}',
        b'{"model":"a much longer one","x":{},"model":"b"}',
        b'{"mod\\u0065l":"a","model":"b"}',
        b'{"a":1,"b":2,"a":{"q":12}}',
        b'{"a":12,"b":2,"a":1}',
        b'{"a":12,"a":1}',
        b'{"a":NaN}',
    ],
)
def test_what_is_no_object_or_says_a_thing_twice_is_refused_in_words(raw: bytes) -> None:
    told = refused(Body, raw)
    assert told.status == 400
    assert str(told).endswith(".")


@given(st.lists(st.tuples(st.sampled_from("ab,"), st.sampled_from(["1", "12", r'"\":"', '{"a":1}'])), max_size=6))
def test_whatever_the_values_are_a_name_that_comes_twice_is_found(members: list[tuple[str, str]]) -> None:
    raw = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"
    names = [name for name, _value in members]
    if len(set(names)) == len(names):
        assert Body(raw.encode()).encoded() == raw.encode()
    else:
        assert "twice" in str(refused(Body, raw.encode()))


@given(st.dictionaries(st.text(max_size=8), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda it: st.lists(it, max_size=3) | st.dictionaries(st.text(max_size=4), it, max_size=3),
    max_leaves=8,
), max_size=6), st.sampled_from([None, 1, "\t"]), st.booleans())  # fmt: skip
def test_any_object_passes_however_it_is_written(value: dict[str, Any], indent: int | None, ascii: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return
    body = Body(raw)
    assert body.encoded() is raw
    body.put("model", "m")
    assert json.loads(body.encoded()) == {**value, "model": "m"}


def test_a_field_that_is_no_json_is_told_by_its_name_when_somebody_looks_at_it() -> None:
    body = Body(b'{"model":"x","stream_options":{"a":"\xff"}}')
    assert body.model == "x"
    told = refused(body.get, "stream_options")
    assert (told.status, "“stream_options”" in str(told)) == (400, True)


def test_a_declared_length_is_held_against_the_limit() -> None:
    assert declared_length(None, 10) is None
    assert declared_length("10", 10) == 10
    for value in ("11", "9" * 40, "-1", "x"):
        assert refused(declared_length, value, 10).status == 413


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"words" * 100, mtime=0)),
        ("X-GZIP", gzip.compress(b"words" * 100, mtime=0)),
        (" gzip ", gzip.compress(b"words" * 50, mtime=0) + gzip.compress(b"words" * 50, mtime=0)),
        ("gzip", gzip.compress(b"words", mtime=0) * 100 + bytes(9)),
        ("deflate", zlib.compress(b"words" * 100)),
        ("deflate", zlib.compress(b"words" * 100)[2:-4]),
        ("identity", b"words" * 100),
        ("", b"words" * 100),
    ],
)
def test_the_usual_encodings_are_decoded(coding: str, packed: bytes) -> None:
    assert plain_bytes(packed, coding, LIMIT) == b"words" * 100


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip,deflate", "compress", "x"])
def test_an_encoding_that_is_not_known_is_named_as_such(coding: str) -> None:
    told = refused(plain_bytes, b"x", coding, LIMIT)
    assert (told.status, told.headers["Accept-Encoding"]) == (415, "gzip, deflate, identity")


@pytest.mark.parametrize(
    "packed", [b"nonsense", gzip.compress(b"x", mtime=0)[:-9], gzip.compress(b"x", mtime=0) + b"rest", b""]
)
def test_a_body_that_is_not_what_its_encoding_says_is_refused(packed: bytes) -> None:
    if packed == b"":
        assert plain_bytes(packed, "gzip", LIMIT) == b""
    else:
        assert refused(plain_bytes, packed, "gzip", LIMIT).status == 400


@pytest.mark.parametrize("packed", [b"\x03\x00" * 2**17, b"\x01\x00\x00\xff\xff" * 2**16, gzip.compress(b"") * 2**14])
def test_a_body_of_nothing_but_ends_is_refused_at_once(packed: bytes) -> None:
    """Each end makes zlib copy what is left over: found by ten minutes of fuzzing."""
    begun = time.thread_time()
    assert refused(plain_bytes, packed, "gzip" if packed.startswith(b"\x1f") else "deflate", LIMIT).status == 400
    assert time.thread_time() - begun < 0.5


def test_a_small_body_that_grows_a_thousandfold_never_gets_the_memory() -> None:
    bomb = gzip.compress(bytes(200 * LIMIT), 9, mtime=0)
    assert len(bomb) < LIMIT
    tracemalloc.start()
    begun = time.perf_counter()
    assert refused(plain_bytes, bomb, "gzip", LIMIT).status == 413
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * LIMIT
    assert time.perf_counter() - begun < 1.0
    assert len(plain_bytes(gzip.compress(bytes(LIMIT), mtime=0), "gzip", LIMIT)) == LIMIT
    assert refused(plain_bytes, gzip.compress(bytes(LIMIT + 1), mtime=0), "gzip", LIMIT).status == 413
