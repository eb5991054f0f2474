"""What ``trayapp serve`` says before it serves."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.app.gateway_scene import free_port
from tests.cli.conftest import Shell
from tests.cli.test_start import somebody_runs
from trayapp.core.intents import Reply
from trayapp.core.settings import Settings


@pytest.mark.parametrize("port", ["0", "80", "32768", "70000", "many", "-1", "٤١٨٠"])
def test_a_port_that_cannot_be_is_wrong_usage(shell: Shell, port: str) -> None:
    ran = shell.run("serve", f"--port={port}")
    assert (ran.code, "a number from 1024 to 32767" in ran.err) == (2, True)


def test_its_limits_are_those_of_the_settings() -> None:
    import msgspec

    from trayapp.cli.serve import HIGHEST, LOWEST

    for port in (LOWEST, HIGHEST):
        assert msgspec.convert({"gateway_port": port}, Settings).gateway_port == port
    for port in (LOWEST - 1, HIGHEST + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"gateway_port": port}, Settings)


def test_beside_a_tray_it_does_not_begin(shell: Shell) -> None:
    shell.running = True
    shell.reply = lambda _asked: Reply()
    ran = shell.run("serve")
    assert (ran.code, ran.out, "“trayapp gateway on”" in ran.err) == (1, "", True)


def test_beside_a_tray_that_does_not_answer_yet_it_does_not_begin(shell: Shell) -> None:
    with somebody_runs(shell.paths.runtime):
        ran = shell.run("serve")
    assert (ran.code, "runs already" in ran.err) == (1, True)


def test_a_port_that_is_taken_ends_it_with_the_holder_named(shell: Shell) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        ran = shell.run("serve", "--port", str(port))
    (last,) = (it for it in threading.enumerate() if it.name == "the last moment")
    assert isinstance(last, threading.Timer)
    last.cancel()  # it would end this process: whatever still hangs, the command has an end
    assert (ran.code, ran.out) == (1, "")
    assert f"Port {port} is in use by" in ran.err
