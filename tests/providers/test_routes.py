"""Which route is asked when the first one is not there, and what second lists and conditions do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.providers.scene import KEY, QUICK, Scene, account, client
from tests.support import samples
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.models import Use
from trayapp.core.secret import Secret
from trayapp.providers.client import Fetched, Verdict, check_key, list_models
from trayapp.providers.table import spec

UNKNOWN_TO_LMSTUDIO = {"error": "Unexpected endpoint or method. (GET /api/v1/models)"}
NOT_FOUND = httpx.Response(404, json={"error": "not found"})


class Site:
    """Answers by path; what is not there is 404."""

    def __init__(self, pages: dict[str, Any]) -> None:
        self.pages = pages
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.pages.get(request.url.path, NOT_FOUND)
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
        return httpx.Response(200, content=answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


async def fetch(row: str, site: Site, base: str = "", key: Secret | None = KEY, **more: Any) -> Fetched:
    values = {name: more.pop(name) for name in list(more) if name == "deployments"}
    async with client(site) as http:
        return await list_models(
            spec(row), http, account=account(spec(row), base, **values), key=key, timeouts=QUICK, **more
        )


async def test_lmstudio_is_told_by_the_shape_of_its_answers_not_their_status() -> None:
    site = Site({"/api/v1/models": UNKNOWN_TO_LMSTUDIO, "/api/v0/models": samples.raw("lmstudio-v0")})
    fetched = await fetch("lmstudio", site, key=None)
    assert fetched.entries[0].id == "qwen2-vl-7b-instruct"
    assert site.paths == ["/api/v1/models", "/api/v0/models"]
    site = Site(
        {
            "/api/v1/models": UNKNOWN_TO_LMSTUDIO,
            "/api/v0/models": UNKNOWN_TO_LMSTUDIO,
            "/v1/models": samples.raw("openai-compatible"),
        }
    )
    fetched = await fetch("lmstudio", site, key=None)
    assert len(fetched.entries) == 3


async def test_where_no_route_is_there_the_first_failure_counts() -> None:
    site = Site({"/api/v1/models": UNKNOWN_TO_LMSTUDIO})
    with pytest.raises(ProviderError) as caught:
        await fetch("lmstudio", site, key=None)
    assert caught.value.failure.kind is Kind.GARBLED
    assert "Unexpected endpoint" in caught.value.failure.detail
    assert len(site.paths) == 3


async def test_ollama_without_its_own_list_is_asked_like_openai() -> None:
    fetched = await fetch("ollama", Site({"/v1/models": samples.raw("ollama-openai")}), key=None)
    assert [entry.id for entry in fetched.entries] == ["gemma4:latest", "acme/tuned:latest"]
    assert (await fetch("ollama", Site({"/v1/models": {"object": "list", "data": None}}), key=None)).entries == ()


async def test_an_outage_is_no_reason_to_try_another_route() -> None:
    site = Site({"/api/tags": httpx.Response(500), "/v1/models": samples.raw("ollama-openai")})
    with pytest.raises(ProviderError) as caught:
        await fetch("ollama", site, key=None)
    assert caught.value.failure.kind is Kind.UNREACHABLE
    assert site.paths == ["/api/tags"]


@pytest.mark.parametrize("first", [NOT_FOUND, httpx.Response(200, content=b"<title>Open WebUI</title>")])
async def test_a_base_address_without_v1_is_found_all_the_same(first: httpx.Response) -> None:
    site = Site({"/models": first, "/v1/models": samples.raw("vllm")})
    fetched = await fetch("openai-compatible", site, base="http://127.0.0.1:8000/")
    assert len(fetched.entries) == 2
    assert site.paths == ["/models", "/v1/models"]


async def test_fireworks_falls_back_on_what_the_key_may_call() -> None:
    plain = "/inference/v1/models"
    for status in (401, 403, 404):
        site = Site(
            {
                "/v1/accounts/fireworks/models": httpx.Response(status),
                plain: samples.raw("fireworks-inference"),
            }
        )
        fetched = await fetch("fireworks", site)
        assert len(fetched.entries) == 3
    refusal = samples.refusal("fireworks")
    site = Site(
        {"/v1/accounts/fireworks/models": httpx.Response(401), plain: httpx.Response(401, content=refusal.content)}
    )
    with pytest.raises(ProviderError) as caught:
        await fetch("fireworks", site)
    assert caught.value.failure.kind is Kind.REFUSED


async def test_azure_uses_the_names_that_the_user_typed_where_it_lists_none() -> None:
    for status in (403, 404):
        site = Site({"/openai/deployments": httpx.Response(status)})
        fetched = await fetch("azure-openai", site, deployments="team-chat=gpt-4o, , spare ,")
        assert [(entry.id, entry.base) for entry in fetched.entries] == [("team-chat", "gpt-4o"), ("spare", "")]
        with pytest.raises(ProviderError) as caught:
            await fetch("azure-openai", site)
        assert caught.value.status == status
        assert "Deployment names" in caught.value.failure.detail


async def test_azure_shows_typed_names_beside_listed_ones() -> None:
    site = Site({"/openai/deployments": samples.raw("azure-openai")})
    fetched = await fetch("azure-openai", site, deployments="team-chat,spare")
    assert [entry.id for entry in fetched.entries] == [
        "team-chat",
        "gpt-5-mini",
        "search-embeddings",
        "half-made",
        "spare",
    ]
    assert fetched.entries[0].base == "gpt-4o"


async def test_azure_does_not_hide_a_refused_key_behind_typed_names() -> None:
    site = Site({"/openai/deployments": httpx.Response(401)})
    with pytest.raises(ProviderError) as caught:
        await fetch("azure-openai", site, deployments="spare")
    assert caught.value.failure.kind is Kind.REFUSED


@pytest.mark.parametrize("row", ["cerebras", "xai", "bedrock", "azure-openai", "fireworks"])
@pytest.mark.parametrize("status", [401, 403, 404, 500, 200])
async def test_a_second_list_that_fails_loses_nothing_else(row: str, status: int) -> None:
    whole = await Scene(spec(row)).fetch()
    fetched = await Scene(spec(row), extra=httpx.Response(status, content=b"<html>")).fetch()
    first = {entry.id for entry in spec(row).parse(samples.data(row)) if entry is not None}
    assert first <= {entry.id for entry in fetched.entries}
    assert fetched.dropped == whole.dropped


async def test_bedrock_models_without_a_profile_stay_hidden() -> None:
    fetched = await Scene(spec("bedrock"), extra=httpx.Response(403)).fetch()
    hidden = [entry.id for entry in fetched.entries if entry.hidden]
    assert hidden == ["anthropic.claude-sonnet-4-5-20250929-v1:0"]


async def test_a_list_of_one_answer_is_asked_for_conditionally() -> None:
    seen: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        if request.headers.get("if-none-match") == '"v1"':
            return httpx.Response(304)
        headers = {"etag": '"v1"', "last-modified": "Sat, 21 Nov 2026 00:00:00 GMT"}
        return httpx.Response(200, content=samples.raw("openai"), headers=headers)

    row = spec("openai")
    async with client(handler) as http:
        first = await list_models(row, http, account=account(row), key=KEY, timeouts=QUICK)
        again = await list_models(
            row,
            http,
            account=account(row),
            key=KEY,
            timeouts=QUICK,
            etag=first.etag,
            last_modified=first.last_modified,
        )
    assert (first.etag, first.last_modified) == ('"v1"', "Sat, 21 Nov 2026 00:00:00 GMT")
    assert "if-none-match" not in seen[0]
    assert seen[1]["if-modified-since"] == first.last_modified
    assert again.not_modified
    assert again.entries == ()
    assert again.etag == first.etag


@pytest.mark.parametrize("row", ["anthropic", "xai", "cerebras"])
async def test_a_list_made_of_several_answers_has_no_tag(row: str) -> None:
    asked: list[httpx.Request] = []
    scene = Scene(spec(row))

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = scene(request)
        answer.headers["etag"] = '"v1"'
        return answer

    async with client(handler) as http:
        fetched = await list_models(spec(row), http, account=account(spec(row)), key=KEY, timeouts=QUICK)
    assert fetched.etag == ""
    assert len(asked) > 1


async def test_a_tag_that_could_not_be_sent_back_is_not_kept() -> None:
    for tag in ("x" * 300, "sch\xf6n"):
        answer = httpx.Response(200, content=samples.raw("openai"), headers=[(b"etag", tag.encode("latin-1"))])
        assert (await fetch("openai", Site({"/v1/models": answer}))).etag == ""


async def test_a_404_condemns_an_anthropic_key_only_at_home() -> None:
    for base, kind in (("", Kind.REFUSED), ("https://proxy.example/v1", Kind.GONE)):
        with pytest.raises(ProviderError) as caught:
            await fetch("anthropic", Site({}), base=base)
        assert caught.value.failure.kind is kind


@pytest.mark.parametrize("row", ["nvidia", "huggingface"])
async def test_another_host_never_sees_the_key_of_an_account_that_lives_elsewhere(row: str) -> None:
    site = Site({"/v1/models": samples.raw(row)})
    async with client(site) as http:
        checked = await check_key(
            spec(row), http, account=account(spec(row), "https://nim.example/v1"), key=KEY, timeouts=QUICK
        )
    assert checked.verdict is Verdict.UNSURE
    assert {request.url.host for request in site.asked} == {"nim.example"}


async def test_cohere_is_checked_at_its_list_where_the_check_is_gone() -> None:
    site = Site({"/v1/models": samples.raw("cohere.page2")})
    async with client(site) as http:
        checked = await check_key(spec("cohere"), http, account=account(spec("cohere")), key=KEY, timeouts=QUICK)
    assert checked.verdict is Verdict.GOOD
    assert [(request.method, request.url.path) for request in site.asked] == [
        ("POST", "/v1/check-api-key"),
        ("GET", "/v1/models"),
    ]


@pytest.mark.parametrize("row", ["openai-compatible", "lmstudio"])
async def test_a_server_that_turns_away_the_keyless_proves_a_key(row: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") == f"Bearer {KEY.reveal()}":
            return httpx.Response(200, content=samples.raw(row))
        return httpx.Response(401, json={"error": {"message": "who are you?"}})

    async with client(handler) as http:
        good = await check_key(spec(row), http, account=account(spec(row)), key=KEY, timeouts=QUICK)
        bad = await check_key(
            spec(row), http, account=account(spec(row)), key=Secret("other-key-12345"), timeouts=QUICK
        )
    assert good.verdict is Verdict.GOOD
    assert bad.verdict is Verdict.REFUSED
    assert bad.detail == "who are you?"


async def test_a_key_is_checked_below_v1_where_the_address_lacks_it() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/models":
            return httpx.Response(200, content=b"<title>Open WebUI</title>")
        known = "authorization" in request.headers
        return httpx.Response(200 if known else 401, content=samples.raw("vllm"))

    row = spec("openai-compatible")
    async with client(handler) as http:
        checked = await check_key(row, http, account=account(row, "http://127.0.0.1:3000"), key=KEY, timeouts=QUICK)
    assert checked.verdict is Verdict.GOOD


@pytest.mark.parametrize("flag", ["api_key_blocked", "api_key_disabled", "team_blocked"])
async def test_a_blocked_key_is_not_called_wrong(flag: str) -> None:
    site = Site({"/v1/api-key": {**samples.data("xai-api-key"), flag: True}})
    async with client(site) as http:
        checked = await check_key(spec("xai"), http, account=account(spec("xai")), key=KEY, timeouts=QUICK)
    assert checked.verdict is Verdict.UNSURE
    assert "blocked" in checked.detail


@pytest.mark.parametrize("body", [b"<html>Sign in to the hotel</html>", b"", b'{"valid": false}', b'{"error": "hm"}'])
async def test_a_portal_or_half_an_answer_proves_nothing(body: bytes) -> None:
    async with client(lambda _: httpx.Response(200, content=body)) as http:
        checked = await check_key(spec("cohere"), http, account=account(spec("cohere")), key=KEY, timeouts=QUICK)
    assert checked.verdict is Verdict.UNSURE


async def test_a_key_cannot_be_told_while_nobody_answers() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async with client(handler) as http:
        checked = await check_key(spec("openai"), http, account=account(spec("openai")), key=KEY, timeouts=QUICK)
        nothing = await check_key(spec("openai"), http, account=account(spec("openai")), key=None, timeouts=QUICK)
        blank = await check_key(
            spec("bedrock"), http, account=account(spec("bedrock"), region=""), key=KEY, timeouts=QUICK
        )
    assert checked.verdict is Verdict.UNSURE
    assert checked.detail == "No connection to api.openai.com."
    assert nothing.verdict is Verdict.UNSURE
    assert "Region" in blank.detail


async def test_a_missing_value_is_named() -> None:
    row = spec("bedrock")
    async with client(Site({})) as http:
        with pytest.raises(ProviderError) as caught:
            await list_models(row, http, account=account(row, region=""), key=KEY, timeouts=QUICK)
    assert caught.value.failure.kind is Kind.BAD_INPUT
    assert "Region" in caught.value.failure.detail


async def test_an_organization_is_sent_as_a_header() -> None:
    site = Site({"/v1/models": samples.raw("openai")})
    row = spec("openai")
    async with client(site) as http:
        await list_models(row, http, account=account(row, organization="org-1"), key=KEY, timeouts=QUICK)
    assert site.asked[0].headers["openai-organization"] == "org-1"
    assert "openai-project" not in site.asked[0].headers


async def test_cerebras_public_list_is_on_the_same_host_and_asked_without_the_key() -> None:
    site = Site({"/v1/models": samples.raw("cerebras"), "/public/v1/models": samples.raw("cerebras-public")})
    fetched = await fetch("cerebras", site, base="https://proxy.example/v1")
    assert site.paths == ["/v1/models", "/public/v1/models"]
    assert {request.url.host for request in site.asked} == {"proxy.example"}
    assert "authorization" not in site.asked[1].headers
    assert fetched.entries[0].use is Use.CHAT
    assert fetched.entries[0].context == 131_072
