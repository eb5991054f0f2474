"""What the README says is so: its commands for a checkout, its module map, its links, the guide's pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import documents, module_map
from trayapp.core.desktop_settings import LANGUAGES
from trayapp.ui import guide

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
NAMED = {"en": "English", "de": "German", "zh": "Chinese"}


def commands_under(heading: str) -> list[str]:
    """The fenced commands that follow a heading."""
    part = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = documents.blocks_of("README.md", part)
    return [line.text for block in found if not block.inline for line in block.lines]


@pytest.mark.parametrize(("heading", "command"), [("Install", "run"), ("Test", "test")])
def test_a_checkout_is_started_and_tested_by_one_command_each(heading: str, command: str) -> None:
    own = [it for it in commands_under(heading) if it.startswith("python3")]
    assert own == [f"python3 packaging/{command}.py"]
    assert (ROOT / "packaging" / f"{command}.py").is_file()


def test_continuous_integration_runs_the_command_that_the_readme_names() -> None:
    script = ROOT / ".ci" / "run"
    assert commands_under("Test")[0] in script.read_text("utf-8")
    assert script.stat().st_mode & 0o111


def test_the_module_map_is_what_the_modules_say() -> None:
    assert module_map.in_readme() == module_map.text(), "python -m tests.support.module_map --write"


def test_every_module_opens_with_a_sentence_for_the_map() -> None:
    silent = [str(path.relative_to(ROOT)) for path in module_map.modules() if len(module_map.first_sentence(path)) < 12]
    assert silent == []


def test_the_map_can_be_printed_to_be_pasted() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.module_map"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == module_map.text()


def test_every_page_of_the_guide_is_named_in_it() -> None:
    for name in guide.ORDER:
        assert f"(resources/help/{name}.md)" in README, name


def test_it_names_the_languages_that_the_program_speaks() -> None:
    assert set(NAMED) == set(LANGUAGES) - {"system"}
    assert all(language in README for language in NAMED.values())


@pytest.mark.parametrize(
    "path", [*documents.PAGES, ROOT / "CHANGELOG.md", ROOT / "tests" / "FAULTS.md"], ids=lambda it: it.name
)
def test_what_a_document_links_to_is_there(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        name, _hash, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ +(.+?) *$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in [guide.anchor(it.replace("`", "")) for it in headings], link
