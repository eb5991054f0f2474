"""What the check says: what is wrong first, what to do about it, and nothing that may not be shown to others."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.core.errors import Failure, Kind
from trayapp.ui.ailments import account_finding
from trayapp.ui.diagnostics import findings, heading, summary, wrong
from trayapp.ui.findings import AccountSeen, FileTrouble, Finding, Machine, Seen, Severity
from trayapp.ui.words import without_tray

WELL = Machine(version="0.1.0", system="Linux 6, Python 3.11", running=True, tray=True, shipped="2026-11-02")
MISTRAL = AccountSeen(id="mistral", name="Mistral – work", provider="mistral", key="keyring", models=41, age=7200.0)


def account(**changes: Any) -> AccountSeen:
    base = {name: getattr(MISTRAL, name) for name in MISTRAL.__struct_fields__}
    return AccountSeen(**{**base, **changes})


def machine(**changes: Any) -> Machine:
    base = {name: getattr(WELL, name) for name in WELL.__struct_fields__}
    return Machine(**{**base, **changes})


def of(it: AccountSeen) -> Finding:
    found = account_finding(it)
    assert found is not None
    return found


def told(seen: Seen, text: str) -> Finding:
    """The one finding with this in it."""
    (found,) = [it for it in findings(seen) if text in it.text]
    return found


# -- the whole ----------------------------------------------------------------------------------


def test_where_all_is_well_nothing_is_wrong() -> None:
    found = findings(Seen(WELL, (account(),)))
    assert {it.severity for it in found} == {Severity.GOOD}
    assert (wrong(found), summary(found)) == (0, "Nothing is wrong.")


def test_the_gravest_comes_first_and_is_counted() -> None:
    seen = Seen(machine(tray=False), (account(), account(id="b", key="missing"), account(id="c", enabled=False)))
    found = findings(seen)
    assert [it.severity for it in found][:3] == [Severity.ERROR, Severity.WARNING, Severity.NOTE]
    assert (wrong(found), summary(found)) == (2, "2 things are wrong.")


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_has_a_heading(severity: Severity) -> None:
    assert heading(severity)
    assert severity.wrong is (severity in (Severity.ERROR, Severity.WARNING))


def test_what_is_wrong_says_what_to_do() -> None:
    failed = [account(id=kind.value, failure=Failure(kind, kind.value)) for kind in Kind]
    troubled = (FileTrouble("/a", "unwritable"), FileTrouble("/b", "open"))
    bad = machine(tray=False, keyring="no-service", troubled=troubled, aside=("/x.bad-1",), free=10, shipped="")
    for it in findings(Seen(bad, (*failed, account(key="missing"), account(problem="No."), account(known=False)))):
        assert it.remedy or not it.severity.wrong, it.text


# -- one account --------------------------------------------------------------------------------


def test_a_list_that_is_well_says_how_many_and_from_when() -> None:
    assert of(account()) == Finding(Severity.GOOD, "Mistral – work: 41 models, listed 2 h ago.", "", "mistral")


def test_an_account_without_a_key_is_told_where_to_put_it() -> None:
    found = of(account(key="missing"))
    assert found.severity is Severity.ERROR
    assert "“trayapp key set mistral”" in found.remedy


def test_a_variable_that_is_not_set_is_named() -> None:
    found = of(account(key="missing", from_environment=True, variable="MISTRAL_API_KEY"))
    assert "MISTRAL_API_KEY is not set" in found.text
    assert "trayapp key set mistral" in found.remedy


def test_an_outage_says_since_when_the_list_is_and_until_when_nobody_asks() -> None:
    down = Failure(Kind.UNREACHABLE, "mistral", "Name or service not known.")
    found = of(account(failure=down, source="stale", breaker="open", next_refresh=725.0))
    assert found.severity is Severity.WARNING
    assert found.text == (
        "Mistral – work does not answer (Name or service not known). Its last list, 2 h ago, is kept."
        " After several failures it is left alone, and tried again in 12 min."
    )
    assert "trayapp refresh mistral" in found.remedy


def test_an_outage_without_a_list_is_graver() -> None:
    found = of(account(failure=Failure(Kind.UNREACHABLE, "mistral"), models=0, age=None))
    assert found.severity is Severity.ERROR
    assert "There is no list of it." in found.text


def test_a_refused_key_shows_the_shipped_list_and_says_so() -> None:
    found = of(account(failure=Failure(Kind.REFUSED, "mistral"), source="shipped", age=None))
    assert found.severity is Severity.ERROR
    assert "The shipped list stands in." in found.text


def test_a_breaker_about_to_try_says_that() -> None:
    found = of(account(failure=Failure(Kind.UNREACHABLE, "mistral"), breaker="half-open", next_refresh=0.0))
    assert "tried again with the next refresh" in found.text


def test_an_untrusted_connection_names_what_to_check() -> None:
    found = of(account(failure=Failure(Kind.TLS, "mistral")))
    assert found.severity is Severity.ERROR
    for part in ("clock", "proxy", "certificates"):
        assert part in found.remedy


def test_an_address_that_is_not_complete_is_told_once() -> None:
    found = of(account(name="Azure", problem="Azure needs “Resource”: set it in the settings."))
    assert found.text == "Azure needs “Resource”: set it in the settings."
    found = of(account(name="Mine", problem="“x” is not an http or https address."))
    assert found.text == "Mine is not set up completely. “x” is not an http or https address."


def test_a_provider_of_another_version_is_named() -> None:
    assert "“mistral”" in of(account(known=False)).text


def test_an_account_that_is_off_is_no_trouble() -> None:
    assert of(account(enabled=False, key="missing", failure=Failure(Kind.REFUSED))).severity is Severity.NOTE


LOCAL = account(id="ollama", name="Ollama", local=True, key="unneeded", address="http://127.0.0.1:11434")


def local(**changes: Any) -> AccountSeen:
    base = {name: getattr(LOCAL, name) for name in LOCAL.__struct_fields__}
    return AccountSeen(**{**base, **changes})


def test_a_local_server_that_does_not_run_is_a_state_and_no_fault() -> None:
    found = of(local(failure=Failure(Kind.NOT_RUNNING, "ollama"), answers=False))
    assert (found.severity, "http://127.0.0.1:11434" in found.text) == (Severity.NOTE, True)
    assert of(local(answers=False)).severity is Severity.NOTE


def test_a_local_server_that_came_back_asks_for_a_refresh() -> None:
    found = of(local(failure=Failure(Kind.NOT_RUNNING, "ollama"), answers=True))
    assert "now something answers" in found.text
    assert "trayapp refresh ollama" in found.remedy


def test_a_local_server_nobody_has_is_not_spoken_of() -> None:
    assert account_finding(local(own=False, models=0, age=None, answers=False)) is None
    assert account_finding(local(own=False, age=None, failure=Failure(Kind.NOT_RUNNING), answers=False)) is None
    assert account_finding(local(own=False, models=0, age=None, answers=None)) is None


def test_an_account_that_was_never_asked_says_so() -> None:
    found = of(account(age=None, models=0))
    assert (found.severity, found.text) == (Severity.NOTE, "Mistral – work has given no list yet.")


# -- this computer ------------------------------------------------------------------------------


def test_a_locked_keyring_matters_only_to_who_has_a_key_in_it() -> None:
    locked = machine(keyring="locked")
    assert told(Seen(locked, (account(),)), "keyring is locked").severity is Severity.WARNING
    alone = told(Seen(locked, (account(key="environment"),)), "keyring is locked")
    assert (alone.severity, alone.remedy) == (Severity.NOTE, "")


def test_why_there_is_no_keyring_is_told() -> None:
    seen = Seen(machine(keyring="no-service", reason="There is no session bus."), (account(key="missing"),))
    found = told(seen, "offers no keyring")
    assert "There is no session bus." in found.text
    assert "GNOME Keyring" in found.remedy


def test_a_desktop_without_a_tray_is_told_what_helps() -> None:
    assert "AppIndicator" in without_tray("linux")
    assert "AppIndicator" not in without_tray("darwin")
    assert told(Seen(machine(tray=False)), "no place for a tray icon").severity is Severity.WARNING
    assert not [it for it in findings(Seen(machine(tray=None))) if "tray" in it.text.replace("trayapp", "")]


def test_a_program_that_does_not_run_is_said_and_is_not_wrong() -> None:
    found = told(Seen(machine(running=False, tray=None)), "trayapp is not running")
    assert found.severity is Severity.NOTE


def test_files_are_spoken_of_by_what_is_wrong_with_them() -> None:
    troubled = (FileTrouble("/data", "unwritable"), FileTrouble("/s", "open"), FileTrouble("/t", "readable"))
    seen = Seen(machine(troubled=troubled, aside=("/settings.toml.bad-1",), free=1_200_000, problems=("Old.",)))
    assert told(seen, "“/data” cannot be written").severity is Severity.ERROR
    assert told(seen, "can change “/s”").severity is Severity.WARNING
    assert told(seen, "can read “/t”").severity is Severity.NOTE
    assert "delete it" in told(seen, "settings.toml.bad-1").remedy
    assert "1.2 MB" in told(seen, "nearly full").text
    assert told(seen, "Old.").severity is Severity.WARNING


def test_a_key_from_the_environment_is_named_by_its_variable() -> None:
    both = (account(key="environment", variable="MISTRAL_API_KEY"), account(id="b", key="environment", variable="X"))
    assert told(Seen(WELL, both), "MISTRAL_API_KEY").severity is Severity.NOTE


def test_a_setting_from_the_environment_is_named() -> None:
    seen = Seen(machine(overridden=(("max_in_flight", "TRAYAPP_MAX_IN_FLIGHT"),)))
    assert told(seen, "TRAYAPP_MAX_IN_FLIGHT").severity is Severity.NOTE


def test_both_dates_of_the_catalogue_are_told() -> None:
    found = told(Seen(machine(refreshed=(("models.dev", "2026-11-20"),))), "2026-11-02")
    assert "Refreshed since: models.dev of 2026-11-20." in found.text
    assert told(Seen(machine(shipped="")), "missing or cannot be read").severity is Severity.ERROR
    assert "catalog update" in told(Seen(machine(shipped_age=200 * 86_400.0)), "2026-11-02").remedy
