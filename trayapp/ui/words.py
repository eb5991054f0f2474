"""Every figure and state the user reads, put into words."""

from __future__ import annotations

import sys

from trayapp.core.errors import Failure, Kind
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Model, Price

MINUTE, HOUR, DAY = 60, 3600, 86400


def tokens(count: int) -> str:
    """``128k`` or ``1M``: the figure people know a model by, not an exact one."""
    if count < 1000:
        return str(count)
    if count < 999_500:
        thousands = count / 1024 if count % 1024 == 0 and count % 1000 else count / 1000
        return f"{_short(thousands)}k"
    millions = count / 1_048_576 if count % 1_048_576 == 0 else count / 1_000_000
    return f"{_short(millions)}M"


def _short(number: float) -> str:
    text = f"{number:.0f}" if number >= 100 else f"{number:.1f}"
    return text.removesuffix(".0")


def dollars(amount: float) -> str:
    """``$3``, ``$0.25``: two digits that matter, no more."""
    if amount >= 100 or amount == int(amount):
        return f"${amount:.0f}"
    if amount >= 0.1:
        return "$" + f"{amount:.2f}".removesuffix("0").removesuffix(".0")
    if amount < 0.001:
        return "<$0.001"
    return f"${amount:.2g}"


def price(value: Price) -> str:
    """Input and output per million tokens, or that it is free."""
    if value.input == 0 and value.output == 0:
        return _("free")
    return f"{dollars(value.input)}/{dollars(value.output)}"


def size(count: int) -> str:
    """Bytes as people count disk space."""
    return f"{_short(count / 1e9)} GB" if count >= 1e8 else f"{_short(count / 1e6)} MB"


def facts(model: Model) -> str:
    """What a row says about its model besides the name; empty where nothing is known."""
    parts = []
    if model.context is not None:
        parts.append(tokens(model.context))
    if model.price is not None:
        parts.append(price(model.price))
    elif model.size is not None:
        parts.append(size(model.size))
    if model.can(Capability.TOOLS):
        parts.append(_("tools"))
    if model.remote:
        parts.append(_("runs in the cloud"))
    if model.deprecated is not None:
        parts.append(_("until {date}").format(date=model.deprecated) if model.deprecated else _("deprecated"))
    return " · ".join(parts)


def age(seconds: float) -> str:
    """``just now``, ``5 min ago``, ``2 h ago``, ``3 days ago``."""
    if seconds < 0:
        return _("from another time")
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        return _("{n} min ago").format(n=int(seconds // MINUTE))
    if seconds < DAY:
        return _("{n} h ago").format(n=int(seconds // HOUR))
    return plural("{n} day ago", "{n} days ago", int(seconds // DAY))


def ahead(seconds: float) -> str:
    """``now``, ``in 40 s``, ``in 5 min``, ``in 2 h``, ``in 3 days``."""
    if seconds < 1:
        return _("now")
    if seconds < MINUTE:
        return _("in {n} s").format(n=int(seconds))
    if seconds < HOUR:
        return _("in {n} min").format(n=int(seconds // MINUTE))
    if seconds < DAY:
        return _("in {n} h").format(n=int(seconds // HOUR))
    return plural("in {n} day", "in {n} days", int(seconds // DAY))


def duration(seconds: float) -> str:
    """``0.8 s``, ``45 s``, ``2 min``, ``1 h 30 min``, ``7 days``: how long it takes or lasts, in two units at most."""
    if seconds < 9.95:
        return _("{n} s").format(n=f"{max(0.0, seconds):.1f}".removesuffix(".0"))
    whole = round(seconds)
    parts = (
        plural("{n} day", "{n} days", whole // DAY) if whole >= DAY else "",
        _("{n} h").format(n=whole % DAY // HOUR) if whole % DAY >= HOUR else "",
        _("{n} min").format(n=whole % HOUR // MINUTE) if whole % HOUR >= MINUTE else "",
        _("{n} s").format(n=whole % MINUTE) if whole % MINUTE else "",
    )
    first = next(at for at, part in enumerate(parts) if part)
    return " ".join(filter(None, parts[first : first + 2]))


def weight(count: int) -> str:
    """Bytes of files and of memory: ``640 B``, ``12 kB``, ``1.2 MB``."""
    if count < 1000:
        return f"{count} B"
    return f"{_short(count / 1e3)} kB" if count < 999_500 else size(count)


def state(listing: Listing, now: float, *, refreshing: bool = False) -> str:
    """An account's state for its header: what is wrong first, then how old the list is."""
    if refreshing:
        return _("refreshing…")
    when = age(listing.age(now))
    if listing.failure is not None:
        why = trouble(listing.failure)
        if not listing.models or listing.failure.kind is Kind.NOT_RUNNING:
            return why
        if listing.source is Source.EMBEDDED:
            return why if listing.locked else _("{why}, shipped list").format(why=why)
        return _("{why}, list from {when}").format(why=why, when=when)
    match listing.source:
        case Source.API:
            return _("updated {when}").format(when=when)
        case Source.EMBEDDED:
            return _("shipped list")
        case Source.STALE:
            return _("old list, {when}").format(when=when)
        case _other:
            return _("cached {when}").format(when=when)


def trouble(failure: Failure) -> str:
    """A failure in a few words, for a header."""
    words = {
        Kind.NO_KEY: _("add a key"),
        Kind.REFUSED: _("key refused"),
        Kind.FORBIDDEN: _("not allowed"),
        Kind.GONE: _("no list there"),
        Kind.LIMITED: _("too many requests"),
        Kind.EMPTY: _("returned no models"),
        Kind.NOT_RUNNING: _("not running"),
        Kind.UNREACHABLE: _("no answer"),
        Kind.TLS: _("connection not trusted"),
        Kind.GARBLED: _("unreadable answer"),
        Kind.LOCKED: _("keyring locked"),
        Kind.NO_KEYRING: _("no keyring"),
        Kind.DENIED: _("keyring not unlocked"),
        Kind.DISK: _("disk error"),
        Kind.PORT_TAKEN: _("port taken"),
        Kind.BAD_INPUT: _("check its settings"),
        Kind.UNKNOWN_PROVIDER: _("unknown provider"),
    }
    return words[failure.kind]


def sentence(failure: Failure, name: str) -> str:
    """A failure in a sentence that says what to do; ``name`` is what the account is called."""
    told = {
        Kind.NO_KEY: _("{name} has no key yet. Add one in the settings, or with “trayapp key set {id}”."),
        Kind.REFUSED: _("{name} refused the key. Replace it in the settings, or with “trayapp key set {id}”."),
        Kind.FORBIDDEN: _("{name} does not allow this with your key, region or network."),
        Kind.GONE: _("{name} has no list of models at its address. Check the address in the settings."),
        Kind.LIMITED: _("{name} asks to wait: too many requests, or no credit left."),
        Kind.EMPTY: _("{name} returned no models; the last list is kept."),
        Kind.NOT_RUNNING: _("{name} is not running. Start it and refresh."),
        Kind.UNREACHABLE: _("{name} did not answer. Check the network, then refresh."),
        Kind.TLS: _("The connection to {name} could not be trusted. Check the clock, proxy and certificates."),
        Kind.GARBLED: _("{name} gave an answer that could not be read."),
        Kind.LOCKED: _("The keyring is locked. Unlock it from the menu, then try again."),
        Kind.NO_KEYRING: _(
            "This system offers no keyring, so keys last until you quit. Install one, such as GNOME Keyring."
        ),
        Kind.DENIED: _("The keyring was not unlocked, so the key cannot be read. Try again to be asked once more."),
        Kind.DISK: _("A file could not be written. Check space and permissions."),
        Kind.PORT_TAKEN: _("Another program uses the port. Choose another in the settings."),
        Kind.BAD_INPUT: _("{name} is not set up completely. Check it in the settings."),
        Kind.UNKNOWN_PROVIDER: _("Provider “{id}” not found. “trayapp providers” lists those you have."),
    }
    if failure.kind is Kind.BAD_INPUT and failure.detail:
        return failure.detail  # a sentence of our own that says what is wrong, and where
    text = told[failure.kind].format(name=name or failure.provider, id=failure.provider)
    return f"{text} ({failure.detail})" if failure.detail else text


def keyring(state: str) -> str:
    """What the state of the system's keyring means for the user; empty when all is well."""
    told = {
        "locked": _("The keyring is locked: keys in it cannot be read until you unlock it."),
        "absent": _("There is no keyring yet: the system will ask for a password when the first key is stored."),
        "no-service": _("This system offers no keyring: keys are held until you quit, and written nowhere."),
        "denied": _("The keyring was not unlocked: keys entered now are held until you quit."),
    }
    return told.get(state, "")


def without_tray(platform: str = sys.platform) -> str:
    """What to do where the desktop shows no tray icons."""
    if platform.startswith("linux"):
        return _("On GNOME, install the extension “AppIndicator and KStatusNotifierItem Support”.")
    return _("The window stands in for it; the icon comes by itself as soon as there is a tray.")


def instead_of_tray(platform: str = sys.platform) -> str:
    """Why a window is there instead of an icon, and what to do about it."""
    text = _(
        "Your desktop offers no place for a tray icon, so trayapp is this window."
        " It becomes an icon by itself as soon as there is a tray."
        " Closed, it goes on running: start trayapp again to see it."
    )
    return f"{text} {without_tray(platform)}" if platform.startswith("linux") else text
