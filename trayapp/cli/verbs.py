"""Every command, declared once: the parser, the help page and the shell completion are read off this table."""

from __future__ import annotations

from typing import NamedTuple

from trayapp.core.language import N_


class Argument(NamedTuple):
    """One option (``--json``) or one word in its place (``account``)."""

    name: str
    help: str
    kind: str = ""
    """What stands there, for completion: account, spec, model, setting, value, shell, or text for anything.
    An option without a kind is a switch."""
    metavar: str = ""
    repeated: bool = False
    choices: tuple[str, ...] = ()

    @property
    def option(self) -> bool:
        return self.name.startswith("-")


class Verb(NamedTuple):
    """One command: its words, and where the function is that does it, as ``module.function`` of this package."""

    words: tuple[str, ...]
    help: str
    run: str
    arguments: tuple[Argument, ...] = ()


SHELLS = ("bash", "zsh", "fish")

JSON = Argument("--json", N_("print JSON"))
ACCOUNT = Argument("account", N_("id of the account, as “trayapp providers” shows it"), "account", "ID")
LOCAL_MODEL = Argument("model", N_("ACCOUNT/MODEL, or MODEL alone where it is clear whose"), "model", "MODEL")

VERBS: tuple[Verb, ...] = (
    Verb(
        ("models",),
        N_("list the models of all accounts, sorted by provider, then model"),
        "models.models",
        (
            Argument("--provider", N_("only this account; may be repeated"), "account", "ID", repeated=True),
            Argument("--refresh", N_("ask the providers first")),
            Argument("--all", N_("models that do not chat as well")),
            JSON,
            Argument(
                "--porcelain",
                N_("tab-separated and stable: provider, model, name, context, input price, output price, source"),
            ),
        ),
    ),
    Verb(("current",), N_("print the chosen model"), "models.current", (JSON,)),
    Verb(
        ("use",),
        N_("choose a model"),
        "models.use",
        (
            Argument("model", N_("PROVIDER/MODEL, or MODEL alone where one account has it"), "model", "MODEL"),
            Argument("--unlisted", N_("choose it even if its account does not list it")),
        ),
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
    ),
    Verb(
        ("providers",),
        N_("list the accounts, or every provider that could be one"),
        "accounts.show",
        (Argument("--known", N_("every provider the program knows")), JSON),
    ),
    Verb(
        ("providers", "add"),
        N_("add an account"),
        "accounts.add",
        (
            Argument("spec", N_("provider, as “trayapp providers --known” shows it"), "spec", "PROVIDER"),
            Argument("--id", N_("what to call it in commands"), "text", "ID"),
            Argument("--name", N_("what to call it in the menu"), "text", "NAME"),
            Argument("--base-url", N_("another address than the provider's own"), "text", "URL"),
            Argument("--set", N_("a value the provider asks for; may be repeated"), "ask", "NAME=VALUE", repeated=True),
            Argument(
                "--key-from",
                N_("where its key is: keyring or environment"),
                "choice",
                "SOURCE",
                choices=("keyring", "environment"),
            ),
        ),
    ),
    Verb(
        ("providers", "set"),
        N_("change an account: its name, address, times, or a value the provider asks for"),
        "accounts.put",
        (
            ACCOUNT,
            Argument(
                "change",
                N_("such as ttl=600, strategy=fresh, timeouts=slow, base_url=URL, name=TEXT; NAME= unsets it"),
                "change",
                "NAME=VALUE",
                repeated=True,
            ),
        ),
    ),
    Verb(("providers", "remove"), N_("remove an account, its key and its list"), "accounts.remove", (ACCOUNT,)),
    Verb(("providers", "enable"), N_("show an account's models again"), "accounts.enable", (ACCOUNT,)),
    Verb(("providers", "disable"), N_("leave an account's models out"), "accounts.disable", (ACCOUNT,)),
    Verb(
        ("key", "set"),
        N_("check a key and put it into the keyring; it is read from a prompt or from standard input"),
        "keys.store",
        (ACCOUNT, Argument("--unchecked", N_("store it without asking the provider whether it is good"))),
    ),
    Verb(("key", "remove"), N_("remove an account's key from the keyring"), "keys.remove", (ACCOUNT,)),
    Verb(("key", "list"), N_("list where each account's key is, without opening the keyring"), "keys.show", (JSON,)),
    Verb(("key", "test"), N_("ask the provider whether it takes the key"), "keys.test", (ACCOUNT,)),
    Verb(
        ("refresh",),
        N_("ask the providers for their lists again"),
        "program.refresh",
        (Argument("account?", N_("only this account"), "account", "ID"),),
    ),
    Verb(("status",), N_("say what runs, what is chosen and how old the lists are"), "program.status", (JSON,)),
    Verb(
        ("doctor",),
        N_("say what is wrong and what to do; nothing is sent anywhere"),
        "doctor.doctor",
        (JSON,),
    ),
    Verb(
        ("cache", "stats"),
        N_("say how the cache of lists stands: ages, hits, misses, failures, when each account is asked again"),
        "cache.stats",
        (JSON,),
    ),
    Verb(
        ("cache", "clear"),
        N_("forget the lists, in memory and on disk"),
        "cache.clear",
        (Argument("account?", N_("only this account's"), "account", "ID"),),
    ),
    Verb(
        ("catalog", "status"),
        N_("say how old the facts about models are: prices, limits, abilities"),
        "catalog.status",
        (JSON,),
    ),
    Verb(
        ("catalog", "update"),
        N_("ask models.dev and OpenRouter for newer facts about models"),
        "catalog.update",
    ),
    Verb(
        ("local", "status"),
        N_("say which local models are in memory, for how long, and what was measured"),
        "local.status",
        (JSON,),
    ),
    Verb(
        ("local", "strategy"),
        N_("say how long local models stay in memory, or choose: ram, ssd, none, or off to leave them alone"),
        "local.strategy",
        (
            Argument(
                "strategy?", N_("ram, ssd, none or off"), "choice", "STRATEGY", choices=("ram", "ssd", "none", "off")
            ),
        ),
    ),
    Verb(
        ("local", "unload"),
        N_("take a local model out of memory, or all of them"),
        "local.unload",
        (
            Argument("model?", N_("ACCOUNT/MODEL, or MODEL alone where it is clear whose"), "model", "MODEL"),
            Argument("--all", N_("every model of every local server")),
        ),
    ),
    Verb(
        ("local", "keep"),
        N_("keep a local model in memory whatever the strategy says"),
        "local.keep",
        (LOCAL_MODEL, Argument("--off", N_("treat it like the others again"))),
    ),
    Verb(
        ("local", "warm"),
        N_("load a local model now, and wait until it is loaded"),
        "local.warm",
        (LOCAL_MODEL,),
    ),
    Verb(("gateway", "on"), N_("let tools reach the chosen model through this computer's own address"), "gateway.on"),
    Verb(("gateway", "off"), N_("let no tools in any more"), "gateway.off"),
    Verb(
        ("gateway", "status"),
        N_("say how the gateway stands, how tools are pointed at it, and what they used today"),
        "gateway.status",
        (JSON,),
    ),
    Verb(("gateway", "url"), N_("print the address that tools are given"), "gateway.url"),
    Verb(
        ("gateway", "token"),
        N_("print the token that tools have to show, make another, or revoke one"),
        "gateway.token",
        (
            Argument("--new", N_("make a token of this name, and print it"), "text", "NAME"),
            Argument("--revoke", N_("let the tools that have this token in no more"), "text", "NAME"),
        ),
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
    ),
    Verb(
        ("serve",),
        N_("run without an icon, with the gateway on; ends at Ctrl+C"),
        "serve.serve",
        (Argument("--port", N_("listen at this port instead of the one in the settings"), "text", "PORT"),),
    ),
    Verb(("login", "on"), N_("start with the desktop session"), "program.login_on"),
    Verb(("login", "off"), N_("no longer start with the desktop session"), "program.login_off"),
    Verb(("login", "status"), N_("say whether it starts with the desktop session"), "program.login_status", (JSON,)),
    Verb(
        ("settings", "get"),
        N_("print one setting"),
        "settings.get",
        (Argument("setting", N_("name of the setting"), "setting", "NAME"),),
    ),
    Verb(
        ("settings", "set"),
        N_("change one setting"),
        "settings.put",
        (
            Argument("setting", N_("name of the setting"), "setting", "NAME"),
            Argument("value", N_("its new value; of a table, the entries to change"), "value", "VALUE"),
        ),
    ),
    Verb(("settings", "list"), N_("list all settings with their limits"), "settings.show", (JSON,)),
    Verb(("paths",), N_("say where everything is kept"), "program.paths", (JSON,)),
    Verb(("quit",), N_("end the running program"), "program.leave"),
    Verb(
        ("completion",),
        N_("print the completion script of a shell"),
        "program.completion",
        (Argument("shell", N_("bash, zsh or fish"), "choice", "SHELL", choices=SHELLS),),
    ),
)


def find(words: list[str]) -> tuple[Verb, list[str]] | None:
    """The command that ``words`` begin with, the longest one, and the words left over."""
    best: Verb | None = None
    for verb in VERBS:
        if tuple(words[: len(verb.words)]) == verb.words and (best is None or len(verb.words) > len(best.words)):
            best = verb
    return None if best is None else (best, words[len(best.words) :])


def below(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that may follow: the commands themselves, or those below ``key``."""
    found = (verb.words[len(words)] for verb in VERBS if verb.words[: len(words)] == words and verb.words != words)
    return tuple(dict.fromkeys(found))
