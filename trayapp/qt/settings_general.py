"""The page “General”: its preferences, start with the desktop, the first steps, and settings to and from a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from trayapp.core import transfer
from trayapp.core.errors import UserError
from trayapp.core.intents import Import, OpenWelcome
from trayapp.core.language import _
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.fields import FieldPage, small
from trayapp.qt.local_order import boxed, push
from trayapp.qt.login import LoginRow
from trayapp.qt.outcome import Outcome
from trayapp.system import files
from trayapp.system.store import LIMIT
from trayapp.ui import form

NAME = "trayapp.json"
"""What an export is called unless somebody calls it otherwise."""


def labels() -> tuple[str, ...]:
    """The words on its buttons, in their order, for whoever gives out access keys."""
    return (_("Run the first steps again…"), _("Export…"), _("Import…"))


class GeneralPage(FieldPage):
    """Start with the desktop, the preferences, and below them what is done at once."""

    def __init__(
        self, page: form.Page, *, perform: Perform, start: Start, exported: Callable[[], dict[str, Any]], taken: str
    ) -> None:
        """``exported`` gives the document to be written; ``taken`` are access keys in use around the page."""
        own = form.access_keys((_("Start with the desktop"), *labels()), taken)
        login = LoginRow(own[0])
        super().__init__(page, taken=taken + form.access_letters(own), first=login)
        self.login = login
        login.check.toggled.connect(lambda _on: self.changed.emit())
        self.more = GeneralMore(own[1:], perform=perform, start=start, exported=exported)
        self.add_below(self.more)


class GeneralMore(QWidget):
    """What is done here is done at once, and its outcome told below."""

    def __init__(
        self,
        keyed: Sequence[str],
        *,
        perform: Perform,
        start: Start,
        exported: Callable[[], dict[str, Any]],
    ) -> None:
        """``keyed`` are ``labels`` with their access keys marked; ``exported`` gives the document to be written."""
        super().__init__()
        self._perform, self._start = perform, start
        self._exported = exported
        self._busy = False
        first, export, load = keyed
        self.first_button = push(first, lambda: start(self._first_steps()), labels()[0])
        self.export_button = push(export, self._export, _("Export the settings to a file"))
        self.import_button = push(load, self._import, _("Import settings from a file"))
        self.outcome = Outcome(perform, start, button=False)
        group = boxed(_("Take settings to another computer"))
        buttons = QHBoxLayout()
        for button in (self.export_button, self.import_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside = QVBoxLayout(group)
        about = _("Settings, accounts, rules and profiles go into one file. Keys stay in this computer’s keyring.")
        inside.addWidget(small(plain(about)))
        inside.addLayout(buttons)
        inside.addWidget(self.outcome)
        line = QHBoxLayout()
        line.addWidget(self.first_button)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(line)
        layout.addWidget(group)

    async def _first_steps(self) -> None:
        await self._perform(OpenWelcome())

    def _export(self) -> None:
        dialog = self._file_dialog(_("Export the settings"), QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(NAME)
        dialog.fileSelected.connect(lambda path: self._begin(self._write(Path(path))))
        dialog.open()

    def _import(self) -> None:
        dialog = self._file_dialog(_("Import settings"), QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._begin(self._read(Path(path))))
        dialog.open()

    def _file_dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        """Opened, never executed. It is the desktop's own where there is one."""
        dialog = QFileDialog(self.window(), title, str(Path.home()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(mode)
        dialog.setNameFilters([_("Exports of trayapp (*.json)"), _("All files (*)")])
        return dialog

    # -- files ----------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, str]) -> None:
        """One thing at a time."""
        if self._busy:
            work.close()
            return
        self._start(self._through(work))

    async def _through(self, work: Coroutine[Any, Any, str]) -> None:
        self._busy = True
        try:
            self.outcome.say(await work)
        except UserError as exc:
            self.outcome.say(str(exc))
        finally:
            self._busy = False

    async def _write(self, path: Path) -> str:
        document = self._exported()
        data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        try:
            await asyncio.to_thread(files.write_private, path, data)
        except OSError as exc:
            raise UserError(
                _("“{file}” could not be written: {why}.").format(file=path, why=exc.strerror or exc)
            ) from exc
        said = [_("Written to “{file}”. No key is in it.").format(file=path)]
        left = _("“{place}” looks like a key and was left out.")
        said += [left.format(place=place) for place in document.get("left_out", ())]
        return "\n".join(said)

    async def _read(self, path: Path) -> str:
        document = await asyncio.to_thread(read, path)
        text = _("Replace all settings and profiles by those in “{file}”?").format(file=path.name)
        detail = _("What is there now is copied aside first. Keys stay where they are.")
        if not await question(self.window(), text, _("&Replace"), _("Keep mine"), detail=detail):
            return ""
        return (await self._perform(Import(document))).text


def read(path: Path) -> dict[str, Any]:
    """The document in this file. Raises UserError, in words; what is in the document is for others to judge."""
    try:
        data = files.read_bytes(path, LIMIT)
    except OSError as exc:
        raise UserError(_("“{file}” could not be read: {why}.").format(file=path, why=exc.strerror or exc)) from exc
    return transfer.decoded(data)
