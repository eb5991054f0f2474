"""Collects the sentences of the program, brings the translators' files up to date, and compiles them.

``build_translations.py``           collect into resources/locale/trayapp.pot, update every .po, compile every .mo
``build_translations.py --missing`` say which sentences a language lacks, and change nothing
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "resources" / "locale"
TEMPLATE = LOCALE / "trayapp.pot"
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "plural": (1, 2)}
COMMENTS = ("For translators:",)
HEAD = "# What trayapp says. packaging/build_translations.py brings this file up to date."
"""Stands above every file."""
_NO_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""What stands in a compiled file where Babel would write the time of day."""
_KEPT = ('"Language:', '"Plural-Forms:', '"MIME-Version:', '"Content-T')
"""The lines of a file's head that mean something to a reader; the others change with every run."""


def collected() -> Catalog:
    """Every sentence in the source, with the places where it stands."""
    catalog = Catalog(project="trayapp", charset="utf-8", fuzzy=False)
    for path in sorted((ROOT / "trayapp").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for _line, text, comments, _context in extract_from_file("python", path, KEYWORDS, COMMENTS):
            # the file alone: line numbers would change with every edit
            catalog.add(text, locations=[(name, 0)], auto_comments=comments)
    return catalog


def languages() -> dict[str, Path]:
    """The translators' files by language."""
    return {path.parent.parent.name: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/trayapp.po"))}


def read(path: Path) -> Catalog:
    """One language as it is on the disk."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def updated(path: Path, template: Catalog) -> Catalog:
    """The language with the sentences of now; what is no longer said is dropped, nothing is guessed."""
    catalog = read(path)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def missing(catalog: Catalog) -> Iterator[Message]:
    """The sentences that nobody translated."""
    for message in catalog:
        texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            yield message


def as_text(catalog: Catalog) -> bytes:
    """A .po or .pot file; the same sentences always make the same bytes."""
    catalog.header_comment = HEAD
    out = BytesIO()
    write_po(out, catalog, width=100, sort_output=True, include_lineno=False)
    head, gap, rest = out.getvalue().decode().partition("\n\n")
    lines = [line for line in head.split("\n") if not line.startswith('"') or line.startswith(_KEPT)]
    return ("\n".join(lines) + gap + rest).encode()


def compiled(catalog: Catalog) -> bytes:
    """A .mo file; the same sentences always make the same bytes."""
    catalog.creation_date = catalog.revision_date = _NO_DAY
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Do as the words say; 1 where a language lacks sentences."""
    template = collected()
    lacking = 0
    for language, path in languages().items():
        catalog = updated(path, template)
        absent = list(missing(catalog))
        lacking += len(absent)
        if "--missing" in arguments:
            for message in absent:
                print(f"{language}: {message.id!r}")
            continue
        path.write_bytes(as_text(catalog))
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        print(f"{language}: {len(catalog)} sentences, {len(absent)} not translated")
    if "--missing" not in arguments:
        TEMPLATE.write_bytes(as_text(template))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
