"""Which route of the chosen provider answers: its own kind relayed as it comes, else the nearest translated."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.providers import table
from trayapp.providers.spec import Dialect, ProviderSpec, at_home, base_url, fill, origin

_OWN_COMPLETIONS = ("ollama", "lmstudio", "openai-compatible")
"""Rows that have OpenAI's old route for texts; with others a prompt becomes a chat."""
_TWO_HOUSES = ("azure-openai", "bedrock")
"""Rows whose Anthropic route serves Anthropic's models and nothing else, as nothing else serves these."""
_CLAUDE = ("claude", "anthropic")
_LOOPBACK = (
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost6",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
    "",
)
"""Names that systems give to this computer."""


class Route(StrEnum):
    """What a tool may ask here that needs a model."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"
    OLLAMA_CHAT = "ollama-chat"
    OLLAMA_GENERATE = "ollama-generate"
    OLLAMA_EMBED = "ollama-embed"

    @property
    def embeds(self) -> bool:
        """It asks for numbers, not for words."""
        return self in (Route.EMBEDDINGS, Route.OLLAMA_EMBED)

    @property
    def dialect(self) -> Dialect:
        """The dialect that the caller speaks, and hears."""
        if self in (Route.MESSAGES, Route.COUNT_TOKENS):
            return Dialect.ANTHROPIC
        ollama = (Route.OLLAMA_CHAT, Route.OLLAMA_GENERATE, Route.OLLAMA_EMBED)
        return Dialect.OLLAMA if self in ollama else Dialect.OPENAI


class Plan(Struct, frozen=True):
    """Where one request goes and what has to be done to it on the way."""

    url: str
    relayed: bool
    """Bytes through: only model, address and headers change."""
    out: Dialect
    """The dialect that is spoken there."""
    bearer: bool = False
    """The key goes as a Bearer key, whatever the provider's own routes want."""


def plan(route: Route, spec: ProviderSpec, account: Account, model: str = "", *, relay: bool = True) -> Plan:
    """The way for this kind of request. Raises UserError in words where the provider has none.

    ``model`` is its name at the provider, or the one behind a deployment where that is known. Without ``relay`` the
    way is a translated one: for servers that turn out to lack a route which newer ones have.
    """
    same = _same(route, spec, account, model) if relay else None
    if same is not None:
        return same
    if route.embeds:
        return _embeddings(route, spec, account)
    if spec.id == "ollama":
        return Plan(_url(spec, account, spec.native_chat_path), relayed=False, out=Dialect.OLLAMA)
    if _claude(spec, model):
        return Plan(_url(spec, account, spec.messages_path), relayed=False, out=Dialect.ANTHROPIC)
    if spec.dialect in (Dialect.OPENAI, Dialect.ANTHROPIC):
        return Plan(_url(spec, account, spec.chat_path), relayed=False, out=spec.dialect)
    if spec.compat_path:
        return Plan(_url(spec, account, spec.compat_path), relayed=False, out=Dialect.OPENAI, bearer=True)
    raise UserError(
        _("{name} speaks a language of its own and cannot be reached through the gateway.").format(name=spec.name)
    )


def spec_of(account: Account) -> ProviderSpec:
    """The account's row. Raises UserError for one that only another version of the program knows."""
    try:
        return table.spec(account.spec)
    except KeyError:
        told = _("The account “{id}” is of a provider that this version does not know.")
        raise UserError(told.format(id=account.id)) from None


def reachable(spec: ProviderSpec) -> bool:
    """Whether chat with this provider goes through the gateway at all."""
    return spec.dialect in (Dialect.OPENAI, Dialect.ANTHROPIC, Dialect.OLLAMA) or bool(spec.compat_path)


def ours(url: str, port: int) -> bool:
    """Whether an address is the gateway's own, which listens to this computer only: a request would go round for ever.

    Knows every spelling that some resolver takes: 127.1, 2130706433, [::ffff:127.0.0.1], 0.0.0.0, “localhost.”.
    Names that a hosts file gives to this computer it cannot know.
    """
    try:
        parts = urlsplit(url)
        if (parts.port or {"http": 80, "https": 443}.get(parts.scheme)) != port:
            return False
        host = parts.hostname or ""
    except ValueError:
        return False
    # as IDNA would read it: full-width digits, and other scripts' full stops
    host = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").casefold().rstrip(".").partition("%")[0]
    if host in _LOOPBACK or host.endswith((".localhost", ".localhost.localdomain")):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))  # takes all the old forms: short, octal, hexadecimal
        except (OSError, ValueError):
            return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _same(route: Route, spec: ProviderSpec, account: Account, model: str) -> Plan | None:
    """The provider's route of the very same kind, where it has one."""
    path, bearer = "", False
    claude = _claude(spec, model)
    match route:
        case Route.CHAT if spec.dialect is Dialect.OPENAI and not claude:
            path = spec.chat_path
        case Route.CHAT if spec.dialect is Dialect.GEMINI:
            path, bearer = spec.compat_path, True
        case Route.RESPONSES if not claude:
            path = spec.responses_path
        case Route.EMBEDDINGS if spec.dialect is Dialect.OPENAI:
            path = spec.embeddings_path
        case Route.EMBEDDINGS if spec.dialect is Dialect.GEMINI:
            # https://ai.google.dev/gemini-api/docs/openai#embeddings
            path, bearer = _beside(spec.compat_path, "/embeddings"), True
        case Route.MESSAGES if claude or spec.id not in _TWO_HOUSES:
            path = spec.messages_path
        case Route.COUNT_TOKENS if spec.dialect is Dialect.ANTHROPIC:
            path = f"{spec.messages_path}/count_tokens"
        case Route.OLLAMA_CHAT if spec.id == "ollama":
            path = "/api/chat"
        case Route.OLLAMA_GENERATE if spec.id == "ollama":
            path = "/api/generate"
        case Route.OLLAMA_EMBED if spec.id == "ollama":
            path = "/api/embed"
        case Route.COMPLETIONS if spec.id in _OWN_COMPLETIONS:
            path = _beside(spec.chat_path, "/completions")
    if not path or (path.startswith("http") and not _its_host(path, spec, account)):
        return None
    return Plan(_url(spec, account, path), relayed=True, out=route.dialect, bearer=bearer)


def _embeddings(route: Route, spec: ProviderSpec, account: Account) -> Plan:
    """OpenAI's own route for texts, whoever asks."""
    same = _same(Route.EMBEDDINGS, spec, account, "")
    if same is None:
        raise UserError(_("{name} offers no embeddings through the gateway.").format(name=spec.name))
    return Plan(same.url, relayed=False, out=same.out, bearer=same.bearer)


def _claude(spec: ProviderSpec, model: str) -> bool:
    """Whether the row keeps this model apart, on its Anthropic route."""
    return spec.id in _TWO_HOUSES and any(word in model.casefold() for word in _CLAUDE)


def _beside(path: str, other: str) -> str:
    """Another route of the same folder as OpenAI's chat."""
    return path.removesuffix("/chat/completions") + other if path else ""


def _its_host(path: str, spec: ProviderSpec, account: Account) -> bool:
    """Whether a whole address is on the account's own host: sister sites have keys of their own."""
    return origin(path) == origin(base_url(spec, account))


def _url(spec: ProviderSpec, account: Account, path: str) -> str:
    """The whole address. Raises UserError for an account that is not complete."""
    if path.startswith("http"):
        return path
    # only the row's own host has its second one: an account elsewhere has everything below its address
    elsewhere = spec.chat_base_url and at_home(spec, account)
    base = fill(spec.chat_base_url, spec, account) if elsewhere else base_url(spec, account)
    if spec.id == "openai-compatible" and not urlsplit(base).path.strip("/"):
        base += "/v1"  # as its list is found where people leave it out; servers without it are not known
    return base.rstrip("/") + path
