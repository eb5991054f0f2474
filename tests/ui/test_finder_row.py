"""One line of the quick switcher in words."""

from __future__ import annotations

from tests.ui.finder_parts import index_of
from trayapp.ui.finder_index import Candidate, Index
from trayapp.ui.finder_row import Standing, Text, below, figures, has, help_line, nothing, spoken, texts, traits

INDEX = index_of()


def line(id: str, index: Index = INDEX) -> Candidate:
    return next(it for it in index.candidates if it.model.ref.model == id)


def marked(text: Text) -> str:
    """The text with what was met in brackets."""
    shown = text.text
    for start, end in reversed(text.met):
        shown = f"{shown[:start]}[{shown[start:end]}]{shown[end:]}"
    return shown


def test_the_figures_are_context_and_price_or_size() -> None:
    assert (figures(line("gpt-5").model).context, figures(line("gpt-5").model).cost) == ("400k", "$1.25/$10")
    assert figures(line("qwen3:8b").model).cost == "5.2 GB"
    assert figures(line("solar/pro").model).cost == "free"
    assert (figures(line("café/crème").model).context, figures(line("café/crème").model).cost) == ("", "")


def test_below_the_name_stand_the_account_the_id_where_it_is_another_and_what_is_out_of_the_ordinary() -> None:
    assert below(line("gpt-5")) == ("OpenAI – work", "gpt-5")
    assert below(line("qwen3:8b")) == ("Ollama",)
    assert below(line("gpt-3.5")) == ("OpenAI – work", "gpt-3.5", "hidden")
    assert below(line("gpt-oss:120b-cloud")) == ("Ollama", "runs in the cloud")


def test_each_trait_has_its_column() -> None:
    assert traits() == ("new", "loaded", "vision", "tools")
    assert has(line("gpt-5"), Standing(loaded=True)) == (False, True, True, True)
    assert has(line("sol"), Standing()) == (True, False, False, False)


def test_what_was_met_is_marked_in_name_account_and_id() -> None:
    name, under = texts(line("gpt-5-mini"), ("gpt 5", "work"))
    assert marked(name) == "[GPT-5] mini"
    assert marked(under) == "OpenAI – [work] · [gpt-5]-mini"


def test_letters_with_gaps_are_marked_only_where_the_word_is_nowhere_in_one_piece() -> None:
    assert marked(texts(line("meta/console"), ("cnsl",))[0]) == "[C]o[ns]o[l]e"
    assert marked(texts(line("sol"), ("open",))[0]) == "Sol"


def test_a_screen_reader_says_everything_in_words() -> None:
    told = spoken(line("gpt-5"), Standing(chosen=True, pinned=True))
    assert told == (
        "OpenAI – work: GPT-5, gpt-5, context of 400k tokens, $1.25 for a million tokens in, $10 for a million out,"
        " vision, tools, pinned, chosen"
    )
    assert spoken(line("solar/pro"), Standing()) == "OpenRouter: Solar Pro, solar/pro, context of 32k tokens, free"
    assert spoken(line("qwen3:8b"), Standing(loaded=True)).endswith("5.2 GB, loaded, tools")


def test_the_line_of_help_names_the_keys_and_wraps_between_them_only() -> None:
    told = help_line("⌘P", "⌘H")
    assert "⌘P" in told
    assert all(" " not in part for part in told.split(" · "))


def test_an_empty_list_says_why() -> None:
    assert "provider" in nothing(typed=True, models=0)
    assert "fits" in nothing(typed=True, models=3)
    assert "hidden" in nothing(typed=False, models=3)
