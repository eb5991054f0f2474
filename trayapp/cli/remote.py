"""Has an intent performed: by the tray where one runs, else in this process under the instance's lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from trayapp.core.errors import UserError
from trayapp.core.intents import Intent, PickModel, Reply, StoreKey, WireIntent
from trayapp.core.language import _
from trayapp.system.paths import Paths

PATIENCE = 180.0
"""Seconds for an intent: a refresh of everything, or a prompt of the keyring that waits for its user."""
QUICK = 5.0
"""Seconds for a question that the tray answers from memory."""
_TURN = 30.0
"""Seconds to wait for other commands that hold the lock."""


class HandOver(Protocol):
    """``system.instance.hand_over``: None where nobody runs."""

    def __call__(self, runtime: Any, message: bytes, timeout: float) -> bytes | None: ...


class Remote:
    """Speaks with the running tray, and stands in for it where none runs."""

    def __init__(
        self,
        paths: Paths,
        *,
        hand_over: HandOver | None = None,
        alone: Callable[[Intent, Paths], Reply] | None = None,
    ) -> None:
        self._paths = paths
        self._hand_over = hand_over or _hand_over
        self._alone = alone or _alone

    def running(self) -> bool:
        """Whether a tray answers."""
        return self.ask("ping") is not None

    def ask(self, question: str) -> Reply | None:
        """What the tray knows, or None where none runs. Raises UserError where it does not answer."""
        return self._sent({"ask": question}, QUICK)

    def send(self, intent: WireIntent, patience: float = PATIENCE) -> Reply | None:
        """Hand the tray an intent; None where none runs. Raises UserError where it does not answer."""
        return self._sent({"intent": intent}, patience)

    def perform(self, make: Callable[[], WireIntent], *, writes: bool = True, patience: float = PATIENCE) -> Reply:
        """Have the intent performed by whoever is there.

        ``make`` is called again whenever a turn begins, so that it sees what others have written meanwhile.
        ``patience``: seconds to wait for a running tray's answer.
        ``writes``: it changes settings or state, so without a tray it is done under the instance's lock.
        """
        reply = self.send(make(), patience)
        if reply is not None:
            return reply
        if not writes:
            return self._alone(make(), self._paths)
        return self._in_turn(lambda: self.send(make()), lambda: self._alone(make(), self._paths))

    def store_key(self, intent: StoreKey) -> Reply:
        """Check and store a key in this process: it goes through no socket.

        A tray that runs is told by the caller, and writes down itself that there is one: it has chosen other things
        since this process read the files.
        """

        def beside() -> Reply | None:
            return self._alone(replace(intent, remember=False), self._paths) if self.running() else None

        reply = beside()
        return reply or self._in_turn(beside, lambda: self._alone(intent, self._paths))

    def _in_turn(self, remote: Callable[[], Reply | None], here: Callable[[], Reply]) -> Reply:
        """Do it here once the lock is ours; by the tray if one has started while we waited."""
        from trayapp.system import instance

        deadline = time.monotonic() + _TURN
        while True:
            with ExitStack() as turn:
                try:
                    turn.enter_context(instance.write_lock(self._paths.runtime, timeout=0.25))
                except instance.BusyError:
                    pass
                except OSError as exc:
                    raise UserError(instance.unusable(exc)) from exc
                else:
                    return here()
            reply = remote()
            if reply is not None:
                return reply
            if time.monotonic() > deadline:
                raise UserError(_("Another trayapp command is still at work. Try again in a moment."))

    def _sent(self, message: dict[str, Any], timeout: float) -> Reply | None:
        try:
            answer = self._hand_over(self._paths.runtime, msgspec.json.encode(message), timeout)
        except PermissionError as exc:
            from trayapp.system.instance import unusable

            raise UserError(unusable(exc)) from exc
        except OSError as exc:
            raise UserError(_("trayapp runs but does not answer. Close its open dialog, or end it.")) from exc
        if answer is None:
            return None
        try:
            return msgspec.json.decode(answer, type=Reply)
        except msgspec.DecodeError as exc:
            raise UserError(_("The running trayapp is of another version. Quit it and start it again.")) from exc


def chosen(ref: Any) -> PickModel:
    """The intent of somebody who typed a model's name: that is not asked again."""
    return PickModel(ref, confirmed=True)


def _hand_over(runtime: Any, message: bytes, timeout: float) -> bytes | None:
    from trayapp.system.instance import hand_over

    return hand_over(runtime, message, timeout)


def _alone(intent: Intent, paths: Paths) -> Reply:
    import logging

    from trayapp.app.alone import alone

    # what went wrong is in the reply, in words; without a handler Python would print the log beside it
    logging.getLogger().addHandler(logging.NullHandler())
    return alone(intent, paths)
