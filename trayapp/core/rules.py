"""Where a request goes: rules, the roles they may name, and the examples that are offered."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.models import ModelRef

Role: TypeAlias = Literal["primary", "code", "fast", "embedding"]
ROLES: tuple[Role, ...] = ("primary", "code", "fast", "embedding")
"""Names that stand for a model of the user's choice."""
CURRENT = "current"
"""The name that a tool asks for to get whatever is chosen in the tray."""
LONGEST_NAME = 64
"""Characters of a rule's name."""

TEXT, NAME, ROLE = "text", "name", "role"
"""What a rule looks at: the last message, the model's name that was asked for, or the role."""


class Rule(Struct, frozen=True, omit_defaults=True):
    """One rule; the first in order that fits decides. Case does not matter."""

    name: str
    """What the user calls it; a tool may ask for it by this name."""
    pattern: str
    """A regular expression, searched for anywhere in what the rule looks at; empty fits everything."""
    to: str
    """A role, or ``account/model``."""
    on: Literal["text", "name", "role"] = "text"
    enabled: bool = True


EXAMPLES: dict[str, tuple[Rule, ...]] = {
    # requirements S3-18 and S3-30
    "by model": (
        Rule("writing-code", "(write|generate|implement).*code", "ollama/deepseek-coder-v2:16b"),
        Rule("short", "^.{0,100}$", "ollama/qwen2.5:7b"),
    ),
    "by role": (
        Rule("code", "(code|function|class|implement)", "code"),
        Rule("short", "^.{0,100}$", "fast"),
    ),
}
"""Offered in the settings; none holds until the user takes it."""
EXAMPLE_ROLES: dict[Role, str] = {
    "primary": "ollama/qwen2.5:32b",
    "code": "ollama/deepseek-coder-v2:16b",
    "fast": "ollama/qwen2.5:7b",
}


def target(text: str) -> Role | ModelRef | None:
    """What ``text`` points at: a role, or a model as ``account/model``; None where it is neither."""
    name = text.strip()
    if name in ROLES:
        return name
    try:
        return ModelRef.parse(name)
    except ValueError:
        return None


def no_model(text: str) -> str:
    """Why ``text`` names no model, in a sentence; empty where it is ``account/model``."""
    if isinstance(target(text), ModelRef):
        return ""
    return _("“{text}” is not of the form ACCOUNT/MODEL, such as ollama/qwen2.5:7b.").format(text=_shown(text))


def no_target(text: str) -> str:
    """Why nothing can go to ``text``, in a sentence; empty where it is a role or ``account/model``."""
    if target(text) is not None:
        return ""
    told = _("“{text}” is neither a role ({roles}) nor of the form ACCOUNT/MODEL, such as ollama/qwen2.5:7b.")
    return told.format(text=_shown(text), roles=", ".join(ROLES))


def no_name(rule: Rule) -> str:
    """Why a rule cannot have its name, in a sentence; empty where it can."""
    name = rule.name.strip()
    if not name:
        return _("Give the rule a name.")
    if name.casefold() in ROLES and name.casefold() != rule.to.strip():  # else both mean the same
        return _("“{name}” is the name of a role. Give the rule another name.").format(name=name)
    if name.casefold() == CURRENT:
        return _("“{name}” means the model chosen in the tray. Give the rule another name.").format(name=name)
    if "/" in name:
        return _("A name with a slash means a model. Give the rule a name without one.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        return _("The name of a rule is one line of at most {n} characters.").format(n=LONGEST_NAME)
    return ""


def _shown(text: str) -> str:
    from trayapp.core.redaction import struck

    return struck(text)
