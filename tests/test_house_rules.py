"""Rules that a linter cannot know; each names the accident that it prevents."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "trayapp"

ONLY_IN: dict[str, set[str]] = {
    "exec": set(),  # a nested Qt loop wedges every asyncio task; and text is not run as code
    "exec_": set(),
    "eval": set(),
    "processEvents": set(),  # the same nested loop by another name
    "QThread": set(),  # one loop for everything but the gateway: state has one writer
    "asyncSlot": set(),  # qasync keeps no reference to the task, which may vanish half done
    "asyncClose": set(),  # spins processEvents until done
    "reveal": {"providers/spec.py", "system/keys.py"},  # where a key becomes text: to sign, to store
    "set_event_loop_policy": set(),  # asyncio.Runner has a loop_factory; policies are going away
}
MADE_IN: dict[str, set[str]] = {
    "AsyncClient": {"system/net.py"},  # one client: timeouts, proxy, redaction
    "Client": {"system/net.py"},
    "QApplication": {"qt/loop.py"},  # made once, before anything else of Qt
    "QEventLoop": {"qt/loop.py"},  # Qt's own would nest, and there is one of qasync's
}
# Whatever else catches everything hides a bug: these report it, or raise it where the call is awaited.
CATCHES_ALL = {"system/tasks.py", "system/aside.py"}
LONGEST = 400

# Written so that they do not find themselves.
NOWHERE = {
    "a path of one machine": re.compile(r"(?<![\w.])/(root|wor[k]|Users/\w+)/"),
    "the host of a package registry": re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|crates\.io/api"),
}
TEXT = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".cfg", ".sh", ".desktop", ".svg", ".bash", ".fish", ".zsh", ""}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in path.parts)


def written() -> Iterator[Path]:
    """Every text file of the project, without what tools leave behind."""
    for path in sorted(ROOT.rglob("*")):
        hidden = any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts[:-1])
        left = {"__pycache__", "build", "dist", "node_modules"} & set(path.parts)
        if not hidden and not left and path.suffix in TEXT and path.is_file():
            yield path


def parsed(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules in whose text one of ``words`` is: to parse those without what is looked for takes long."""
    for path in sources("trayapp"):
        text = path.read_text("utf-8")
        if any(word in text for word in words):
            yield path.relative_to(PACKAGE).as_posix(), ast.parse(text)


def names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that is used, imported or reached for, with its line; text in quotes is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name, node.lineno
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                for alias in aliases:
                    yield alias.name.rpartition(".")[2], node.lineno


def test_what_may_be_used_in_one_place_is_used_nowhere_else() -> None:
    found = [
        f"{module}:{line}: {name}"
        for module, tree in parsed(*ONLY_IN)
        for name, line in names(tree)
        if name in ONLY_IN and module not in ONLY_IN[name]
    ]
    assert found == []


def test_what_is_made_in_one_place_is_made_nowhere_else() -> None:
    found = [
        f"{module}:{node.lineno}: {name}"
        for module, tree in parsed(*MADE_IN)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (name := ast.unparse(node.func).rpartition(".")[2]) in MADE_IN
        and module not in MADE_IN[name]
    ]
    assert found == []


def test_only_the_tasks_catch_every_exception() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module, tree in parsed("except:", "Exception")
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and module not in CATCHES_ALL and _catches_all(node)
    ]
    assert found == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    """``except:`` and ``except Exception:``; ``BaseException`` too, unless it is raised again after tidying."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {node.id for node in types if isinstance(node, ast.Name)}
    if "BaseException" in caught:
        last = handler.body[-1]
        return not (isinstance(last, ast.Raise) and last.exc is None)
    return "Exception" in caught


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources("trayapp", "tests", "packaging")
        if path.stat().st_size and not re.match(r'(#.*\n|\s)*""".*\S', path.read_text("utf-8"))
    ]
    assert silent == []


def test_no_module_has_a_second_subject() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources("trayapp", "tests", "packaging")
        if (lines := path.read_text("utf-8").count("\n")) > LONGEST
    }
    assert long == {}


def test_packages_hold_a_docstring_and_nothing_else() -> None:
    packages = (path for path in sources("trayapp") if path.name == "__init__.py")
    full = [str(path.relative_to(ROOT)) for path in packages if len(ast.parse(path.read_text("utf-8")).body) > 1]
    assert full == []


def test_names_say_what_a_thing_is() -> None:
    words = ("Manager", "Helper", "Util", "Utils", "Base", "Impl")
    empty = re.compile(rf"({'|'.join(words)})\Z")
    found = [
        f"{module}:{node.lineno}: {node.name}"
        for module, tree in parsed(*words)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and empty.search(node.name)
    ]
    assert found == []


def test_a_skipped_test_names_what_is_missing() -> None:
    named = re.compile(r"missing|not installed|needs|has no|no .+ on this system|not at home")
    words = {"skip", "skipif", "xfail", "importorskip"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("tests")
        if any(word in (text := path.read_text("utf-8")) for word in words)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in words
        and not named.search(ast.unparse(node))
    ]
    assert found == []


def test_nothing_written_knows_the_machine_it_was_written_on() -> None:
    here = ROOT.parent.as_posix()
    patterns = dict(NOWHERE)
    if here.count("/") > 1:
        patterns["the folder of this checkout"] = re.compile(rf"(?<![\w.]){re.escape(here)}/")
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in written()
        for what, pattern in patterns.items()
        if pattern.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
        ["importlinter.cli", "--no-cache"],
    ],
    ids=["ruff", "format", "mypy", "imports"],
)
def test_the_tools_find_nothing(command: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(_program(command), cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _program(command: list[str]) -> list[str]:
    if command[0] == "importlinter.cli":
        code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
        return [sys.executable, "-c", code, *command[1:]]
    return [sys.executable, "-m", *command]


def test_git_keeps_no_lock_file_that_records_addresses() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("git or its folder is missing: nothing says which files are kept")
    done = subprocess.run([git, "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True)
    assert not re.search(r"(uv|poetry|pdm|Pipfile|package-lock)\.(lock|json)$", done.stdout, re.MULTILINE)
