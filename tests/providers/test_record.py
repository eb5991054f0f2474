"""The recorder: asks with the environment's key, and leaves nothing of it in the sample."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.support.record import ROWS, WRONG, record, refusal
from tests.support.upstream import Reply, Upstream
from trayapp.core.errors import UserError
from trayapp.providers.table import spec


async def test_a_recording_holds_the_rows_and_nobodys_secrets(canary: str) -> None:
    body = {
        "object": "list",
        "data": [
            {"id": "gpt-4o", "owned_by": "org-AbCdEfGh12345678", "note": f"for {canary}"},
            {"id": "accounts/acme/models/Qwen3-235B-A22B-Instruct-2507-tput", "owner": "jane.doe@example.com"},
            {"id": "arn:aws:bedrock:us-east-1:123456789012:x", "echo": "sk-proj-0123456789abcdef"},
            *({"id": f"m{number}"} for number in range(100)),
        ],
    }
    upstream = Upstream({"/models": Reply(body=body)})
    async with upstream as url, httpx.AsyncClient(trust_env=False) as http:
        text = await record(spec("openai"), http, {"OPENAI_API_KEY": canary, "OPENAI_ORG_ID": "org-1"}, base=url)
    assert upstream.requests[0].headers["authorization"] == f"Bearer {canary}"
    assert upstream.requests[0].headers["openai-organization"] == "org-1"
    rows = json.loads(text)["data"]
    assert len(rows) == ROWS
    assert rows[0]["id"] == "gpt-4o"
    assert rows[1]["id"] == "accounts/acme/models/Qwen3-235B-A22B-Instruct-2507-tput"
    for private in (canary, "AbCdEfGh", "jane.doe", "123456789012", "sk-proj-0123"):
        assert private not in text


async def test_a_recording_without_a_key_says_which_variable_to_set() -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(UserError, match="OPENAI_API_KEY"):
            await record(spec("openai"), http, {})


async def test_a_refusal_is_not_recorded() -> None:
    async with Upstream({"/models": Reply(status=401, body={"error": "no"})}) as url:
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(UserError, match="401"):
                await record(spec("openai"), http, {"OPENAI_API_KEY": "key-0123456789"}, base=url)


async def test_a_refusal_is_recorded_with_a_key_that_nobody_has_and_without_who_asked() -> None:
    said = {"error": {"message": f"Incorrect key {WRONG.reveal()} of jane.doe@example.com"}}
    refused = Reply(status=401, body=said, headers={"content-type": "application/json", "x-request-id": "r1"})
    async with Upstream({"/models": refused}) as url, httpx.AsyncClient(trust_env=False) as http:
        text = await refusal(spec("openai"), http, {}, base=url)
    recorded = json.loads(text)
    assert (recorded["status"], recorded["headers"]) == (401, {"content-type": "application/json"})
    assert "Incorrect key" in recorded["body"]["error"]["message"]
    assert WRONG.reveal() not in text
    assert "jane.doe" not in text


async def test_a_list_that_everybody_gets_is_no_refusal() -> None:
    async with Upstream({"/models": Reply(body={"data": []})}) as url, httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(UserError, match="list_public=True"):
            await refusal(spec("openai"), http, {}, base=url)


async def test_a_refusal_that_is_no_json_is_kept_as_text() -> None:
    async with Upstream({"/models": Reply(status=403, body=b"no")}) as url:
        async with httpx.AsyncClient(trust_env=False) as http:
            assert json.loads(await refusal(spec("openai"), http, {}, base=url))["body"] == "no"
