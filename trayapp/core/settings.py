"""Every preference, declared once: the form, the file, its limits and the command line read it here."""

# annotations are not postponed here: msgspec would compile each of them at every start, which takes 3 ms
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from trayapp.core.accounts import Account
from trayapp.core.desktop_settings import DesktopSettings
from trayapp.core.language import N_
from trayapp.core.preference import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, about
from trayapp.core.rules import Rule

__all__ = ["DESKTOP", "GATEWAY", "GENERAL", "LOCAL", "MODELS", "PROVIDERS", "Settings", "about"]

VERSION = 1

LONGEST_TTL = 31_536_000
"""Seconds, a year: no list counts as fresh for longer."""
STRATEGIES = {
    "fresh": N_("every time"),
    "moderate": N_("when they are older than that"),
    "aggressive": N_("only when told to"),
}
"""When a provider is asked again, and the words for it."""
LATENCIES = {
    "local": N_("this computer"),
    "fast": N_("fast"),
    "medium": N_("medium"),
    "slow": N_("slow"),
}
"""The latency classes of ``providers.spec.TIMEOUTS``, and the words for them."""

Ttl: TypeAlias = Annotated[int, Meta(ge=0, le=LONGEST_TTL)]
Latency: TypeAlias = Literal["local", "fast", "medium", "slow"]


class Waits(Struct, frozen=True, omit_defaults=True):
    """What the user changed of one latency class; None: as the program has it. Seconds, but for ``retries``."""

    connect: Annotated[float, Meta(ge=0.1, le=300)] | None = None
    receive: Annotated[float, Meta(ge=0.1, le=600)] | None = None
    pool: Annotated[float, Meta(ge=0.1, le=300)] | None = None
    retries: Annotated[int, Meta(ge=0, le=10)] | None = None
    """Attempts after the first one."""
    base_delay: Annotated[float, Meta(ge=0.1, le=60)] | None = None
    """Before the first of these; each later pause is twice as long."""


class Settings(DesktopSettings, frozen=True, omit_defaults=True, kw_only=True):
    """What the user chose, in settings.toml. Start at login is not here: the system remembers it."""

    version: int = VERSION
    show_non_chat: Annotated[
        bool,
        about(
            N_("Show models that do not chat"),
            page=MODELS,
            help=N_("Embedding, image, speech and similar models, which are hidden otherwise."),
        ),
    ] = False
    inline_models: Annotated[
        int,
        about(
            N_("Models shown without a submenu"),
            page=MODELS,
            minimum=0,
            maximum=60,
            help=N_("Up to this many models in all stand in the menu itself; more go into a submenu per provider."),
        ),
    ] = 25
    submenu_models: Annotated[
        int,
        about(
            N_("Longest submenu"),
            page=MODELS,
            minimum=20,
            maximum=1000,
            help=N_("Longer lists end with “More…”, which opens them in a window."),
        ),
    ] = 200
    default_ttl_seconds: Annotated[
        int,
        about(
            N_("A list counts as fresh for"),
            page=MODELS,
            minimum=0,
            maximum=LONGEST_TTL,
            unit=N_("seconds"),
            help=N_("Older lists are still shown, and refreshed in the background."),
        ),
    ] = 3600
    provider_ttl_overrides: Annotated[
        dict[str, Ttl],
        about(
            N_("Other times for single providers"),
            page=MODELS,
            form=N_("NAME=SECONDS, separated by commas, such as ollama=300,anthropic=86400."),
            help=N_("By the name of an account or of a provider; the account's own time, if it has one, comes first."),
        ),
    ] = field(default_factory=dict)
    use_catalog_fallback: Annotated[
        bool,
        about(
            N_("Show the shipped list where there is no key"),
            page=MODELS,
            help=N_("Lets you browse a provider's models before you have an account there."),
        ),
    ] = True
    model_cache_strategy: Annotated[
        str,
        about(
            N_("Ask for lists"),
            page=MODELS,
            choices=STRATEGIES,
        ),
    ] = "moderate"
    wait_for_new: Annotated[
        bool,
        about(
            N_("Wait for the new list"),
            page=MODELS,
            help=N_("Otherwise the old list is shown at once and the new one follows."),
        ),
    ] = False
    max_in_flight: Annotated[
        int,
        about(
            N_("Providers asked at the same time"),
            page=MODELS,
            minimum=1,
            maximum=50,
        ),
    ] = 10
    batch_timeout_seconds: Annotated[
        int,
        about(
            N_("Wait for all lists at most"),
            page=MODELS,
            minimum=1,
            maximum=600,
            unit=N_("seconds"),
            help=N_("A list that comes later is still kept."),
        ),
    ] = 30
    timeouts: Annotated[
        dict[Latency, Waits],
        about(
            N_("Other waiting times"),
            page=MODELS,
            form=N_("CLASS.FIGURE=NUMBER, separated by commas, such as fast.receive=20,slow.retries=1."),
            help=N_(
                "How long each class of providers (local, fast, medium, slow) is waited for: connect, receive, pool and"
                " base_delay in seconds, and the number of retries."
            ),
        ),
    ] = field(default_factory=dict)
    refresh_when_metered: Annotated[
        bool,
        about(
            N_("Ask over metered connections as well"),
            page=MODELS,
            help=N_("Otherwise, where the system says that data is metered, lists are asked for when you click only."),
        ),
    ] = False
    accounts: tuple[Account, ...] = ()
    provider_order: tuple[str, ...] = ()
    """Ids of accounts in the order of the menu; those that are not named follow."""
    rules: tuple[Rule, ...] = ()
    """Where requests go by their text or name; the first that fits. None: nothing is looked at."""
