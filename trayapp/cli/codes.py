"""The exit codes of every command. Apart from all else, because the quick second start needs little more."""

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
