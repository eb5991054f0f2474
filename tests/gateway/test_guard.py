"""Who may call: by Host, Origin and token, before the body is read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayapp.gateway import tokens
from trayapp.gateway.guard import NOBODY, Gate, Head, admit
from trayapp.gateway.refusal import Reason, RefusedError

TOKEN = tokens.new()
OTHER = tokens.new()
GATE = Gate(4180, {"one": tokens.digest(TOKEN), "two": tokens.digest(OTHER)}, frozenset({"app://obsidian.md"}))
GOOD = Head("POST", "/v1/chat/completions", host=("127.0.0.1:4180",), authorization=(f"Bearer {TOKEN}",))


def refusal(head: Head, gate: Gate = GATE) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        admit(gate, head)
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1:4180", "localhost:4180", "[::1]:4180", "LocalHost:4180"])
def test_the_three_names_of_this_computer_are_let_in(host: str) -> None:
    assert admit(GATE, replace(GOOD, host=(host,))).token == "one"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4180",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:4181",
        "127.0.0.1:04180",
        "127.0.0.2:4180",
        "0.0.0.0:4180",
        "127.1:4180",
        "2130706433:4180",
        "[::]:4180",
        "::1:4180",
        "[0:0:0:0:0:0:0:1]:4180",
        "[::ffff:127.0.0.1]:4180",
        "localhost.:4180",
        "foo.localhost:4180",
        "localhost:4180.evil.example",
        "localhost:4180@evil.example",
        "user@localhost:4180",
        " 127.0.0.1:4180",
        "127.0.0.1:4180/",
        "",
    ],
)
def test_any_other_host_is_misdirected(host: str) -> None:
    told = refusal(replace(GOOD, host=(host,)))
    assert told.status == 421
    assert "http://127.0.0.1:4180" in str(told)


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1:4180", "127.0.0.1:4180"), ("127.0.0.1:4180", "evil.example")])
def test_a_host_that_is_missing_or_comes_twice_is_misdirected(hosts: tuple[str, ...]) -> None:
    assert refusal(replace(GOOD, host=hosts)).status == 421


@pytest.mark.parametrize("target", ["http://evil.example/v1/models", "http://127.0.0.1:4180/v1/models", "*", "", "x:1"])
def test_a_target_that_is_no_path_is_misdirected(target: str) -> None:
    assert refusal(replace(GOOD, target=target)).status == 421


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:4180",
        "http://localhost:4180",
        "http://localhost",
        "null",
        "",
        "app://obsidian.md.evil",
        "APP://obsidian.md",
        "file://",
    ],
)
def test_a_web_page_that_is_not_on_the_list_may_not_ask(origin: str) -> None:
    assert refusal(replace(GOOD, origin=(origin,))).status == 403
    assert refusal(replace(GOOD, origin=(origin,)), replace(GATE, open_paths=("/",))).status == 403


def test_a_page_is_let_in_by_its_whole_name_wherever_that_stands_in_the_alphabet() -> None:
    gate = replace(GATE, origins=frozenset({"app://obsidian.md", "tauri://localhost"}))
    for origin in gate.origins:
        assert admit(gate, replace(GOOD, origin=(origin,))).headers["Access-Control-Allow-Origin"] == origin


LONGEST = "https://" + "a" * 192


@pytest.mark.parametrize("origin", ["https://evil.example", "app://other", "tauri://localhost", LONGEST])
def test_a_page_that_may_not_ask_is_named_so_that_it_can_be_listed(origin: str) -> None:
    told = refusal(replace(GOOD, origin=(origin, "https://second.example")))
    assert told.reason is Reason.BAD_ORIGIN
    assert f"The web page {origin} may not use trayapp." in str(told)
    assert "Settings… → Gateway" in str(told)


@pytest.mark.parametrize("origin", ["", "null", LONGEST + "a", "https://a\x1b[2J", "a" * 5000])
def test_what_is_no_name_of_a_page_is_not_repeated(origin: str) -> None:
    told = refusal(replace(GOOD, origin=(origin,)))
    assert (told.reason, str(told)) == (Reason.BAD_ORIGIN, "Web pages may not use trayapp.")


def test_null_is_refused_even_if_it_is_listed() -> None:
    assert refusal(replace(GOOD, origin=("null",)), replace(GATE, origins=frozenset({"null"}))).status == 403


def test_two_origins_are_refused_even_if_both_are_listed() -> None:
    assert refusal(replace(GOOD, origin=("app://obsidian.md",) * 2)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "CROSS-SITE", "nonsense"])
def test_a_request_that_a_page_elsewhere_caused_is_refused_without_an_origin_too(site: str) -> None:
    assert refusal(replace(GOOD, site=(site,))).status == 403


@pytest.mark.parametrize("site", ["none", "same-origin", "None"])
def test_what_the_user_typed_into_a_browser_is_let_in(site: str) -> None:
    assert admit(GATE, replace(GOOD, site=(site,))).token == "one"


def test_a_listed_page_may_ask_and_read_the_answer_and_no_other_may_read_it() -> None:
    admitted = admit(GATE, replace(GOOD, origin=("app://obsidian.md",), site=("cross-site",)))
    assert admitted.headers == {"Access-Control-Allow-Origin": "app://obsidian.md", "Vary": "Origin"}
    assert admit(GATE, GOOD).headers == {}


def test_one_value_of_a_header_that_is_sent_twice_does_not_vouch_for_the_other() -> None:
    assert refusal(replace(GOOD, site=("none", "cross-site"))).status == 403
    assert admit(GATE, replace(GOOD, site=("none", "same-origin"))).token == "one"


def test_a_listed_page_needs_the_token_as_well() -> None:
    told = refusal(replace(GOOD, origin=("app://obsidian.md",), authorization=()))
    assert told.status == 401


PREFLIGHT = Head(
    "OPTIONS",
    "/v1/chat/completions",
    host=("localhost:4180",),
    origin=("app://obsidian.md",),
    asks_method="POST",
    asks_headers="authorization, content-type, x-bad\x01name",
    asks_network=True,
)


def test_a_preflight_of_a_listed_page_is_answered_without_a_token() -> None:
    admitted = admit(GATE, PREFLIGHT)
    assert admitted.preflight
    assert admitted.headers["Access-Control-Allow-Origin"] == "app://obsidian.md"
    assert admitted.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert admitted.headers["Access-Control-Allow-Private-Network"] == "true"


def test_a_preflight_is_told_the_methods_and_how_long_that_holds() -> None:
    admitted = admit(GATE, PREFLIGHT)
    assert admitted.headers["Access-Control-Allow-Methods"] == "GET, POST, HEAD, DELETE"
    assert admitted.headers["Access-Control-Max-Age"] == "600"
    assert admitted.token == ""


def test_a_preflight_is_told_no_more_than_it_asked() -> None:
    headers = admit(GATE, replace(PREFLIGHT, asks_headers=" , x_y, x.y, x/y, (z)", asks_network=False)).headers
    assert "Access-Control-Allow-Headers" not in headers
    assert "Access-Control-Allow-Private-Network" not in headers
    assert not Head("OPTIONS", "/").asks_network


def test_a_preflight_may_name_64_headers() -> None:
    asked = [f"x-{number}" for number in range(70)]
    headers = admit(GATE, replace(PREFLIGHT, asks_headers=",".join(asked))).headers
    assert headers["Access-Control-Allow-Headers"].split(", ") == asked[:64]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE", "options"])
def test_only_options_is_a_preflight(method: str) -> None:
    assert refusal(replace(PREFLIGHT, method=method)).status == 401


def test_any_other_preflight_is_refused() -> None:
    assert refusal(replace(PREFLIGHT, asks_method="")).status == 401
    assert refusal(replace(PREFLIGHT, origin=("https://evil.example",))).status == 403
    assert refusal(replace(PREFLIGHT, origin=())).status == 401
    assert refusal(replace(PREFLIGHT, host=("evil.example",))).status == 421


@pytest.mark.parametrize(
    "head", [replace(GOOD, authorization=(), api_key=(OTHER,)), replace(GOOD, authorization=(f"bearer  {OTHER}",))]
)
def test_either_header_may_carry_the_token_and_its_name_is_told(head: Head) -> None:
    assert admit(GATE, head).token == "two"


def test_a_stand_in_beside_the_token_does_no_harm() -> None:
    assert admit(GATE, replace(GOOD, authorization=("Bearer dummy",), api_key=(TOKEN,))).token == "one"


@pytest.mark.parametrize(
    "head",
    [
        replace(GOOD, authorization=()),
        replace(GOOD, authorization=("Bearer wrong",)),
        replace(GOOD, authorization=(TOKEN,)),
        replace(GOOD, authorization=(f"Basic {TOKEN}",)),
        replace(GOOD, authorization=(f"Token {TOKEN}",)),
        replace(GOOD, authorization=(f"Bearer {TOKEN}x",)),
        replace(GOOD, authorization=("Bearer ",)),
        replace(GOOD, authorization=(f"Bearer {tokens.digest(TOKEN)}",)),
        replace(GOOD, authorization=(), target=f"/v1/models?key={TOKEN}"),
    ],
)
def test_without_a_token_of_ours_nobody_is_let_in(head: Head) -> None:
    told = refusal(head)
    assert (told.status, told.headers) == (401, {"WWW-Authenticate": "Bearer"})
    assert TOKEN not in str(told)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (replace(GOOD, authorization=()), "A token is missing."),
        (replace(GOOD, authorization=("Bearer x",)), "This is not a token of trayapp's."),
        (replace(GOOD, authorization=(), api_key=("x",)), "This is not a token of trayapp's."),
        (replace(GOOD, authorization=("Bearer x",), api_key=("y",)), "This is not a token of trayapp's."),
    ],
)
def test_a_token_that_is_missing_is_told_from_one_that_is_wrong(head: Head, words: str) -> None:
    told = refusal(head)
    assert str(told).startswith(words)
    assert told.reason is Reason.UNKNOWN_CALLER


def test_where_no_token_was_ever_made_none_is_right() -> None:
    assert refusal(GOOD, replace(GATE, digests={})).status == 401


def test_one_api_may_be_opened_and_the_others_stay_shut() -> None:
    gate = replace(GATE, open_paths=("/api/",))
    assert admit(gate, replace(GOOD, target="/api/chat", authorization=())).token == ""
    assert admit(gate, replace(GOOD, target="/api/chat", authorization=("Bearer ollama",))).token == ""
    assert admit(gate, replace(GOOD, target="/api/chat")).token == "one"
    assert refusal(replace(GOOD, target="/v1/models", authorization=()), gate).status == 401
    assert refusal(replace(GOOD, target="/x?/api/", authorization=()), gate).status == 401


@pytest.mark.parametrize(("value", "name"), [(GATE, "origins"), (GOOD, "host"), (NOBODY, "token")])
def test_what_was_decided_on_cannot_be_edited_afterwards(value: object, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(value, name, ())


def test_nobody_is_no_preflight() -> None:
    assert (NOBODY.token, NOBODY.headers, NOBODY.preflight) == ("", {}, False)
    assert not admit(GATE, GOOD).preflight
