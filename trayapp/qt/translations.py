"""Qt's own texts, such as those of file dialogs, in the language that the program speaks."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from trayapp.core.language import ENGLISH, spoken

FILES = {"zh": "zh_CN"}
"""What Qt calls a language where it is not our code."""


def translate_qt(app: QCoreApplication) -> bool:
    """Have Qt speak it too; False where it has no texts in it, or needs none. Read from Qt's own files."""
    code = spoken()
    if code == ENGLISH:
        return False
    QLocale.setDefault(QLocale(code))
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for name in (code, FILES.get(code.partition("_")[0], code.partition("_")[0])):
        translator = QTranslator(app)
        if translator.load(f"qtbase_{name}", folder):
            return app.installTranslator(translator)
        translator.deleteLater()
    return False
