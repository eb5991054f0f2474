"""What the help about local models says is so: settings and rules."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from trayapp.core import schema
from trayapp.core.settings import LOCAL, Settings
from trayapp.local.residency import strategy_of
from trayapp.local.routing import route

PAGE = (Path(__file__).parent.parent / "resources" / "help" / "local-models.md").read_text("utf-8")


def test_its_table_holds_every_setting_of_the_page_with_its_default() -> None:
    part = PAGE.partition("## Settings\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in part.splitlines() if row[:2] == "| "
    ]
    told = {name: default for name, default, _about in rows[1:]}
    declared = {name: it for name, it in schema.preferences().items() if it.page == LOCAL}
    assert told == {name: schema.typed(it.default) for name, it in declared.items()}


def test_the_strategies_have_the_figures_it_says() -> None:
    """S3-4, S3-5, S3-9, S3-10"""
    ram, ssd = strategy_of(Settings(), "ram"), strategy_of(Settings(), "ssd")
    assert ram is not None
    assert ssd is not None
    assert f"keeps {ram.max_models} loaded, for {ram.keep / 60:.0f} min" in PAGE
    assert f"keeps {ssd.max_models} loaded, for {ssd.keep / 60:.0f} min" in PAGE


def test_its_rules_can_be_read_and_send_its_example_to_the_role_code() -> None:
    """S3-35"""
    (sample,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings, problems = schema.read_settings(tomllib.loads(sample))
    assert problems == ()
    (text,) = re.findall(r'trayapp route "(.*?)"', PAGE)
    routed = route(text, rules=settings.rules, roles=settings.roles, default="", chosen=None)
    assert (routed.role, str(routed.ref)) == ("code", "ollama/deepseek-coder-v2:16b")
