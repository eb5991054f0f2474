"""The table itself: which providers are in it, where they are asked, how long they are waited for."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.providers.scene import account
from tests.support.whole_row import lacking
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.secret import Secret
from trayapp.providers import shapes
from trayapp.providers.spec import (
    TIMEOUTS,
    Auth,
    Dialect,
    ProviderSpec,
    at_home,
    base_url,
    fill,
    loopback,
    origin,
    signed,
    timeouts_for,
)
from trayapp.providers.table import SPECS, spec

EVERY_ROW = pytest.mark.parametrize("row", SPECS, ids=lambda row: row.id)

# What the first providers were asked to be, written down a second time. A new one needs no line here.
LISTS = {
    "openai": "https://api.openai.com/v1/models",
    "anthropic": "https://api.anthropic.com/v1/models",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models",
    "openrouter": "https://openrouter.ai/api/v1/models",
    "mistral": "https://api.mistral.ai/v1/models",
    "groq": "https://api.groq.com/openai/v1/models",
    "cohere": "https://api.cohere.com/v1/models",
    "together": "https://api.together.ai/v1/models",
    "cerebras": "https://api.cerebras.ai/v1/models",
    "perplexity": "https://api.perplexity.ai/router/v1/models",
    "xai": "https://api.x.ai/v1/language-models",
    "deepinfra": "https://api.deepinfra.com/v1/openai/models",
    "fireworks": "https://api.fireworks.ai/v1/accounts/fireworks/models",
    "azure-openai": "https://acme.openai.azure.com/openai/deployments",
    "replicate": "https://api.replicate.com/v1/collections/language-models",
    "bedrock": "https://bedrock.us-east-1.amazonaws.com/foundation-models",
    "alibaba": "https://dashscope-intl.aliyuncs.com/api/v1/models",
    "deepseek": "https://api.deepseek.com/models",
    "ollama": "http://127.0.0.1:11434/api/tags",
    "lmstudio": "http://127.0.0.1:1234/api/v1/models",
    "openai-compatible": "http://127.0.0.1:8000/v1/models",
    "nvidia": "https://integrate.api.nvidia.com/v1/models",
    "huggingface": "https://router.huggingface.co/v1/models",
    "moonshot": "https://api.moonshot.ai/v1/models",
    "zai": "https://api.z.ai/api/paas/v4/models",
}
CLASSES = {
    "fast": "openai anthropic groq together fireworks cerebras xai deepseek moonshot zai",
    "medium": "gemini cohere mistral azure-openai perplexity replicate deepinfra nvidia huggingface",
    "slow": "bedrock alibaba openrouter",
    "local": "ollama lmstudio openai-compatible",
}


def test_every_provider_has_one_row() -> None:
    ids = [row.id for row in SPECS]
    assert len(set(ids)) == len(ids)
    assert LISTS.keys() <= set(ids)


@pytest.mark.parametrize("id", LISTS)
def test_the_list_is_asked_for_at_its_documented_address(id: str) -> None:
    row = spec(id)
    whose = account(row)
    assert base_url(row, whose) + fill(row.list_path, row, whose) == LISTS[id]


@pytest.mark.parametrize(("id", "name"), [(id, name) for name, rows in CLASSES.items() for id in rows.split()])
def test_a_row_waits_as_its_class_says(id: str, name: str) -> None:
    row = spec(id)
    assert timeouts_for(row, account(row), base_url(row, account(row))) == TIMEOUTS[name]


def test_what_a_new_row_lacks_is_said_in_words() -> None:
    """Whoever adds a provider reads this, and nothing else of the tests."""
    said = lacking(ProviderSpec(id="nimbus", name="Nimbus", base_url="https://nimbus.example", parse=shapes.plain))
    for word in (
        "key_env:",
        "docs_url:",
        "keys_url:",
        "tests/samples/nimbus.json:",
        "tests/samples/errors/nimbus.json:",
    ):
        assert f"\n  - {word}" in said
    assert "paging" not in said


@pytest.mark.parametrize(
    ("row", "base", "name"),
    [
        ("ollama", "http://192.168.15.14:11434/v1", "slow"),
        ("ollama", "http://localhost:11434", "local"),
        ("ollama", "http://[::1]:11434", "local"),
        ("lmstudio", "http://studio.local:1234", "slow"),
        ("openai-compatible", "https://proxy.example/v1", "medium"),
        ("openai-compatible", "http://127.8.9.1:1/v1", "local"),
        ("openai", "http://127.0.0.1:1/v1", "fast"),
    ],
)
def test_a_local_server_elsewhere_is_waited_for_longer(row: str, base: str, name: str) -> None:
    assert timeouts_for(spec(row), Account("a", row), base) == TIMEOUTS[name]


def test_the_accounts_own_class_counts_most() -> None:
    assert timeouts_for(spec("ollama"), Account("a", "ollama", timeouts="fast"), "http://localhost") == TIMEOUTS["fast"]
    assert timeouts_for(spec("openai"), Account("a", "openai", timeouts="odd"), "https://x") == TIMEOUTS["fast"]


@EVERY_ROW
def test_a_row_is_whole(row: ProviderSpec) -> None:
    missing = lacking(row)
    assert not missing, missing
    assert all(name == name.upper() for name in (*row.key_env, *row.base_url_env))
    paths = (row.list_path, row.chat_path, *(route.path for route in row.list_fallbacks))
    assert all(path.startswith("/") for path in paths)
    for path in (row.responses_path, row.messages_path, row.embeddings_path, row.compat_path, row.check.path):
        assert path == "" or path.startswith(("/", "https://"))
    assert urlsplit(row.base_url).scheme == ("http" if row.local else "https")
    assert not row.base_url.endswith("/")
    assert not any(beginning in row.key_prefixes for beginning in row.foreign_prefixes)
    asked = {ask.name for ask in row.asks}
    for url in (row.base_url, row.list_path, row.chat_base_url, *row.base_urls):
        for name in [part.partition("}")[0] for part in url.split("{")[1:]]:
            assert name in asked


def test_dialects_and_the_paths_of_the_gateway_are_those_of_the_facts() -> None:
    assert {row.id: row.dialect for row in SPECS if row.dialect is not Dialect.OPENAI} == {
        "anthropic": Dialect.ANTHROPIC,
        "gemini": Dialect.GEMINI,
        "replicate": Dialect.REPLICATE,
    }
    messages = {row.id: row.messages_path for row in SPECS if row.messages_path}
    assert messages["anthropic"] == "/messages"
    assert messages["moonshot"] == "https://api.moonshot.ai/anthropic/v1/messages"
    assert messages["alibaba"] == "/apps/anthropic/v1/messages"
    assert "openai" not in messages
    assert {row.id: row.chat_base_url for row in SPECS if row.chat_base_url} == {
        "cohere": "https://api.cohere.ai",
        "bedrock": "https://bedrock-mantle.{region}.api.aws",
    }
    assert spec("perplexity").builtin == ("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research")


def test_the_key_goes_into_the_header_of_its_row() -> None:
    key = Secret("k-0123456789")
    assert signed(spec("openai"), key) == {"Authorization": "Bearer k-0123456789"}
    assert signed(spec("anthropic"), key) == {"anthropic-version": "2023-06-01", "x-api-key": "k-0123456789"}
    assert signed(spec("gemini"), key) == {"x-goog-api-key": "k-0123456789"}
    assert signed(spec("azure-openai"), key) == {"api-key": "k-0123456789"}
    assert signed(spec("ollama"), None) == {}
    assert {row.auth for row in SPECS} == set(Auth)


def test_values_fill_the_blanks_of_an_address_and_nothing_else() -> None:
    row = spec("bedrock")
    assert base_url(row, Account("a", row.id, values={"region": " eu-central-1 "})).endswith(
        "eu-central-1.amazonaws.com"
    )
    for bad in ("evil.example/", "a@b", "a:1", "a b", "é"):
        with pytest.raises(UserError, match="cannot be used"):
            base_url(row, Account("a", row.id, values={"region": bad}))
    with pytest.raises(UserError, match="Region"):
        base_url(row, Account("a", row.id))
    assert fill("{account_id}", spec("fireworks"), Account("a", "fireworks")) == "fireworks"
    workspace = Account(
        "a", "alibaba", base_url="https://{workspace}.us-east-1.maas.aliyuncs.com", values={"workspace": "w"}
    )
    assert base_url(spec("alibaba"), workspace) == "https://w.us-east-1.maas.aliyuncs.com"


@pytest.mark.parametrize(
    ("row", "typed", "base"),
    [
        ("ollama", "http://192.168.15.14:11434/v1", "http://192.168.15.14:11434"),
        ("ollama", "https://x/ollama/api/", "https://x/ollama"),
        ("lmstudio", "http://localhost:1234/v1/", "http://localhost:1234"),
        ("fireworks", "https://api.fireworks.ai/inference/v1", "https://api.fireworks.ai"),
        ("azure-openai", "https://acme.openai.azure.com/openai/v1/", "https://acme.openai.azure.com"),
        ("alibaba", "https://dashscope.aliyuncs.com/compatible-mode/v1", "https://dashscope.aliyuncs.com"),
        ("openai", "https://proxy.example/v1/", "https://proxy.example/v1"),
    ],
)
def test_an_address_may_be_typed_as_other_tools_want_it(row: str, typed: str, base: str) -> None:
    assert base_url(spec(row), Account("a", row, base_url=typed)) == base


def test_home_is_where_the_row_says() -> None:
    row = spec("zai")
    assert at_home(row, Account("a", "zai"))
    assert at_home(row, Account("a", "zai", base_url="https://open.bigmodel.cn/api/paas/v4"))
    assert not at_home(row, Account("a", "zai", base_url="https://proxy.example/v4"))


def test_loopback_is_this_computer_only() -> None:
    for url in ("http://127.0.0.1:1", "http://localhost/v1", "http://LOCALHOST.", "http://[::1]", "http://a.localhost"):
        assert loopback(url)
    for url in (
        "http://10.0.0.1",
        "http://localhost.example",
        "https://127.0.0.1.example",
        "http://[",
        "",
        "http://0.0.0.0",
    ):
        assert not loopback(url)


def test_an_origin_names_its_port() -> None:
    assert origin("https://x/v1") == "https://x:443"
    assert origin("http://[::1]:1/v1") == "http://[::1]:1"
    for bad in ("ftp://x", "x", "https://u:p@x", "https://x:99999", "http://["):
        with pytest.raises(UserError):
            origin(bad)


def test_an_unknown_row_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        spec("github-models")
