"""The settings dialog as data: pages and fields read off the declared preferences, checked as typed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from trayapp.core import schema
from trayapp.core.language import N_, _
from trayapp.core.releases import Updates
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, Settings

PROFILES = N_("Profiles")
DIAGNOSTICS = N_("Diagnostics")
ABOUT = N_("About")
ON, OFF = "on", "off"
_ABOUT: dict[str, tuple[str, str]] = {
    GENERAL: (N_("How the program starts, which language it speaks, and what it tells you about."), "settings"),
    DESKTOP: (N_("What the icon looks like, what clicks on it do, and the keys that find a model."), "settings"),
    PROVIDERS: (N_("Services and servers whose models you can choose, and the keys to them."), "choosing"),
    MODELS: (N_("Which models the menu shows, and when providers are asked for their lists."), "lists"),
    LOCAL: (N_("How long models stay in this computer’s memory, and where requests go."), "local-models"),
    GATEWAY: (N_("One address on this computer by which all your tools reach the chosen model."), "gateway"),
    PROFILES: (N_("A choice of model, accounts and strategy under one name, used with one click."), "profiles"),
    DIAGNOSTICS: (N_("What is wrong and what to do about it, and how each account’s list stands."), "troubleshooting"),
    ABOUT: (N_("Which version this is, and where its files are."), ""),
}
"""What each page is for, and where the guide says more."""


class Shape(StrEnum):
    """What kind of control a field needs."""

    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"


class Field(Struct, frozen=True):
    """One preference as a person meets it. ``value`` is its text form, as for ``trayapp settings set``."""

    name: str
    label: str
    help: str
    shape: Shape
    value: str
    default: str
    unit: str = ""
    limits: str = ""
    """What may be entered, in words; empty where anything goes."""
    choices: tuple[tuple[str, str], ...] = ()
    """Each allowed text with the words for it."""
    forced_by: str = ""
    """The environment variable that sets it; then nothing can be entered."""


class Page(Struct, frozen=True):
    """One page of the dialog. ``name`` is what OpenSettings calls it, in every language the same."""

    name: str
    title: str
    fields: tuple[Field, ...] = ()
    about: str = ""
    """What it is for, in a sentence."""
    guide: str = ""
    """The page of the user guide that says more; empty: none does."""


class About(Struct, frozen=True):
    """What the last page tells."""

    version: str
    licence: str
    places: tuple[tuple[str, str], ...] = ()
    """What is kept there, and the path."""
    editions: tuple[str, ...] = ()
    """A sentence for each part of the shipped catalogue, with its date."""
    updates: Updates | None = None
    """What is known of newer versions; None where there is nobody to ask."""


def pages(
    settings: Settings, forced: Mapping[str, str] | None = None, *, without: Collection[str] = ()
) -> tuple[Page, ...]:
    """Every page in its order, the fields with their present values.

    ``forced`` names the variables of the environment that set some of them, ``without`` preferences that mean nothing
    in this build.
    """
    found: dict[str, list[Field]] = {GENERAL: [], DESKTOP: [], PROVIDERS: [], MODELS: [], LOCAL: [], GATEWAY: []}
    for preference in schema.preferences().values():
        if preference.name in without:
            continue
        by = (forced or {}).get(preference.name, "")
        found.setdefault(preference.page, []).append(_field(preference, settings, by))
    found[PROFILES] = []
    found[DIAGNOSTICS] = []
    found[ABOUT] = []
    return tuple(_page(name, tuple(fields)) for name, fields in found.items())


def check(field: Field, text: str) -> str:
    """What is wrong with ``text`` for this field, in words; empty when it can be saved."""
    try:
        schema.change(Settings(), field.name, text.strip())
    except ValueError as exc:
        return str(exc)
    return ""


def changed(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """The settings with these preferences set from text. Raises ValueError in words, and changes nothing then."""
    for name, text in texts.items():
        settings = schema.change(settings, name, text.strip())
    return settings


def help_of(name: str) -> str:
    """What a preference is for, without how it is typed on a line: for one with a control of its own."""
    return _(schema.preferences()[name].help)


def access_keys(labels: Iterable[str], taken: str = "") -> tuple[str, ...]:
    """The labels, each with ``&`` before a letter that no other one has, as far as letters last.

    ``taken`` are letters in use elsewhere in the window. Beginnings of words are preferred.
    """
    used = set(taken.casefold())
    made = []
    for label in labels:
        starts = [at for at, letter in enumerate(label) if at == 0 or label[at - 1] == " "]
        for at in (*starts, *range(len(label))):
            letter = label[at : at + 1].casefold()
            if letter not in used and letter.isalpha() and letter != letter.upper():
                used.add(letter)
                made.append(_escaped(label[:at]) + "&" + _escaped(label[at:]))
                break
        else:
            made.append(_appended(label, used))
    return tuple(made)


def _appended(label: str, used: set[str]) -> str:
    """Where no letter of it can be typed, a Latin one in brackets, as is usual in Chinese and Japanese."""
    foreign = any(letter.isalpha() and letter == letter.upper() == letter.lower() for letter in label)
    free = next((letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in used), "")
    if not foreign or not free:
        return _escaped(label)
    used.add(free)
    bare = label.rstrip("…：:")
    return f"{_escaped(bare)}(&{free.upper()}){_escaped(label[len(bare) :])}"


def access_letters(labels: Iterable[str]) -> str:
    """The letters that these labels have as access keys."""
    plain = (label.replace("&&", "") for label in labels)
    return "".join(label[label.index("&") + 1] for label in plain if "&" in label[:-1])


def _escaped(text: str) -> str:
    return text.replace("&", "&&")


def _page(name: str, fields: tuple[Field, ...]) -> Page:
    about, guide = _ABOUT.get(name, ("", ""))
    return Page(name, _(name), fields, _(about), guide)


def _field(preference: schema.Preference, settings: Settings, forced_by: str) -> Field:
    if preference.type is bool:
        shape = Shape.SWITCH
    elif preference.choices:
        shape = Shape.CHOICE
    else:
        shape = Shape.NUMBER if preference.type in (int, float) else Shape.TEXT
    help = _(preference.help) if preference.help else ""
    if shape is Shape.TEXT:
        help = f"{help} {schema.limits(preference)}".strip()
    if preference.restart:
        help = " ".join((help, _("Takes effect at the next start."))).lstrip()
    return Field(
        name=preference.name,
        label=_(preference.label),
        help=help,
        shape=shape,
        value=schema.typed(getattr(settings, preference.name)),
        default=schema.typed(preference.default),
        unit=_(preference.unit) if preference.unit else "",
        limits=schema.limits(preference) if shape is Shape.NUMBER else "",
        choices=tuple((text, _(words)) for text, words in preference.choices.items()),
        forced_by=forced_by,
    )
