"""The start itself: who is there already, and whether anything can be shown here."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from trayapp.cli import windows
from trayapp.cli.entry import main
from trayapp.cli.start import no_screen
from trayapp.core.intents import (
    Activate,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    OpenWelcome,
    ShowAll,
    WireIntent,
)
from trayapp.core.settings import DESKTOP, GATEWAY, LOCAL, Settings
from trayapp.system import instance
from trayapp.system.paths import runtime
from trayapp.ui import form


@pytest.fixture(autouse=True)
def _garbage_is_collected() -> Iterator[None]:
    """A start leaves that to the window's thread."""
    yield
    gc.enable()


@contextmanager
def somebody_runs(folder: Path) -> Iterator[list[bytes]]:
    """An instance in a thread of its own; the list fills with what it is asked."""
    claim = instance.claim(folder)
    assert claim is not None
    asked: list[bytes] = []
    ready, leave = threading.Event(), threading.Event()

    async def answer(line: bytes) -> bytes:
        asked.append(line)
        return b"{}"

    async def serve() -> None:
        await claim.serve(answer)
        ready.set()
        await asyncio.to_thread(leave.wait)
        await claim.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield asked
    finally:
        leave.set()
        thread.join()


def test_a_second_start_shows_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    with somebody_runs(runtime()) as asked:
        assert main([]) == 0
    assert asked == [b'{"intent":{"type":"Activate"}}']
    told = capsys.readouterr()
    assert told.out == ""
    assert "running already" in told.err


def test_a_silent_second_start_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with somebody_runs(runtime()) as asked:
        assert main(["--silent"]) == 0
    assert asked == [b'{"ask":"ping"}']
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ([], Activate()),
        (["--finder"], OpenFinder()),
        (["--models"], ShowAll()),
        (["--welcome"], OpenWelcome()),
        (["--settings"], OpenSettings()),
        (["--settings", "icon"], OpenSettings(DESKTOP)),
        (["--settings", "Local Models"], OpenSettings(LOCAL)),
        (["--settings=gateway"], OpenSettings(GATEWAY)),
        (["--help-page"], OpenHelp()),
        (["--help-page", "gateway#Tools"], OpenHelp("gateway#Tools")),
        (["--help-page=größe"], OpenHelp("größe")),
    ],
)
def test_the_running_program_is_asked_for_a_window(
    words: list[str], intent: WireIntent, capsys: pytest.CaptureFixture[str]
) -> None:
    with somebody_runs(runtime()) as asked:
        assert main(["open", *words]) == 0
    (line,) = asked
    assert msgspec.convert(msgspec.json.decode(line)["intent"], WireIntent) == intent
    assert capsys.readouterr() == ("", ""), "who binds a key to it looks at no terminal"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--finder", "--models"], 2, "Only one window"),
        (["--settings", "general", "--finder"], 2, "Only one window"),
        (["--settings", "gatway"], 1, "Did you mean gateway?"),
        (["--help-page", 'a"b'], 1, "no such page"),
        (["--nonsense"], 2, "--nonsense"),
        (["finder"], 2, "finder"),
    ],
)
def test_a_window_that_there_is_not_opens_nothing(
    words: list[str], code: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with somebody_runs(runtime()) as asked:
        assert main(["open", *words]) == code
    assert asked == []
    assert why in capsys.readouterr().err


def test_what_the_running_program_cannot_do_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in (b'{"ok":false,"text":"It is old."}', b'{"ok": false, "text": "It is old."}'):
        monkeypatch.setattr(instance, "enter", lambda *_args, answer=answer: answer)
        assert main(["open", "--finder"]) == 1
        assert capsys.readouterr() == ("", "trayapp: It is old.\n")


def test_every_page_of_the_settings_has_a_word_for_the_command_line() -> None:
    assert list(windows.PAGES.values()) == [it.name for it in form.pages(Settings())]


async def test_the_first_start_opens_the_window_that_it_was_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt is played: it serves the claim and ends."""
    handled: list[bytes] = []

    class Loop:
        @staticmethod
        def run(_paths: object, claim: instance.Claim, *, silent: bool, debug: bool) -> int:
            assert not gc.isenabled(), "a launch has no time for that"

            async def answer(line: bytes) -> bytes:
                handled.append(line)
                return b"{}"

            async def serve() -> None:
                await claim.serve(answer)
                await asyncio.to_thread(instance.hand_over, runtime(), b'{"ask":"ping"}', 5.0)
                await claim.close()

            asyncio.run(serve())
            claim.release()
            return 0

    monkeypatch.setattr("trayapp.qt.loop", Loop, raising=False)
    monkeypatch.setitem(sys.modules, "trayapp.qt.loop", Loop)
    for words, lines in (
        (["open", "--finder"], [windows.PLAIN["--finder"], b'{"ask":"ping"}']),
        (["open"], [windows.ACTIVATE, b'{"ask":"ping"}']),
        ([], [b'{"ask":"ping"}']),
    ):
        handled.clear()
        assert await asyncio.to_thread(main, words) == 0
        assert handled == lines


def test_without_a_display_the_code_is_three_and_the_words_say_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM")
    assert main([]) == 3
    told = capsys.readouterr().err
    assert "DISPLAY" in told
    assert "trayapp --help" in told
    claim = instance.claim(runtime())  # nothing was left behind that keeps the next one out
    assert claim is not None
    claim.release()


def test_a_missing_library_is_named_with_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "trayapp.qt.loop":
                raise ImportError("libEGL.so.1: cannot open shared object file", name="PySide6.QtGui")

    monkeypatch.setattr("sys.meta_path", [Missing(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "trayapp.qt.loop", raising=False)
    monkeypatch.delattr("trayapp.qt.loop", raising=False)
    assert main([]) == 3
    told = capsys.readouterr().err
    assert "libEGL.so.1" in told
    assert "apt install" in told


@pytest.mark.parametrize(
    ("env", "platform", "can"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen:size=10x10"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_a_screen_is_looked_for_before_qt_is(env: dict[str, str], platform: str, can: bool) -> None:
    assert (no_screen(env, platform) == "") is can


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ("", b'{"intent":{"type":"Activate"}}'),
        ("wl-1_TIME23", b'{"intent":{"type":"Activate"},"activation":"wl-1_TIME23"}'),
        ('a"b', b'{"intent":{"type":"Activate"}}'),
        ("x" * 300, b'{"intent":{"type":"Activate"}}'),
    ],
)
def test_the_leave_to_come_to_the_front_is_handed_on(token: str, line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", token)
    assert windows.forward(windows.ACTIVATE) == line
