"""The recorder: asks with the environment's key, and leaves nothing of it in the sample."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.support.record import ROWS, record
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
