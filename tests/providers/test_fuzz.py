"""Whatever comes: a parser gives entries or says that it is no list, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.providers.scene import EXTRA
from tests.support import samples
from trayapp.core.models import Capability
from trayapp.providers import local, merging
from trayapp.providers.fields import MAX_ID, NotAListError, day, every, kept_once
from trayapp.providers.refusals import retry_after, words
from trayapp.providers.spec import Entry, Parse
from trayapp.providers.table import SPECS
from trayapp.providers.wire import Answer, decoded

PARSERS: dict[str, Parse] = {}
for _row in SPECS:
    PARSERS[_row.id] = _row.parse
    if _row.extra_list is not None:
        PARSERS[EXTRA[_row.id]] = _row.extra_list.parse
    PARSERS.update({f"{_row.id} {route.path}": route.parse for route in _row.list_fallbacks})

WRONG: list[Any] = [None, True, 0, -1, 1.5, "", "word", [], ["word"], [None], {}, {"a": 1}, [{"a": []}]]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "\n", "x" * 400, "-1", "0", "text", "2026-13-99", "\x7f", "gpt-4", "true"])
    | st.text(max_size=8)
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(parse: Parse, body: Any) -> list[Entry]:
    """The entries, each looked at; a body that is no list has none."""
    try:
        entries = [entry for entry in parse(body) if entry is not None]
    except NotAListError:
        return []
    for entry in entries:
        assert entry.id.strip()
        assert entry.id.isprintable()
        assert len(entry.id) <= MAX_ID
        assert entry.name.isprintable()
        assert entry.context is None or (isinstance(entry.context, int) and entry.context > 0)
        assert entry.max_output is None or (isinstance(entry.max_output, int) and entry.max_output > 0)
        if entry.price is not None:
            assert entry.price.input >= 0
            assert entry.price.output >= 0
        assert not entry.capabilities & entry.lacks
        assert 0 <= entry.capabilities <= sum(Capability)
        assert entry.released is None or day(entry.released) == entry.released
        assert isinstance(entry.hidden, bool)
        assert all(isinstance(alias, str) for alias in entry.aliases)
        assert isinstance(entry.base, str)
    return entries


@pytest.mark.parametrize("name", PARSERS)
@FUZZ
@given(body=JSON)
def test_any_json_at_all_is_survived(name: str, body: Any) -> None:
    read(PARSERS[name], body)
    for envelope in ({"data": body}, {"models": body}, {"output": {"models": body}}, {"modelSummaries": body}, [body]):
        read(PARSERS[name], envelope)
        read(PARSERS[name], {"data": [envelope]})


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The same shape, with one thing in it replaced by anything."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: mutated(draw, value[name])}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutated(draw, value[index]), *value[index + 1 :]]
    return draw(JSON)


@pytest.mark.parametrize("name", [row.id for row in SPECS] + sorted(EXTRA.values()))
@FUZZ
@given(data=st.data())
def test_a_sample_with_one_thing_wrong_loses_at_most_that_row(name: str, data: st.DataObject) -> None:
    sample = samples.data(name)
    rows = len(read(PARSERS[name], sample))
    body = st.composite(mutated)(sample)
    entries = read(PARSERS[name], data.draw(body))
    assert len(entries) <= rows + 4


@pytest.mark.parametrize("name", [row.id for row in SPECS] + sorted(EXTRA.values()))
def test_every_field_may_be_of_every_type(name: str) -> None:
    """Row by row and field by field, the id aside: only that field is lost."""
    sample = samples.data(name)

    def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [path] + [it for key, part in inner for it in paths(part, (*path, key))]

    untouched = json.dumps(sample)
    for path in paths(sample)[1:]:
        target = sample
        for key in path[:-1]:
            target = target[key]
        right = target[path[-1]]
        for wrong in WRONG:
            target[path[-1]] = wrong
            read(PARSERS[name], sample)
        target[path[-1]] = right
    assert json.dumps(sample) == untouched, "a parser leaves what it reads as it is"


ENTRIES = st.lists(
    st.builds(
        Entry,
        id=st.sampled_from("abcdef"),
        name=st.sampled_from(["", "n", "m"]),
        base=st.sampled_from(["", *"abcdef"]),
        aliases=st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple),
        hidden=st.booleans(),
        context=st.none() | st.integers(1, 9),
    ),
    max_size=6,
).map(kept_once)


@pytest.mark.parametrize(
    "merge",
    [
        merging.by_id,
        merging.both,
        merging.one_per_name,
        merging.aliases_folded,
        merging.with_deployed_models,
        merging.with_profiles,
    ],
)
@FUZZ
@given(first=ENTRIES, second=ENTRIES)
def test_merging_invents_no_model_and_forgets_none_silently(
    merge: Any, first: list[Entry], second: list[Entry]
) -> None:
    merged = kept_once(merge(first, second))
    known = {entry.id for entry in (*first, *second)}
    assert {entry.id for entry in merged} <= known
    named = {name for entry in merged for name in (entry.id, entry.base, *entry.aliases)}
    assert {entry.id for entry in first} <= named
    assert bool(merged) == bool(first) or second


@FUZZ
@given(body=st.binary(max_size=300), status=st.integers(200, 599), wait=st.text(max_size=20))
@example(body=b"[" * 300, status=500, wait="1e999")
@example(body=b'{"error":' * 90, status=500, wait="9" * 400)
def test_any_bytes_are_words_or_none(body: bytes, status: int, wait: str) -> None:
    answer = Answer("https://x", status, {"retry-after": wait, "retry-after-ms": wait, "location": wait}, body)
    said = words(answer, None)
    assert len(said) <= 200
    assert said.isprintable()
    seconds = retry_after(answer, 0.0)
    assert seconds is None or 0 <= seconds <= 86_400


@FUZZ
@given(
    body=JSON, path=st.sampled_from(["error", "error.details[].reason", "a[].b[].c", "[]", "."]), status=st.integers()
)
def test_any_json_is_looked_into_without_harm(body: Any, path: str, status: int) -> None:
    list(every(body, path))
    assert isinstance(local.lmstudio_here(status, body), bool)
    assert isinstance(local.ollama_here(status, body), bool)


@FUZZ
@given(value=st.text(max_size=40))
@example("[::1")
@example("http://[::1]x:5")
@example("://")
def test_any_ollama_host_gives_some_address(value: str) -> None:
    assert local.ollama_address(value).startswith(("http://", "https://"))


@FUZZ
@given(body=JSON)
def test_what_is_json_and_not_deep_is_parsed_as_it_stands(body: Any) -> None:
    raw = json.dumps(body).encode()
    try:
        assert decoded(raw) == json.loads(raw)
    except NotAListError:
        assert any(it in raw for it in (b"Infinity", b"\\ud", b"e+", b"E")) or len(raw) > 100
