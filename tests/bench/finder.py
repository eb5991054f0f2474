"""From a key in the quick switcher to the painted list, with 5,000 models in 50 accounts; and from wish to window.

The program's own window, fed by the program itself, on a private screen where Xvfb is installed. Each run is a process
of its own; ``python -m tests.bench.finder HOME`` is one.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.data import fill
from tests.bench.report import Options, Report, Row
from tests.support.desktop import MissingProgramError, home, xvfb

TITLE = "5,000 models in 50 accounts: a key in the quick switcher, until the list is painted"
FRAME = 16.0
"""Milliseconds of one frame."""
TYPED = (
    "gpt 4o openai",
    "family 12 model_7 instruct",
    "team 4 <1$ tools",
    ">=128k vision m",
    "mdl99 srvr",
    "no such thing",
    "e",
    "family-3/model_20",
)
"""Each is typed a key at a time, taken back a key at a time, and typed again."""


def measure(options: Options) -> Report:
    report = Report("finder", TITLE)
    runs = [_run(report) for _ in range(options.runs or (3 if options.quick else 7))]
    keys = [sorted(run["keys"]) for run in runs]
    report.rows += [
        Row("a key, median of a run", tuple(statistics.median(it) for it in keys)),
        Row("a key, p99 of a run", tuple(_p99(it) for it in keys), limit=FRAME),
        Row("a key, slowest of a run", tuple(it[-1] for it in keys)),
        Row("an arrow, p99 of a run", tuple(_p99(sorted(run["arrows"])) for run in runs), limit=FRAME),
        Row("first opened, to the first list", tuple(run["opened"] for run in runs)),
        Row("  longest turn of the loop", tuple(run["turn"] for run in runs)),
        Row("opened again, p99 of a run", tuple(_p99(sorted(run["again"])) for run in runs)),
    ]
    every = sorted(it for run in keys for it in run)
    above = sum(it > FRAME for it in every)
    report.notes.append(f"{runs[0]['models']} models, drawn on {runs[0]['platform']}.")
    report.notes.append(
        f"All {len(every)} keys together: median {statistics.median(every):.1f} ms, p99 {_p99(every):.1f} ms, "
        f"slowest {every[-1]:.1f} ms, {above} above {FRAME:.0f} ms."
    )
    return report


def _p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def _run(report: Report) -> dict[str, Any]:
    with home() as env, tempfile.TemporaryDirectory(prefix="bench-finder-") as folder:
        filled = fill(Path(folder), accounts=50, models=5000, address="http://127.0.0.1:9/v1", local=False)
        with _screen(env, report) as screen:
            command = (sys.executable, "-P", "-m", "tests.bench.finder", folder)
            done = subprocess.run(command, env={**screen, **filled}, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise RuntimeError(f"the window's process ended:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _screen(env: Mapping[str, str], report: Report) -> Iterator[dict[str, str]]:
    try:
        with xvfb(env) as screen:
            yield {**screen, "QT_QPA_PLATFORM": "xcb"}
    except MissingProgramError as exc:
        note = f"Without a screen: {exc}."
        if note not in report.notes:
            report.notes.append(note)
        yield {**env, "QT_QPA_PLATFORM": "offscreen"}


# -- in the process of the window --------------------------------------------------------------------


async def typed() -> dict[str, Any]:
    """Open the program's window, type into it as a person would, and say how long each key took."""
    from PySide6.QtCore import QEvent, QObject, Qt
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from trayapp.app.build import build
    from trayapp.qt import garbage
    from trayapp.qt.finder import window
    from trayapp.system.paths import find

    class Painted(QObject):
        """Notes which parts were painted."""

        def __init__(self) -> None:
            super().__init__()
            self.parts: set[QObject] = set()

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.parts.add(watched)
            return False

    app = build(find(dict(os.environ)))
    app.redraw()
    garbage.mind()
    finder = window(app, lambda _intent: None)
    painted = Painted()
    rows, nothing = finder.list.viewport(), finder.nothing
    for part in (rows, nothing, finder.search):
        part.installEventFilter(painted)

    def took(do: Callable[[], object]) -> float:
        """Milliseconds until whatever was done is painted: an event is handled wholly before the next."""
        before, said = finder.lines.rowCount(), nothing.text()
        painted.parts.clear()
        began = time.perf_counter()
        do()
        wanted = (
            rows if finder.lines.rowCount() else finder.search if not before and nothing.text() == said else nothing
        )
        while wanted not in painted.parts:
            QApplication.processEvents()
            if time.perf_counter() - began > 5:
                raise RuntimeError(f"nothing was painted with “{finder.search.text()}”")
        return (time.perf_counter() - began) * 1e3

    began, turn = time.perf_counter(), 0.0
    finder.open()
    while finder.lines.rowCount() < 5000 or rows not in painted.parts:
        since = time.perf_counter()
        QApplication.processEvents()
        turn = max(turn, time.perf_counter() - since)
    opened = (time.perf_counter() - began) * 1e3
    for _turn in range(50):  # a window that was just mapped hears of it
        QApplication.processEvents()
        await asyncio.sleep(0.002)

    keys: list[float] = []
    for text in TYPED:
        for press in (*text, *[""] * len(text), *text):
            if press:
                keys.append(took(lambda press=press: QTest.keyClick(finder.search, press)))  # type: ignore[misc]
            else:
                keys.append(took(lambda: QTest.keyClick(finder.search, Qt.Key.Key_Backspace)))
        if finder.search.text() != text:
            raise RuntimeError(f"“{finder.search.text()}” was typed instead of “{text}”")
        finder.search.clear()
        QApplication.processEvents()
        garbage.tidy()
    moves = (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Up)
    arrows = [took(lambda move=move: QTest.keyClick(finder.search, move)) for move in moves * 25]  # type: ignore[misc]
    again = []
    for _turn in range(20):
        finder.hide()
        QApplication.processEvents()
        again.append(took(finder.open))
    models = len(finder.lines.index_.candidates)
    finder.hide()
    await app.close()
    return {
        "keys": keys,
        "arrows": arrows,
        "opened": opened,
        "turn": turn * 1e3,
        "again": again,
        "models": models,
        "platform": QGuiApplication.platformName(),
    }


def main() -> int:
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    qt = QApplication(["finder"])
    qt.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(qt)) as runner:
        print(json.dumps(runner.run(typed())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
