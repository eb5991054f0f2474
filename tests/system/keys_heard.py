"""Somebody who takes keys, and notes when they are pressed and what is said of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Heard:
    """What came back."""

    def __init__(self) -> None:
        self.pressed = 0
        self.said: list[str] = []

    def press(self) -> None:
        self.pressed += 1

    async def until(self, check: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not check():  # noqa: ASYNC110 - it comes from elsewhere
                await asyncio.sleep(0.005)
