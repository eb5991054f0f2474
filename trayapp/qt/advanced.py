"""The figures of time of one account, folded away until somebody wants them: most accounts do as all others do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from trayapp.core import schema
from trayapp.core.accounts import Account
from trayapp.core.language import _
from trayapp.core.settings import LATENCIES, STRATEGIES
from trayapp.qt.dialogs import Wrapped, plain
from trayapp.qt.fields import embolden, small
from trayapp.ui.accounts import AccountView


def labels() -> tuple[str, ...]:
    """The words on it, in their order, for whoever gives out access keys."""
    return (_("Advanced"), _("A list counts as fresh for"), _("Ask for lists"), _("How fast it answers"))


class Advanced(QWidget):
    """How long its list counts as fresh, when it is asked, and how long it is waited for.

    Folded away unless the account has a figure of its own. What is typed is held, good or bad.
    """

    changed = Signal()

    def __init__(self, view: AccountView, keyed: Sequence[str]) -> None:
        """``keyed`` are ``labels`` with their access keys marked."""
        super().__init__()
        self._account = view.account
        title, ttl, strategy, latency = keyed
        plain_words = labels()
        self.toggle = QToolButton()
        self.toggle.setText(title)
        self.toggle.setAccessibleName(plain_words[0])
        self.toggle.setCheckable(True)
        self.toggle.setAutoRaise(True)
        self.toggle.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.ttl = QLineEdit()
        self.ttl.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers)
        self.ttl.setFixedWidth(self.ttl.fontMetrics().horizontalAdvance("0" * 14))
        self.ttl.textChanged.connect(self._edited)
        self.strategy, self.latency = QComboBox(), QComboBox()
        for box, words in ((self.strategy, STRATEGIES), (self.latency, LATENCIES)):
            box.addItem("", "")  # as its provider, or as for all: said by ``show_view``
            for text, told in words.items():
                box.addItem(_(told), text)
            box.currentIndexChanged.connect(self._edited)
        self._help = small(plain())
        self._error = small(plain())
        embolden(self._error)
        self._error.hide()
        self._inside = QWidget()
        inside = QVBoxLayout(self._inside)
        fresh_for = QHBoxLayout()
        fresh_for.addWidget(self.ttl)
        fresh_for.addWidget(QLabel(_("seconds")))
        fresh_for.addStretch(1)
        rows: tuple[tuple[str, QLineEdit | QComboBox], ...] = (
            (ttl, self.ttl),
            (strategy, self.strategy),
            (latency, self.latency),
        )
        for (label, control), name in zip(rows, plain_words[1:], strict=True):
            control.setAccessibleName(name)
            words_before = Wrapped(label)
            words_before.setBuddy(control)
            inside.addWidget(words_before)
            if control is self.ttl:
                inside.addLayout(fresh_for)
                inside.addWidget(self._help)
                inside.addWidget(self._error)
            else:
                inside.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._inside)
        self.toggle.toggled.connect(self._fold)
        self._fold(False)
        self.show_view(view, forget=True)
        own = view.account
        self.toggle.setChecked(own.ttl is not None or bool(own.strategy or own.timeouts))

    @property
    def controls(self) -> tuple[QToolButton, QLineEdit, QComboBox, QComboBox]:
        """In the order in which they are read."""
        return (self.toggle, self.ttl, self.strategy, self.latency)

    @property
    def problem(self) -> str:
        """What is wrong with what is typed; empty when it can be saved."""
        try:
            schema.change_account(self._account, "ttl", self.ttl.text())
        except ValueError as exc:
            return str(exc)
        return ""

    def applied(self, account: Account) -> Account:
        """The account with what is entered here, as far as that can be."""
        texts = {"strategy": str(self.strategy.currentData()), "timeouts": str(self.latency.currentData())}
        if not self.problem:
            texts["ttl"] = self.ttl.text()
        for name, text in texts.items():
            account = schema.change_account(account, name, text)
        return account

    def show_view(self, view: AccountView, *, forget: bool) -> None:
        """Say what holds where nothing is entered; ``forget``: enter what the account has."""
        self._account = view.account
        self._help.setText(_("Left empty, it is {n}.").format(n=view.usual_ttl))
        self.ttl.setPlaceholderText(str(view.usual_ttl))
        self.ttl.setAccessibleDescription(self._help.text())
        usual = _(LATENCIES.get(view.usual_latency, view.usual_latency))
        self.latency.setItemText(0, _("as its provider: {latency}").format(latency=usual))
        usual = _(STRATEGIES.get(view.usual_strategy, view.usual_strategy))
        self.strategy.setItemText(0, _("as for all: {strategy}").format(strategy=usual))
        if forget:
            own = view.account
            if self.ttl.text() != (text := "" if own.ttl is None else str(own.ttl)):
                self.ttl.setText(text)
            self.strategy.setCurrentIndex(max(0, self.strategy.findData(own.strategy)))
            self.latency.setCurrentIndex(max(0, self.latency.findData(own.timeouts)))
        self._judge()

    def _edited(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        self._error.setText(self.problem)
        self._error.setVisible(bool(self._error.text()))

    def _fold(self, out: bool) -> None:
        if not out and self.problem:
            self.toggle.setChecked(True)  # what keeps all from being saved stays in sight
            return
        self._inside.setVisible(out)
        self.toggle.setArrowType(Qt.ArrowType.DownArrow if out else Qt.ArrowType.RightArrow)
