"""Which events deserve a notification, and what it says."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings


class Subject(StrEnum):
    """What a notification is about; each can be turned off."""

    SWITCHED = "switched"
    FAILED = "failed"
    """What the user just asked for did not work."""
    SET_ASIDE = "set-aside"
    """A file could not be used and was put aside."""


class Notice(Struct, frozen=True):
    """One notification."""

    subject: Subject
    title: str
    text: str = ""


def switched(ref: ModelRef, model: str, provider: str) -> Notice:
    """After a choice: both halves of it, by the names people know."""
    return Notice(
        Subject.SWITCHED,
        _("Switched to model: {model} on provider: {provider}").format(model=model, provider=provider),
        str(ref),
    )


def wanted(notice: Notice, settings: Settings) -> bool:
    """Whether the user wants to be told."""
    return notice.subject is not Subject.SWITCHED or settings.notify_switch


def unexpected() -> Notice:
    """A mistake of our own: where to look, and that it is safe to show."""
    return Notice(
        Subject.FAILED,
        _("Something went wrong inside trayapp"),
        _("It goes on running. The log has the details, with keys struck out: see “trayapp paths”."),
    )


def set_aside(problems: tuple[str, ...]) -> Notice:
    """Files that could not be used; nothing of them is lost."""
    return Notice(Subject.SET_ASIDE, _("Some stored data could not be used"), "\n".join(problems))
