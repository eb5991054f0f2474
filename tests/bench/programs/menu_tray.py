"""Our menu alone on a tray icon, with made-up lists; each click on the icon draws all accounts anew.

``python menu_tray.py ACCOUNTS MODELS_EACH [memory]`` prints, for each click, the milliseconds that took: deciding,
then drawing. No account of one drawing is in the next. With “memory”, Ollama has models loaded, others in each drawing.
"""

import sys
import time
from itertools import cycle

from PySide6.QtWidgets import QApplication

from tests.bench.data import listing
from trayapp.core.accounts import Account
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.local.residency import Installed, Resident, ServerState, Standing, View
from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray
from trayapp.system.paths import resources
from trayapp.ui.menu import Shown, tray_view

accounts, each, memory = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["memory"]
app = QApplication(["menu_tray"])
app.setQuitOnLastWindowClosed(False)
tray = Tray(Icons(resources() / "icons"))
made = {
    suffix: [listing(f"account-{number}-{suffix}", each, time.time()) for number in range(accounts)] for suffix in "ab"
}
lists = cycle(made.values())
state = State(strategy="ram", seen=("ollama",)) if memory else State()
rounds = cycle("ab")


def loaded() -> tuple[View, ...]:
    """Five models in memory, and fifty more that can be loaded."""
    now, mark = time.time(), next(rounds)
    residents = (Resident(f"{mark}{at}", f"{mark}-{at}:7b", 5 * 10**9, 0, now + 1800, now + 900) for at in range(5))
    installed = (Installed(f"disk-{at}", f"installed-{at}:7b", 5 * 10**9) for at in range(50))
    return (View("ollama", Standing(ServerState.RUNNING), tuple(residents), (), tuple(installed), now),)


def draw() -> None:
    """Draw the next lists, and say how long it took."""
    listings = {it.provider: it for it in next(lists)}
    shown = [Shown(Account(id, "openai"), f"Account {id}", False) for id in listings]
    if memory:
        shown.append(Shown(Account("ollama", "ollama"), "Ollama", True))
    views = loaded() if memory else ()
    began = time.perf_counter()
    view = tray_view(shown, settings=Settings(), state=state, listings=listings, now=time.time(), local=views)
    decided = time.perf_counter()
    tray.render_view(view)
    drawn = time.perf_counter()
    print((decided - began) * 1e3, (drawn - decided) * 1e3, flush=True)


tray.activated.connect(draw)
tray.start()
sys.exit(app.exec())
