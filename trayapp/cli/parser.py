"""Reads the words of one command, and prints the help pages."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from trayapp.cli.console import terminal_width
from trayapp.cli.verbs import GROUPS, VERBS, Argument, Verb, below
from trayapp.core.language import _


class Reader(argparse.ArgumentParser):
    """An argparse reader of one command that never repeats a key when it complains."""

    def error(self, message: str) -> NoReturn:
        from trayapp.core.redaction import struck

        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {struck(message)}\n")


class _Page(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. argparse would import shutil to learn that, even where no help is asked for."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(terminal_width(sys.stdout) or 100, 120) - 2)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or _("usage: "))


def reader(verb: Verb) -> Reader:
    """The reader of one command. ``parse_args`` ends the program with code 2 where the words are wrong."""
    made = Reader(
        prog=" ".join(("trayapp", *verb.words)),
        description=_(verb.help),
        epilog=f"{example(verb)}\n\n{_exit_codes()}",
        allow_abbrev=False,
        add_help=False,
        formatter_class=_Page,
    )
    # headings and words of our own: argparse's speak English only
    places, options = made.add_argument_group(_("arguments")), made.add_argument_group(_("options"))
    for argument in verb.arguments:
        _declare(options if argument.option else places, argument)
    options.add_argument("-h", "--help", action="help", help=_("show this page"))
    return made


def _declare(made: argparse._ArgumentGroup, argument: Argument) -> None:
    words = _(argument.help).replace("%", "%%")
    name = argument.name.rstrip("?")
    choices = argument.choices or None
    if not argument.option:
        nargs = "?" if argument.name.endswith("?") else "+" if argument.repeated else None
        made.add_argument(name, help=words, metavar=argument.metavar, nargs=nargs, choices=choices)
    elif not argument.kind:
        made.add_argument(name, help=words, action="store_true")
    elif argument.bare:
        made.add_argument(name, help=words, metavar=argument.metavar, nargs="?", const="")
    else:
        action = "append" if argument.repeated else "store"
        made.add_argument(name, help=words, metavar=argument.metavar, action=action, choices=choices)


def example(verb: Verb) -> str:
    """The verb's examples below their heading, as its help page shows them."""
    lines = verb.example.splitlines()
    heading = _("example:") if len(lines) == 1 else _("examples:")
    return "\n".join((heading, *(f"  {line}" for line in lines)))


def page() -> str:
    """The program's whole help page."""
    lines = [
        _("usage: trayapp [--silent] [--debug]      start, or show the one that runs"),
        _("       trayapp COMMAND …                 one of these; each knows --help"),
        "",
    ]
    width = max(len(shown(verb)) for verb in VERBS)
    for group in GROUPS:
        lines += [_("{heading}:").format(heading=_(group.title))]
        lines += [f"  {shown(verb):<{width}}  {_(verb.help)}" for verb in group.verbs]
        lines += [""]
    lines += [
        _("  --silent   open no window; what is started at login uses it"),
        _("  --debug    write more into the log, and onto standard error"),
        _("  --version  print the version"),
        "",
        _exit_codes(),
    ]
    return "\n".join(lines)


def group_help(words: tuple[str, ...]) -> str:
    """What may follow ``key``, ``login`` or ``settings``; empty where nothing starts like that."""
    if not words or not below(words):
        return ""
    start = " ".join(("trayapp", *words))
    return _("usage: {command} {{{verbs}}} …").format(command=start, verbs=",".join(below(words)))


def shown(verb: Verb) -> str:
    """The verb with what stands in its places."""
    return " ".join((*verb.words, *(_usage(it) for it in verb.arguments if not it.option)))


def _usage(argument: Argument) -> str:
    if argument.repeated:
        return f"{argument.metavar}…"
    return f"[{argument.metavar}]" if argument.name.endswith("?") else argument.metavar


def _exit_codes() -> str:
    return _(
        "exit codes: 0 done; 1 it could not be done, and the reason is on standard error; 2 wrong usage;\n"
        "            3 cannot start here (no display, or system libraries missing); 4 trayapp is not running;\n"
        "            130 interrupted; 141 nobody read the output"
    )
