"""The guide's window: pages, links, search, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from trayapp.qt.help import HelpWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> HelpWindow:
    (tmp_path / "first-steps.md").write_text("# First steps\n\nSee [it](gateway.md#tokens).\n", encoding="utf-8")
    tall = "\n\n".join(f"Line {number} of many." for number in range(200))
    text = f"# Gateway\n\n{tall}\n\n## Tokens\n\nAbout *brown\npelicans*.\n\n{tall}\n"
    (tmp_path / "gateway.md").write_text(text, encoding="utf-8")
    it = HelpWindow(tmp_path)
    qtbot.addWidget(it)
    it.open_page()
    return it


def test_it_opens_at_the_first_page_and_shows_its_markdown(window: HelpWindow) -> None:
    assert window.shown == "first-steps"
    assert window.text.toPlainText().startswith("First steps")
    assert [window.list.item(row).text() for row in range(window.list.count())] == ["First steps", "Gateway"]


def test_a_page_and_a_heading_can_be_named(window: HelpWindow) -> None:
    window.open_page("gateway#tokens")
    assert window.shown == "gateway"
    assert window.text.verticalScrollBar().value() > 1000
    window.open_page("no such page")
    assert window.shown == "first-steps"


def test_links_are_followed_and_alt_left_leads_back(window: HelpWindow) -> None:
    window.text.anchorClicked.emit(QUrl("gateway.md#tokens"))
    assert window.shown == "gateway"
    assert window.back.isEnabled()
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.shown == "first-steps"
    assert not window.back.isEnabled()


def test_a_link_out_of_the_guide_goes_to_the_browser_and_no_file_is_opened(
    window: HelpWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("trayapp.qt.help.QDesktopServices.openUrl", lambda url: opened.append(url.toString()))
    for link in ("https://example.org/x", "file:///etc/passwd", "../../README.md"):
        window.text.anchorClicked.emit(QUrl(link))
    assert opened == ["https://example.org/x"]
    assert window.shown == "first-steps"


def test_a_search_goes_on_to_the_other_pages(window: HelpWindow) -> None:
    window.search.setText("BROWN pelicans")
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert window.shown == "gateway"
    assert window.text.textCursor().selectedText() == "brown pelicans"
    window.search.setText("no such word")
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert window.nothing.text() == "Not found."


def test_escape_closes_it(window: HelpWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
