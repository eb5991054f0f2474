"""What the tests of usage are fed with: requests on some day of some tool, and a strict reader of Prometheus' text."""

from __future__ import annotations

import datetime as dt
import math
import re
import time
from typing import Any

import pytest
from msgspec import Struct

from trayapp.gateway.usage import Request

NOW = dt.datetime(2026, 6, 15, 12, 0, tzinfo=dt.UTC).timestamp()


def request(at: float = NOW, **more: Any) -> Request:
    return Request(**{"at": at, "tool": "aider", "provider": "openai", "model": "gpt-5", **more})


def in_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """This computer's time from here on; the system's zones are not needed where ``zone`` is a POSIX rule."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has no way to change the zone of one process")
    monkeypatch.setenv("TZ", zone)
    time.tzset()


class Sample(Struct, frozen=True):
    """One line of Prometheus' text form."""

    name: str
    labels: dict[str, str]
    value: float


_HEAD = re.compile(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
_KINDS = ("counter", "gauge", "histogram", "summary", "untyped")


def parsed(text: str) -> list[Sample]:
    """All samples; AssertionError for anything that the text form 0.0.4 does not allow, or that scrapers refuse."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    found: list[Sample] = []
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    family = ""
    for line in text[:-1].split("\n"):
        assert line, "an empty line"
        if line.startswith("#"):
            head = _HEAD.fullmatch(line)
            assert head, line
            if head[1] == "HELP":
                assert head[2] not in helped, f"{head[2]} comes twice"
                helped.add(head[2])
                family = head[2]
            else:
                assert head[3] in _KINDS
                assert (head[2], head[2] in kinds) == (family, False), "TYPE belongs below its HELP, once"
                kinds[head[2]] = head[3]
            continue
        match = _LINE.fullmatch(line)
        assert match, line
        name, labels = match[1], _labels(match[2] or "")
        endings = ("_bucket", "_sum", "_count") if kinds[family] == "histogram" else ("",)
        assert name in {family + ending for ending in endings}, f"{name} outside of its family"
        key = (name, tuple(sorted(labels.items())))
        assert key not in seen, f"{line} comes twice"
        seen.add(key)
        found.append(Sample(name, labels, _value(match[3])))
    for name, kind in kinds.items():
        if kind == "counter":
            assert name.endswith("_total")
            assert all(it.value >= 0 for it in found if it.name == name)
        if kind == "histogram":
            _check_histogram(name, found)
    return found


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        assert match, text
        assert match[1] not in labels
        labels[match[1]] = re.sub(r'\\[\\"n]', _unescaped, match[2])
        at = match.end()
    return labels


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n"}.get(match[0][1], match[0][1])


def _value(text: str) -> float:
    return {"+Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan}.get(text) or float(text)


def _check_histogram(name: str, found: list[Sample]) -> None:
    buckets = [(_value(it.labels["le"]), it.value) for it in found if it.name == f"{name}_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1][0] == math.inf
    assert [count for _edge, count in buckets] == sorted(count for _edge, count in buckets)
    (count,) = (it.value for it in found if it.name == f"{name}_count")
    assert count == buckets[-1][1]
