"""The vendors' own clients against the gateway, each at an upstream of each dialect."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from msgspec.structs import replace

from tests.gateway import wire
from tests.gateway.gateways import AT, VECTOR, Served, World, accounts, gateway, said, upstream
from tests.support.upstream import Upstream
from trayapp.core.accounts import Account
from trayapp.core.listings import Listing
from trayapp.core.models import Capability, Model, ModelRef, Use
from trayapp.core.rules import Rule
from trayapp.gateway.resolve import Routed
from trayapp.providers.spec import Dialect

DIALECTS = list(AT)
TEXT = "Grüß Gott, 世界 🙂"
HI: Any = [{"role": "user", "content": "Hi"}]
PARAMETERS: Any = {"type": "object", "properties": {"q": {"type": "string"}}}
TOOL: Any = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": PARAMETERS}}
CALLS = [("look", '{"q": "a b"}'), ("list", "{}")]
EMBEDDER = ModelRef("openai", "text-embed")


def world(url: str, dialect: Dialect, **more: Any) -> World:
    return World(accounts=accounts(url), chosen=AT[dialect], **more)


async def told(served: Served, dialect: Dialect, *, streamed: bool, tokens: bool = True) -> None:
    """The figures of the last request."""
    last = await served.last()
    assert (last.provider, last.model, last.outcome, last.streamed) == (*ref(dialect), "ok", streamed)
    assert last.asked == "gpt-anything"
    if tokens:
        assert (last.input, last.output) == (wire.USAGE.input, wire.USAGE.output)
        assert last.cost == pytest.approx((20 * 2 + 7 * 10) / 1e6)
    assert last.first_byte is not None
    assert 0 < last.first_byte <= last.seconds
    assert served.world.served[-1] == (str(AT[dialect]), "tray")


def ref(dialect: Dialect) -> tuple[str, str]:
    return AT[dialect].provider, AT[dialect].model


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_openai_chats_with_every_dialect(dialect: Dialect) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        made = await served.openai.chat.completions.with_raw_response.create(model="gpt-anything", messages=HI)
        answer = made.parse()
        assert answer.choices[0].message.content == TEXT
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage is not None
        assert answer.usage.prompt_tokens == 20
        assert made.headers["x-trayapp-model"] == str(AT[dialect])
        await told(served, dialect, streamed=False)


@pytest.mark.parametrize("usage", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_openai_streams_from_every_dialect(dialect: Dialect, usage: bool) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        options: Any = {"stream_options": {"include_usage": True}} if usage else {}
        stream = await served.openai.chat.completions.create(model="gpt-anything", messages=HI, stream=True, **options)
        chunks = [chunk async for chunk in stream]
        assert "".join(it.choices[0].delta.content or "" for it in chunks if it.choices) == TEXT
        assert any(it.usage is not None for it in chunks) is usage
        assert usage or all(it.choices for it in chunks)
        await told(served, dialect, streamed=True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_openai_is_told_of_parallel_calls_of_tools(dialect: Dialect, stream: bool) -> None:
    async with Upstream(upstream("tools")) as url, gateway(world(url, dialect)) as served:
        found: dict[int, list[str]] = {}
        if stream:
            made = await served.openai.chat.completions.create(
                model="gpt-anything", messages=HI, tools=[TOOL], stream=True
            )
            async for chunk in made:
                for call in chunk.choices[0].delta.tool_calls or ():
                    held = found.setdefault(call.index, ["", ""])
                    assert call.function is not None
                    held[0] += call.function.name or ""
                    held[1] += call.function.arguments or ""
        else:
            answer = await served.openai.chat.completions.create(model="gpt-anything", messages=HI, tools=[TOOL])
            assert answer.choices[0].finish_reason == "tool_calls"
            for number, one in enumerate(answer.choices[0].message.tool_calls or ()):
                assert one.type == "function"
                found[number] = [one.function.name, one.function.arguments]
        same = [(name, arguments.replace('":"', '": "')) for name, arguments in found.values()]
        assert same == CALLS


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_openai_gets_responses_from_every_dialect(dialect: Dialect, stream: bool) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        if stream:
            events = [
                it async for it in await served.openai.responses.create(model="gpt-anything", input="Hi", stream=True)
            ]
            assert events[-1].type == "response.completed"
            answer = events[-1].response
        else:
            answer = await served.openai.responses.create(model="gpt-anything", input="Hi")
        assert answer.output_text == TEXT
        await told(served, dialect, streamed=stream)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_openai_completes_with_every_dialect(dialect: Dialect) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        answer = await served.openai.completions.create(model="gpt-anything", prompt="Once upon")
        assert answer.choices[0].text == ("and so on" if dialect is Dialect.OLLAMA else TEXT)
        await told(served, dialect, streamed=False)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_anthropic_has_messages_from_every_dialect(dialect: Dialect) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        answer = await served.anthropic.messages.create(model="gpt-anything", max_tokens=50, messages=HI)
        assert answer.content[0].type == "text"
        assert answer.content[0].text == TEXT
        assert (answer.stop_reason, answer.usage.input_tokens) == ("end_turn", 20)
        await told(served, dialect, streamed=False)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_anthropic_streams_words_and_calls_from_every_dialect(dialect: Dialect) -> None:
    tool: Any = {"name": "look", "input_schema": PARAMETERS}
    async with Upstream(upstream("tools")) as url, gateway(world(url, dialect)) as served:
        async with served.anthropic.messages.stream(
            model="gpt-anything", max_tokens=50, messages=HI, tools=[tool]
        ) as stream:
            answer = await stream.get_final_message()
        assert answer.stop_reason == "tool_use"
        called = [(it.name, it.input) for it in answer.content if it.type == "tool_use"]
        assert called == [("look", {"q": "a b"}), ("list", {})]
        await told(served, dialect, streamed=True)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_anthropic_has_its_tokens_counted_or_guessed(dialect: Dialect) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        counted = await served.anthropic.messages.count_tokens(model="gpt-anything", messages=HI)
        assert counted.input_tokens == (42 if dialect is Dialect.ANTHROPIC else 5)
        last = await served.last()
        assert (last.cost, last.outcome, last.route) == (0.0, "ok", "count_tokens")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_ollama_chats_and_generates_with_every_dialect(dialect: Dialect) -> None:
    async with Upstream(upstream()) as url, gateway(world(url, dialect)) as served:
        answer = await served.ollama.chat(model="gpt-anything", messages=HI)
        assert (answer.message.content, answer.done, answer.eval_count) == (TEXT, True, 7)
        await told(served, dialect, streamed=False)
        if dialect is not Dialect.OLLAMA:
            wrote = await served.ollama.generate(model="gpt-anything", prompt="Hi")
            assert (wrote.response, wrote.prompt_eval_count) == (TEXT, 20)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_ollama_streams_from_every_dialect(dialect: Dialect) -> None:
    async with Upstream(upstream("tools")) as url, gateway(world(url, dialect)) as served:
        lines = [it async for it in await served.ollama.chat(model="gpt-anything", messages=HI, stream=True)]
        calls = [call.function for it in lines for call in it.message.tool_calls or ()]
        assert [(it.name, dict(it.arguments)) for it in calls] == [("look", {"q": "a b"}), ("list", {})]
        assert lines[-1].done
        await told(served, dialect, streamed=True)


# Embeddings


async def test_embeddings_go_to_the_model_that_is_named_whoever_asks() -> None:
    async with Upstream(upstream()) as url, gateway(world(url, Dialect.OPENAI)) as served:
        vectors = await served.openai.embeddings.create(model=str(EMBEDDER), input="Hi", encoding_format="float")
        assert vectors.data[0].embedding == VECTOR
        told_by_ollama = await served.ollama.embed(model=str(EMBEDDER), input=["Hi"])
        assert list(told_by_ollama.embeddings[0]) == VECTOR
        assert [(it.model, it.input, it.outcome) for it in await served.quiet()] == [("text-embed", 5, "ok")] * 2
        native = await served.ollama.embed(model="ollama/nomic-embed-text", input=["Hi"])
        assert list(native.embeddings[0]) == VECTOR
        last = await served.last()
        assert (last.provider, last.input) == ("ollama", 5)


async def test_embeddings_never_follow_the_tray() -> None:
    server = Upstream(upstream())
    async with server as url, gateway(world(url, Dialect.OPENAI)) as served:
        for path in ("/v1/embeddings", "/api/embed"):
            answer = await served.post(path, {"model": "text-embedding-3-small", "input": "Hi"})
            assert answer.status_code == 404
            assert "never follow the model chosen in the tray" in answer.text
        assert server.requests == []
        assert served.world.records == []  # it never came to a model
        served.world.named["embedding"] = Routed(EMBEDDER, "role embedding")
        answer = await served.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi"})
        assert answer.status_code == 200
        assert said(server.requests[-1])["model"] == "text-embed"


# Lists


def listed(url: str) -> World:
    made = world(url, Dialect.OPENAI)
    made.accounts["copy"] = Account("copy", "replicate")
    chat = Model(AT[Dialect.OPENAI], "Big", context=128_000, capabilities=Capability.TOOLS | Capability.VISION)
    embed = Model(EMBEDDER, use=Use.EMBEDDING)
    picture = Model(ModelRef("openai", "draw"), use=Use.IMAGE)
    made.listings = {
        "openai": Listing("openai", (chat, embed, picture)),
        "copy": Listing("copy", (Model(ModelRef("copy", "meta/llama")),)),
        "ollama": Listing("ollama", (Model(ModelRef("ollama", "qwen3:8b"), size=5_000_000_000),)),
    }
    made.models = {chat.ref: chat, embed.ref: embed}
    made.local = {"loaded_models": ["qwen3:8b"], "cache_strategy": "ram", "cache_hit_rate": 0.5, "avg_swap_time_ms": 9}
    return made


async def test_every_client_lists_what_can_be_asked_for() -> None:
    async with gateway(listed("http://127.0.0.1:9")) as served:
        rows = {it.id: it async for it in served.openai.models.list()}
        assert next(iter(rows)) == "current"
        assert set(rows) == {"current", "openai/big", "openai/text-embed", "ollama/qwen3:8b", "copy/meta/llama"}
        assert rows["copy/meta/llama"].to_dict()["reachable"] is False
        assert "reachable" not in rows["openai/big"].to_dict()
        one = await served.openai.models.retrieve("openai/big")
        assert (one.id, one.owned_by) == ("openai/big", "openai")
        claude = {it.id: it.display_name async for it in served.anthropic.models.list()}
        assert "openai/text-embed" not in claude
        assert claude["openai/big"] == "Big"
        assert claude["copy/meta/llama"] == "meta/llama (not reachable through the gateway)"
        tags = await served.ollama.list()
        assert {it.model for it in tags.models} == set(rows)
        loaded = await served.ollama.ps()
        assert [(it.model, it.size) for it in loaded.models] == [("ollama/qwen3:8b", 5_000_000_000)]
        shown = await served.ollama.show("current")
        assert shown.capabilities == ["completion", "tools", "vision"]
        assert shown.modelinfo is not None
        assert shown.modelinfo["openai.context_length"] == 128_000
        with pytest.raises(openai.NotFoundError, match="“nothing” is no model here"):
            await served.openai.models.retrieve("nothing")


async def test_roles_and_rules_are_listed_where_they_are_set() -> None:
    made = listed("http://127.0.0.1:9")
    made.settings = replace(made.settings, roles={"code": "openai/big"})
    made.rules = (Rule("poems", "poem", "openai/big"), Rule("off", "x", "code", enabled=False))
    async with gateway(made) as served:
        ids = [it.id async for it in served.openai.models.list()]
        assert ids[:3] == ["current", "code", "poems"]
        assert "off" not in ids
