"""The first start: what was found, in words, and what the end of it asks for."""

from __future__ import annotations

import pytest

from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import PickModel, SaveAccount, SetLogin, StoreKey
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.secret import Secret
from trayapp.providers.table import SPECS
from trayapp.ui.welcome import Draft, Sights, accounts_of, choices, matching, sights, to_do

FOUND = Sights(
    keyring="ok",
    servers={"ollama": "http://127.0.0.1:11434"},
    counts={"ollama": 1},
    variables={"openai": "OPENAI_API_KEY", "groq": "GROQ_API_KEY"},
)


def test_each_thing_that_was_looked_for_has_a_line() -> None:
    found = sights(FOUND, SPECS, used={"groq"})
    assert [(it.there, it.spec) for it in found] == [(True, ""), (True, ""), (False, ""), (True, "openai")]
    assert found[1].text == "Ollama runs at http://127.0.0.1:11434: 1 model."
    assert found[2].text.startswith("LM Studio does not run here")
    assert found[3].text == "A key for OpenAI is in OPENAI_API_KEY."


@pytest.mark.parametrize("state", ["locked", "absent", "no-service", "denied"])
def test_a_keyring_that_is_not_ready_says_what_that_means(state: str) -> None:
    first = sights(Sights(keyring=state, servers={}, counts={}, variables={}), SPECS, used=())[0]
    assert not first.there
    assert "keyring" in first.text


def test_nothing_entered_asks_for_nothing() -> None:
    assert to_do(Draft(), ("ollama",)) == ()


def test_everything_comes_in_the_order_in_which_it_can_be_done() -> None:
    ref, key = ModelRef("mistral", "large"), Secret("k" * 20)
    draft = Draft(variables=("openai",), spec="mistral", key=key, check=False, ref=ref, login=True)
    assert to_do(draft, ()) == (
        SaveAccount(Account("openai", "openai", key_from=KeyFrom.ENVIRONMENT)),
        SaveAccount(Account("mistral", "mistral")),
        StoreKey("mistral", key, check=False),
        PickModel(ref, confirmed=True),
        SetLogin(True),
    )


def test_an_account_never_takes_the_id_of_another() -> None:
    made = accounts_of(Draft(variables=("openai", "groq"), spec="openai"), ("openai",))
    assert [it.id for it in made] == ["openai-2", "groq", "openai-3"]


def test_models_are_offered_with_their_provider_and_only_if_they_chat() -> None:
    ref = ModelRef("groq", "llama-3")
    listed = (Model(ref, context=128_000), Model(ModelRef("groq", "whisper"), use=Use.AUDIO))
    assert choices([("Groq", listed)]) == ((ref, "Groq: llama-3   128k"),)


def test_every_word_has_to_occur() -> None:
    assert matching("Groq: Llama 3", "llama GROQ")
    assert not matching("Groq: Llama 3", "llama openai")
    assert matching("Groq: Llama 3", " ")
