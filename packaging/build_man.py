"""Writes resources/man/trayapp.1 from the table of commands, and the guide's page: ``python3 packaging/build_man.py``.

Run it after changing a command, an example or the version. It needs nothing but the program's own modules.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from trayapp.cli import codes  # noqa: E402
from trayapp.cli.verb import Argument, Verb  # noqa: E402
from trayapp.cli.verbs import GROUPS, find  # noqa: E402
from trayapp.core.version import VERSION  # noqa: E402

PAGE = ROOT / "resources" / "man" / "trayapp.1"
MARKS = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "^": "\\(ha",
    "~": "\\(ti",
    "`": "\\(ga",
    "“": "\\(lq",
    "”": "\\(rq",
    "’": "\\(cq",
    "…": ".\\|.\\|.",
    "–": "\\(en",
}
"""How groff writes what it would read as something else, or cannot read everywhere."""
ABOUT = (
    "trayapp sits in the tray of the desktop. Its menu lists the models of every provider that you have an account"
    " with, and those of the local servers on this computer; a click chooses one. Other tools reach the chosen model"
    " through the gateway, at one address of this computer, without knowing your keys.",
    "Without a command it starts, or shows the program that runs. Every command works whether it runs or not: where it"
    " does, it does the work itself. Keys are kept in the keyring of the desktop, and are typed or piped in, never"
    " given as an argument.",
)
SWITCHES = (
    ("--silent", "open no window and announce nothing; what is started with the session uses it"),
    ("--debug", "write more into the log, and onto standard error"),
    ("--version", "print the version"),
    ("--help", "print all commands; behind a command, print its own help"),
)
FILES = (
    ("~/.config/trayapp/settings.toml", "What you chose: settings, accounts, rules. It can be edited; comments stay."),
    ("~/.local/share/trayapp/state.json", "What the program remembers: the choice, pins, profiles. No key is in it."),
    ("~/.cache/trayapp/models/", "The lists of models, one file for each account."),
    ("~/.local/state/trayapp/log/trayapp.log", "The log. Keys are struck out."),
)
ELSEWHERE = "These are the places on Linux. On macOS and Windows they follow the system; “trayapp paths” prints them."
ENVIRONMENT = (
    ("TRAYAPP_HOME", "A folder for all of these files together, instead of the places above."),
    (
        "TRAYAPP_NAME",
        "The setting of that name, in capitals, such as TRAYAPP_GATEWAY_PORT: it counts for more than the stored one."
        " “trayapp settings list” prints the names.",
    ),
    (
        "TRAYAPP_UPDATE_URL",
        "Who is asked for new versions, where that is switched on: the address of a small JSON file.",
    ),
    ("OPENAI_API_KEY and others", "The key of an account that was added with “--key-from environment”."),
    ("OLLAMA_HOST", "The address of Ollama, as Ollama itself reads it."),
    ("HTTPS_PROXY, NO_PROXY and others", "The proxy for the providers of the internet; never for local servers."),
    ("DISPLAY, WAYLAND_DISPLAY", "Where the icon is shown. Commands need neither."),
)
EXIT_STATUS = (
    (codes.DONE, "Done."),
    (codes.FAILED, "It could not be done; the reason is on standard error."),
    (codes.USAGE, "Wrong usage."),
    (codes.CANNOT_START, "It cannot start here: there is no display, or libraries of the system are missing."),
    (codes.NOT_RUNNING, "No trayapp is running."),
    (codes.INTERRUPTED, "Interrupted."),
    (codes.UNREAD, "Nobody read the output."),
)
EXAMPLES = (
    ("Set up a provider, give it its key, and choose one of its models:", ("providers add", "key set", "use")),
    ("Open a window; the first command is worth a key of the desktop:", ("open",)),
    ("Keep what is in use now as a profile, and use another one:", ("profile save", "profile use")),
    ("Let other tools in, and see what they used:", ("gateway on", "gateway url", "usage")),
    ("Carry everything but the keys to another computer:", ("export", "import")),
)
SEE_ALSO = "The user guide is part of the program: “trayapp open --help-page”."


def page() -> str:
    """The whole manual page, as groff's man macros have it."""
    lines = [
        '.\\" Made by packaging/build_man.py from the table of commands: do not edit.',
        f'.TH TRAYAPP 1 "" "trayapp {VERSION}" "User commands"',
        ".SH NAME",
        f"trayapp \\- {text('choose AI models from the tray, across providers and local servers')}",
        ".SH SYNOPSIS",
        ".B trayapp",
        f"[{bold('--silent')}] [{bold('--debug')}]",
        ".br",
        ".B trayapp",
        f"{italic('COMMAND')} [{italic('ARGUMENT')} .\\|.\\|.]",
        ".SH DESCRIPTION",
        *_filled(ABOUT[0]),
        ".PP",
        *_filled(ABOUT[1]),
        ".SH COMMANDS",
    ]
    for group in GROUPS:
        lines.append(f'.SS "{text(group.title)}"')
        for verb in group.verbs:
            lines += _command(verb)
    lines += _section("OPTIONS", [(bold(name), it) for name, it in SWITCHES])
    lines += [*_section("FILES", [(italic(name), it) for name, it in FILES]), ".PP", *_filled(ELSEWHERE)]
    lines += _section("ENVIRONMENT", [(bold(name), it) for name, it in ENVIRONMENT])
    lines += _section("EXIT STATUS", [(bold(str(code)), it) for code, it in EXIT_STATUS])
    lines.append(".SH EXAMPLES")
    for number, (about, names) in enumerate(EXAMPLES):
        typed = [line for name in names for line in _verb(name).example.splitlines()]
        lines += [*([".PP"] if number else []), *_filled(about), *_typed(typed)]
    lines += [".SH SEE ALSO", *_filled(SEE_ALSO)]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """``words`` so that groff prints them as they are. Raises ValueError for a letter that nobody provided for."""
    made = "".join(MARKS.get(letter, letter) for letter in words)
    if not made.isascii():
        raise ValueError(words)
    return f"\\&{made}" if made.startswith((".", "'")) else made


def _filled(words: str) -> list[str]:
    """A paragraph on lines that a person can read in the source, too."""
    return [text(line) for line in textwrap.wrap(words, 72, break_long_words=False, break_on_hyphens=False)]


def bold(words: str) -> str:
    """In bold: what is typed as it stands."""
    return f"\\fB{text(words)}\\fR"


def italic(words: str) -> str:
    """In italics: what something else is typed for."""
    return f"\\fI{text(words)}\\fR"


def _verb(name: str) -> Verb:
    found = find(name.split())
    if found is None or found[1]:
        raise ValueError(name)
    return found[0]


def _command(verb: Verb) -> Iterator[str]:
    usage = [_place(it) for it in verb.arguments if not it.option]
    options = [it for it in verb.arguments if it.option]
    yield ".TP"
    yield " ".join((bold(" ".join(verb.words)), *(f"[{_option(it)}]" for it in options), *usage))
    yield from _sentence(verb.help)
    if verb.arguments:
        yield ".RS"
        for it in verb.arguments:
            yield ".TP"
            yield _option(it) if it.option else italic(it.metavar)
            yield from _sentence(it.help, keep=it.choices)
        yield ".RE"


def _place(argument: Argument) -> str:
    shown = italic(argument.metavar) + (" .\\|.\\|." if argument.repeated else "")
    return f"[{shown}]" if argument.name.endswith("?") else shown


def _option(argument: Argument) -> str:
    if not argument.kind:
        return bold(argument.name)
    value = f"[{italic(argument.metavar)}]" if argument.bare else italic(argument.metavar)
    return f"{bold(argument.name)} {value}"


def _sentence(words: str, keep: tuple[str, ...] = ()) -> list[str]:
    """Beginning as a sentence does, unless with one of the words to ``keep``, and with its full stop."""
    whole = words if words.endswith(".") else f"{words}."
    return _filled(whole if whole.startswith(keep) and keep else whole[0].upper() + whole[1:])


def _section(title: str, entries: list[tuple[str, str]]) -> Iterator[str]:
    yield f'.SH "{title}"' if " " in title else f".SH {title}"
    for name, about in entries:
        yield ".TP"
        yield name
        yield from _sentence(about)


def _typed(lines: list[str]) -> Iterator[str]:
    """Commands as they are typed, on lines of their own."""
    yield ".RS 4"
    yield ".nf"
    yield from (text(line) for line in lines)
    yield ".fi"
    yield ".RE"


def main() -> int:
    """Write it."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="ascii", newline="\n")
    print(PAGE.relative_to(ROOT))
    import command_page

    command_page.PAGE.write_text(command_page.page(), encoding="utf-8", newline="\n")
    print(command_page.PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
