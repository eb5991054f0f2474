"""Every language says everything that the program says, with the same places to fill in."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tests.support.scripts import script

build = script("build_translations")
LANGUAGES: dict[str, Path] = build.languages()
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def template() -> Catalog:
    made: Catalog = build.collected()
    return made


def said(catalog: Catalog) -> Iterator[tuple[Message, str, str]]:
    """Each message with every pair of an English form and one of the language."""
    for message in catalog:
        if not message.id:
            continue
        english = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        for text in texts:
            yield message, english[-1], text or ""


def places(text: str) -> list[str]:
    return sorted(name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None)


def access_keys(text: str) -> list[str]:
    return re.findall(r"&(\w)", text.replace("&&", ""))


@every_language
def test_nothing_is_left_in_english(language: str, template: Catalog) -> None:
    catalog = build.updated(LANGUAGES[language], template)
    assert [message.id for message in build.missing(catalog)] == []


def test_every_sentence_of_the_source_is_collected(template: Catalog) -> None:
    """Babel does not look into what f-strings fill in."""
    left = [
        f"{path.name}:{node.lineno}: {first.value}"
        for path in sorted((build.ROOT / "trayapp").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in build.KEYWORDS
        for first in node.args[:1]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value not in template
    ]
    assert left == []


@every_language
def test_the_files_are_what_the_source_says(language: str, template: Catalog) -> None:
    path = LANGUAGES[language]
    assert path.read_bytes() == build.as_text(build.updated(path, template)), "run packaging/build_translations.py"
    assert path.with_suffix(".mo").read_bytes() == build.compiled(build.read(path))


def test_the_template_is_what_the_source_says(template: Catalog) -> None:
    assert build.TEMPLATE.read_bytes() == build.as_text(template), "run packaging/build_translations.py"


@every_language
def test_every_translation_has_the_same_places_to_fill_in(language: str) -> None:
    catalog = build.read(LANGUAGES[language])
    wrong = [text for _message, english, text in said(catalog) if places(text) != places(english)]
    assert wrong == []


@every_language
def test_a_translation_has_an_access_key_where_the_english_has_one(language: str) -> None:
    catalog = build.read(LANGUAGES[language])
    wrong = [text for _m, english, text in said(catalog) if len(access_keys(text)) != len(access_keys(english))]
    assert wrong == []


@every_language
def test_a_translation_begins_and_ends_like_the_english_one(language: str) -> None:
    catalog = build.read(LANGUAGES[language])
    edges = re.compile(r"^\s*|\s*$")
    wrong = [text for _m, english, text in said(catalog) if edges.findall(text) != edges.findall(english)]
    assert wrong == []


def test_babel_takes_the_files() -> None:
    for path in LANGUAGES.values():
        assert not [problem for _message, problem in build.read(path).check() if problem]


def test_the_settings_offer_exactly_these_languages() -> None:
    from trayapp.core.desktop_settings import LANGUAGES as OFFERED

    assert set(OFFERED) == {"system", "en", *LANGUAGES}
    assert Path(build.LOCALE, "trayapp.pot").is_file()
