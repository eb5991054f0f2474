"""What every test of the windows needs: as in the program, closing the last window ends nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def _windows_end_nothing(qapp: QApplication) -> Iterator[None]:
    qapp.setQuitOnLastWindowClosed(False)
    yield
    # what was closed goes now, and not when Python's collector next runs in some thread
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
