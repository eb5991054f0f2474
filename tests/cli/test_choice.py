"""Which model is meant by what was typed after ``trayapp use``."""

from __future__ import annotations

import pytest

from trayapp.cli.choice import meant
from trayapp.core.errors import Failure, Kind, UserError
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef


def listing(provider: str, *ids: str, locked: bool = False, aliases: tuple[str, ...] = ()) -> Listing:
    models = tuple(Model(ModelRef(provider, it), aliases=aliases) for it in ids)
    return Listing(provider, models, failure=Failure(Kind.NO_KEY, provider) if locked else None)


KNOWN = {
    it.provider: it
    for it in (
        listing("openai", "gpt-4o", "o3"),
        listing("openai-work", "gpt-4o"),
        listing("openrouter", "openai/gpt-4o", "openai/gpt-5", "Qwen/Qwen3"),
        listing("mistral", "mistral-large-2411", aliases=("mistral-large-latest",)),
        listing("anthropic", "o3", "claude-opus", locked=True),
        listing("ollama", "qwen3:8b"),
        listing("custom"),
    )
}


@pytest.mark.parametrize(
    ("typed", "ref"),
    [
        ("openai/gpt-4o", ModelRef("openai", "gpt-4o")),
        (" openai/gpt-4o\n", ModelRef("openai", "gpt-4o")),
        ("openrouter/openai/gpt-4o", ModelRef("openrouter", "openai/gpt-4o")),
        ("ollama/qwen3:8b", ModelRef("ollama", "qwen3:8b")),
        ("qwen3:8b", ModelRef("ollama", "qwen3:8b")),
        ("Qwen/Qwen3", ModelRef("openrouter", "Qwen/Qwen3")),
        ("openrouter/qwen/qwen3", ModelRef("openrouter", "Qwen/Qwen3")),
        ("mistral/mistral-large-latest", ModelRef("mistral", "mistral-large-2411")),
        ("mistral-large-latest", ModelRef("mistral", "mistral-large-2411")),
        ("OpenAI/GPT-5", ModelRef("openrouter", "openai/gpt-5")),
    ],
)
def test_a_name_that_fits_one_model_is_that_model(typed: str, ref: ModelRef) -> None:
    assert meant(typed, KNOWN) == ref


def test_an_account_that_has_a_key_goes_before_one_that_has_none() -> None:
    assert meant("o3", KNOWN) == ModelRef("openai", "o3")
    assert meant("claude-opus", KNOWN) == ModelRef("anthropic", "claude-opus")


def test_a_name_that_two_accounts_have_lists_both() -> None:
    with pytest.raises(UserError) as caught:
        meant("gpt-4o", KNOWN)
    assert str(caught.value).split("\n")[1:] == ["  openai/gpt-4o", "  openai-work/gpt-4o"]


def test_a_model_missing_below_one_account_is_shown_where_it_is() -> None:
    with pytest.raises(UserError, match=r"does not list “gpt-5”.*\n  openrouter/openai/gpt-5"):
        meant("openai/gpt-5", KNOWN)


def test_a_slip_of_the_fingers_is_answered_with_what_is_near() -> None:
    with pytest.raises(UserError, match=r"(?s)openai/gpt-4o"):
        meant("openai/gtp-4o", KNOWN)
    with pytest.raises(UserError, match=r"(?s)claude-opus"):
        meant("claud-opus", KNOWN)


def test_an_account_without_a_list_takes_any_model() -> None:
    assert meant("custom/my/own", KNOWN) == ModelRef("custom", "my/own")


def test_what_no_list_names_can_be_insisted_on() -> None:
    assert meant("openai/ft:gpt-4o:me", KNOWN, unlisted=True) == ModelRef("openai", "ft:gpt-4o:me")


@pytest.mark.parametrize("typed", ["", "/", "openai/", "/gpt-4o", "nobody/gpt-4o", "nothing-like-it"])
def test_what_names_nothing_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        meant(typed, KNOWN)


def test_two_ids_that_differ_in_case_alone_are_told_apart() -> None:
    known = {"x": listing("x", "Model", "model")}
    assert meant("x/model", known) == ModelRef("x", "model")
    with pytest.raises(UserError, match=r"\n  x/Model\n  x/model"):
        meant("x/MODEL", known)
