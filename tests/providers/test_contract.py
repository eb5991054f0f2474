"""What holds for every row: keys in headers only, pages bounded, refusals by the row's rules, odd answers survived."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.providers.scene import KEY, QUICK, Scene, account, always, client
from tests.support import samples
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.providers.client import Verdict, check_key, list_models
from trayapp.providers.spec import ProviderSpec, base_url, fill
from trayapp.providers.table import SPECS, spec

EVERY_ROW = pytest.mark.parametrize("row", SPECS, ids=lambda row: row.id)
PAGED = [row for row in SPECS if row.paging is not None and row.paging.param]

VARIANTS = {
    "alibaba-compatible": ("alibaba", Kind.REFUSED),
    "bedrock-sigv4": ("bedrock", Kind.REFUSED),
    "gemini-expired": ("gemini", Kind.REFUSED),
    "gemini-no-key": ("gemini", Kind.FORBIDDEN),
    "groq-network-blocked": ("groq", Kind.FORBIDDEN),
    "mistral-older": ("mistral", Kind.REFUSED),
    "openrouter-no-key": ("openrouter", Kind.REFUSED),
    "litellm": ("openai-compatible", Kind.REFUSED),
    "llamacpp": ("openai-compatible", Kind.REFUSED),
    "localai": ("openai-compatible", Kind.REFUSED),
    "vllm": ("openai-compatible", Kind.REFUSED),
    # nothing of Ollama's condemns a key
    "ollama": ("ollama", Kind.FORBIDDEN),
}


def meaning(name: str) -> tuple[str, Kind]:
    return VARIANTS.get(name, (name, Kind.REFUSED))


async def refusal_of(row: ProviderSpec, http: httpx.AsyncClient, key: Secret | None = KEY) -> ProviderError:
    async with http:
        with pytest.raises(ProviderError) as caught:
            await list_models(row, http, account=account(row), key=key, timeouts=QUICK, now=lambda: 0.0)
    return caught.value


@EVERY_ROW
async def test_the_key_stands_in_a_header_and_in_no_address(row: ProviderSpec, canary: str) -> None:
    scene = Scene(row)
    await scene.fetch(Secret(canary))
    assert len(scene.asked) >= 1
    for request in scene.asked:
        assert canary not in str(request.url)
        assert canary not in request.read().decode()
        public = row.extra_list is not None and row.extra_list.public and str(request.url) == scene.extra
        carried = [name for name, value in request.headers.items() if canary in value]
        assert carried == ([] if public else [row.auth.value.lower()])
        assert {name: request.headers[name] for name in row.headers} == dict(row.headers)


@EVERY_ROW
async def test_every_sampled_page_is_read_and_the_cursor_is_sent(row: ProviderSpec) -> None:
    scene = Scene(row)
    fetched = await scene.fetch()
    main = [request for request in scene.asked if str(request.url.copy_with(query=None)) == scene.main]
    if row in PAGED:
        assert row.paging is not None
        assert len(main) == 2, f"there is no tests/samples/{row.id}.page2.json that ends the list"
        assert main[1].url.params[row.paging.param]
        assert main[1].url.params.get(row.paging.param) != main[0].url.params.get(row.paging.param)
    else:
        assert len(main) == 1
    assert all(dict(row.list_query).keys() <= request.url.params.keys() for request in main)
    assert len({entry.id for entry in fetched.entries}) == len(fetched.entries)


@pytest.mark.parametrize("name", samples.names("errors"))
async def test_a_recorded_refusal_is_told_by_the_rows_own_rules(name: str) -> None:
    row_id, kind = meaning(name)
    row, recorded = spec(row_id), samples.refusal(name)
    error = await refusal_of(row, always(recorded.status, recorded.content, recorded.headers))
    assert error.failure.kind is kind
    assert error.failure.provider == row.id
    assert error.status == recorded.status
    assert error.failure.detail
    for echoed in ("abcd", "22aac52a71", "xa***cd"):
        assert echoed not in error.failure.detail


@EVERY_ROW
async def test_a_row_has_a_recorded_refusal(row: ProviderSpec) -> None:
    assert samples.refusal(row.id).status >= 400


@EVERY_ROW
async def test_a_key_in_an_error_is_struck_out_in_every_form_of_body(row: ProviderSpec, canary: str) -> None:
    said = f"Incorrect key {canary}: no"
    for body in (
        {"error": {"message": said}},
        {"error": said},
        {"message": said},
        {"Message": said},
        {"detail": said},
        {"detail": [{"msg": said}]},
        {"title": said},
        said.encode(),
        b"x" * 195 + said.encode(),
        f"<html><head><title>{said}</title></head>".encode(),
    ):
        for status in (400, 401, 403, 404, 429, 500, 200):
            error = await refusal_of(row, always(status, body), Secret(canary))
            assert canary not in error.failure.detail
            assert canary[:12] not in error.failure.detail
            assert canary not in str(error)
            assert canary not in repr(error.failure)
            assert len(error.failure.detail) <= 200
            assert "\n" not in error.failure.detail


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Kind.GARBLED),
        (304, Kind.GARBLED),
        (400, Kind.GARBLED),
        (402, Kind.FORBIDDEN),
        (403, Kind.FORBIDDEN),
        (404, Kind.GONE),
        (405, Kind.GONE),
        (408, Kind.UNREACHABLE),
        (410, Kind.GONE),
        (412, Kind.FORBIDDEN),
        (429, Kind.LIMITED),
        (500, Kind.UNREACHABLE),
        (501, Kind.GARBLED),
        (502, Kind.UNREACHABLE),
        (503, Kind.UNREACHABLE),
        (504, Kind.UNREACHABLE),
        (529, Kind.GARBLED),
    ],
)
async def test_only_what_may_be_tried_again_is_of_a_kind_that_is(status: int, kind: Kind) -> None:
    error = await refusal_of(spec("openai"), always(status, {"error": {"message": "because"}}))
    assert (error.failure.kind, error.status) == (kind, status)
    assert error.failure.kind.retryable == (status in (408, 429, 500, 502, 503, 504))
    if status >= 400:
        assert f"API returned status: {status}" in error.failure.detail
        assert "because" in error.failure.detail


@EVERY_ROW
@pytest.mark.parametrize("edge", samples.names("edge"))
async def test_an_odd_answer_is_a_list_or_one_failure(row: ProviderSpec, edge: str) -> None:
    raw = samples.raw(f"edge/{edge}")
    asked = 0

    def handler(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(200, content=raw)

    async with client(handler) as http:
        try:
            fetched = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
        except ProviderError as exc:
            assert exc.failure.kind in (Kind.GARBLED, Kind.REFUSED)  # noqa: PT017  either outcome is right
        else:
            assert len({entry.id for entry in fetched.entries}) == len(fetched.entries)
            assert all(entry.id.strip() and entry.id.isprintable() for entry in fetched.entries)
    assert asked <= 12


@pytest.mark.parametrize("row", [spec("openai"), spec("openai-compatible"), spec("groq")], ids=lambda row: row.id)
async def test_broken_rows_lose_nothing_but_themselves(row: ProviderSpec) -> None:
    async with always(200, samples.raw("edge/bad-rows")) as http:
        fetched = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
    assert [entry.id for entry in fetched.entries] == ["good", "odd-types", "negative"]
    assert fetched.dropped == 6
    assert [entry.context for entry in fetched.entries] == [None, None, None]


async def test_a_server_without_models_has_an_empty_list() -> None:
    for edge in ("data-null", "data-missing", "bare-empty-array"):
        async with always(200, samples.raw(f"edge/{edge}")) as http:
            row = spec("openai-compatible")
            fetched = await list_models(row, http, account=account(row), key=None, timeouts=QUICK)
            assert fetched.entries == ()
            assert fetched.dropped == 0
    async with always(200, samples.raw("edge/models-empty")) as http:
        fetched = await list_models(spec("ollama"), http, account=account(spec("ollama")), key=None, timeouts=QUICK)
        assert fetched.entries == ()


async def test_a_failure_inside_a_good_status_is_a_failure() -> None:
    raw = samples.raw("edge/success-false-http-200")
    refused = await refusal_of(spec("alibaba"), always(200, raw))
    assert refused.failure.kind is Kind.REFUSED
    assert refused.failure.detail == "Invalid API-key provided."
    other = await refusal_of(spec("openai"), always(200, raw))
    assert other.failure.kind is Kind.GARBLED
    assert "Invalid API-key provided." in other.failure.detail


async def test_a_cursor_that_never_moves_is_left() -> None:
    scene = Scene(
        spec("anthropic"), main=samples.raw("edge/same-cursor-forever"), page2=samples.raw("edge/same-cursor-forever")
    )
    fetched = await scene.fetch()
    assert [entry.id for entry in fetched.entries] == ["claude-opus-5"]
    assert len(scene.asked) == 2


@pytest.mark.parametrize("row", PAGED, ids=lambda row: row.id)
async def test_no_more_than_ten_pages_are_read(row: ProviderSpec) -> None:
    first = samples.data(row.id)
    asked = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        if str(request.url.copy_with(query=None)) != Scene(row).main:
            return httpx.Response(404)
        asked += 1
        assert row.paging is not None
        body = json.loads(json.dumps(first).replace("-", f"-{asked}-"))  # other ids on every page
        if row.paging.cursor:
            body[row.paging.cursor] = f"cursor{asked}"
        if row.paging.more:
            body[row.paging.more] = True
        if row.paging.total:
            body["output"]["total"] = 10**6
        return httpx.Response(200, json=body)

    async with client(handler) as http:
        fetched = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
    assert asked == 10
    assert fetched.truncated
    assert len(fetched.entries) > 20


@pytest.mark.parametrize("row", PAGED, ids=lambda row: row.id)
async def test_a_page_without_rows_ends_the_list(row: ProviderSpec) -> None:
    empty = samples.data(f"{row.id}.page2")
    rows = empty.get("output", empty)
    for name, value in rows.items():
        if isinstance(value, list):
            rows[name] = []
    if row.paging is not None and row.paging.cursor:
        empty[row.paging.cursor] = "further"
        if row.paging.more:
            empty[row.paging.more] = True
    scene = Scene(row, page2=json.dumps(empty).encode())
    await scene.fetch()
    assert len([it for it in scene.asked if str(it.url.copy_with(query=None)) == scene.main]) == 2


async def test_a_second_page_that_fails_fails_the_list() -> None:
    scene = Scene(spec("anthropic"), page2=httpx.Response(503))
    with pytest.raises(ProviderError) as caught:
        await scene.fetch()
    assert caught.value.failure.kind is Kind.UNREACHABLE


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/v1/models?offset=4",
        "http://openrouter.ai/api/v1/models?offset=4",
        "https://openrouter.ai:8443/api/v1/models?offset=4",
        "//evil.example/api/v1/models",
        "https://openrouter.ai@evil.example/api/v1/models",
        "https://key:secret@openrouter.ai/api/v1/models",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_next_link_to_elsewhere_is_not_followed(link: str) -> None:
    body = samples.data("openrouter-paged")
    body["links"]["next"] = link
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=body)

    row = spec("openrouter")
    async with client(handler) as http:
        fetched = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
    assert [url.host for url in asked] == ["openrouter.ai"]
    assert fetched.truncated
    assert len(fetched.entries) == 3


@EVERY_ROW
async def test_a_redirect_is_not_followed(row: ProviderSpec) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example/models"})

    error = await refusal_of(row, client(handler))
    assert error.failure.kind is Kind.GARBLED
    assert "evil.example" in error.failure.detail
    assert "evil.example" not in asked


@EVERY_ROW
async def test_without_a_key_nobody_is_asked_who_wants_one(row: ProviderSpec) -> None:
    scene = Scene(row)
    if row.key_required and not row.list_public:
        with pytest.raises(ProviderError) as caught:
            await scene.fetch(None)
        assert caught.value.failure.kind is Kind.NO_KEY
        assert scene.asked == []
        return
    fetched = await scene.fetch(None)
    assert fetched.entries
    assert all(row.auth.value not in request.headers for request in scene.asked)


async def test_a_server_that_wants_a_key_and_gets_none_is_not_a_refused_key() -> None:
    recorded = samples.refusal("lmstudio")
    error = await refusal_of(spec("lmstudio"), always(recorded.status, recorded.content), None)
    assert error.failure.kind is Kind.NO_KEY


def checking(row: ProviderSpec, answer: Any) -> tuple[httpx.AsyncClient, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        made: httpx.Response = answer(request) if callable(answer) else answer
        return made

    return client(handler), asked


GOOD_BODY: dict[str, Any] = {
    "alibaba": {"success": True, "output": {"models": []}},
    "cohere": {"valid": True, "organization_id": "o", "owner_id": "u"},
    "openrouter": samples.data("openrouter-key"),
    "xai": samples.data("xai-api-key"),
    "ollama": {"version": "0.33.0"},
}


@EVERY_ROW
async def test_a_good_key_is_known_where_the_route_proves_it(row: ProviderSpec, canary: str) -> None:
    http, asked = checking(row, lambda _: httpx.Response(200, json=GOOD_BODY.get(row.id, {"data": []})))
    async with http:
        checked = await check_key(row, http, account=account(row), key=Secret(canary), timeouts=QUICK)
    assert checked.verdict is (Verdict.GOOD if row.check.proves_key else Verdict.UNSURE)
    assert (checked.detail == "") is row.check.proves_key
    first = asked[0]
    assert canary not in str(first.url)
    if row.check.form:
        assert dict(parse_qsl(first.read().decode())) == {"credentials": canary}
        assert all(canary not in value for value in first.headers.values())
    else:
        assert canary in first.headers[row.auth.value]
        assert first.read() == b""
    base = base_url(row, account(row))
    wanted = row.check.path if row.check.path.startswith("http") else base + fill(row.check.path, row, account(row))
    assert str(first.url.copy_with(query=None)) == wanted
    assert first.method == row.check.method


@EVERY_ROW
async def test_what_the_row_does_not_name_condemns_no_key(row: ProviderSpec) -> None:
    named = {rule.status for rule in row.check.bad_key if not rule.path}
    for status in (302, 403, 404, 405, 408, 409, 429, 500, 502, 503, 529):
        http, _asked = checking(row, httpx.Response(status, json={"error": {"message": "hm"}}))
        async with http:
            checked = await check_key(row, http, account=account(row), key=KEY, timeouts=QUICK)
        assert checked.verdict is (Verdict.REFUSED if status in named else Verdict.UNSURE), status
        assert checked.detail


@pytest.mark.parametrize("name", samples.names("errors"))
async def test_the_check_refuses_what_the_samples_refuse(name: str) -> None:
    row_id, kind = meaning(name)
    recorded = samples.refusal(name)
    row = spec(row_id)
    http, _asked = checking(row, httpx.Response(recorded.status, content=recorded.content, headers=recorded.headers))
    async with http:
        checked = await check_key(row, http, account=account(row), key=KEY, timeouts=QUICK)
    assert checked.verdict is (Verdict.REFUSED if kind is Kind.REFUSED else Verdict.UNSURE)
