"""What a check of the program looks at, and what it finds: the values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from trayapp.core.errors import Failure
from trayapp.core.releases import Updates


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    ERROR = "error"
    """Something does not work until somebody does something."""
    WARNING = "warning"
    """It works, but not as it should."""
    NOTE = "note"
    """Worth knowing; nothing is wrong."""
    GOOD = "good"
    """Looked at, and in order."""

    @property
    def wrong(self) -> bool:
        return self in (Severity.ERROR, Severity.WARNING)


class Finding(Struct, frozen=True):
    """One thing that was looked at, in a sentence, and what to do about it in another."""

    severity: Severity
    text: str
    remedy: str = ""
    about: str = ""
    """Account id, where it is about one."""


class AccountSeen(Struct, frozen=True, kw_only=True):
    """One account with everything that bears on its health. Times in seconds."""

    id: str
    name: str
    provider: str
    """Id of its row in the table of providers."""
    known: bool = True
    """Its provider is in the table."""
    enabled: bool = True
    own: bool = True
    """The user set it up; False: a server of this computer that is looked for by itself."""
    local: bool = False
    key: str = "unneeded"
    """``keyring session environment unneeded missing``: where its key is."""
    from_environment: bool = False
    """Its key is read from the environment."""
    variable: str = ""
    """The environment variable that its key is read from, or would be."""
    problem: str = ""
    """What its address lacks, in a sentence."""
    address: str = ""
    """``scheme://host:port``."""
    answers: bool | None = None
    """Whether something listens there now; None where nobody looked."""
    source: str = ""
    models: int = 0
    age: float | None = None
    """Of the last list of its own; None: there is none."""
    failure: Failure | None = None
    breaker: str = "closed"
    next_refresh: float | None = None
    """From now; None: never by itself."""


class FileTrouble(Struct, frozen=True):
    """One folder or file with a trouble: ``unwritable open readable``."""

    path: str
    trouble: str


class Machine(Struct, frozen=True, kw_only=True):
    """What was found on this computer, besides the accounts."""

    version: str = ""
    system: str = ""
    """Operating system and Python."""
    home: str = ""
    """The user's home folder: shortened in what is shown to others."""
    running: bool = False
    """This was seen by the running tray, not by a command alone."""
    tray: bool | None = None
    """Whether the icon has a place; None where nobody can say."""
    keyring: str = "ok"
    reason: str = ""
    """Why there is no keyring, in a sentence."""
    troubled: tuple[FileTrouble, ...] = ()
    aside: tuple[str, ...] = ()
    """Files that could not be used once and were kept under another name."""
    free: int | None = None
    """Bytes left where lists are kept."""
    problems: tuple[str, ...] = ()
    """What could not be used at the start, in sentences."""
    rules: tuple[str, ...] = ()
    """What is wrong with the routing rules, in sentences."""
    overridden: tuple[tuple[str, str], ...] = ()
    """Preferences that the environment sets: each one's name and the variable."""
    shipped: str = ""
    """ISO day of the shipped catalogue; empty: it cannot be read."""
    shipped_age: float | None = None
    refreshed: tuple[tuple[str, str], ...] = ()
    """Source and ISO day of what the user refreshed."""
    log: str = ""
    updates: Updates = Updates()
    """What is known of newer versions of the program."""
    listening: dict[str, bool] = {}
    """By account: whether something answers at the address of a server of this computer."""


class Seen(Struct, frozen=True):
    """Everything that findings are made from."""

    machine: Machine = Machine()
    accounts: tuple[AccountSeen, ...] = ()
