"""The manual page: as the table of commands has it, and without a complaint of those who print it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripts import script
from trayapp.cli import parser
from trayapp.cli.verbs import GROUPS, VERBS, find
from trayapp.core.schema import preferences
from trayapp.system.paths import Paths
from trayapp.system.paths import find as places

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "resources" / "man" / "trayapp.1"
PRINTERS = {
    "man": ("man", "--warnings", "-l", str(PAGE)),
    "groff": ("groff", "-man", "-ww", "-Tutf8", str(PAGE)),
    "mandoc": ("mandoc", "-T", "lint", "-W", "error", str(PAGE)),
}


@pytest.fixture
def build_man() -> Any:
    return script("build_man")


def test_it_says_what_the_table_says(build_man: Any) -> None:
    assert PAGE.read_text("ascii") == build_man.page(), "run python3 packaging/build_man.py"


@pytest.mark.parametrize("printer", PRINTERS)
def test_who_prints_it_has_nothing_to_say_about_it(printer: str) -> None:
    command = PRINTERS[printer]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_names_every_command_and_option() -> None:
    text = PAGE.read_text("ascii").replace("\\-", "-")
    for verb in VERBS:
        assert f"\\fB{' '.join(verb.words)}\\fR" in text
        for it in verb.arguments:
            assert (f"\\fB{it.name}\\fR" if it.option else f"\\fI{it.metavar}\\fR") in text
    for group in GROUPS:
        assert f'.SS "{group.title}"' in text
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "FILES", "ENVIRONMENT", "EXAMPLES"):
        assert f".SH {section}\n" in text
    for section in ("EXIT STATUS", "SEE ALSO"):
        assert f'.SH "{section}"\n' in text or f".SH {section}\n" in text


def test_its_examples_can_be_typed(build_man: Any) -> None:
    lines = [line.replace("\\-", "-") for line in PAGE.read_text("ascii").splitlines() if line.startswith("trayapp ")]
    typed = [line for line in lines if find(shlex.split(line)[1:])]
    assert len(typed) >= sum(len(names) for _about, names in build_man.EXAMPLES)
    for line in typed:
        verb, rest = find(shlex.split(line)[1:]) or pytest.fail(line)
        parser.reader(verb).parse_args(rest)


def test_files_and_variables_are_the_ones_there_are(build_man: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRAYAPP_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    found: Paths = places()
    there = (found.settings_file, found.state_file, found.listings, found.log_file)
    told = [name.rstrip("/").replace("~", "/home/me") for name, _about in build_man.FILES]
    if sys.platform not in ("win32", "darwin"):
        assert told == [str(it) for it in there]
    (example,) = re.findall(r"TRAYAPP_(GATEWAY_\w+)", str(build_man.ENVIRONMENT))
    assert example.lower() in preferences()


def test_a_letter_that_groff_may_not_print_is_not_let_in(build_man: Any) -> None:
    assert build_man.text(".x “a-b” it's ~") == "\\&.x \\(lqa\\-b\\(rq it\\(aqs \\(ti"
    with pytest.raises(ValueError, match="日本"):
        build_man.text("日本")
