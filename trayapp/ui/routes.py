"""Says in a sentence where a request goes, and why."""

from __future__ import annotations

from collections.abc import Iterable

from trayapp.core.language import _, plural
from trayapp.core.redaction import struck
from trayapp.core.rules import ROLE, TEXT
from trayapp.local.routing import EMBEDDING, Problem, Routed, Why

_SHOWN = 40
"""Characters of a message that are repeated."""


def sentence(routed: Routed, text: str, requested: str | None = None) -> str:
    """Why a request with this last message, for the model ``requested``, goes where it goes."""
    rule, model = routed.rule, str(routed.ref)
    what = _subject(routed, text, requested)
    match routed.why:
        case Why.MODEL:
            return _("The request names a model: {model}.").format(model=model)
        case Why.ROLE:
            start = _("The request names role {role}").format(role=_first_role(routed))
            return _ended(start, routed) if routed.unset else _("{start}: {model}.").format(start=start, model=model)
        case Why.RULE | Why.RULE_NAME:
            start = _("{what} fits rule “{rule}”").format(what=what, rule=rule)
            if routed.why is Why.RULE_NAME:
                start = _("The request names rule “{rule}”").format(rule=rule)
            role = _first_role(routed)
            if not role:
                return _("{start}, which goes to {model}.").format(start=start, model=model)
            start = _("{start}, which goes to role {role}").format(start=start, role=role)
            return _ended(start, routed) if routed.unset else _("{start}: {model}.").format(start=start, model=model)
    return _ended(_("{what} fits no rule").format(what=what), routed)


def complaints(problems: Iterable[Problem]) -> tuple[str, ...]:
    """A sentence for each thing that is wrong with rules, with the rule's name."""
    told = _("Rule “{rule}”: {text}")
    return tuple(told.format(rule=struck(it.rule), text=it.text) for it in problems)


def excerpt(text: str) -> str:
    """The beginning of a message on one line and in quotes, without anything that looks like a key."""
    line = " ".join(struck(text).split())
    if not line:
        return _("A message without text")
    return _("“{text}”").format(text=line if len(line) <= _SHOWN else line[: _SHOWN - 1].rstrip() + "…")


def _subject(routed: Routed, text: str, requested: str | None) -> str:
    """What the rule looked at."""
    name = struck((requested or "").strip())
    if routed.on in ("", TEXT):
        return excerpt(text)
    return (_("Role {name}") if routed.on == ROLE else _("The name “{name}”")).format(name=name)


def _first_role(routed: Routed) -> str:
    """The role that the rule or the request itself leads to; empty where it is a model."""
    if routed.unset:
        return routed.unset[0]
    return routed.role


def _ended(start: str, routed: Routed) -> str:
    """``start``, and what holds where no rule and no role leads to a model."""
    model = str(routed.ref)
    if EMBEDDING in routed.unset and routed.ref is None and routed.instead is None and routed.why is not Why.CHOSEN:
        return _("{start}. That role is not set, and nothing stands in for it.").format(start=start)
    if routed.unset:
        roles = ", ".join(routed.unset)
        n = len(routed.unset)
        more = plural("Role {roles} is not set", "Roles {roles} are not set", n).format(roles=roles)
        start = _("{start}. {more}").format(start=start, more=more)
    if routed.ref is None:
        return _("{start}, and no model is chosen in the tray.").format(start=start)
    if Why.CHOSEN in (routed.why, routed.instead):
        return _("{start}, so it goes to the model chosen in the tray: {model}.").format(start=start, model=model)
    if routed.role:
        told = _("{start}, so it goes to the default, role {role}: {model}.")
        return told.format(start=start, role=routed.role, model=model)
    return _("{start}, so it goes to the default: {model}.").format(start=start, model=model)
