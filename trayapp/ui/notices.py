"""Which events deserve a notification, and what it says."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from trayapp.core.intents import OpenSettings, Window
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.settings import GATEWAY, PROVIDERS, Settings


class Subject(StrEnum):
    """What the user is told about. Four of them are notifications, each of which can be turned off."""

    SWITCHED = "switched"
    REFUSED = "refused"
    """A provider does not take the key that it was shown."""
    PORT = "port"
    """The gateway cannot listen, so that tools do not reach the chosen model."""
    SET_ASIDE = "set-aside"
    """A file could not be used and was put aside."""
    FAILED = "failed"
    """What the user just asked for did not work, or the program itself made a mistake: no notification, a window."""


class Notice(Struct, frozen=True):
    """One thing to tell."""

    subject: Subject
    title: str
    text: str = ""
    provider: str = ""
    """The account that it is about, if it is about one."""
    opens: Window | None = None
    """What a click on it shows."""

    @property
    def tag(self) -> str:
        """The same for what takes the place of an older one: of two switches, only the last one counts."""
        return f"{self.subject} {self.provider}".rstrip()


def switched(ref: ModelRef, model: str, provider: str) -> Notice:
    """After a choice: both halves of it, by the names people know."""
    return Notice(
        Subject.SWITCHED,
        _("Switched to model: {model} on provider: {provider}").format(model=model, provider=provider),
        str(ref),
    )


def refused(provider: str, name: str) -> Notice:
    """The key of this account is not taken; a click leads to where another one is entered."""
    return Notice(
        Subject.REFUSED,
        _("{name} refused the key").format(name=name),
        _("Its models cannot be used until it has another one: Settings… → Providers."),
        provider,
        OpenSettings(PROVIDERS, provider),
    )


def unreachable(problem: str) -> Notice:
    """The gateway does not listen, and why; a click leads to its page."""
    return Notice(Subject.PORT, _("Tools do not reach the chosen model"), problem, opens=OpenSettings(GATEWAY))


def wanted(notice: Notice, settings: Settings) -> bool:
    """Whether the user wants to be told."""
    return {
        Subject.SWITCHED: settings.notify_switch,
        Subject.REFUSED: settings.notify_refused,
        Subject.PORT: settings.notify_port,
        Subject.SET_ASIDE: settings.notify_set_aside,
    }.get(notice.subject, True)


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
