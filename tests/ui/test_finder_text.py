"""How names are compared, and which of their letters were met."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.ui.finder_text import field, folded, gapped, parted, spans, spans_with_gaps


def met(text: str, *words: str) -> list[str]:
    return [text[start:end] for start, end in spans(text, words)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT", "gpt"),
        ("Ｑｗｅｎ", "qwen"),
        ("Crème Brûlée", "creme brulee"),
        ("Straße", "strasse"),
        ("İ", "i"),
        ("ﬁne", "fine"),
    ],
)
def test_folding_takes_away_case_accents_and_width(text: str, expected: str) -> None:
    assert folded(text) == expected


def test_the_letters_that_were_met_are_those_of_the_name_as_it_is_written() -> None:
    assert met("GPT-4.1 Mini", "gpt 4") == ["GPT-4"]
    assert met("Crème Brûlée", "brulee", "cr") == ["Cr", "Brûlée"]
    assert met("Große Straße", "sse") == ["ße"]
    assert met("Ｑｗｅｎ３", "qwen") == ["Ｑｗｅｎ"]
    assert met("plain", "other") == met("", "x") == met("x") == []


def test_the_start_of_a_part_is_met_before_the_middle_of_one() -> None:
    assert spans("Console Sol", ["sol"]) == ((8, 11),)
    assert spans("Console", ["sol"]) == ((3, 6),)


def test_words_that_meet_the_same_letters_are_one_span() -> None:
    assert spans("Sonnet", ["sonn", "onnet"]) == ((0, 6),)


def test_letters_with_gaps_are_met_one_by_one() -> None:
    assert spans_with_gaps("Sonnet", "snt") == ((0, 1), (2, 3), (5, 6))
    assert spans_with_gaps("Sonnet", "xyz") == spans_with_gaps("Sonnet", "s") == ()


def test_letters_with_gaps_are_looked_for_in_one_field_and_in_no_time() -> None:
    assert gapped("abc").search("\n ab \n c \n") is None
    assert gapped("a" * 30 + "b").search("a" * 5000) is None


@given(st.text(max_size=40), st.text(max_size=10))
def test_what_is_met_are_spans_of_the_name_ascending_and_apart(text: str, word: str) -> None:
    for found in (spans(text, [parted(word)]), spans_with_gaps(text, parted(word))):
        ends = [at for span in found for at in span]
        assert ends == sorted(ends)
        assert len(set(ends)) == len(ends)
        assert all(0 <= at <= len(text) for at in ends)


@given(st.text(max_size=20), st.text(max_size=20))
def test_folding_goes_letter_by_letter(one: str, other: str) -> None:
    assert folded(one) + folded(other) == folded(one + other)


@given(st.text(max_size=30), st.data())
def test_any_part_of_a_name_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert parted(text[start:end]) in field(text)
    if parted(text[start:end]).strip():
        assert spans(text, [parted(text[start:end])])
