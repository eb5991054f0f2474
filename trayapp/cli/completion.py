"""Completes a half-typed command: verbs and options from their table, names and models from the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from trayapp.cli.verbs import VERBS, Argument, Verb, below, find
from trayapp.core.language import _

SCRIPTS = {"bash": "trayapp.bash", "zsh": "_trayapp", "fish": "trayapp.fish"}
"""Shells and their scripts in the resources; each asks ``trayapp complete`` and decides nothing itself."""

_ALONE = ("--help", "--version", "--silent", "--debug")


class Candidate(NamedTuple):
    """One way to go on. More may follow what ends in ``/`` or ``=``, so shells put no blank after it."""

    text: str
    about: str = ""


Names = Callable[[list[str], str], Iterable[Candidate]]
"""Gives the names of one kind: from the words typed before, and from what is typed of this one."""


def candidates(words: list[str], names: Mapping[str, Names]) -> list[Candidate]:
    """What the last of ``words`` (it may be empty) can become, in the order to show it."""
    *before, typed = words or [""]
    found = [it for it in _all(before, typed, names) if it.text.startswith(typed)]
    return list(dict.fromkeys(found))


def _all(before: list[str], typed: str, names: Mapping[str, Names]) -> Iterable[Candidate]:
    matched = find(before)
    start = tuple(before)
    verbs = [Candidate(word, _about((*start, word))) for word in below(start)]
    if matched is None:
        options = [Candidate(it) for it in _ALONE] if not before and typed.startswith("-") else []
        return verbs + options
    verb, rest = matched
    return [*(() if rest else verbs), *_arguments(verb, rest, typed, names)]


def _arguments(verb: Verb, rest: list[str], typed: str, names: Mapping[str, Names]) -> Iterable[Candidate]:
    options = {it.name: it for it in verb.arguments if it.option}
    places = [it for it in verb.arguments if not it.option]
    waiting: Argument | None = None
    used: set[str] = set()
    given: list[str] = []
    for word in rest:
        if waiting is not None:
            waiting = None
            continue
        name, equals, _value = word.partition("=")
        option = options.get(name)
        if option is None:
            given.append(word)
            continue
        used.add(name)
        waiting = option if option.kind and not equals else None
    if waiting is not None:
        return _named(waiting, given, typed, names)
    name, equals, value = typed.partition("=")
    if equals and name in options and options[name].kind:
        return [Candidate(f"{name}={it.text}", it.about) for it in _named(options[name], given, value, names)]
    left = [Candidate(it.name, _(it.help)) for it in options.values() if it.repeated or it.name not in used]
    if typed.startswith("-"):
        return [*left, Candidate("--help")]
    if places and (len(given) < len(places) or places[-1].repeated):
        return _named(places[min(len(given), len(places) - 1)], given, typed, names)
    return left


def _named(argument: Argument, given: list[str], typed: str, names: Mapping[str, Names]) -> Iterable[Candidate]:
    if argument.choices:
        return [Candidate(it) for it in argument.choices]
    return names[argument.kind](given, typed) if argument.kind in names else ()


def _about(words: tuple[str, ...]) -> str:
    return next((_(verb.help) for verb in VERBS if verb.words == words), "")
