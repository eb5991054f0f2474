"""What the program remembers by itself, as opposed to what the user chose in the settings."""

from __future__ import annotations

from msgspec import Struct

from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile

VERSION = 1


class Token(Struct, frozen=True):
    """A token that tools show to the gateway. The token itself is in the keyring and nowhere else."""

    name: str
    sha256: str
    """In hex: enough to check a token with while the keyring is locked."""
    made: float = 0.0
    """Seconds since the epoch."""


class Looked(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The last look for a newer version of the program, and what is known of one."""

    at: float = 0.0
    """When the request went out, in seconds since the epoch. On the disk before it does."""
    failed: bool = False
    """It brought nothing."""
    version: str = ""
    """The newest version that was ever named, whether it is newer than this one or not."""
    page: str = ""
    """Where it says what is new."""
    told: str = ""
    """The version whose page was opened: the menu does not speak of it any more."""


class State(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Remembered between starts, in state.json."""

    version: int = VERSION
    active: ModelRef | None = None
    """The chosen model: account and model in one value, written at once. An empty account is one to be found."""
    keyed: tuple[str, ...] = ()
    """Keyring entries known to exist (``accounts.key_slot``), so that launch opens no keyring."""
    strategy: str | None = None
    """``ram``, ``ssd`` or ``none``; until one is chosen no local model is touched."""
    kept: tuple[ModelRef, ...] = ()
    """Local models that the user keeps in memory by hand; they are never unloaded."""
    tokens: tuple[Token, ...] = ()
    """Who may use the gateway."""
    pinned: tuple[ModelRef, ...] = ()
    """On top of the menu and of the search, in the order in which they were pinned."""
    hidden: tuple[ModelRef, ...] = ()
    """Left out of the menu and of lists; whoever names one can still choose it."""
    folded: tuple[str, ...] = ()
    """Accounts whose models stand below their header only when somebody opens it."""
    profiles: tuple[Profile, ...] = ()
    profile: str = ""
    """Name of the profile in use; empty: none is."""
    recent: tuple[ModelRef, ...] = ()
    """Newest first."""
    seen: tuple[str, ...] = ()
    """Local accounts whose server answered at least once: they stay in the menu when it is down."""
    told: tuple[str, ...] = ()
    """Explanations given once and not to be repeated."""
    looked: Looked | None = None
    """None: newer versions were never looked for."""

    @property
    def whole(self) -> bool:
        """Every model in it says of which account it is. See ``core.loose``."""
        one = (self.active, *(it.active for it in self.profiles))
        refs = (*self.kept, *self.pinned, *self.hidden, *self.recent, *(it for it in one if it is not None))
        return all(it.provider for it in refs)
