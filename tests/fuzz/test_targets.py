"""The short form: every parser is fed its samples, what once reached far, and samples that Hypothesis spoiled.

Nothing is raised but what is declared, no call takes more than 100 ms of processor time or 64 MB. The long form, guided
by coverage, is ``python -m tests.fuzz all --seconds 600``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz import bounds, corpora
from tests.fuzz.mutation import LONGEST, spoiled
from tests.fuzz.target import Target, tidy
from tests.fuzz.targets import TARGETS

EXAMPLES = 25
SPOILED = 40
"""Of these, some are pumped to 64 KB: what costs the square of its length shows itself."""
TRACED = 6
NAMES = sorted(TARGETS)
pytestmark = pytest.mark.leaves_threads("the loops of targets have pools, which end with the module")
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # what chance would find is for the long form: the suite says the same every time
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", autouse=True)
def _tidied() -> Iterator[None]:
    yield
    tidy()


@pytest.fixture(scope="module")
def runs() -> dict[str, bounds.Run]:
    """What was made of each target, once."""
    return {}


def fed(target: Target, runs: dict[str, bounds.Run], data: bytes) -> None:
    run = runs.get(target.name) or runs.setdefault(target.name, target.make())
    bounds.quick(run, data, target.declared, seconds=target.seconds)


@pytest.mark.parametrize("name", NAMES)
def test_samples_and_what_was_kept_of_long_runs_are_survived(name: str, runs: dict[str, bounds.Run]) -> None:
    seeds, kept = TARGETS[name].seeds(), corpora.kept(name)
    assert seeds
    for data in (*seeds, *kept, b"", b"\n", b"\xff" * 99, b"\x00" * 99):
        fed(TARGETS[name], runs, data)


@pytest.mark.parametrize("name", NAMES)
def test_samples_with_something_wrong_in_them_are_survived(name: str, runs: dict[str, bounds.Run]) -> None:
    target = TARGETS[name]
    seeds, words = target.seeds(), corpora.words(target)

    @FUZZ
    @given(st.data())
    def feed(data: st.DataObject) -> None:
        sample = data.draw(st.sampled_from(seeds))
        fed(target, runs, spoiled(sample, lambda most: data.draw(st.integers(0, most - 1)), words))

    feed()


@pytest.mark.parametrize("name", NAMES)
def test_long_and_repeated_input_costs_no_more_than_it_may(name: str, runs: dict[str, bounds.Run]) -> None:
    target, chance = TARGETS[name], random.Random(name)
    seeds, words = target.seeds(), corpora.words(target)
    made = [spoiled(chance.choice(seeds), chance.randrange, words) for _ in range(SPOILED)]
    for data in made:
        fed(target, runs, data)
    for data in sorted(made, key=len)[-TRACED:]:
        bounds.small(runs[name], data, target.declared)


@given(st.binary(max_size=200), st.randoms())
@example(b"{" * 200, random.Random(0))
@settings(max_examples=200, deadline=None)
def test_spoiling_gives_bytes_within_the_bound_whatever_it_is_given(data: bytes, chance: random.Random) -> None:
    assert len(spoiled(data, lambda most: chance.randint(0, most - 1), ["word"])) <= LONGEST


def test_what_costs_too_much_or_raises_what_it_should_not_is_found() -> None:
    def slow(data: bytes) -> None:
        sum(range(len(data) * 10_000))

    with pytest.raises(bounds.TooDearError):
        bounds.quick(slow, b"x" * 100, seconds=0.001)
    with pytest.raises(bounds.TooDearError):
        bounds.small(lambda data: data * 70, b"x" * 2**20)
    with pytest.raises(KeyError):
        bounds.quick(lambda data: dict[bytes, int]()[data], b"x", (ValueError,))
    assert bounds.small(lambda data: None, b"x") < 10_000
