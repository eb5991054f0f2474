"""Collects garbage on the GUI's thread only: a widget that another thread lets go ends the program."""

from __future__ import annotations

import gc

ENOUGH = 2_000
"""Objects made and not yet let go since the last look: fewer are not worth one."""
OFTEN = 50
"""Looks at the young objects between two looks at all of them."""

_looks = 0


def mind() -> None:
    """From now on Python collects cycles only when ``tidy`` is called.

    Python collects in whichever thread happens to allocate, and Qt's objects may only be destroyed in
    their own: seen as “Timers cannot be stopped from another thread” and then a segmentation fault.
    """
    gc.freeze()  # what the start has made stays, and need not be looked through again
    gc.disable()


def tidy() -> None:
    """Collect what has gathered, if it is worth it. Called where something was just done, never by a timer."""
    global _looks
    if gc.isenabled() or gc.get_count()[0] < ENOUGH:
        return
    _looks += 1
    gc.collect(2 if _looks % OFTEN == 0 else 1)
