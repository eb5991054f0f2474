"""Where Ollama listens, in every form of OLLAMA_HOST; who answers at an address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import samples
from tests.support.tls import tls
from tests.support.upstream import Reply, Upstream
from trayapp.core.accounts import Account
from trayapp.providers.client import answers
from trayapp.providers.local import ollama_address
from trayapp.providers.spec import origin
from trayapp.providers.table import spec


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        ("example.com", "http://example.com:11434"),
        ("example.com:56789", "http://example.com:56789"),
        (":1234", "http://127.0.0.1:1234"),
        ("1234", "http://1234:11434"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
        ("https://x", "https://x:443"),
        ("https://x:5000", "https://x:5000"),
        ("https://x/ollama", "https://x:443/ollama"),
        ("https://x:5000/ollama/", "https://x:5000/ollama"),
        ("example.com/ollama", "http://example.com:11434/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("[2001:db8::1]:1337", "http://[2001:db8::1]:1337"),
        ("2001:db8::1", "http://[2001:db8::1]:11434"),
        (":66000", "http://127.0.0.1:11434"),
        (":-1", "http://127.0.0.1:11434"),
        ("example.com:x", "http://example.com:11434"),
        ("https://x:66000", "https://x:443"),
        (":0", "http://127.0.0.1:0"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434"),
        ('"1.2.3.4"', "http://1.2.3.4:11434"),
        ("'1.2.3.4:99'", "http://1.2.3.4:99"),
        ("localhost", "http://localhost:11434"),
        ("ollama.com", "https://ollama.com:443"),
        ("https://ollama.com", "https://ollama.com:443"),
        ("ftp://x", "http://x:11434"),
    ],
)
def test_ollamas_own_variable_is_read_as_ollama_reads_it(value: str | None, address: str) -> None:
    assert ollama_address(value) == address
    if not address.endswith(":0"):
        assert origin(address)


async def told(row: str, script: Any) -> bool:
    async with Upstream(script) as url, httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        return await answers(spec(row), http, account=Account("a", row, base_url=url))


async def test_ollama_is_known_by_its_version_and_not_by_a_list() -> None:
    assert await told("ollama", {"/api/version": Reply(body={"version": "0.33.0"})})
    assert not await told("ollama", {"/api/tags": Reply(body=samples.raw("ollama"))})
    assert not await told("ollama", {"/v1/models": Reply(body=samples.raw("ollama-openai"))})
    for other in (
        {"error": "Unexpected endpoint or method. (GET /api/version)"},
        {"version": 3},
        {"version": "1", "error": "x"},
        ["0.33"],
        b"<html>",
        b"",
    ):
        assert not await told("ollama", {"/api/version": Reply(body=other)})
    assert not await told("ollama", {"/api/version": Reply(body={"version": "0.33.0"}, status=500)})
    assert not await told("ollama", {"/api/version": Reply(status=302, headers={"location": "/x"})})


async def test_lmstudio_is_known_by_its_own_lists_its_greeting_or_its_complaint() -> None:
    assert await told("lmstudio", {"/api/v1/models": Reply(body=samples.raw("lmstudio"))})
    assert await told("lmstudio", {"/api/v0/models": Reply(body=samples.raw("lmstudio-v0"))})
    assert await told("lmstudio", {"/lmstudio-greeting": Reply(body={"lmstudio": True})})
    assert await told(
        "lmstudio", {"/api/v1/models": Reply(body={"error": "Unexpected endpoint or method. (GET /api/v1/models)"})}
    )
    recorded = samples.refusal("lmstudio")
    assert await told("lmstudio", {"/api/v1/models": Reply(status=recorded.status, body=recorded.content)})


async def test_other_servers_are_not_taken_for_lmstudio() -> None:
    for name in ("openai-compatible", "vllm", "llamacpp", "localai", "litellm", "ollama-openai"):
        everywhere = Reply(body=samples.raw(name))
        assert not await told("lmstudio", lambda _sent, reply=everywhere: reply)
    for name in ("vllm", "llamacpp", "localai", "openai-compatible"):
        refused = Reply(status=401, body=samples.refusal(name).content)
        assert not await told("lmstudio", lambda _sent, reply=refused: reply)
    assert not await told("lmstudio", {})


async def test_nobody_there_is_no() -> None:
    async with Upstream({}) as url:
        pass
    async with httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        for row in ("ollama", "lmstudio", "openai-compatible", "openai"):
            assert not await answers(spec(row), http, account=Account("a", row, base_url=url))
        assert not await answers(spec("ollama"), http, account=Account("a", "ollama", base_url="http://["))


async def test_who_is_there_is_asked_without_a_key() -> None:
    upstream = Upstream({"/api/version": Reply(body={"version": "0.33.0"})})
    async with upstream as url, httpx.AsyncClient(trust_env=False, verify=tls()) as http:
        assert await answers(spec("ollama"), http, account=Account("a", "ollama", base_url=url))
    assert upstream.paths() == ["/api/version"]
    assert "authorization" not in upstream.requests[0].headers
