"""The table of what tests reach: sums, limits, and the places that are named where one is missed."""

from __future__ import annotations

from typing import Any

from tests.coverage import Layer, layers, table


def module(lines: int, missing: list[int], branches: int = 0, ways: list[list[int]] | None = None) -> dict[str, Any]:
    """One module as coverage's report has it."""
    ways = ways or []
    summary = {
        "num_statements": lines,
        "covered_lines": lines - len(missing),
        "num_branches": branches,
        "covered_branches": branches - len(ways),
    }
    return {"summary": summary, "missing_lines": missing, "missing_branches": ways}


def found(**modules: dict[str, Any]) -> dict[str, Layer]:
    document = {"files": {f"trayapp/{name.replace('__', '/')}.py": it for name, it in modules.items()}}
    return {it.name: it for it in layers(document)}


def test_a_layer_that_decides_misses_its_limit_by_one_branch() -> None:
    core = found(core__a=module(900, []), core__b=module(90, [], 10, [[4, 9]]))["core"]
    assert (core.modules, core.lines, core.branches) == (2, 990, 10)
    assert core.percent == 99.9
    assert not core.kept
    assert core.missed == ("core/b.py: 4→9",)


def test_another_layer_may_miss_a_tenth() -> None:
    assert found(qt__a=module(90, [*range(1, 11)], 10))["qt"].kept
    assert not found(qt__a=module(90, [*range(1, 12)], 10))["qt"].kept


def test_a_branch_to_a_line_that_never_ran_is_named_once() -> None:
    missed = found(cli__a=module(9, [5], 2, [[4, 5], [7, -1]]))["cli"].missed
    assert missed == ("cli/a.py: 5, 7→out",)


def test_a_hundred_is_never_a_rounded_figure() -> None:
    text = table([Layer("core", 1, 99_999, 1, ("core/a.py: 1",), 99_999)])
    assert "99.99" in text
    assert "MISSED" in text
    assert "core/a.py: 1" in text


def test_what_decides_comes_first_and_modules_beside_the_folders_have_a_row() -> None:
    names = [
        it.split()[0]
        for it in table([*found(qt__a=module(1, []), ui__b=module(1, []), main=module(1, [])).values()]).splitlines()
    ]
    assert names == ["layer", "ui", "qt", "trayapp"]
