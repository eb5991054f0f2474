"""The guide's page of commands, made of the table of commands: ``python3 packaging/build_man.py`` writes it.

Beside the manual page, whose words it shares, so that neither says what the other does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import build_man

from trayapp.cli import parser
from trayapp.cli.verb import Argument, Verb
from trayapp.cli.verbs import GROUPS

PAGE = Path(build_man.ROOT) / "resources" / "help" / "command-line.md"
INTRO = """\
# The command line

<!-- Made by packaging/build_man.py from the table of commands: do not edit. -->

`trayapp` alone starts the program, or shows the one that runs; `trayapp --silent` is the same without a window. All
else is a command. Every command works whether the program runs or not, and needs no screen unless it opens a window;
where the program runs, it does the work itself. `trayapp --help` lists all commands, and each knows `--help`.

For scripts: most commands print JSON with `--json`; `trayapp models --porcelain` is tab-separated and stable. What went
wrong is on standard error, and the exit code says so.

| Exit code | Meaning |
|---|---|
{codes}

In a shell, Tab completes commands, accounts, models and settings. Packages bring that along; otherwise put the first of
these lines into `~/.bashrc`, the second into `~/.zshrc` behind `compinit`, or run the third once:

```sh
source <(trayapp completion bash)
source <(trayapp completion zsh)
trayapp completion fish > ~/.config/fish/completions/trayapp.fish
```
"""
END = """\
## Files

On Linux; `trayapp paths` prints them on every system.

| File | What is in it |
|---|---|
{files}

## Environment

| Variable | What it does |
|---|---|
{variables}
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield INTRO.format(codes=_rows((str(code), about) for code, about in build_man.EXIT_STATUS))
    for group in GROUPS:
        yield f"## {group.title}\n"
        for verb in group.verbs:
            yield from _command(verb)
    yield END.format(
        files=_rows((f"`{name}`", about) for name, about in build_man.FILES),
        variables=_rows((_names(name), about) for name, about in build_man.ENVIRONMENT),
    )


def _command(verb: Verb) -> Iterator[str]:
    yield f"### trayapp {parser.shown(verb)}\n"
    yield f"{_sentence(verb.help)}\n"
    if verb.arguments:
        yield from (f"- {_name(it)}: {it.help}" for it in verb.arguments)
        yield ""
    yield f"```sh\n{verb.example}\n```\n"


def _name(argument: Argument) -> str:
    if not argument.option:
        return f"`{argument.metavar}`"
    if not argument.kind:
        return f"`{argument.name}`"
    return f"`{argument.name} [{argument.metavar}]`" if argument.bare else f"`{argument.name} {argument.metavar}`"


def _names(said: str) -> str:
    """Variables as code, what stands between them as words: “OPENAI_API_KEY and others”."""
    words = said.split()
    return " ".join(f"`{it.rstrip(',')}`{',' * it.endswith(',')}" if it.isupper() else it for it in words)


def _sentence(words: str) -> str:
    whole = words if words.endswith(".") else f"{words}."
    return whole[0].upper() + whole[1:]


def _rows(cells: Iterator[tuple[str, str]]) -> str:
    return "\n".join(f"| {name} | {_sentence(about)} |" for name, about in cells)
