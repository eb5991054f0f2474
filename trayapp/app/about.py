"""What the program says of itself: version, places, editions of the shipped catalogue."""

from __future__ import annotations

from trayapp.app.root import App
from trayapp.app.updating import seen
from trayapp.core.language import _
from trayapp.core.version import VERSION
from trayapp.ui.form import About


def about(app: App) -> About:
    """For the dialog's last page."""
    paths = app.paths
    return About(
        version=VERSION,
        licence="MIT",
        places=(
            (_("Settings"), str(paths.settings_file)),
            (_("Remembered choices"), str(paths.state_file)),
            (_("Model lists"), str(paths.listings)),
            (_("Log"), str(paths.log_file)),
        ),
        editions=editions(app),
        updates=seen(app) if app.release_address else None,
    )


def editions(app: App) -> tuple[str, ...]:
    """A sentence for each part of the catalogue that is in use, with its date."""
    found = app.facts().editions()
    told = [_("Shipped catalogue of {day}").format(day=found.shipped)] if found.shipped else []
    told += [_("from {name} {edition}").format(name=it.name, edition=it.version) for it in found.sources]
    told += [_("refreshed from {name} on {day}").format(name=it.name, day=it.day) for it in found.refreshed]
    return tuple(told)
