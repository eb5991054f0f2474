"""Several programs of one user write at the same time: what each of them was told is done is there afterwards."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.app.gateway_scene import free_port
from tests.support.desktop import ROOT, until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.upstream import Reply, Sent
from tests.whole.killed_files import found
from tests.whole.program import COMMAND, Served, Trayapp, answer, cli, listing, remembered, server, set_up
from trayapp.core.intents import PickModel
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.system.instance import hand_over
from trayapp.system.paths import find

CHANGES = {
    "tray_wait": "7",
    "inline_models": "11",
    "usage_days": "99",
    "notify_switch": "off",
    "show_non_chat": "on",
    "wait_for_new": "on",
    "use_catalog_fallback": "off",
    "confirm_switch": "off",
}


@pytest.fixture(params=["alone", "beside a program"])
def running(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether a program runs meanwhile; an account “lab” is set up either way, and has a model chosen."""
    with Served({"/v1/models": answer("one", "two")}) as served:
        set_up(
            server("lab", f"{served.url}/v1"),
            lists=[listing("lab", "one", "two")],
            state=State(active=ModelRef("lab", "one")),
        )
        if request.param == "alone":
            yield False
            return
        with Trayapp(dict(os.environ), "serve", "--port", str(free_port())) as program:
            until(lambda: program.said().count("\n") >= 2, "its address", 30)
            yield True


def at_once(*commands: tuple[str, ...]) -> list[subprocess.CompletedProcess[str]]:
    """Begin them all, then wait for all."""
    begun = [
        subprocess.Popen(
            [*COMMAND, *words],
            env=os.environ,
            cwd=ROOT,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for words in commands
    ]
    ended = []
    for words, it in zip(commands, begun, strict=True):
        out, err = it.communicate(timeout=120)
        assert "Traceback" not in err
        ended.append(subprocess.CompletedProcess(words, it.returncode, out, err))
    return ended


def test_settings_that_several_commands_change_at_once_all_hold(running: bool) -> None:
    for ran in at_once(*(("settings", "set", name, value) for name, value in CHANGES.items())):
        assert ran.returncode == 0, ran.stderr
    env = dict(os.environ)
    assert {name: cli(env, "settings", "get", name).strip() for name in CHANGES} == CHANGES


def test_entries_of_one_table_that_several_commands_add_at_once_all_hold(running: bool) -> None:
    names = ("groq", "openai", "mistral", "lab")
    for ran in at_once(*(("settings", "set", "provider_ttl_overrides", f"{name}=600") for name in names)):
        assert ran.returncode == 0, ran.stderr
    assert found(find()).settings.provider_ttl_overrides == dict.fromkeys(names, 600)


def test_values_of_one_account_that_several_commands_change_at_once_all_hold(running: bool) -> None:
    for ran in at_once(
        ("providers", "set", "lab", "name=Lab of mine"),
        ("providers", "set", "lab", "ttl=600"),
        ("providers", "set", "lab", "strategy=fresh"),
        ("providers", "disable", "lab"),
    ):
        assert ran.returncode == 0, ran.stderr
    (account,) = (it for it in found(find()).settings.accounts if it.id == "lab")
    assert (account.name, account.ttl, account.strategy, account.enabled) == ("Lab of mine", 600, "fresh", False)


def test_accounts_that_several_commands_add_at_once_are_all_there_or_refused_in_words(running: bool) -> None:
    urls = [f"http://127.0.0.1:{9000 + number}/v1" for number in range(5)]
    ended = at_once(*(("providers", "add", "openai-compatible", "--base-url", url) for url in urls))
    kept = {it.base_url for it in found(find()).settings.accounts}
    for url, ran in zip(urls, ended, strict=True):
        assert (ran.returncode == 0) is (url in kept)
        assert ran.returncode == 0 or "There is an account “" in ran.stderr


def test_everything_that_several_commands_remember_at_once_is_remembered(running: bool) -> None:
    for ran in at_once(
        ("pin", "lab/one"),
        ("pin", "lab/two"),
        ("hide", "lab/two"),
        ("profile", "save", "a", "--no-model"),
        ("profile", "save", "b", "--no-model"),
        ("use", "lab/two"),
        ("refresh",),
        ("local", "strategy", "ram"),
    ):
        assert ran.returncode == 0, ran.stderr
    state = found(find()).state
    assert {str(it) for it in state.pinned} == {"lab/one", "lab/two"}
    assert [str(it) for it in state.hidden] == ["lab/two"]
    assert {it.name for it in state.profiles} == {"a", "b"}
    assert (str(state.active), state.strategy) == ("lab/two", "ram")
    assert not [it for it in find().config.parent.rglob("*") if ".bad-" in it.name or it.name.endswith(".tmp")]


def test_a_refresh_that_takes_long_does_not_undo_what_was_chosen_meanwhile() -> None:
    """It notes by itself that a server answered, in the file as it is then."""
    with Served({"/v1/models": Reply(body=answer("one", "two").body, delay=2.0)}) as served:
        set_up(server("lab", f"{served.url}/v1"), state=State(active=ModelRef("lab", "one")))
        env = dict(os.environ)
        with subprocess.Popen([*COMMAND, "refresh"], env=env, cwd=ROOT, stdout=subprocess.DEVNULL) as refresh:
            until(lambda: served.requests, "the question", 30)
            cli(env, "use", "--unlisted", "lab/two")
            assert refresh.wait(60) == 0
    assert remembered()["active"] == ["lab", "two"]
    assert remembered()["seen"] == ["lab"]


def test_a_key_that_is_stored_beside_a_running_program_never_undoes_a_choice(vault: GnomeKeyring) -> None:
    """The command reads the files, asks the provider, opens the keyring; all that takes its time."""

    def slow(sent: Sent) -> Reply:
        if "authorization" not in sent.headers:
            return Reply(status=401, body={"error": {"message": "Invalid API key", "code": "invalid_api_key"}})
        return Reply(body=answer("one", "two").body, delay=1.5)

    with Served(slow) as served:
        set_up(
            server("lab", f"{served.url}/v1", ttl=10**6),
            lists=[listing("lab", "one", "two")],
            state=State(active=ModelRef("lab", "one")),
        )
        env, paths = vault.env, find()
        seen: list[object] = []
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen.append(tuple(msgspec.json.decode(paths.state_file.read_bytes())["active"]))
                time.sleep(0.001)

        with Trayapp(env, "serve", "--port", str(free_port())) as program:
            until(lambda: program.said().count("\n") >= 2, "its address", 30)
            watching = threading.Thread(target=watch)
            asked = len(served.requests)
            with subprocess.Popen(
                [*COMMAND, "key", "set", "lab"], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            ) as storing:
                assert storing.stdin is not None
                storing.stdin.write(b"test-key-0123456789\n")
                storing.stdin.close()
                until(lambda: len(served.requests) > asked, "the key to be checked", 30)
                pick = msgspec.json.encode({"intent": PickModel(ModelRef("lab", "two"), confirmed=True)})
                assert hand_over(paths.runtime, pick, 20)
                watching.start()
                storing.wait(60)
                over.set()
                watching.join()
                assert storing.returncode == 0
            program.kill()
    assert set(seen) == {("lab", "two")}
    assert remembered()["active"] == ["lab", "two"]
    assert [it.partition("@")[0] for it in remembered()["keyed"]] == ["lab"]


def test_of_a_tray_and_a_program_without_a_face_that_start_at_once_one_runs_and_the_other_says_so(
    desk: dict[str, str], home: Path
) -> None:
    set_up(server("lab", "http://127.0.0.1:9/v1"), gateway_port=free_port())
    with Trayapp(desk, "--silent") as tray, Trayapp(desk, "serve") as plain:

        def ended() -> list[Trayapp]:
            return [it for it in (tray, plain) if not it.program.running()]

        until(lambda: len(ended()) == 1, "one of them to leave", 30)
        (gone,) = ended()
        # a start that only looks whether one runs says nothing; one that was asked for says why it did not
        assert (gone is tray) is (gone.said() == "" or "running already" in gone.said())
        assert gone is tray or "trayapp runs already" in gone.said()
        until(lambda: "trayapp is running." in cli(desk, "status"), "the other to answer", 30)
        cli(desk, "quit")
        if gone is plain:
            gone.program.process.returncode = 0  # that it could not is what was to be seen
