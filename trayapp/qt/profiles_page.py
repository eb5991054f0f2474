"""The page “Profiles”: which there are and which one is in use; added, used, edited and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.intents import Intent, SaveProfile, UseProfile
from trayapp.core.language import _
from trayapp.core.profiles import Profile, current
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.qt import profile_editor
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.local_order import push
from trayapp.qt.outcome import Outcome
from trayapp.qt.profile_editor import ProfileEditor
from trayapp.ui import profile_form
from trayapp.ui.accounts import AccountView
from trayapp.ui.form import access_keys
from trayapp.ui.profile_form import OFFLINE, SUGGESTED, Draft

_AT = Qt.ItemDataRole.UserRole


class ProfilesPage(QWidget):
    """Holds drafts until they are saved or taken back; using a profile happens at once."""

    changed = Signal()

    def __init__(
        self,
        *,
        state: Topic[State],
        models: Callable[[], Sequence[str]],
        perform: Perform,
        start: Start,
        taken: str = "",
    ) -> None:
        """``models``: every known one as ``account/model``; ``taken`` are access keys in use around it."""
        super().__init__()
        self._state, self._models = state, models
        self._perform, self._start = perform, start
        self._stored: tuple[Profile, ...] = ()
        self._drafts: tuple[Draft, ...] = ()
        self._views: tuple[AccountView, ...] = ()
        self._asking = False
        buttons = (_("Use"), _("Use none"), _("Add…"), _("Remove…"))
        use, none, add, remove, *keyed = access_keys((*buttons, *profile_editor.labels()), taken)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Profiles"))
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setMinimumWidth(self.fontMetrics().averageCharWidth() * 14)
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.use_button = push(use, self._use, _("Use the selected profile"))
        self.none_button = push(none, lambda: self._ask(UseProfile("")), _("Use no profile"))
        self.add_button = push(add, self._offer_names, _("Add a profile of what is in use now"))
        self.remove_button = push(remove, self._begin_removal, _("Remove the selected profile"))
        self.menu = QMenu(self)
        self.menu.triggered.connect(lambda action: self.add(str(action.data())))
        self.outcome = Outcome(perform, start, button=False)
        self.outcome.busy_changed.connect(lambda _busy: self._draw())
        self.editor = ProfileEditor(keyed)
        self.editor.edited.connect(self._edited)
        self.empty = plain(_("There are no profiles yet. “Add…” makes one of what is in use now."))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.editor)
        grid = QGridLayout()
        for at, button in enumerate((self.use_button, self.none_button, self.add_button, self.remove_button)):
            grid.addWidget(button, at // 2, at % 2)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addLayout(grid)
        left.addWidget(self.outcome)
        layout = QHBoxLayout(self)
        layout.addLayout(left)
        layout.addWidget(self.stack, 1)

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        return bool(self.intents) if self.wrong is None else True

    @property
    def intents(self) -> tuple[Intent, ...]:
        """What saves it all."""
        return profile_form.intents(self._drafts, self._stored)

    @property
    def wrong(self) -> Draft | None:
        """The first draft that cannot be saved: of two with one name, the one that was changed."""
        found = [it for at, it in enumerate(self._drafts) if profile_form.problem(it, self._others(at))]
        return next((it for it in found if profile_form.dirty(it, self._stored)), found[0] if found else None)

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """All profiles as they are entered."""
        return self._drafts

    def show_state(self, state: State, *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``."""
        if forget:
            self._drafts = tuple(profile_form.draft_of(it) for it in state.profiles)
        elif state.profiles != self._stored:
            self._drafts = profile_form.merged(self._drafts, self._stored, state.profiles)
        self._stored = state.profiles
        self._draw()

    def show_accounts(self, views: Sequence[AccountView]) -> None:
        """Have these accounts to choose from."""
        self._views = tuple(views)
        self._draw()

    def show_wrong(self) -> None:
        """Go to what cannot be saved."""
        wrong = self.wrong
        if wrong is not None:
            self.list.setCurrentRow(self._drafts.index(wrong))
            self.editor.wrong.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Have the models of now to choose from."""
        super().showEvent(event)
        self.editor.offer(self._models())

    # -- adding and removing --------------------------------------------------------------------

    def _offer_names(self) -> None:
        """Names to begin with; every one can be changed."""
        self.menu.clear()
        taken = {it.name.strip().casefold() for it in self._drafts}
        for name in SUGGESTED:
            if _(name).casefold() not in taken:
                words = _("{name} (local accounts only)") if name == OFFLINE else "{name}"
                self.menu.addAction(words.format(name=_(name))).setData(name)
        self.menu.addAction(_("Another name…")).setData("")
        self.menu.popup(self.add_button.mapToGlobal(QPoint(0, self.add_button.height())))

    def add(self, suggested: str) -> None:
        """A profile of what is in use now, under one of the names that are suggested, or another."""
        local = None
        if suggested == OFFLINE:
            local = tuple(view.provider for view in self._views if view.local and view.account.enabled)
        name = _(suggested) if suggested else _("My profile")
        self._drafts = (*self._drafts, profile_form.new(name, self._state.value, self._drafts, local or None))
        self._draw()
        self.list.setCurrentRow(len(self._drafts) - 1)
        self.editor.name.setFocus()
        self.editor.name.selectAll()
        self.changed.emit()

    def _begin_removal(self) -> None:
        if not self._asking and self._at >= 0:
            self._asking = True
            self._start(self._remove(self._drafts[self._at]))

    async def _remove(self, draft: Draft) -> None:
        text = _("Remove the profile “{name}”?").format(name=draft.name)
        detail = _("It is gone once you press Apply or OK. What is in use with it stays in use.")
        try:
            sure = not draft.before or await question(self.window(), text, _("&Remove"), _("Keep"), detail=detail)
        finally:
            self._asking = False
        if sure and draft in self._drafts:
            self._drafts = tuple(it for it in self._drafts if it is not draft)
            self._draw()
            self.list.setFocus()
            self.changed.emit()

    # -- using ----------------------------------------------------------------------------------

    def _use(self) -> None:
        if self._at >= 0:
            self._start(self._save_and_use(self._at))

    async def _save_and_use(self, at: int) -> None:
        """What is used is what is seen, so it is saved first."""
        draft = self._drafts[at]
        if profile_form.problem(draft, self._others(at)):
            self.editor.wrong.setFocus()
            return
        if profile_form.dirty(draft, self._stored):
            reply = await self._perform(SaveProfile(profile_form.profile_of(draft), draft.before))
            if not reply.ok:
                self.outcome.say(reply.text)
                return
        self._ask(UseProfile(draft.name.strip()))

    def _ask(self, intent: Intent) -> None:
        self.outcome.ask(intent, _("One moment…"))

    # -- what is shown --------------------------------------------------------------------------

    @property
    def _at(self) -> int:
        return self.list.currentRow()

    def _others(self, at: int) -> tuple[Draft, ...]:
        return (*self._drafts[:at], *self._drafts[at + 1 :])

    def _edited(self, draft: Draft) -> None:
        if self._at >= 0:
            self._drafts = (*self._drafts[: self._at], draft, *self._drafts[self._at + 1 :])
            self._draw()
            self.changed.emit()

    def _draw(self) -> None:
        state, at = self._state.value, self._at
        self.list.blockSignals(True)
        while self.list.count() > len(self._drafts):
            self.list.takeItem(self.list.count() - 1)
        for row, draft in enumerate(self._drafts):
            item = self.list.item(row) or QListWidgetItem(self.list)
            standing = profile_form.standing(draft, state)
            name = draft.name.strip() or _("A profile without a name")
            item.setText(f"{name}\n{standing}" if standing else name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (name, standing))))
        self.list.setCurrentRow(min(max(at, 0), len(self._drafts) - 1))
        self.list.blockSignals(False)
        self._show()

    def _show(self) -> None:
        at = self._at
        there, used = 0 <= at < len(self._drafts), current(self._state.value)
        self.stack.setCurrentIndex(1 if there else 0)
        self.use_button.setEnabled(there and not self.outcome.busy)
        self.none_button.setEnabled(used is not None and not self.outcome.busy)
        self.remove_button.setEnabled(there)
        if there:
            titles = {view.provider: view.title for view in self._views}
            usual = [view.provider for view in self._views if view.account.enabled]
            self.editor.show_draft(self._drafts[at], self._others(at), titles, usual=usual)
