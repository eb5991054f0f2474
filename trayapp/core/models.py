"""What a model is: its name, its price, what it takes and gives."""

from __future__ import annotations

from enum import IntFlag, StrEnum

from msgspec import Struct


class ModelRef(Struct, frozen=True, order=True, array_like=True):
    """Names one model of one account; its text form is ``provider/model``."""

    provider: str
    """The id of the account, not of the provider's row in the table. Empty where only the model's name was stored."""
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}" if self.provider else self.model

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Split at the first slash: model ids may hold more of them. Raises ValueError."""
        provider, slash, model = text.strip().partition("/")
        if not (provider and slash and model):
            raise ValueError(text)
        return cls(provider, model)


class Modality(IntFlag):
    """Kinds of content; a mask of them is stored as a plain int, 0 meaning unknown."""

    TEXT = 1
    IMAGE = 2
    AUDIO = 4
    VIDEO = 8
    PDF = 16
    EMBEDDING = 32


class Capability(IntFlag):
    """Abilities that a list or the catalogue may state; masks are stored as plain ints."""

    TOOLS = 1
    REASONING = 2
    VISION = 4
    STRUCTURED = 8
    STREAMING = 16


class Use(StrEnum):
    """What a model is for. Only CHAT is listed unless the user asks for all."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    RERANK = "rerank"
    OTHER = "other"


class Price(Struct, frozen=True, omit_defaults=True):
    """US dollars per million tokens. Zero is free; an unknown part is None."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    @classmethod
    def per_million(
        cls,
        input: object,
        output: object,
        cache_read: object = None,
        cache_write: object = None,
        *,
        factor: float = 1.0,
    ) -> Price | None:
        """Known only when both halves are; a negative or unreadable part is unknown."""
        parts = [_amount(part, factor) for part in (input, output, cache_read, cache_write)]
        if parts[0] is None or parts[1] is None:
            return None
        return cls(parts[0], parts[1], parts[2], parts[3])

    @classmethod
    def per_token(
        cls, input: object, output: object, cache_read: object = None, cache_write: object = None
    ) -> Price | None:
        """From dollars per token (OpenRouter and others; ``"-1"`` means dynamic, so unknown)."""
        return cls.per_million(input, output, cache_read, cache_write, factor=1e6)

    @classmethod
    def cents_per_100m(
        cls, input: object, output: object, cache_read: object = None, cache_write: object = None
    ) -> Price | None:
        """From US cents per hundred million tokens (xAI)."""
        return cls.per_million(input, output, cache_read, cache_write, factor=1e-4)


def _amount(value: object, factor: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not 0 <= number * factor < 1e9:  # false for NaN as well
        return None
    return round(number * factor, 8)


class Model(Struct, frozen=True, omit_defaults=True):
    """One model of one account, as far as its provider and the shipped catalogue know it."""

    ref: ModelRef
    name: str = ""
    """What people call it; empty where nobody says, then the id is shown."""
    use: Use = Use.CHAT
    context: int | None = None
    """Tokens that fit in one request; None is unknown, never zero."""
    max_output: int | None = None
    price: Price | None = None
    inputs: int = 0
    outputs: int = 0
    capabilities: int = 0
    lacks: int = 0
    """Capabilities known to be absent; what is in neither mask is unknown."""
    released: str | None = None
    """ISO date."""
    deprecated: str | None = None
    """ISO date after which it may be gone; empty when only the fact is known."""
    aliases: tuple[str, ...] = ()
    size: int | None = None
    """Bytes on disk, for models of this computer."""
    remote: bool = False
    """Listed by a local server but run elsewhere."""
    about: tuple[str, ...] = ()
    """Names of the fields above that were carried over from a near match."""

    @property
    def label(self) -> str:
        return self.name or self.ref.model

    def can(self, capability: Capability) -> bool | None:
        """Yes, no, or None for unknown."""
        if self.capabilities & capability:
            return True
        return False if self.lacks & capability else None
