"""Counts what passes through the gateway since it began, and tells it in Prometheus' text form (S4-50)."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from trayapp.core.redaction import struck
from trayapp.gateway.usage import Request

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds, for the time to the first byte."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_MODELS = 200
"""Different models that are told apart: tools may ask for any name. What comes later is counted as “other”."""
MOST_LOADED = 100
"""Local models in memory that are named."""
_OTHER = ("other", "other")

_Sample: TypeAlias = tuple[Mapping[str, str], float]


class Metrics:
    """Sums since it was made. Written by the gateway's loop, read from anywhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._tokens: Counter[tuple[str, str, str]] = Counter()
        self._cost: dict[tuple[str, str], float] = {}
        self._first = [0] * (len(BUCKETS) + 1)
        """Those between two edges; they are added up when they are told."""
        self._first_sum = 0.0
        self._models: set[tuple[str, str]] = set()
        self.active = 0
        """Requests that are under way."""

    def record(self, it: Request) -> None:
        """Count one request that has ended."""
        with self._lock:
            model = (it.provider, it.model)
            if model not in self._models:
                if len(self._models) < MOST_MODELS:
                    self._models.add(model)
                else:
                    model = _OTHER
            self._requests[(*model, it.outcome)] += 1
            counts = (("input", it.input), ("output", it.output), ("cached", it.cached), ("cache_write", it.written))
            for kind, count in counts:
                if count and count > 0:
                    self._tokens[(*model, kind)] += count
            if it.cost:
                self._cost[model] = self._cost.get(model, 0.0) + it.cost
            if it.first_byte is not None:
                self._first_sum += it.first_byte
                self._first[bisect_left(BUCKETS, it.first_byte)] += 1

    def text(self, local: Mapping[str, Any]) -> str:
        """Everything in Prometheus' text form; ``local`` is S3-39's object. Cached tokens are among the input."""
        with self._lock:  # written out afterwards: a request that has ended must not wait for it
            requests, tokens, cost = [*self._requests.items()], [*self._tokens.items()], [*self._cost.items()]
            first, first_sum = tuple(accumulate(self._first)), self._first_sum
        by_outcome, by_kind = ("provider", "model", "outcome"), ("provider", "model", "kind")
        lines = [
            *_family("trayapp_requests_total", "counter", "Requests that ended.", _samples(by_outcome, requests)),
            *_family("trayapp_tokens_total", "counter", "Tokens, as answers told them.", _samples(by_kind, tokens)),
            *_family(
                "trayapp_cost_usd_total",
                "counter",
                "Cost in US dollars where prices are known.",
                _samples(("provider", "model"), cost),
            ),
            *_family("trayapp_requests_active", "gauge", "Requests under way.", [({}, self.active)]),
            *_histogram("trayapp_first_byte_seconds", "Time until the answer began.", first, first_sum),
            *_local(local),
        ]
        return "\n".join(lines) + "\n"


def _samples(labels: Sequence[str], counted: Iterable[tuple[tuple[str, ...], float]]) -> list[_Sample]:
    return [(dict(zip(labels, names, strict=True)), value) for names, value in sorted(counted)]


def _histogram(name: str, about: str, counts: Sequence[int], total: float) -> Iterator[str]:
    """``counts`` add up from edge to edge, the last being all of them."""
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} histogram"
    for edge, count in zip((*BUCKETS, math.inf), counts, strict=True):
        yield f'{name}_bucket{{le="{_number(edge)}"}} {count}'
    yield f"{name}_sum {_number(total)}"
    yield f"{name}_count {counts[-1]}"


def _local(local: Mapping[str, Any]) -> Iterator[str]:
    # two servers may have a model of the same name, and the same labels twice are no metrics at all
    loaded = Counter(str(it) for it in local.get("loaded_models") or ())
    named = [({"model": name}, count) for name, count in sorted(loaded.items())[:MOST_LOADED]]
    yield from _family("trayapp_local_models_loaded", "gauge", "Local models in memory.", named)
    rate, swap = local.get("cache_hit_rate"), local.get("avg_swap_time_ms")
    if rate is not None:
        yield from _family("trayapp_local_hit_ratio", "gauge", "Share of uses that needed no load.", [({}, rate)])
    if swap is not None:
        yield from _family("trayapp_local_swap_seconds", "gauge", "Average time of a load.", [({}, swap / 1000)])
    for kind, about in (
        ("hits", "Uses that found their model loaded."),
        ("misses", "Uses that waited for a load."),
        ("swaps", "Loads of local models."),
    ):
        if local.get(kind) is not None:
            yield from _family(f"trayapp_local_{kind}_total", "counter", about, [({}, local[kind])])


def _family(name: str, kind: str, about: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    told: dict[str, float] = {}
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        told[inside] = told.get(inside, 0) + value  # names that differ may read the same when cut
    for inside, value in told.items():
        yield f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _number(value: float) -> str:
    """Every digit: a counter that is rounded seems to stand still."""
    if math.isfinite(value):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _escaped(text: str) -> str:
    """A name as a label's value: keys struck out, cut, and only letters that can be sent."""
    text = struck(text[:400])[:120].encode("utf-8", "replace").decode()
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")
