"""Who holds a port."""

from __future__ import annotations

import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from trayapp.system.ports import Holder, answers, holder

linux = pytest.mark.skipif(sys.platform != "linux", reason="this system has no /proc")


@linux
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_linux_tells_the_process(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as listening:
        listening.bind((address, 0))
        listening.listen()
        found = holder(listening.getsockname()[1])
    assert found.pid == os.getpid()
    assert found.name
    assert str(found.pid) in str(found)


@linux
def test_a_port_that_nobody_listens_at_has_no_holder() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert holder(bound.getsockname()[1]) == Holder()


def test_the_names_of_scripts_stand_beside_their_interpreters(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    line = "   0: 0100007F:1054 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0\n"
    (tmp_path / "net" / "tcp").write_text("  sl  local_address\n" + line)
    process = tmp_path / "77"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("socket:[4711]")
    (process / "cmdline").write_bytes(b"/usr/bin/python3\0-u\0/home/x/serve.py\0--port\0")
    assert str(holder(0x1054, proc=tmp_path, ask=lambda _: "")) == "python3 serve.py (process 77)"
    (process / "cmdline").write_bytes(b"/usr/local/bin/ollama\0serve\0")
    assert holder(0x1054, proc=tmp_path, ask=lambda _: "") == Holder("ollama", 77)


def test_where_the_system_does_not_tell_the_port_is_asked(tmp_path: Path) -> None:
    assert holder(1, proc=tmp_path / "none", ask=lambda port: f"asked {port}") == Holder("asked 1")
    assert str(Holder()) == "another program"


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ({"/api/version": (200, b'{"version":"0.33.0"}')}, "Ollama"),
        ({"/v1/models": (200, b'{"data":[]}')}, "a server of language models"),
        ({"/v1/models": (401, b'{"error":{}}')}, "a server of language models"),
        ({}, "a web server"),
    ],
)
def test_an_answer_says_what_it_is(script: dict[str, tuple[int, bytes]], name: str) -> None:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = script.get(self.path, (404, b"<html>"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        assert answers(server.server_port) == name
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_who_says_nothing_is_not_waited_for_long() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert answers(silent.getsockname()[1]) == ""
