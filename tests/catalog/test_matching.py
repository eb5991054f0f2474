"""Which row fits a listed model, what it may carry, and the traps on the way."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.catalog.matching import Index, Match, Rule, dated, fold, homes, match, tail
from trayapp.catalog.rows import EVERYTHING, Fact
from trayapp.core.models import Capability

_NEAR = frozenset(("capabilities", "use"))


def _nowhere() -> Mapping[str, Fact]:
    return {}


def _index(*ids: str) -> Index:
    return Index(Fact(id, input=float(number), output=1.0) for number, id in enumerate(ids))


def _found(index: Index, id: str, *aliases: str, base: str = "", deployed: bool = False) -> Match:
    found = match(index, _nowhere, id, aliases, base, deployed=deployed)
    assert found is not None, id
    return found


def test_the_same_id_at_the_same_provider_carries_everything() -> None:
    found = _found(_index("gpt-4o", "gpt-4o-mini"), "gpt-4o")
    assert (found.row.id, found.rule, found.carries, found.near) == ("gpt-4o", Rule.EXACT, EVERYTHING, False)


@pytest.mark.parametrize(
    ("row", "id"),
    [
        ("gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("accounts/fireworks/models/kimi-k3", "kimi-k3"),
        ("kimi-k3", "accounts/fireworks/models/kimi-k3"),
    ],
)
def test_a_path_prefix_of_the_provider_carries_everything(row: str, id: str) -> None:
    found = _found(_index(row), id)
    assert (found.row.id, found.rule, found.carries) == (row, Rule.PATH, EVERYTHING)


def test_a_model_of_ones_own_is_not_the_public_one_of_the_same_name() -> None:
    index = _index("accounts/fireworks/models/kimi-k3")
    assert match(index, _nowhere, "accounts/acme/models/kimi-k3") is None


@pytest.mark.parametrize(
    ("row", "id"),
    [("GLM-4.5-Air", "glm-4.5-air"), ("claude-3.5-haiku", "claude-3-5-haiku"), ("Qwen/Qwen3_8B", "qwen/qwen3-8b")],
)
def test_case_and_the_signs_between_words_do_not_matter(row: str, id: str) -> None:
    found = _found(_index(row), id)
    assert (found.row.id, found.rule, found.carries) == (row, Rule.FOLDED, EVERYTHING)


def test_two_rows_of_different_price_that_fold_to_one_name_give_no_price() -> None:
    found = _found(_index("Model-1.5", "model-1-5"), "MODEL_1_5")
    assert "price" not in found.carries


def test_an_alias_that_the_answer_names_carries_everything() -> None:
    found = _found(_index("grok-4"), "grok-4-0709", "grok-4", "grok-4-latest")
    assert (found.row.id, found.rule, found.carries) == ("grok-4", Rule.ALIAS, EVERYTHING)


def test_a_bare_name_means_the_snapshot_that_its_aliases_name() -> None:
    index = _index("mistral-medium", "mistral-medium-2505", "mistral-medium-2604")
    found = _found(index, "mistral-medium", "mistral-medium-latest", "mistral-medium-2604")
    assert (found.row.id, found.rule) == ("mistral-medium-2604", Rule.ALIAS)


def test_a_bare_mistral_name_without_aliases_never_gets_a_snapshots_price() -> None:
    found = _found(_index("mistral-medium-2505", "mistral-medium-2604"), "mistral-medium")
    assert (found.row.id, found.carries) == ("mistral-medium-2604", _NEAR)


def test_a_dated_row_wins_before_any_stripping() -> None:
    index = _index("gpt-4o", "gpt-4o-2024-05-13", "gpt-4o-2024-08-06")
    assert _found(index, "gpt-4o-2024-05-13").row.id == "gpt-4o-2024-05-13"
    assert _found(index, "gpt-4o-2024-05-13", "gpt-4o").row.id == "gpt-4o-2024-05-13"
    assert _found(index, "models/GPT-4o-2024-08-06").row.id == "gpt-4o-2024-08-06"


@pytest.mark.parametrize(
    ("rows", "id", "expected"),
    [
        (["gpt-4o", "gpt-4o-2024-08-06"], "gpt-4o-2024-11-20", "gpt-4o"),
        (
            ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250101"],
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929",
        ),
        (["kimi-k2-0711-preview"], "kimi-k2-0905-preview", "kimi-k2-0711-preview"),
        (["command-a-03-2025", "command-a-08-2025"], "command-a-01-2026", "command-a-08-2025"),
        (["qwen-plus-2025-01-25", "qwen-plus-2025-09-11"], "qwen-plus-latest", "qwen-plus-2025-09-11"),
        (["glm-4-flash-250414"], "GLM-4-Flash", "glm-4-flash-250414"),
        (["mistral-small-2503", "mistral-small-2603"], "mistral-small-latest", "mistral-small-2603"),
    ],
)
def test_another_date_lends_capabilities_only_and_is_marked(rows: list[str], id: str, expected: str) -> None:
    found = _found(_index(*rows), id)
    assert (found.row.id, found.rule, found.carries, found.near) == (expected, Rule.DATED, _NEAR, True)


@pytest.mark.parametrize("id", ["kimi-k2-0905-preview", "gpt-4-0613", "deepseek-r1-0528", "qwen3-235b-a22b-2507-tput"])
def test_four_digit_suffixes_are_dates_because_they_can_be_new_prices(id: str) -> None:
    assert dated(id)


@pytest.mark.parametrize("id", ["glm-4.5-air", "gpt-4.1-mini", "llama-3.1-70b", "gemma-3-12b-it", "phi-4-mini", "o3"])
def test_version_numbers_and_sizes_are_no_dates(id: str) -> None:
    assert not dated(id)


@pytest.mark.parametrize(
    "id",
    ["us.anthropic.claude-opus-5-v1:0", "us-gov.anthropic.claude-opus-5-v1:0", "global.anthropic.claude-opus-5-v1:0"],
)
def test_a_region_prefix_carries_all_but_the_price(id: str) -> None:
    found = _found(_index("anthropic.claude-opus-5-v1:0"), id)
    assert (found.rule, found.carries) == (Rule.REGION, EVERYTHING - {"price"})


def test_a_regions_own_row_wins_over_the_bare_one() -> None:
    found = _found(_index("anthropic.claude-opus-5", "eu.anthropic.claude-opus-5"), "eu.anthropic.claude-opus-5")
    assert (found.row.id, found.rule) == ("eu.anthropic.claude-opus-5", Rule.EXACT)


def test_a_region_finds_the_row_without_one_before_another_regions() -> None:
    index = _index("eu.anthropic.claude-opus-5", "anthropic.claude-opus-5", "jp.anthropic.claude-opus-5")
    assert _found(index, "us.anthropic.claude-opus-5").row.id == "anthropic.claude-opus-5"


def test_a_context_suffix_names_another_window_so_limits_stay_behind() -> None:
    found = _found(_index("anthropic.claude-3-sonnet-v1:0"), "anthropic.claude-3-sonnet-v1:0:28k")
    assert found.rule is Rule.REGION
    assert found.carries == EVERYTHING - {"price", "context", "max_output"}


@pytest.mark.parametrize("variant", ["free", "batch", "thinking", "nitro", "floor", "online", "fastest"])
def test_a_variant_carries_all_but_the_price(variant: str) -> None:
    found = _found(_index("deepseek/deepseek-v4"), f"deepseek/deepseek-v4:{variant}")
    assert (found.rule, found.carries) == (Rule.VARIANT, EVERYTHING - {"price"})


def test_a_variant_in_the_catalogue_keeps_its_own_price() -> None:
    found = _found(_index("deepseek/deepseek-v4", "deepseek/deepseek-v4:thinking"), "deepseek/deepseek-v4:thinking")
    assert (found.row.id, found.rule) == ("deepseek/deepseek-v4:thinking", Rule.EXACT)


def test_a_tag_of_a_local_server_is_no_variant() -> None:
    assert match(_index("qwen3", "qwen3:30b"), _nowhere, "qwen3:latest") is None


@pytest.mark.parametrize("name", ["team-chat", "gpt-4", "production"])
def test_a_deployment_is_the_model_behind_it_whatever_it_is_called(name: str) -> None:
    found = _found(_index("gpt-4", "gpt-4o"), name, base="gpt-4o", deployed=True)
    assert (found.row.id, found.rule, found.carries) == ("gpt-4o", Rule.ALIAS, EVERYTHING)


def test_a_deployment_of_an_unknown_model_is_not_found_by_its_name() -> None:
    assert match(_index("gpt-4"), _nowhere, "gpt-4", (), "my-own-thing", deployed=True) is None


@pytest.mark.parametrize(
    ("id", "base", "deployed"),
    [
        ("ft:gpt-4.1-mini-2025-04-14:acme::AbCdEf12", "", False),
        ("ft:gpt-4.1-mini-2025-04-14:acme::AbCdEf12", "gpt-4.1-mini-2025-04-14", False),
        ("our-tune", "gpt-4.1-mini-2025-04-14", False),
        ("our-deployment", "gpt-4.1-mini-2025-04-14.ft-0a1b2c", True),
    ],
)
def test_a_fine_tune_gets_the_bases_capabilities_and_no_price(id: str, base: str, deployed: bool) -> None:
    found = _found(_index("gpt-4.1-mini-2025-04-14"), id, base=base, deployed=deployed)
    assert (found.row.id, found.carries, found.near) == ("gpt-4.1-mini-2025-04-14", _NEAR, True)


def test_the_same_model_elsewhere_lends_its_name_tools_and_reasoning() -> None:
    known = homes(
        {"moonshot": [Fact("kimi-k3", name="Kimi K3")], "together": [Fact("moonshotai/Kimi-K3", name="other")]}
    )
    found = match(_index("something"), lambda: known, "moonshotai/kimi-k3")
    assert found is not None
    assert (found.row.name, found.rule, found.near) == ("Kimi K3", Rule.ELSEWHERE, True)
    assert found.carries == {"name", "capabilities", "use"}
    assert found.mask == Capability.TOOLS | Capability.REASONING


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("us.anthropic.claude-opus-5", "claude-opus-5"),
        ("openai/gpt-oss-20b:free", "gpt-oss-20b"),
        ("gpt-4.1", "gpt-4-1"),
        ("deepseek.v3.2", "v3-2"),
    ],
)
def test_a_tail_is_the_bare_name(id: str, name: str) -> None:
    assert tail(id) == name


@pytest.mark.parametrize("id", ["auto", "openrouter/auto", "default", "model-router"])
def test_a_name_that_is_no_models_name_fits_nothing_elsewhere(id: str) -> None:
    known = homes({"openrouter": [Fact("openrouter/auto")], "azure-openai": [Fact("model-router")]})
    assert match(Index(()), lambda: known, id) is None


def test_the_whole_catalogue_is_not_asked_where_a_closer_row_fits() -> None:
    def never() -> Mapping[str, Fact]:
        raise AssertionError

    assert match(_index("gpt-4o"), never, "gpt-4o") is not None


_ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:/-]{0,30}[a-z0-9]\Z")


@given(_ids)
def test_folding_twice_is_folding_once_and_keeps_the_length(id: str) -> None:
    assert fold(fold(id)) == fold(id)
    assert len(fold(id)) == len(id)


@given(_ids, st.sampled_from("._-"), st.sampled_from("._-"))
def test_ids_that_differ_in_case_and_signs_fold_alike(id: str, one: str, other: str) -> None:
    assert fold(id.replace(".", one)) == fold(id.upper().replace(".", other))


@given(st.lists(_ids, unique=True, min_size=1, max_size=8), st.data())
def test_a_known_id_always_finds_its_own_row_and_price(ids: list[str], data: st.DataObject) -> None:
    id = data.draw(st.sampled_from(ids))
    index = _index(*ids)
    if id.startswith("ft:") or ".ft-" in id:
        return
    found = _found(index, id)
    assert (found.row.id, found.rule) == (id, Rule.EXACT)


@given(st.lists(_ids, unique=True, max_size=8), _ids)
def test_a_price_comes_only_from_a_row_of_the_same_name(ids: list[str], id: str) -> None:
    found = match(_index(*ids), _nowhere, id)
    if found is not None and "price" in found.carries:
        assert fold(found.row.id).rsplit("/", 1)[-1] == fold(id).rsplit("/", 1)[-1]
