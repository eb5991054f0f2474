"""An entry for start at login names a program that may be removed by somebody who sees no homes."""

from __future__ import annotations

import pytest

from trayapp.system import login_entry


@pytest.mark.parametrize("program", ["/usr/bin/trayapp", "/home/me/.local/bin/trayapp", "/opt/trayapp-1.0/trayapp"])
def test_a_session_is_told_where_to_look_whether_the_program_is_still_there(program: str) -> None:
    entry = login_entry.read(login_entry.switched_on("", [program, "--silent"]))
    assert entry["TryExec"] == program


@pytest.mark.parametrize("program", ["/home/me/my programs/trayapp", "/home/zoë/trayapp", "/opt/a&b/trayapp"])
def test_a_path_that_some_sessions_would_not_find_is_not_named_there(program: str) -> None:
    assert "TryExec" not in login_entry.read(login_entry.switched_on("TryExec=/old/trayapp\n", [program]))


def test_an_upgrade_that_moves_the_program_moves_both_lines() -> None:
    text = login_entry.switched_on("", ["/opt/trayapp-1.0/trayapp", "--silent"])
    entry = login_entry.read(login_entry.switched_on(text, ["/opt/trayapp-1.1/trayapp", "--silent"]))
    assert entry["Exec"] == "/opt/trayapp-1.1/trayapp --silent"
    assert entry["TryExec"] == "/opt/trayapp-1.1/trayapp"
    assert text.count("TryExec") == 1
