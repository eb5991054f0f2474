"""The exit codes of every command, and the error that may end any. Apart from all else, for the quick second start."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""It could not be done; the reason is on standard error."""
USAGE = 2
CANNOT_START = 3
"""No display, or libraries of the system are missing."""
NOT_RUNNING = 4
INTERRUPTED = 130
UNREAD = 141
"""The last two are 128 and the signal's number, as shells have them."""


class UnwrittenError(Exception):
    """Standard output does not take what was written, as on a full disk; its text says why."""
