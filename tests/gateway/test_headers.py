"""Headers: upwards only those allowed, downwards none that speak of another site."""

from __future__ import annotations

from trayapp.core.secret import Secret
from trayapp.gateway.headers import AGENT, downward, upward

CALLER = [
    ("Host", "127.0.0.1:4180"),
    ("Content-Type", "application/json"),
    ("Accept", "text/event-stream"),
    ("Authorization", "Bearer sk-trayapp-mine"),
    ("x-api-key", "sk-trayapp-mine"),
    ("Cookie", "a=b"),
    ("Connection", "keep-alive, X-Named"),
    ("X-Named", "1"),
    ("X-Forwarded-For", "10.0.0.1"),
    ("Forwarded", "for=10.0.0.1"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "12"),
    ("Content-Encoding", "gzip"),
    ("Accept-Encoding", "gzip, br"),
    ("User-Agent", "tool/1"),
    ("Origin", "app://x"),
    ("Referer", "app://x/y"),
    ("OpenAI-Organization", "org-1"),
    ("anthropic-version", "2024-01-01"),
    ("anthropic-beta", "one"),
    ("Anthropic-Beta", "two"),
    ("OpenAI-Beta", "assistants=v2"),
    ("Proxy-Authorization", "Basic x"),
    ("TE", "trailers"),
    ("Expect", "100-continue"),
    ("X-Anything", "else"),
]


def test_only_what_is_allowed_goes_up_and_the_key_is_ours() -> None:
    sent = upward(CALLER, {"Authorization": "Bearer real", "anthropic-version": "2023-06-01", "X-Row": "says"})
    assert sent == {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "anthropic-version": "2024-01-01",
        "anthropic-beta": "one, two",
        "openai-beta": "assistants=v2",
        "authorization": "Bearer real",
        "x-row": "says",
        "accept-encoding": "identity",
        "user-agent": AGENT,
    }


def test_what_the_provider_needs_is_there_even_if_the_caller_says_nothing() -> None:
    assert upward([], {"anthropic-version": "2023-06-01"}) == {
        "anthropic-version": "2023-06-01",
        "accept": "*/*",
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": AGENT,
    }


def test_a_value_that_could_break_a_header_stays_here() -> None:
    bad = [("anthropic-beta", "a\r\nX-Evil: 1"), ("accept", "t\udc80"), ("openai-beta", "ü"), ("idempotency-key", "")]
    assert upward(bad, {}).keys() == {"accept", "content-type", "accept-encoding", "user-agent"}


def test_a_row_cannot_change_what_we_ask_for() -> None:
    sent = upward([], {"Accept-Encoding": "gzip", "User-Agent": "curl"})
    assert (sent["accept-encoding"], sent["user-agent"]) == ("identity", AGENT)


ANSWERED = [
    ("Content-Type", "text/event-stream"),
    ("Content-Length", "12"),
    ("Content-Encoding", "gzip"),
    ("Connection", "keep-alive, X-Hop"),
    ("X-Hop", "1"),
    ("Keep-Alive", "timeout=5"),
    ("Transfer-Encoding", "chunked"),
    ("Set-Cookie", "a=b"),
    ("Server", "cloudflare"),
    ("Strict-Transport-Security", "max-age=1"),
    ("Alt-Svc", "h3"),
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Content-Security-Policy-Report-Only", "x"),
    ("Report-To", "{}"),
    ("NEL", "{}"),
    ("Location", "https://elsewhere.example"),
    ("Refresh", "0"),
    ("Clear-Site-Data", "*"),
    ("WWW-Authenticate", "Bearer"),
    ("x-request-id", "req_1"),
    ("retry-after", "3"),
    ("x-ratelimit-remaining-tokens", "9"),
    ("anthropic-ratelimit-requests-limit", "1"),
]


def test_nothing_that_speaks_of_the_upstreams_site_comes_down() -> None:
    assert downward(ANSWERED, length=False) == [
        ("Content-Type", "text/event-stream"),
        ("Content-Encoding", "gzip"),
        ("x-request-id", "req_1"),
        ("retry-after", "3"),
        ("x-ratelimit-remaining-tokens", "9"),
        ("anthropic-ratelimit-requests-limit", "1"),
    ]


def test_the_length_is_told_where_the_body_stays_as_it_is() -> None:
    assert ("Content-Length", "12") in downward(ANSWERED, length=True)


def test_a_header_that_quotes_the_accounts_key_stays_here(canary: str) -> None:
    told = [("retry-after", canary), ("x-request-id", f"for {canary}!"), (canary, "1"), ("x-other", "fine")]
    assert downward(told, length=False, secrets=(Secret(canary),)) == [("x-other", "fine")]
    assert downward(told, length=False, secrets=(Secret(""),)) == told
