"""The least tray program that PySide6 allows: what the others are measured against."""

import sys

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

app = QApplication(["bare"])
app.setQuitOnLastWindowClosed(False)
picture = QPixmap(22, 22)
picture.fill(QColor("red"))
menu = QMenu()
menu.addAction("Settings")
menu.addAction("Quit", app.quit)
tray = QSystemTrayIcon(QIcon(picture))
tray.setContextMenu(menu)
tray.show()
sys.exit(app.exec())
