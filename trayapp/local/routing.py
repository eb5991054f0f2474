"""Which model a request goes to: by the name it asks for, by the user's rules, or where nothing else is said.

A rule goes to a role or to a model, a role to a model, the default to either: no way leads back, so none is endless.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.rules import NAME, ROLE, ROLES, TEXT, Role, Rule, no_name, no_target, target
from trayapp.local import patterns

EMBEDDING: Role = "embedding"
_TEXT_PARTS = ("text", "input_text")
"""What the dialects call a piece of text in a message of several pieces."""


class Why(StrEnum):
    """What decided."""

    MODEL = "model"
    """A model of a known account was asked for."""
    ROLE = "role"
    """A role was asked for."""
    RULE_NAME = "rule-name"
    """A rule was asked for by its name."""
    RULE = "rule"
    """A rule fits."""
    DEFAULT = "default"
    """No rule fits: the default of the settings."""
    CHOSEN = "chosen"
    """No rule fits, and there is no default: the choice in the tray."""


class Routed(Struct, frozen=True):
    """Where a request goes, and why."""

    ref: ModelRef | None
    """None: nothing is chosen that could answer."""
    why: Why
    rule: str = ""
    """The name of the rule that decided."""
    on: str = ""
    """What that rule looked at: ``text``, ``name`` or ``role``."""
    role: str = ""
    """The role that the model stands for in the end."""
    unset: tuple[str, ...] = ()
    """Roles that were come by on the way and stand for no model."""
    instead: Why | None = None
    """Where a role that is not set led instead: DEFAULT or CHOSEN."""


class Problem(Struct, frozen=True):
    """What is wrong with one rule."""

    at: int
    """Its place, counted from 0."""
    rule: str
    """Its name."""
    text: str
    """What is wrong, in a sentence."""
    fatal: bool = True
    """It cannot be used, or not as it is meant; else it is worth knowing, and may be meant."""


def route(
    text: str,
    requested: str | None = None,
    *,
    rules: Iterable[Rule],
    roles: Mapping[Role, str],
    default: str,
    chosen: ModelRef | None,
    accounts: Collection[str] = (),
) -> Routed:
    """Where a request goes that asks for the model ``requested`` and whose last message is ``text``.

    A name that means something (``named``) decides; else the first rule that fits; else ``default``, a role or
    ``account/model``; else what is ``chosen``. ``accounts`` are the ids of all accounts.
    """
    rules = tuple(rules)
    asked = named(requested, rules=rules, roles=roles, default=default, chosen=chosen, accounts=accounts)
    if asked is not None:
        return asked
    last, name = text.strip(), (requested or "").strip()
    for rule in rules:
        seen = last if rule.on == TEXT else name if rule.on == NAME else ""
        if rule.enabled and (rule.on == TEXT or seen) and patterns.fits(rule.pattern, seen):
            return _end(Routed(None, Why.RULE, rule.name, rule.on), rule.to, roles, default, chosen)
    return _fallen(Routed(None, Why.CHOSEN), roles, default, chosen)


def named(
    requested: str | None,
    *,
    rules: Iterable[Rule],
    roles: Mapping[Role, str],
    default: str,
    chosen: ModelRef | None,
    accounts: Collection[str] = (),
) -> Routed | None:
    """What ``requested`` itself means: a role, a model of a known account, or a rule; None for any other name.

    A role goes first through the rules that look at roles. Case does not matter for roles and rules, nor does the
    tag ``:latest`` that tools of Ollama add. Nothing stands in for the role “embedding”.
    """
    name = (requested or "").strip()
    plain = name.casefold().removesuffix(":latest")
    rules = tuple(rules)
    if plain in ROLES:
        for rule in rules:
            if rule.enabled and rule.on == ROLE and patterns.fits(rule.pattern, plain):
                return _end(Routed(None, Why.RULE, rule.name, rule.on), rule.to, roles, default, chosen)
        return _end(Routed(None, Why.ROLE), plain, roles, default, chosen)
    meant = target(name)
    if isinstance(meant, ModelRef) and meant.provider in accounts:
        return Routed(meant, Why.MODEL)
    for rule in rules:
        if rule.enabled and plain and rule.name.strip().casefold() == plain:
            return _end(Routed(None, Why.RULE_NAME, rule.name, rule.on), rule.to, roles, default, chosen)
    return None


def reads_text(rules: Iterable[Rule]) -> bool:
    """Whether any rule looks at what is said, so that the last message has to be found."""
    return any(rule.enabled and rule.on == TEXT for rule in rules)


def last_text(messages: object) -> str:
    """The text of the last message of the user that has one; empty where there is none. Never raises.

    Takes what requests of the OpenAI (chat, responses, completions), Anthropic and Ollama kind hold: a prompt, or a
    list of messages whose content is a text or a list of parts. What a tool gave back is no word of the user's.
    """
    if isinstance(messages, str):
        return messages.strip()
    if not isinstance(messages, (list, tuple)):
        return ""
    for message in reversed(messages):
        if isinstance(message, str):
            said = message
        elif isinstance(message, Mapping) and message.get("role") == "user":
            said = _said(message.get("content"))
        else:
            continue
        if said.strip():
            return said.strip()
    return ""


def problems(rules: Sequence[Rule], roles: Mapping[Role, str], accounts: Collection[str]) -> tuple[Problem, ...]:
    """Everything that is wrong with rules, in their order."""
    found: list[Problem] = []
    names: set[str] = set()
    for at, rule in enumerate(rules):
        name = rule.name.strip().casefold()
        told = [
            (no_name(rule), True),
            (patterns.problem(rule.pattern), True),
            _target_problem(rule.to, roles, accounts),
        ]
        if name in names:
            told.insert(0, (_("Another rule has this name."), True))
        names.add(name)
        found += [Problem(at, rule.name, text, fatal) for text, fatal in told if text]
    return tuple(found)


def _target_problem(to: str, roles: Mapping[Role, str], accounts: Collection[str]) -> tuple[str, bool]:
    if why := no_target(to):
        return why, True
    meant = target(to)
    if isinstance(meant, ModelRef):
        if meant.provider in accounts:
            return "", False
        return _("There is no account “{id}”.").format(id=meant.provider), False
    if meant is None or roles.get(meant):
        return "", False
    return _("Role {role} is not set, so what fits goes to the default.").format(role=meant), False


def _end(found: Routed, to: str, roles: Mapping[Role, str], default: str, chosen: ModelRef | None) -> Routed:
    """``found`` with the model that ``to`` leads to; a role that is not set leads to the default."""
    meant = target(to)
    if isinstance(meant, ModelRef):
        return _with(found, ref=meant)
    if meant is None:
        return _fallen(found, roles, default, chosen)
    ref = _model(roles, meant)
    if ref is not None:
        return _with(found, ref=ref, role=meant)
    found = _with(found, unset=(*found.unset, meant))
    return found if meant == EMBEDDING else _fallen(found, roles, default, chosen)


def _fallen(found: Routed, roles: Mapping[Role, str], default: str, chosen: ModelRef | None) -> Routed:
    """``found`` with the default, which is the tray's choice unless a role or model is set."""
    meant = target(default)
    ref = meant if isinstance(meant, ModelRef) else _model(roles, meant)
    unset = found.unset
    if meant is None or ref is None:
        how, ref, role = Why.CHOSEN, chosen, ""
        if meant is not None and not isinstance(meant, ModelRef) and meant not in unset:
            unset = (*unset, meant)
    else:
        how, role = Why.DEFAULT, "" if isinstance(meant, ModelRef) else meant
    if found.why is Why.CHOSEN:
        return _with(found, ref=ref, why=how, role=role, unset=unset)
    return _with(found, ref=ref, role=role, unset=unset, instead=how)


def _model(roles: Mapping[Role, str], role: Role | None) -> ModelRef | None:
    meant = target(roles.get(role, "")) if role else None
    return meant if isinstance(meant, ModelRef) else None


def _with(found: Routed, **changes: Any) -> Routed:
    from msgspec.structs import replace

    return replace(found, **changes)


def _said(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, (list, tuple)):
        return ""
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and part.get("type", "text") in _TEXT_PARTS:
            text = part.get("text")
            if isinstance(text, str):
                texts.append(text)
    return "\n".join(texts)
