"""The submenu “Gateway” as a value."""

from __future__ import annotations

import pytest

from tests.ui.gateway_scene import EDITOR, FIRST, NOW, ON, TAKEN
from trayapp.core.intents import CopyAddress, CopyToken, OpenSettings, SwitchGateway
from trayapp.core.settings import GATEWAY, Settings
from trayapp.core.state import State, Token
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui import gateway_menu
from trayapp.ui.menu import tray_view
from trayapp.ui.row import Row, Submenu


def made(status: Status, *tokens: Token, today: str = "") -> Submenu:
    return gateway_menu.gateway_menu(status, state=State(tokens=tokens), today=today)


def labels(menu: Submenu) -> list[str]:
    return ["---" if it is None else it.title if isinstance(it, Submenu) else it.label for it in menu.entries]


def row(menu: Submenu, label: str) -> Row:
    (found,) = (it for it in menu.entries if isinstance(it, Row) and it.label == label)
    return found


def test_a_gateway_that_is_off_offers_to_switch_it_on_and_little_else() -> None:
    menu = made(Status(), FIRST)
    assert menu.title == "Gateway: off"
    assert labels(menu) == ["Let tools use the chosen model", "---", "Gateway…"]
    switch = row(menu, "Let tools use the chosen model")
    assert (switch.checked, switch.checkable, switch.intent) == (False, True, SwitchGateway(True))
    assert row(menu, "Gateway…").intent == OpenSettings(GATEWAY)


def test_everything_stands_in_its_order_while_it_is_on() -> None:
    status = Status(GatewayState.LISTENING, 4180, "", 2, "ollama/qwen2.5:7b", "rule code")
    menu = made(status, FIRST, today="today: 41 requests, $0.12")
    assert menu.title == "Gateway: on – http://127.0.0.1:4180"
    assert labels(menu) == [
        "Let tools use the chosen model",
        "---",
        "Copy address",
        "Copy address for Claude’s tools",
        "Copy address for Ollama’s tools",
        "Copy token",
        "---",
        "last: ollama/qwen2.5:7b – rule code",
        "2 requests under way",
        "today: 41 requests, $0.12",
        "---",
        "Gateway…",
    ]
    assert row(menu, "Let tools use the chosen model").intent == SwitchGateway(False)
    assert row(menu, "Copy address").intent == CopyAddress("openai")
    assert row(menu, "Copy address for Ollama’s tools").intent == CopyAddress("ollama")
    assert row(menu, "Copy token").intent == CopyToken("first")


def test_what_happens_in_the_gateway_never_changes_the_title() -> None:
    busy = Status(GatewayState.LISTENING, 4180, "", 7, "a/b", "tray")
    assert made(busy).title == made(ON).title, "a closed submenu costs the tray's host nothing"


def test_several_tokens_are_copied_by_their_names_and_none_leads_to_where_one_is_made() -> None:
    inside = next(it for it in made(ON, FIRST, EDITOR).entries if isinstance(it, Submenu))
    assert [(it.label, it.intent) for it in inside.entries if isinstance(it, Row)] == [
        ("first", CopyToken("first")),
        ("editor", CopyToken("editor")),
    ]
    assert row(made(ON), "No token yet – make one…").intent == OpenSettings(GATEWAY)


def test_a_failure_says_what_is_wrong_and_what_to_do() -> None:
    menu = made(TAKEN, FIRST)
    assert menu.title == "Gateway: Port 4180 is in use by python3.11 (process 4711)"
    assert labels(menu)[:4] == [
        "Let tools use the chosen model",
        "Port 4180 is in use by python3.11 (process 4711).",
        "End that program, or choose another port in Settings… → Gateway.",
        "Try again",
    ]
    assert row(menu, "Try again").intent == SwitchGateway(True)
    assert row(menu, "Let tools use the chosen model").intent == SwitchGateway(False)


def test_a_very_long_problem_is_cut_in_the_title() -> None:
    long = Status(GatewayState.FAILED, 4180, "x" * 500)
    assert len(gateway_menu.title(long)) < 120
    assert gateway_menu.title(Status(GatewayState.FAILED)) == "Gateway: it does not run"


def test_a_failed_gateway_marks_the_icon_and_stands_first() -> None:
    it = tray_view((), settings=Settings(), state=State(), listings={}, now=NOW, gateway=TAKEN)
    assert it.icon == "attention"
    assert it.head[0].label == "Gateway: Port 4180 is in use by python3.11 (process 4711) – settle it…"
    assert it.head[0].intent == OpenSettings(GATEWAY)
    assert "Port 4180" in it.tooltip
    for status in (None, Status(), ON):
        well = tray_view((), settings=Settings(), state=State(), listings={}, now=NOW, gateway=status)
        assert (well.icon, well.head[0].label) == ("ready", "No model chosen")
        assert (well.gateway is None) is (status is None)


@pytest.mark.parametrize(
    ("decided", "told"),
    [
        ("named", "asked for by name"),
        ("role code", "role code"),
        ("rule two words", "rule two words"),
        ("tray", "chosen in the tray"),
        ("failover", "in place of one that failed"),
        ("something new", "something new"),
        ("", ""),
    ],
)
def test_why_a_model_answered_is_said_in_words(decided: str, told: str) -> None:
    assert gateway_menu.why(decided) == told
    last = gateway_menu.last(Status(GatewayState.LISTENING, 4180, served="a/b", why=decided))
    assert last == (f"last: a/b – {told}" if told else "last: a/b")
