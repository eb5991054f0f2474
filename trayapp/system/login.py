"""Start at login: three systems, one face. What the user switched there is read back and respected."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from msgspec import Struct

from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.system import files, login_entry
from trayapp.system.login_program import moved

SILENT = "--silent"
"""Added to the program: start without a window and without a word."""
LABEL = "io.github.trayapp"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
_VALUE = "trayapp"
_LONGEST_RUN = 260
"""Characters Windows reads of a command: https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys"""
_LIMIT = 1 << 16
_WORDS = re.compile(r'"([^"]*)"|(\S+)')
"""Of a command on Windows, where no path has quotes in it."""


class LoginStatus(Struct, frozen=True):
    """Whether the program starts with the session, and what is to be said about it."""

    on: bool
    note: str = ""


class _Place(Protocol):
    """Where one system keeps what starts at login."""

    def status(self) -> LoginStatus: ...
    def started(self) -> list[str]:
        """The command that the next login starts; empty where it starts none."""

    def on(self) -> None: ...
    def off(self) -> None: ...


class Login:
    """Reads and changes the user's own entry; nothing is cached, since the system's settings change it too."""

    def __init__(
        self,
        program: list[str],
        *,
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        platform: str = sys.platform,
        registry: Any = None,
        launchctl: Callable[..., str] | None = None,
    ) -> None:
        """``program``: the command that starts the program; ``registry``: what stands in for ``winreg``."""
        env = os.environ if env is None else env
        self._command = command = [*program, SILENT]
        self._place: _Place
        if platform == "win32":
            self._place = _RunKey(command, registry)
        elif platform == "darwin":
            folder = (home or Path.home()) / "Library" / "LaunchAgents"
            self._place = _LaunchAgent(command, folder / f"{LABEL}.plist", launchctl or _launchctl)
        else:
            config = env.get("XDG_CONFIG_HOME", "")
            folder = Path(config) if config.startswith("/") else (home or Path.home()) / ".config"
            self._place = _Autostart(command, folder / "autostart" / "trayapp.desktop")

    def status(self) -> LoginStatus:
        """What the system will do at the next login."""
        return self._place.status()

    def follow(self) -> bool:
        """Let the entry name this program, where it is ours and what it names has moved here; says whether it had.

        Raises UserError as ``set`` does. An entry that was switched off, or that somebody else wrote, stays.
        """
        named = self._place.started()
        if named == self._command or named[-1:] != [SILENT] or not moved(named[:-1], self._command[:-1]):
            return False
        self.set(True)
        return True

    def set(self, on: bool) -> None:
        """Start at login from now on, or no longer. Raises UserError that says what is in the way."""
        try:
            if on:
                self._place.on()
            else:
                self._place.off()
        except OSError as exc:
            raise UserError(
                _("Start at login could not be changed: {why} ({where}).").format(
                    why=exc.strerror or exc, where=exc.filename or "…"
                )
            ) from exc


class _Autostart:
    """Linux: a desktop entry in the session's autostart folder."""

    def __init__(self, command: list[str], path: Path) -> None:
        self._command = command
        self._path = path

    def status(self) -> LoginStatus:
        text = self._text()
        if text is None:
            return LoginStatus(False)
        entry = login_entry.read(text)
        if login_entry.switched_off(entry):
            return LoginStatus(False, _switched_off())
        if entry.get("Exec") != login_entry.exec_line(self._command):
            return LoginStatus(True, _another(entry.get("Exec", "")))
        return LoginStatus(True)

    def started(self) -> list[str]:
        entry = login_entry.read(self._text() or "")
        return [] if login_entry.switched_off(entry) else login_entry.command(entry["Exec"])

    def on(self) -> None:
        login_entry.check(self._command)
        files.write_private(self._path, login_entry.switched_on(self._text() or "", self._command).encode())

    def off(self) -> None:
        self._path.unlink(missing_ok=True)

    def _text(self) -> str | None:
        try:
            return files.read_bytes(self._path, _LIMIT).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError:
            return ""


class _LaunchAgent:
    """macOS: a property list for launchd, and launchd's own record of what was switched off."""

    def __init__(self, command: list[str], path: Path, launchctl: Callable[..., str]) -> None:
        self._command = command
        self._path = path
        self._launchctl = launchctl

    def status(self) -> LoginStatus:
        import plistlib
        from xml.parsers.expat import ExpatError

        try:
            agent = plistlib.loads(files.read_bytes(self._path, _LIMIT))
        except FileNotFoundError:
            return LoginStatus(False)
        except (OSError, ValueError, ExpatError, plistlib.InvalidFileException):
            return LoginStatus(False, _("“{file}” cannot be read.").format(file=self._path))
        if not isinstance(agent, dict) or agent.get("Disabled") is True or self._disabled():
            return LoginStatus(False, _switched_off())
        started = agent.get("ProgramArguments")
        if started != self._command:
            return LoginStatus(True, _another(" ".join(map(str, started or ()))))
        return LoginStatus(True)

    def started(self) -> list[str]:
        import plistlib

        if not self.status().on:
            return []
        named = plistlib.loads(files.read_bytes(self._path, _LIMIT)).get("ProgramArguments")
        return list(map(str, named)) if isinstance(named, list) else []

    def on(self) -> None:
        import plistlib

        agent = {
            "Label": LABEL,
            "ProgramArguments": self._command,
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        files.write_private(self._path, plistlib.dumps(agent))
        if self._disabled():
            self._launchctl("enable", LABEL)

    def off(self) -> None:
        self._path.unlink(missing_ok=True)

    def _disabled(self) -> bool:
        lines = self._launchctl("print-disabled", "").splitlines()
        return any(f'"{LABEL}"' in line and line.strip().endswith(("disabled", "true")) for line in lines)


class _RunKey:
    """Windows: a value of the Run key, and the Task Manager's record of what was switched off."""

    def __init__(self, command: list[str], registry: Any) -> None:
        self._command = command
        self._registry = registry or _winreg()

    def status(self) -> LoginStatus:
        command = self._get(_RUN)
        if command is None:
            return LoginStatus(False)
        if self._off_in_task_manager():
            return LoginStatus(False, _switched_off())
        return LoginStatus(True) if command == self._line() else LoginStatus(True, _another(str(command)))

    def started(self) -> list[str]:
        command = self._get(_RUN)
        if not isinstance(command, str) or self._off_in_task_manager():
            return []
        return [quoted or plain for quoted, plain in _WORDS.findall(command)]

    def on(self) -> None:
        line = self._line()
        if len(line) > _LONGEST_RUN:
            raise UserError(
                _(
                    "Windows starts no command longer than {limit} characters. Install trayapp in a shorter path."
                ).format(limit=_LONGEST_RUN)
            )
        reg = self._registry
        with reg.CreateKeyEx(reg.HKEY_CURRENT_USER, _RUN, 0, reg.KEY_SET_VALUE) as key:
            reg.SetValueEx(key, _VALUE, 0, reg.REG_SZ, line)
        if self._off_in_task_manager():  # the user has just asked for the opposite
            self._delete(_APPROVED)

    def off(self) -> None:
        self._delete(_RUN)

    def _line(self) -> str:
        import subprocess

        return subprocess.list2cmdline(self._command)

    def _off_in_task_manager(self) -> bool:
        """The first byte is even for what may start; not documented, but stable since Windows 8."""
        record = self._get(_APPROVED)
        return isinstance(record, bytes) and record[:1] != b"" and record[0] % 2 == 1

    def _get(self, path: str) -> Any:
        reg = self._registry
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, path) as key:
                return reg.QueryValueEx(key, _VALUE)[0]
        except FileNotFoundError:
            return None

    def _delete(self, path: str) -> None:
        reg = self._registry
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, path, 0, reg.KEY_SET_VALUE) as key:
                reg.DeleteValue(key, _VALUE)
        except FileNotFoundError:
            return


def _switched_off() -> str:
    return _("Switched off in the system's own settings.")


def _another(command: str) -> str:
    return _("Another copy is started: {command}. Switch it off and on to start this one.").format(command=command)


def _launchctl(verb: str, label: str) -> str:
    """What launchctl prints about the user's own agents; nothing where it cannot be asked."""
    import subprocess

    service = f"gui/{os.getuid()}" + (f"/{label}" if label else "")
    try:
        return subprocess.run(  # noqa: S603
            ["/bin/launchctl", verb, service], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _winreg() -> ModuleType:
    import importlib

    return importlib.import_module("winreg")
