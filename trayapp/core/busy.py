"""Reckons from glances at a thread which event keeps it busy, for how long, and in which lines."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

DEEPEST = 12
"""Steps of a stack that are told, the innermost ones."""


class Step(Struct, frozen=True):
    """One call that is under way, and the line it is at."""

    file: str
    line: int
    function: str

    def text(self) -> str:
        """``trayapp/ui/menu.py:120 rows``: without the folders that this computer keeps it in."""
        return f"{_short(self.file)}:{self.line} {self.function}"


class Busy(Struct, frozen=True):
    """One event that took long."""

    name: str
    """Who handles it: the same for every event of the kind."""
    place: str
    """What of our own code it was at mostly."""
    seconds: float
    stack: tuple[Step, ...]
    """As it was seen most often, outermost first."""

    def text(self) -> str:
        """On one line, innermost first, as far out as helps. How Python goes about an import does not."""
        steps = [step for step in self.stack[::-1] if not step.file.startswith("<frozen importlib")]
        return " < ".join(step.text() for step in steps[:DEEPEST])


class Turn:
    """What was seen during one turn of a loop, which handles one event or several."""

    def __init__(self, ours: str) -> None:
        """``ours``: how the file names of our own code begin; events are named after it where it takes part."""
        self._ours = ours
        self._seconds: dict[str, float] = {}
        self._stacks: dict[str, Counter[tuple[Step, ...]]] = {}
        self.seconds = 0.0
        """All that was seen, with what no code of Python's had a part in."""

    def glance(self, stack: tuple[Step, ...], seconds: float) -> None:
        """It is at this, outermost first, and was busy so long since the last glance. Empty: Qt's own work."""
        self.seconds += seconds
        if not stack:
            return
        name = self._name(stack)
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds
        self._stacks.setdefault(name, Counter())[stack] += 1

    def longest(self, whole: float) -> Busy | None:
        """The event that took longest; none of them more than ``whole``, the seconds of the turn."""
        if not self._seconds:
            return None
        name = max(self._seconds, key=self._seconds.__getitem__)
        ((stack, _times),) = self._stacks[name].most_common(1)
        return Busy(name, self._name(stack[::-1]), min(self._seconds[name], whole), stack)

    def _name(self, stack: tuple[Step, ...]) -> str:
        """The first call of our own."""
        own = next((step for step in stack if step.file.startswith(self._ours)), stack[0])
        return f"{_short(own.file)} {own.function}"


def _short(file: str) -> str:
    parts = file.replace("\\", "/").split("/")
    for root in ("trayapp", "site-packages"):
        if root in parts[:-1]:
            at = len(parts) - 1 - parts[::-1].index(root)
            return "/".join(parts[at + (root != "trayapp") :])
    return "/".join(parts[-2:])
