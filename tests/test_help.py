"""What the help about lists says is so: names, defaults, figures, commands and the sample file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from trayapp.cli import parser
from trayapp.cli.verbs import find
from trayapp.core import schema
from trayapp.core.overrides import PREFIX, overlay
from trayapp.core.settings import Settings
from trayapp.providers.spec import TIMEOUTS

PAGE = (Path(__file__).parent.parent / "resources" / "help" / "lists.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    part = re.split(r"\n#+ ", PAGE.partition(f"# {heading}\n")[2])[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_setting_of_the_table_has_the_default_it_says() -> None:
    """S2-57"""
    rows = table("Settings")
    assert len(rows) == 9
    for name, default, _about in rows:
        assert schema.typed(schema.preferences()[name].default) == default


def test_the_classes_have_the_figures_it_says() -> None:
    """S4-11 to S4-13"""
    rows = {row[0]: tuple(float(cell) for cell in row[1:6]) for row in table("How long providers are waited for")}
    assert rows == {name: (it.connect, it.receive, it.pool, it.retries, it.base_delay) for name, it in TIMEOUTS.items()}


def test_the_sample_file_can_be_read_whole() -> None:
    """S1-67, S2-59"""
    (sample,) = blocks("toml")
    settings, problems = schema.read_settings(tomllib.loads(sample))
    assert problems == ()
    assert settings.provider_ttl_overrides == {"ollama": 300, "lmstudio": 300, "anthropic": 86400}
    assert set(settings.timeouts) == {"fast", "slow"}
    assert (settings.accounts[0].ttl, settings.accounts[0].timeouts) == (600, "medium")


LINES = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_every_command_can_be_typed_as_it_stands_there(line: str) -> None:
    words = [word.replace('""', "") for word in line.partition("  #")[0].split()]
    env = dict(word.split("=", 1) for word in words if word.startswith(PREFIX))
    _settings, names, problems = overlay(Settings(), env)
    assert (len(names), problems) == (len(env), ())
    command = [word for word in words if not word.startswith(PREFIX)]
    assert command[0] == "trayapp"
    if len(command) > 1:
        found = find(command[1:])
        assert found is not None
        args = parser.reader(found[0]).parse_args(found[1])
        if found[0].words == ("settings", "set"):
            schema.change(Settings(), args.setting, args.value, onto=True)


def test_every_variable_it_names_sets_something() -> None:
    named = set(re.findall(r"TRAYAPP_[A-Z_]+[A-Z]", PAGE))
    assert named
    assert named <= {PREFIX + name.upper() for name in schema.preferences()}
