"""Starts what the gateway's benchmark needs: a scripted upstream, callers and nginx, each a process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

PROGRAMS = Path(__file__).parent / "programs"
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
    path: str = ROUTE
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
def nginx(to: int, folder: Path) -> Iterator[Target | None]:
    """None where it is not installed."""
    if shutil.which("nginx") is None:
        yield None
        return
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, upstream=to, port=port))
    command = [*pinned(2, 3), "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    process = subprocess.Popen(command)
    try:
        yield Target("nginx", listening(port), _worker(process.pid))
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
        task.path,
        str(bodies / f"{task.body}.json"),
        *map(str, (task.callers, task.seconds, task.requests, task.spread)),
        f"Authorization: Bearer {TOKEN}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    found: dict[str, Any] = json.loads(done.stdout)
    found["cpu"] = (processor_seconds(target.pid) - before) / max(1, found["requests"]) * 10_000
    return found


def write_bodies(folder: Path) -> None:
    def body(name: str, size: int, script: str = "", **more: object) -> None:
        messages = [{"role": "user", "content": script + "take no time " * (size // 13)}]
        whole = {"model": "tray", **more, "messages": messages, "temperature": 0.7}
        (folder / f"{name}.json").write_text(json.dumps(whole))

    body("plain", 820)
    body("long", 256_000)
    usage = {"include_usage": True}
    body("paced", 800, "bench paced 50 20000 ", stream=True, stream_options=usage)
    body("quick", 800, "bench paced 30 1000 ", stream=True, stream_options=usage)
    body("messages", 800, "bench paced 50 20000 ", stream=True, max_tokens=1000)  # as Anthropic has it


def processor_seconds(pid: int) -> float:
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port(below: int = 2**16) -> int:
    """A port of 127.0.0.1 that nobody has; below a number where the program's settings want it so."""
    import random
    import socket

    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", 0 if below == 2**16 else random.randrange(20_000, below)))
            return int(probe.getsockname()[1])


def listening(port: int, patience: float = 5.0) -> int:
    """Wait until somebody listens at this port, and give it. TimeoutError where nobody does."""
    import socket

    until = time.monotonic() + patience
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return port
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens at port {port}")


def _worker(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid
