"""The vendors' own client libraries, fed with bytes instead of a network."""

from __future__ import annotations

import anthropic
import httpx
import httpx2
import ollama
import openai

from trayapp.gateway.dialects import IN, Spoken


def _kind(spoken: Spoken, stream: bool) -> dict[str, str]:
    return {"content-type": IN[spoken].stream_type if stream else "application/json"}


def _client(body: bytes, spoken: Spoken, stream: bool, status: int) -> httpx2.Client:
    headers = _kind(spoken, stream)
    return httpx2.Client(
        transport=httpx2.MockTransport(lambda _: httpx2.Response(status, content=body, headers=headers))
    )


def of_openai(body: bytes, spoken: Spoken = Spoken.CHAT, *, stream: bool = False, status: int = 200) -> openai.OpenAI:
    http = _client(body, spoken, stream, status)
    return openai.OpenAI(api_key="k", base_url="http://127.0.0.1:1/v1", http_client=http, max_retries=0)


def of_anthropic(body: bytes, *, stream: bool = False, status: int = 200) -> anthropic.Anthropic:
    http = _client(body, Spoken.MESSAGES, stream, status)
    return anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:1", http_client=http, max_retries=0)


def of_ollama(
    body: bytes, spoken: Spoken = Spoken.OLLAMA_CHAT, *, stream: bool = False, status: int = 200
) -> ollama.Client:
    client = ollama.Client(host="http://127.0.0.1:1", verify=False)  # certificates of the world take long to read
    client._client.close()
    headers = _kind(spoken, stream)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=headers))
    client._client = httpx.Client(transport=transport, base_url="http://127.0.0.1:1")
    return client
