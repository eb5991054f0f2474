"""The page “Gateway”: whether tools reach the chosen model, who may, by which names, and how to set them up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from trayapp.core.language import _
from trayapp.core.rules import ROLES
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.gateway.status import Status
from trayapp.qt.dialogs import Perform, Start, plain
from trayapp.qt.fields import FieldPage, FieldRow
from trayapp.qt.gateway_failover import Failover
from trayapp.qt.gateway_reach import Reach
from trayapp.qt.gateway_tokens import TokenPart
from trayapp.qt.gateway_tools import ToolPart
from trayapp.qt.local_order import note, say
from trayapp.qt.page_tabs import PageTabs, stacked
from trayapp.ui import form, gateway

OWN = ("gateway_failover",)
"""Preferences of the page with a control of their own; the others are lines."""
SWITCH = "gateway"
"""The preference that is not saved with the others: switching is an intent of its own."""
_PARTS = (
    (SWITCH, "gateway_port"),
    ("gateway_other_names", "gateway_cooldown"),
    ("gateway_keep_alive", "gateway_without_token", "gateway_origins", "gateway_grace", "usage_days"),
)


class GatewaySide(Struct, frozen=True, kw_only=True):
    """What the page knows of the program. Everything but the topics is called when somebody looks or clicks."""

    status: Topic[Status]
    """How the gateway stands; published on the loop of the windows."""
    state: Topic[State]
    keyring: Topic[str]
    """``system.keys.KeyringState``."""
    token: Callable[[str], Awaitable[str]]
    """The token of this name, to be copied. Raises UserError in words; the keyring may ask for its password."""
    session: Callable[[str], bool]
    """Whether the token of this name can be copied only until the program ends."""
    models: Callable[[], Sequence[str]]
    """Every known model as ``account/model``."""
    now: Callable[[], float]
    """Seconds since the epoch."""
    usage: Callable[[str], QWidget] | None = None
    """Makes what shows the figures of use; it is told the access keys that are in use around it."""


class GatewayPage(QWidget):
    """Tabs within the page; drafts until they are saved, but tokens are made and revoked at once."""

    changed = Signal()

    def __init__(self, page: form.Page, side: GatewaySide, *, perform: Perform, start: Start, taken: str = "") -> None:
        """``page`` as the form declares it; ``taken`` are access keys in use around it. ``parts`` makes the rest."""
        super().__init__()
        self._page, self._side = page, side
        self._perform, self._start = perform, start
        self._settings = Settings()
        self._leave: list[Callable[[], None]] = []
        self._known: tuple[str, ...] = ()
        self._forced = False
        """Failover is set from outside."""
        titles = (_("Gateway"), _("Tokens"), _("Names and failover"), _("Advanced"), _("Tools"), _("Usage"))
        self.tabs = PageTabs(self, titles, taken=taken)

    def parts(self) -> Iterator[None]:
        """Makes what stands on the page, in steps of some milliseconds; it is of no use before the last one."""
        side, taken = self._side, self.tabs.taken
        first, names, advanced = (self._lines(part) for part in _PARTS)
        self.fields = (first, names, advanced)
        yield
        self.reach = Reach(taken=first.taken)
        first.add_below(self.reach)
        self.tokens = TokenPart(perform=self._perform, start=self._start, token=side.token, taken=taken)
        yield
        self.failover = Failover(help=form.help_of("gateway_failover"), taken=names.taken)
        self.failover.changed.connect(self._edited)
        names.add_below(self.failover)
        self.warning = _below(self.rows["gateway_without_token"])
        self.tools = ToolPart(taken=taken)
        yield
        self.usage = side.usage(taken) if side.usage is not None else stacked(plain(_("There are no figures yet.")))
        yield
        self.tabs.fill(first, self.tokens, names, advanced, self.tools, self.usage)

    def _lines(self, names: tuple[str, ...]) -> FieldPage:
        fields = {field.name: field for field in self._page.fields}
        page = form.Page(self._page.name, self._page.title, tuple(fields[name] for name in names))
        lines = FieldPage(page, taken=self.tabs.taken)
        lines.changed.connect(self._edited)
        return lines

    @property
    def rows(self) -> dict[str, FieldRow]:
        """The lines, by the name of the preference."""
        return {name: row for part in self.fields for name, row in part.rows.items()}

    @property
    def switch(self) -> FieldRow:
        """Whether it is to be on."""
        return self.rows[SWITCH]

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        return self.switch.dirty or self.settings_dirty

    @property
    def settings_dirty(self) -> bool:
        """Some of it belongs to the settings."""
        return self.failover.dirty or any(row.dirty for name, row in self.rows.items() if name != SWITCH)

    @property
    def differs(self) -> bool:
        """Some preference of the page is not as the program has it by itself, and can be changed here."""
        return any(part.differs for part in self.fields) or bool(self.failover.value and not self._forced)

    def reset(self) -> None:
        """Enter what the program has by itself; tokens stay."""
        for part in self.fields:
            part.reset()
        if not self._forced:
            self.failover.enter(())

    @property
    def wrong(self) -> QWidget | None:
        """The first control with something that cannot be saved."""
        return next((row.control for row in self.rows.values() if row.problem), None)

    @property
    def drafts(self) -> Settings:
        """The settings with everything as entered, as far as it can be."""
        return self.applied(self._settings, lenient=True)

    def applied(self, settings: Settings, *, lenient: bool = False) -> Settings:
        """These settings with what is entered, but for the switch. Raises ValueError, in words, unless ``lenient``."""
        rows = ((name, row) for name, row in self.rows.items() if row.dirty and name != SWITCH)
        settings = form.changed(settings, {name: row.text for name, row in rows if not (lenient and row.problem)})
        return self.failover.applied(settings)

    # -- what is shown --------------------------------------------------------------------------

    def show_settings(self, settings: Settings, page: form.Page, *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``."""
        self._settings = settings
        for field in page.fields:
            if field.name in self.rows:
                self.rows[field.name].show_field(field, forget=forget)
            else:
                self._forced = bool(field.forced_by)
                self.failover.show_settings(settings, field.forced_by, forget=forget)
        self._refresh()
        self._standing()

    def show_state(self, _state: State) -> None:
        """Show the tokens that there are now."""
        if self._leave:
            self._tell_tokens()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what is there, and go on as long as it can be seen."""
        super().showEvent(event)
        if not self._leave:
            self._leave = [
                self._side.status.listen(lambda _status: self._standing()),
                self._side.keyring.listen(lambda _state: self._tell_tokens()),
            ]
            self._known = tuple(self._side.models())
            self.failover.offer((*ROLES, *self._known))
            self._standing()
            self._tell_tokens()
            self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Neither draw nor listen: minimised, on another page, or closed."""
        super().hideEvent(event)
        for leave in self._leave:
            leave()
        self._leave = []

    def _standing(self) -> None:
        status = self._side.status.value
        port = gateway.port_of(status, self._settings)
        self.reach.show_status(gateway.status_sentences(status), port)
        self.tools.show_port(port)

    def _tell_tokens(self) -> None:
        side, tokens = self._side, self._side.state.value.tokens
        keyring = side.keyring.value
        lines = gateway.token_lines(tokens, side.now(), keyring=keyring, session=side.session)
        self.tokens.show_tokens(tokens, lines, gateway.token_note(keyring, tokens))

    # -- what is entered ------------------------------------------------------------------------

    def _edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """What depends on what is entered."""
        drafts = self.drafts
        say(self.warning, gateway.paths_warning(drafts.gateway_without_token))
        self.failover.tell(gateway.failover_note(drafts.gateway_failover, drafts, self._known))


def _below(row: FieldRow) -> QLabel:
    """A sentence of weight right under a line."""
    label = note()
    layout = row.layout()
    if layout is not None:
        layout.addWidget(label)
    return label
