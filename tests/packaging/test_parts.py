"""The lists of what the program is made of: whole, of the installed versions, and under licences that allow it."""

from __future__ import annotations

import re
import tomllib
from email.message import Message
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.conftest import Script

ROOT = Path(__file__).parent.parent.parent
ALLOWED = {
    *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "MPL-2.0", "ISC", "Unlicense"),
    "LGPL-3.0-only",  # Qt, whose libraries stay files of their own
}


@pytest.fixture
def licences(script: Script) -> ModuleType:
    found: ModuleType = script("build_licences")
    return found


def test_every_part_has_a_licence_that_allows_to_pass_it_on(licences: ModuleType) -> None:
    refused = {
        part.name: part.licence
        for part in licences.parts()
        if not any(set(choice.split(" AND ")) <= ALLOWED for choice in part.licence.split(" OR "))
    }
    assert refused == {}


def test_what_the_project_asks_for_here_is_among_the_parts(licences: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        canonicalize_name(it.name)
        for it in map(Requirement, project["dependencies"])
        if it.marker is None or it.marker.evaluate()
    }
    found = {part.name for part in licences.parts()}
    assert wanted <= found
    assert {"pytest", "pyinstaller"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("field", "value", "licence"),
    [
        ("License-Expression", "MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("License", "BSD 3-Clause License", "BSD-3-Clause"),
        ("Classifier", "License :: OSI Approved :: MIT License", "MIT"),
        ("License", "x" * 500, ""),
    ],
)
def test_a_licence_is_read_wherever_a_distribution_states_it(
    licences: ModuleType, field: str, value: str, licence: str
) -> None:
    told = Message()
    told[field] = value
    assert licences.licence(told) == licence


def test_the_file_of_licences_names_every_part_and_has_the_texts(licences: ModuleType) -> None:
    text = licences.text()
    for part in licences.parts():
        assert re.search(rf"^{re.escape(part.name)} +{re.escape(part.version)} +\S", text, re.MULTILINE)
    assert "GNU Lesser General Public License, version 3" in text
    assert "Copyright (c) Pydantic Services" in text
    assert text.count("Permission is hereby granted") > 5
    assert str(Path.home()) not in text


def test_the_list_of_parts_is_whole_and_the_same_every_time(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (tmp_path / "lib.so").write_bytes(b"\x7fELF and more")
    sbom = script("build_sbom")
    made = sbom.document(tmp_path)
    assert made == sbom.document(tmp_path)
    assert made["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    refs = [it["bom-ref"] for it in made["components"]]
    assert len(refs) == len(set(refs))
    root = made["metadata"]["component"]["bom-ref"]
    for row in made["dependencies"]:
        assert row["ref"] in (root, *refs)
        assert set(row["dependsOn"]) <= set(refs)
    libraries = {it["name"]: it["version"] for it in made["components"] if it["type"] == "library"}
    assert libraries["httpx"] == version("httpx")
    assert [it["name"] for it in made["components"] if it["type"] == "file"] == ["lib.so"]
