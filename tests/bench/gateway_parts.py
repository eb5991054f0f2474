"""Starts what the gateway's benchmark needs: a scripted upstream, callers, nginx, and the gateway, each a process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parent.parent.parent
TOKEN = "sk-trayapp-bench"
ROUTE = "/v1/chat/completions"
_NGINX = """
worker_processes 1; pid {folder}/pid; error_log {folder}/errors; daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-real";
    }}
  }}
}}
"""


class Target(Struct):
    """Something that callers are pointed at. ``pid`` 0: its processor time is not counted."""

    name: str
    port: int
    pid: int = 0


class Task(Struct, frozen=True):
    """One thing to measure: a body, so many callers, for so many seconds or requests."""

    body: str
    callers: int
    seconds: float = 0.0
    requests: int = 0
    spread: int = 0
    """Microseconds over which the callers begin: streams in step would flatter a slow gateway."""


def missing() -> str:
    """The program that is not there and without which nothing can be measured; empty: all are there."""
    return next((name for name in ("gcc",) if shutil.which(name) is None), "")


def pinned(*cores: int) -> list[str]:
    """The words before a command that keep it on these cores, where there are enough of them."""
    if (os.cpu_count() or 1) < 4 or shutil.which("taskset") is None:
        return []
    return ["taskset", "-c", ",".join(map(str, cores))]


def built(name: str, folder: Path) -> Path:
    """The C program of this name, compiled."""
    made = folder / name
    subprocess.run(["gcc", "-O2", "-o", made, PROGRAMS / f"{name}.c"], check=True)
    return made


@contextlib.contextmanager
def upstream(program: Path) -> Iterator[int]:
    """Its port."""
    process = subprocess.Popen([*pinned(0), program, "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def gateway(origin: str) -> Iterator[Target]:
    command = [*pinned(2, 3), sys.executable, "-m", "tests.bench.programs.gateway_target", origin, TOKEN]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Target("gateway", int(process.stdout.readline()), process.pid)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@contextlib.contextmanager
def nginx(to: int, folder: Path) -> Iterator[Target | None]:
    """None where it is not installed."""
    if shutil.which("nginx") is None:
        yield None
        return
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, upstream=to, port=port))
    command = [*pinned(2, 3), "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    process = subprocess.Popen(command)
    try:
        yield Target("nginx", _listening(port), _worker(process.pid))
    finally:
        process.terminate()
        process.wait(10)


def ask(program: Path, target: Target, bodies: Path, task: Task) -> dict[str, Any]:
    """What the callers measured, and ``cpu``: the target's processor seconds per 10,000 requests."""
    before = processor_seconds(target.pid)
    command = [
        *pinned(1),
        str(program),
        str(target.port),
        ROUTE,
        str(bodies / f"{task.body}.json"),
        *map(str, (task.callers, task.seconds, task.requests, task.spread)),
        f"Authorization: Bearer {TOKEN}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    found: dict[str, Any] = json.loads(done.stdout)
    found["cpu"] = (processor_seconds(target.pid) - before) / max(1, found["requests"]) * 10_000
    return found


def write_bodies(folder: Path) -> None:
    def body(name: str, size: int, **more: object) -> None:
        messages = [{"role": "user", "content": "take no time " * (size // 13)}]
        whole = {"model": "tray", **more, "messages": messages, "temperature": 0.7}
        (folder / f"{name}.json").write_text(json.dumps(whole))

    body("plain", 820)
    body("long", 256_000)
    usage = {"include_usage": True}
    body("paced", 800, stream=True, stream_options=usage, bench="paced 50 20000")
    body("quick", 800, stream=True, stream_options=usage, bench="paced 30 1000")


def processor_seconds(pid: int) -> float:
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _listening(port: int) -> int:
    import socket

    until = time.monotonic() + 5
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return port
        time.sleep(0.01)
    raise TimeoutError("nginx does not listen")


def _worker(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid
