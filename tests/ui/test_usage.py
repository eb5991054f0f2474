"""Use in words: today's line, the bars with their scale, the table with its totals."""

from __future__ import annotations

import pytest

from trayapp.gateway.usage import Report, Totals, added
from trayapp.ui.usage import APART, DAYS, Measure, cells, day_words, money, short, today_line, view

DAY_NAMES = tuple(f"2026-06-{day:02}" for day in range(1, DAYS + 1))


def report(daily: dict[str, dict[str, Totals]], what: str = "model") -> Report:
    """As the file gives it, from what each group has on its days."""
    groups = [added(days.values(), name) for name, days in daily.items()]
    days = [added((it[day] for it in daily.values() if day in it), day) for day in DAY_NAMES]
    return Report(what, tuple(days), tuple(sorted(groups, key=lambda it: -it.requests)), daily)


def on(day: int, requests: int, **more: float) -> dict[str, Totals]:
    name = DAY_NAMES[day - 1]
    return {name: Totals(name, requests, **more)}  # type: ignore[arg-type]


TWO = report(
    {
        "openai/gpt-5": on(3, 4, input=1000, output=200, cost=3.0) | on(30, 1, input=10, cost=0.5),
        "groq/llama": on(3, 2, input=9000, output=800, cost=0.1, unpriced=1),
    }
)


@pytest.mark.parametrize(
    ("totals", "line"),
    [
        (Totals("d", 42, 0, 100_000, 20_000, cost=0.354), "Today: 42 requests, 120k tokens, $0.35"),
        (Totals("d", 1, 0, 900, 50), "Today: 1 request, 950 tokens"),
        (Totals("d", 3, 1, 10, 0, cost=0.25, unpriced=1), "Today: 3 requests, 1 failed, 10 tokens, at least $0.25"),
        (Totals("d", 2, 2), "Today: 2 requests, 2 failed"),
        (Totals("d"), ""),
        (None, ""),
    ],
)
def test_todays_line_says_what_is_known_and_nothing_else(totals: Totals | None, line: str) -> None:
    assert today_line(totals) == line


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (1234, "1.2k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (4_000_000, "4M"),
        (1_234_567_890, "1.2B"),
    ],
)
def test_counts_are_told_in_three_digits(count: int, words: str) -> None:
    assert short(count) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0.0, "$0"),
        (0.004, "<$0.01"),
        (0.3, "$0.30"),
        (999.99, "$999.99"),
        (999.999, "$1,000"),
        (1234.5, "$1,234"),
        (1e7, "$10,000,000"),
    ],
)
def test_sums_of_money_are_told_in_cents(amount: float, words: str) -> None:
    assert money(amount) == words


def test_every_day_is_a_bar_and_every_seventh_is_labelled_from_today_back() -> None:
    chart = view(TWO, Measure.REQUESTS).chart
    assert len(chart.bars) == DAYS
    assert [bar.label for bar in chart.bars if bar.label] == ["2 Jun", "9 Jun", "16 Jun", "23 Jun", "30 Jun"]
    assert (chart.names, chart.bars[2].parts) == (("openai/gpt-5", "groq/llama"), (4, 2))
    assert chart.bars[2].words == "3 Jun: 6 requests – openai/gpt-5 4, groq/llama 2"
    assert chart.bars[3].words == "4 Jun: 0 requests"


def test_the_measure_decides_heights_order_and_words() -> None:
    tokens = view(TWO, Measure.TOKENS).chart
    assert tokens.names == ("groq/llama", "openai/gpt-5")
    assert tokens.bars[2].parts == (9800, 1200)
    assert tokens.bars[2].words == "3 Jun: 11k tokens – groq/llama 9.8k, openai/gpt-5 1.2k"
    spent = view(TWO, Measure.COST).chart
    assert spent.names == ("openai/gpt-5", "groq/llama")
    assert spent.bars[2].words == "3 Jun: $3.10 – openai/gpt-5 $3.00, groq/llama $0.10"


def test_the_chart_can_be_read_without_being_seen() -> None:
    assert view(TWO, Measure.REQUESTS).chart.summary == (
        "In the last 30 days: 7 requests. Most was on 3 Jun: 6 requests. Today: 1 request."
    )
    nothing = view(report({}), Measure.COST)
    assert nothing.chart.summary == "No tool has asked for anything in the last 30 days."
    assert (nothing.lines, nothing.note) == ((), "")
    assert len(nothing.chart.bars) == DAYS


@pytest.mark.parametrize(
    ("most", "measure", "words"),
    [
        (0, Measure.REQUESTS, ["1"]),
        (1, Measure.REQUESTS, ["1"]),
        (4, Measure.REQUESTS, ["1", "2", "3", "4"]),
        (5, Measure.REQUESTS, ["2", "4", "6"]),
        (17, Measure.REQUESTS, ["5", "10", "15", "20"]),
        (100, Measure.REQUESTS, ["50", "100"]),
        (1_300_000, Measure.TOKENS, ["500k", "1M", "1.5M"]),
        (0.001, Measure.COST, ["$0.01"]),
        (0.35, Measure.COST, ["$0.10", "$0.20", "$0.30", "$0.40"]),
        (12.0, Measure.COST, ["$5.00", "$10.00", "$15.00"]),
    ],
)
def test_the_scale_has_few_round_lines_up_to_what_is_highest(most: float, measure: Measure, words: list[str]) -> None:
    field = {Measure.REQUESTS: "requests", Measure.TOKENS: "input", Measure.COST: "cost"}[measure]
    counted = {"requests": 1, field: most}
    ticks = view(report({"a": on(1, **counted)} if most else {}), measure).chart.ticks  # type: ignore[arg-type]
    assert [text for _height, text in ticks] == words
    assert ticks[-1][0] >= most


def test_what_is_too_much_to_be_told_apart_is_one_part_and_every_line_of_the_table() -> None:
    many = report({f"m{number}": on(1, 10 - number) for number in range(8)})
    shown = view(many, Measure.REQUESTS)
    assert shown.chart.names == ("m0", "m1", "m2", "m3", "m4", "Others")
    assert shown.chart.bars[0].parts == (10, 9, 8, 7, 6, 5 + 4 + 3)
    assert [(line.cells[0], line.part) for line in shown.lines] == [
        *((f"m{number}", min(number, APART)) for number in range(8)),
        ("All", None),
    ]


def test_what_the_file_cut_away_is_told_as_others() -> None:
    cut = Report("tool", TWO.days, TWO.groups[:1], {TWO.groups[0].name: TWO.daily[TWO.groups[0].name]})
    shown = view(cut, Measure.REQUESTS)
    assert [line.cells[:2] for line in shown.lines] == [("openai/gpt-5", "5"), ("Others", "2"), ("All", "7")]
    assert shown.chart.bars[2].parts == (4, 2)


def test_the_table_says_what_is_known_of_each_and_leaves_the_rest_empty() -> None:
    shown = view(TWO, Measure.COST)
    assert shown.columns == ("Model", "Requests", "Failed", "Tokens in", "Tokens out", "Cached", "Cost", "First byte")
    assert shown.lines[0].cells == ("openai/gpt-5", "5", "", "1,010", "200", "", "$3.50", "")
    assert shown.lines[1].cells[6] == "at least $0.10"
    assert shown.note == "The price of 1 answer is not known: what is said of cost is without it."
    assert cells(Totals("", 1234, waited=3.0, began=4)) == ("1,234", "", "", "", "", "$0", "0.75 s")
    assert cells(Totals("", 3, unpriced=3))[5] == ""
    assert cells(Totals("", 3, 3))[5] == ""


def test_accounts_are_called_by_their_names_and_who_did_not_say_its_own_is_not_told() -> None:
    shown = view(report({"openai": on(1, 3), "": on(1, 1)}, "provider"), Measure.REQUESTS, {"openai": "OpenAI – work"})
    assert [line.cells[0] for line in shown.lines] == ["OpenAI – work", "not told", "All"]
    assert "OpenAI – work 3" in shown.chart.bars[0].words


def test_days_are_told_without_their_year() -> None:
    assert (day_words("2026-01-01"), day_words("2026-12-31")) == ("1 Jan", "31 Dec")
