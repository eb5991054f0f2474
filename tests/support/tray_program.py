"""A tray program of a few lines, to try the tests' own desktop with. It prints what happens to it."""

import sys

from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

app = QApplication(["tray_program"])
app.setQuitOnLastWindowClosed(False)
picture = QPixmap(22, 22)
picture.fill(QColor("red"))
menu = QMenu()
tray: QSystemTrayIcon


def show(*_: str) -> None:
    """A new icon: one made before its host was there stays invisible."""
    global tray
    tray = QSystemTrayIcon(QIcon(picture))
    tray.setToolTip("A tray program")
    tray.activated.connect(lambda reason: print("activated", reason.name, flush=True))
    tray.setContextMenu(menu)
    tray.show()


menu.addAction("Provider").setEnabled(False)
rows: list[QAction] = [menu.addAction(f"model__{number}") for number in range(3)]
for row in rows:
    row.setCheckable(True)
rows[0].setChecked(True)
more = menu.addMenu("More (2)")
more.aboutToShow.connect(lambda: more.actions() or [more.addAction(f"late {number}") for number in range(2)])
menu.addSeparator()
menu.addAction("Notify").triggered.connect(lambda: tray.showMessage("Switched", "to model 2"))
menu.addAction("Quit").triggered.connect(app.quit)
for each in (menu, more):
    each.triggered.connect(lambda action: print("clicked", action.text(), flush=True))
bus = QDBusConnection.sessionBus()
watcher = QDBusServiceWatcher("org.kde.StatusNotifierWatcher", bus)
if "late" in sys.argv:
    watcher.serviceRegistered.connect(show)
else:
    show()
print("shown", flush=True)
sys.exit(app.exec())
