"""What the guide says is so: names, defaults, figures, recipes, sentences of the program, and the sample files.

The commands in it are run by test_documented_commands.py.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.scripts import script
from tests.test_fault_table import NOTHING, rows, texts
from trayapp.app.catalog_work import MIRRORS
from trayapp.core import schema
from trayapp.core.errors import Failure, Kind
from trayapp.core.overrides import PREFIX
from trayapp.core.settings import GATEWAY, LOCAL, Settings
from trayapp.providers.spec import TIMEOUTS
from trayapp.ui import gateway, gateway_tools, words

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "resources" / "help"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md"))}
README = (ROOT / "README.md").read_text("utf-8")
TABLES = {"settings": "By name", "lists": "Settings", "local-models": "Settings", "gateway": "Settings"}
"""Where each page has its table of settings."""
every_table = pytest.mark.parametrize("page", TABLES)


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    part = re.split(r"\n#+ ", PAGES[page].partition(f"# {heading}\n")[2])[0]
    lines = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in lines[2:]]


def blocks(text: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


# -- settings -----------------------------------------------------------------------------------------


@every_table
def test_every_setting_of_the_table_has_the_default_it_says(page: str) -> None:
    """S2-57"""
    found = table(page, TABLES[page])
    assert len(found) >= 9
    for name, default, about in found:
        assert about
        assert schema.typed(schema.preferences()[name].default) == default, name


def test_every_setting_stands_in_one_table() -> None:
    named = [row[0] for page, heading in TABLES.items() for row in table(page, heading)]
    assert len(set(named)) == len(named)
    assert set(named) == set(schema.preferences())


@pytest.mark.parametrize(("page", "of"), [("local-models", LOCAL), ("gateway", GATEWAY)])
def test_the_table_has_the_settings_of_its_page_in_their_order(page: str, of: str) -> None:
    assert [row[0] for row in table(page, "Settings")] == [
        it.name for it in schema.preferences().values() if it.page == of
    ]


@every_table
def test_a_word_that_a_setting_can_have_is_explained(page: str) -> None:
    for name, _default, about in table(page, TABLES[page]):
        for word in schema.preferences()[name].choices:
            said = word in about or word in dict.fromkeys(re.findall(r"`(\w+)`", PAGES[page]))
            assert said or about.startswith("the same"), (name, word)


def test_the_classes_have_the_figures_it_says() -> None:
    """S4-11 to S4-13"""
    told = {
        row[0]: tuple(float(cell) for cell in row[1:6]) for row in table("lists", "How long providers are waited for")
    }
    assert told == {name: (it.connect, it.receive, it.pool, it.retries, it.base_delay) for name, it in TIMEOUTS.items()}


@pytest.mark.parametrize("page", ["lists", "local-models"])
def test_the_sample_file_can_be_read_whole(page: str) -> None:
    """S1-67, S2-59"""
    (sample,) = blocks(PAGES[page], "toml")
    settings, problems = schema.read_settings(tomllib.loads(sample))
    assert problems == ()
    if page == "local-models":
        assert settings.roles["code"] == "ollama/deepseek-coder-v2:16b"
        assert [(it.name, it.to) for it in settings.rules] == [("code", "code"), ("short", "fast")]
        return
    assert settings.provider_ttl_overrides == {"ollama": 300, "lmstudio": 300, "anthropic": 86400}
    assert set(settings.timeouts) == {"fast", "slow"}
    assert (settings.accounts[0].ttl, settings.accounts[0].timeouts) == (600, "medium")


@every_table
def test_every_variable_it_names_sets_something(page: str) -> None:
    named = set(re.findall(r"TRAYAPP_[A-Z_]+[A-Z]", PAGES[page]))
    assert named or page != "lists"
    known = {PREFIX + name.upper() for name in schema.preferences()}
    assert named <= known | set(MIRRORS.values()) | {"TRAYAPP_UPDATE_URL"}


# -- commands, tools ----------------------------------------------------------------------------------


def test_the_page_of_commands_is_what_the_table_of_commands_says() -> None:
    script("build_man")
    assert PAGES["command-line"] == script("command_page").page(), "python3 packaging/build_man.py"


def test_the_addresses_are_those_that_are_copied() -> None:
    port = Settings().gateway_port
    told = re.findall(r"`(http://127[^`]*)`", PAGES["gateway"])
    assert told[:3] == [gateway.address(port, style) for style in gateway.STYLES]


@pytest.mark.parametrize("recipe", gateway_tools.recipes(4180, "linux"), ids=lambda it: it.name)
def test_every_tool_is_set_up_as_the_settings_say(recipe: gateway_tools.Recipe) -> None:
    section = PAGES["tools"].partition(f"\n## {recipe.name}\n")[2].partition("\n## ")[0]
    (shown,) = blocks(section)
    assert shown.strip() == recipe.text.strip()


def test_what_goes_into_a_file_of_json_can_be_read_back() -> None:
    (opencode,) = [it for it in blocks(PAGES["tools"], "json") if it.startswith("{")]
    provider = json.loads(opencode)["provider"]["trayapp"]
    assert provider["options"]["baseURL"] == gateway.address(4180)


# -- what is read on the screen -----------------------------------------------------------------------


def plain(text: str) -> str:
    return " ".join(text.split())


def quoted(cell: str) -> Iterator[str]:
    """What stands in quotes, cut where something else is put in: a name, a number, or what is quoted within it."""
    depth, piece = 0, ""
    for letter in re.sub(r"\b\d+\b", "…", cell):
        if letter in "“”…":
            if depth and (cut := piece.strip(" .,:")):
                yield cut
            piece = ""
            depth += {"“": 1, "”": -1}.get(letter, 0)
        else:
            piece += letter


@pytest.mark.parametrize("page", ["troubleshooting", "gateway"])
def test_a_sentence_that_is_quoted_is_one_that_is_said(page: str) -> None:
    """Whoever searches the guide for what is seen finds it."""
    said = "\n".join(texts())
    cells = [line.split("|")[1] for line in PAGES[page].splitlines() if line.startswith("| ")]
    pieces = [piece for cell in cells for piece in quoted(cell)]
    assert len(pieces) >= 6
    for piece in pieces:
        assert piece in said or all(part in said for part in piece.split(", ")), piece


def test_every_fault_is_found_by_what_its_user_reads() -> None:
    text = plain(PAGES["troubleshooting"])
    for row in rows():
        first = re.split(r"(?<=\.) ", row.said)[0]
        piece = max(re.split(r"\{\w+\}", first), key=len).strip(" .:“”")
        assert row.said.startswith(NOTHING) or piece in text, row.said


@pytest.mark.parametrize("kind", Kind)
def test_every_mark_behind_a_header_is_explained(kind: Kind) -> None:
    assert f"“{words.trouble(Failure(kind, 'x'))}”" in PAGES["troubleshooting"]


@pytest.mark.parametrize("name", [*PAGES, "README"])
def test_every_way_through_menus_is_one_that_there_is(name: str) -> None:
    labels = {plain(it.replace("&", "").rstrip("…")) for it in texts()}
    ways = re.findall(r"(?<![*\w])\*([^*]+ → [^*]+)\*(?!\*)", README if name == "README" else PAGES[name])
    for way in ways:
        for step in plain(way).split(" → "):
            assert step.rstrip("…") in labels, f"{plain(way)}: there is no “{step}”"
