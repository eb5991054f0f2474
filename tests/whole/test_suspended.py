"""The computer sleeps, its clock jumps, its time zone changes: the program goes on, and what it kept is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support.desktop import ROOT, until
from tests.support.upstream import Reply
from tests.whole.killed_files import requests_kept
from tests.whole.program import COMMAND, Served, Trayapp, answer, cli, listing, remembered, server, set_up
from trayapp.core.models import ModelRef
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.system.paths import find

posix = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system has no SIGSTOP")
CHUNK = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
ENDED = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
STREAM = Reply(body=CHUNK * 20 + ENDED, headers={"content-type": "text/event-stream"}, drip=0.05, piece=len(CHUNK))
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})
HOUR, DAY = 3600.0, 86400.0
MOVED = """
import pathlib, sys, time
file, real = pathlib.Path(sys.argv.pop(1)), time.time
time.time = lambda: real() + float(file.read_text())
from trayapp.__main__ import main
sys.exit(main())
"""
"""The program with a wall clock that is as far from ours as a file says."""


class Scene:
    """One program that serves, and a tool that asks it."""

    def __init__(self, home: Path, served: Served) -> None:
        self.home, self.served = home, served
        self.port, self.token, self.offset = free_port(), tokens.new(), home / "offset"
        self.env = dict(os.environ)
        self.offset.write_text("0")
        set_up(
            server("lab", f"{served.url}/v1", ttl=60),
            lists=[listing("lab", "one", "two")],
            state=State(active=ModelRef("lab", "one"), tokens=(Token("t", tokens.digest(self.token)),)),
        )

    def move(self, offset: str) -> None:
        """Set the clock, in one step: the program may look at any time."""
        fresh = self.offset.with_name("offset.new")
        fresh.write_text(offset)
        fresh.replace(self.offset)

    @contextmanager
    def running(self, **env: str) -> Iterator[Trayapp]:
        command = (sys.executable, "-c", MOVED, str(self.offset))
        with Trayapp({**self.env, **env}, "serve", "--port", str(self.port), command=command) as program:
            until(lambda: program.said().count("\n") >= 2, "its address", 30)
            assert len(program.said().splitlines()) == 2, program.said()
            yield program

    def command(self, *words: str, **env: str) -> str:
        """A command whose clock is moved as well."""
        ran = subprocess.run(
            [sys.executable, "-c", MOVED, str(self.offset), *words],
            env={**self.env, **env},
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        assert "Traceback" not in ran.stderr
        return ran.stdout

    def ask(self) -> httpx.Response:
        return httpx.post(self.url, json=self.body(), headers=self.head, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{CHAT}"

    @property
    def head(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def body(self, **more: object) -> dict[str, object]:
        return {"model": "current", "messages": [{"role": "user", "content": "Hi"}], **more}

    def log(self) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in find().logs.glob("*.log*"))


@pytest.fixture
def scene(home: Path) -> Iterator[Scene]:
    def say(sent: object) -> Reply:
        path, body = getattr(sent, "path", ""), getattr(sent, "body", b"")
        if path == CHAT:
            return STREAM if b'"stream":true' in body.replace(b" ", b"") else WHOLE
        return answer("one", "two")

    with Served(say) as served:
        yield Scene(home, served)


@posix
def test_suspended_for_an_hour_it_finishes_the_stream_under_way_and_does_what_was_asked_meanwhile(scene: Scene) -> None:
    with scene.running() as program:
        assert scene.ask().status_code == 200
        asked = scene.served.paths().count("/v1/models")
        with (
            httpx.Client(trust_env=False, timeout=30) as http,
            http.stream("POST", scene.url, json=scene.body(stream=True), headers=scene.head) as stream,
        ):
            pieces = stream.iter_raw()
            heard = next(pieces)
            os.kill(program.pid, signal.SIGSTOP)
            scene.move(str(HOUR))
            with subprocess.Popen(
                [*COMMAND, "use", "lab/two"], env=scene.env, cwd=ROOT, stdout=subprocess.DEVNULL
            ) as choosing:
                time.sleep(1.5)  # what really has to pass: the answer is sent into the void, the question waits
                assert choosing.poll() is None
                os.kill(program.pid, signal.SIGCONT)
                heard += b"".join(pieces)
                assert choosing.wait(30) == 0
        assert (heard.count(b"word "), heard.endswith(b"data: [DONE]\n\n")) == (20, True)
        assert remembered()["active"] == ["lab", "two"]
        assert scene.ask().status_code == 200
        scene.command("refresh", "lab")
        assert scene.served.paths().count("/v1/models") > asked
        (lab,) = (it for it in msgspec.json.decode(scene.command("status", "--json"))["accounts"] if it["id"] == "lab")
        assert abs(lab["age_seconds"]) < 60, "of a moment ago, by the new clock"
        cli(scene.env, "quit")
        assert program.wait_end() == 0
    assert " ERROR " not in scene.log()


@posix
def test_while_it_is_suspended_a_command_says_so_after_a_few_seconds_and_changes_nothing(scene: Scene) -> None:
    with scene.running() as program:
        os.kill(program.pid, signal.SIGSTOP)
        before = find().state_file.read_bytes()
        ran = subprocess.run([*COMMAND, "status"], env=scene.env, cwd=ROOT, capture_output=True, encoding="utf-8")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "trayapp runs but does not answer." in ran.stderr
        assert find().state_file.read_bytes() == before
        os.kill(program.pid, signal.SIGCONT)
        assert "trayapp is running." in cli(scene.env, "status")


def test_a_clock_that_jumps_back_and_forth_under_a_running_program_changes_nothing_that_was_chosen(
    scene: Scene,
) -> None:
    with scene.running() as program:
        for number, offset in enumerate((DAY, -40 * DAY, 400 * DAY, -10 * 365 * DAY, 0.0, HOUR, -HOUR, 20 * 365 * DAY)):
            scene.move(str(offset))
            model = ("two", "one")[number % 2]
            scene.command("use", f"lab/{model}")
            scene.command("refresh", "lab")
            assert scene.ask().status_code == 200
            assert scene.command("current") == f"lab/{model}\n"
            told = msgspec.json.decode(scene.command("status", "--json"))
            (lab,) = (it for it in told["accounts"] if it["id"] == "lab")
            assert (lab["failure"], lab["models"]) == (None, 2)
            assert -60 < lab["age_seconds"] < 60
            scene.command("models")
            scene.command("usage")
            scene.command("doctor") if number == 0 else None
        cli(scene.env, "quit")
        assert program.wait_end() == 0
    assert " ERROR " not in scene.log()
    assert requests_kept(find().data / "usage.sqlite") > 0


@pytest.mark.parametrize(
    "offset", [-30 * 365 * DAY, -DAY, 400 * DAY, 70 * 365 * DAY], ids=lambda it: f"{it / DAY:+.0f} days"
)
def test_a_start_with_another_time_on_the_clock_is_clean_and_asks_for_what_may_be_old(
    scene: Scene, offset: float
) -> None:
    scene.move(str(offset))
    with scene.running():
        until(lambda: "/v1/models" in scene.served.paths(), "the list to be asked for", 30)
        assert scene.command("current") == "lab/one\n"
        assert scene.command("models").count("\n") >= 2
        assert scene.ask().status_code == 200
    scene.move("0")
    with scene.running():
        assert scene.command("current") == "lab/one\n"
        scene.command("refresh", "lab")
    assert not [it for it in scene.home.rglob("*") if ".bad-" in it.name or it.name.endswith(".tmp")]


def test_in_another_time_zone_all_is_as_it_was(scene: Scene) -> None:
    for zone in ("XXX-14", "XXX+12", "CET-1CEST,M3.5.0,M10.5.0/3", "no zone at all"):
        with scene.running(TZ=zone) as program:
            assert scene.ask().status_code == 200
            assert scene.command("current", TZ=zone) == "lab/one\n"
            told = msgspec.json.decode(scene.command("status", "--json", TZ=zone))
            assert all(-60 < it["age_seconds"] < 600 for it in told["accounts"] if it["age_seconds"] is not None)
            scene.command("usage", TZ=zone)
            cli(scene.env, "quit")
            assert program.wait_end() == 0
    assert requests_kept(find().data / "usage.sqlite") == 4
