"""Known vulnerabilities: who is asked, and what happens where nobody can be."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.scripts import script

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def closed() -> str:
    """A service on a port where nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{door.getsockname()[1]}/v1/query"


@pytest.mark.parametrize(
    ("arguments", "service"),
    [
        ([], ""),
        (["--osv-url", "https://mirror.example/query"], "https://mirror.example/query"),
        (["--strict", "--osv-url=https://mirror.example/query"], "https://mirror.example/query"),
        (["--osv-url"], ""),
    ],
)
def test_another_service_can_be_named(arguments: list[str], service: str) -> None:
    assert script("audit").named(arguments) == service


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://elsewhere.example/query", "ftp://127.0.0.1/"])
def test_packages_are_named_to_nobody_without_https(address: str) -> None:
    assert script("audit").missing(address) == "not an https address"


def test_a_service_that_wants_another_kind_of_question_is_there() -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        why = script("audit").missing(f"http://127.0.0.1:{server.server_port}/v1/query")
        thread.join()
    assert why == ""


def test_where_nobody_can_be_asked_that_is_said_and_nothing_is_set_up(closed: str, tmp_path: Path) -> None:
    command = [sys.executable, "packaging/audit.py", "--osv-url", closed]
    env = {"PATH": "", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"Known vulnerabilities were not looked for: {closed} cannot be reached" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_continuous_integration_goes_on_where_nobody_can_be_asked_and_not_where_something_was_found() -> None:
    line = next(it for it in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if "audit.py" in it)
    for code, gone_on in ((0, True), (3, True), (1, False)):
        tried = line.replace("python3 packaging/audit.py", f"(exit {code})")
        done = subprocess.run(["bash", "-euc", f"{tried}\necho on"], capture_output=True, text=True, check=False)
        assert (done.stdout == "on\n") is gone_on
