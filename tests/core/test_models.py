"""Names of models, prices in all their units, and what is known of a model."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core.models import Capability, Modality, Model, ModelRef, Price, Use

NAMES = st.text(min_size=1).map(str.strip).filter(bool)


@given(NAMES.filter(lambda text: "/" not in text), NAMES)
def test_a_reference_survives_its_text_form(provider: str, model: str) -> None:
    ref = ModelRef(provider, model)
    assert ModelRef.parse(str(ref)) == ref


def test_a_reference_is_split_at_the_first_slash_only() -> None:
    assert ModelRef.parse("openrouter/openai/gpt-5:free") == ModelRef("openrouter", "openai/gpt-5:free")


@pytest.mark.parametrize("text", ["", "gpt-5", "/gpt-5", "openai/", "  /  "])
def test_half_a_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        ModelRef.parse(text)


def test_a_reference_is_two_texts_in_a_file_and_sorts_by_provider() -> None:
    assert msgspec.json.encode(ModelRef("a", "b/c")) == b'["a","b/c"]'
    assert sorted([ModelRef("b", "a"), ModelRef("a", "z")])[0].provider == "a"


def test_prices_per_token_per_million_and_in_cents_are_the_same_price() -> None:
    # OpenRouter writes dollars per token as text, DeepInfra cents per 100 million, others dollars per million
    expected = Price(3.0, 15.0, 0.3, 3.75)
    assert Price.per_token("0.000003", "0.000015", "0.0000003", "0.00000375") == expected
    assert Price.per_million(3, 15.0, "0.3", 3.75) == expected


def test_cents_for_a_hundred_million_tokens_are_a_ten_thousandth_of_dollars_for_one() -> None:
    assert Price.cents_per_100m(30_000, 150_000) == Price(3.0, 15.0)


def test_free_is_zero_and_not_unknown() -> None:
    assert Price.per_token("0", "0") == Price(0.0, 0.0)


@pytest.mark.parametrize("bad", ["-1", -1, None, "", "free", True, math.nan, math.inf, [], {}, 10**400, "1e400"])
def test_a_price_that_nobody_can_pay_is_unknown(bad: object) -> None:
    assert Price.per_token(bad, "0.1") is None
    assert Price.per_token("0.1", bad) is None
    assert Price.per_million(1, 2, bad) == Price(1.0, 2.0)


def test_a_model_without_a_name_goes_by_its_id() -> None:
    assert Model(ModelRef("a", "gpt")).label == "gpt"
    assert Model(ModelRef("a", "gpt"), name="GPT").label == "GPT"


def test_an_ability_is_there_or_absent_or_unknown() -> None:
    model = Model(ModelRef("a", "b"), capabilities=Capability.TOOLS, lacks=Capability.VISION)
    assert [model.can(it) for it in (Capability.TOOLS, Capability.VISION, Capability.REASONING)] == [True, False, None]


def test_a_model_survives_a_file_and_takes_no_room_for_what_is_unknown() -> None:
    plain = Model(ModelRef("a", "b"))
    full = Model(ModelRef("a", "b"), "B", Use.RERANK, 1000, 10, Price(1, 2), Modality.TEXT | Modality.PDF)
    for model in (plain, full):
        assert msgspec.json.decode(msgspec.json.encode(model), type=Model) == model
    assert msgspec.json.encode(plain) == b'{"ref":["a","b"]}'
