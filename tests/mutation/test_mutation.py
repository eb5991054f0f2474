"""The short form: the machinery on a few changes to a module of two lines, and what is said of them.

The long form, over what decides in the program, is ``python -m tests.mutation all``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutation import __main__ as command
from tests.mutation import mutants, report, trials
from tests.mutation.subjects import SUBJECTS, Subject

SOURCE = "def larger(a: int | None, *, b: int) -> int:\n    return a if a > b else b\n"
CHECK = """
import sys
sys.path.insert(0, "trayapp")
from small import larger
assert larger(1, b=2) == larger(2, b=1) == 2
"""
SMALL = Subject("trayapp/small.py", ["tests/check.py"])
KILLED = ("Gt_Lt", (2, 18), SOURCE.replace("a > b", "a < b"))
SPARED = ("Gt_GtE", (2, 18), SOURCE.replace("a > b", "a >= b"))
"""Where both are the same it does not matter which one is given."""
EXPLAINED = report.explained(
    "## small\n\nThe same.\n\n- `larger` `Gt_GtE`: `return a if a > b else b` → `return a if a >= b else b`\n"
)


def python(tests: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-S", "-B", *tests]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = tmp_path / "checkout"
    for path, text in ((SMALL.module, SOURCE), (SMALL.tests[0], CHECK)):
        (place / path).parent.mkdir(parents=True)
        (place / path).write_text(text)
    return place


@pytest.fixture
def benches(checkout: Path, tmp_path: Path) -> list[trials.Bench]:
    return trials.benches(checkout, tmp_path / "copies", 2, python)


def tried(*outcomes: trials.Outcome) -> report.Tried:
    """The mutants of the small module, as many as there are outcomes."""
    made, left_out = mutants.sifted(SOURCE, [KILLED] * (len(outcomes) - 1) + [SPARED])
    return report.Tried("small", SMALL, made, outcomes, left_out)


# -- which changes count ------------------------------------------------------------------------------


def test_a_mutant_is_known_by_its_function_and_its_line() -> None:
    ((mutant,), left_out) = mutants.sifted(SOURCE, [SPARED])
    assert mutant[:5] == ("larger", "Gt_GtE", 2, "return a if a > b else b", "return a if a >= b else b")
    assert mutant.text == SPARED[2]
    assert not left_out


def test_what_nothing_evaluates_and_what_is_no_python_is_left_out_and_counted() -> None:
    found = [
        ("BitOr_Add", (1, 18), SOURCE.replace("|", "+")),
        ("Mul_Div", (1, 26), SOURCE.replace("*", "/")),
        ("Gt_Not", (2, 18), SOURCE.replace("a > b", "a not b")),
        KILLED,
    ]
    made, left_out = mutants.sifted(SOURCE, found)
    assert [it.operator for it in made] == ["Gt_Lt"]
    assert left_out == {"annotation": 1, "bare star": 1, "no Python": 1}


@pytest.mark.parametrize(
    ("line", "expected"), [(1, "module"), (3, "A"), (5, "A.b"), (6, "A.b"), (7, "A.b.c"), (9, "module")]
)
def test_a_line_is_placed_in_the_functions_around_it(line: int, expected: str) -> None:
    lines = [
        "X = 1",
        "class A:",
        "  y = 2",
        "  @property",
        "  def b(self):",
        "    z = 3",
        "    def c(): return 4",
        "    return c",
        "W = 5",
    ]
    assert mutants.where(ast.parse("\n".join(lines)), line) == expected


@pytest.mark.skipif(not mutants.installed(), reason="cosmic-ray is not installed")
def test_cosmic_ray_finds_each_change_and_the_same_ones_every_time() -> None:
    found = list(mutants.changes(SOURCE))
    assert found == list(mutants.changes(SOURCE))
    made, left_out = mutants.sifted(SOURCE, found)
    assert left_out["annotation"] == 11
    assert {(it.operator, it.after) for it in made} >= {
        ("ReplaceComparisonOperator_Gt_Lt", "return a if a < b else b"),
        ("ReplaceComparisonOperator_Gt_GtE", "return a if a >= b else b"),
        ("AddNot", "return a if not a > b else b"),
    }
    assert all(it.text != SOURCE for it in made)


# -- what becomes of them -----------------------------------------------------------------------------


def test_a_mutant_that_is_noticed_is_killed_and_another_survives(
    checkout: Path, benches: list[trials.Bench], capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [KILLED] * 9 + [SPARED]
    assert command.run({"small": SMALL}, benches, {}, 60, lambda _source: changes) == 1
    heading, row, _time, said, what = capsys.readouterr().out.splitlines()
    assert heading.split()[:7] == ["module", "mutants", "killed", "hung", "survived", "explained", "rate"]
    assert row.split()[:7] == ["small", "10", "9", "0", "1", "0", "90.0%"]
    assert said == "trayapp/small.py:2 survived, unexplained:"
    assert what == "- `larger` `Gt_GtE`: `return a if a > b else b` → `return a if a >= b else b`"
    for place in (checkout, *(bench.folder for bench in benches)):
        assert (place / SMALL.module).read_text() == SOURCE


def test_tests_that_do_not_end_have_noticed(benches: list[trials.Bench]) -> None:
    assert benches[0].tried(SMALL, "while True:\n    pass\n", 0.2) is trials.Outcome.HUNG
    assert benches[0].tried(SMALL, SOURCE, 60) is trials.Outcome.SURVIVED


@pytest.mark.parametrize(
    ("check", "words"),
    [("assert False\n", "fails without a change"), ("pass\n", "does not import trayapp/small.py from the copy")],
)
def test_tests_that_cannot_judge_are_said_to_be_unfit(
    check: str, words: str, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / SMALL.tests[0]).write_text(check)
    copies = trials.benches(checkout, tmp_path / "copies", 1, python)
    assert command.run({"small": SMALL}, copies, {}, 60, lambda _source: [KILLED]) == 1
    assert words in capsys.readouterr().out


# -- what is said of them -----------------------------------------------------------------------------


KILL, SURVIVE, HANG = trials.Outcome.KILLED, trials.Outcome.SURVIVED, trials.Outcome.HUNG


def test_an_explained_survivor_is_no_complaint_but_counts() -> None:
    it = tried(*[KILL] * 8, HANG, SURVIVE)
    assert it.rate == 0.9
    assert list(report.complaints(it, EXPLAINED)) == []
    assert report.row(it, EXPLAINED).split()[:7] == ["small", "10", "9", "1", "1", "1", "90.0%"]


def test_below_nine_in_ten_is_a_complaint_though_all_is_explained() -> None:
    assert list(report.complaints(tried(*[KILL] * 8, SURVIVE), EXPLAINED)) == [
        "small: 88.9% killed, 90% are asked for."
    ]


def test_an_explanation_that_explains_nothing_is_a_complaint() -> None:
    (said,) = report.complaints(tried(KILL, KILL), EXPLAINED)
    assert said.startswith("small: explained in SURVIVORS.md, but no survivor:\n- `larger` `Gt_GtE`")


def test_an_entry_without_a_reason_or_of_another_form_is_refused() -> None:
    for text in ("## small\n\n- `larger` `x`: `a` → `b`\n", "## small\n\nBecause.\n\n- larger x\n"):
        with pytest.raises(ValueError, match="not an entry below a reason"):
            report.explained(text)


def test_an_unknown_module_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["polcy"]) == 2
    assert "There are: policy, fallback" in capsys.readouterr().out


# -- the table and the explanations -------------------------------------------------------------------


def test_each_row_of_the_table_leads_to_files() -> None:
    for subject in SUBJECTS.values():
        for path in (subject.module, *subject.tests):
            assert (command.ROOT / path).is_file()


def test_what_is_explained_still_stands_in_the_code() -> None:
    known = report.explained(report.SURVIVORS.read_text(encoding="utf-8"))
    assert known.keys() <= SUBJECTS.keys()
    for name, survivors in known.items():
        source = (command.ROOT / SUBJECTS[name].module).read_text(encoding="utf-8")
        tree = ast.parse(source)
        lines = {(mutants.where(tree, number), line.strip()) for number, line in enumerate(source.splitlines(), 1)}
        gone = [before for place, _operator, before, _after in survivors if (place, before) not in lines]
        assert gone == []
