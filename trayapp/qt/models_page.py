"""The page “Models”: its preferences, how many models are hidden, and all of them shown again."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from trayapp.core.intents import Hide
from trayapp.core.language import _, plural
from trayapp.core.state import State
from trayapp.qt.dialogs import Perform, Start, plain
from trayapp.qt.fields import FieldPage, small
from trayapp.qt.local_order import boxed, push
from trayapp.qt.outcome import Outcome
from trayapp.ui import form


class HiddenModels:
    """A group; what is done in it is done at once."""

    def __init__(self, words: str, *, perform: Perform, start: Start) -> None:
        """``words``: of the button, with its access key marked."""
        self.group = boxed(_("Hidden models"))
        self.count = plain()
        self.outcome = Outcome(perform, start, button=False)
        self.button = push(words, self._show_all, _("Show all hidden models again"))
        line = QHBoxLayout()
        line.addWidget(self.count, 1)
        line.addWidget(self.button)
        layout = QVBoxLayout(self.group)
        layout.addLayout(line)
        layout.addWidget(small(plain(_("Models are hidden one by one, in the search or in the list of all models."))))
        layout.addWidget(self.outcome)

    def show_state(self, state: State) -> None:
        """Say how many there are now."""
        n = len(state.hidden)
        self.count.setText(
            plural("{n} model is hidden.", "{n} models are hidden.", n) if n else _("No model is hidden.")
        )
        self.button.setEnabled(bool(n))

    def _show_all(self) -> None:
        self.outcome.ask(Hide(None), _("Showing them…"))


class ModelsPage(FieldPage):
    """The preferences, and below them the models that are hidden."""

    def __init__(self, page: form.Page, *, perform: Perform, start: Start, taken: str) -> None:
        """``taken`` are access keys in use around the page."""
        super().__init__(page, taken=taken)
        (words,) = form.access_keys((_("Show all again"),), self.taken)
        self.hidden = HiddenModels(words, perform=perform, start=start)
        self.add_below(self.hidden.group)
