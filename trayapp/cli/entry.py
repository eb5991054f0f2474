"""Where a command begins and ends: which one it is, which exit code it has, and that it ends quietly."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from trayapp.cli.codes import DONE, FAILED, INTERRUPTED, UNREAD, USAGE, UnwrittenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    # a second start imports neither typing nor what a command needs
    from trayapp.cli.console import Console

_START = ("--silent", "--debug")


def main(argv: list[str], make_console: Callable[[], Console] | None = None) -> int:
    """Run one command and give its exit code. ``make_console``: what tests use instead of this computer."""
    _fill_streams()
    try:
        if all(word in _START for word in argv):
            # before anything that costs time: mostly somebody clicks a second time
            from trayapp.cli.start import start

            code = start(silent="--silent" in argv, debug="--debug" in argv)
        elif argv[0] == "open" and (window := _window(argv[1:])):
            from trayapp.cli.start import start

            code = start(show=window)
        else:
            from trayapp.cli.console import flush, tolerant

            for stream in (sys.stdout, sys.stderr):
                tolerant(stream)
            code = _command(argv, make_console or _console)
            flush(sys.stdout)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return UNREAD
    except UnwrittenError as exc:
        from trayapp.core.language import _

        _discard_output()
        return _wrong(_("The output could not be written: {why}.").format(why=exc), FAILED)
    except SystemExit as exc:  # argparse: its page was printed, or its complaint
        return exc.code if isinstance(exc.code, int) else DONE
    return code


def _fill_streams() -> None:
    """A program of Windows without a console has no standard streams, and a shell can close them.

    What is written is lost then, and there is nothing to read; no file that is opened later is taken for one of them.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _discard_output() -> None:
    """Nobody can read it any more, and the interpreter's own last flush must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _window(words: list[str]) -> bytes | None:
    """What ``trayapp open`` asks for, where it was typed plainly: a key may be bound to it, so it has to be quick."""
    from trayapp.cli.windows import wanted

    return wanted(words)


def _command(argv: list[str], make_console: Callable[[], Console]) -> int:
    from trayapp.cli.console import put
    from trayapp.system.languages import speak

    console = make_console()
    speak(console.paths.settings_file, console.paths.resources, console.env)
    if argv[0] == "complete":
        return _complete(argv[1:], console)
    if argv[0] in ("--help", "-h", "help"):
        from trayapp.cli.parser import page

        put(page() + "\n", sys.stdout)
        return DONE
    if argv[0] == "--version":
        from trayapp.core.version import VERSION

        put(f"trayapp {VERSION}\n", sys.stdout)
        return DONE
    return _verb(argv, console)


def _verb(argv: list[str], console: Console) -> int:
    from importlib import import_module

    from trayapp.cli import parser, verbs
    from trayapp.core.language import _

    if argv[0] in ("key", "providers"):
        from trayapp.cli.argument_keys import in_words

        words = in_words(argv)
        if words:
            return _wrong(words)
    matched = verbs.find(argv)
    if matched is None:
        group = parser.group_help(tuple(argv[:1]))
        if group:
            sys.stderr.write(group + "\n")
            return DONE if argv[1:] in (["--help"], ["-h"]) else USAGE
        from trayapp.core.redaction import struck

        said = _("There is no command “{name}”. “trayapp --help” lists them.")
        return _wrong(said.format(name=struck(argv[0]) if len(argv[0]) <= 24 else "…"))
    verb, rest = matched
    args = parser.reader(verb).parse_args(rest)
    module, _dot, function = verb.run.partition(".")
    run: Callable[[Console, object], int] = getattr(import_module(f"trayapp.cli.{module}"), function)
    from trayapp.core.errors import ProviderError, UserError

    try:
        return run(console, args)
    except UserError as exc:
        console.complain(str(exc))
    except ProviderError as exc:
        from trayapp.ui.words import sentence

        console.complain(sentence(exc.failure, exc.failure.provider))
    return FAILED


def _complete(words: list[str], console: Console) -> int:
    """The hidden verb of the completion scripts: ``complete [--described] -- WORD…``. Never complains."""
    from trayapp.cli.completion import candidates
    from trayapp.cli.console import exact, put
    from trayapp.cli.names import Offered, lines

    described = words[:1] == ["--described"]
    typed = words[words.index("--") + 1 :] if "--" in words else words
    exact(sys.stdout)
    try:
        offered = Offered(console.paths)
        put(lines(candidates(typed, offered.kinds()), described=described), sys.stdout)
    except (OSError, UnwrittenError):
        return FAILED
    return DONE


def _wrong(words: str, code: int = USAGE) -> int:
    sys.stderr.write(f"trayapp: {words}\n")
    return code


def _console() -> Console:
    from trayapp.cli.console import Console
    from trayapp.system.paths import find

    return Console(find())
