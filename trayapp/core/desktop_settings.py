"""The preferences about the desktop: language, notifications, the icon, clicks on it, and keys."""

# annotations are not postponed here: msgspec would compile each of them at every start, which takes 3 ms
from typing import Annotated

from trayapp.core.gateway_settings import GatewaySettings
from trayapp.core.language import N_
from trayapp.core.preference import DESKTOP, GENERAL, about

LANGUAGES = {
    "system": N_("as the desktop has it"),
    "en": "English",
    "de": "Deutsch",
    "zh": "中文",
}
"""The languages there are; each is called what its speakers call it."""
COLOURS = {
    "auto": N_("as the theme has it"),
    "light": N_("light, for a dark bar"),
    "dark": N_("dark, for a light bar"),
}
"""How the icon is drawn, and the words for it."""
CLICKS = {
    "system": N_("what is usual on this system"),
    "menu": N_("open the menu"),
    "finder": N_("find a model"),
    "models": N_("show all models"),
    "settings": N_("open the settings"),
    "nothing": N_("nothing"),
}
"""What a click on the icon may do, and the words for it."""


class DesktopSettings(GatewaySettings, frozen=True, omit_defaults=True, kw_only=True):
    """How the program shows itself."""

    language: Annotated[
        str,
        about(N_("Language"), page=GENERAL, choices=LANGUAGES, restart=True),
    ] = "system"
    confirm_switch: Annotated[
        bool,
        about(
            N_("Ask before switching provider"),
            page=GENERAL,
            help=N_("A question before a click moves you to another provider."),
        ),
    ] = False
    notify_switch: Annotated[
        bool,
        about(N_("Tell me when the model changes"), page=GENERAL, help=N_("A short notification after each switch.")),
    ] = True
    notify_refused: Annotated[
        bool,
        about(
            N_("Tell me when a key is refused"),
            page=GENERAL,
            help=N_("Once for each key; the menu says it as well."),
        ),
    ] = True
    notify_port: Annotated[
        bool,
        about(
            N_("Tell me when the gateway’s port is taken"),
            page=GENERAL,
            help=N_("Tools cannot reach the chosen model then; the menu says it as well."),
        ),
    ] = True
    notify_set_aside: Annotated[
        bool,
        about(
            N_("Tell me when stored data cannot be used"),
            page=GENERAL,
            help=N_("Such a file is set aside, never deleted; Diagnostics names it."),
        ),
    ] = True
    update_notice: Annotated[
        bool,
        about(
            N_("Look for new versions once a day"),
            page=GENERAL,
            help=N_(
                "A line in the menu says when there is one; nothing is downloaded. "
                "Sends nothing but the request itself: the server sees your address on the network."
            ),
        ),
    ] = False
    icon_colour: Annotated[
        str,
        about(
            N_("Colour of the icon"),
            page=DESKTOP,
            choices=COLOURS,
            help=N_("Change it where the bar that holds the icon is not coloured like the rest of the desktop."),
        ),
    ] = "auto"
    click_left: Annotated[
        str,
        about(N_("A click on the icon"), page=DESKTOP, choices=CLICKS),
    ] = "system"
    click_middle: Annotated[
        str,
        about(N_("A click with the middle button"), page=DESKTOP, choices=CLICKS),
    ] = "system"
    click_double: Annotated[
        str,
        about(N_("A double click"), page=DESKTOP, choices=CLICKS),
    ] = "system"
    shortcut: Annotated[
        str,
        about(
            N_("Shortcut for finding a model"),
            page=DESKTOP,
            form=N_("Such as Ctrl+Alt+M; nothing: none."),
            help=N_("They open the search for a model whatever program is in front."),
        ),
    ] = ""
    tray_wait: Annotated[
        int,
        about(
            N_("Wait for a tray"),
            page=DESKTOP,
            minimum=0,
            maximum=600,
            unit=N_("seconds"),
            help=N_("How long to look for a place in a tray before a window opens in its stead."),
        ),
    ] = 15
