"""What the quick switcher knows: follows the program while the window is open, and makes its models ready in slices."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from msgspec import Struct
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.local.residency import View
from trayapp.ui.finder_index import Index, Marks, Source, indexing, marks, sources
from trayapp.ui.menu import TrayView

SLICE_MS = 5
"""Milliseconds at a time in which models are made ready for the search."""


class Feed(Struct, frozen=True, kw_only=True):
    """What the window is told of the program."""

    view: Topic[TrayView]
    """Which accounts there are, in which order, and what can be chosen of them."""
    state: Topic[State]
    local: Topic[tuple[View, ...]]
    names: Callable[[], Mapping[str, str]]
    """What each account is called."""
    watched: Callable[[bool], None] = lambda _on: None
    """Somebody looks at what is in memory, or does no longer."""


class Stock(QObject):
    """Keeps index and marks as new as the program is, from ``start`` to ``stop``."""

    changed = Signal()
    """Index or marks are others."""

    def __init__(self, feed: Feed, parent: QObject) -> None:
        super().__init__(parent)
        self._feed = feed
        self._leave: list[Callable[[], None]] = []
        self._sources: tuple[Source, ...] = ()
        self._making: Generator[None, None, Index] | None = None
        self._slices = QTimer(self)
        self._slices.setSingleShot(True)
        self._slices.timeout.connect(self._make_ready)
        self.index = Index(())
        self.marks = Marks()

    @property
    def busy(self) -> bool:
        """Models are still being made ready; until then those of before can be searched."""
        return self._making is not None

    @property
    def follows(self) -> bool:
        """It listens to the program."""
        return bool(self._leave)

    def start(self) -> None:
        """Listen, and catch up with what there is."""
        feed = self._feed
        feed.watched(True)
        self._leave = [
            feed.view.listen(lambda _view: self._news()),
            feed.state.listen(lambda _state: self._mark()),
            feed.local.listen(lambda _views: self._mark()),
        ]
        self._mark()
        self._news()

    def stop(self) -> None:
        """Listen no longer."""
        for leave in self._leave:
            leave()
        self._leave = []
        self._slices.stop()
        self._feed.watched(False)

    def _news(self) -> None:
        """Lists, accounts or their order may be others."""
        wanted = sources(self._feed.view.value, self._feed.names())
        if wanted != self._sources:
            self._sources = wanted
            self._making = indexing(wanted, self.index)
            self._make_ready()
        elif self._making is not None:  # it was closed before that was done
            self._slices.start()

    def _make_ready(self) -> None:
        if self._making is None:
            return
        spent = QElapsedTimer()
        spent.start()
        try:
            next(self._making)
            while spent.elapsed() < SLICE_MS:
                next(self._making)
        except StopIteration as done:
            self._making, self.index = None, done.value
            self._mark()
            return
        self._slices.start()

    def _mark(self) -> None:
        """Pins, choice or what is in memory may be others."""
        self.marks = marks(self.index, self._feed.state.value, self._feed.local.value)
        self.changed.emit()
