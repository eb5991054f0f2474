"""The preferences about models in this computer's memory, and about where requests go."""

# annotations are not postponed here: msgspec would compile each of them at every start, which takes 3 ms
from typing import Annotated, Literal, TypeAlias

from msgspec import Struct

from trayapp.core.language import N_
from trayapp.core.preference import LOCAL, about
from trayapp.core.rules import Role

LONGEST_KEEP = 604_800
"""Seconds, a week: nothing is kept idle for longer, but for models that are never to be unloaded."""
EVICTIONS = {
    "lru": N_("the one used longest ago"),
    "immediate": N_("all but the one used last, as soon as they are idle"),
}
"""Which models leave when there are too many, and the words for it."""
ON_QUIT = {
    "leave": N_("leave them: they go when their time is over"),
    "unload": N_("unload them"),
}
Treatment: TypeAlias = Literal["never", "always"]
"""A model that is never unloaded, or always right after its answer, whatever the strategy."""


class LocalSettings(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The figures of the strategies (requirements S3-4 to S3-14), exceptions, roles, and what is warmed up."""

    ram_max_models: Annotated[
        int,
        about(N_("RAM: models kept loaded"), page=LOCAL, minimum=1, maximum=64),
    ] = 3
    ram_keep_seconds: Annotated[
        int,
        about(N_("RAM: time after the last use"), page=LOCAL, minimum=10, maximum=LONGEST_KEEP, unit=N_("seconds")),
    ] = 1800
    ram_eviction: Annotated[
        str,
        about(N_("RAM: who leaves when there are more"), page=LOCAL, choices=EVICTIONS),
    ] = "lru"
    ssd_max_models: Annotated[
        int,
        about(N_("SSD: models kept loaded"), page=LOCAL, minimum=1, maximum=64),
    ] = 1
    ssd_keep_seconds: Annotated[
        int,
        about(N_("SSD: time after the last use"), page=LOCAL, minimum=10, maximum=LONGEST_KEEP, unit=N_("seconds")),
    ] = 120
    ssd_eviction: Annotated[
        str,
        about(N_("SSD: who leaves when there are more"), page=LOCAL, choices=EVICTIONS),
    ] = "immediate"
    local_exceptions: Annotated[
        dict[str, Treatment],
        about(
            N_("Exceptions"),
            page=LOCAL,
            form=N_("MODEL=never or MODEL=always, separated by commas, such as qwen2.5:7b=never."),
            help=N_("Models that are never unloaded, or always right after their answer, whatever the strategy."),
        ),
    ] = {}
    local_on_quit: Annotated[
        str,
        about(N_("When trayapp quits, loaded models"), page=LOCAL, choices=ON_QUIT),
    ] = "leave"
    warm_at_launch: Annotated[
        tuple[str, ...],
        about(
            N_("Warm up at the start"),
            page=LOCAL,
            form=N_("ACCOUNT/MODEL, separated by commas, such as ollama/qwen2.5:7b."),
            help=N_("These models are loaded one after the other when trayapp starts."),
        ),
    ] = ()
    read_ahead: Annotated[
        bool,
        about(
            N_("Read a model's file ahead of loading it"),
            page=LOCAL,
            help=N_(
                "With SSD, when trayapp loads a model and there is memory to spare. It helps where the file is read"
                " through the system's file cache; the measured times show whether it does."
            ),
        ),
    ] = False
    roles: Annotated[
        dict[Role, str],
        about(
            N_("Roles"),
            page=LOCAL,
            form=N_("ROLE=ACCOUNT/MODEL, separated by commas, such as code=ollama/qwen2.5-coder:7b."),
            help=N_("Names for models of your choice: primary, code, fast and embedding."),
        ),
    ] = {}
    default_route: Annotated[
        str,
        about(
            N_("Where requests go that no rule fits"),
            page=LOCAL,
            form=N_("A role, ACCOUNT/MODEL, or nothing for the model chosen in the tray."),
        ),
    ] = ""
