"""The page “Local models”: how long they stay in memory, what is loaded now, roles, and where requests go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from trayapp.core.language import _
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.local.advice import Advice
from trayapp.local.residency import View
from trayapp.qt.dialogs import Perform, Start
from trayapp.qt.fields import FieldPage, FieldRow
from trayapp.qt.local_exceptions import Exceptions
from trayapp.qt.local_launch import AtLaunch
from trayapp.qt.local_loaded import LoadedNow
from trayapp.qt.local_roles import Roles
from trayapp.qt.local_routes import Routes
from trayapp.qt.local_strategy import StrategyChoice
from trayapp.qt.page_tabs import PageTabs, stacked
from trayapp.ui import form, local_form, rule_form
from trayapp.ui.local_form import Loaded, Usual
from trayapp.ui.rule_form import ROLE_NAMES

OWN = ("local_exceptions", "warm_at_launch", "roles", "default_route")
"""Preferences of the page with a control of their own; the others are lines of figures."""


class LocalSide(Struct, frozen=True, kw_only=True):
    """What the page knows of the program. Everything is called when somebody looks."""

    views: Topic[tuple[View, ...]]
    """One per local server."""
    state: Topic[State]
    watched: Callable[[bool], None]
    """Told while the page can be seen, so that the servers are looked at often."""
    titles: Callable[[], Mapping[str, str]]
    """What each account is called."""
    models: Callable[[], Sequence[str]]
    """Every known model as ``account/model``."""
    loads: Callable[[], Usual]
    """The measured times."""
    advise: Callable[[], Awaitable[Advice | None]]
    """Which strategy this computer's memory speaks for; asks the system."""
    now: Callable[[], float]
    """Seconds since the epoch."""


class _Editor(Protocol):
    """A part of the page that holds what was entered until it is saved."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def dirty(self) -> bool: ...
    @property
    def problem(self) -> str: ...
    @property
    def control(self) -> QWidget: ...
    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None: ...
    def applied(self, settings: Settings) -> Settings: ...


class LocalPage(QWidget):
    """Tabs within the page; drafts until they are saved, but what is loaded now is live."""

    changed = Signal()

    def __init__(self, page: form.Page, side: LocalSide, *, perform: Perform, start: Start, taken: str = "") -> None:
        """``page`` as the form declares it; ``taken`` are access keys in use around it. ``parts`` makes the rest."""
        super().__init__()
        self._page, self._side = page, side
        self._perform, self._start = perform, start
        self._settings = Settings()
        self._leave: Callable[[], None] | None = None
        self._advice: Advice | None = None
        self._advised = False
        self._known: tuple[str, ...] = ()
        self._forced: set[str] = set()
        titles = (_("Strategy"), _("Loaded now"), _("Figures"), _("Roles and start"), _("Rules"))
        self.tabs = PageTabs(self, titles, taken=taken)

    def parts(self) -> Iterator[None]:
        """Makes what stands on the page, in steps of some milliseconds; it is of no use before the last one."""
        taken = self.tabs.taken
        self.strategy = StrategyChoice(taken=taken)
        self.strategy.changed.connect(self._edited)
        yield
        self.loaded = LoadedNow(perform=self._perform, start=self._start, shown=self._shown, taken=taken)
        yield
        own = tuple(field for field in self._page.fields if field.name not in OWN)
        self.figures = FieldPage(form.Page(self._page.name, self._page.title, own), taken=taken)
        self.figures.changed.connect(self._edited)
        self.exceptions = Exceptions(help=local_form.help("local_exceptions"), taken=self.figures.taken)
        self.figures.add_below(self.exceptions)
        yield
        roles = tuple(_(name) for name in ROLE_NAMES.values())
        labels = form.access_keys((*roles, _("Add"), _("Remove"), _("Up"), _("Down")), taken)
        self.roles = Roles(labels[: len(roles)], help=local_form.help("roles"))
        self.launch = AtLaunch(labels[len(roles) :], help=local_form.help("warm_at_launch"))
        below = stacked(self.roles, self.launch)
        yield
        self.routes = Routes(
            chosen=lambda: self._side.state.value.active,
            drafts=lambda: self.drafts,
            label=next(field.label for field in self._page.fields if field.name == "default_route"),
            taken=taken,
        )
        self.routes.rules.examples_wanted.connect(self._add_examples)
        yield
        self._editors: dict[str, _Editor] = {
            "local_exceptions": self.exceptions,
            "roles": self.roles,
            "warm_at_launch": self.launch,
            "default_route": self.routes,
        }
        for editor in self._editors.values():
            editor.changed.connect(self._edited)
        self.tabs.fill(self.strategy, self.loaded, self.figures, below, self.routes)

    @property
    def rows(self) -> dict[str, FieldRow]:
        """The lines of figures, by the name of the preference."""
        return self.figures.rows

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        return self.strategy.dirty or self.settings_dirty

    @property
    def settings_dirty(self) -> bool:
        """Some of it belongs to the settings."""
        return any(it.dirty for it in self._entered)

    @property
    def wrong(self) -> QWidget | None:
        """The first control with something that cannot be saved."""
        return next((it.control for it in self._entered if it.problem), None)

    @property
    def differs(self) -> bool:
        """Some preference of the page is not as the program has it by itself, and can be changed here."""
        drafts, usual = self.drafts, Settings()
        free = (name for name in self._editors if name not in self._forced)
        changed = any(getattr(drafts, name) != getattr(usual, name) for name in free)
        return changed or self.figures.differs

    def reset(self) -> None:
        """Enter what the program has by itself. Rules stay, and so does the strategy: neither is a preference."""
        self.figures.reset()
        empty: dict[str, Callable[[], None]] = {
            "local_exceptions": lambda: self.exceptions.enter({}),
            "roles": lambda: self.roles.enter({}),
            "warm_at_launch": lambda: self.launch.enter(()),
            "default_route": lambda: self.routes.default.enter(""),
        }
        for name in self._editors.keys() - self._forced:
            empty[name]()

    @property
    def _entered(self) -> tuple[FieldRow | _Editor, ...]:
        return (*self.rows.values(), *self._editors.values())

    @property
    def drafts(self) -> Settings:
        """The settings with everything as entered, as far as it can be."""
        return self.applied(self._settings, lenient=True)

    def applied(self, settings: Settings, *, lenient: bool = False) -> Settings:
        """These settings with what is entered. Raises ValueError, in words, unless ``lenient``."""
        texts = {name: row.text for name, row in self.rows.items() if row.dirty and not (lenient and row.problem)}
        settings = form.changed(settings, texts)
        for editor in self._editors.values():
            settings = editor.applied(settings)
        return settings

    # -- what is shown --------------------------------------------------------------------------

    def show_settings(self, settings: Settings, page: form.Page, *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``."""
        self._settings = settings
        self._forced = {field.name for field in page.fields if field.forced_by}
        for field in page.fields:
            if field.name in self.rows:
                self.rows[field.name].show_field(field, forget=forget)
            else:
                self._editors[field.name].show_settings(settings, field.forced_by, forget=forget)
        self._refresh()

    def show_state(self, state: State, *, forget: bool = False) -> None:
        """Show the strategy that holds now; what was clicked stays unless ``forget``."""
        self.strategy.show_strategy(state.strategy, forget=forget)
        self._edited()
        self.loaded.soon()

    def showEvent(self, event: QShowEvent) -> None:
        """Have the servers looked at, and draw what is there as long as it can be seen."""
        super().showEvent(event)
        if self._leave is None:
            self._leave = self._side.views.listen(lambda _views: self._viewed())
            self._side.watched(True)
            self._known = tuple(self._side.models())
            self._offer()
            self._refresh()
            self.loaded.watch(True)
            self._start(self._look_at_memory())

    def hideEvent(self, event: QHideEvent) -> None:
        """Neither draw nor listen: minimised, on another page, or closed."""
        super().hideEvent(event)
        if self._leave is not None:
            self._leave()
            self._leave = None
            self.loaded.watch(False)
            self._side.watched(False)

    async def _look_at_memory(self) -> None:
        self._advice = await self._side.advise()
        self._advised = True
        self._show_suggestion()

    def _show_suggestion(self) -> None:
        if self._advised:
            self.strategy.show_suggestion(local_form.suggested(self._advice, self._side.views.value))

    def _viewed(self) -> None:
        self._offer()
        self._show_suggestion()
        self.loaded.soon()

    def _offer(self) -> None:
        views = self._side.views.value
        installed = [str(ref) for ref in local_form.installed(views)]
        models = list(dict.fromkeys((*installed, *self._known)))
        self.exceptions.offer(local_form.names(views))
        self.launch.offer(installed)
        self.roles.offer(models)
        self.routes.offer(models)

    def _shown(self) -> Loaded:
        side, views, now = self._side, self._side.views.value, self._side.now()
        titles = side.titles()
        return Loaded(
            lines=local_form.lines(views, titles, now, side.state.value),
            servers=local_form.standings(views, titles),
            nothing=local_form.nothing(views),
            installed=tuple(str(ref) for ref in local_form.installed(views)),
            progress=local_form.progress(views, now),
        )

    # -- what is entered ------------------------------------------------------------------------

    def _edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """What depends on figures and roles as they are entered."""
        self.strategy.show_options(local_form.options(self.drafts, self._side.loads()))
        self.routes.refresh()

    def _add_examples(self, which: str) -> None:
        drafts = rule_form.with_examples(self.drafts, which)
        self.roles.enter(drafts.roles)
        self.routes.enter(drafts)
