"""Puts text into the clipboard, a secret with a word to the programs that keep what was copied; and takes one out."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel
from PySide6.QtGui import QClipboard, QGuiApplication

from trayapp.core.secret import Secret

# Klipper and those that follow it remember nothing that is marked like the first, and Windows nothing like the second.
_FORGET = {
    "x-kde-passwordManagerHint": b"secret",
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
}


def copy(text: str, *, secret: bool = False) -> None:
    """From now on it can be pasted."""
    if not secret:
        QGuiApplication.clipboard().setText(text)
        return
    # WORKAROUND: data that was made in Python ends the process in a crash where the clipboard outlives Python
    # (PySide 6.11, platform offscreen); data that Qt made does not
    model = QStringListModel([""])
    data = model.mimeData([model.index(0, 0)])
    data.clear()
    data.setText(text)
    for kind, value in _FORGET.items():
        data.setData(kind, value)
    QGuiApplication.clipboard().setMimeData(data)


def holds(secret: Secret) -> bool:
    """Whether it can be pasted now: from the clipboard, or by the middle button from what is selected on X11."""
    return any(_held(mode, secret) for mode in _modes())


def clear(secret: Secret) -> None:
    """Have it in no clipboard any more. What was copied or selected since then stays."""
    for mode in _modes():
        if _held(mode, secret):
            QGuiApplication.clipboard().clear(mode)


def _modes() -> list[QClipboard.Mode]:
    selection = QGuiApplication.clipboard().supportsSelection()
    return [QClipboard.Mode.Clipboard, *([QClipboard.Mode.Selection] if selection else [])]


def _held(mode: QClipboard.Mode, secret: Secret) -> bool:
    return Secret(QGuiApplication.clipboard().text(mode).strip()) == secret
