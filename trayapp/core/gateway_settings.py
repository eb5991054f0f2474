"""The preferences about the gateway, the loopback server that every tool is pointed at."""

# annotations are not postponed here: msgspec would compile each of them at every start, which takes 3 ms
from typing import Annotated

from trayapp.core.language import N_, _
from trayapp.core.local_settings import LocalSettings
from trayapp.core.preference import GATEWAY, about
from trayapp.core.redaction import struck

PORT = 4180
"""Below the ports that systems hand out, and nobody's default among the programs that meet here."""
OTHER_NAMES = {
    "follow": N_("goes to the model chosen in the tray"),
    "refuse": N_("is refused"),
}
"""What becomes of a request for a model name that means nothing here, and the words for it."""
KEEP_ALIVE = {
    "strip": N_("leave it out: the strategy decides"),
    "honour": N_("pass it on"),
}
"""What becomes of a tool's own ``keep_alive`` for Ollama, and the words for it."""


class GatewaySettings(LocalSettings, frozen=True, omit_defaults=True, kw_only=True):
    """Whether it listens, where, for whom, and what it does with names, failures and figures."""

    gateway: Annotated[
        bool,
        about(
            N_("Let tools use the chosen model"),
            page=GATEWAY,
            help=N_("A server on this computer only, at http://127.0.0.1. Tools are pointed at it once and for all."),
        ),
    ] = False
    gateway_port: Annotated[
        int,
        about(
            N_("Port"),
            page=GATEWAY,
            minimum=1024,
            maximum=32767,
            help=N_("Tools remember it, so it never changes by itself."),
        ),
    ] = PORT
    gateway_other_names: Annotated[
        str,
        about(
            N_("A request for any other model name"),
            page=GATEWAY,
            choices=OTHER_NAMES,
            help=N_("ACCOUNT/MODEL, roles and the names of rules always mean themselves."),
        ),
    ] = "follow"
    gateway_keep_alive: Annotated[
        str,
        about(N_("A tool's own time for an Ollama model"), page=GATEWAY, choices=KEEP_ALIVE),
    ] = "strip"
    gateway_failover: Annotated[
        tuple[str, ...],
        about(
            N_("When a provider fails, try"),
            page=GATEWAY,
            form=N_("ACCOUNT/MODEL or roles in their order, separated by commas; nothing: no other is tried."),
            help=N_("Only before the first word of an answer, and never for a model that was asked for by its name."),
        ),
    ] = ()
    gateway_cooldown: Annotated[
        int,
        about(N_("Leave a failed provider alone for"), page=GATEWAY, minimum=1, maximum=3600, unit=N_("seconds")),
    ] = 60
    gateway_without_token: Annotated[
        tuple[str, ...],
        about(
            N_("Paths that need no token"),
            page=GATEWAY,
            form=N_("Beginnings of paths, separated by commas, such as /api/."),
            help=N_("For tools that cannot send one. Every program on this computer can then spend your keys there."),
        ),
    ] = ()
    gateway_origins: Annotated[
        tuple[str, ...],
        about(
            N_("Web pages that may ask"),
            page=GATEWAY,
            form=N_("Origins, separated by commas, such as app://obsidian.md."),
            help=N_("None by default: a page in your browser cannot use your keys."),
        ),
    ] = ()
    gateway_grace: Annotated[
        int,
        about(N_("At the end, let answers finish for"), page=GATEWAY, minimum=0, maximum=120, unit=N_("seconds")),
    ] = 5
    usage_days: Annotated[
        int,
        about(
            N_("Keep the figures of use for"),
            page=GATEWAY,
            minimum=1,
            maximum=3650,
            unit=N_("days"),
            help=N_("Numbers only: what was asked and answered is never written down."),
        ),
    ] = 90


def no_path(text: str) -> str:
    """Why ``text`` is no beginning of a path, in a sentence; empty where it is."""
    if text.startswith("/") and text.isprintable() and " " not in text:
        return ""
    return _("“{text}” is no beginning of a path: it starts with a slash, such as /api/.").format(text=struck(text))


def no_origin(text: str) -> str:
    """Why ``text`` is no origin of a web page, in a sentence; empty where it is."""
    scheme, found, rest = text.partition("://")
    if found and scheme.isascii() and scheme.isalnum() and rest and not set(rest) & set("/?#@ *"):
        return ""
    told = _("“{text}” is no origin: it is written as https://example.org or app://obsidian.md, without a path.")
    return told.format(text=struck(text))
