"""The figures of the cache in words, and a report that holds nothing which may not be shown to others."""

from __future__ import annotations

import pytest

from tests.ui.test_diagnostics import WELL, account, machine
from trayapp.catalog.metrics import AccountStats, total
from trayapp.core.errors import Failure, Kind
from trayapp.ui import figures
from trayapp.ui.figures import COLUMNS, breaker_words, failure_words, lines, next_words, overview, report, totals
from trayapp.ui.findings import Seen

ROWS = (
    AccountStats(
        provider="mistral",
        source="stale",
        entries=41,
        bytes=12_345,
        age=7200.0,
        ttl=3600.0,
        strategy="moderate",
        hits=90,
        expired=7,
        not_found=3,
        calls=10,
        retries=2,
        failures=1,
        last_failure="unreachable",
        last_detail="bad key sk-abcdefghijklmnop",
        breaker="open",
        next_refresh=725.0,
    ),
    AccountStats(provider="new"),
)
STATS = total(ROWS, 1_200_000)
NAMES = {"mistral": "Mistral – work", "new": "New"}


def test_the_table_says_everything_of_an_account() -> None:
    first, second = lines(STATS, NAMES)
    cells = dict(zip(COLUMNS, first.cells, strict=True))
    assert cells == {
        "Account": "Mistral – work",
        "List": "stale",
        "Models": "41",
        "Age": "2 h ago",
        "On disk": "12.3 kB",
        "Hits": "90",
        "Too old": "7",
        "Missing": "3",
        "Calls": "10",
        "Last failure": "no answer",
        "Breaker": "open",
        "Next call": "in 12 min",
    }
    assert first.detail == "bad key …"
    assert second.cells[:5] == ("New", "", "", "", "")
    assert second.cells[-1] == "not by itself"


def test_what_nobody_counted_is_left_empty() -> None:
    first, _second = lines(STATS, NAMES, counted=False)
    assert first.cells[5:9] == ("", "", "", "")
    assert totals(STATS, counted=False) == "1 list with 41 models take 1.2 MB of memory and 12.3 kB on disk."


def test_the_totals_say_what_was_saved() -> None:
    assert "100 questions: 90 % were answered without asking a provider, who was called 10 times." in totals(STATS)
    assert "Nobody has asked for a list yet." in totals(total((), 0))


def test_states_of_another_version_are_shown_as_they_came() -> None:
    assert (failure_words("bewitched"), failure_words(""), breaker_words("ajar")) == ("bewitched", "", "ajar")
    assert (breaker_words("half-open"), next_words(AccountStats(provider="a", refreshing=True))) == (
        "one try",
        "being asked",
    )


def test_the_page_has_no_findings_before_anybody_looked() -> None:
    assert (overview(STATS, NAMES, None).summary, overview(STATS, NAMES, None).findings) == ("Looking…", ())
    shown = overview(STATS, NAMES, Seen(WELL, (account(),)))
    assert (shown.summary, len(shown.lines), shown.totals) == ("Nothing is wrong.", 2, totals(STATS))


def test_a_report_holds_no_key_no_home_and_no_name_the_user_chose(canary: str) -> None:
    home = "/home/somebody"
    failed = account(failure=Failure(Kind.GARBLED, "mistral", f"said {canary} about {home}/x and /home/ottokar/y"))
    seen = Seen(machine(home=home, log=f"{home}/.local/state/trayapp/log/trayapp.log"), (failed,))
    text = report(STATS, seen)
    assert canary not in text
    for private in (home, "somebody", "ottokar", "Mistral – work"):
        assert private not in text
    for part in (
        "trayapp 0.1.0, Linux 6, Python 3.11",
        "“~/.local/state/trayapp/log/trayapp.log”",
        "about ~/x and ~/y",
        "mistral (mistral): stale; 41 models",
        "hits 90, expired 7, not found 3",
        "calls 10, retries 2",
        "breaker open",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at /home/jo/.config/a", "at ~/.config/a"),
        ("“/Users/" + "jo”", "“~”"),
        (r"C:\Users\jo\AppData", r"~\AppData"),
        ("/srv/jo/x", "~/x"),
        ("/var/log", "/var/log"),
        ("Bearer abcdefghijkl", "Bearer …"),
    ],
)
def test_homes_of_every_system_are_shortened(text: str, shown: str) -> None:
    assert figures.shareable(text, "/srv/jo") == shown


def test_a_root_folder_for_a_home_shortens_nothing() -> None:
    assert figures.shareable("/etc/x", "/") == "/etc/x"
