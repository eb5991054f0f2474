"""Runs a module's tests against each of its mutants, in copies of the checkout, some of them side by side."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from tests.mutation.mutants import Mutant
from tests.mutation.subjects import Subject

COPIED = ("trayapp", "tests", "resources", "packaging", "pyproject.toml", "README.md")
BROKEN = "raise SystemExit('this is not the module that was installed')\n"

Command = Callable[[Sequence[str]], list[str]]


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "hung"
    """The tests did not end in time: that is noticed as well."""
    SURVIVED = "survived"


class UnfitError(Exception):
    """The tests cannot judge: they fail without a change, or do not see the copy."""


def pytest_command(tests: Sequence[str]) -> list[str]:
    """The tests without those that draw their examples, so that each run is the same as the one before."""
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-m", "not hypothesis"]
    return [sys.executable, "-m", "pytest", *quiet, *tests]


class Bench:
    """One copy of the checkout, in which one module at a time is changed."""

    def __init__(self, checkout: Path, folder: Path, command: Command = pytest_command) -> None:
        self._folder, self._command = folder / "copy", command
        self._temporary = folder / "temporary"
        self._folder.mkdir(parents=True)
        for name in COPIED:
            source = checkout / name
            if source.is_dir():
                shutil.copytree(source, self._folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            elif source.exists():
                shutil.copy2(source, self._folder / name)

    @property
    def folder(self) -> Path:
        """Where the copy is."""
        return self._folder

    def path(self, subject: Subject) -> Path:
        """The module, in the copy."""
        return self._folder / subject.module

    def prove(self, subject: Subject, seconds: float) -> None:
        """See that the tests pass as they are, and that it is the copy that they test. Raises UnfitError."""
        if self._run(subject, seconds, PYTHONDONTWRITEBYTECODE="") is not Outcome.SURVIVED:
            raise UnfitError(f"{' '.join(subject.tests)}: fails without a change.")
        for compiled in self.path(subject).parent.glob("__pycache__/*.pyc"):
            compiled.unlink()  # a change within the same second and of the same length would not be seen
        if self.tried(subject, BROKEN, seconds) is Outcome.SURVIVED:
            raise UnfitError(f"{' '.join(subject.tests)}: does not import {subject.module} from the copy.")

    def tried(self, subject: Subject, text: str, seconds: float) -> Outcome:
        """What the tests make of the module with this text."""
        with _changed(self.path(subject), text):
            return self._run(subject, seconds)

    def _run(self, subject: Subject, seconds: float, **more: str) -> Outcome:
        shutil.rmtree(self._temporary, ignore_errors=True)  # what a run that was ended has left
        self._temporary.mkdir()
        own = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "TMPDIR": str(self._temporary)}
        running = subprocess.Popen(
            self._command(subject.tests),
            cwd=self._folder,
            env={**os.environ, **own, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return Outcome.KILLED if running.wait(seconds) else Outcome.SURVIVED
        except subprocess.TimeoutExpired:
            return Outcome.HUNG
        finally:
            _end(running)


def benches(checkout: Path, folder: Path, jobs: int, command: Command = pytest_command) -> list[Bench]:
    """So many copies, all as the first one found it: the checkout may change meanwhile."""
    first = Bench(checkout, folder / "0", command)
    return [first, *(Bench(first.folder, folder / str(number), command) for number in range(1, jobs))]


def outcomes(copies: Sequence[Bench], subject: Subject, mutants: Sequence[Mutant], seconds: float) -> list[Outcome]:
    """What became of each mutant, in their order. Raises UnfitError."""
    free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
    for bench in copies:
        free.put(bench)

    def with_one(mutant: Mutant) -> Outcome:
        bench = free.get()
        try:
            return bench.tried(subject, mutant.text, seconds)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(lambda bench: bench.prove(subject, seconds), copies))
        return list(pool.map(with_one, mutants))


@contextlib.contextmanager
def _changed(path: Path, text: str) -> Iterator[None]:
    before = path.read_bytes()
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(before)


def _end(running: subprocess.Popen[bytes]) -> None:
    """End it with all that it has started."""
    if running.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
    running.wait()
