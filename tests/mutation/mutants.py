"""Every small change to a module that cosmic-ray knows, without those that no test could be asked to notice.

Left out and counted are: changes inside annotations, which nothing evaluates (``X | None`` to ``X + None``); the bare
``*`` of a signature, which cosmic-ray takes for a multiplication; and what is no Python any more.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Place = tuple[int, int]
"""Line, counted from 1, and column, counted from 0."""
Change = tuple[str, Place, str]
"""An operator's name, where it works, and the whole module afterwards."""


class Mutant(NamedTuple):
    """A module with one change in it."""

    where: str
    """The function or class that is changed, as ``Class.method``; ``module`` outside of them."""
    operator: str
    line: int
    before: str
    after: str
    """The changed line, without its indentation."""
    text: str
    """The whole module."""


def installed() -> bool:
    """Whether cosmic-ray is there."""
    try:
        import cosmic_ray  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401
    except ImportError:
        return False
    return True


def changes(source: str) -> Iterator[Change]:
    """All that cosmic-ray's operators make of a module, in a fixed order."""
    from cosmic_ray.ast import ast_nodes, get_ast  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from cosmic_ray.mutating import mutate_code  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from cosmic_ray.plugins import get_operator, operator_names  # type: ignore[import-not-found,import-untyped,unused-ignore]

    tree = get_ast(source)
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():  # the two that work with variables have to be told which
            continue
        operator = kind()
        places = [start for node in ast_nodes(tree) for start, _end in operator.mutation_positions(node)]
        for number, place in enumerate(places):
            yield name.removeprefix("core/"), place, mutate_code(source, operator, number)


def sifted(source: str, found: Iterable[Change]) -> tuple[list[Mutant], Counter[str]]:
    """The mutants that are worth a try, and how many were left out, by reason."""
    tree = ast.parse(source)
    annotations = list(_annotations(tree))
    lines = source.splitlines()
    kept: list[Mutant] = []
    left: Counter[str] = Counter()
    for operator, (line, column), text in found:
        if any(start <= (line, column) < end for start, end in annotations):
            left["annotation"] += 1
        elif lines[line - 1][column:].startswith("*,"):
            left["bare star"] += 1
        elif not _is_python(text):
            left["no Python"] += 1
        else:
            before, after = _changed(lines, text.splitlines())
            kept.append(Mutant(where(tree, line), operator, line, before, after, text))
    return kept, left


def _annotations(tree: ast.AST) -> Iterator[tuple[Place, Place]]:
    """From where to where each annotation goes."""
    for node in ast.walk(tree):
        for it in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if it is not None:
                yield (it.lineno, it.col_offset), (it.end_lineno, it.end_col_offset)


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # “is” beside a literal
        try:
            ast.parse(text)
        except SyntaxError:
            return False
    return True


def _changed(before: list[str], after: list[str]) -> tuple[str, str]:
    """The first line that differs, as it was and as it is."""
    both = zip(before, [*after, ""], strict=False)
    old, new = next(((one, other) for one, other in both if one != other), ("", ""))
    return old.strip(), new.strip()


def where(tree: ast.AST, line: int) -> str:
    """The names of the functions and classes around a line, joined by dots."""
    inside = (
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and min([node.lineno, *(it.lineno for it in node.decorator_list)]) <= line <= (node.end_lineno or 0)
    )
    return ".".join(node.name for node in sorted(inside, key=lambda it: it.lineno)) or "module"
