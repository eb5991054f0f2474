"""The chunk with usage that we asked for is taken out, and nothing else, wherever the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.gateway.usage_chunk import LONGEST, UsageChunk

ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"usage":null}\n\n'
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"\\"choices\\":[] {\\"usage\\":{}}"}}],"usage":null}\n\n'
FILTERED = b'data: {"choices":[],"prompt_filter_results":[{"index":0}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"total_tokens":3}}\n\n'
USAGE = b'data: {"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'
SPACED = b'data: {"choices" : [ ] , "usage" : {"total_tokens": 3} }\r\n\r\n'
COMMENT = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


def passed(*chunks: bytes) -> bytes:
    it = UsageChunk()
    return b"".join([*map(it.feed, chunks), it.end()])


@pytest.mark.parametrize("usage", [USAGE, SPACED, b"event: x\n" + USAGE, USAGE.replace(b"data: ", b"data:")])
def test_the_chunk_is_taken_out_and_all_others_stay(usage: bytes) -> None:
    kept = [ROLE, WORD, COMMENT, FILTERED, LAST, DONE]
    assert passed(*kept[:5], usage, DONE) == b"".join(kept)
    assert passed(b"".join([*kept[:5], usage, DONE])) == b"".join(kept)


@given(st.lists(st.sampled_from([ROLE, WORD, FILTERED, LAST, USAGE, SPACED, COMMENT, DONE]), max_size=8), st.data())
def test_wherever_the_bytes_are_cut_the_same_passes(events: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert passed(*pieces) == b"".join(event for event in events if event not in (USAGE, SPACED))


def test_a_chunk_of_whole_events_passes_at_once_and_as_it_is() -> None:
    it = UsageChunk()
    both = ROLE + WORD
    assert it.feed(both) is both
    assert it.feed(FILTERED) == FILTERED


def test_half_an_event_waits_for_the_rest() -> None:
    it = UsageChunk()
    assert it.feed(ROLE + WORD[:20]) == ROLE
    assert it.feed(WORD[20:]) == WORD


def test_an_event_without_an_end_still_passes_at_the_end_unless_it_is_the_chunk() -> None:
    assert passed(ROLE, b"data: [DONE]") == ROLE + b"data: [DONE]"
    assert passed(ROLE, USAGE.rstrip()) == ROLE


def test_what_only_looks_like_the_chunk_passes() -> None:
    half = b'data: {"choices":[],"usage":\n\n'
    two = b'data: {"choices":[],\ndata: "usage":{}}\n\n'
    assert passed(half, two) == half + two


def test_an_event_too_long_to_be_it_is_not_held() -> None:
    it = UsageChunk()
    long = b'data: {"choices":[],"usage":{"x":"' + b"y" * (2 * LONGEST)
    assert len(it.feed(long)) == len(long)
    rest = [b"y" * 10, b'"}}\n', b"\n", USAGE, DONE]
    assert b"".join(map(it.feed, rest)) + it.end() == b"y" * 10 + b'"}}\n\n' + DONE
    assert it.taken == 1


def test_what_is_no_json_passes() -> None:
    odd = b'data: {"choices":[],"usage":{\n\n'
    assert passed(odd, DONE) == odd + DONE
