"""Which language the user reads: as the settings say, else as the system does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trayapp.core import language
from trayapp.system import files

SYSTEM = "system"
VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which gettext reads them: https://www.gnu.org/software/gettext/manual/html_node/Locale-Environment-Variables.html"""
_LINE = re.compile(rb'^\s*language\s*=\s*["\'](\w{1,20})["\']', re.MULTILINE)
_LONGEST = 1_000_000


def speak(settings_file: Path, resources: Path, env: Mapping[str, str] | None = None) -> None:
    """Use the user's language from here on. Costs next to nothing where that is English."""
    env = os.environ if env is None else env
    wanted = env.get("TRAYAPP_LANGUAGE", "").strip() or chosen(settings_file)
    names = [wanted] if wanted and wanted != SYSTEM else preferred(env)
    if names and not _english(names[0]):
        language.install(str(resources / "locale"), names)


def chosen(settings_file: Path) -> str:
    """The language that the settings name; empty where they name none.

    Read off the line: a command should not parse all settings before its first word.
    """
    try:
        text = files.read_start(settings_file, _LONGEST)
    except OSError:
        return ""
    top = re.split(rb"^\s*\[", text, maxsplit=1, flags=re.MULTILINE)[0]  # a table may have a line of that name
    found = _LINE.search(top)
    return found[1].decode("ascii") if found else ""


def preferred(
    env: Mapping[str, str],
    platform: str = sys.platform,
    *,
    windows: Callable[[], str] | None = None,
    home: Path | None = None,
) -> list[str]:
    """The languages of the desktop, the best one first, as ``de_DE`` or ``zh_CN``; empty where nothing says so."""
    named = _from_variables(env)
    if named:
        return named
    if platform == "win32":
        return [code] if (code := (windows or _of_windows)()) else []
    if platform == "darwin":
        return _of_macos(home or Path.home())
    return []


def _from_variables(env: Mapping[str, str]) -> list[str]:
    locale = next((env[name] for name in VARIABLES[1:] if env.get(name)), "")
    if _plain(locale) in ("C", "POSIX"):
        return ["C"]  # then LANGUAGE does not count either
    listed = env.get("LANGUAGE", "") or locale
    return [_plain(it) for it in listed.split(":") if _plain(it)]


def _plain(locale: str) -> str:
    return re.split(r"[.@]", locale.strip(), maxsplit=1)[0]


def _english(name: str) -> bool:
    return name.partition("_")[0] in (language.ENGLISH, "C", "POSIX")


def _of_windows() -> str:
    import ctypes
    import locale

    number = ctypes.windll.kernel32.GetUserDefaultUILanguage()  # type: ignore[attr-defined,unused-ignore]
    return locale.windows_locale.get(number, "")


def _of_macos(home: Path) -> list[str]:
    """What System Settings wrote: ``de-DE`` and so on."""
    import plistlib

    try:
        with (home / "Library/Preferences/.GlobalPreferences.plist").open("rb") as file:
            read: Any = plistlib.load(file)
    except (OSError, plistlib.InvalidFileException):
        return []
    names = read.get("AppleLanguages", ()) if isinstance(read, dict) else ()
    return [_of_apple(it) for it in names if isinstance(it, str)] if isinstance(names, list) else []


def _of_apple(name: str) -> str:
    """``zh-Hans-CN`` is ``zh_CN``."""
    parts = name.split("-")
    region = parts[-1] if len(parts) > 1 and len(parts[-1]) == 2 else ""
    return f"{parts[0]}_{region}" if region else parts[0]
