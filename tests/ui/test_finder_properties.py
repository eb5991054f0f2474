"""What holds of the search for any text that anybody may type."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.ui.finder_parts import SOURCES, ids, index_of, ref
from trayapp.core.state import State
from trayapp.ui.finder import search
from trayapp.ui.finder_index import Index, Marks, marks
from trayapp.ui.finder_query import parse
from trayapp.ui.finder_row import texts

INDEX = index_of()
EVERY = {it.model.ref.model for it in INDEX.candidates}
MARKED = marks(
    INDEX,
    State(active=ref("work/sol"), pinned=(ref("router/meta/console"), ref("work/gpt-5")), recent=(ref("work/sol"),)),
)
LETTERS = st.text("gpt-5 solarmini/.ＣéO<>=1k$m", max_size=14)
WORDS = st.lists(
    st.sampled_from(
        ["sol", "gpt", "5", "o", "cnsl", "openai", "vision", "tools", "free", "<1$", ">=32k", "<", "pinned"]
    ),
    max_size=4,
).map(" ".join)
TYPED = LETTERS | WORDS | st.text(max_size=30)


def found(text: str, index: Index = INDEX, marked: Marks = MARKED) -> list[str]:
    return ids(index, search(index, parse(text), marked))


@given(TYPED)
def test_any_text_finds_some_of_the_models_each_once(text: str) -> None:
    result = found(text)
    assert len(set(result)) == len(result)
    assert set(result) <= EVERY


@given(TYPED)
def test_every_word_stands_in_what_is_found_in_one_piece_or_with_gaps(text: str) -> None:
    query = parse(text)
    for at in search(INDEX, query, MARKED).places:
        it = INDEX.candidates[at]
        for word in query.words:
            letters = iter(it.text)
            assert word in it.text or all(letter in letters for letter in word.strip())


@given(TYPED)
def test_where_a_word_occurs_in_one_piece_gaps_are_not_looked_for(text: str) -> None:
    query = parse(text)
    for word in query.words:
        if any(word in it.text for it in INDEX.candidates if it.hidden == query.hidden):
            assert all(word in INDEX.candidates[at].text for at in search(INDEX, query, MARKED).places)


@given(TYPED, st.lists(TYPED, max_size=3))
def test_the_order_depends_on_nothing_that_was_searched_before(text: str, before: list[str]) -> None:
    used = index_of()
    for earlier in before:
        found(earlier, used)
    assert found(text, used) == found(text, index_of())


@given(WORDS, st.sampled_from(["sol", "gpt", "cnsl", "mini", "tools", "<1$", ">200k", "qq"]))
def test_one_more_word_finds_less_in_the_same_order(text: str, more: str) -> None:
    fewer, all_ = found(f"{text} {more}"), found(text)
    assert set(fewer) <= set(all_)


@given(LETTERS, st.sampled_from("gpt-5solarminiéO"))
def test_one_more_letter_finds_less_where_the_longer_word_occurs_in_one_piece(text: str, letter: str) -> None:
    before, after = parse(text), parse(text + letter)
    if after.traits or before.traits or before.limits != after.limits or not after.words:
        return
    if all(any(word in it.text for it in INDEX.candidates if not it.hidden) for word in after.words):
        assert set(found(text + letter)) <= set(found(text))


@given(TYPED)
def test_chosen_pinned_and_recent_come_first_in_this_order(text: str) -> None:
    top = ["sol", "meta/console", "gpt-5"]
    result = found(text)
    there = [it for it in top if it in result]
    assert result[: len(there)] == there


@given(TYPED)
def test_the_letters_that_are_shown_bold_lie_in_the_texts(text: str) -> None:
    result = search(INDEX, parse(text), MARKED)
    for at in result.places:
        for shown in texts(INDEX.candidates[at], result.called):
            assert all(0 <= start < end <= len(shown.text) for start, end in shown.met)


def test_the_examples_are_there() -> None:
    assert len(EVERY) == sum(len(it.models) + len(it.hidden) for it in SOURCES)
