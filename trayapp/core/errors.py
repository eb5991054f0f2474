"""What can go wrong, by cause: the kind decides what is shown and whether to try again."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """The cause of a failure."""

    NO_KEY = "no-key"
    REFUSED = "refused"
    """The provider says that the key is wrong, in the words its row names."""
    FORBIDDEN = "forbidden"
    """The key may be good, but not for this: region, permission, network."""
    GONE = "gone"
    """There is no such route."""
    LIMITED = "limited"
    EMPTY = "empty"
    NOT_RUNNING = "not-running"
    """Nothing listens at a local address. A state more than an error."""
    UNREACHABLE = "unreachable"
    TLS = "tls"
    GARBLED = "garbled"
    LOCKED = "locked"
    """The keyring is locked."""
    NO_KEYRING = "no-keyring"
    DENIED = "denied"
    """The user closed the keyring's prompt."""
    DISK = "disk"
    PORT_TAKEN = "port-taken"
    BAD_INPUT = "bad-input"
    UNKNOWN_PROVIDER = "unknown-provider"

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed in a moment."""
        return self in (Kind.LIMITED, Kind.UNREACHABLE)

    @property
    def closed(self) -> bool:
        """Whether the door is closed until somebody brings another key."""
        return self in (Kind.NO_KEY, Kind.REFUSED)


class Failure(Struct, frozen=True, omit_defaults=True):
    """One thing that went wrong. ``detail`` is free of keys: who makes a Failure strikes them out."""

    kind: Kind
    provider: str = ""
    """Account id, where it is about one."""
    detail: str = ""
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""


class ProviderError(Exception):
    """Raised below a service; above it there are only listings with a failure in them.

    ``status`` is the HTTP status behind it, where an answer came.
    """

    def __init__(self, failure: Failure, *, status: int | None = None) -> None:
        super().__init__(f"{failure.provider}: {failure.kind}: {failure.detail}")
        self.failure = failure
        self.status = status


class UserError(Exception):
    """What was asked cannot be done; the text says what to do, in the user's words."""
