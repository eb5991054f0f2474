"""Whether the first request after a pick, and after a minute of silence, finds an open connection to its provider.

The upstream counts connections. It listens beside the loopback, for nothing is kept warm within the computer, and
closes what was idle for as long as providers do.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.bench.desk import Desk
from tests.bench.gateway_parts import ROUTE, TOKEN, Target
from tests.bench.gateway_program import OTHER, tray
from tests.bench.report import Report, Row

IDLE = 65.0
"""Seconds after which the upstream closes an idle connection, as many do."""
PAUSE = 75.0
"""Seconds of silence: longer than that, and longer than the minute that was promised."""
_ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "."}, "finish_reason": "stop"}]}


def measure(report: Report, on: Desk, *, pauses: bool) -> None:
    """Two rows: new connections that those requests had to wait for."""
    address = _own_address()
    if not address:
        report.notes.append("left out: warm connections, for this computer has no address beside the loopback")
        return
    with _counting(address) as (origin, met), tray(on, origin, other=origin) as program:
        _ask(program.target)
        before = len(met)
        program.run("use", str(OTHER))
        time.sleep(1.0)
        warmed = len(met)
        _ask(program.target)
        report.rows.append(Row("connections made for the first request after a pick", (len(met) - warmed,), "", 0))
        report.notes.append(f"after the pick itself: {warmed - before} made ahead")
        if pauses:
            time.sleep(PAUSE)
            before = len(met)
            _ask(program.target)
            report.rows.append(Row("connections made after a minute of silence", (len(met) - before,), "", 0))
        else:
            report.notes.append("left out: a minute of silence")


def _ask(target: Target) -> None:
    caller = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    body = json.dumps({"model": "tray", "messages": []})
    with contextlib.closing(caller):
        caller.request("POST", ROUTE, body, {"Authorization": f"Bearer {TOKEN}"})
        answer = caller.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {told[:200]!r}")


@contextlib.contextmanager
def _counting(address: str) -> Iterator[tuple[str, list[float]]]:
    met: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        """One connection of the program."""

        protocol_version = "HTTP/1.1"
        timeout = IDLE

        def setup(self) -> None:
            met.append(time.monotonic())
            super().setup()

        def do_HEAD(self) -> None:
            self._answer(404, b"")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200, json.dumps(_ANSWER).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The figures are the output."""

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="upstream", daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_port}", met
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _own_address() -> str:
    """An address of this computer that others may reach it by; empty where there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        found = str(probe.getsockname()[0])
        return "" if found.startswith("127.") else found
    return ""
