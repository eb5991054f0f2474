"""``usage``: sums for people, for programs and for spreadsheets, with no program running."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator

import msgspec
import pytest

from tests.cli.conftest import NOW, Shell
from tests.gateway.figures import in_zone, request
from trayapp.core.accounts import Account
from trayapp.gateway.usage import FILE
from trayapp.gateway.usage_file import COLUMNS, UsageFile

DAY = 86400.0


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        in_zone(patch, "UTC0")
        yield
    time.tzset()


@pytest.fixture
def used(shell: Shell) -> Shell:
    UsageFile(shell.paths.data / FILE, lambda: NOW).write(
        [
            request(NOW, input=1200, output=300, cached=200, cost=0.25, first_byte=0.5),
            request(NOW - DAY, tool="claude-code", provider="groq", model="llama", outcome="limited"),
            request(NOW - 5 * DAY, tool="=evil()", cost=0.5, outcome="cancelled"),
            request(NOW - 40 * DAY, tool="long ago"),
        ]
    )
    return shell


def test_the_table_is_of_thirty_days_by_model_with_its_total(used: Shell) -> None:
    ran = used.run("usage")
    assert (ran.code, ran.err) == (0, "")
    header, first, second, total = ran.out.splitlines()
    assert header.split("  ")[0] == "Model"
    assert first.split() == ["openai/gpt-5", "2", "1,200", "300", "200", "$0.75", "0.50", "s"]
    assert second.split() == ["groq/llama", "1", "1"]
    assert total.split()[:3] == ["All", "3", "1"]
    assert first.index("1,200") + 5 == header.index("Tokens in") + len("Tokens in")


def test_it_is_by_provider_tool_or_day_and_of_as_many_days_as_asked_for(used: Shell) -> None:
    used.set_up(Account("groq", "groq", name="Groq – work"))
    assert "Groq – work" in used.run("usage", "--by", "provider").out
    tools = used.run("usage", "--by", "tool", "--days", "2").out.splitlines()
    assert [line.split()[0] for line in tools] == ["Tool", "aider", "claude-code", "All"]
    assert "long ago" in used.run("usage", "--by", "tool", "--days", "41").out
    days = used.run("usage", "--by", "day").out.splitlines()
    assert [line.split()[0] for line in days] == ["Day", "2025-06-10", "2025-06-14", "2025-06-15", "All"]


def test_programs_get_exact_figures(used: Shell) -> None:
    found = msgspec.json.decode(used.run("usage", "--days", "3", "--json").out)
    assert (found["by"], found["from"], found["to"]) == ("model", "2025-06-13", "2025-06-15")
    assert found["rows"][1] == {
        "model": "openai/gpt-5",
        "requests": 1,
        "failed": 0,
        "input_tokens": 1200,
        "output_tokens": 300,
        "cached_tokens": 200,
        "cost_usd": 0.25,
        "unpriced": 0,
        "first_byte_seconds": 0.5,
    }
    assert (found["total"]["requests"], found["total"]["failed"]) == (2, 1)
    days = msgspec.json.decode(used.run("usage", "--days", "3", "--by", "day", "--json").out)["rows"]
    assert [(it["day"], it["requests"]) for it in days] == [("2025-06-13", 0), ("2025-06-14", 1), ("2025-06-15", 1)]


def test_spreadsheets_get_a_table_that_holds_no_formula(used: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(used.run("usage", "--by", "tool", "--csv").out)))
    assert {it["tool"] for it in rows} == {"aider", "claude-code", "'=evil()"}
    assert next(it for it in rows if it["tool"] == "aider")["cost_usd"] == "0.25"


def test_every_single_request_can_be_had(used: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(used.run("usage", "--by", "request", "--csv").out)))
    assert tuple(rows[0]) == COLUMNS
    assert [(it["tool"], it["outcome"], it["cost"]) for it in rows] == [
        ("aider", "ok", "0.25"),
        ("claude-code", "limited", ""),
        ("'=evil()", "cancelled", "0.5"),
    ]
    found = msgspec.json.decode(used.run("usage", "--by", "request", "--days", "1", "--json").out)["rows"]
    assert [(it["day"], it["input"]) for it in found] == [("2025-06-15", 1200)]


def test_where_nothing_was_asked_it_says_so(shell: Shell) -> None:
    ran = shell.run("usage", "--days", "1")
    assert (ran.code, ran.out) == (0, "No tool has asked the gateway for anything in the last 1 day.\n")
    assert msgspec.json.decode(shell.run("usage", "--json").out)["rows"] == []
    assert shell.run("usage", "--csv").out.startswith("model,requests,")
    assert not (shell.paths.data / FILE).exists()


def test_unknown_prices_are_told(shell: Shell) -> None:
    UsageFile(shell.paths.data / FILE, lambda: NOW).write([request(NOW), request(NOW, cost=0.5)])
    out = shell.run("usage").out
    assert "at least $0.50" in out
    assert "The price of 1 answer is not known" in out


def test_a_file_that_cannot_be_read_is_told_and_left_for_the_program_to_set_aside(shell: Shell) -> None:
    shell.paths.data.mkdir(parents=True, exist_ok=True)
    (shell.paths.data / FILE).write_bytes(b"junk" * 300)
    for form in ((), ("--json",), ("--by", "request", "--csv")):
        ran = shell.run("usage", *form)
        assert ran.code == 1
        assert "could not be read" in ran.err
    assert (shell.paths.data / FILE).read_bytes() == b"junk" * 300


@pytest.mark.parametrize("days", ["0", "-1", "3651", "many", "1e2", "٣", "9" * 30])
def test_days_that_cannot_be_are_wrong_usage(used: Shell, days: str) -> None:
    ran = used.run("usage", f"--days={days}")
    assert (ran.code, ran.out) == (2, "")
    assert "from 1 to 3650" in ran.err


def test_forms_that_do_not_go_together_are_wrong_usage(used: Shell) -> None:
    assert used.run("usage", "--json", "--csv").code == 2
    assert used.run("usage", "--by", "request").code == 2
    assert used.run("usage", "--by", "moon").code == 2


def test_what_to_sum_by_can_be_completed(shell: Shell) -> None:
    assert "provider\n" in shell.run("complete", "--", "usage", "--by", "").out
