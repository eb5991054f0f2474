"""The line that a request leaves in the figures: how it ended, whoever went away first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.clock import FakeClock
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.gateway.facts import Facts, Outcome
from trayapp.gateway.guard import NOBODY
from trayapp.gateway.plan import Route
from trayapp.gateway.resolve import Book
from trayapp.gateway.status import GatewayState, Status
from trayapp.gateway.tally import Tally
from trayapp.gateway.turn import Turn

GOOD = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'
BAD = b'data: {"error":{"message":"no"}}\n\n'


def turn(outcome: str = "", facts: Outcome | None = None) -> Turn:
    call: Any = SimpleNamespace(admitted=NOBODY, agent="aider/0.9")
    made = Turn(cast("Any", call), Route.CHAT, FakeClock(), Book(), Settings())
    made.ref = ModelRef("openai", "big")
    made.outcome = outcome
    if facts is not None:
        made.facts = Facts(0.0)
        made.facts.outcome = facts
    return made


def ending(it: Turn) -> str:
    figures = it.ended(1.0)
    assert figures is not None
    assert (figures.tool, figures.provider, figures.seconds) == ("aider", "openai", 1.0)
    return figures.outcome


@pytest.mark.parametrize(
    ("said", "facts", "outcome"),
    [
        ("", None, "cancelled"),
        ("", Outcome.WHOLE, "ok"),
        ("", Outcome.CUT, "cut"),
        ("", Outcome.LEFT, "cancelled"),
        ("", Outcome.FAILED, "failed"),
        ("limited", Outcome.CUT, "limited"),
        ("cancelled", None, "cancelled"),
        ("cancelled", Outcome.LEFT, "cancelled"),
        ("cancelled", Outcome.CUT, "cut"),
    ],
)
def test_how_it_ended_is_said_by_whoever_knew_first(said: str, facts: Outcome | None, outcome: str) -> None:
    assert ending(turn(said, facts)) == outcome


@pytest.mark.parametrize(("body", "outcome"), [(GOOD, "ok"), (BAD, "cut")])
def test_an_error_in_a_stream_that_ended_well_counts_as_one(body: bytes, outcome: str) -> None:
    made = turn("", Outcome.WHOLE)
    made.tally = Tally(Route.CHAT, stream=True)
    made.tally.feed(body)
    assert ending(made) == outcome


def test_what_never_came_to_a_model_leaves_no_line() -> None:
    made = turn()
    made.ref = None
    assert made.ended(1.0) is None


def test_tools_are_given_the_address_of_this_computer() -> None:
    assert Status(GatewayState.LISTENING, 4711).url == "http://127.0.0.1:4711"
