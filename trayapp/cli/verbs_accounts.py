"""The commands about providers, their keys and their lists."""

from __future__ import annotations

from trayapp.cli.verb import ACCOUNT, JSON, Argument, Group, Verb
from trayapp.core.language import N_

PROVIDERS = Group(
    N_("Providers and keys"),
    (
        Verb(
            ("providers",),
            N_("list the accounts, or every provider that could be one"),
            "accounts.show",
            (Argument("--known", N_("every provider the program knows")), JSON),
            example="trayapp providers --known",
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
                Argument(
                    "--set", N_("a value the provider asks for; may be repeated"), "ask", "NAME=VALUE", repeated=True
                ),
                Argument(
                    "--key-from",
                    N_("where its key is: keyring or environment"),
                    "choice",
                    "SOURCE",
                    choices=("keyring", "environment"),
                ),
            ),
            example="trayapp providers add groq\ntrayapp providers add azure-openai --name Work --set resource=contoso",
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
            example="trayapp providers set groq ttl=600 timeouts=slow",
        ),
        Verb(
            ("providers", "order"),
            N_("let the accounts stand in the menu in this order; those that are not named follow"),
            "arranging.order",
            (ACCOUNT._replace(repeated=True),),
            example="trayapp providers order ollama groq openai",
        ),
        Verb(
            ("providers", "remove"),
            N_("remove an account, its key and its list"),
            "accounts.remove",
            (ACCOUNT,),
            example="trayapp providers remove groq",
        ),
        Verb(
            ("providers", "enable"),
            N_("show an account's models again"),
            "accounts.enable",
            (ACCOUNT,),
            example="trayapp providers enable groq",
        ),
        Verb(
            ("providers", "disable"),
            N_("leave an account's models out"),
            "accounts.disable",
            (ACCOUNT,),
            example="trayapp providers disable lmstudio",
        ),
        Verb(
            ("key", "set"),
            N_("check a key and put it into the keyring; it is read from a prompt or from standard input"),
            "keys.store",
            (ACCOUNT, Argument("--unchecked", N_("store it without asking the provider whether it is good"))),
            example="trayapp key set groq",
        ),
        Verb(
            ("key", "remove"),
            N_("remove an account's key from the keyring"),
            "keys.remove",
            (ACCOUNT,),
            example="trayapp key remove groq",
        ),
        Verb(
            ("key", "list"),
            N_("list where each account's key is, without opening the keyring"),
            "keys.show",
            (JSON,),
            example="trayapp key list",
        ),
        Verb(
            ("key", "test"),
            N_("ask the provider whether it takes the key"),
            "keys.test",
            (ACCOUNT,),
            example="trayapp key test groq",
        ),
    ),
)

LISTS = Group(
    N_("Lists of models"),
    (
        Verb(
            ("refresh",),
            N_("ask the providers for their lists again"),
            "program.refresh",
            (Argument("account?", N_("only this account"), "account", "ID"),),
            example="trayapp refresh\ntrayapp refresh groq",
        ),
        Verb(
            ("cache", "stats"),
            N_("say how the cache of lists stands: ages, hits, misses, failures, when each account is asked again"),
            "cache.stats",
            (JSON,),
            example="trayapp cache stats",
        ),
        Verb(
            ("cache", "clear"),
            N_("forget the lists, in memory and on disk"),
            "cache.clear",
            (Argument("account?", N_("only this account's"), "account", "ID"),),
            example="trayapp cache clear groq",
        ),
        Verb(
            ("catalog", "status"),
            N_("say how old the facts about models are: prices, limits, abilities"),
            "catalog.status",
            (JSON,),
            example="trayapp catalog status",
        ),
        Verb(
            ("catalog", "update"),
            N_("ask models.dev and OpenRouter for newer facts about models"),
            "catalog.update",
            example="trayapp catalog update",
        ),
    ),
)
