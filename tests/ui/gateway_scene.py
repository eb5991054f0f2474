"""The gateway as the interface is shown it: listening, kept from its port, and tokens of two tools."""

from __future__ import annotations

from trayapp.core.state import Token
from trayapp.gateway.status import GatewayState, Status

NOW = 1_750_000_000.0
ON = Status(GatewayState.LISTENING, 4180)
TAKEN = Status(
    GatewayState.FAILED,
    4180,
    "Port 4180 is in use by python3.11 (process 4711). End that program, or choose another port in Settings… →"
    " Gateway.",
)
FIRST, EDITOR = Token("first", "a" * 64, NOW - 7200), Token("editor", "b" * 64)
