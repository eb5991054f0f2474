"""What the README says is so: its two commands, its module map, its links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import module_map

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def command_under(heading: str) -> list[str]:
    """The fenced commands that follow a heading."""
    part = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"```(?:sh|console)\n(.*?)```", part, re.DOTALL)
    return block[1].split("\n")[:-1] if block else []


@pytest.mark.parametrize(("heading", "command"), [("Run", "run"), ("Test", "test")])
def test_each_of_the_two_headings_is_followed_by_one_command(heading: str, command: str) -> None:
    assert command_under(heading) == [f"python3 packaging/{command}.py"]
    assert (ROOT / "packaging" / f"{command}.py").is_file()


def test_continuous_integration_runs_the_command_that_the_readme_names() -> None:
    script = ROOT / ".ci" / "run"
    assert command_under("Test")[0] in script.read_text("utf-8")
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


def test_files_that_the_documents_link_to_are_there() -> None:
    missing = [
        f"{page}: {link}"
        for page in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
        for link in re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text("utf-8"))
        if not link.startswith(("http:", "https:", "mailto:")) and not (ROOT / link).exists()
    ]
    assert missing == []
