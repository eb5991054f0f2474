"""Where each kind of request goes with each provider, and that it never comes back to the gateway itself."""

from __future__ import annotations

import pytest
from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.gateway.plan import Plan, Route, ours, plan, reachable, spec_of
from trayapp.providers.spec import Dialect, base_url
from trayapp.providers.table import SPECS, spec

PORT = 4180
VALUES = {"azure-openai": {"resource": "acme"}, "bedrock": {"region": "eu-west-1"}}
TALKS = tuple(it for it in Route if not it.embeds)


class Row(Struct, frozen=True):
    """What is expected of a provider: where chat goes, and which other routes are its own."""

    chat: str
    out: Dialect = Dialect.OPENAI
    """What a translated request speaks there."""
    bearer: bool = False
    embeddings: str = ""
    own: dict[Route, str] = {}
    """Relayed as they come, besides OpenAI's chat and embeddings."""


def local(base: str) -> dict[Route, str]:
    return {
        Route.COMPLETIONS: f"{base}/v1/completions",
        Route.RESPONSES: f"{base}/v1/responses",
        Route.MESSAGES: f"{base}/v1/messages",
    }


def at(base: str, **own: str) -> dict[Route, str]:
    return {Route(name): base + path for name, path in own.items()}


OLLAMA = "http://127.0.0.1:11434"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"
ALIBABA = "https://dashscope-intl.aliyuncs.com"
FIREWORKS = "https://api.fireworks.ai/inference/v1"
AZURE = "https://acme.openai.azure.com/openai/v1"
MANTLE = "https://bedrock-mantle.eu-west-1.api.aws"
GOLDEN: dict[str, Row] = {
    "ollama": Row(
        f"{OLLAMA}/api/chat",
        Dialect.OLLAMA,
        embeddings=f"{OLLAMA}/v1/embeddings",
        own={
            **local(OLLAMA),
            Route.CHAT: f"{OLLAMA}/v1/chat/completions",
            Route.OLLAMA_CHAT: f"{OLLAMA}/api/chat",
            Route.OLLAMA_GENERATE: f"{OLLAMA}/api/generate",
            Route.OLLAMA_EMBED: f"{OLLAMA}/api/embed",
        },
    ),
    "lmstudio": Row(
        "http://127.0.0.1:1234/v1/chat/completions",
        embeddings="http://127.0.0.1:1234/v1/embeddings",
        own=local("http://127.0.0.1:1234"),
    ),
    "openai-compatible": Row(
        "http://127.0.0.1:8000/v1/chat/completions",
        embeddings="http://127.0.0.1:8000/v1/embeddings",
        own=local("http://127.0.0.1:8000"),
    ),
    "openai": Row(
        "https://api.openai.com/v1/chat/completions",
        embeddings="https://api.openai.com/v1/embeddings",
        own=at("https://api.openai.com/v1", responses="/responses"),
    ),
    # its imitation of OpenAI leaves things out, so its own dialect is spoken even where OpenAI's comes in
    "anthropic": Row(
        "https://api.anthropic.com/v1/messages",
        Dialect.ANTHROPIC,
        own=at("https://api.anthropic.com/v1", messages="/messages", count_tokens="/messages/count_tokens"),
    ),
    "gemini": Row(f"{GEMINI}/chat/completions", bearer=True, embeddings=f"{GEMINI}/embeddings"),
    "mistral": Row("https://api.mistral.ai/v1/chat/completions", embeddings="https://api.mistral.ai/v1/embeddings"),
    "cohere": Row(
        "https://api.cohere.ai/compatibility/v1/chat/completions",
        embeddings="https://api.cohere.ai/compatibility/v1/embeddings",
    ),
    "perplexity": Row(
        "https://api.perplexity.ai/router/v1/chat/completions",
        embeddings="https://api.perplexity.ai/v1/embeddings",
        own=at("https://api.perplexity.ai/router/v1", responses="/responses", messages="/messages"),
    ),
    "xai": Row(
        "https://api.x.ai/v1/chat/completions",
        embeddings="https://api.x.ai/v1/embeddings",
        own=at("https://api.x.ai/v1", responses="/responses", messages="/messages"),
    ),
    "alibaba": Row(
        f"{ALIBABA}/compatible-mode/v1/chat/completions",
        embeddings=f"{ALIBABA}/compatible-mode/v1/embeddings",
        own=at(ALIBABA, responses="/compatible-mode/v1/responses", messages="/apps/anthropic/v1/messages"),
    ),
    "deepseek": Row(
        "https://api.deepseek.com/chat/completions",
        own=at("https://api.deepseek.com", messages="/anthropic/v1/messages"),
    ),
    "moonshot": Row(
        "https://api.moonshot.ai/v1/chat/completions",
        own=at("https://api.moonshot.ai", messages="/anthropic/v1/messages"),
    ),
    "zai": Row(
        "https://api.z.ai/api/paas/v4/chat/completions",
        embeddings="https://api.z.ai/api/paas/v4/embeddings",
        own=at("https://api.z.ai", messages="/api/anthropic/v1/messages"),
    ),
    "openrouter": Row(
        "https://openrouter.ai/api/v1/chat/completions",
        embeddings="https://openrouter.ai/api/v1/embeddings",
        own=at("https://openrouter.ai/api/v1", responses="/responses", messages="/messages"),
    ),
    "groq": Row(
        "https://api.groq.com/openai/v1/chat/completions",
        embeddings="https://api.groq.com/openai/v1/embeddings",
        own=at("https://api.groq.com/openai/v1", responses="/responses"),
    ),
    "together": Row("https://api.together.ai/v1/chat/completions", embeddings="https://api.together.ai/v1/embeddings"),
    "cerebras": Row("https://api.cerebras.ai/v1/chat/completions"),
    "fireworks": Row(
        f"{FIREWORKS}/chat/completions",
        embeddings=f"{FIREWORKS}/embeddings",
        own=at(FIREWORKS, responses="/responses", messages="/messages"),
    ),
    "deepinfra": Row(
        "https://api.deepinfra.com/v1/openai/chat/completions",
        embeddings="https://api.deepinfra.com/v1/openai/embeddings",
        own=at("https://api.deepinfra.com", messages="/anthropic/v1/messages"),
    ),
    "nvidia": Row(
        "https://integrate.api.nvidia.com/v1/chat/completions",
        embeddings="https://integrate.api.nvidia.com/v1/embeddings",
    ),
    "huggingface": Row(
        "https://router.huggingface.co/v1/chat/completions",
        own=at("https://router.huggingface.co/v1", responses="/responses"),
    ),
    "replicate": Row(""),
    "azure-openai": Row(
        f"{AZURE}/chat/completions", embeddings=f"{AZURE}/embeddings", own=at(AZURE, responses="/responses")
    ),
    "bedrock": Row(f"{MANTLE}/v1/chat/completions", own=at(MANTLE, responses="/openai/v1/responses")),
}


def account(id: str, base: str = "", **values: str) -> Account:
    return Account(id, id, base_url=base, values={**VALUES.get(id, {}), **values})


def planned(route: Route, id: str, base: str = "", model: str = "", **values: str) -> Plan:
    return plan(route, spec(id), account(id, base, **values), model)


def expected(route: Route, row: Row) -> Plan | None:
    """None where it is refused."""
    url = row.embeddings if route.embeds else row.chat
    direct = Route.EMBEDDINGS if route.embeds else Route.CHAT
    if route in row.own:
        return Plan(row.own[route], True, route.dialect)
    if not url:
        return None
    out = Dialect.OPENAI if route.embeds else row.out
    return Plan(url, route is direct and out is Dialect.OPENAI, out, row.bearer)


def usual(id: str) -> Row:
    """What is expected of a provider that speaks OpenAI's dialect at the usual places; it needs no row above."""
    base = base_url(spec(id), account(id))
    return Row(f"{base}/chat/completions", embeddings=f"{base}/embeddings" if spec(id).embeddings_path else "")


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("id", [it.id for it in SPECS])
def test_every_kind_of_request_goes_where_the_table_says(id: str, route: Route) -> None:
    wanted = expected(route, GOLDEN[id] if id in GOLDEN else usual(id))
    if wanted is None:
        with pytest.raises(UserError):
            planned(route, id)
    else:
        assert planned(route, id) == wanted, f"write into GOLDEN where requests to {id} go"


@pytest.mark.parametrize("it", SPECS, ids=lambda it: it.id)
def test_what_is_called_reachable_is_what_chat_can_be_planned_for(it: object) -> None:
    row = next(row for row in SPECS if row is it)
    if reachable(row):
        assert all(plan(route, row, account(row.id)).url.startswith("http") for route in TALKS)
    else:
        assert row.id == "replicate"
        for route in TALKS:
            with pytest.raises(UserError, match="Replicate speaks a language of its own and cannot be reached"):
                plan(route, row, account(row.id))


def test_what_is_relayed_speaks_the_callers_dialect_and_the_rest_one_of_three() -> None:
    for row in SPECS:
        for route in TALKS if reachable(row) else ():
            found = plan(route, row, account(row.id))
            assert not found.relayed or found.out is route.dialect
            assert found.out in (Dialect.OPENAI, Dialect.ANTHROPIC, Dialect.OLLAMA)
            assert "{" not in found.url


def test_who_has_no_embeddings_says_so() -> None:
    with pytest.raises(UserError, match="Anthropic offers no embeddings through the gateway"):
        planned(Route.EMBEDDINGS, "anthropic")


@pytest.mark.parametrize("id", ["azure-openai", "bedrock"])
def test_an_account_with_a_blank_that_is_not_filled_in_says_which(id: str) -> None:
    for route in TALKS:
        with pytest.raises(UserError, match=r"needs “(Resource name|Region)”"):
            plan(route, spec(id), Account(id, id))


def test_values_fill_the_blanks_of_every_address() -> None:
    assert planned(Route.CHAT, "bedrock", region="us-east-1").url.startswith("https://bedrock-mantle.us-east-1.api.aws")
    base = "https://{workspace}.eu-central-1.maas.aliyuncs.com"
    found = planned(Route.CHAT, "alibaba", base, workspace="ws-7")
    assert found.url == "https://ws-7.eu-central-1.maas.aliyuncs.com/compatible-mode/v1/chat/completions"


@pytest.mark.parametrize(
    ("id", "model", "messages"),
    [
        ("azure-openai", "claude-sonnet-4-5", "https://acme.openai.azure.com/anthropic/v1/messages"),
        ("bedrock", "global.anthropic.Claude-opus-4", f"{MANTLE}/anthropic/v1/messages"),
    ],
)
def test_where_anthropics_models_have_a_route_of_their_own_they_are_asked_there_and_nobody_else_is(
    id: str, model: str, messages: str
) -> None:
    assert planned(Route.MESSAGES, id, model=model) == Plan(messages, True, Dialect.ANTHROPIC)
    for route in TALKS:
        if route is not Route.MESSAGES:
            assert planned(route, id, model=model) == Plan(messages, False, Dialect.ANTHROPIC)
    for route in TALKS:
        assert planned(route, id, model="gpt-5").out is Dialect.OPENAI
    assert planned(Route.MESSAGES, "openrouter", model="openai/gpt-5").relayed


def test_an_account_elsewhere_has_everything_below_its_address() -> None:
    assert planned(Route.CHAT, "cohere", "https://proxy.acme.example/").url == (
        "https://proxy.acme.example/compatibility/v1/chat/completions"
    )
    assert planned(Route.CHAT, "cohere", "https://api.cohere.com/v1").url.startswith("https://api.cohere.ai/")
    assert planned(Route.COUNT_TOKENS, "anthropic", "https://proxy.acme.example/v1").url == (
        "https://proxy.acme.example/v1/messages/count_tokens"
    )


@pytest.mark.parametrize(
    ("id", "base", "relayed"),
    [
        ("moonshot", "https://api.moonshot.ai/v1", True),
        ("moonshot", "https://api.moonshot.cn/v1", False),
        ("moonshot", "https://proxy.acme.example/v1", False),
        ("moonshot", "http://api.moonshot.ai/v1", False),
        ("zai", "https://api.z.ai/api/coding/paas/v4", True),
        ("zai", "https://open.bigmodel.cn/api/paas/v4", False),
    ],
)
def test_a_whole_address_is_only_asked_by_an_account_of_that_very_host(id: str, base: str, relayed: bool) -> None:
    found = planned(Route.MESSAGES, id, base)
    assert found.relayed is relayed
    if not relayed:  # a key is never sent to a host that it was not entered for
        assert found == Plan(f"{base}/chat/completions", False, Dialect.OPENAI)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/chat/completions"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/chat/completions"),
        ("https://acme.example/llm", "https://acme.example/llm/chat/completions"),
    ],
)
def test_a_compatible_server_is_found_without_v1_in_its_address_too(base: str, url: str) -> None:
    assert planned(Route.CHAT, "openai-compatible", base).url == url


@pytest.mark.parametrize("route", [Route.RESPONSES, Route.MESSAGES, Route.COMPLETIONS])
def test_a_server_that_lacks_a_newer_route_can_be_asked_in_translation(route: Route) -> None:
    for id, out in (("ollama", Dialect.OLLAMA), ("lmstudio", Dialect.OPENAI), ("openai-compatible", Dialect.OPENAI)):
        found = plan(route, spec(id), account(id), relay=False)
        assert (found.relayed, found.out, found.url) == (False, out, GOLDEN[id].chat)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.9.8.7",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST.",
        "gateway.localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::1%25lo]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ],
)
def test_the_gateways_own_address_is_known_in_every_spelling(host: str) -> None:
    for start, end in (("http://", ""), ("https://", "/v1"), ("HTTP://me@", "/v1/chat?x=1")):
        assert ours(f"{start}{host}:{PORT}{end}", PORT)
        assert not ours(f"{start}{host}:{PORT + 1}{end}", PORT)
    assert ours(f"http://{host}/v1", 80)
    assert ours(f"https://{host}", 443)
    assert not ours(f"http://{host}", 443)
    assert not ours(f"http://{host}", PORT)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.2:4180",
        "http://10.0.0.1:4180",
        "http://128.0.0.1:4180",
        "http://[::2]:4180",
        "http://example.com:4180",
        "http://notlocalhost:4180",
        "http://localhost.example.com:4180",
        "http://127.0.0.1.example.com:4180",
        "http://127.0.0.1:99999",
        "http://[half:4180",
        "ftp://127.0.0.1",
        "nothing",
        "",
    ],
)
def test_other_addresses_are_not_the_gateways(url: str) -> None:
    assert not ours(url, PORT)


def test_no_providers_own_address_is_the_gateways() -> None:
    for row in SPECS:
        for route in TALKS if reachable(row) else ():
            assert not ours(plan(route, row, account(row.id)).url, PORT)


def test_an_accounts_row_is_the_tables_and_another_versions_is_said_in_words() -> None:
    assert spec_of(Account("work", "openai")) is spec("openai")
    with pytest.raises(UserError, match="“work” is of a provider that this version does not know"):
        spec_of(Account("work", "no-such"))


def test_a_plan_cannot_be_edited_on_its_way() -> None:
    made = planned(Route.CHAT, "openai")
    assert not Plan(made.url, relayed=True, out=made.out).bearer
    with pytest.raises(AttributeError):
        made.url = "https://elsewhere.example"  # type: ignore[misc]
