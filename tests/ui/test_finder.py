"""The search of the quick switcher: what is found, and in which order."""

from __future__ import annotations

import pytest

from tests.ui.finder_parts import SOURCES, find, index_of, model, ref
from trayapp.core.state import State
from trayapp.local.residency import NEVER, Resident, View
from trayapp.ui import finder_index
from trayapp.ui.finder_index import SLICE, Source, indexing, marks, sources
from trayapp.ui.menu import Section, TrayView

EVERY = [it.ref.model for source in SOURCES for it in source.models]


def test_an_empty_field_shows_all_in_the_order_of_the_menu() -> None:
    assert find("") == find("  ") == EVERY


def test_the_chosen_model_stands_first_then_the_pinned_then_the_recent_newest_first() -> None:
    state = State(
        active=ref("router/solar/pro"),
        pinned=(ref("work/sol"), ref("ollama/qwen3:8b")),
        recent=(ref("router/solar/pro"), ref("router/meta/console"), ref("work/gpt-5")),
    )
    top = ["solar/pro", "sol", "qwen3:8b", "meta/console", "gpt-5"]
    assert find("", state)[:5] == top
    assert sorted(find("", state)) == sorted(EVERY)
    assert find("sol", state) == ["solar/pro", "sol", "meta/console"]


def test_a_model_chosen_by_another_of_its_names_stands_first_as_well() -> None:
    assert find("", State(active=ref("work/mini")))[0] == "gpt-5-mini"


def test_every_word_narrows_by_name_id_or_provider() -> None:
    assert find("sol openai") == ["sol"]
    assert find("OPENAI  Sol") == ["sol"]
    assert find("openai solar") == []
    assert find("work") == ["sol", "gpt-5", "gpt-5-mini"]  # all alike, so the shortest name is first


def test_a_whole_word_or_the_start_of_a_name_comes_before_the_start_of_a_part_and_that_before_the_middle() -> None:
    assert find("sol") == ["sol", "solar/pro", "meta/console"]
    assert find("con") == ["meta/console"]
    assert find("pro") == ["solar/pro"]
    assert find("mini") == ["gpt-5-mini"]


def test_a_shorter_name_comes_first_where_both_fit_alike() -> None:
    assert find("gpt-5") == ["gpt-5", "gpt-5-mini"]


@pytest.mark.parametrize("text", ["gpt 5 mini", "gpt-5-mini", "gpt.5_mini", "GPT/5 MINI", "ｇｐｔ－５ mini"])
def test_any_separator_stands_for_any_other(text: str) -> None:
    assert find(text) == ["gpt-5-mini"]


@pytest.mark.parametrize("text", ["cafe creme", "CAFÉ", "ＣＡＦＥ", "cafe\N{COMBINING ACUTE ACCENT}", "crÈme"])
def test_case_accents_and_width_do_not_matter(text: str) -> None:
    assert find(text) == ["café/crème"]


def test_letters_may_lie_between_only_where_a_word_occurs_nowhere() -> None:
    assert find("cnsl") == ["meta/console"]
    assert find("slr") == ["solar/pro"]
    assert find("openai g5m") == ["gpt-5-mini"]
    assert find("sol5") == []
    assert find("ca") == ["café/crème"]  # “Console a” has gaps, and is not wanted


def test_two_letters_are_never_looked_for_with_gaps() -> None:
    assert find("zq") == find("g8") == []


def test_a_filter_keeps_what_has_the_trait_and_what_is_called_so() -> None:
    assert find("vision") == ["llama-3.2-vision", "gpt-5"]
    assert find("tools") == ["qwen3:8b", "gpt-5"]
    assert find("tools vision") == ["gpt-5"]
    assert find("new") == ["sol"]
    assert find("free") == ["solar/pro"]
    assert find("reasoning") == []


def test_what_runs_elsewhere_is_not_local_though_a_local_server_lists_it() -> None:
    assert find("local") == ["qwen3:8b", "llama-3.2-vision"]


def test_pinned_and_loaded_filter_by_what_holds_now() -> None:
    assert find("pinned", State(pinned=(ref("work/sol"),))) == ["sol"]
    assert find("loaded") == []
    loaded = Resident("abc", "Qwen3:8b", 1, 1, NEVER, NEVER)
    assert find("loaded", local=(View("ollama", residents=(loaded,)),)) == ["qwen3:8b"]
    instance = Resident("llama-3.2-vision", "llama-3.2-vision:2", 1, 1, NEVER, NEVER)
    assert find("loaded", local=(View("ollama", residents=(instance,)),)) == ["llama-3.2-vision"]
    assert find("loaded", local=(View("work", residents=(loaded,)),)) == []


def test_a_tag_that_goes_without_saying_is_the_same_model() -> None:
    index = index_of(Source("ollama", "Ollama", (model("ollama", "mistral"),), local=True))
    view = View("ollama", residents=(Resident("abc", "mistral:latest", 1, 1, NEVER, NEVER),))
    assert marks(index, State(), (view,)).loaded == {0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<1$", ["gpt-5-mini", "sol", "solar/pro"]),
        ("<=1$", ["gpt-5-mini", "sol", "solar/pro", "meta/console"]),
        (">1$", ["gpt-5"]),
        (">=$1,25", ["gpt-5"]),
        ("<=0$", ["solar/pro"]),
        (">200k", ["gpt-5", "gpt-5-mini", "sol"]),
        (">=200k", ["gpt-5", "gpt-5-mini", "sol", "meta/console"]),
        (">=1m", ["sol"]),
        (">1m", []),
        ("<32k", []),
        ("<=32k", ["solar/pro"]),
        ("sol <1$", ["sol", "solar/pro"]),
        ("<1$ >200k openai", ["sol", "gpt-5-mini"]),
    ],
)
def test_a_limit_keeps_only_what_is_known_to_keep_it(text: str, expected: list[str]) -> None:
    assert find(text) == expected


def test_hidden_models_are_found_only_where_they_are_asked_for() -> None:
    assert find("gpt-3.5") == []
    assert find("hidden") == ["gpt-3.5"]
    assert find("hidden gpt") == ["gpt-3.5"]
    assert find("hidden sol") == []


def test_only_accounts_that_can_be_chosen_from_are_searched_in_the_order_of_the_menu() -> None:
    listed = (model("b", "one"),)
    view = TrayView(
        sections=(
            Section("b", "B (1) – live", listed, concealed=(model("b", "two"),), new=frozenset({"one"}), local=True),
            Section("locked", "Locked – add a key", (model("locked", "three"),), locked=True),
            Section("a", "A", (model("a", "four"),)),
        )
    )
    found = sources(view, {"b": "Bee"})
    assert [it.provider for it in found] == ["b", "a"]
    assert found[0] == Source("b", "Bee", listed, (model("b", "two"),), frozenset({"one"}), local=True)
    assert found[1].name == "a"


def test_the_index_is_made_in_slices_and_takes_over_what_stayed_the_same() -> None:
    many = Source("many", "Many", tuple(model("many", f"m-{at}") for at in range(3 * SLICE)))
    making = indexing((many, *SOURCES))
    assert next(making) is None
    before = index_of(many, *SOURCES)
    renamed = Source("work", "Private", SOURCES[1].models)
    after = indexing((SOURCES[0], many, renamed), before)
    next(after)
    with pytest.raises(StopIteration) as done:
        next(after)
    made = done.value.value
    kept = {id(it) for it in before.candidates}
    assert [id(it) in kept for it in made.candidates] == [True] * (3 + 3 * SLICE) + [False] * 3
    assert find("private sol", index=made) == ["sol"]


def test_what_is_remembered_of_words_stays_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("s", "so", "sol", "sola", "cns", "cnsl", "gpt", "o", "so", "cnsl")
    expected = [find(text) for text in texts]
    monkeypatch.setattr(finder_index, "REMEMBERED", 12)
    index = index_of()
    assert [find(text, index=index) for text in texts] == expected
    held = sum(len(found) + 1 for memory in (index._plain, index._loose) for found in memory.values())
    assert held <= max(12, max(map(len, expected)) + 1)


def test_the_same_word_again_and_a_shorter_one_find_what_they_found_before() -> None:
    index = index_of()
    first = {text: find(text, index=index) for text in ("s", "so", "sol", "sola", "cns", "cnsl")}
    for text in ("sola", "sol", "so", "s", "cnsl", "cns"):
        assert find(text, index=index) == first[text] == find(text)
