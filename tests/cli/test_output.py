"""Columns for people, and the tab-separated form that programs rely on."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from trayapp.cli.console import terminal_width
from trayapp.cli.output import clean, columns, exact_amount, porcelain
from trayapp.core.models import Model, ModelRef, Price

amounts = st.one_of(st.just(0.0), st.floats(0, 1e6).map(lambda value: round(value, 8)))
models = st.builds(
    Model,
    ref=st.builds(ModelRef, provider=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True), model=st.text()),
    name=st.text(),
    context=st.none() | st.integers(0, 10**9),
    price=st.none() | st.builds(Price, amounts, amounts),
)


@given(models, st.sampled_from(["live", "cached", "stale", "shipped"]))
def test_a_porcelain_line_gives_back_what_went_in(model: Model, source: str) -> None:
    line = porcelain(model, source)
    assert len(f"{line}\nnext".splitlines()) == 2
    line.encode("utf-8")
    provider, name, label, context, paid_in, paid_out, said = line.split("\t")
    assert (provider, name, label, said) == (model.ref.provider, clean(model.ref.model), clean(model.name), source)
    assert (int(context) if context else None) == model.context
    if model.price is None:
        assert (paid_in, paid_out) == ("", "")
    else:
        assert (float(paid_in), float(paid_out)) == (model.price.input, model.price.output)


def test_porcelain_tells_free_from_unknown() -> None:
    ref = ModelRef("acme", "one")
    assert porcelain(Model(ref, price=Price(0, 0)), "live") == "acme\tone\t\t\t0\t0\tlive"
    assert porcelain(Model(ref), "shipped") == "acme\tone\t\t\t\t\tshipped"


def test_small_prices_have_no_exponent() -> None:
    assert exact_amount(1e-8) == "0.00000001"
    assert exact_amount(0.25) == "0.25"
    assert exact_amount(100.0) == "100"


def test_names_with_tabs_and_line_ends_stay_in_their_field() -> None:
    model = Model(ModelRef("acme", "a\tb"), name="one\r\ntwo\u2028three\x1b[2J")
    assert porcelain(model, "live").split("\t") == ["acme", "a b", "one  two three [2J", "", "", "", "live"]


def test_nothing_a_provider_calls_a_model_can_steer_the_terminal() -> None:
    assert clean("\x1b]0;title\x07 \u202egnp.exe \x9b31m") == " ]0;title   gnp.exe  31m"


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    assert columns([("a", "", "long"), ("bcd", "", "x")]) == "a    long\nbcd  x"
    assert columns([]) == ""


def test_wide_letters_take_two_columns() -> None:
    assert columns([("日本", "x"), ("abcd", "y")]) == "日本  x\nabcd  y"


def test_accents_written_apart_take_no_column() -> None:
    assert columns([("e\u0301", "x"), ("ab", "y")]) == "e\u0301   x\nab  y"


def test_a_narrow_terminal_cuts_the_widest_flexible_column() -> None:
    rows = [("openai", "m" * 60, "n" * 20), ("groq", "short", "n")]
    shown = columns(rows, width=60, flexible=(1, 2)).split("\n")
    assert max(map(len, shown)) == 60
    assert shown[0].startswith("openai  mmm")
    assert "…" in shown[0]
    assert shown[1].split() == ["groq", "short", "n"]


def test_no_column_is_cut_beyond_recognition() -> None:
    shown = columns([("openai", "m" * 60)], width=10, flexible=(1,))
    assert shown == "openai  " + "m" * 11 + "…"


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), min_size=1, max_size=5))
def test_without_a_terminal_nothing_is_cut(rows: list[list[str]]) -> None:
    shown = columns(rows).split("\n")
    assert len(shown) == len(rows)
    for line, row in zip(shown, rows, strict=True):
        for cell in row:
            assert clean(cell).rstrip() in line


def test_what_is_no_terminal_has_no_width() -> None:
    assert terminal_width(io.StringIO()) is None
