"""Costs and sums: what is known is counted, and what is not known stays unknown."""

from __future__ import annotations

import pytest

from trayapp.core.models import Price
from trayapp.gateway.usage import Report, Totals, added, cost

PRICE = Price(3.0, 15.0, cache_read=0.3, cache_write=3.75)
PLAIN = Price(3.0, 15.0)
M = 1_000_000


@pytest.mark.parametrize(
    ("price", "counts", "dollars"),
    [
        (PRICE, (M, M), 18.0),
        (PRICE, (M, 0, M), 0.3),
        (PRICE, (M, 0, 0, M), 3.75),
        (PRICE, (3 * M, 0, M, M), 3.0 + 0.3 + 3.75),
        (PLAIN, (M, 0, M // 2, M // 2), 3.0),  # without prices of their own they cost what all input does
        (PRICE, (M, 0, 5 * M, M), 0.3),  # never more cached than came in
        (PRICE, (M, 0, -5, -5), 3.0),
        (PRICE, (-5, -5), 0.0),
        (Price(0.02, 0.0), (M, None), 0.02),  # embeddings have no output to be counted
        (Price(0.0, 0.0), (None, None), 0.0),
        (PRICE, (M, None), None),
        (PRICE, (None, M), None),
        (None, (M, M), None),
    ],
)
def test_an_answer_costs_what_its_parts_do(
    price: Price | None, counts: tuple[int | None, ...], dollars: float | None
) -> None:
    found = cost(price, *counts)
    assert found == (None if dollars is None else pytest.approx(dollars))


def test_sums_add_up_and_the_average_is_of_answers_that_began() -> None:
    first = Totals("a", 3, 1, 10, 5, 2, 0.5, 1, waited=3.0, began=2)
    both = added((first, Totals("b", 1, 0, 1, 1, 0, 0.25, 0, waited=3.0, began=1)), "both")
    assert both == Totals("both", 4, 1, 11, 6, 2, 0.75, 1, 6.0, 3)
    assert (both.tokens, both.first_byte) == (17, 2.0)
    assert Totals("").first_byte is None
    assert Report("tool", (first, first)).total.requests == 6
