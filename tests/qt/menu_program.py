"""The tray and its menu as a process of their own: takes views as JSON lines, prints what happens."""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from tests.qt.parts import ICONS, memory_submenu, section, tray_view
from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray


def say(*words: object) -> None:
    print(*words, flush=True)


app = QApplication(["menu_program"])
app.setQuitOnLastWindowClosed(False)
tray = Tray(Icons(ICONS))
tray.asked.connect(lambda intent: say("asked", intent))
tray.opened.connect(lambda provider: say("opened", provider))
tray.menu.looked.connect(lambda on: say("looked", on))
tray.activated.connect(lambda: say("activated"))
tray.available.connect(lambda there: say("available", there))


def order() -> None:
    line = sys.stdin.readline()
    if not line:
        app.quit()
        return
    wanted = json.loads(line)
    if wanted.pop("rest", False):
        tray.rest()
    else:
        icon = wanted.pop("icon", "ready")
        inline = wanted.pop("inline", True)
        memory = memory_submenu(*wanted["loaded"], strategy=wanted["strategy"]) if "loaded" in wanted else None
        sections = (section(name, count, f"{name} ({count})") for name, count in wanted["sections"].items())
        tray.render_view(tray_view(*sections, inline=inline, icon=icon, local=memory))
    say("done")


listening = QSocketNotifier(0, QSocketNotifier.Type.Read)
listening.activated.connect(order)
tray.render_view(tray_view(section("gpt_4", 2, "Head_er & co")))
tray.start()
say("up")
sys.exit(app.exec())
