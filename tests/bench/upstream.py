"""A provider of many models on 127.0.0.1, which notes when it was first asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upstream:
    """Answers every GET with one list in OpenAI's form. ``asked`` are times by ``time.perf_counter``."""

    def __init__(self, models: int) -> None:
        self.asked: list[float] = []
        rows = [{"id": f"family-{n % 17}/model_{n}-instruct", "object": "model", "created": 1} for n in range(models)]
        body = json.dumps({"object": "list", "data": rows}).encode()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            """One connection of the program."""

            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                upstream.asked.append(time.perf_counter())
                super().setup()

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The figures are the output."""

        class Server(ThreadingHTTPServer):
            """Programs are ended while they ask: that is no news."""

            def handle_error(self, request: object, client_address: object) -> None:
                """Their connection broke."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[Upstream]:
        thread = threading.Thread(target=self._server.serve_forever, name="upstream", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)
