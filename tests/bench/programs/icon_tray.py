"""Our icon alone; each click on it is another state, and it says when that began.

``python icon_tray.py [busy]``. Busy: a thread beside it works as the gateway does at full load, on a loop of its own:
it reads chunks of a stream from a socket, takes each apart and writes it anew, without a pause.
"""

import asyncio
import json
import sys
import threading
import time
from itertools import cycle

from PySide6.QtWidgets import QApplication

from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray
from trayapp.system.paths import resources
from trayapp.ui.menu import TrayView

STREAMS = 16
CHUNK = {
    "id": "x" * 30,
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": "word " * 8}}],
}


async def relay() -> None:
    """As many streams at once, from one end of this process to the other."""

    async def upstream(_: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        while True:
            out.write(b"data: " + json.dumps(CHUNK).encode() + b"\n\n")
            await out.drain()

    async def client(port: int) -> None:
        lines, _ = await asyncio.open_connection("127.0.0.1", port)
        while True:
            line = await lines.readline()
            if line.startswith(b"data: "):
                json.dumps(json.loads(line[6:]) | {"model": "other"})

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*(client(port) for _ in range(STREAMS)))


def change() -> None:
    """The next state, by another picture each time."""
    view = TrayView(icon=next(states))
    print(time.monotonic(), flush=True)
    tray.render_view(view)


states = cycle(("working", "attention", "ready"))
app = QApplication(["icon_tray"])
app.setQuitOnLastWindowClosed(False)
tray = Tray(Icons(resources() / "icons"))
tray.activated.connect(change)
tray.start()
if sys.argv[1:] == ["busy"]:
    threading.Thread(target=lambda: asyncio.run(relay()), name="as the gateway", daemon=True).start()
sys.exit(app.exec())
