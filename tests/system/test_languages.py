"""Which language is spoken: the settings first, then the desktop's, and English where nothing is known."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayapp.core import language
from trayapp.system import languages
from trayapp.system.paths import resources


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    language.install("")


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, []),
        ({"LANG": "de_AT.UTF-8"}, ["de_AT"]),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "de:fr"}, ["de", "fr"]),
        ({"LANG": "de_DE", "LC_MESSAGES": "zh_CN.UTF-8"}, ["zh_CN"]),
        ({"LC_ALL": "C.UTF-8", "LANGUAGE": "de"}, ["C"]),
        ({"LANG": "sr_RS@latin"}, ["sr_RS"]),
    ],
)
def test_the_variables_count_in_the_order_of_gettext(env: dict[str, str], wanted: list[str]) -> None:
    assert languages.preferred(env, "linux") == wanted


def test_windows_and_macos_say_it_elsewhere(tmp_path: Path) -> None:
    assert languages.preferred({}, "win32", windows=lambda: "de_DE") == ["de_DE"]
    assert languages.preferred({}, "win32", windows=lambda: "") == []
    assert languages.preferred({"LANG": "fr_FR"}, "win32", windows=lambda: "de_DE") == ["fr_FR"]
    assert languages.preferred({}, "darwin", home=tmp_path) == []
    kept = tmp_path / "Library/Preferences/.GlobalPreferences.plist"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(plistlib.dumps({"AppleLanguages": ["zh-Hans-CN", "de-DE", "en"]}))
    assert languages.preferred({}, "darwin", home=tmp_path) == ["zh_CN", "de_DE", "en"]
    kept.write_bytes(b"not a plist")
    assert languages.preferred({}, "darwin", home=tmp_path) == []


def test_the_settings_are_read_line_by_line_and_no_table_is_taken_for_them(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert languages.chosen(file) == ""
    file.write_text('version = 1\nlanguage = "zh" # mine\n[[accounts]]\nid = "x"\n', encoding="utf-8")
    assert languages.chosen(file) == "zh"
    file.write_text('version = 1\n[roles]\nlanguage = "de"\n', encoding="utf-8")
    assert languages.chosen(file) == ""
    file.write_bytes(b"\xff\xfe language = \xff")
    assert languages.chosen(file) == ""


def test_the_variable_comes_before_the_settings_and_they_before_the_desktop(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "de"\n', encoding="utf-8")
    languages.speak(file, resources(), {"LANG": "zh_CN.UTF-8"})
    assert language.spoken() == "de"
    languages.speak(file, resources(), {"TRAYAPP_LANGUAGE": "zh"})
    assert language.spoken() == "zh"
    file.write_text('language = "system"\n', encoding="utf-8")
    languages.speak(file, resources(), {"LANG": "zh_CN.UTF-8"})
    assert language.spoken() == "zh_CN"


@pytest.mark.parametrize("env", [{"LANG": "en_US.UTF-8"}, {"LANG": "C"}, {"LANG": "xx_XX"}, {}])
def test_everybody_else_reads_english(env: dict[str, str], tmp_path: Path) -> None:
    languages.speak(tmp_path / "none.toml", resources(), env)
    assert language.spoken() == "en"


def test_english_before_another_language_is_english(tmp_path: Path) -> None:
    languages.speak(tmp_path / "none.toml", resources(), {"LANG": "fr_FR", "LANGUAGE": "xx:en_GB:de"})
    assert language.spoken() == "en"
