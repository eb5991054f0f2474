"""The vocabulary of a provider's row, and the only functions that put a key into a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
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
    """None: neither the answer nor the name says; then it counts as chat."""
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


Parse: TypeAlias = Callable[[Json], Iterator[Entry | None]]
"""One page to its entries; None stands for a row that could not be read.

Raises ``fields.NotAListError`` for an answer that is no list of models at all.
"""
Merge: TypeAlias = Callable[[Iterable[Entry], Iterable[Entry]], list[Entry]]
"""The first list and the extra one (perhaps empty) to the list that is shown."""


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

    param: str = ""
    """Query parameter that carries the cursor or the page number."""
    cursor: str = ""
    """Dotted path of the next cursor in the answer."""
    more: str = ""
    """Dotted path of a flag that must be true for the next page, where there is one."""
    total: str = ""
    """Dotted path of the number of rows in all, for pages numbered from one."""
    next_url: str = ""
    """Dotted path of the next page's address, whole or below the host; followed on the same origin only."""


class Route(Struct, frozen=True, kw_only=True):
    """A list route besides a row's first one."""

    path: str
    parse: Parse
    query: Mapping[str, str] = {}
    paging: Paging | None = None
    rooted: bool = False
    """The path starts at the host's root, not below the base URL."""
    public: bool = False
    """Asked without the key."""
    condemns: bool = True
    """False where a refusal here is not about the key."""


class BadKey(Struct, frozen=True):
    """One answer that condemns a key. Every other answer is "could not tell"."""

    status: int
    path: str = ""
    """Dotted path in the body, ``[]`` meaning each element; or ``header:NAME``."""
    equals: str = ""
    contains: str = ""
    own_host: bool = False
    """Counts only at the provider's own address: elsewhere the status has a plainer meaning."""


class KeyCheck(Struct, frozen=True):
    """Where a key is checked: often the list, but never a list that is public."""

    path: str
    """Below the base URL, or a whole URL, which is asked only while the account has the row's own host."""
    method: str = "GET"
    query: Mapping[str, str] = {}
    form: Mapping[str, str] = {}
    """Form fields; ``{key}`` stands for the key, which then is in no header."""
    ok_path: str = ""
    """Dotted path in the body that must be true for the key to be good, where there is one."""
    blocked: tuple[str, ...] = ()
    """Dotted paths of flags that say "known, but not usable" when true."""
    bad_key: tuple[BadKey, ...] = (BadKey(401),)
    proves_key: bool = True
    """False where the route may answer anybody: then it is asked without the key as well."""
    fallback: KeyCheck | None = None
    """Asked where the first route does not exist."""


class Ask(Struct, frozen=True):
    """Something an account needs besides its key; fills ``{name}`` in the addresses."""

    name: str
    label: str
    example: str = ""
    default: str = ""
    """Empty: the user must fill it in, unless it is optional."""
    env: tuple[str, ...] = ()
    optional: bool = False
    header: str = ""
    """Sent as this header, where the user filled it in."""


class ProviderSpec(Struct, frozen=True, kw_only=True):
    """One known provider: what differs between providers, as data."""

    id: str
    name: str
    base_url: str
    """May hold ``{name}`` for each of ``asks``."""
    base_urls: tuple[str, ...] = ()
    """Its other addresses: regions and sites, whose keys are often not the same."""
    base_endings: tuple[str, ...] = ()
    """What people write behind an address though it stands in the row's paths; left out."""
    parse: Parse
    local: bool = False
    """Runs on this computer or the user's own network, and needs no key."""
    auth: Auth = Auth.BEARER
    key_required: bool = True
    headers: Mapping[str, str] = {}
    list_path: str = "/models"
    list_query: Mapping[str, str] = {}
    list_public: bool = False
    list_condemns: bool = True
    """False where a refusal of the list is not about the key."""
    paging: Paging | None = None
    list_fallbacks: tuple[Route, ...] = ()
    """Older or plainer list routes, tried in order when the one before is not there."""
    falls_back_on: tuple[int, ...] = (404, 405, 410)
    """Statuses that mean "not there"; an answer 200 that is no list always does."""
    typed: str = ""
    """The ask in which the user may list model ids that no route names, separated by commas."""
    extra_list: Route | None = None
    """A second list: facts the first one lacks. Its failure loses nothing else."""
    merge: Merge | None = None
    """Puts the two lists together; None: by id, the first one's word counting more."""
    check: KeyCheck = KeyCheck("/models")
    probes: tuple[tuple[str, Callable[[int, Json], bool]], ...] = ()
    """Routes that tell who listens there: status and body to yes or no; one yes is enough."""
    asks: tuple[Ask, ...] = ()
    key_env: tuple[str, ...] = ()
    base_url_env: tuple[str, ...] = ()
    key_prefixes: tuple[str, ...] = ()
    """How its keys usually begin: a hint, never a reason to refuse one."""
    foreign_prefixes: tuple[str, ...] = ()
    """Beginnings that plainly belong to somebody else, or to a kind of key that does not work here."""
    keys_url: str = ""
    docs_url: str = ""
    timeouts: str = "medium"
    """Key of ``TIMEOUTS``; read it through ``timeouts_for``."""
    ttl: int | None = None
    """Seconds; None: the default of the settings. 300 for local servers."""
    dialect: Dialect = Dialect.OPENAI
    chat_path: str = "/chat/completions"
    stream_path: str = ""
    """Where it differs from ``chat_path``."""
    compat_path: str = ""
    """Chat in OpenAI's dialect beside the own one; always with a Bearer key."""
    native_chat_path: str = ""
    """Chat in the server's own dialect beside OpenAI's."""
    responses_path: str = ""
    messages_path: str = ""
    """Route of the Anthropic dialect; a path below the base URL or a whole URL; empty: none."""
    embeddings_path: str = ""
    chat_base_url: str = ""
    """Where all these live, when not below ``base_url``."""
    builtin: tuple[str, ...] = ()
    """Ids known to exist though no list may name them; for the catalogue, never mixed into a list."""


def latency(spec: ProviderSpec, account: Account, base: str) -> str:
    """The account's own latency class, else the row's; a local server on this computer has its own (C6, C17)."""
    if account.timeouts in TIMEOUTS:
        return account.timeouts
    return "local" if spec.local and loopback(base) else spec.timeouts


def timeouts_for(spec: ProviderSpec, account: Account, base: str) -> Timeouts:
    """The figures of the account's latency class, as the program has them."""
    return TIMEOUTS[latency(spec, account, base)]


def loopback(url: str) -> bool:
    """Whether the address is this very computer's."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def base_url(spec: ProviderSpec, account: Account) -> str:
    """The account's address without a trailing slash, its blanks filled in.

    Raises UserError that names the value which is missing or cannot stand in an address.
    """
    url = fill((account.base_url or spec.base_url).strip(), spec, account).rstrip("/")
    ending = next((ending for ending in spec.base_endings if url.endswith(ending)), "")
    return url.removesuffix(ending).rstrip("/")


def fill(url: str, spec: ProviderSpec, account: Account) -> str:
    """``url`` with the account's values in its blanks. Raises UserError as ``base_url`` does."""
    for ask in spec.asks:
        if f"{{{ask.name}}}" not in url:
            continue
        value = (account.values.get(ask.name) or ask.default).strip()
        if not value:
            raise UserError(
                _("{name} needs “{what}”: set it in the settings.").format(name=spec.name, what=_(ask.label))
            )
        if not all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in value):
            raise UserError(_("“{value}” cannot be used as “{what}”.").format(value=value, what=_(ask.label)))
        url = url.replace(f"{{{ask.name}}}", value)
    return url


@lru_cache(maxsize=256)
def origin(url: str) -> str:
    """``scheme://host:port`` with the port always there. Raises UserError for what is no http address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if parts.username is not None or parts.password is not None:
        raise UserError(_("Leave user name and password out of the address: keys belong in the keyring."))
    if not parts.hostname or not set(parts.hostname).isdisjoint("%[]<>\\^`{|} "):
        raise UserError(_("“{url}” is not an http or https address.").format(url=url))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def at_home(spec: ProviderSpec, account: Account) -> bool:
    """Whether the account talks to one of the row's own hosts, so that its whole URLs may see the key."""
    if not account.base_url:
        return True
    own = (spec.base_url, *spec.base_urls)
    return origin(base_url(spec, account)) in {origin(fill(url, spec, account)) for url in own if "{" not in url}


def signed(
    spec: ProviderSpec, key: Secret | None, account: Account | None = None, *, bearer: bool = False
) -> dict[str, str]:
    """The headers of one request: the row's own, the account's, and the key where there is one.

    ``bearer``: the key goes as ``compat_path`` wants it. Raises UserError for a key that cannot stand in a header.
    """
    headers = dict(spec.headers)
    for ask in spec.asks if account else ():
        value = account.values.get(ask.name, "").strip() if account and ask.header else ""
        if value and value.isascii() and value.isprintable():
            headers[ask.header] = value
    if key:
        text, auth = _sendable(key), Auth.BEARER if bearer else spec.auth
        headers[auth.value] = f"Bearer {text}" if auth is Auth.BEARER else text
    return headers


def check_form(check: KeyCheck, key: Secret) -> dict[str, str]:
    """The form fields of a key check that carries the key in its body. Raises UserError as ``signed`` does."""
    return {name: value.replace("{key}", _sendable(key)) for name, value in check.form.items()}


def _sendable(key: Secret) -> str:
    text = key.reveal()
    if not (text.isascii() and text.isprintable()):
        # httpx would raise with the whole header in its words
        raise UserError(_("The key holds characters that cannot be sent: enter it again."))
    return text
