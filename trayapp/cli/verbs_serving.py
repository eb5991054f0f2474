"""The commands about local models and the gateway."""

from __future__ import annotations

from trayapp.cli.verb import JSON, STRATEGIES, Argument, Group, Verb
from trayapp.core.language import N_

_MODEL = Argument("model", N_("ACCOUNT/MODEL, or MODEL alone where it is clear whose"), "model", "MODEL")

LOCAL = Group(
    N_("Local models"),
    (
        Verb(
            ("local", "status"),
            N_("say which local models are in memory, for how long, and what was measured"),
            "local.status",
            (JSON,),
            example="trayapp local status",
        ),
        Verb(
            ("local", "strategy"),
            N_("say how long local models stay in memory, or choose: ram, ssd, none, or off to leave them alone"),
            "local.strategy",
            (Argument("strategy?", N_("ram, ssd, none or off"), "choice", "STRATEGY", choices=STRATEGIES),),
            example="trayapp local strategy ssd",
        ),
        Verb(
            ("local", "unload"),
            N_("take a local model out of memory, or all of them"),
            "local.unload",
            (_MODEL._replace(name="model?"), Argument("--all", N_("every model of every local server"))),
            example="trayapp local unload ollama/qwen3:8b\ntrayapp local unload --all",
        ),
        Verb(
            ("local", "keep"),
            N_("keep a local model in memory whatever the strategy says"),
            "local.keep",
            (_MODEL, Argument("--off", N_("treat it like the others again"))),
            example="trayapp local keep qwen3:8b",
        ),
        Verb(
            ("local", "warm"),
            N_("load a local model now, and wait until it is loaded"),
            "local.warm",
            (_MODEL,),
            example="trayapp local warm ollama/qwen3:8b",
        ),
    ),
)

GATEWAY = Group(
    N_("Gateway for other tools"),
    (
        Verb(
            ("gateway", "on"),
            N_("let tools reach the chosen model through this computer's own address"),
            "gateway.on",
            example="trayapp gateway on",
        ),
        Verb(("gateway", "off"), N_("let no tools in any more"), "gateway.off", example="trayapp gateway off"),
        Verb(
            ("gateway", "status"),
            N_("say how the gateway stands, how tools are pointed at it, and what they used today"),
            "gateway.status",
            (JSON,),
            example="trayapp gateway status",
        ),
        Verb(
            ("gateway", "url"),
            N_("print the address that tools are given"),
            "gateway.url",
            example="trayapp gateway url",
        ),
        Verb(
            ("gateway", "token"),
            N_("print the token that tools have to show, make another, or revoke one"),
            "gateway.token",
            (
                Argument("--new", N_("make a token of this name, and print it"), "text", "NAME"),
                Argument("--revoke", N_("let the tools that have this token in no more"), "text", "NAME"),
            ),
            example="trayapp gateway token --new editor",
        ),
        Verb(
            ("usage",),
            N_("say what tools used by way of the gateway: requests, tokens, cost, times"),
            "usage.usage",
            (
                Argument("--days", N_("the last so many days, today among them; 30 if not said"), "text", "N"),
                Argument(
                    "--by",
                    N_("a line for each of these; “request” with --json or --csv only"),
                    "choice",
                    "WHAT",
                    choices=("model", "provider", "tool", "day", "request"),
                ),
                JSON,
                Argument("--csv", N_("print a table for spreadsheets")),
            ),
            example="trayapp usage --days 7 --by tool",
        ),
        Verb(
            ("serve",),
            N_("run without an icon, with the gateway on; ends at Ctrl+C"),
            "serve.serve",
            (Argument("--port", N_("listen at this port instead of the one in the settings"), "text", "PORT"),),
            example="trayapp serve --port 4180",
        ),
    ),
)
