"""How the gateway stands, as the menu, the settings and the command line show it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class GatewayState(StrEnum):
    """How the gateway stands."""

    OFF = "off"
    STARTING = "starting"
    LISTENING = "listening"
    FAILED = "failed"


class Status(Struct, frozen=True):
    """The gateway as the menu, the settings and the command line show it."""

    state: GatewayState = GatewayState.OFF
    port: int = 0
    problem: str = ""
    """A sentence that says what to do, where it failed."""
    active: int = 0
    """Requests under way."""
    served: str = ""
    """The last model that answered, as ``account/model``."""
    why: str = ""
    """``named``, ``role NAME``, ``rule NAME``, ``tray`` or ``failover``."""

    @property
    def url(self) -> str:
        """The address that tools are given, without a path."""
        return f"http://127.0.0.1:{self.port}"
