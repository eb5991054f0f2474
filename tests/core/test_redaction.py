"""No key of any vendor's shape survives in what a person or a log sees."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayapp.core.redaction import STRUCK, struck
from trayapp.core.secret import Secret

SHAPES = {
    # the rules of maintained secret scanners and the vendors' own pages
    "openai": r"sk-(proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,60}",
    "anthropic": r"sk-ant-(api03|admin01)-[A-Za-z0-9_-]{93}AA",
    "gemini": r"AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_.-]{20,40}",
    "google oauth": r"ya29\.[A-Za-z0-9_-]{30,60}",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
    "groq": r"gsk_[A-Za-z0-9]{52}",
    "together": r"tgp_v1_[A-Za-z0-9_-]{20,50}",
    "cerebras": r"csk-[A-Za-z0-9]{20,50}",
    "perplexity": r"pplx-[A-Za-z0-9_-]{20,50}",
    "xai": r"xai-[0-9A-Za-z_]{80}",
    "fireworks": r"fw_[A-Za-z0-9]{20,30}",
    "replicate": r"r8_[0-9A-Za-z_-]{37}",
    "bedrock": r"ABSK[A-Za-z0-9+/]{109,130}={0,2}|bedrock-api-key-[A-Za-z0-9+/]{20,50}",
    "aws": r"A[KS]IA[A-Z0-9]{16}",
    "deepseek": r"sk-[a-z0-9]{32}",
    "nvidia": r"nvapi-[A-Za-z0-9_-]{64}",
    "huggingface": r"(hf_|api_org_)[A-Za-z0-9]{34}",
    "z.ai": r"[0-9a-f]{32}\.[A-Za-z0-9]{16}",
    "github": r"github_pat_[A-Za-z0-9_]{82}|gh[ops]_[A-Za-z0-9]{36}",
    "entra": r"eyJ[A-Za-z0-9_-]{20,40}\.eyJ[A-Za-z0-9_-]{20,40}\.[A-Za-z0-9_-]{20,40}",
    # no beginning of their own: told by their length and mixture, so each holds a letter and a digit
    "mistral, deepinfra": r"[a-z][0-9][A-Za-z0-9]{30}",
    "cohere": r"[a-z][0-9][A-Za-z0-9]{38}",
    "together, older": r"[a-f][0-9][0-9a-f]{62}",
    "azure": r"[a-f][0-9][0-9a-f]{30}|[a-z][0-9][A-Za-z0-9]{82}",
}
AROUND = [
    "Incorrect API key provided: {}. You can find your API key at https://platform.openai.com.",
    '{{"error": {{"message": "invalid key {}"}}}}',
    "'{}'",
    "x-api-key: {}",
    "Authorization: Bearer {}",
    "https://host/v1/models?key={}&alt=sse",
    "https://user:{}@host/",
    "api_key={}",
    "key\n{}\nend",
    "key\\n{}\\tend",
    "({})",
    "{}",
]


@pytest.mark.parametrize("vendor", SHAPES)
@given(data=st.data(), around=st.sampled_from(AROUND))
@settings(max_examples=15, deadline=None)
def test_no_key_of_this_vendors_shape_survives(vendor: str, data: st.DataObject, around: str) -> None:
    key = data.draw(st.from_regex(SHAPES[vendor], fullmatch=True))
    shown = struck(around.format(key))
    core = key.strip("=-._")
    assert core not in shown
    assert core[-8:] not in shown, "the end of a key is enough to tell it by"
    assert STRUCK in shown


@given(st.text(min_size=4), st.text(), st.text())
def test_a_key_we_hold_is_struck_whatever_it_looks_like(key: str, before: str, after: str) -> None:
    assert key not in struck(f"{before} {key} {after}".replace(STRUCK, ""), Secret(key)).replace(STRUCK, "\0")


def test_a_key_masked_in_its_middle_is_struck_with_what_is_left_of_it() -> None:
    assert (
        struck("Incorrect API key provided: sk-proj-********************wxyz.")
        == f"Incorrect API key provided: {STRUCK}"
    )


def test_several_keys_are_struck_in_one_go() -> None:
    assert struck("a key-one b key-two", Secret("key-one"), None, Secret("key-two")) == "a … b …"


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-5.1-codex-max` does not exist",
        "openrouter/anthropic/claude-sonnet-4.5:beta is overloaded, try again in 20 s",
        "accounts/fireworks/models/qwen3-235b-a22b-instruct-2507",
        "POST https://api.openai.com/v1/chat/completions 404",
        "a task-oriented and risk-averse assistant, half_precision_model",
        "request 7d3f0a0e-4a64-4d3c-9a1b-2f5a5e8c9d10 failed",
        "nvidia/llama-3.1-nemotron-ultra-253b-v1",
        "2026-01-31 12:00:00,123 INFO trayapp: 25 accounts, 2000 models",
        "[Errno 111] Connection refused",
        "",
    ],
)
def test_what_is_no_key_stays_readable(text: str) -> None:
    assert struck(text) == text


def test_a_body_of_megabytes_is_done_in_no_time() -> None:
    hostile = [
        json.dumps({"a": "x1" * 500_000}),
        "sk-" * 300_000,
        "Bearer " * 150_000,
        "a" * 1_000_000,
        "=key" * 250_000,
    ]
    begun = time.perf_counter()
    for text in hostile:
        struck(text)
    assert time.perf_counter() - begun < 3
