"""What the tests of the page “Gateway” are fed with: a gateway that stands as they say, and tokens to copy."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from tests.qt.parts import NOW
from trayapp.core.errors import UserError
from trayapp.core.state import State, Token
from trayapp.core.topic import Topic
from trayapp.gateway.status import GatewayState, Status
from trayapp.qt.gateway_page import GatewaySide

ON = Status(GatewayState.LISTENING, 4180, "", 2, "ollama/qwen2.5:7b", "rule code")
TAKEN = Status(
    GatewayState.FAILED,
    4180,
    "Port 4180 is in use by python3.11 (process 4711). End that program, or choose another port in Settings… →"
    " Gateway.",
)
FIRST = Token("first", "a" * 64, NOW - 7200)
EDITOR = Token("editor", "b" * 64, NOW - 90)
CANARY = "sk-trayapp-canary-0123456789"


class Gateway:
    """The gateway as the page sees it, and what the page asked of it."""

    def __init__(self, state: Topic[State]) -> None:
        self.status: Topic[Status] = Topic(Status())
        self.state = state
        self.keyring: Topic[str] = Topic("ok")
        self.read: list[str] = []
        self.refusal = ""
        self.session: set[str] = set()
        self.known = ["openai/gpt-5", "ollama/qwen2.5:7b"]
        self.usage: Callable[[str], QWidget] | None = None

    def has(self, *tokens: Token) -> None:
        """From now on these are the tokens."""
        self.state.publish(State(tokens=tokens))

    async def token(self, name: str) -> str:
        self.read.append(name)
        if self.refusal:
            raise UserError(self.refusal)
        return CANARY

    def side(self) -> GatewaySide:
        return GatewaySide(
            status=self.status,
            state=self.state,
            keyring=self.keyring,
            token=self.token,
            session=lambda name: name in self.session,
            models=lambda: self.known,
            now=lambda: NOW,
            usage=self.usage,
        )
