"""The whole program while its session bus dies and while it is suspended: it goes on, and says what it lacks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support import desktop as parts
from tests.support.desktop import ROOT, until
from tests.support.upstream import Reply, Sent
from tests.whole.program import COMMAND, Served, Trayapp, answer, cli, remembered, server, set_up
from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.state import State, Token
from trayapp.gateway import tokens

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="this system has no session bus to end")
CHUNK = b'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
ENDED = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})
STREAM = {"content-type": "text/event-stream"}
NO_BUS = "There is no session bus, so no keyring either."


class Provider:
    """Answers who has the key; a stream comes as ``streamed`` says."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.streamed = WHOLE

    def __call__(self, sent: Sent) -> Reply:
        if self.key and sent.headers.get("authorization") != f"Bearer {self.key}":
            return Reply(status=401, body={"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})
        if sent.path != CHAT:
            return answer("gpt-4", "gpt-5")
        return self.streamed if b'"stream": true' in sent.body or b'"stream":true' in sent.body else WHOLE


@pytest.fixture
def mortal(home: Path) -> Iterator[dict[str, str]]:
    """A screen, a keyring, and a session bus that may be ended."""
    try:
        with (
            parts.home(home) as env,
            parts.xvfb(env) as env,
            parts.session_bus(env, (parts.PROMPTER,)) as env,
            parts.keyring(env),
        ):
            yield env
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


def end_the_bus(env: dict[str, str]) -> None:
    """As a session's bus ends that crashes: every connection to it breaks at once."""
    settings = f"--config-file={env['XDG_RUNTIME_DIR']}/bus/bus.conf".encode()
    (bus,) = [it for it in Path("/proc").glob("[0-9]*") if settings in arguments(it)]
    os.kill(int(bus.name), signal.SIGKILL)
    until(lambda: settings not in arguments(bus), "the bus to end")


def arguments(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return []


def ask(port: int, token: str, **more: object) -> httpx.Response:
    body = {"model": "current", "messages": [{"role": "user", "content": "Hi"}], **more}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers, trust_env=False, timeout=20)


def complaint(env: dict[str, str], *words: str, typed: str = "") -> str:
    """What a command that fails says is wrong."""
    ran = subprocess.run(
        [*COMMAND, *words], env=env, input=typed, capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return ran.stderr


def test_a_session_bus_that_dies_takes_the_keyring_and_the_icon_and_nothing_else(
    mortal: dict[str, str], canary: str
) -> None:
    env, port, token = mortal, free_port(), tokens.new()
    with Served(Provider(canary)) as served:
        set_up(
            Account("openai", "openai", base_url=f"{served.url}/v1", timeouts="local"),
            state=State(active=ModelRef("openai", "gpt-4"), tokens=(Token("editor", tokens.digest(token)),)),
            gateway=True,
            gateway_port=port,
        )
        cli(env, "key", "set", "openai", typed=canary)
        with Trayapp(env) as program:
            until(lambda: '"listening"' in cli(env, "gateway", "status", "--json"), "the gateway")
            cli(env, "refresh")
            assert ask(port, token).status_code == 200

            end_the_bus(env)
            assert ask(port, token).json()["choices"][0]["message"]["content"] == "Hello."
            cli(env, "use", "openai/gpt-5")
            assert remembered()["active"] == ["openai", "gpt-5"]
            cli(env, "refresh")  # the key read before is still in memory
            assert NO_BUS in cli(env, "doctor", code=1)
            said = complaint(env, "key", "set", "openai", typed=canary)
            assert "The key was not kept: there is no keyring to write to." in said
            assert ask(port, token).status_code == 200
            cli(env, "quit")
            assert program.wait_end() == 0
    assert remembered()["keyed"] == [f"openai@{served.url}"], "what the keyring holds is not forgotten"


@pytest.fixture
def suspended() -> Iterator[tuple[Trayapp, Provider, int, str]]:
    """The program without a face; its process, who it asks, its port and a token."""
    port, token = free_port(), tokens.new()
    provider = Provider("")
    with Served(provider) as served:
        state = State(active=ModelRef("lab", "m"), tokens=(Token("editor", tokens.digest(token)),))
        set_up(server("lab", f"{served.url}/v1"), state=state)
        with Trayapp(dict(os.environ), "serve", "--port", str(port)) as program:
            until(lambda: program.said().count("\n") >= 2, "two lines", 20)
            yield program, provider, port, token


@pytest.mark.parametrize("cut", [None, 5 * len(CHUNK)], ids=["the provider waits", "the provider hangs up meanwhile"])
def test_a_stream_goes_on_after_the_process_was_suspended_or_ends_with_a_sentence(
    suspended: tuple[Trayapp, Provider, int, str], cut: int | None
) -> None:
    program, provider, port, token = suspended
    provider.streamed = Reply(body=CHUNK * 20 + ENDED, headers=STREAM, drip=0.03, piece=len(CHUNK), cut=cut)
    body = {"model": "current", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx.Client(trust_env=False, timeout=30) as http,
        http.stream("POST", f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers) as told,
    ):
        pieces = told.iter_raw()
        heard = bytearray(next(pieces))
        os.kill(program.pid, signal.SIGSTOP)
        time.sleep(1.5)  # longer than the provider takes for all of it
        os.kill(program.pid, signal.SIGCONT)
        if cut is None:
            heard.extend(b"".join(pieces))
            assert (heard.count(b"word "), heard.endswith(b"data: [DONE]\n\n")) == (20, True)
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                deque(map(heard.extend, pieces), maxlen=0)
            assert b"The provider ended the answer before it was complete." in heard
    assert ask(port, token).status_code == 200


def test_a_command_that_meets_a_suspended_program_says_so_and_it_goes_on_afterwards(
    suspended: tuple[Trayapp, Provider, int, str],
) -> None:
    program, _provider, port, token = suspended
    os.kill(program.pid, signal.SIGSTOP)
    try:
        said = complaint(dict(os.environ), "status")
    finally:
        os.kill(program.pid, signal.SIGCONT)
    assert "trayapp runs but does not answer. Close its open dialog, or end it." in said
    assert ask(port, token).status_code == 200
    cli(dict(os.environ), "status")
