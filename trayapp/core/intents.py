"""Everything the user can ask for, clicked or typed."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings


class PickModel(Struct, frozen=True, tag=True):
    """Choose this model, provider and all. ``confirmed``: the user was asked already."""

    ref: ModelRef
    confirmed: bool = False


class Refresh(Struct, frozen=True, tag=True):
    """Ask providers for their lists again; one account, or all."""

    provider: str | None = None


class SaveSettings(Struct, frozen=True, tag=True, omit_defaults=True):
    """Replace all preferences at once. The accounts in it are replaced as well."""

    settings: Settings
    base: Settings | None = None
    """What these were made from: what others have changed since is kept. None: what holds when this is asked."""


class SaveAccount(Struct, frozen=True, tag=True, omit_defaults=True):
    """Add an account, or change the one with the same id."""

    account: Account
    base: Account | None = None
    """What it was made from: what others have changed of it since is kept. None: all of it is replaced."""
    new: bool = False
    """It is to be added: one with its id that came meanwhile is not replaced."""


class RemoveAccount(Struct, frozen=True, tag=True):
    """Remove an account, its key and its list."""

    provider: str


class EnableAccount(Struct, frozen=True, tag=True):
    """Show an account's models, or leave them out while keeping everything."""

    provider: str
    enabled: bool


class StoreKey(Struct, frozen=True):
    """Check a key and put it into the keyring. Never leaves the process, so it has no wire form."""

    provider: str
    key: Secret
    check: bool = True
    remember: bool = True
    """False: another process writes down that there is one; it hears of it by ``KeyChanged``."""


class RemoveKey(Struct, frozen=True, tag=True):
    """Forget an account's key, in the keyring and in memory."""

    provider: str


class CopyKey(Struct, frozen=True, tag=True):
    """Copy the key of an account from the environment into the keyring."""

    provider: str


class CheckKey(Struct, frozen=True, tag=True):
    """Ask the provider whether it takes the key that we hold."""

    provider: str


class KeyChanged(Struct, frozen=True, tag=True):
    """Somebody else (the command line) changed this account's entry in the keyring."""

    provider: str
    present: bool


class SetLogin(Struct, frozen=True, tag=True):
    """Start with the desktop session, or no longer."""

    on: bool


class UnlockKeyring(Struct, frozen=True, tag=True):
    """Let the system ask for the keyring's password now: the user clicked for it."""


class ClearCache(Struct, frozen=True, tag=True):
    """Forget model lists, in memory and on disk; one account's, or all."""

    provider: str | None = None


class UpdateCatalog(Struct, frozen=True, tag=True):
    """Ask models.dev and OpenRouter for newer facts about models. Nothing but the user's word causes it."""


class SwitchUpdates(Struct, frozen=True, tag=True):
    """Look for new versions of the program once a day, or do not, and do not be asked about it again."""

    on: bool


class LookForUpdate(Struct, frozen=True, tag=True):
    """Ask now whether a newer version of the program is out, unless somebody was asked within a day."""


class SetStrategy(Struct, frozen=True, tag=True):
    """Decide how long local models stay in memory: ``ram``, ``ssd``, ``none``; None touches nothing any more."""

    strategy: str | None


class Unload(Struct, frozen=True, tag=True):
    """Take a local model out of memory; without one, all models of all local servers."""

    ref: ModelRef | None = None


class Keep(Struct, frozen=True, tag=True):
    """Keep a local model in memory until this is taken back, whatever the strategy says."""

    ref: ModelRef
    on: bool = True


class WarmUp(Struct, frozen=True, tag=True):
    """Load a local model. Answered at once unless ``wait``; the menu shows how it goes."""

    ref: ModelRef
    wait: bool = False


class CancelWarmUp(Struct, frozen=True, tag=True):
    """Give up a load that is under way, or waits for its turn; all of them without a model."""

    ref: ModelRef | None = None


class SwitchGateway(Struct, frozen=True, tag=True):
    """Let tools reach the chosen model through this computer's own address, or no longer."""

    on: bool


class NewToken(Struct, frozen=True, tag=True):
    """Make a token by which a tool may use the gateway; it goes into the keyring, never through here."""

    name: str
    sha256: str = ""
    """The digest, in hex, of a token that was made and is kept by whoever asks; empty: one is made."""


class RevokeToken(Struct, frozen=True, tag=True):
    """Let the tools that have this token in no more."""

    name: str


class CopyAddress(Struct, frozen=True):
    """Put the gateway's address into the clipboard. Means nothing without a screen, so it has no wire form."""

    style: str = "openai"
    """The kind of tool that it is for: ``openai``, ``anthropic`` or ``ollama``."""


class CopyToken(Struct, frozen=True):
    """Put a token of the gateway's into the clipboard. Never leaves the process, so it has no wire form."""

    name: str


class Pin(Struct, frozen=True, tag=True):
    """Keep a model on top of the menu, or no longer."""

    ref: ModelRef
    on: bool = True


class Hide(Struct, frozen=True, tag=True):
    """Leave a model out of the menu and of lists, or show it again; without one, show all again."""

    ref: ModelRef | None = None
    on: bool = True


class Fold(Struct, frozen=True, tag=True):
    """Let an account's models stand below its header only when somebody opens it, or always."""

    provider: str
    on: bool = True


class OrderAccounts(Struct, frozen=True, tag=True):
    """Let accounts stand in the menu in this order; those that are not named follow."""

    order: tuple[str, ...] = ()


class UseProfile(Struct, frozen=True, tag=True):
    """Use what a profile holds: its model, its accounts and its strategy, all at once. Empty: no profile."""

    name: str = ""


class SaveProfile(Struct, frozen=True, tag=True):
    """Add a profile, or replace the one of the same name."""

    profile: Profile
    before: str = ""
    """Its name until now, where it changed."""


class RemoveProfile(Struct, frozen=True, tag=True):
    """Forget a profile. What is in use with it stays in use."""

    name: str


class Import(Struct, frozen=True, tag=True):
    """Take over what another installation exported; no key is in it."""

    document: dict[str, Any]


class CancelRefresh(Struct, frozen=True, tag=True):
    """Wait no longer for lists that were asked for; what came stays."""


class OpenFinder(Struct, frozen=True, tag=True):
    """Show the small window that finds a model as you type; shown already, it goes away, unless ``text`` is given."""

    text: str = ""


class OpenWelcome(Struct, frozen=True, tag=True):
    """Show the steps of the first start again."""


class OpenHelp(Struct, frozen=True, tag=True):
    """Show the user guide, at a page and, after a ``#``, a heading if named."""

    page: str = ""


class OpenSettings(Struct, frozen=True, tag=True):
    """Show the settings dialog, on a page and at an account if named."""

    page: str = ""
    provider: str = ""
    add: bool = False
    """Begin with the list of providers that can be added."""


class ShowAll(Struct, frozen=True, tag=True):
    """Show one provider's whole list in a window: its submenu was cut."""

    provider: str = ""


class ShowRelease(Struct, frozen=True, tag=True):
    """Show in the browser what is new in the version that is out."""


class Activate(Struct, frozen=True, tag=True):
    """The program was started a second time: show that it is here."""


class Quit(Struct, frozen=True, tag=True):
    """Leave, tidily."""


Window: TypeAlias = "OpenFinder | OpenWelcome | OpenHelp | OpenSettings | ShowAll | ShowRelease | Activate"
"""What opens a window; without a screen it means nothing."""

WireIntent: TypeAlias = (
    PickModel
    | Refresh
    | SaveSettings
    | SaveAccount
    | RemoveAccount
    | EnableAccount
    | RemoveKey
    | CopyKey
    | CheckKey
    | KeyChanged
    | SetLogin
    | UnlockKeyring
    | ClearCache
    | UpdateCatalog
    | SwitchUpdates
    | LookForUpdate
    | SetStrategy
    | Unload
    | Keep
    | WarmUp
    | CancelWarmUp
    | SwitchGateway
    | NewToken
    | RevokeToken
    | Pin
    | Hide
    | Fold
    | OrderAccounts
    | UseProfile
    | SaveProfile
    | RemoveProfile
    | Import
    | CancelRefresh
    | OpenFinder
    | OpenWelcome
    | OpenHelp
    | OpenSettings
    | ShowAll
    | ShowRelease
    | Activate
    | Quit
)
"""What may come over the instance's socket."""

Intent: TypeAlias = WireIntent | StoreKey | CopyAddress | CopyToken


class Reply(Struct, frozen=True, omit_defaults=True):
    """What became of an intent, in words; ``data`` is for the command line."""

    ok: bool = True
    text: str = ""
    data: Any = None
