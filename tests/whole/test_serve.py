"""``trayapp serve`` and the gateway's commands as processes, over real sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support.desktop import ROOT, until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.upstream import Reply
from tests.whole.program import COMMAND, Host, Served, Trayapp, cli, listing, remembered, server, set_up
from trayapp.core.models import ModelRef
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.system.paths import find

CHUNK = b'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
ENDED = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
STREAM = Reply(
    body=CHUNK * 20 + ENDED,
    headers={"content-type": "text/event-stream"},
    drip=0.05,
    piece=len(CHUNK),
)
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})


@pytest.fixture
def upstream() -> Iterator[Served]:
    """A server that answers the first question whole and streams the second; the model on it is chosen."""
    with Served({CHAT: [WHOLE, STREAM]}) as served:
        set_up(server("lab", f"{served.url}/v1"), state=State(active=ModelRef("lab", "m")))
        yield served


@contextmanager
def serving(env: dict[str, str], port: int) -> Iterator[tuple[Trayapp, list[str]]]:
    """The program, and what it has said once it listens."""
    with Trayapp(env, "serve", "--port", str(port)) as program:
        until(lambda: program.said().count("\n") >= 2, "two lines", 20)
        yield program, program.said().splitlines()


def ask(port: int, token: str, **more: Any) -> httpx.Response:
    body = {"model": "current", "messages": [{"role": "user", "content": "Hi"}], **more}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers, trust_env=False, timeout=20)


def test_without_a_keyring_it_prints_its_address_and_a_token_for_this_run(upstream: Served) -> None:
    env, port = dict(os.environ), free_port()
    with serving(env, port) as (program, lines):
        assert lines[0] == f"trayapp listens at http://127.0.0.1:{port}/v1"
        token = lines[1].removeprefix("Token for this run: ")
        assert ask(port, token).json()["choices"][0]["message"]["content"] == "Hello."
        assert ask(port, "x").status_code == 401

        told = msgspec.json.decode(cli(env, "gateway", "status", "--json"))
        assert (told["running"], told["state"], told["port"]) == (True, "listening", port)
        assert [it["name"] for it in told["tokens"]] == ["this run"]
        assert cli(env, "gateway", "url") == f"http://127.0.0.1:{port}/v1\n"
        assert "runs already" in _complaint(env, "serve")
        assert "trayapp serve" in _complaint(env, "gateway", "off")

        made = cli(env, "gateway", "token", "--new", "editor").strip()
        assert ask(port, made).status_code == 200
        cli(env, "gateway", "token", "--revoke", "editor")
        assert ask(port, made).status_code == 401

        os.kill(program.pid, signal.SIGTERM)
        assert program.wait_end() == 0
    assert not remembered().get("tokens")
    written = [path for path in find().data.parent.rglob("*") if path.is_file() and "said" not in path.parts]
    assert [path for path in written if token.encode() in path.read_bytes()] == []
    assert msgspec.json.decode(cli(env, "gateway", "status", "--json"))["on"] is False


def test_a_stream_under_way_is_finished_before_it_ends(upstream: Served) -> None:
    port = free_port()
    with serving(dict(os.environ), port) as (program, lines):
        token = lines[1].removeprefix("Token for this run: ")
        ask(port, token)
        body = {"model": "current", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"Authorization": f"Bearer {token}"}
        with (
            httpx.Client(trust_env=False) as http,
            http.stream("POST", f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers) as answer,
        ):
            pieces = answer.iter_raw()
            heard = next(pieces)
            os.kill(program.pid, signal.SIGINT)
            heard += b"".join(pieces)
        assert (heard.count(b"word "), heard.endswith(b"data: [DONE]\n\n")) == (20, True)
        assert program.wait_end() == 0


def test_one_that_hangs_does_not_keep_it_from_ending_in_time() -> None:
    port = free_port()
    with Served({CHAT: Reply(body=CHUNK, headers=STREAM.headers, hang=True)}) as served:
        set_up(server("lab", f"{served.url}/v1"), state=State(active=ModelRef("lab", "m")), gateway_grace=120)
        with serving(dict(os.environ), port) as (program, lines):
            headers = {"Authorization": lines[1].replace("Token for this run:", "Bearer")}
            body = {"model": "current", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
            with (
                httpx.Client(trust_env=False) as http,
                http.stream("POST", f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers) as answer,
            ):
                assert next(answer.iter_raw()).startswith(CHUNK)
                began = time.monotonic()
                os.kill(program.pid, signal.SIGHUP)
                assert program.wait_end() == 0
                assert time.monotonic() - began < 5


def test_with_a_keyring_the_first_token_is_made_in_it_and_printed_when_asked_for(
    vault: GnomeKeyring, upstream: Served
) -> None:
    env, port = vault.env, free_port()
    with serving(env, port) as (program, lines):
        assert tokens.BEGINNING not in program.said()
        assert "trayapp gateway token" in lines[1]
        token = until(lambda: remembered().get("tokens") and cli(env, "gateway", "token").strip(), "the first token")
        assert ask(port, token).status_code == 200
        vault.lock()
        assert ask(port, token).status_code == 200
    assert [it["name"] for it in remembered()["tokens"]] == ["first"]


def test_nothing_of_the_gateway_is_imported_before_it_is_switched_on() -> None:
    set_up()
    program = f"""
import asyncio, sys
from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.app.start import Started
from trayapp.core.intents import SwitchGateway
from trayapp.core.models import ModelRef
from trayapp.system.paths import find

def there():
    ours = ("trayapp.gateway.", "trayapp.app.gateway_")
    return sorted(it for it in sys.modules if it == "aiohttp" or it.startswith(ours))

async def main():
    app = build(find())
    Started(app, None).begin()
    await asyncio.sleep(0.1)
    print(*there())
    await app.prefer(lambda it: __import__("msgspec").structs.replace(it, gateway_port={free_port()}))
    reply = await perform(app, SwitchGateway(True))
    print(reply.ok, "aiohttp" in sys.modules)
    await app.close()

asyncio.run(main())
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT, env=os.environ
    )
    assert ran.returncode == 0, ran.stderr
    before, after = ran.stdout.splitlines()
    assert before.split() == [
        "trayapp.app.gateway_host",
        "trayapp.gateway.status",
    ]  # the words of its state, which the menu needs
    assert after == "True True"


def test_in_the_tray_tools_follow_a_click_and_the_port_is_free_for_the_next_start(
    desk: dict[str, str], host: Host
) -> None:
    port = free_port()
    digest = tokens.digest(token := tokens.new())
    state = State(active=ModelRef("one", "m"), tokens=(Token("editor", digest),))
    say = [{CHAT: Reply(body={"choices": [{"message": {"content": text}}]})} for text in ("One.", "Two.")]
    with Served(say[0]) as one, Served(say[1]) as two:
        accounts = server("one", f"{one.url}/v1"), server("two", f"{two.url}/v1")
        lists = listing("one", "m"), listing("two", "n")
        set_up(*accounts, lists=lists, state=state, gateway=True, gateway_port=port, notify_switch=False)
        for _start in range(2):
            with Trayapp(desk) as program:
                item = host.wait_item()
                until(lambda: '"listening"' in cli(desk, "gateway", "status", "--json"), "the gateway")
                cli(desk, "use", "one/m")
                assert ask(port, token).json()["choices"][0]["message"]["content"] == "One."
                host.click(item, host.row(item, "n").label)
                until(lambda: cli(desk, "current") == "two/n\n", "the click to count")
                assert ask(port, token).json()["choices"][0]["message"]["content"] == "Two."
                cli(desk, "quit")
                assert program.wait_end() == 0
                host.wait_gone(item)


def _complaint(env: dict[str, str], *words: str) -> str:
    ran = subprocess.run([*COMMAND, *words], env=env, capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT)
    assert (ran.returncode, ran.stdout) == (1, "")
    return ran.stderr


def test_it_listens_soon_after_its_start(upstream: Served) -> None:
    begun = time.monotonic()
    with serving(dict(os.environ), free_port()):
        assert time.monotonic() - begun < 8
