"""Writes two lists in turn until it is killed, again and again: python -m tests.catalog.killed_program FOLDER ROUNDS.

Prints how many rounds it survived and how many different moments were hit, or what was torn.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.catalog.scene import models
from trayapp.catalog.cache import Shelf
from trayapp.core.listings import Listing

LISTS = {
    letter: Listing("groq", models("groq", *(f"{letter}-{number}" for number in range(count))), fetched_at=1.0)
    for letter, count in (("long", 3000), ("short", 30))
}


def write_for_ever(folder: Path) -> None:
    shelf = Shelf(folder)
    while True:
        for listing in LISTS.values():
            shelf.put(listing)


def check(folder: Path, number: int) -> str:
    """Which list is there. Exits with words if it is none of the two, whole."""
    found, notices = Shelf(folder).load_all(["groq"])
    if notices or "groq" not in found:
        sys.exit(f"round {number}: {notices or 'no list'}")
    for letter, listing in LISTS.items():
        if found["groq"].models == listing.models:
            return letter
    sys.exit(f"round {number}: torn")


def main(folder: Path, rounds: int) -> None:
    chance = random.Random(7)
    Shelf(folder).put(LISTS["short"])
    seen: dict[str, int] = {}
    for number in range(rounds):
        child = os.fork()
        if child == 0:
            write_for_ever(folder)
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        which = check(folder, number)
        seen[which] = seen.get(which, 0) + 1
    left = sum(1 for it in folder.iterdir() if it.name.endswith(".tmp"))
    print(f"{rounds} kills survived: {seen}, {left} of them in the middle of a file")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
