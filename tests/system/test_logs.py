"""The log holds what happened, for its user alone, and no key."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayapp.core.secret import Secret
from trayapp.system import logs, paths
from trayapp.system.paths import Paths

log = logging.getLogger("trayapp.test")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Paths]:
    levels = {name: logging.getLogger(name).level for name in ("", "trayapp", *logs._QUIET)}
    yield paths.find({"TRAYAPP_HOME": str(tmp_path)})
    logs.tear_down()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_says_when_how_bad_who_and_what(here: Paths) -> None:
    logs.set_up(here)
    log.info("%d models from %s", 3, "groq")
    (line,) = here.log_file.read_text().splitlines()
    date, time, rest = line.split(" ", 2)
    assert len(date) == 10
    assert len(time) == 12
    assert rest == "INFO trayapp.test: 3 models from groq"


@pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")
def test_every_file_is_open_to_its_user_alone(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SIZE", 100)
    old = os.umask(0)
    try:
        logs.set_up(here)
        for n in range(20):
            log.info("line %d", n)
    finally:
        os.umask(old)
    assert {it.stat().st_mode & 0o777 for it in here.logs.iterdir()} == {0o600}
    assert here.logs.stat().st_mode & 0o777 == 0o700


def test_there_are_three_files_of_about_a_megabyte_at_most(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert logs.SIZE == 1_000_000
    monkeypatch.setattr(logs, "SIZE", 10_000)
    logs.set_up(here)
    for n in range(2000):
        log.info("line %04d", n)
    assert sorted(it.name for it in here.logs.iterdir()) == ["trayapp.log", "trayapp.log.1", "trayapp.log.2"]
    assert all(it.stat().st_size < 10_200 for it in here.logs.iterdir())
    text = "".join((here.logs / f"trayapp.log{end}").read_text() for end in (".2", ".1", ""))
    numbers = [int(line[-4:]) for line in text.splitlines()]
    assert numbers == list(range(numbers[0], 2000)), "the newest lines, none of them lost"


def test_a_log_is_continued_at_the_next_start(here: Paths) -> None:
    for n in range(2):
        logs.set_up(here)
        log.info("start %d", n)
        logs.tear_down()
    assert len(here.log_file.read_text().splitlines()) == 2


def test_a_second_set_up_replaces_the_first(here: Paths) -> None:
    logs.set_up(here)
    logs.set_up(here, debug=True)
    log.debug("once")
    assert here.log_file.read_text().count("once") == 1


def test_details_are_logged_only_when_asked_for(here: Paths) -> None:
    logs.set_up(here)
    log.debug("quiet")
    logs.set_up(here, debug=True)
    log.debug("loud")
    logging.getLogger("some.library").debug("never")
    assert "quiet" not in here.log_file.read_text()
    assert "loud" in here.log_file.read_text()
    assert "never" not in here.log_file.read_text()


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "asyncio", "keyring.backend"])
def test_libraries_that_talk_about_requests_are_quiet_even_then(name: str, here: Paths) -> None:
    logs.set_up(here, debug=True)
    logging.getLogger(name).info("HTTP Request: GET https://host/v1/models")
    logging.getLogger(name).warning("heard")
    text = here.log_file.read_text()
    assert "HTTP Request" not in text
    assert "heard" in text


def test_no_key_reaches_the_file_by_message_argument_exception_or_stack(here: Paths) -> None:
    shaped = "sk-proj-0123456789abcdefghij"
    plain = "correcthorse.batterystaple"  # looks like no key at all
    logs.set_up(here)
    known = Secret(plain)
    logs.know(known)
    for key in (shaped, plain):
        log.info("message " + key)  # noqa: G003
        log.info("argument %s and %r", key, {"key": key})
        log.info("secret %s", Secret(key))
        log.info("stack", stack_info=True)
        try:
            try:
                raise ValueError(f"inner {key}")
            except ValueError as exc:
                raise RuntimeError(f"outer {key}") from exc
        except RuntimeError:
            log.exception("failed with %s", key)
    text = here.log_file.read_text()
    assert shaped not in text
    assert shaped[-8:] not in text
    assert plain not in text
    assert "RuntimeError: outer …" in text
    assert "ValueError: inner …" in text


def test_a_key_is_known_while_somebody_holds_it_and_leaves_nothing_behind(here: Paths) -> None:
    before = {*logs._known}  # keys that other tests still hold
    first, second = Secret("not-like-a-key"), Secret("not-like-a-key")
    logs.know(first)
    logs.know(second)
    logs.know(second)
    third = Secret("not-like-a-key")
    logs.know(third)
    del third
    gc.collect()
    assert logs.clean("x not-like-a-key") == "x …"
    del first
    gc.collect()
    assert logs.clean("x not-like-a-key") == "x …", "the other one still holds it"
    del second
    gc.collect()
    assert {*logs._known} <= before


def test_a_line_that_cannot_be_formatted_or_written_raises_nothing_and_shows_nothing(
    here: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.set_up(here)
    handler = next(it for it in logging.getLogger().handlers if it.get_name() == "trayapp")
    record = log.makeRecord(log.name, logging.INFO, "f", 1, "%d %d", ("sk-proj-0123456789abcdefghij",), None)
    handler.handle(record)  # not through the logger: pytest's own handler raises for it
    # a report with half a character in it cannot travel between the processes of a test run
    handler.handle(log.makeRecord(log.name, logging.INFO, "f", 1, "lone \udcff surrogate", (), None))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(type(handler), "_start_over", full)
        broken.setattr(logs, "SIZE", 0)
        log.info("lost")
    log.info("found")
    assert "found" in here.log_file.read_text()
    assert "lost" not in here.log_file.read_text()
    assert "0123456789" not in "".join(capsys.readouterr())


def test_without_a_place_for_a_file_warnings_go_to_standard_error(
    here: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    here.logs.parent.mkdir(exist_ok=True)
    here.logs.write_text("a file where the folder should be")
    logs.set_up(here)
    log.info("quiet")
    log.warning("loud sk-proj-0123456789")
    shown = capsys.readouterr().err
    assert "loud …" in shown
    assert "quiet" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes on this system")
@pytest.mark.parametrize("read", [False, True])
def test_a_pipe_in_its_place_keeps_nobody_waiting(here: Paths, read: bool) -> None:
    here.log_file.parent.mkdir(parents=True)
    os.mkfifo(here.log_file)
    reader = os.open(here.log_file, os.O_RDONLY | os.O_NONBLOCK) if read else None
    try:
        logs.set_up(here)
        handler = next(it for it in logging.getLogger().handlers if it.get_name() == "trayapp")
        assert not isinstance(handler, logging.FileHandler)
    finally:
        if reader is not None:
            os.close(reader)


def test_the_log_needs_no_handlers_module() -> None:
    code = "import sys, trayapp.system.logs; print('logging.handlers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
