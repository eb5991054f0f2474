"""Every sentence a person reads can be translated: none stands bare in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "trayapp"
SHOWN = ("ui", "qt", "cli", "app")
"""The folders whose texts are for people; the others speak through what is raised."""
_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
_MARKED = {"_", "N_", "plural"}
_LOGGED = {"debug", "info", "warning", "error", "exception", "critical"}
_NAMED = {"start", "behind", "report", "create_task", "prog"}
"""Calls whose texts name a task for the log."""
_RAISED = {"UserError", "Reply", "Notice"}

MEANT = {
    "ui/figures.py": "the report that is copied into an issue is English, so that whoever answers can read it",
    "ui/gateway_tools.py": "names of products, and configuration to paste into them",
    "qt/local_rules.py": "names of example sets; ui/rule_form has the words",
    "ui/rule_form.py": "names of example sets",
    "app/root.py": "the log",
    "app/gateway_life.py": "raised only by our own mistake",
    "app/serving.py": "the name that a token of one run has",
    "qt/session.py": "names a thread",
    "app/ending.py": "names a task for the log",
    "cli/man.py": "the man page's own headings",
}


def bare(source: str) -> Iterator[tuple[int, str]]:
    """The texts of two words and more that are neither translated, nor logged, nor a docstring."""
    tree = ast.parse(source)
    passed: set[int] = set()
    for node in ast.walk(tree):
        for line in getattr(node, "body", ()) if isinstance(getattr(node, "body", None), list) else ():
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
                passed.add(id(line.value))
        if isinstance(node, ast.Call) and _called(node) in _MARKED | _LOGGED | _NAMED:
            passed.update(id(inside) for inside in ast.walk(node))
        if isinstance(node, ast.keyword) and node.arg in ("name", "example"):  # of a task; commands to type
            passed.update(id(inside) for inside in ast.walk(node))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in passed:
            continue
        if isinstance(node.value, str) and _WORDS.search(node.value):
            yield node.lineno, node.value


def raised(source: str) -> Iterator[tuple[int, str]]:
    """The texts that are handed bare to what people read."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in _RAISED:
            for argument in node.args:
                if isinstance(argument, ast.Constant | ast.JoinedStr) and _WORDS.search(ast.unparse(argument)):
                    yield node.lineno, ast.unparse(argument)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


@pytest.mark.parametrize("folder", SHOWN)
def test_no_text_for_people_stands_bare(folder: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text!r}"
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in MEANT
        for line, text in bare(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_nothing_that_people_read_is_raised_bare_anywhere() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in raised(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_search_finds_what_it_should() -> None:
    source = '"""Doc string here."""\nlabel.setText("Not translated")\nlog.info("to the log")\n_("is translated")\n'
    assert list(bare(source)) == [(2, "Not translated")]
    assert list(bare('x = f"{n} models found"\n')) == [(1, " models found")]
    assert list(raised('raise UserError("No such thing")\nraise UserError(_("No such thing"))\n')) == [
        (1, "'No such thing'")
    ]
