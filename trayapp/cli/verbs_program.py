"""The commands about the program itself: its windows, its settings, its files, and starting with the session."""

from __future__ import annotations

from trayapp.cli.verb import JSON, Argument, Group, Verb
from trayapp.core.language import N_

SHELLS = ("bash", "zsh", "fish")
_SETTING = Argument("setting", N_("name of the setting"), "setting", "NAME")

PROGRAM = Group(
    N_("The program"),
    (
        Verb(
            ("open",),
            N_("open a window of the running program, and start it where none runs"),
            "start.open_window",
            (
                Argument("--finder", N_("find a model as you type; a key of your desktop can be bound to it")),
                Argument("--models", N_("all models")),
                Argument("--settings", N_("the settings, on this page if one is named"), "page", "PAGE", bare=True),
                Argument("--welcome", N_("the steps of the first start")),
                Argument("--help-page", N_("the user guide, on this page if one is named"), "guide", "PAGE", bare=True),
            ),
            example="trayapp open --finder\ntrayapp open --settings gateway",
        ),
        Verb(
            ("status",),
            N_("say what runs, what is chosen and how old the lists are"),
            "program.status",
            (JSON,),
            example="trayapp status",
        ),
        Verb(
            ("doctor",),
            N_("say what is wrong and what to do; nothing is sent anywhere"),
            "doctor.doctor",
            (JSON,),
            example="trayapp doctor",
        ),
        Verb(
            ("version",),
            N_("print the version, and what is known of newer ones"),
            "version.version",
            (Argument("--check", N_("ask who announces them, once a day at most; nothing is downloaded")), JSON),
            example="trayapp version --check",
        ),
        Verb(
            ("settings", "get"),
            N_("print one setting"),
            "settings.get",
            (_SETTING,),
            example="trayapp settings get tray_wait",
        ),
        Verb(
            ("settings", "set"),
            N_("change one setting"),
            "settings.put",
            (
                _SETTING,
                Argument("value", N_("its new value; of a table, the entries to change"), "value", "VALUE"),
            ),
            example="trayapp settings set notify_switch off\ntrayapp settings set provider_ttl_overrides ollama=300",
        ),
        Verb(
            ("settings", "list"),
            N_("list all settings with their limits"),
            "settings.show",
            (JSON,),
            example="trayapp settings list",
        ),
        Verb(
            ("export",),
            N_("write settings, accounts, rules, pins and profiles into a file to import elsewhere; no key is in it"),
            "transfer.export",
            (
                Argument("file?", N_("where to; standard output if none is named"), "file", "FILE"),
                Argument("--force", N_("replace the file if it is there")),
            ),
            example="trayapp export trayapp.json",
        ),
        Verb(
            ("import",),
            N_("replace settings, accounts, rules, pins and profiles by those of an export; keys stay as they are"),
            "transfer.import_file",
            (
                Argument("file", N_("the export; “-” for standard input"), "file", "FILE"),
                Argument("--dry-run", N_("only say what would be done")),
            ),
            example="trayapp import trayapp.json --dry-run\ntrayapp import trayapp.json",
        ),
        Verb(("login", "on"), N_("start with the desktop session"), "program.login_on", example="trayapp login on"),
        Verb(
            ("login", "off"),
            N_("no longer start with the desktop session"),
            "program.login_off",
            example="trayapp login off",
        ),
        Verb(
            ("login", "status"),
            N_("say whether it starts with the desktop session"),
            "program.login_status",
            (JSON,),
            example="trayapp login status",
        ),
        Verb(("paths",), N_("say where everything is kept"), "program.paths", (JSON,), example="trayapp paths"),
        Verb(("quit",), N_("end the running program"), "program.leave", example="trayapp quit"),
        Verb(
            ("completion",),
            N_("print the completion script of a shell"),
            "program.completion",
            (Argument("shell", N_("bash, zsh or fish"), "choice", "SHELL", choices=SHELLS),),
            example="trayapp completion bash",
        ),
    ),
)
