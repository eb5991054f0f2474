"""What the tests of the windows need: as in the program, closing the last window ends nothing; a dialog to open."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.qt.dialog import Opened


@pytest.fixture(autouse=True)
def _windows_end_nothing(qapp: QApplication) -> Iterator[None]:
    qapp.setQuitOnLastWindowClosed(False)
    gc.disable()
    yield
    # what was closed goes now, and not when Python's collector next runs in some thread: that crashes
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    gc.enable()


@pytest.fixture
def opened(qtbot: QtBot) -> Callable[..., Opened]:
    return lambda **more: Opened(qtbot, **more)


@pytest.fixture(params=[1.0, 2.0])
def size_of_text(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[object]:
    """Twice: as it is, and as large as some need it."""
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(before.pointSizeF() * request.param)
    qapp.setFont(font)
    yield request.param
    qapp.setFont(before)
