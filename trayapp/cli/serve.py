"""The command that runs the program without an icon: for a server, or a session without a desktop."""

from __future__ import annotations

from typing import Any

from trayapp.cli.codes import DONE, FAILED, USAGE
from trayapp.cli.console import Console, flush
from trayapp.core.language import _

LOWEST, HIGHEST = 1024, 32767
"""The ports that the settings allow."""


def serve(console: Console, args: Any) -> int:
    """``trayapp serve``: stays until it is ended; code 1 where it could not listen, or a tray runs."""
    port = None
    if args.port is not None:
        if not (args.port.isascii() and args.port.isdecimal() and LOWEST <= int(args.port) <= HIGHEST):
            console.complain(_("The port is a number from {low} to {high}.").format(low=LOWEST, high=HIGHEST))
            return USAGE
        port = int(args.port)
    from trayapp.system import instance

    try:
        claim = None if console.remote.running() else instance.claim(console.paths.runtime)
    except OSError as exc:
        console.complain(instance.unusable(exc))
        return FAILED
    if claim is None:
        console.complain(_("trayapp runs already: “trayapp gateway on” lets tools in there, “trayapp quit” ends it."))
        return FAILED
    from trayapp.app import serving

    def say(text: str) -> None:
        console.say(text)
        flush(console.out)  # who waits for the address reads it through a pipe

    served = serving.serve(console.paths, claim, console.env, port=port, say=say, complain=console.complain)
    return DONE if served else FAILED
