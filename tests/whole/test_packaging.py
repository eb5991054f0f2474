"""From a bare checkout to a running program: environments are made whole or not at all, and found again."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ROOT / "packaging"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return import_module("environment")


@pytest.fixture
def run(environment: ModuleType) -> Any:
    return import_module("run")


@pytest.fixture
def installs(environment: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stands in for pip: notes each installation, and fails while a file ``fails`` is there."""
    script = tmp_path / "install.py"
    script.write_text(
        "import pathlib, sys, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "(here / 'noted').open('a').write(' '.join(sys.argv[2:]) + '\\n')\n"
        "tool = pathlib.Path(sys.argv[1]).with_name('tool')\n"
        "tool.write_text(f'#!{sys.argv[1]}\\nprint(1 + 1)\\n'); tool.chmod(0o755)\n"
        "time.sleep(0.3 if (here / 'slow').exists() else 0)\n"
        "sys.exit((here / 'fails').exists())\n"
    )
    monkeypatch.setattr(environment, "_installers", lambda exe: [[sys.executable, str(script), exe]])
    return tmp_path


def noted(installs: Path) -> list[str]:
    path = installs / "noted"
    return path.read_text().splitlines() if path.exists() else []


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def start(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script of the checkout, in this test's home. A variable set to nothing is taken out."""
    env = {name: value for name, value in {**os.environ, **variables}.items() if value}
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_an_environment_is_made_with_what_the_project_needs_and_is_then_found(environment: Any, installs: Path) -> None:
    folder = environment.place("test")
    assert not environment.ready(folder)
    environment.make(folder, "dev")
    assert environment.ready(folder)
    (line,) = noted(installs)
    assert line.startswith(f"-c {SCRIPTS / 'constraints.txt'} PySide6-Essentials")
    assert "pytest-qt" in line
    assert "httpx" in line
    done = subprocess.run([environment.python(folder), "-c", "import sys; print(sys.prefix)"], capture_output=True)
    assert done.stdout.decode().strip() == folder
    environment.make(folder, "dev")
    assert len(noted(installs)) == 1


def test_programs_in_it_still_run_after_it_got_its_name(environment: Any, installs: Path) -> None:
    folder = environment.place("run")
    environment.make(folder)
    done = subprocess.run([Path(folder) / "bin" / "tool"], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


def test_a_failed_set_up_leaves_nothing_and_says_what_to_do(environment: Any, installs: Path) -> None:
    (installs / "fails").touch()
    folder = environment.place("run")
    with pytest.raises(environment.SetUpError, match="HTTPS_PROXY"):
        environment.make(folder)
    assert names(Path(folder).parent) == ["lock"]
    (installs / "fails").unlink()
    environment.make(folder)
    assert environment.ready(folder)


def test_where_uv_fails_pip_is_tried(environment: Any, installs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pip,) = environment._installers("x")
    uv = [sys.executable, "-c", "raise SystemExit(2)"]
    monkeypatch.setattr(environment, "_installers", lambda exe: [uv, [*pip[:-1], exe]])
    folder = environment.place("run")
    environment.make(folder)
    assert environment.ready(folder)
    assert len(noted(installs)) == 1


def test_what_a_killed_set_up_left_is_taken_away_by_the_next(environment: Any, installs: Path) -> None:
    folder = Path(environment.place("run"))
    (folder.parent / "new-1" / "bin").mkdir(parents=True)
    environment.make(str(folder))
    assert names(folder.parent) == ["lock", folder.name]


def test_two_set_ups_at_once_make_one_environment(environment: Any, installs: Path) -> None:
    (installs / "slow").touch()
    folder = environment.place("run")
    both = [threading.Thread(target=environment.make, args=(folder,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert environment.ready(folder)
    assert len(noted(installs)) == 1


def test_an_environment_whose_python_is_gone_is_made_again(environment: Any, installs: Path) -> None:
    folder = environment.place("run")
    environment.make(folder)
    python = Path(environment.python(folder))
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert not environment.ready(folder)
    environment.make(folder)
    assert environment.ready(folder)


def test_only_the_environments_used_last_are_kept(environment: Any, installs: Path) -> None:
    base = Path(environment.place("run")).parent
    for age, name in enumerate(["run-1", "run-2", "run-3", "run-4", "test-1"]):
        (base / name).mkdir(parents=True)
        (base / name / "ready").touch()
        os.utime(base / name / "ready", times=(time.time() - 100 * age - 100,) * 2)
    folder = Path(environment.place("run"))
    environment.make(str(folder))
    assert names(base) == sorted(["lock", "run-1", "run-2", "test-1", folder.name])


def test_its_name_depends_on_what_is_needed_and_not_on_the_settings_of_tools(
    environment: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    monkeypatch.setattr(environment, "CONSTRAINTS", str(tmp_path / "constraints.txt"))

    def place(project: str, pins: str) -> str:
        (tmp_path / "pyproject.toml").write_text(project)
        (tmp_path / "constraints.txt").write_text(pins)
        return str(environment.place("run"))

    first = place("[project]\ndependencies = ['a']\n\n[tool.ruff]\nx = 1\n", "a==1\n")
    assert place("[project]\ndependencies = ['a']\n\n[tool.ruff]\nx = 2\n", "a==1\n") == first
    assert place("[project]\ndependencies = ['b']\n\n[tool.ruff]\nx = 1\n", "a==1\n") != first
    assert place("[project]\ndependencies = ['a']\n\n[tool.ruff]\nx = 1\n", "a==2\n") != first


def test_a_python_without_pip_is_told_which_package_brings_it(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_installers", lambda exe: [])
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    expected = rf"sudo apt-get install -y python{sys.version_info[0]}\.{sys.version_info[1]}-venv"
    with pytest.raises(environment.SetUpError, match=expected):
        environment.make(environment.place("run"))


def test_pip_is_run_from_the_wheel_that_python_brings(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    ((exe, pip, verb, *_),) = environment._installers("/env/bin/python")
    assert (exe, verb) == ("/env/bin/python", "install")
    done = subprocess.run([sys.executable, pip, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("pip ")


def test_without_a_screen_the_program_says_so_before_it_sets_up_anything(home: Path) -> None:
    done = start("run.py", QT_QPA_PLATFORM="")
    assert done.returncode == 3
    assert "no tray icon can be shown" in done.stderr
    assert "run.py models" in done.stderr
    assert not (home / "cache" / "trayapp-dev").exists()


def test_a_set_up_that_cannot_be_written_ends_with_a_sentence(home: Path) -> None:
    (home / "blocked").touch()
    done = start("run.py", "models", XDG_CACHE_HOME=str(home / "blocked"))
    assert done.returncode == 3
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "icon"),
    [("", True), ("start", True), ("--silent", True), ("models --json", False), ("--version", False), ("-h", False)],
)
def test_only_a_start_needs_a_screen(run: Any, arguments: str, icon: bool) -> None:
    assert run.shows_icon(arguments.split()) is icon


def test_a_later_start_is_one_exec_and_imports_nothing_for_it(home: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
before = set(sys.modules)
import os, environment, run
folder = environment.place("run")
os.makedirs(os.path.join(folder, "bin"))
open(os.path.join(folder, "ready"), "w").close()
os.symlink(sys.executable, environment.python(folder))
def execv(program, arguments):
    print(" ".join(arguments[1:]), os.environ["PYTHONPATH"], os.environ["TRAYAPP_PROGRAM"].split(chr(10)))
    print(*sorted(set(sys.modules) - before))
os.execv = execv
run.main(["models", "--json"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, modules = done.stdout.splitlines()
    assert said == f"-P -m trayapp models --json {ROOT} {[sys.executable, str(SCRIPTS / 'run.py')]}"
    assert set(modules.split()) <= {"environment", "run", "zlib", "__future__"}


def test_an_old_python_can_read_the_scripts_and_is_told_what_is_needed(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for script in ("run.py", "test.py"):
        ast.parse((SCRIPTS / script).read_text("utf-8"), feature_version=(3, 6))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is Python"):
        run.newer_python("run.py")


def test_every_pin_is_plain_and_is_what_the_project_allows() -> None:
    lines = [line.partition("#")[0].strip() for line in (SCRIPTS / "constraints.txt").read_text("utf-8").splitlines()]
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line)}
    assert all(re.fullmatch(r"[0-9][\w.]*", version) for version in pins.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for text in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        needs = Requirement(text)
        assert needs.specifier.contains(pins[canonicalize_name(needs.name)]), text
