"""The vocabulary of a provider's row, and the one function that turns a key into a header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.models import Price, Use
from trayapp.core.secret import Secret

Json: TypeAlias = Any
"""A parsed answer, until a parser has made entries of it."""


class Entry(Struct, frozen=True):
    """A model exactly as its provider lists it; what the provider leaves out stays None or zero."""

    id: str
    name: str = ""
    use: Use | None = None
    """None: the answer does not say; then the name decides, else it counts as chat."""
    context: int | None = None
    max_output: int | None = None
    price: Price | None = None
    inputs: int = 0
    outputs: int = 0
    capabilities: int = 0
    lacks: int = 0
    released: str | None = None
    deprecated: str | None = None
    aliases: tuple[str, ...] = ()
    base: str = ""
    """The id of the model behind it, where that differs: Azure deployment, fine-tune."""
    size: int | None = None
    remote: bool = False
    hidden: bool = False
    """Listed but not callable: archived, not running, being created."""


class Auth(StrEnum):
    """The header that carries the key."""

    BEARER = "Authorization"
    X_API_KEY = "x-api-key"
    API_KEY = "api-key"
    GOOGLE = "x-goog-api-key"


class Dialect(StrEnum):
    """The wire protocol a provider speaks; the gateway translates between the first three."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    GEMINI = "gemini"
    REPLICATE = "replicate"


class Timeouts(Struct, frozen=True):
    """Seconds, and how often to try again after the first attempt."""

    connect: float
    receive: float
    pool: float
    retries: int
    base_delay: float


TIMEOUTS: Mapping[str, Timeouts] = {
    # requirements S4-11 to S4-13, with C6 for this computer's own servers
    "local": Timeouts(connect=1.0, receive=30.0, pool=5.0, retries=0, base_delay=1.0),
    "fast": Timeouts(connect=5.0, receive=10.0, pool=3.0, retries=2, base_delay=1.0),
    "medium": Timeouts(connect=10.0, receive=15.0, pool=5.0, retries=3, base_delay=1.5),
    "slow": Timeouts(connect=30.0, receive=30.0, pool=5.0, retries=4, base_delay=2.0),
}


class Paging(Struct, frozen=True):
    """How the next page is asked for. At most ten pages are read."""

    param: str
    """Query parameter that carries the cursor or the page number."""
    cursor: str = ""
    """Dotted path of the next cursor in the answer; empty: pages are numbered from one."""
    more: str = ""
    """Dotted path of a flag that must be true for the next page, where there is one."""
    total: str = ""
    """Dotted path of the number of rows in all, for numbered pages."""


class BadKey(Struct, frozen=True):
    """One answer that condemns a key. Every other answer is "could not tell"."""

    status: int
    path: str = ""
    """Dotted path in the body, ``[]`` meaning each element; or ``header:NAME``."""
    equals: str = ""
    contains: str = ""


class KeyCheck(Struct, frozen=True):
    """Where a key is checked: often the list, but never a list that is public."""

    path: str
    """Below the base URL, or a whole URL."""
    method: str = "GET"
    query: Mapping[str, str] = {}
    form: Mapping[str, str] = {}
    """Form fields; ``{key}`` stands for the key."""
    ok_path: str = ""
    """Dotted path in the body that must be true for the key to be good, where there is one."""
    bad_key: tuple[BadKey, ...] = (BadKey(401),)
    proves_key: bool = True
    """False where the route answers anybody: then it shows only that the server is there."""


class Ask(Struct, frozen=True):
    """Something an account needs besides its key; fills ``{name}`` in the addresses."""

    name: str
    label: str
    example: str = ""
    default: str = ""
    """Empty: the user must fill it in."""
    env: tuple[str, ...] = ()


class ProviderSpec(Struct, frozen=True, kw_only=True):
    """One known provider: what differs between providers, as data."""

    id: str
    name: str
    base_url: str
    """May hold ``{name}`` for each of ``asks``."""
    parse: Callable[[Json], Iterator[Entry]]
    local: bool = False
    """Runs on this computer or the user's own network, and needs no key."""
    auth: Auth = Auth.BEARER
    key_required: bool = True
    headers: Mapping[str, str] = {}
    list_path: str = "/models"
    list_query: Mapping[str, str] = {}
    list_public: bool = False
    list_fallbacks: tuple[tuple[str, Callable[[Json], Iterator[Entry]]], ...] = ()
    """Older or plainer list routes with their parsers, tried in order when the first is not there."""
    extra_list: tuple[str, Callable[[Json], Iterator[Entry]]] | None = None
    """A second list, merged by id: facts the first one lacks. Its failure loses nothing else."""
    extra_public: bool = False
    """The second list is asked without the key."""
    paging: Paging | None = None
    check: KeyCheck = KeyCheck("/models")
    asks: tuple[Ask, ...] = ()
    key_env: tuple[str, ...] = ()
    base_url_env: tuple[str, ...] = ()
    key_prefixes: tuple[str, ...] = ()
    """How its keys usually begin: a hint, never a reason to refuse one."""
    foreign_prefixes: tuple[str, ...] = ()
    """Beginnings that plainly belong to somebody else."""
    keys_url: str = ""
    timeouts: str = "medium"
    """Key of ``TIMEOUTS``."""
    ttl: int | None = None
    """Seconds; None: the default of the settings. 300 for local servers."""
    dialect: Dialect = Dialect.OPENAI
    chat_path: str = "/chat/completions"
    responses_path: str = ""
    messages_path: str = ""
    """Route of the Anthropic dialect; a path below the base URL or a whole URL; empty: none."""
    embeddings_path: str = ""
    chat_base_url: str = ""
    """Where chat lives, when not below ``base_url``."""
    builtin: tuple[str, ...] = ()
    """Ids that work though no list names them."""
    retry_after: tuple[str, ...] = ("retry-after",)
    """Headers that say how long to wait, first one wins; ``body:`` for Google's RetryInfo."""


def base_url(spec: ProviderSpec, account: Account) -> str:
    """The account's address without a trailing slash, its blanks filled in.

    Raises UserError that names the value which is missing or cannot stand in an address.
    """
    return fill(account.base_url or spec.base_url, spec, account).rstrip("/")


def fill(url: str, spec: ProviderSpec, account: Account) -> str:
    """``url`` with the account's values in its blanks. Raises UserError as ``base_url`` does."""
    for ask in spec.asks:
        if f"{{{ask.name}}}" not in url:
            continue
        value = (account.values.get(ask.name) or ask.default).strip()
        if not value:
            raise UserError(_("{name} needs “{what}”: set it in the settings.").format(name=spec.name, what=ask.label))
        if not all(letter.isalnum() or letter in "-_." for letter in value):
            raise UserError(_("“{value}” cannot be used as “{what}”.").format(value=value, what=ask.label))
        url = url.replace(f"{{{ask.name}}}", value)
    return url


def origin(url: str) -> str:
    """``scheme://host:port`` with the port always there. Raises UserError for what is no http address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.username is not None:
        raise UserError(_("“{url}” is not an http or https address.").format(url=url))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def signed(spec: ProviderSpec, key: Secret | None) -> dict[str, str]:
    """The headers of one request: the row's own, and the key where there is one."""
    headers = dict(spec.headers)
    if key:
        headers[spec.auth.value] = f"Bearer {key.reveal()}" if spec.auth is Auth.BEARER else key.reveal()
    return headers
