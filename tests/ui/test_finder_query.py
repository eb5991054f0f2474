"""What is typed into the quick switcher, taken apart."""

from __future__ import annotations

import pytest

from trayapp.core import language
from trayapp.ui.finder_query import Figure, Limit, Query, Trait, parse


def test_words_lose_case_and_keep_the_place_of_their_separators() -> None:
    assert parse(" GPT-4o  Mini ").words == ("gpt 4o", "mini")
    assert parse("gpt gpt").words == ("gpt",)
    assert parse("- / ::").words == ()


@pytest.mark.parametrize("text", ["<1$", "<$1", "< 1$", "<1 $", "＜１＄", "<1.0$", "<1,0$"])
def test_a_price_is_read_however_it_is_written(text: str) -> None:
    assert parse(text) == Query(limits=(Limit(Figure.PRICE, above=False, equal=False, low=1, high=1),))


def test_a_context_is_all_that_is_shown_by_the_same_figure() -> None:
    assert parse(">200k").limits == (Limit(Figure.CONTEXT, above=True, equal=False, low=200_000, high=204_800),)
    assert parse(">=1M").limits == (Limit(Figure.CONTEXT, above=True, equal=True, low=1e6, high=1_048_576),)
    assert parse("≤ 32 k").limits == (Limit(Figure.CONTEXT, above=False, equal=True, low=32_000, high=32_768),)
    assert parse("<128000").limits == (Limit(Figure.CONTEXT, above=False, equal=False, low=128_000, high=128_000),)


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        (">200k", 200_000, False),
        (">200k", 204_800, False),
        (">200k", 204_801, True),
        (">=200k", 200_000, True),
        ("<200k", 200_000, False),
        ("<200k", 199_999, True),
        ("<=200k", 204_800, True),
        (">=0.1$", 0.1, True),
        ("<1$", None, False),
    ],
)
def test_what_is_on_the_line_keeps_only_a_limit_with_an_equals_sign(text: str, value: float, kept: bool) -> None:
    (limit,) = parse(text).limits
    assert limit.kept(value) is kept


@pytest.mark.parametrize("text", ["<", ">", "<=", "<1", ">20", "<$", "<.", "<1kk", "<$1$", "<>", ">=$", "<" + "9" * 99])
def test_a_limit_that_is_not_typed_to_its_end_asks_for_nothing(text: str) -> None:
    assert parse(text) == Query()


def test_a_filter_word_is_a_trait_and_may_stand_in_a_name() -> None:
    query = parse("Sonnet VISION pinned vision")
    assert query.words == ("sonnet",)
    assert query.traits == (Trait.VISION, Trait.PINNED)
    assert query.called == ("sonnet", "vision", "pinned")
    assert parse("visions").traits == ()
    assert [parse(it.value).traits for it in Trait] == [(it,) for it in Trait]
    assert parse("hidden").hidden


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    class German:
        def gettext(self, message: str) -> str:
            return {"free": "Gratis", "loaded": "geladen", "vision": "kann sehen"}.get(message, message)

        def ngettext(self, one: str, many: str, n: int) -> str:
            return one if n == 1 else many

    monkeypatch.setattr(language, "_installed", German())


@pytest.mark.usefixtures("german")
def test_filters_are_understood_in_the_language_of_the_program_and_in_english() -> None:
    assert parse("gratis geladen").traits == (Trait.FREE, Trait.LOADED)
    assert parse("free loaded vision").traits == (Trait.FREE, Trait.LOADED, Trait.VISION)
    assert parse("gratis").called == ("gratis",)
