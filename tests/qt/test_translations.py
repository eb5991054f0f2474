"""Qt's own texts follow the language of the program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from pytestqt.qtbot import QtBot

from trayapp.core import language
from trayapp.qt.translations import translate_qt
from trayapp.system.paths import resources


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = QLocale()
    yield
    app = QCoreApplication.instance()
    assert app is not None
    for translator in app.findChildren(QTranslator):
        app.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(before)
    language.install("")


@pytest.mark.parametrize(("code", "copy"), [("de_AT", "&Kopieren"), ("zh_CN", "复制(&C)"), ("zh", "复制(&C)")])
def test_the_words_of_qts_own_menus_are_translated(code: str, copy: str, qtbot: QtBot) -> None:
    app = QCoreApplication.instance()
    assert app is not None
    assert language.install(str(resources() / "locale"), [code])
    assert translate_qt(app)
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy") == copy


def test_english_needs_none(qtbot: QtBot) -> None:
    app = QCoreApplication.instance()
    assert app is not None
    assert not translate_qt(app)
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy") == "&Copy"
