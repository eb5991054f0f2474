"""A command run in this process, with whoever performs intents played by the test."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trayapp.catalog.cache import Shelf, mark
from trayapp.cli.console import Console
from trayapp.cli.entry import main
from trayapp.cli.remote import Remote
from trayapp.core.accounts import Account, key_slot
from trayapp.core.intents import Intent, Reply, WireIntent
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef
from trayapp.providers.spec import base_url, origin
from trayapp.providers.table import spec
from trayapp.system.paths import Paths, find

NOW = 1_750_000_000.0


class Ran(msgspec.Struct):
    """What became of a command."""

    code: int
    out: str
    err: str


class Shell:
    """Where commands are run: a home of their own, and a stand-in for the tray or for the program alone."""

    def __init__(self, paths: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = paths
        self.env: dict[str, str] = {}
        self._state: dict[str, object] = {}
        self.running = False
        self.handed: list[Any] = []
        """Requests that the tray got, as it would read them."""
        self.alone: list[Intent] = []
        """Intents performed in the command's own process."""
        self.reply: Callable[[Any], Reply] = lambda _intent: Reply()
        self.terminal = False
        """Whether words are typed at a terminal."""
        self._capsys = capsys
        self._patch = monkeypatch

    def set_up(self, *accounts: Account, **preferences: object) -> None:
        """Write settings.toml, as a user's editor might."""
        lines = ["version = 1", *(f"{name} = {_toml(value)}" for name, value in preferences.items())]
        for account in accounts:
            raw = msgspec.to_builtins(account)
            values = raw.pop("values", {})
            lines += ["[[accounts]]", *(f"{name} = {_toml(value)}" for name, value in raw.items())]
            if values:
                lines += ["[accounts.values]", *(f"{name} = {_toml(value)}" for name, value in values.items())]
        self.paths.config.mkdir(parents=True, exist_ok=True)
        self.paths.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def remember(self, **state: object) -> None:
        """Write state.json, with what it held before."""
        self._state |= state
        self.paths.data.mkdir(parents=True, exist_ok=True)
        self.paths.state_file.write_bytes(msgspec.json.encode({"version": 1, **self._state}))

    def keyed(self, *accounts: Account) -> None:
        """Remember that the keyring holds a key of these accounts, and of no others."""
        self.remember(keyed=[key_slot(it, origin(base_url(spec(it.spec), it))) for it in accounts])

    def listed(self, account: Account, *models: str | Model, age: float = 60.0) -> None:
        """Put an account's list on the shelf, that many seconds old."""
        made = tuple(it if isinstance(it, Model) else Model(ModelRef(account.id, it)) for it in models)
        Shelf(self.paths.listings).put(Listing(account.id, made, fetched_at=NOW - age), mark(account))

    def run(self, *words: str, typed: str = "") -> Ran:
        self._patch.setattr("sys.stdin", _Typed(io.BytesIO(typed.encode("utf-8", "surrogateescape")), self.terminal))
        code = main(list(words), self._console)
        told = self._capsys.readouterr()
        return Ran(code, told.out, told.err)

    def _console(self) -> Console:
        remote = Remote(self.paths, hand_over=self._hand_over, alone=self._alone)
        return Console(self.paths, remote=remote, env=self.env, now=lambda: NOW)

    def _hand_over(self, runtime: Any, message: bytes, timeout: float) -> bytes | None:
        assert runtime == self.paths.runtime
        assert timeout > 0
        assert b"\n" not in message
        if not self.running:
            return None
        raw = msgspec.json.decode(message)
        request = msgspec.convert(raw["intent"], WireIntent) if "intent" in raw else raw["ask"]
        self.handed.append(request)
        return msgspec.json.encode(self.reply(request))

    def _alone(self, intent: Intent, paths: Paths) -> Reply:
        self.alone.append(intent)
        return self.reply(intent)


class _Typed(io.TextIOWrapper):
    """Standard input that may say of itself that it is a terminal."""

    def __init__(self, data: io.BytesIO, terminal: bool) -> None:
        super().__init__(data, encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, (bool, int)) else msgspec.json.encode(value).decode()


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(find({**os.environ, "TRAYAPP_HOME": str(home)}), capsys, monkeypatch)
