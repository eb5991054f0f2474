"""What a command is given: where things are, where words go, and who performs intents."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from trayapp.cli.codes import DONE, FAILED, UnwrittenError
from trayapp.core.language import _

if TYPE_CHECKING:
    from trayapp.cli.remote import Remote
    from trayapp.core.intents import Reply
    from trayapp.system.paths import Paths


class Console:
    """Standard streams, paths, environment and time for one run of one command."""

    def __init__(
        self,
        paths: Paths,
        *,
        remote: Remote | None = None,
        env: Mapping[str, str] = os.environ,
        now: Callable[[], float] = time.time,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.paths = paths
        self.env = env
        self._now = now
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self._remote = remote

    @property
    def remote(self) -> Remote:
        """The running tray or what stands in for it; made when first needed."""
        if self._remote is None:
            from trayapp.cli.remote import Remote

            self._remote = Remote(self.paths)
        return self._remote

    @property
    def now(self) -> float:
        """Seconds since the epoch; later after a refresh than before it."""
        return self._now()

    @property
    def width(self) -> int | None:
        """Columns that standard output has; None where nothing may be cut."""
        return terminal_width(self.out)

    def say(self, text: str) -> None:
        """One line or more for a person, or a value alone, onto standard output."""
        put(f"{text}\n", self.out)

    def machine(self, text: str) -> None:
        """Text for a program: UTF-8 and bare line feeds, whatever the locale is. Ends its own lines."""
        exact(self.out)
        put(text, self.out)

    def json(self, value: Any) -> None:
        """One JSON value, indented."""
        import msgspec

        self.machine(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")

    def answer(self, reply: Reply) -> int:
        """Say what became of an intent, and give the exit code for it."""
        if not reply.ok:
            self.complain(reply.text or _("It was not done."))
            return FAILED
        if reply.text:
            self.say(reply.text)
        return DONE

    def complain(self, text: str) -> None:
        """A reason, a warning or a hint, onto standard error."""
        flush(self.out)
        self.err.write(_("trayapp: {text}").format(text=text) + "\n")


def put(text: str, stream: TextIO) -> None:
    """Write it. Raises BrokenPipeError where nobody reads any more, and UnwrittenError for all else."""
    _tried(lambda: stream.write(text))


def flush(stream: TextIO) -> None:
    """Have on its way what was written. Raises as ``put`` does."""
    _tried(stream.flush)


def _tried(write: Callable[[], object]) -> None:
    try:
        write()
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise UnwrittenError(exc.strerror or str(exc)) from exc


def tolerant(stream: TextIO) -> None:
    """Replace what the locale cannot write instead of failing on it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def exact(stream: TextIO) -> None:
    """From here on UTF-8 with bare line feeds."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace", newline="\n")


def terminal_width(stream: TextIO) -> int | None:
    """Columns of the terminal that ``stream`` writes to; None where it is none, and nothing may be cut."""
    try:
        if not stream.isatty():
            return None
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None
