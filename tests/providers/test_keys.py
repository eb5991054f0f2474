"""What a key looks like: warned of, never refused; which one the environment offers."""

from __future__ import annotations

import pytest

from trayapp.core.accounts import Account, environment_slot
from trayapp.core.errors import UserError
from trayapp.core.secret import Secret
from trayapp.providers.keys import from_environment, given, vouched, warning
from trayapp.providers.spec import base_url, origin
from trayapp.providers.table import SPECS, spec

LONG = "0123456789abcdefABCDEF0123456789"


@pytest.mark.parametrize(
    ("row", "key", "hint"),
    [
        ("openai", f"sk-ant-api03-{LONG}", "key of Anthropic, not of OpenAI"),
        ("openai", f"sk-or-v1-{LONG}", "key of OpenRouter"),
        ("openai", f"sk-admin-{LONG}", "admin key of OpenAI"),
        ("anthropic", f"sk-ant-admin01-{LONG}", "admin key of Anthropic"),
        ("anthropic", f"sk-proj-{LONG}", "key of OpenAI"),
        ("groq", f"xai-{LONG}", "key of xAI"),
        ("xai", f"gsk_{LONG}", "key of Groq"),
        ("deepseek", f"hf_{LONG}", "key of Hugging Face"),
        ("mistral", f"nvapi-{LONG}", "key of NVIDIA"),
        ("mistral", f"sk-{LONG}", "do not begin with “sk-”"),
        ("cohere", f"r8_{LONG}", "key of Replicate"),
        ("gemini", f"pplx-{LONG}", "key of Perplexity"),
        ("openrouter", f"AIza{LONG}", "key of Google Gemini"),
        ("gemini", f"ya29.{LONG}", "another kind of credential of Google"),
        ("bedrock", f"AKIA{LONG}", "another kind of credential of AWS"),
        ("huggingface", f"api_org_{LONG}", "another kind of credential of Hugging Face"),
        ("openai", f"sk-{LONG[:10]} {LONG}", "white space inside"),
        ("openai", f"sk-{LONG[:10]}\n{LONG}", "white space inside"),
        ("openai", f'"sk-{LONG}"', "quotes"),
        ("openai", f"“sk-{LONG}”", "quotes"),
        ("openai", "sk-proj-****abcd", "hidden"),
        ("openai", "sk-or-v1-0e6...1c96", "hidden"),
        ("openai", f"sk-schlüssel-{LONG}", "no key has"),
        ("openai", "sk-1234", "very short"),
        ("openai-compatible", "a b", "white space inside"),
    ],
)
def test_what_is_plainly_odd_is_said(row: str, key: str, hint: str) -> None:
    assert hint in warning(spec(row), key)
    assert key not in warning(spec(row), key)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("openai", f"sk-proj-{LONG}"),
        ("openai", f"sk-{LONG}"),
        ("openai", f"a-new-form-{LONG}"),
        ("deepseek", f"sk-{LONG}"),
        ("alibaba", f"sk-{LONG}"),
        ("gemini", f"AIza{LONG}"),
        ("gemini", f"AQ.{LONG}"),
        ("openrouter", f"sk-or-v1-{LONG}"),
        ("anthropic", f"sk-ant-api03-{LONG}"),
        ("azure-openai", LONG),
        ("openai", f"  sk-proj-{LONG}\n"),
        ("openai", ""),
        ("openai-compatible", "none"),
        ("openai-compatible", f"sk-ant-{LONG}"),
        ("lmstudio", "x"),
    ],
)
def test_what_may_well_be_right_is_not_remarked_on(row: str, key: str) -> None:
    assert warning(spec(row), key) == ""


@pytest.mark.parametrize("row", [row for row in SPECS if row.key_required], ids=lambda row: row.id)
def test_no_row_warns_of_its_own_keys(row: object) -> None:
    found = next(it for it in SPECS if it is row)
    for prefix in found.key_prefixes:
        assert warning(found, prefix + LONG) == ""


def test_the_environment_is_asked_in_the_rows_order() -> None:
    row = spec("gemini")
    assert from_environment(row, {}) is None
    assert from_environment(row, {"GEMINI_API_KEY": "  "}) is None
    found = from_environment(row, {"GOOGLE_API_KEY": " later ", "GEMINI_API_KEY": "first\n"})
    assert found == ("GEMINI_API_KEY", Secret("first"))
    assert from_environment(row, {"GOOGLE_API_KEY": " later "}) == ("GOOGLE_API_KEY", Secret("later"))


@pytest.mark.parametrize(
    ("row", "url", "values", "goes"),
    [
        ("openai", "", {}, True),
        ("openai", "https://api.openai.com/v1", {}, True),
        ("openai", "https://api.openai.com:8443/v1", {}, False),
        ("openai", "http://api.openai.com/v1", {}, False),
        ("openai", "https://api.openai.com.evil.test/v1", {}, False),
        ("openai", "http://127.0.0.1:4000/v1", {}, False),
        ("azure-openai", "", {"resource": "contoso"}, False),
        ("openai-compatible", "http://127.0.0.1:8000/v1", {}, True),
        ("openai-compatible", "https://evil.test/v1", {}, False),
        ("ollama", "http://nas.test:11434", {}, False),
    ],
)
def test_the_environments_key_goes_home_and_elsewhere_only_on_its_users_word(
    row: str, url: str, values: dict[str, str], goes: bool
) -> None:
    account, provider = Account("a", row, base_url=url, values=values), spec(row)
    env = {provider.key_env[0]: "secret"}
    assert vouched(provider, account, ()) is goes
    assert (given(provider, account, env, ()) is not None) is goes
    said = environment_slot(account, origin(base_url(provider, account)))
    assert given(provider, account, env, [said]) == (provider.key_env[0], Secret("secret"))
    assert given(provider, account, {}, [said]) is None


def test_without_an_address_nobody_is_given_a_key() -> None:
    with pytest.raises(UserError):
        given(spec("azure-openai"), Account("a", "azure-openai"), {"AZURE_OPENAI_API_KEY": "x"}, ())
