"""English as it stands in the source, or a catalogue where one is installed."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayapp.core import language
from trayapp.core.language import N_, _, plural


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    language._installed = None


def catalogue(folder: Path, code: str, texts: dict[str, str]) -> None:
    """Write a .mo file: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html"""
    head = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n > 1);\n"  # noqa: F541
    pairs = sorted((key.encode(), value.encode()) for key, value in {"": head, **texts}.items())
    at, blob, tables = 28 + 16 * len(pairs), b"", ([], [])  # type: ignore[var-annotated]
    for which in (0, 1):
        for pair in pairs:
            tables[which].append((len(pair[which]), at + len(blob)))
            blob += pair[which] + b"\0"
    data = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    data += b"".join(struct.pack("<2I", *entry) for table in tables for entry in table) + blob
    target = folder / code / "LC_MESSAGES" / "trayapp.mo"
    target.parent.mkdir(parents=True)
    target.write_bytes(data)


def test_without_a_catalogue_sentences_stay_as_they_are() -> None:
    assert _("Quit") == "Quit"
    assert N_("Quit") == "Quit"


@pytest.mark.parametrize(("n", "text"), [(0, "0 models"), (1, "1 model"), (2, "2 models"), (5000, "5000 models")])
def test_english_counts_one_and_many(n: int, text: str) -> None:
    assert plural("{n} model", "{n} models", n) == text


def test_a_catalogue_translates_and_counts_by_its_own_rule(tmp_path: Path) -> None:
    catalogue(tmp_path, "fr", {"Quit": "Quitter", "{n} model\0{n} models": "{n} modèle\0{n} modèles"})
    assert language.install(str(tmp_path), ["fr"])
    assert _("Quit") == "Quitter"
    assert _("not translated") == "not translated"
    assert [plural("{n} model", "{n} models", n) for n in (0, 1, 2)] == ["0 modèle", "1 modèle", "2 modèles"]


def test_without_a_catalogue_for_it_a_language_is_english(tmp_path: Path) -> None:
    assert not language.install(str(tmp_path), ["xx"])
    assert _("Quit") == "Quit"


def test_gettext_is_not_imported_until_somebody_wants_another_language() -> None:
    code = "import sys, trayapp.core.language; print('gettext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
