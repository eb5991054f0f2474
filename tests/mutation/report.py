"""What is said of a run: the rates, and every survivor that SURVIVORS.md does not explain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant
from tests.mutation.subjects import LEAST, Subject
from tests.mutation.trials import Outcome

SURVIVORS = Path(__file__).parent / "SURVIVORS.md"

Change = tuple[str, str, str, str]
"""Where, operator, the line before and after: what a survivor is known by, for line numbers move."""
Explained = Mapping[str, Mapping[Change, str]]
"""By name of the subject: its survivors, each with the reason why no test can notice it."""

_ENTRY = re.compile(r"- `([^`]+)` `([^`]+)`: `([^`]*)` → `([^`]*)`")


class Tried(NamedTuple):
    """A subject, its mutants, and what became of them."""

    name: str
    subject: Subject
    mutants: Sequence[Mutant]
    outcomes: Sequence[Outcome]
    left_out: Counter[str]

    @property
    def survivors(self) -> list[Mutant]:
        return [it for it, came in zip(self.mutants, self.outcomes, strict=True) if came is Outcome.SURVIVED]

    @property
    def rate(self) -> float:
        """The share that was killed; explained survivors are survivors."""
        return 1 - len(self.survivors) / len(self.mutants) if self.mutants else 1.0


def explained(text: str) -> dict[str, dict[Change, str]]:
    """The survivors of each subject with their reason: the paragraph above them. Raises ValueError."""
    found: dict[str, dict[Change, str]] = {}
    name = reason = ""
    for part in text.split("\n\n"):
        if part.startswith("## "):
            name, reason = part[3:].strip(), ""
        elif not name:
            continue  # what the file says of itself
        elif not part.lstrip().startswith("- "):
            reason = " ".join(part.split())
        else:
            for line in part.strip().splitlines():
                if (entry := _ENTRY.fullmatch(line)) is None or not reason:
                    raise ValueError(f"SURVIVORS.md: not an entry below a reason: {line}")
                found.setdefault(name, {})[entry.group(1), entry.group(2), entry.group(3), entry.group(4)] = reason
    return found


def change(mutant: Mutant) -> Change:
    return mutant.where, mutant.operator, mutant.before, mutant.after


HEADING = f"{'module':<10}{'mutants':>8}{'killed':>8}{'hung':>6}{'survived':>10}{'explained':>11}{'rate':>8}  left out"


def row(tried: Tried, known: Explained) -> str:
    """The figures of a subject; those that hung count as killed."""
    counted = Counter(tried.outcomes)
    understood = sum(change(it) in known.get(tried.name, {}) for it in tried.survivors)
    left = ", ".join(f"{number} × {why}" for why, number in sorted(tried.left_out.items())) or "none"
    killed = len(tried.mutants) - len(tried.survivors)
    return (
        f"{tried.name:<10}{len(tried.mutants):>8}{killed:>8}{counted[Outcome.HUNG]:>6}{len(tried.survivors):>10}"
        f"{understood:>11}{tried.rate:>8.1%}  {left}"
    )


def complaints(tried: Tried, known: Explained) -> Iterator[str]:
    """What is not as it should be; nothing where all is well."""
    reasons = known.get(tried.name, {})
    if tried.rate < LEAST:
        yield f"{tried.name}: {tried.rate:.1%} killed, {LEAST:.0%} are asked for."
    for it in tried.survivors:
        if change(it) not in reasons:
            yield f"{tried.subject.module}:{it.line} survived, unexplained:\n{_written(change(it))}"
    for gone in sorted(reasons.keys() - {change(it) for it in tried.survivors}):
        yield f"{tried.name}: explained in SURVIVORS.md, but no survivor:\n{_written(gone)}"


def _written(known: Change) -> str:
    """A survivor as SURVIVORS.md has it."""
    place, operator, before, after = known
    return f"- `{place}` `{operator}`: `{before}` → `{after}`"
