"""Finds the servers of this computer: where Ollama listens, and who answers at an address."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from trayapp.core.accounts import Account
from trayapp.providers.fields import NotAListError
from trayapp.providers.shapes_local import lmstudio, lmstudio_v0
from trayapp.providers.spec import Json, Parse

OLLAMA_PORT = "11434"
_PORTS = {"http": "80", "https": "443"}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  listened on, never bound here


def ollama_address(value: str | None) -> str:
    """The base URL to call for a value of ``OLLAMA_HOST``, in all the forms that Ollama itself reads.

    Its rules are those of ``envconfig.Host``: a scheme decides the port that is left out, a number
    alone is a host, an impossible port is replaced, a path is kept. An address that means "listen
    everywhere" becomes this computer's own.
    """
    text = (value or "").strip().strip("\"'").strip()
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = ("https", "ollama.com:443") if text == "ollama.com" else ("http", text)
    default = _PORTS.get(scheme, OLLAMA_PORT) if found else OLLAMA_PORT
    if scheme not in _PORTS:
        scheme = "http"
    address, slash, path = rest.partition("/")
    host, port = _host_and_port(address)
    if not (port and port.isascii() and port.isdecimal() and int(port[:9]) <= 65535):
        port = default
    host = _EVERYWHERE.get(host, host)
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}{slash}{path}".rstrip("/")


def addressed(account: Account, env: Mapping[str, str]) -> Account:
    """The account with the address that ``OLLAMA_HOST`` gives it, where nobody typed another."""
    if account.spec != "ollama" or account.base_url or not env.get("OLLAMA_HOST"):
        return account
    return replace(account, base_url=ollama_address(env["OLLAMA_HOST"]))


def _host_and_port(address: str) -> tuple[str, str]:
    """Split as Go does it; an empty port where there is none, or where the colons are those of IPv6."""
    if address.startswith("["):
        host, _bracket, after = address[1:].partition("]")
        return host, after.removeprefix(":")
    if address.count(":") > 1:
        return address, ""
    host, _colon, port = address.partition(":")
    return host, port


def ollama_here(status: int, body: Json) -> bool:
    """Whether this is Ollama's answer to ``/api/version``: nothing but a version."""
    return status == 200 and isinstance(body, dict) and isinstance(body.get("version"), str) and "error" not in body


def lmstudio_here(status: int, body: Json) -> bool:
    """Whether an answer can only be LM Studio's: its own kind of list, its greeting, or its own complaint."""
    if not isinstance(body, dict):
        return False
    if status == 401:  # a token is wanted, and the text says whose
        error = body.get("error")
        return isinstance(error, dict) and "LM Studio" in str(error.get("message"))
    if status != 200:
        return False
    if body.get("lmstudio") is True:
        return True
    if str(body.get("error", "")).startswith("Unexpected endpoint or method."):
        return True
    return _all_rows(lmstudio, body) or (bool(body.get("data")) and _all_rows(lmstudio_v0, body))


def _all_rows(parse: Parse, body: Json) -> bool:
    try:
        return all(entry is not None for entry in parse(body))
    except NotAListError:
        return False
