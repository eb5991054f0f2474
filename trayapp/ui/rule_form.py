"""Roles and rules as the settings show them: what may be typed, what is worth knowing, and where a text goes."""

from __future__ import annotations

from collections.abc import Collection

from trayapp.core.accounts import with_implicit
from trayapp.core.language import N_, _
from trayapp.core.models import ModelRef
from trayapp.core.rules import (
    EXAMPLE_ROLES,
    EXAMPLES,
    NAME,
    ROLE,
    TEXT,
    Role,
    Rule,
    no_model,
    no_name,
    no_target,
    target,
)
from trayapp.core.settings import Settings
from trayapp.local.residency import canonical

ROLE_NAMES: dict[Role, str] = {
    "primary": N_("Primary"),
    "code": N_("Code"),
    "fast": N_("Fast"),
    "embedding": N_("Embedding"),
}
LOOKS_AT: dict[str, str] = {
    TEXT: N_("the last message"),
    NAME: N_("the model’s name that was asked for"),
    ROLE: N_("the role"),
}


def model_problem(text: str) -> str:
    """What is wrong with a model as typed, in words; nothing at all is no model, and fine."""
    return no_model(text) if text.strip() else ""


def target_problem(text: str) -> str:
    """What is wrong with where a request is to go: a role or a model; nothing at all is fine."""
    return no_target(text) if text.strip() else ""


def model_note(text: str, settings: Settings, known: Collection[str]) -> str:
    """What is worth knowing of a role or model that can be saved but leads nowhere yet; empty when all is well."""
    meant = target(text)
    if meant is None:
        return ""
    if not isinstance(meant, ModelRef):
        return "" if settings.roles.get(meant) else _("The role “{role}” stands for no model yet.").format(role=meant)
    if meant.provider not in accounts(settings):
        return _("There is no account “{id}” yet.").format(id=meant.provider)
    listed = {canonical(name) for name in known}
    if any(name.startswith(f"{meant.provider}/") for name in listed) and canonical(str(meant)) not in listed:
        return _("“{id}” does not list this model now.").format(id=meant.provider)
    return ""


def accounts(settings: Settings) -> frozenset[str]:
    """The ids of all accounts, with those that nobody has to set up."""
    return frozenset(account.id for account in with_implicit(settings.accounts))


def rule_problems(rule: Rule, others: Collection[Rule]) -> dict[str, str]:
    """What is wrong with a rule, by the field that has to change; empty when it can be kept."""
    from trayapp.local import patterns

    same = any(it.name.strip().casefold() == rule.name.strip().casefold() for it in others)
    told = {
        "name": _("Another rule has this name.") if same else no_name(rule),
        "pattern": patterns.problem(rule.pattern),
        "to": no_target(rule.to) if rule.to.strip() else _("Choose where such a request goes."),
    }
    return {field: why for field, why in told.items() if why}


def rule_notes(settings: Settings) -> str:
    """What is worth knowing of the rules as they stand, a line for each; empty when all is well."""
    from trayapp.local.routing import problems
    from trayapp.ui.routes import complaints

    return "\n".join(complaints(problems(settings.rules, settings.roles, accounts(settings))))


def tried(settings: Settings, chosen: ModelRef | None, text: str, requested: str) -> str:
    """Where a text and a requested name go under these settings, and why, in a sentence."""
    from trayapp.local.routing import route
    from trayapp.ui import routes

    routed = route(
        text,
        requested or None,
        rules=settings.rules,
        roles=settings.roles,
        default=settings.default_route,
        chosen=chosen,
        accounts=accounts(settings),
    )
    return routes.sentence(routed, text, requested or None)


def rule_cells(rule: Rule) -> tuple[str, str, str, str]:
    """A rule in the list: its name, what it looks at, its pattern and where it sends."""
    target = _(ROLE_NAMES[rule.to]) if rule.to in ROLE_NAMES else rule.to
    return (rule.name, _(LOOKS_AT[rule.on]), rule.pattern or _("(anything)"), target)


def with_examples(settings: Settings, which: str) -> Settings:
    """The settings with one set of example rules at the end, and what these need where nothing is chosen yet.

    ``which`` is a key of ``core.rules.EXAMPLES``. A rule that is there by name already stays as it is.
    """
    from msgspec.structs import replace

    there = {rule.name.casefold() for rule in settings.rules}
    rules = (*settings.rules, *(it for it in EXAMPLES[which] if it.name.casefold() not in there))
    if which == "by role":
        roles = EXAMPLE_ROLES | {role: model for role, model in settings.roles.items() if model}
        return replace(settings, rules=rules, roles=roles, default_route=settings.default_route or "primary")
    return replace(settings, rules=rules, default_route=settings.default_route or EXAMPLE_ROLES["primary"])
