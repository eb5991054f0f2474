"""The commands about models: list, choose, pin and hide them, and profiles."""

from __future__ import annotations

from trayapp.cli.verb import JSON, STRATEGIES, Argument, Group, Verb
from trayapp.core.language import N_

_MODEL = Argument("model", N_("PROVIDER/MODEL, or MODEL alone where one account has it"), "model", "MODEL")
_PROFILE = Argument("name", N_("name of the profile"), "profile", "NAME")

MODELS = Group(
    N_("Models"),
    (
        Verb(
            ("models",),
            N_("list the models of all accounts, sorted by provider, then model"),
            "models.models",
            (
                Argument("--provider", N_("only this account; may be repeated"), "account", "ID", repeated=True),
                Argument("--refresh", N_("ask the providers first")),
                Argument("--all", N_("models that do not chat and hidden ones as well")),
                Argument("--pinned", N_("pinned models only")),
                Argument("--hidden", N_("hidden models only")),
                JSON,
                Argument(
                    "--porcelain",
                    N_("tab-separated and stable: provider, model, name, context, input price, output price, source"),
                ),
            ),
            example="trayapp models --provider groq\ntrayapp models --refresh --json",
        ),
        Verb(("current",), N_("print the chosen model"), "models.current", (JSON,), example="trayapp current"),
        Verb(
            ("use",),
            N_("choose a model"),
            "models.use",
            (_MODEL, Argument("--unlisted", N_("choose it even if its account does not list it"))),
            example="trayapp use groq/llama-3.3-70b-versatile\ntrayapp use ollama/qwen3:8b",
        ),
        Verb(
            ("pin",),
            N_("keep a model on top of the menu and of the search"),
            "arranging.pin",
            (_MODEL, Argument("--off", N_("no longer keep it on top"))),
            example="trayapp pin ollama/qwen3:8b",
        ),
        Verb(
            ("hide",),
            N_("leave a model out of the menu and of lists, or show it again"),
            "arranging.hide",
            (
                _MODEL._replace(name="model?"),
                Argument("--off", N_("show it again")),
                Argument("--none", N_("hide no model any more")),
            ),
            example="trayapp hide openai/gpt-3.5-turbo\ntrayapp hide --none",
        ),
        Verb(
            ("route",),
            N_("say which model a text would go to by the rules, and why; nothing is sent"),
            "route.route",
            (
                Argument("text", N_("the last message of a request"), "text", "TEXT"),
                Argument("--name", N_("the model's name that the request asks for"), "text", "NAME"),
                JSON,
            ),
            example='trayapp route "write a function that sorts"',
        ),
    ),
)

PROFILES = Group(
    N_("Profiles"),
    (
        Verb(
            ("profile",),
            N_("list the profiles: named sets of a model, of accounts and of a strategy"),
            "profiles.show",
            (JSON,),
            example="trayapp profile",
        ),
        Verb(
            ("profile", "use"),
            N_("use a profile: its model, its accounts and its strategy at once"),
            "profiles.use",
            (_PROFILE._replace(name="name?"), Argument("--none", N_("use no profile any more"))),
            example="trayapp profile use offline",
        ),
        Verb(
            ("profile", "none"),
            N_("use no profile any more; what is chosen stays chosen"),
            "profiles.none",
            example="trayapp profile none",
        ),
        Verb(
            ("profile", "save"),
            N_("save what is in use now as a profile, or replace the one of that name"),
            "profiles.save",
            (
                _PROFILE,
                Argument("--model", N_("this model instead of the chosen one"), "model", "MODEL"),
                Argument("--no-model", N_("none: whatever is chosen stays chosen")),
                Argument("--accounts", N_("only these accounts, separated by commas"), "accounts", "ID,ID"),
                Argument("--all-accounts", N_("every account that is switched on")),
                Argument(
                    "--strategy",
                    N_("for local models: ram, ssd, none, or off to leave them alone"),
                    "choice",
                    "STRATEGY",
                    choices=STRATEGIES,
                ),
            ),
            example="trayapp profile save work\n"
            "trayapp profile save offline --model ollama/qwen3:8b --accounts ollama --strategy ram",
        ),
        Verb(
            ("profile", "remove"),
            N_("forget a profile; what is in use with it stays in use"),
            "profiles.remove",
            (_PROFILE,),
            example="trayapp profile remove offline",
        ),
    ),
)
