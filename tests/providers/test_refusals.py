"""How long to wait, in every form in use; what is said of an error, whatever its body looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trayapp.core.secret import Secret
from trayapp.providers.refusals import LONGEST_WAIT, condemns, retry_after, words
from trayapp.providers.spec import BadKey
from trayapp.providers.wire import Answer

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def answer(status: int = 429, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("https://x", status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


GOOGLE = {
    "error": {
        "code": 429,
        "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
        ],
    }
}


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (answer(retry_after="7"), 7.0),
        (answer(retry_after="1.5"), 1.5),
        (answer(retry_after="0"), 0.0),
        (answer(retry_after="-3"), 0.0),
        (answer(retry_after_ms="250"), 0.25),
        (answer(retry_after_ms="250", retry_after="9"), 0.25),
        (answer(retry_after_ms="soon", retry_after="9"), 9.0),
        (answer(retry_after="Fri, 15 Jan 2027 08:00:30 GMT"), 30.0),
        (answer(retry_after="Fri, 15 Jan 2027 07:00:00 GMT"), 0.0),
        (answer(retry_after="6m0s"), 360.0),
        (answer(retry_after="2m59.56s"), 179.56),
        (answer(retry_after="1h2m3s"), 3723.0),
        (answer(retry_after="120ms"), 0.12),
        (answer(body=GOOGLE), 34.0),
        (answer(body=GOOGLE, retry_after="2"), 2.0),
        (answer(retry_after="999999999"), LONGEST_WAIT),
        (answer(), None),
        (answer(retry_after=""), None),
        (answer(retry_after="nan"), None),
        (answer(retry_after="inf"), None),
        (answer(retry_after="tomorrow"), None),
        (answer(retry_after="Fri, 99 Foo 2027 08:00:30 GMT"), None),
        (answer(body={"error": {"details": [{"retryDelay": 7}, "x"]}}), None),
    ],
)
def test_the_wait_asked_for_is_read_in_all_its_forms(given: Answer, seconds: float | None) -> None:
    found = retry_after(given, NOW)
    assert found == (pytest.approx(seconds) if seconds is not None else None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "one", "code": "c"}}, "one"),
        ({"type": "error", "error": {"type": "t", "message": "two"}}, "two"),
        ({"error": {"code": 401, "message": "three"}}, "three"),
        ({"detail": "four"}, "four"),
        ({"detail": [{"loc": ["x"], "msg": "five"}]}, "five"),
        ({"id": "i", "message": "six"}, "six"),
        ({"code": "c", "error": "seven"}, "seven"),
        ({"title": "eight", "status": 401}, "eight"),
        ({"title": "Unauthorized", "detail": "nine"}, "nine"),
        ({"Message": "ten"}, "ten"),
        ({"error": {"message": ""}, "message": "eleven"}, "eleven"),
        ({"error": {"message": "two\nlines\t and\x00 more"}}, "two lines and more"),
        (b"plain words", "plain words"),
        (b"<html><title>502 Bad &amp; Gateway</title></html>", "502 Bad & Gateway"),
        (b"<html><body>much</body></html>", ""),
        (b"\x00\x01\x02", ""),
        (b"", ""),
        (["x"], ""),
        ({"error": {"message": 7}}, ""),
        (None, ""),
    ],
)
def test_one_extractor_finds_the_words_in_every_form(body: Any, said: str) -> None:
    assert words(answer(400, body), None).split() == said.split()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Incorrect API key provided: sk-proj-****abcd. You can", "Incorrect API key provided: … You can"),
        ("Your api key: ****abcd is invalid", "Your api key: … is invalid"),
        ("Incorrect API key provided: xa***cd. You", "Incorrect API key provided: …. You"),
        ("Malformed token provided: 22aac52a71... Ensure", "Malformed token provided: … Ensure"),
        ("Please wait...", "Please wait..."),
        ("no key my-own-key-0123456789 here", "no key … here"),
    ],
)
def test_what_is_echoed_of_a_key_is_struck_out(said: str, left: str) -> None:
    assert words(answer(401, {"error": {"message": said}}), Secret("my-own-key-0123456789")) == left


def test_a_key_at_the_cut_leaves_no_half() -> None:
    key = "my-own-key-0123456789"
    for filler in range(170, 201):
        said = words(answer(401, {"error": "x" * filler + " " + key}), Secret(key))
        assert len(said) <= 200
        assert "my-own" not in said


def test_masks_of_any_length_are_found_in_no_time() -> None:
    for body in ("a" * 4_000_000, "*" * 100_000, "a-" * 100_000, "1" * 100_000, "a*" * 100_000):
        words(answer(401, {"error": body}), None)


def test_a_rule_looks_where_it_says_and_nowhere_else() -> None:
    body = {"error": {"details": [{"reason": "OTHER"}, {"reason": "API_KEY_INVALID"}, 7]}}
    rule = BadKey(400, path="error.details[].reason", equals="API_KEY_INVALID")
    assert condemns((rule,), answer(400, body), own_host=True)
    assert not condemns((rule,), answer(401, body), own_host=True)
    assert not condemns((rule,), answer(400, {"error": {"details": {"reason": "API_KEY_INVALID"}}}), own_host=True)
    header = BadKey(403, path="header:x-amzn-errortype", contains="UnrecognizedClient")
    assert condemns((header,), answer(403, x_amzn_errortype="UnrecognizedClientException"), own_host=True)
    assert not condemns((header,), answer(403), own_host=True)
    assert not condemns((BadKey(404, own_host=True),), answer(404), own_host=False)
