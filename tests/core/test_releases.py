"""Which versions are newer, whose word is taken for it, and when somebody may be asked again."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.core import releases, version
from trayapp.core.models import ModelRef
from trayapp.core.releases import ASKED, DAY, Release, Updates, address, known, newer, read, seen, wait
from trayapp.core.state import Looked, State
from trayapp.core.version import RELEASES_VARIABLE as VARIABLE

NOW = 1_750_000_000.0
OWN = "https://trayapp.example/newest.json"
GITHUB = "https://api.github.com/repos/someone/trayapp/releases/latest"
TAG = "https://github.com/someone/trayapp/releases/tag/v0.7.0"
PAGE = "https://trayapp.example/news/0.7.0"


@pytest.fixture(autouse=True)
def _this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", "0.6.1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.7.0", "0.6.1"),
        ("v0.10", "0.9.9"),
        ("1", "0.99.99.99"),
        ("0.6.1.1", "0.6.1"),
        ("trayapp-0.7.0", "0.6.1"),
        ("0.7.0", "0.7.0rc1"),
        ("0.7.0", "0.7.0.dev3"),
        ("0.7.0rc1", "0.6.1"),
        (" V0.7.0\n", "0.7.0-beta"),
    ],
)
def test_a_later_version_is_newer_and_an_earlier_one_is_not(one: str, other: str) -> None:
    assert newer(one, other)
    assert not newer(other, one)
    assert not newer(one, one)


@pytest.mark.parametrize("same", ["0.7", "v0.7.0", "0.7.0.0", "0.7.0+local", "0.7.0.post1"])
def test_another_way_to_write_a_version_is_no_newer_one(same: str) -> None:
    assert not newer(same, "0.7.0")
    assert not newer("0.7.0", same)


@pytest.mark.parametrize("text", ["newest", "1e9", ".7", "0x9", "٩.٠", "9" * 7, "v", "-1", "1.2 <b>"])
def test_what_is_no_version_is_never_newer(text: str) -> None:
    assert not newer(text, "0.0.1")
    assert not newer("99", text)
    assert read({"version": text}, OWN) is None
    assert known(Looked(at=NOW, version=text), OWN) is None


def test_without_another_it_is_newer_than_this_program() -> None:
    assert newer("0.6.2")
    assert not newer("0.6.1")


@pytest.mark.parametrize(
    ("body", "at", "found"),
    [
        ({"version": "0.7.0", "url": PAGE}, OWN, Release("0.7.0", PAGE)),
        ({"version": "0.7", "url": PAGE, "more": [1]}, OWN, Release("0.7.0", PAGE)),
        ({"version": "v0.7.0.2"}, OWN, Release("0.7.0.2")),
        ({"tag_name": "v0.7.0", "html_url": TAG, "draft": False}, GITHUB, Release("0.7.0", TAG)),
        ({"tag_name": "v0.7.0", "version": 7, "url": PAGE}, OWN, Release("0.7.0")),
        ({"version": "0.7.0", "url": ["https://trayapp.example"]}, OWN, Release("0.7.0")),
    ],
)
def test_both_forms_of_an_answer_are_read(body: Any, at: str, found: Release) -> None:
    assert read(body, at) == found


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "0.7.0",
        7,
        {},
        {"version": None},
        {"version": {"version": "0.7.0"}},
        {"name": "0.7.0"},
        {"version": "0.7.0rc1"},
        {"tag_name": "v0.7.0", "prerelease": True},
        {"tag_name": "v0.7.0", "draft": True},
        {"version": "0.7.0 <b>now</b>"},
    ],
)
def test_what_names_no_finished_version_says_nothing(body: Any) -> None:
    assert read(body, OWN) is None


@pytest.mark.parametrize(
    "page",
    [
        "http://trayapp.example/news",
        "https://elsewhere.example/news",
        "https://trayapp.example.evil.example/",
        "https://trayapp.example@evil.example/",
        "https://evil.example#@trayapp.example/",
        "https://evil.example\\@trayapp.example/",
        "https://trayapp.example:8443/",
        "https://user@trayapp.example/",
        "https://trayapp.example/a b",
        "https://trayapp.example/\nx",
        "https://trayapp.example/" + "a" * 400,
        "javascript:alert(1)//trayapp.example",
        "file:///etc/passwd",
        "//trayapp.example/",
        "https://[trayapp.example/",
        "https://trayapp.example:x/",
        "",
    ],
)
def test_a_page_of_anybody_else_is_not_opened_and_costs_the_version_nothing(page: str) -> None:
    assert not releases.trusted(page, OWN)
    assert read({"version": "0.7.0", "url": page}, OWN) == Release("0.7.0")
    assert known(Looked(version="0.7.0", page=page), OWN) == Release("0.7.0"), "nor if it stands in the file"


def test_where_an_api_is_asked_the_site_beside_it_has_the_page() -> None:
    assert releases.trusted("https://github.com/someone/trayapp", GITHUB)
    assert releases.trusted("https://api.github.com/x", GITHUB)
    assert not releases.trusted("https://hub.com/x", "https://apigit.hub.com/x")
    assert releases.trusted("https://127.0.0.1:8443/x", "http://127.0.0.1:8443/y")
    assert not releases.trusted(PAGE, "")


# -- where to ask -----------------------------------------------------------------------------------


def test_this_build_says_itself_where_to_ask_or_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address({}) == ("", "") or address({})[0].startswith("https://"), "what is shipped has to be usable"
    monkeypatch.setattr(version, "RELEASES", "")
    assert address({}) == ("", "")
    monkeypatch.setattr(version, "RELEASES", OWN)
    assert address({VARIABLE: " "}) == (OWN, "")
    assert address({VARIABLE: f" {GITHUB} "}) == (GITHUB, "")
    assert releases.host(GITHUB) == "api.github.com"


@pytest.mark.parametrize("url", [OWN, "http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:80/x"])
def test_an_address_that_is_secure_or_of_this_computer_is_taken(url: str) -> None:
    assert address({VARIABLE: url}) == (url, "")


@pytest.mark.parametrize(
    "url",
    ["http://trayapp.example/x", "trayapp.example", "ftp://a/b", "https://", "https://u:p@a.example", "https://a:x/",
     "https://a.example/ b", "https://[a/"],
)  # fmt: skip
def test_any_other_is_told_and_asked_no_more_than_none(url: str) -> None:
    found, problem = address({VARIABLE: url})
    assert found == ""
    assert problem.startswith("TRAYAPP_UPDATE_URL is ignored: ")
    assert "p@" not in problem
    assert releases.host(found) == ""


# -- when -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (None, 0.0),
        (0.0, 0.0),
        (-5.0, 0.0),
        (NOW, DAY),
        (NOW - 3600, DAY - 3600),
        (NOW - DAY, 0.0),
        (NOW - 10 * DAY, 0.0),
        (NOW + 3600, DAY + 3600),
        (NOW + 2 * DAY, 0.0),
        (1e308, 0.0),
    ],
    ids=str,
)
def test_a_day_passes_between_two_requests_whatever_the_clock_did(at: float | None, seconds: float) -> None:
    assert wait(None if at is None else Looked(at=at), NOW) == seconds


def test_the_question_is_put_once_and_not_before_something_was_chosen() -> None:
    chosen = State(active=ModelRef("groq", "llama"))
    assert releases.asks(chosen, ())
    assert not releases.asks(State(), ())
    assert not releases.asks(State(active=chosen.active, told=(ASKED,)), ())
    assert not releases.asks(chosen, {"update_notice": "TRAYAPP_UPDATE_NOTICE"}), "whoever set this up has decided"


# -- what is known ----------------------------------------------------------------------------------


def test_what_was_heard_is_known_until_this_program_is_that_version(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Looked(at=NOW, version="0.7.0", page=PAGE)
    assert known(heard, OWN) == Release("0.7.0", PAGE)
    assert known(heard, "") is None
    assert known(None, OWN) is None
    monkeypatch.setattr(version, "VERSION", "0.7.0")
    assert known(heard, OWN) is None


def test_all_that_is_known_is_told_in_one() -> None:
    heard = Looked(at=NOW - 60, version="0.7.0", page=PAGE, failed=True)
    assert seen(heard, address=OWN, on=True, now=NOW) == Updates(
        host="trayapp.example", on=True, age=60.0, failed=True, newest="0.7.0", page=PAGE
    )
    assert seen(None, address=OWN, on=False, now=NOW) == Updates(host="trayapp.example")
    assert seen(heard, address="", on=True, now=NOW) == Updates(on=True)
    assert seen(Looked(at=NOW + 9), address=OWN, on=True, now=NOW).age == 0.0
