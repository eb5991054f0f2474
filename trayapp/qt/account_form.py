"""One account on the Providers page: its name, address and values, and what can be done with its key."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import UserError
from trayapp.core.intents import (
    CheckKey,
    CopyKey,
    Intent,
    RemoveAccount,
    RemoveKey,
    Reply,
    SaveAccount,
    UnlockKeyring,
)
from trayapp.core.language import _
from trayapp.providers.spec import ProviderSpec, base_url, fill, origin
from trayapp.qt import advanced
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.fields import embolden, small
from trayapp.qt.keys import KeyDialog
from trayapp.qt.outcome import Outcome
from trayapp.ui.accounts import AccountView, Held
from trayapp.ui.form import access_keys

Warn = Callable[[ProviderSpec, str], str]
"""What is plainly wrong with a key for this provider, in words."""


class AccountForm(QWidget):
    """Shows one account and holds what was typed, good or bad, until it is saved or taken back."""

    changed = Signal()

    def __init__(
        self,
        view: AccountView,
        spec: ProviderSpec | None,
        *,
        perform: Perform,
        start: Start,
        warn: Warn,
        taken: str = "",
    ) -> None:
        super().__init__()
        self._view = view
        self._spec = spec
        self._perform = perform
        self._start = start
        self._warn = warn
        self.title = plain()
        embolden(self.title)
        self.state = plain()
        words = [_("Show its models"), _("Name"), _("Address"), *(ask.label for ask in view.asks), *advanced.labels()]
        actions: list[tuple[str, Callable[[], object]]] = [
            (_("Set key…"), self._set_key),
            (_("Test key"), lambda: self._with_saved(CheckKey(self.provider), _("Asking {name}…"))),
            (_("Unlock keyring…"), lambda: self._with_saved(UnlockKeyring(), _("Waiting for the keyring…"))),
            (_("Copy key to keyring"), lambda: self._with_saved(CopyKey(self.provider), _("Storing the key…"))),
            (_("Use {variable}").format(variable=view.variable), self._use_variable),
            (_("Forget key"), lambda: self._start(self._remove_key())),
            (_("Open key page"), lambda: QDesktopServices.openUrl(QUrl(self._view.keys_url))),
            (_("Remove account…"), lambda: self._start(self._remove())),
        ]
        keyed = iter(access_keys((*words, *(text for text, _do in actions)), taken))
        self.enabled = QCheckBox(next(keyed))
        self.enabled.toggled.connect(self._edited)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.enabled, 0, 1)
        self.name = self._line(grid, next(keyed), _("Name"), view.provider_name)
        self.address = self._line(grid, next(keyed), _("Address"), view.hint)
        self._errors: dict[QLineEdit, QLabel] = {self.address: self._note(grid)}
        self.values: dict[str, QLineEdit] = {}
        for ask in view.asks:
            edit = self._line(grid, next(keyed), ask.label, ask.default or ask.example)
            self.values[ask.name] = edit
            self._errors[edit] = self._note(grid)
        self.advanced = advanced.Advanced(view, [next(keyed) for _label in advanced.labels()])
        self.advanced.changed.connect(self._edited)
        self.key = plain()
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        grid.addWidget(QLabel(_("Key")), grid.rowCount(), 0, top)
        grid.addWidget(self.key, grid.rowCount() - 1, 1)
        self._actions = QGridLayout()
        self._actions.setColumnStretch(2, 1)
        self._beside = 2
        """Buttons that stand in one line."""
        self.buttons = [self._button(next(keyed), do) for _text, do in actions]
        grid.addLayout(self._actions, grid.rowCount(), 1)
        self.outcome = Outcome(perform, start)
        self.outcome.busy_changed.connect(lambda busy: self._offer(busy))
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.state)
        layout.addLayout(grid)
        layout.addWidget(self.outcome)
        layout.addWidget(self.advanced)
        layout.addStretch(1)
        self.controls: tuple[QWidget, ...] = (
            self.enabled,
            self.name,
            self.address,
            *self.values.values(),
            *self.buttons,
            *self.advanced.controls,
        )
        """In the order in which they are read."""
        self.show_view(view, forget=True)

    @property
    def provider(self) -> str:
        """The account's id."""
        return self._view.provider

    @property
    def draft(self) -> Account:
        """The account as entered."""
        values = {name: edit.text().strip() for name, edit in self.values.items()}
        others = {name: text for name, text in self._view.account.values.items() if name not in values}
        return msgspec.structs.replace(
            self.advanced.applied(self._view.account),
            name=self.name.text().strip(),
            base_url=self.address.text().strip(),
            values=others | {name: text for name, text in values.items() if text},
            enabled=self.enabled.isChecked(),
        )

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self.draft != self._view.account or bool(self.advanced.problem)

    @property
    def wrong(self) -> QLineEdit | None:
        """The first line that cannot be saved as it is."""
        found = next((edit for edit, label in self._errors.items() if label.text()), None)
        return found or (self.advanced.ttl if self.advanced.problem else None)

    def show_view(self, view: AccountView, *, forget: bool = False) -> None:
        """Show how the account is doing now; what the user has entered stays unless ``forget``."""
        keep = not forget and self.dirty
        self._view = view
        if not keep:
            self.enabled.setChecked(view.account.enabled)
            _enter(self.name, view.account.name)
            _enter(self.address, view.account.base_url)
            for name, edit in self.values.items():
                _enter(edit, view.account.values.get(name, ""))
        self.advanced.show_view(view, forget=not keep)
        self.title.setText(f"{view.title} ({view.provider_name})" if view.title != view.provider_name else view.title)
        self._judge()
        self._offer(self.outcome.busy)

    # -- what is entered ------------------------------------------------------------------------

    def _edited(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        draft, spec = self.draft, self._spec
        said = dict.fromkeys(self._errors, "")
        server = ""
        if spec is not None:
            for name, edit in self.values.items():
                if edit.text().strip():
                    said[edit] = _complaint(lambda name=name: fill(f"{{{name}}}", spec, draft))  # type: ignore[misc]
            try:
                server = origin(base_url(spec, draft))
            except UserError:
                # what is missing may come later; what is typed must be an address
                if draft.base_url and "{" not in draft.base_url:
                    said[self.address] = _complaint(lambda: origin(draft.base_url))
        for edit, text in said.items():
            label = self._errors[edit]
            label.setText(text)
            label.setVisible(bool(text))
        view = self._view
        moved = server and view.origin and server != view.origin and view.held in (Held.KEYRING, Held.SESSION)
        state = _("{state}.").format(state=view.state[:1].upper() + view.state[1:])
        lines = [state, view.problem]
        self.state.setText(" ".join(filter(None, lines)))
        key = [view.key, view.keyring_note if view.held in (Held.KEYRING, Held.SESSION, Held.NOWHERE) else ""]
        if moved:
            told = _("This is another server: it needs its own key. The present one stays with {server}.")
            key.append(told.format(server=view.origin))
        self.key.setText("\n".join(filter(None, key)))

    def _offer(self, busy: bool) -> None:
        view = self._view
        stored = view.held in (Held.KEYRING, Held.SESSION)
        shown = (
            view.known,
            view.has_key or view.held is Held.NOT_NEEDED,
            view.locked,
            bool(view.variable) and not stored,
            bool(view.variable) and view.held is not Held.ENVIRONMENT,
            stored,
            bool(view.keys_url),
            True,
        )
        for button, wanted in zip(self.buttons, shown, strict=True):
            button.setVisible(wanted)
            button.setEnabled(not busy)
        self._place()

    def _place(self) -> None:
        """Side by side without gaps."""
        shown = (it for it in self.buttons if not it.isHidden())
        for place, button in enumerate(shown):
            self._actions.addWidget(button, place // self._beside, place % self._beside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One below the other, where there is no room for two: what is scrolled around it tells how much there is."""
        super().resizeEvent(event)
        above = self.parentWidget()
        widest = max((it.sizeHint().width() for it in self.buttons if not it.isHidden()), default=0)
        left = self.mapFromGlobal(self.name.mapToGlobal(self.name.rect().topLeft())).x()
        room = (above.width() if above is not None else self.width()) - min(left, self.width() - left)
        beside = 2 if room > 2 * widest + 4 * self._actions.horizontalSpacing() else 1
        if beside != self._beside:
            self._beside = beside
            self._place()

    # -- what can be done -----------------------------------------------------------------------

    def _with_saved(self, intent: Intent, meanwhile: str) -> None:
        self._start(self._save_then(lambda: self.outcome.ask(intent, meanwhile.format(name=self._view.title))))

    async def _save_then(self, then: Callable[[], None]) -> None:
        """A key belongs to an address, so what was typed is saved before anything is done with a key."""
        if self.wrong is not None:
            self.wrong.setFocus()
            return
        if self.dirty:
            reply = await self._perform(SaveAccount(self.draft))
            if not reply.ok:
                self.outcome.say(reply.text)
                return
        then()

    def _set_key(self) -> None:
        self._start(self._save_then(self.open_key_dialog))

    def open_key_dialog(self) -> None:
        """Ask for the account's key."""
        view, spec = self._view, self._spec
        if spec is None:
            return
        dialog = KeyDialog(
            self.window(),
            provider=self.provider,
            title=view.title,
            perform=self._perform,
            start=self._start,
            warn=lambda text: self._warn(spec, text),
            note=view.keyring_note,
            keys_url=view.keys_url,
        )
        dialog.open()

    def _use_variable(self) -> None:
        account = msgspec.structs.replace(self.draft, key_from=KeyFrom.ENVIRONMENT)
        self._with_saved(SaveAccount(account), _("Saving…"))

    async def _remove_key(self) -> None:
        text = _("Forget the key of {name}? It is removed from the keyring.").format(name=self._view.title)
        if await question(self.window(), text, _("&Forget it"), _("Keep it")):
            self.outcome.ask(RemoveKey(self.provider), _("Removing the key…"))

    async def _remove(self) -> None:
        text = _("Remove {name}, with its key and its list of models?").format(name=self._view.title)
        if await question(self.window(), text, _("&Remove"), _("Keep")):
            self.outcome.ask(RemoveAccount(self.provider), _("Removing…"), self._removed)

    def _removed(self, reply: Reply) -> None:
        if reply.ok:
            self.show_view(self._view, forget=True)

    # -- parts ----------------------------------------------------------------------------------

    def _line(self, grid: QGridLayout, label: str, name: str, placeholder: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setPlaceholderText(placeholder)
        edit.setAccessibleName(name)
        edit.setMinimumWidth(edit.fontMetrics().averageCharWidth() * 30)
        edit.textChanged.connect(self._edited)
        words = QLabel(label)
        words.setBuddy(edit)
        row = grid.rowCount()
        grid.addWidget(words, row, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(edit, row, 1)
        return edit

    def _note(self, grid: QGridLayout) -> QLabel:
        label = small(plain())
        embolden(label)
        label.hide()
        grid.addWidget(label, grid.rowCount(), 1)
        return label

    def _button(self, text: str, do: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked: do())
        return button


def _enter(edit: QLineEdit, text: str) -> None:
    if edit.text() != text:
        edit.setText(text)


def _complaint(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except UserError as exc:
        return str(exc)
    return ""
