"""A catalogue over scripted providers, a clock of our own and a folder that is thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec.structs import replace

from tests.support.clock import FakeClock
from trayapp.catalog.cache import Shelf
from trayapp.catalog.freshness import Timing
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef

GROQ, OPENAI, WORK = Account("groq", "groq"), Account("openai", "openai"), Account("openai-work", "openai")

Answer: TypeAlias = "tuple[str, ...] | Failure | asyncio.Future[Any]"
"""Names of models, or what goes wrong, or something to wait for that gives one of those."""


def models(provider: str, *names: str) -> tuple[Model, ...]:
    return tuple(Model(ModelRef(provider, name), context=8192) for name in names)


def names(listing: Listing | None) -> tuple[str, ...]:
    return tuple(it.ref.model for it in listing.models) if listing else ()


def down(**more: Any) -> Failure:
    return Failure(Kind.UNREACHABLE, **more)


def limited(seconds: float) -> Failure:
    return Failure(Kind.LIMITED, retry_after=seconds)


class Providers:
    """What each account answers, in turn; the last answer is repeated. Notes every call."""

    def __init__(self, clock: FakeClock, **script: Iterable[Answer] | Answer) -> None:
        self.clock = clock
        self.script: dict[str, list[Answer]] = {}
        for name, answers in script.items():
            self.answers(name.replace("_", "-"), *(answers if isinstance(answers, list) else [answers]))
        self.calls: list[str] = []
        self.given: list[Listing | None] = []
        """What came with each call for a conditional request."""
        self.inside: dict[str, int] = {}
        self.most: dict[str, int] = {}
        """Most calls at once, per account and, under an empty name, in all."""

    def answers(self, provider: str, *answers: Any) -> None:
        """From now on it answers like this."""
        self.script[provider] = list(answers)

    async def __call__(self, account: Account, held: Listing | None) -> Listing:
        self.calls.append(account.id)
        self.given.append(held)
        for name in (account.id, ""):
            self.inside[name] = self.inside.get(name, 0) + 1
            self.most[name] = max(self.most.get(name, 0), self.inside[name])
        try:
            line = self.script[account.id]
            answer: Any = line.pop(0) if len(line) > 1 else line[0]
            if isinstance(answer, asyncio.Future):
                answer = await answer
            else:
                await asyncio.sleep(0)
        finally:
            for name in (account.id, ""):
                self.inside[name] -= 1
        if isinstance(answer, Failure):
            raise ProviderError(replace(answer, provider=account.id))
        return Listing(account.id, models(account.id, *answer), Source.API, self.clock.now())


async def directly(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Stands in for a thread: the work is done at once."""
    await asyncio.sleep(0)
    return work(*arguments, **named)


def shipped(*names_: str) -> Callable[[Account], Listing]:
    """A shipped list that is the same for everybody."""
    return lambda account: Listing(account.id, models(account.id, *names_), Source.EMBEDDED, 1_700_000_000.0)


def catalog(
    fetch: Any,
    clock: FakeClock,
    folder: Path,
    *,
    accounts: Iterable[Account] = (GROQ, OPENAI),
    timing: Timing | Mapping[str, Timing] | None = None,
    keys: set[str] | None = None,
    **more: Any,
) -> Catalog:
    """Loaded and ready. ``keys``: the accounts that have one; None: all. Nothing is shipped unless said so."""

    def figures(account: Account) -> Timing:
        found = timing.get(account.id) if isinstance(timing, Mapping) else timing
        return found or Timing(ttl=3600.0, retries=2, base_delay=1.0, deadline=30.0)

    made = Catalog(
        **{
            "fetch": fetch,
            "shelf": Shelf(folder / "models"),
            "embedded": lambda _account: None,
            "keyed": lambda account: keys is None or account.id in keys,
            "timing": figures,
            "clock": clock,
            "rng": lambda: 0.0,
            "run_blocking": directly,
            **more,
        }
    )
    made.load(accounts)
    return made


async def turns(number: int = 20) -> None:
    """Let what is under way go on, without time passing."""
    for _ in range(number):
        await asyncio.sleep(0)
