"""Every command, declared once: parser, help page, manual and shell completion are read off this table."""

from __future__ import annotations

from trayapp.cli.verb import Argument, Group, Verb
from trayapp.cli.verbs_accounts import LISTS, PROVIDERS
from trayapp.cli.verbs_models import MODELS, PROFILES
from trayapp.cli.verbs_program import PROGRAM, SHELLS
from trayapp.cli.verbs_serving import GATEWAY, LOCAL

__all__ = ["GROUPS", "SHELLS", "VERBS", "Argument", "Group", "Verb", "below", "find"]

GROUPS: tuple[Group, ...] = (MODELS, PROFILES, PROVIDERS, LISTS, LOCAL, GATEWAY, PROGRAM)
VERBS: tuple[Verb, ...] = tuple(verb for group in GROUPS for verb in group.verbs)


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
