"""The text of an XDG autostart entry: written so that every session can start it, read as they left it.

Sources: the Desktop Entry and the Desktop Application Autostart specifications of freedesktop.org, and
trials with dex, gio and systemd's generator, which each fail at other characters of a path.
"""

from __future__ import annotations

import re

from trayapp.core.errors import UserError
from trayapp.core.language import _

_GROUP = "[Desktop Entry]"
_QUOTED = frozenset(" \t\n\"'\\><~|&;$*?#()`")
"""Characters that make quotes necessary in an Exec line."""
_REFUSED = frozenset('%$`"\\')
"""Right when escaped, and yet dex or systemd's generator does not start it."""
_LINE = re.compile(r"(?:#|\[|[A-Za-z0-9-]+(?:\[[^\]]*\])?[ \t]*=)[^\0-\x08\x0b-\x1f\ufffd]*\Z")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|[^\s"]+')
_UNQUOTED = re.compile(r'\\(["`$\\])')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r"}
_ENABLED = re.compile(r"X-[A-Za-z]+-Autostart-enabled\Z")


def check(command: list[str]) -> None:
    """Raises UserError, in words, for a command that some session would not start."""
    if not command[0].startswith("/"):
        raise UserError(_("“{path}” is no full path, so it cannot be started at login.").format(path=command[0]))
    for part in command:
        bad = sorted({letter for letter in part if letter in _REFUSED or letter < " " or letter == "\x7f"})
        if bad:
            raise UserError(
                _(
                    "“{path}” cannot be started at login, because of the character {bad}. Move it to a plainer path."
                ).format(path=part, bad=" ".join(repr(letter)[1:-1] for letter in bad))
            )


def exec_line(command: list[str]) -> str:
    """The value of Exec. First its own quoting, then the escapes of any string in such a file."""
    return " ".join(map(_argument, command))


def command(line: str) -> list[str]:
    """The words of an Exec line: what ``exec_line`` made of them, and what other hands may have written."""
    text = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), line)
    words = (it[0] if it[1] is None else _UNQUOTED.sub(r"\1", it[1]) for it in _WORD.finditer(text))
    return [word.replace("%%", "%") for word in words]


def read(text: str) -> dict[str, str]:
    """The keys of the entry as they stand there; other groups are left out."""
    entry: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip() == _GROUP
        elif inside and not line.startswith("#") and "=" in line:
            name, _equals, value = line.partition("=")
            entry[name.strip()] = value.strip()
    return entry


def switched_off(entry: dict[str, str]) -> bool:
    """Whether a desktop's settings keep it from starting: each desktop has its own way of saying so."""
    if entry.get("Hidden", "").lower() == "true" or "Exec" not in entry:
        return True
    return any(_ENABLED.match(name) and value.lower() == "false" for name, value in entry.items())


def switched_on(text: str, command: list[str]) -> str:
    """The entry that starts ``command``. Of an older one, keys and comments that do not hinder it are kept."""
    ours = {
        "Type": "Application",
        "Name": "trayapp",
        "Comment": "Choose in the tray which language model your tools talk to",
        "Exec": exec_line(command),
        **_tried(command[0]),
        "Icon": "trayapp",
        "Terminal": "false",
        "X-GNOME-Autostart-enabled": "true",
    }
    kept = [line for line in text.splitlines() if _LINE.match(line) and line.strip() != _GROUP]
    kept = [line for line in kept if not _replaced(line, ours)]
    lines = [_GROUP, *(f"{name}={value}" for name, value in ours.items()), *kept]
    return "\n".join(lines) + "\n"


def _tried(program: str) -> dict[str, str]:
    """So that a session leaves the entry alone once the program was removed; whoever removes it sees no homes.

    Not for a path that needs quotes elsewhere: some sessions find nothing there.
    """
    return {} if any(letter in _QUOTED for letter in program) or not program.isascii() else {"TryExec": program}


def _replaced(line: str, ours: dict[str, str]) -> bool:
    name = line.partition("=")[0].strip()
    return name in ours or name in ("Hidden", "TryExec") or _ENABLED.match(name) is not None


def _argument(text: str) -> str:
    text = text.replace("%", "%%")
    if not text or any(letter in _QUOTED for letter in text):
        text = '"' + "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in text) + '"'
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
