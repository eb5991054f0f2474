"""Which headers go upstream, by a list of those allowed, and which of an answer's come back, by one of those not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trayapp.core.secret import Secret
from trayapp.core.version import VERSION

AGENT = f"trayapp/{VERSION}"

# Nothing else that a caller sends leaves the computer: no cookie, no key, nothing named in Connection.
# OpenAI-Organization and -Project are not on it: they belong to the key, which is not the caller's.
_UP = frozenset({"accept", "content-type", "anthropic-version", "anthropic-beta", "openai-beta", "idempotency-key"})
_CALLERS_OWN = frozenset({"anthropic-version", "anthropic-beta"})
"""What a caller says here stands, even where the provider's row says something: it knows the form of its body."""

_NOT_DOWN = frozenset(
    {
        # of one connection only (RFC 9110, section 7.6.1)
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # about the upstream's site, and wrong or harmful when said of 127.0.0.1
        "alt-svc",
        "clear-site-data",
        "content-length",
        "expect-ct",
        "link",
        "location",
        "nel",
        "origin-agent-cluster",
        "public-key-pins",
        "refresh",
        "report-to",
        "reporting-endpoints",
        "server",
        "set-cookie",
        "set-cookie2",
        "sourcemap",
        "strict-transport-security",
        "via",
        "www-authenticate",
        "x-powered-by",
    }
)
_NOT_DOWN_FAMILIES = ("access-control-", "content-security-policy", "cross-origin-", "x-forwarded-", "proxy-")


def upward(caller: Iterable[tuple[str, str]], signed: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request to a provider; names in lower case. Host and Content-Length are the client's affair.

    ``signed`` are those of ``providers.spec.signed``: the row's own and the key.
    """
    sent: dict[str, str] = {}
    for name, value in caller:
        name = name.lower()
        if name in _UP and value and value.isascii() and value.isprintable():
            # a second one adds to the first, as the RFC has it for lists
            sent[name] = f"{sent[name]}, {value}" if name in sent and name != "content-type" else value
    for name, value in signed.items():
        name = name.lower()
        if name not in _CALLERS_OWN or name not in sent:
            sent[name] = value
    sent.setdefault("accept", "*/*")
    sent.setdefault("content-type", "application/json")
    sent["accept-encoding"] = "identity"  # usage is read from the passing bytes
    sent["user-agent"] = AGENT
    return sent


def downward(
    answered: Iterable[tuple[str, str]], *, length: bool, secrets: tuple[Secret, ...] = ()
) -> list[tuple[str, str]]:
    """The headers that go back to the caller. ``length``: the body stays as it is, so its length may be told.

    One that quotes one of ``secrets`` is left out: the caller is given no key of the account's.
    """
    kept: list[tuple[str, str]] = []
    named: set[str] = set()
    for name, value in answered:
        low = name.lower()
        if low == "connection":
            named.update(it.strip().lower() for it in value.split(","))
        if low in _NOT_DOWN:
            if low != "content-length" or not length:
                continue
        elif low.startswith(_NOT_DOWN_FAMILIES) or quotes(f"{name}: {value}", secrets):
            continue
        kept.append((name, value))
    return [it for it in kept if it[0].lower() not in named] if named else kept


def quotes(text: str, secrets: tuple[Secret, ...]) -> bool:
    """Whether one of them stands in it."""
    return any(it.struck_from(text, "") != text for it in secrets if it)
