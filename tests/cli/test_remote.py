"""Who performs an intent: the tray where one runs, else this process, in its turn."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.cli.remote import Remote, chosen
from trayapp.core.errors import UserError
from trayapp.core.intents import EnableAccount, Intent, PickModel, Quit, Refresh, Reply, StoreKey
from trayapp.core.models import ModelRef
from trayapp.core.secret import Secret
from trayapp.system import instance
from trayapp.system.paths import Paths

GROQ_OFF = EnableAccount("groq", False)


def nobody(runtime: Path, message: bytes, timeout: float) -> bytes | None:
    return None


def test_a_running_tray_gets_the_intent_and_its_answer_is_given_back(shell: Shell) -> None:
    sent: list[bytes] = []

    def tray(runtime: Path, message: bytes, timeout: float) -> bytes:
        sent.append(message)
        return b'{"ok":false,"text":"No."}'

    remote = Remote(shell.paths, hand_over=tray, alone=lambda *_: pytest.fail("there is a tray"))
    assert remote.perform(lambda: GROQ_OFF) == Reply(False, "No.")
    assert msgspec.json.decode(sent[0]) == {"intent": {"type": "EnableAccount", "provider": "groq", "enabled": False}}


def test_without_a_tray_it_is_done_here_under_the_lock(shell: Shell) -> None:
    def alone(intent: Intent, paths: Paths) -> Reply:
        with pytest.raises(instance.BusyError), instance.write_lock(shell.paths.runtime, timeout=0):
            pass
        return Reply(True, "done")

    assert Remote(shell.paths, hand_over=nobody, alone=alone).perform(lambda: GROQ_OFF) == Reply(True, "done")


def test_what_only_fetches_lists_keeps_nobody_else_from_writing(shell: Shell) -> None:
    def alone(intent: Intent, paths: Paths) -> Reply:
        with instance.write_lock(shell.paths.runtime, timeout=0):
            return Reply()

    assert Remote(shell.paths, hand_over=nobody, alone=alone).perform(lambda: Refresh(), writes=False).ok


def test_the_intent_is_made_anew_once_it_is_our_turn(shell: Shell) -> None:
    made: list[str] = []

    def make() -> EnableAccount:
        made.append("made")
        return EnableAccount(f"after-{len(made)}", True)

    done: list[Intent] = []

    def alone(intent: Intent, paths: Paths) -> Reply:
        done.append(intent)
        return Reply()

    Remote(shell.paths, hand_over=nobody, alone=alone).perform(make)
    assert done == [EnableAccount("after-2", True)]


def test_a_tray_that_starts_while_we_wait_does_it(shell: Shell) -> None:
    answers: list[bytes | None] = [None, b'{"text":"by the tray"}']
    remote = Remote(
        shell.paths, hand_over=lambda *_: answers.pop(0), alone=lambda *_: pytest.fail("the tray has the lock")
    )
    claim = instance.claim(shell.paths.runtime)
    assert claim is not None
    try:
        assert remote.perform(lambda: GROQ_OFF).text == "by the tray"
    finally:
        claim.release()


def test_another_command_at_work_is_waited_for(shell: Shell) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def other() -> None:
        with instance.write_lock(shell.paths.runtime, timeout=1):
            begun.set()
            may_end.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(5)
    asked: list[str] = []

    def hand_over(runtime: Path, message: bytes, timeout: float) -> bytes | None:
        asked.append("asked")
        if len(asked) == 2:  # the lock was busy once
            may_end.set()
        return None

    assert Remote(shell.paths, hand_over=hand_over, alone=lambda *_: Reply(True, "at last")).perform(
        lambda: GROQ_OFF
    ) == Reply(True, "at last")
    thread.join()
    assert len(asked) >= 2


def test_a_tray_that_does_not_answer_is_said_in_words(shell: Shell) -> None:
    def silent(runtime: Path, message: bytes, timeout: float) -> bytes | None:
        raise TimeoutError("no answer")

    with pytest.raises(UserError, match="does not answer"):
        Remote(shell.paths, hand_over=silent).ask("ping")


def test_an_answer_of_another_version_is_said_in_words(shell: Shell) -> None:
    with pytest.raises(UserError, match="another version"):
        Remote(shell.paths, hand_over=lambda *_: b"[]").send(Quit())


def test_a_model_that_was_typed_is_not_asked_about_again() -> None:
    assert chosen(ModelRef("a", "b")) == PickModel(ModelRef("a", "b"), confirmed=True)


def test_a_key_goes_through_no_socket(shell: Shell, canary: str) -> None:
    seen: list[bytes] = []

    def tray(runtime: Path, message: bytes, timeout: float) -> bytes:
        seen.append(message)
        return b"{}"

    stored: list[Any] = []

    def alone(intent: Intent, paths: Paths) -> Reply:
        stored.append(intent)
        return Reply()

    Remote(shell.paths, hand_over=tray, alone=alone).store_key(StoreKey("groq", Secret(canary)))
    assert stored[0].key == Secret(canary)
    assert seen
    assert not any(canary.encode() in message for message in seen)
