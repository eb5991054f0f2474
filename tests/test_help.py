"""What the help says is so: names, defaults, figures, commands and the sample files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from trayapp.cli import parser
from trayapp.cli.verbs import find
from trayapp.core import schema
from trayapp.core.overrides import PREFIX, overlay
from trayapp.core.settings import GATEWAY, LOCAL, Settings
from trayapp.providers.spec import TIMEOUTS
from trayapp.ui import gateway, gateway_tools

FOLDER = Path(__file__).parent.parent / "resources" / "help"
LISTS, MODELS, TOOLS = "lists.md", "local-models.md", "gateway.md"
PAGES = {name: (FOLDER / name).read_text("utf-8") for name in (LISTS, MODELS, TOOLS)}
every_page = pytest.mark.parametrize("page", PAGES)


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    part = re.split(r"\n#+ ", PAGES[page].partition(f"# {heading}\n")[2])[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


@every_page
def test_every_setting_of_the_table_has_the_default_it_says(page: str) -> None:
    """S2-57"""
    rows = table(page, "Settings")
    assert len(rows) >= 9
    for name, default, about in rows:
        assert about
        assert schema.typed(schema.preferences()[name].default) == default, name


@pytest.mark.parametrize(("page", "of"), [(MODELS, LOCAL), (TOOLS, GATEWAY)])
def test_the_table_has_every_setting_of_its_page(page: str, of: str) -> None:
    assert [row[0] for row in table(page, "Settings")] == [
        it.name for it in schema.preferences().values() if it.page == of
    ]


@every_page
def test_a_word_that_a_setting_can_have_is_explained(page: str) -> None:
    for name, _default, about in table(page, "Settings"):
        for word in schema.preferences()[name].choices:
            said = word in about or word in dict.fromkeys(re.findall(r"`(\w+)`", PAGES[page]))
            assert said or about.startswith("the same"), (name, word)


def test_the_classes_have_the_figures_it_says() -> None:
    """S4-11 to S4-13"""
    rows = {
        row[0]: tuple(float(cell) for cell in row[1:6]) for row in table(LISTS, "How long providers are waited for")
    }
    assert rows == {name: (it.connect, it.receive, it.pool, it.retries, it.base_delay) for name, it in TIMEOUTS.items()}


@pytest.mark.parametrize("page", [LISTS, MODELS])
def test_the_sample_file_can_be_read_whole(page: str) -> None:
    """S1-67, S2-59"""
    (sample,) = blocks(page, "toml")
    settings, problems = schema.read_settings(tomllib.loads(sample))
    assert problems == ()
    if page == MODELS:
        assert settings.roles["code"] == "ollama/deepseek-coder-v2:16b"
        assert [(it.name, it.to) for it in settings.rules] == [("code", "code"), ("short", "fast")]
        return
    assert settings.provider_ttl_overrides == {"ollama": 300, "lmstudio": 300, "anthropic": 86400}
    assert set(settings.timeouts) == {"fast", "slow"}
    assert (settings.accounts[0].ttl, settings.accounts[0].timeouts) == (600, "medium")


LINES = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_every_command_can_be_typed_as_it_stands_there(line: str) -> None:
    words = [word.replace('""', "").strip('"') for word in _split(line.partition("  #")[0])]
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


def _split(line: str) -> list[str]:
    """Words, what is in quotes as one."""
    return re.findall(r'(?:[^\s"]|"[^"]*")+', line)


@every_page
def test_every_variable_it_names_sets_something(page: str) -> None:
    named = set(re.findall(r"TRAYAPP_[A-Z_]+[A-Z]", PAGES[page]))
    assert named or page != LISTS
    assert named <= {PREFIX + name.upper() for name in schema.preferences()}


# -- the gateway ------------------------------------------------------------------------------------


def test_the_addresses_are_those_that_are_copied() -> None:
    port = Settings().gateway_port
    told = re.findall(r"`(http://127[^`]*)`", PAGES[TOOLS])
    assert told[:3] == [gateway.address(port, style) for style in gateway.STYLES]


def test_every_tool_with_a_recipe_is_named() -> None:
    text = " ".join(PAGES[TOOLS].partition("# Setting up tools")[2].partition("\n#")[0].split())
    for it in gateway_tools.recipes(4180, "linux")[2:11]:
        assert it.name in text, it.name


def test_a_sentence_that_is_quoted_is_one_that_is_said() -> None:
    """Whoever searches the help for what a tool shows finds it."""
    said = "\n".join(path.read_text("utf-8") for path in (FOLDER.parents[1] / "trayapp" / "gateway").glob("*.py"))
    first = [row[0] for row in table(TOOLS, "When something does not work")]
    quoted = [part for cell in first for text in re.findall("“([^”]*)”", cell) for part in text.split("…")]
    assert quoted
    for part in filter(None, (it.strip(" .") for it in quoted)):
        assert part in said, part
