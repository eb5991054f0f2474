"""Our menu alone on a tray icon, with made-up lists; draws what a line on standard input asks for.

``python menu_tray.py ACCOUNTS MODELS_EACH``; each line ``SUFFIX`` draws all accounts under ids that end
in it, and answers with the milliseconds that took: deciding, then drawing.
"""

import sys
import time

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from tests.bench.data import listing
from trayapp.core.accounts import Account
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray
from trayapp.system.paths import resources
from trayapp.ui.menu import Shown, tray_view

accounts, each = int(sys.argv[1]), int(sys.argv[2])
app = QApplication(["menu_tray"])
app.setQuitOnLastWindowClosed(False)
tray = Tray(Icons(resources() / "icons"))
lists = {
    suffix: [listing(f"account-{number}-{suffix}", each, time.time()) for number in range(accounts)]
    for suffix in ("one", "two")
}


def draw() -> None:
    """One command: draw, and say how long it took."""
    suffix = sys.stdin.readline().strip()
    if not suffix:
        app.quit()
        return
    listings = {it.provider: it for it in lists[suffix]}
    shown = [Shown(Account(id, "openai"), f"Account {id}", False) for id in listings]
    began = time.perf_counter()
    view = tray_view(shown, settings=Settings(), state=State(), listings=listings, now=time.time())
    decided = time.perf_counter()
    tray.render_view(view)
    drawn = time.perf_counter()
    print((decided - began) * 1e3, (drawn - decided) * 1e3, flush=True)


commands = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
commands.activated.connect(draw)
tray.start()
sys.exit(app.exec())
