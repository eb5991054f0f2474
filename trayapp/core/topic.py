"""A value that changes, and who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Topic(Generic[T]):
    """Holds the newest value and tells listeners, in the order in which they came.

    Listeners are plain functions and do not await. One that listens while a value is being
    published hears the next one; one that leaves hears nothing more.
    """

    def __init__(self, value: T) -> None:
        self._value = value
        self._listeners: list[Callable[[T], None]] = []
        self._published = 0

    @property
    def value(self) -> T:
        return self._value

    def publish(self, value: T) -> None:
        self._value = value
        self._published += 1
        turn = self._published
        for listener in tuple(self._listeners):
            if turn != self._published:
                return  # a listener has published a newer one, which all have heard: the old one must not come last
            if listener in self._listeners:
                listener(value)

    def listen(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Hear of every later value; the function given back ends that."""
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave
