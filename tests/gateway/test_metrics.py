"""Prometheus' text form: valid to the letter, bounded, and every figure in it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.gateway.figures import Sample, parsed, request
from trayapp.gateway import metrics as module
from trayapp.gateway.metrics import BUCKETS, Metrics

LOCAL: dict[str, Any] = {
    "cache_strategy": "ram",
    "loaded_models": ["qwen2.5:7b", "gemma4:latest"],
    "cache_hit_rate": 0.85,
    "avg_swap_time_ms": 1200,
    "hits": 17,
    "misses": 3,
    "swaps": 4,
}


def of(found: list[Sample], name: str, **labels: str) -> float:
    (value,) = [it.value for it in found if it.name == name and labels.items() <= it.labels.items()]
    return value


def test_before_the_first_request_it_is_valid_and_counts_nothing() -> None:
    found = parsed(Metrics().text({}))
    assert of(found, "trayapp_first_byte_seconds_count") == 0
    assert of(found, "trayapp_requests_active") == 0
    assert {it.value for it in found} == {0}


def test_requests_tokens_cost_and_times_are_told_by_model_and_outcome() -> None:
    metrics = Metrics()
    metrics.active = 3
    metrics.record(request(input=100, output=20, cached=60, written=10, cost=0.5, first_byte=0.3))
    metrics.record(request(input=1, output=2, cost=0.25, first_byte=7.0))
    metrics.record(request(outcome="limited"))
    found = parsed(metrics.text({}))
    assert of(found, "trayapp_requests_total", provider="openai", model="gpt-5", outcome="ok") == 2
    assert of(found, "trayapp_requests_total", outcome="limited") == 1
    kinds = {it.labels["kind"]: it.value for it in found if it.name == "trayapp_tokens_total"}
    assert kinds == {"input": 101, "output": 22, "cached": 60, "cache_write": 10}
    assert of(found, "trayapp_cost_usd_total", model="gpt-5") == 0.75
    assert of(found, "trayapp_requests_active") == 3
    buckets = {it.labels["le"]: it.value for it in found if it.name == "trayapp_first_byte_seconds_bucket"}
    assert len(buckets) == len(BUCKETS) + 1
    assert (buckets["0.25"], buckets["0.5"], buckets["5"], buckets["10"], buckets["+Inf"]) == (0, 1, 1, 2, 2)
    assert of(found, "trayapp_first_byte_seconds_sum") == pytest.approx(7.3)


def test_a_time_on_an_edge_is_within_its_bucket() -> None:
    metrics = Metrics()
    metrics.record(request(first_byte=0.05))
    assert of(parsed(metrics.text({})), "trayapp_first_byte_seconds_bucket", le="0.05") == 1


def test_local_models_are_told_with_the_figures_of_their_memory() -> None:
    found = parsed(Metrics().text(LOCAL))
    assert of(found, "trayapp_local_models_loaded", model="qwen2.5:7b") == 1
    assert of(found, "trayapp_local_hit_ratio") == 0.85
    assert of(found, "trayapp_local_swap_seconds") == 1.2
    counted = [of(found, f"trayapp_local_{it}_total") for it in ("hits", "misses", "swaps")]
    assert counted == [17, 3, 4]


def test_what_is_not_known_of_local_models_is_left_out() -> None:
    unknown: dict[str, Any] = {
        "cache_strategy": None,
        "loaded_models": [],
        "cache_hit_rate": None,
        "avg_swap_time_ms": None,
    }
    told = {it.name for it in parsed(Metrics().text(unknown))}
    assert not any("local" in name for name in told)


def test_the_same_model_on_two_servers_is_one_line() -> None:
    found = parsed(Metrics().text({"loaded_models": ["a", "b", "a"]}))
    assert of(found, "trayapp_local_models_loaded", model="a") == 2


def test_names_from_outside_cannot_break_the_form(canary: str) -> None:
    names = ['a"} 1\nevil_total 99', "back\\slash", "new\nline", "car\rriage", "\ud800half", "ünïcode", f"key {canary}"]
    metrics = Metrics()
    for name in names:
        metrics.record(request(model=name, input=1, cost=1.0))
    text = metrics.text({"loaded_models": names})
    found = parsed(text)
    assert canary not in text
    text.encode()
    models = {it.labels["model"] for it in found if it.name == "trayapp_requests_total"}
    assert {names[0], names[1], names[2], "car riage", "?half", "ünïcode", "key …"} == models
    assert not any(it.name == "evil_total" for it in found)


def test_names_that_read_the_same_when_cut_are_added() -> None:
    metrics = Metrics()
    for ending in "abc":
        metrics.record(request(model="long" * 60 + ending))
    assert of(parsed(metrics.text({})), "trayapp_requests_total") == 3


def test_however_many_models_are_asked_for_the_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MODELS", 5)
    monkeypatch.setattr(module, "MOST_LOADED", 2)
    metrics = Metrics()
    for number in range(50):
        metrics.record(request(model=f"m{number}", input=1, cost=1.0))
    metrics.record(request(model="m0"))
    found = parsed(metrics.text({"loaded_models": list("abcdef")}))
    for name in ("trayapp_requests_total", "trayapp_tokens_total", "trayapp_cost_usd_total"):
        assert len([it for it in found if it.name == name]) == 6
        assert of(found, name, model="other", provider="other") == 45
    assert of(found, "trayapp_requests_total", model="m0") == 2
    assert len([it for it in found if it.name == "trayapp_local_models_loaded"]) == 2


def test_large_counters_keep_every_digit() -> None:
    metrics = Metrics()
    metrics.record(request(input=12_345_678_901, cost=1e-7))
    metrics.record(request(input=1, cost=1e-7))
    text = metrics.text({})
    assert of(parsed(text), "trayapp_tokens_total", kind="input") == 12_345_678_902
    assert "12345678902\n" in text
    assert of(parsed(text), "trayapp_cost_usd_total") == pytest.approx(2e-7)


def test_figures_that_are_none_are_written_as_the_form_has_them() -> None:
    metrics = Metrics()
    metrics.record(request(cost=math.inf, first_byte=math.inf))
    found = parsed(metrics.text({}))
    assert of(found, "trayapp_cost_usd_total") == math.inf
    assert of(found, "trayapp_first_byte_seconds_bucket", le="120") == 0
    assert of(found, "trayapp_first_byte_seconds_count") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a 1",
        "# HELP a x\n# TYPE a gauge\n\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
        '# HELP a x\n# TYPE a gauge\na{b="c} 1\n',
        "# HELP a x\n# TYPE a counter\na 1\n",
        "# HELP a x\n# TYPE a gauge\nb 1\n",
        "# HELP a x\n# TYPE a what\na 1\n",
        '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
)
def test_the_reader_of_these_tests_refuses_what_is_not_valid(text: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        parsed(text)
