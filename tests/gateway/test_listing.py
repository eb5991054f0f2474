"""Lists and facts of models, in each dialect: what a model is known to do, and names that mean none yet."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, cast

import pytest

from tests.gateway.gateways import PRICE, World, accounts
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing
from trayapp.core.models import Capability, Modality, Model, ModelRef, Use
from trayapp.core.settings import Settings
from trayapp.gateway.call import Call
from trayapp.gateway.listing import Listings
from trayapp.gateway.metrics import Metrics
from trayapp.gateway.resolve import Routed
from trayapp.gateway.routes import find

OURS = accounts("http://127.0.0.1:9")
BIG, EMBEDDER, QWEN = ModelRef("openai", "big"), ModelRef("openai", "text-embed"), ModelRef("ollama", "qwen3:8b")


class Asking:
    """A caller who notes the answer, without a network."""

    def __init__(self, body: Any, headers: dict[str, str]) -> None:
        self.headers = headers
        self.status, self.said = 0, b""
        self._body = json.dumps(body).encode()

    async def body(self) -> bytes:
        return self._body

    def answer(self, status: int, body: bytes, headers: Any = ()) -> None:
        self.status, self.said = status, body


async def asked(world: World, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and object of an answer."""
    listings = Listings(world.links(), Metrics(), lambda: world.rules)
    call = Asking(body, headers)
    await listings.answer(cast("Call", call), find("GET" if body is None else "POST", path))
    return call.status, json.loads(call.said)


def listed(*models: Model, provider: str = "openai") -> World:
    world = World(accounts=OURS, listings={provider: Listing(provider, models)})
    world.models = {it.ref: it for it in models}
    return world


@pytest.mark.parametrize(
    ("model", "abilities"),
    [
        (Model(BIG), ["completion"]),
        (Model(BIG, inputs=Modality.TEXT | Modality.IMAGE), ["completion", "vision"]),
        (Model(BIG, inputs=Modality.IMAGE, capabilities=Capability.VISION), ["completion", "vision"]),
        (Model(BIG, capabilities=Capability.TOOLS | Capability.REASONING), ["completion", "tools", "thinking"]),
        (Model(EMBEDDER, use=Use.EMBEDDING), ["embedding"]),
    ],
)
async def test_what_a_model_can_do_is_told_in_ollamas_words(model: Model, abilities: list[str]) -> None:
    world = listed(model)
    _status, tags = await asked(world, "/api/tags")
    assert [it["capabilities"] for it in tags["models"]] == [["completion"], abilities]  # the first is “current”
    status, shown = await asked(world, "/api/show", {"model": str(model.ref)})
    assert (status, shown["capabilities"], shown["model_info"]) == (
        200,
        abilities,
        {"general.architecture": "openai", "general.basename": model.ref.model},
    )


@pytest.mark.parametrize(("name", "field"), [("text-embed", "model"), ("text-embed", "name"), ("embedding", "model")])
async def test_a_model_for_embeddings_is_shown_by_any_name_that_embeds_with_it(name: str, field: str) -> None:
    world = listed(Model(EMBEDDER, use=Use.EMBEDDING, context=8192))
    world.settings = Settings(gateway_other_names="refuse")
    world.named["embedding"] = Routed(EMBEDDER, "role embedding")
    _status, shown = await asked(world, "/api/show", {field: name})
    assert shown["model_info"]["openai.context_length"] == 8192


async def test_a_model_that_nobody_has_is_told_in_ollamas_words() -> None:
    world = World(accounts=OURS, settings=Settings(gateway_other_names="refuse"))
    status, told = await asked(world, "/api/show", {"model": "nothing"})
    assert (status, list(told)) == (404, ["error"])
    assert "“nothing”" in told["error"]


@pytest.mark.parametrize(
    ("released", "day"), [("2026-03-04", dt.date(2026, 3, 4)), ("2026-03-04T05:06:07Z", dt.date(2026, 3, 4))]
)
async def test_when_a_model_came_out_is_told_as_each_dialect_tells_it(released: str, day: dt.date) -> None:
    world = listed(Model(BIG, released=released))
    seconds = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
    assert (await asked(world, "/v1/models/openai/big"))[1]["created"] == seconds
    _status, row = await asked(world, "/v1/models/openai/big", **{"anthropic-version": "2023-06-01"})
    assert row["created_at"] == f"{day.isoformat()}T00:00:00Z"


@pytest.mark.parametrize("released", [None, "", "soon"])
async def test_where_nobody_knows_when_it_is_the_beginning_of_time(released: str | None) -> None:
    assert (await asked(listed(Model(BIG, released=released)), "/v1/models/openai/big"))[1]["created"] == 0


async def test_a_name_that_means_no_model_yet_may_be_asked_for_and_one_that_is_none_may_not() -> None:
    world = World(accounts=OURS, settings=Settings(roles={"code": "openai/gone"}))
    world.named["code"] = Routed(None, problem="The role “code” has no model.")
    _status, rows = await asked(world, "/v1/models")
    assert [it["id"] for it in rows["data"]] == ["current", "code"]
    status, told = await asked(world, "/v1/models/nothing", **{"anthropic-version": "2023-06-01"})
    assert (status, told["error"]["type"]) == (404, "not_found_error")


async def test_lists_of_accounts_without_a_key_are_left_out() -> None:
    world = listed(Model(BIG, price=PRICE))
    world.listings = {"openai": Listing("openai", (Model(BIG),), failure=Failure(Kind.NO_KEY, "openai"))}
    assert [it["id"] for it in (await asked(world, "/v1/models"))[1]["data"]] == ["current"]


async def test_an_account_of_a_later_version_is_listed_as_out_of_reach_and_disturbs_nothing() -> None:
    future = ModelRef("future", "x")
    world = listed(Model(future), provider="future")
    world.accounts = OURS | {"future": Account("future", "of-the-future")}
    _status, rows = await asked(world, "/v1/models")
    assert rows["data"][-1]["reachable"] is False
    world.local = {"loaded_models": ["x"]}
    _status, loaded = await asked(world, "/api/ps")
    assert [it["name"] for it in loaded["models"]] == ["x"]


async def test_what_is_in_memory_is_told_by_the_name_that_can_be_asked_for() -> None:
    world = listed(Model(QWEN), provider="ollama")
    world.local = {"loaded_models": ["qwen3:8b", "pulled-just-now"]}
    _status, loaded = await asked(world, "/api/ps")
    assert [(it["name"], it["size_vram"]) for it in loaded["models"]] == [
        ("ollama/qwen3:8b", 0),
        ("pulled-just-now", 0),
    ]
