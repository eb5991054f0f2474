"""What a key looks like: whose it plainly is, what is odd about it, which one the environment offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trayapp.core.accounts import Account, environment_slot
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.providers.spec import ProviderSpec, at_home, base_url, loopback, origin
from trayapp.providers.table import SPECS

SHORTEST = 16
"""Letters; every known provider's keys are longer."""

_SHARED = ("sk-",)  # OpenAI, DeepSeek, Moonshot, Alibaba and countless proxies
_NO_KEYS: Mapping[str, str] = {
    "sk-admin-": "OpenAI",
    "sk-ant-admin": "Anthropic",
}
_OTHER_KINDS: Mapping[str, str] = {
    "AKIA": "AWS",
    "ASIA": "AWS",
    "ya29.": "Google",
    "api_org_": "Hugging Face",
}


def warning(spec: ProviderSpec, text: str) -> str:
    """One sentence on what looks wrong with a key, or nothing. A hint: no key is refused for its looks."""
    key = text.strip()
    if not key:
        return ""
    if any(letter.isspace() for letter in key):
        return _("There is white space inside this key: it may have been copied with something else.")
    if key[0] in "\"'“”‘’`" or key[-1] in "\"'“”‘’`":
        return _("There are quotes around this key: leave them out.")
    if "*" in key or "…" in key or "..." in key:
        return _("Parts of this key are hidden: copy the whole key from the page where it was made.")
    if not (key.isascii() and key.isprintable()):
        return _("There are letters in this key that no key has: copy it again.")
    return _foreign(spec, key) or _length(spec, key)


def _length(spec: ProviderSpec, key: str) -> str:
    if spec.key_required and len(key) < SHORTEST:
        return _("This key is very short: was it copied whole?")
    return ""


def _foreign(spec: ProviderSpec, key: str) -> str:
    if not spec.key_required:  # a server of the user's own takes whatever its owner chose
        return ""
    for prefix, maker in _NO_KEYS.items():
        if key.startswith(prefix):
            return _("This is an admin key of {name}: it cannot call models.").format(name=maker)
    owner = _owner(key)
    if owner is not None and owner.id != spec.id:
        return _("This looks like a key of {other}, not of {name}.").format(other=owner.name, name=spec.name)
    for prefix in spec.foreign_prefixes:
        if key.startswith(prefix):
            maker = _OTHER_KINDS.get(prefix, "")
            if maker:
                return _("“{prefix}” begins another kind of credential of {maker}, which does not work here.").format(
                    prefix=prefix, maker=maker
                )
            return _("Keys of {name} do not begin with “{prefix}”.").format(name=spec.name, prefix=prefix)
    return ""


def _owner(key: str) -> ProviderSpec | None:
    """The only provider whose keys begin like this one, by the longest beginning."""
    found = [
        (len(prefix), spec)
        for spec in SPECS
        for prefix in spec.key_prefixes
        if prefix not in _SHARED and key.startswith(prefix)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def given(
    spec: ProviderSpec, account: Account, env: Mapping[str, str], keyed: Collection[str]
) -> tuple[str, Secret] | None:
    """The key that the account takes from the environment, and the variable.

    It is the provider's: elsewhere it only goes where the user said so, which ``keyed`` tells. An account in a settings
    file from somebody else may have any address. Raises UserError for an account without one.
    """
    found = from_environment(spec, env)
    return found if found is not None and vouched(spec, account, keyed) else None


def vouched(spec: ProviderSpec, account: Account, keyed: Collection[str]) -> bool:
    """Whether a key of this provider may go to the account's address. Raises UserError for an account without one."""
    url = base_url(spec, account)
    # a row without an address of its own has no home, and in one with blanks the settings say whose it is
    own = spec.base_url != "" and "{" not in spec.base_url and at_home(spec, account)
    return own or (spec.local and loopback(url)) or environment_slot(account, origin(url)) in keyed


def from_environment(spec: ProviderSpec, env: Mapping[str, str]) -> tuple[str, Secret] | None:
    """The first of the row's variables that holds something, and the key in it."""
    for name in spec.key_env:
        value = env.get(name, "").strip()
        if value:
            return name, Secret(value)
    return None
