"""Patterns are checked when entered, and none can hang the program."""

from __future__ import annotations

import time
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayapp.core.rules import EXAMPLES
from trayapp.local import patterns
from trayapp.local.patterns import LONGEST_PATTERN, LONGEST_TEXT, fits, problem

PIECES = st.sampled_from(
    [
        *"ab .^$|?*+()[]-\\",
        "(a+)+",
        "(a|a)*",
        ".{0,1000}",
        "(.{0,30}){30}",
        r"\w",
        r"\pL",
        r"\1",
        "(?=a)",
        "(?i)",
        "é",
        "😀",
    ]
)
HOSTILE = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)
LONG = ("a" * LONGEST_TEXT, "😀" * LONGEST_TEXT, "abx é" * (LONGEST_TEXT // 5))


def took(pattern: str, text: str) -> float:
    """Seconds of processor time, without the compiling."""
    problem(pattern)
    began = time.process_time()
    fits(pattern, text)
    return time.process_time() - began


def test_the_pattern_that_hangs_others_is_answered_at_once() -> None:
    began = time.process_time()
    assert not fits("(a+)+$", "a" * 100_000 + "b")
    assert fits("(a+)+$", "b" + "a" * 100_000)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    "pattern",
    [
        "(x+x+)+y",
        "(.*a){20}",
        r"^(\w+\s?)*$",
        "(?:[^c]?){400}c",
        ".{0,1000}c",
        "[ab].{200}c",
        "(.{0,30}){30}!",
        "([^x]{0,9}.){60}y$",
    ],
)
def test_patterns_that_no_engine_likes_take_a_bounded_time(pattern: str) -> None:
    assert problem(pattern) == ""
    assert max(took(pattern, text) for text in LONG) < 1.5


@given(HOSTILE, st.text(max_size=200) | st.sampled_from(LONG))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_answered(pattern: str, text: str) -> None:
    why = problem(pattern)
    began = time.process_time()
    found = fits(pattern, text)
    assert time.process_time() - began < 1.5
    assert not (why and found)
    assert why == "" or why.endswith(".")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)", "Look-ahead, look-behind and other groups like “(?=” are not supported."),
        ("(?!a)", "“(?!” are not supported"),
        ("(?<!a)b", "“(?<!” are not supported"),
        ("(?>a)", "“(?>” are not supported"),
        (r"(a)\1", r"Back-references such as “\1” are not supported."),
        ("(?P<x>a)(?P=x)", "Back-references are not supported."),
        ("(", "A “(” has no “)”"),
        (")", "A “)” has no “(”"),
        ("[a", "A “[” has no “]”"),
        ("*a", "Nothing stands before “*” that could be repeated."),
        ("a++", "“++” repeats a repetition"),
        ("a{1001}", "“{1001}” repeats too often"),
        ("[z-a]", "“z-a” is no set of characters."),
        ("[[:x:]]", "is no set of characters"),
        ("a\\", "A single backslash stands at the end."),
        (r"\q", r"“\q” stands for nothing."),
        (r"(\pL\pN?\PL){50}", "too large when its repetitions are counted out"),
        (r"\pL{0,200}", "too large"),
        (r"(.{0,99}){60}", "“{60}” repeats too often"),
        ("a" * (LONGEST_PATTERN + 1), "too long: at most 1000 characters"),
        ("(?P<a b>c)", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_words(pattern: str, why: str) -> None:
    assert why in problem(pattern)
    assert problem(pattern).endswith(".")
    assert not fits(pattern, "a")


@pytest.mark.parametrize(
    "pattern", ["", "a", "^$", "a" * LONGEST_PATTERN, "(?P<n>a)", "(?s-i:a)", r"\bcode\b", "é|ü", "\x00", r"\d{3}"]
)
def test_a_good_pattern_has_no_problem(pattern: str) -> None:
    assert problem(pattern) == ""


def test_the_shipped_examples_are_good() -> None:
    assert not [rule for rules in EXAMPLES.values() for rule in rules if problem(rule.pattern)]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "anything", True),
        ("CODE", "some code", True),
        ("straße", "STRAßE", True),
        ("grüße", "GRÜSSE, GRÜßE", True),
        ("write.*code", "Write me\nsome\ncode", True),
        ("^.{0,10}$", "two\nlines", True),
        ("^.{0,10}$", "three long\nlines", False),
        ("^b", "a\nb", False),
        ("(?m)^b", "a\nb", True),
        (r"\bcode\b", "decoded", False),
        ("a", "\ud800a", True),
        ("\ud800", "x", False),
    ],
)
def test_a_pattern_is_searched_for_anywhere_and_case_does_not_matter(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected


def test_of_a_long_text_the_beginning_and_the_end_are_looked_at() -> None:
    """S3-24: what is asked stands at the beginning or at the end, what was pasted between them."""
    pasted = "x" * (3 * LONGEST_TEXT)
    assert fits("write.*code", f"write this {pasted} as code")
    assert fits("^write", f"write {pasted}")
    assert fits("code$", f"{pasted} code")
    assert not fits("code", f"{pasted} code {pasted}")


@given(st.integers(1, 1000), st.integers(0, 3), st.sampled_from(["a", "é", "😀"]))
@settings(max_examples=60, deadline=None)
def test_a_cut_text_is_never_taken_for_a_short_one(most: int, more: int, letter: str) -> None:
    pattern = f"^.{{0,{most}}}$"
    assert fits(pattern, letter * most)
    assert not fits(pattern, letter * (most + 1))
    assert not fits(pattern, letter * (most + 1 + more * 40_000))


def test_nothing_is_written_onto_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    for pattern in ("(", r"\pL{0,500}x", ".{0,1000}c"):
        problem(pattern)
        fits(pattern, "é" * 20_000)
    assert capfd.readouterr().err == ""


def test_a_pattern_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    re2 = import_module("re2")
    made = re2.compile
    compiled: list[object] = []

    def counted(*args: object) -> object:
        compiled.append(args)
        return made(*args)

    monkeypatch.setattr(re2, "compile", counted)
    patterns._compiled.cache_clear()
    for _time in range(5):
        assert fits("only once", "Only Once")
        assert problem("only once") == ""
    assert len(compiled) == 1
