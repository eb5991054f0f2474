"""The page of use: bars over thirty days, a table below them, and all of it as a file for spreadsheets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from trayapp.app.root import App
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.gateway.usage import Report
from trayapp.qt.dialogs import Start, plain
from trayapp.qt.local_order import push, say
from trayapp.qt.usage_chart import HATCHINGS, UsageChart
from trayapp.qt.usage_table import UsageTable
from trayapp.ui import usage
from trayapp.ui.form import access_keys
from trayapp.ui.usage import Measure, View

SOONEST = 2.0
"""Seconds between two readings of the file."""
SHARE = 20
"""Reading takes this part of the time at most: half a million requests take a second to add up."""
SUGGESTED = "trayapp-usage.csv"


class UsageSide(Struct, frozen=True, kw_only=True):
    """What the page knows of the program. The first two block and run off the loop; both may raise UserError."""

    read: Callable[[str, int], Report]
    """The sums of so many days by ``provider``, ``model`` or ``tool``."""
    export: Callable[[Path], str]
    """Writes every request that is kept to a file of the user's choice; gives a sentence about it."""
    titles: Callable[[], Mapping[str, str]]
    """What each account is called."""


class UsagePage(QWidget):
    """Reads while somebody can see it, at most every two seconds, and not at all otherwise."""

    def __init__(
        self,
        side: UsageSide,
        *,
        start: Start,
        taken: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``taken`` are access keys in use around it."""
        super().__init__()
        self._side = side
        self._start = start
        self._monotonic = monotonic
        self._report: Report | None = None
        self._shown = View()
        self._seen = self._reading = self._again = self._failed = False
        self._dialog: QFileDialog | None = None
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._look)
        by, measure, export = access_keys((_("By"), _("Show"), _("Export as CSV…")), taken)
        self.by = _box({name: _(words) for name, words in usage.GROUPS.items()}, _("What to tell apart"))
        self.by.currentIndexChanged.connect(lambda _at: self._look())
        self.measure = _box({it.value: _(words) for it, words in usage.MEASURES.items()}, _("What the bars show"))
        self.measure.currentIndexChanged.connect(lambda _at: self._draw())
        self.export_button = push(export, self._ask_where, _("Export every request that is kept as CSV"))
        self.summary = plain(_("Looking…"))
        self.chart = UsageChart()
        self.detail = plain()
        self.chart.chosen.connect(self.detail.setText)
        self.table = UsageTable(len(HATCHINGS))
        self.note = plain()
        self.message = plain()
        self.controls: tuple[QWidget, ...] = (self.measure, self.by, self.export_button, self.chart, self.table)
        """In the order in which they are read."""
        head = QHBoxLayout()
        for label, box in ((measure, self.measure), (by, self.by)):
            words = QLabel(label)
            words.setBuddy(box)
            head.addWidget(words)
            head.addWidget(box)
        head.addStretch(1)
        head.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.summary)
        layout.addWidget(self.chart, 3)
        layout.addWidget(self.detail)
        layout.addWidget(self.table, 3)
        layout.addWidget(self.note)
        layout.addWidget(self.message)
        say(self.note, "")
        say(self.message, "")

    # -- while it is seen -----------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read, draw, and go on."""
        super().showEvent(event)
        if not self._seen:
            self._seen = True
            self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Minimised, on another page, or closed."""
        super().hideEvent(event)
        self._seen = False
        self.timer.stop()

    def _look(self) -> None:
        """Read now, or once more when the reading under way has ended."""
        self.timer.stop()
        if self._reading:
            self._again = True
        elif self._seen:
            self._reading = True
            self._start(self._read())

    async def _read(self) -> None:
        began = self._monotonic()
        trouble = ""
        try:
            self._report = await asyncio.to_thread(self._side.read, str(self.by.currentData()), usage.DAYS)
        except UserError as exc:
            trouble = str(exc)
        finally:
            self._reading = False
        took = self._monotonic() - began
        if not self._seen:
            self._again = False
            return
        if trouble:
            say(self.message, trouble)
        elif self._failed:
            say(self.message, "")
        self._failed = bool(trouble)
        self._draw()
        if self._again:
            self._again = False
            self._look()
        else:
            self.timer.start(round(max(SOONEST, SHARE * took) * 1000))

    def _draw(self) -> None:
        if self._report is None:
            return
        shown = usage.view(self._report, Measure(self.measure.currentData()), self._side.titles())
        if shown.chart != self._shown.chart:
            self.summary.setText(shown.chart.summary)
            self.chart.show_chart(shown.chart)
        if (shown.columns, shown.lines) != (self._shown.columns, self._shown.lines):
            self.table.show_lines(shown.columns, shown.lines)
        if shown.note != self._shown.note:
            say(self.note, shown.note)
        self._shown = shown

    # -- export ---------------------------------------------------------------------------------

    def _ask_where(self) -> None:
        if self._dialog is None:
            dialog = QFileDialog(self.window(), _("Export as CSV"), SUGGESTED, _("CSV files (*.csv)"))
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("csv")
            dialog.fileSelected.connect(lambda path: self._start(self._export(Path(path))))
            self._dialog = dialog
        self._dialog.open()

    async def _export(self, path: Path) -> None:
        self.export_button.setEnabled(False)
        say(self.message, _("Writing…"))
        told = _("That did not work, and nobody said why.")
        try:
            told = await asyncio.to_thread(self._side.export, path)
        except UserError as exc:
            told = str(exc)
        finally:
            self.export_button.setEnabled(True)
            say(self.message, told)


def page(app: App, taken: str = "") -> UsagePage:
    """The page of this program."""
    from trayapp.gateway import usage_csv
    from trayapp.gateway.usage import FILE
    from trayapp.gateway.usage_file import UsageFile

    file = UsageFile(app.paths.data / FILE, app.clock.now)
    side = UsageSide(
        read=file.report,
        export=lambda path: usage_csv.export(file, path, app.settings.value.usage_days),
        titles=lambda: {it.id: app.name(it.id) for it in app.accounts},
    )
    return UsagePage(side, start=lambda work: app.tasks.start(work, name="figures of use"), taken=taken)


def _box(choices: Mapping[str, str], name: str) -> QComboBox:
    box = QComboBox()
    for value, words in choices.items():
        box.addItem(words, value)
    box.setAccessibleName(name)
    return box
