"""The file we ship: every row loads and is plausible, and it knows what people ask for."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayapp.catalog.facts import Facts
from trayapp.catalog.rows import Book, Fact, read
from trayapp.core.accounts import Account
from trayapp.core.models import Capability, Modality, Use
from trayapp.providers.spec import Entry, Json, ProviderSpec

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "resources" / "catalog.json"
SAMPLES = ROOT / "tests" / "samples"
BOOK: Book = read(SHIPPED.read_bytes())
FACTS = Facts(SHIPPED)


def _rows() -> Iterator[tuple[str, Fact]]:
    for spec in BOOK.providers:
        for fact in BOOK.facts(spec):
            yield spec, fact


def _parse(body: Json) -> Iterator[Entry | None]:
    return iter(())


def _spec(id: str) -> ProviderSpec:
    return ProviderSpec(id=id, name=id, base_url="https://api.test", parse=_parse)


def test_it_has_the_providers_of_the_table_and_thousands_of_models() -> None:
    assert BOOK.count() > 2000
    assert {"openai", "anthropic", "gemini", "openrouter", "mistral", "groq", "cohere", "together"} <= set(
        BOOK.providers
    )
    assert {"xai", "deepinfra", "fireworks", "azure-openai", "replicate", "bedrock"} <= set(BOOK.providers)
    assert {"alibaba", "deepseek", "nvidia", "huggingface", "moonshot", "zai"} <= set(BOOK.providers)


def test_every_row_is_plausible() -> None:
    for spec, fact in _rows():
        where = f"{spec} {fact.id}"
        assert fact.id.strip() == fact.id != "", where
        assert fact.name is None or fact.name.strip() == fact.name != "", where
        for amount in (fact.input, fact.output, fact.cache_read, fact.cache_write):
            assert amount is None or 0 <= amount <= 1000, where
        assert (fact.input is None) == (fact.output is None), where
        assert fact.context is None or 50 <= fact.context <= 20_000_000, where
        assert fact.max_output is None or 0 < fact.max_output <= (fact.context or 20_000_000), where
        assert not (fact.capabilities or 0) & (fact.lacks or 0), where
        assert (fact.capabilities or 0) | (fact.lacks or 0) <= sum(Capability), where
        assert (fact.inputs or 0) | (fact.outputs or 0) <= sum(Modality), where
        for date in (fact.released, fact.deprecated):
            assert not date or re.fullmatch(r"20\d\d(-\d\d){0,2}", date), where


def test_rows_are_sorted_and_named_once() -> None:
    assert list(BOOK.providers) == sorted(BOOK.providers)
    for spec in BOOK.providers:
        ids = [fact.id for fact in BOOK.facts(spec)]
        assert ids == sorted(set(ids))


def test_most_have_what_people_look_at() -> None:
    rows = [fact for _, fact in _rows()]
    assert sum(fact.price is not None for fact in rows) > 0.85 * len(rows)
    assert sum(fact.context is not None for fact in rows) > 0.8 * len(rows)


@pytest.mark.parametrize(
    "form", [r"\d+-x-\d+", r"commitment/", r"^ft:", r"^(?:azure|bedrock|eu|us|global)/", r"sample_spec"]
)
def test_no_key_form_of_the_sources_is_left(form: str) -> None:
    assert [fact.id for _, fact in _rows() if re.search(form, fact.id)] == []


def test_the_gpt_5_line_has_its_whole_window_not_the_input_limit() -> None:
    windows = {fact.id: fact.context for fact in BOOK.facts("openai") if fact.id in ("gpt-5", "gpt-5.1", "gpt-5-mini")}
    assert windows == {"gpt-5": 400_000, "gpt-5.1": 400_000, "gpt-5-mini": 400_000}


def test_editions_and_notice_name_the_same_pins() -> None:
    pins = (ROOT / "packaging" / "catalog-pins.txt").read_text()
    notice = (ROOT / "resources" / "CATALOG-NOTICE.txt").read_text()
    assert f"day = {BOOK.day}" in pins
    for edition in BOOK.editions:
        assert f"{edition.name}=={edition.version}" in pins
        assert f"{edition.name} {edition.version}" in notice
    assert notice.count("MIT License") == len(BOOK.editions) + 1
    assert notice.count("Copyright (c)") >= len(BOOK.editions)
    assert "The above copyright notice and this permission notice" in notice


@pytest.mark.parametrize(
    ("spec", "sample", "items", "id"),
    [
        ("openai", "openai", "data", "id"),
        ("anthropic", "anthropic", "data", "id"),
        ("gemini", "gemini", "models", "name"),
        ("groq", "groq", "data", "id"),
        ("mistral", "mistral", "data", "id"),
        ("xai", "xai", "models", "id"),
        ("zai", "zai", "data", "id"),
    ],
)
def test_half_of_a_recorded_list_gets_a_price(spec: str, sample: str, items: str, id: str) -> None:
    body = json.loads((SAMPLES / f"{sample}.json").read_text())
    entries = [Entry(item[id], aliases=tuple(item.get("aliases") or ())) for item in body[items]]
    models = FACTS.enrich(Account("a", spec), _spec(spec), entries)
    assert {model.ref.model for model in models} == {entry.id for entry in entries}
    chat = [model for model in models if model.use is Use.CHAT]
    assert 2 * sum(model.price is not None for model in chat) >= len(chat), [m.ref.model for m in chat if not m.price]


def test_claude_takes_tools_and_images_and_streams() -> None:
    (model,) = FACTS.enrich(Account("a", "anthropic"), _spec("anthropic"), [Entry("claude-opus-4-5")])
    assert all(model.can(it) for it in (Capability.TOOLS, Capability.VISION, Capability.STREAMING))
    assert (model.use, model.context) == (Use.CHAT, 200_000)


@pytest.mark.parametrize("spec", ["openai", "bedrock", "openrouter"])
def test_one_provider_is_ready_within_15_ms(spec: str) -> None:
    best = 1.0
    for _ in range(5):
        facts = Facts(SHIPPED)
        begun = time.perf_counter()
        assert facts.enrich(Account("a", spec), _spec(spec), [Entry(BOOK.facts(spec)[0].id)])
        best = min(best, time.perf_counter() - begun)
    assert best < 0.015
