"""The look at our own files: what cannot be written, what others could read, what was set aside."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from trayapp.system.checkup import OPEN, READABLE, UNWRITABLE, Place, listening, look_over
from trayapp.system.files import make_private, set_aside, write_private
from trayapp.system.paths import Paths, find

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX modes of files are missing here")


@pytest.fixture
def paths(home: Path) -> Paths:
    return find({"TRAYAPP_HOME": str(home / "t")})


def test_before_the_first_start_nothing_is_wrong(paths: Paths) -> None:
    found = look_over(paths)
    assert (found.troubled, found.aside) == ((), ())
    assert found.free is None or found.free > 0


def test_what_the_program_writes_is_in_order(paths: Paths) -> None:
    for file in (paths.settings_file, paths.state_file, paths.listings / "a.json"):
        write_private(file, b"{}")
    make_private(paths.runtime)
    assert look_over(paths).troubled == ()


@posix
def test_files_that_others_could_read_or_write_are_named(paths: Paths) -> None:
    for file, mode in ((paths.settings_file, 0o644), (paths.listings / "a.json", 0o666), (paths.state_file, 0o600)):
        write_private(file, b"{}")
        file.chmod(mode)
    for folder in (*paths.settings_file.parents, *paths.listings.parents, paths.listings):
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o055)
    assert look_over(paths).troubled == (
        Place(str(paths.settings_file), READABLE),
        Place(str(paths.listings / "a.json"), OPEN),
    )


@posix
def test_what_lies_in_a_closed_folder_is_closed(paths: Paths) -> None:
    write_private(paths.settings_file, b"{}")
    paths.settings_file.chmod(0o666)
    paths.config.chmod(0o700)
    assert look_over(paths).troubled == ()


def test_a_file_where_a_folder_should_be_cannot_be_written_to(paths: Paths) -> None:
    paths.config.parent.mkdir(parents=True)
    paths.config.write_text("")
    assert Place(str(paths.config), UNWRITABLE) in look_over(paths).troubled


@posix
def test_a_folder_that_the_system_says_is_read_only_is_named(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    make_private(paths.data)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != paths.data)
    assert look_over(paths).troubled == (Place(str(paths.data), UNWRITABLE),)


def test_files_that_were_set_aside_are_listed(paths: Paths) -> None:
    names = []
    for file in (paths.settings_file, paths.listings / "a.json"):
        write_private(file, b"junk")
        names.append(str(set_aside(file)))
    assert look_over(paths).aside == tuple(sorted(names))


async def test_who_listens_is_found_and_told_nothing() -> None:
    heard: list[bytes] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await listening("127.0.0.1", port)
    for _turn in range(100):
        if heard:
            break
        await asyncio.sleep(0.01)
    server.close()
    assert heard == [b""]
    assert not await listening("127.0.0.1", port)
