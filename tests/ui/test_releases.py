"""What is said of newer versions: in the menu, on the About page, by ``doctor``; in every language there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.menu_scene import view
from trayapp.core import language, version
from trayapp.core.intents import ShowRelease, SwitchUpdates
from trayapp.core.releases import Updates
from trayapp.core.settings import Settings
from trayapp.core.state import Looked
from trayapp.ui.diagnostics import findings
from trayapp.ui.findings import Finding, Machine, Seen, Severity
from trayapp.ui.form import pages
from trayapp.ui.releases import entry, standing
from trayapp.ui.row import Row, Submenu

AT = "https://trayapp.example/newest"
PAGE = "https://trayapp.example/news"
OUT = Looked(at=1.0, version="9.9.9", page=PAGE)
KNOWN = Updates(host="trayapp.example", on=True, age=7200.0, newest="9.9.9", page=PAGE)
LOCALE = Path(__file__).resolve().parents[2] / "resources" / "locale"


@pytest.fixture(autouse=True)
def _this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", "0.6.0")
    monkeypatch.setattr("trayapp.ui.releases.VERSION", "0.6.0")


@pytest.fixture(params=["de", "zh"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    assert language.install(str(LOCALE), [request.param])
    yield request.param
    language.install(str(LOCALE), [language.ENGLISH])


def test_a_version_that_is_out_is_one_line_that_leads_to_what_is_new() -> None:
    assert entry(OUT, AT, ask=True) == Row("trayapp 9.9.9 is out – what is new…", ShowRelease())


def test_the_question_says_whom_it_asks_what_is_sent_and_takes_no_for_an_answer() -> None:
    asked = entry(None, AT, ask=True)
    assert isinstance(asked, Submenu)
    assert asked.title == "Look for new versions once a day?"
    rows = [it for it in asked.entries if isinstance(it, Row)]
    assert [it.intent for it in rows] == [SwitchUpdates(True), SwitchUpdates(False), None, None, None]
    said = " ".join(it.label for it in rows)
    assert "It asks trayapp.example, and downloads nothing." in said
    assert "Sends nothing but the request itself: the server sees your address on the network." in said
    assert not any(it.enabled for it in rows[2:])


@pytest.mark.parametrize(
    ("looked", "address", "ask"),
    [
        (None, AT, False),
        (OUT, "", True),
        (None, "", True),
        (Looked(at=1.0, version="0.6.0"), AT, False),
        (Looked(at=1.0, version="9.9.9", told="9.9.9"), AT, False),
        (Looked(at=1.0, failed=True), AT, False),
    ],
)
def test_otherwise_the_menu_says_nothing(looked: Looked | None, address: str, ask: bool) -> None:
    assert entry(looked, address, ask=ask) is None


def test_a_newer_one_than_the_one_whose_page_was_opened_is_told_again() -> None:
    assert isinstance(entry(Looked(version="9.9.10", told="9.9.9"), AT, ask=False), Row)


def test_it_is_in_what_the_menu_draws_and_nowhere_by_itself() -> None:
    line = entry(OUT, AT, ask=False)
    assert view(update=line).update == line
    assert view().update is None


@pytest.mark.parametrize(
    ("it", "said"),
    [
        (Updates(), "This build of trayapp has no address to ask for new versions."),
        (Updates(host="a.example"), "Nobody was asked for new versions yet."),
        (
            Updates(host="a.example", age=7200.0),
            "This is the newest version, 0.6.0. a.example was asked for new versions 2 h ago.",
        ),
        (
            Updates(host="a.example", age=7200.0, failed=True),
            "a.example was asked for new versions 2 h ago and said nothing usable.",
        ),
        (KNOWN, "trayapp 9.9.9 is out; this is 0.6.0. trayapp.example was asked for new versions 2 h ago."),
    ],
)
def test_how_things_stand_is_said_with_when_and_by_whom(it: Updates, said: str) -> None:
    assert standing(it) == said


def told(it: Updates) -> list[Finding]:
    return [found for found in findings(Seen(Machine(updates=it))) if "new versions" in found.text.lower()]


@pytest.mark.parametrize(
    ("it", "severity", "remedy"),
    [
        (Updates(on=True), Severity.NOTE, ""),
        (Updates(host="a.example"), Severity.GOOD, ""),
        (Updates(host="a.example", on=True), Severity.GOOD, ""),
        (Updates(host="a.example", age=9.0), Severity.GOOD, ""),
        (Updates(host="a.example", age=9.0, failed=True), Severity.NOTE, ""),
        (Updates(host="a.example", age=9.0, failed=True, on=True), Severity.NOTE, "It is tried again once a day."),
        (KNOWN, Severity.NOTE, f"What is new: {PAGE}"),
        (Updates(host="a.example", age=9.0, newest="9.9.9"), Severity.NOTE, ""),
    ],
)
def test_the_diagnosis_has_a_line_and_nothing_of_it_is_wrong(it: Updates, severity: Severity, remedy: str) -> None:
    (found,) = told(it)
    assert (found.severity, found.remedy) == (severity, remedy)


def test_a_build_that_asks_nobody_has_neither_the_line_nor_the_setting() -> None:
    assert told(Updates()) == []
    names = {field.name for page in pages(Settings(), without=("update_notice",)) for field in page.fields}
    assert "update_notice" not in names
    assert "notify_switch" in names


def test_the_setting_says_what_is_sent() -> None:
    (field,) = [it for page in pages(Settings()) for it in page.fields if it.name == "update_notice"]
    assert (field.label, field.value) == ("Look for new versions once a day", "off")
    assert field.help.endswith("Sends nothing but the request itself: the server sees your address on the network.")


def test_german_and_chinese_say_all_of_it(spoken: str) -> None:
    asked, line = entry(None, AT, ask=True), entry(OUT, AT, ask=False)
    assert isinstance(asked, Submenu)
    assert isinstance(line, Row)
    said = [asked.title, line.label, *(it.label for it in asked.entries if isinstance(it, Row))]
    said += [standing(it) for it in (Updates(), Updates(host="a.example"), KNOWN)]
    word = {"de": "Version", "zh": "版本"}[spoken]
    assert sum(word in text for text in said) >= 4, said
    assert "9.9.9" in line.label
    assert not any(english in " ".join(said) for english in ("version", "is out", "asked", "nothing", "server "))
