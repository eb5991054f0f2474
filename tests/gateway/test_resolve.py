"""Names: what means itself, what follows the tray, and what is refused in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef, Use
from trayapp.gateway.resolve import (
    Book,
    NothingChosenError,
    Resolved,
    Routed,
    UnknownModelError,
    resolve,
    resolve_embedding,
)

CHOSEN = ModelRef("openrouter", "openai/gpt-5")
CODER = ModelRef("ollama", "qwen3-coder:30b")
RULED = ModelRef("groq", "llama-4")
NOMIC = ModelRef("ollama", "nomic-embed-text:latest")
LARGE = ModelRef("openai", "text-embedding-3-large")
TRAY = Routed(CHOSEN, "tray")


def listing(id: str, *models: Model, failure: Failure | None = None) -> Listing:
    return Listing(id, models, failure=failure)


def embedder(account: str, name: str, *aliases: str) -> Model:
    return Model(ModelRef(account, name), use=Use.EMBEDDING, aliases=aliases)


LISTINGS = {
    "openai": listing("openai", Model(ModelRef("openai", "gpt-5")), embedder("openai", "text-embedding-3-large")),
    "ollama": listing("ollama", Model(CODER), embedder("ollama", "nomic-embed-text:latest")),
    "openrouter": listing("openrouter", Model(CHOSEN), embedder("openrouter", "baai/bge-m3", "bge")),
    "mistral": listing("mistral", embedder("mistral", "mistral-embed")),
}
ON = {id: Account(id, id) for id in ("openai", "ollama", "openrouter", "groq")}
NAMED = {
    "code": Routed(CODER, "role code"),
    "fast": replace(TRAY, why="role fast", instead=True),  # not set: the tray's choice stands in
    "embedding": Routed(None, "role embedding"),
    "docs": Routed(RULED, "rule docs"),
    "search": Routed(NOMIC, "rule search"),
    "gone": Routed(ModelRef("deepseek", "chat"), "rule gone"),
    "off": Routed(ModelRef("mistral", "large"), "rule off"),
    "nowhere": Routed(None, "rule nowhere", "The rule “nowhere” leads nowhere."),
}
"""As the rules give them: without regard to case, and to the tag that tools of Ollama add."""


def named(name: str) -> Routed | None:
    return NAMED.get(name.casefold().removesuffix(":latest"))


def followed(text: str, _name: str) -> Routed:
    return Routed(RULED, "rule text") if "poem" in text else TRAY


BOOK = Book(accounts=ON, switched_off=frozenset({"mistral"}), listings=LISTINGS, named=named, followed=followed)
REFUSING = replace(BOOK, refuse_others=True)


def ref(text: str) -> ModelRef:
    return ModelRef.parse(text)


ITSELF = [
    ("openai/gpt-5", Resolved(ref("openai/gpt-5"), "named", exact=True)),
    (" openai/gpt-5 ", Resolved(ref("openai/gpt-5"), "named", exact=True)),
    ("openai/not-on-any-list", Resolved(ref("openai/not-on-any-list"), "named", exact=True)),
    ("groq/llama-4", Resolved(RULED, "named", exact=True)),  # an account without a list
    ("openrouter/openai/gpt-5", Resolved(CHOSEN, "named", exact=True)),  # split at the first slash
    ("ollama/qwen3-coder:30b", Resolved(CODER, "named", exact=True)),
    ("code", Resolved(CODER, "role code")),
    ("Code:latest", Resolved(CODER, "role code")),
    ("fast", Resolved(CHOSEN, "role fast")),
    ("docs", Resolved(RULED, "rule docs")),
]
FOLLOWS = [
    "",
    "  ",
    "current",
    "CURRENT",
    "current:latest",
]
ANY_OTHER = [
    "gpt-4o",
    "gpt-5",  # listed by an account, but asked for without it
    "nomic-embed-text",
    "claude-sonnet-4-5",
    "anthropic/claude-sonnet-4-5",  # no such account
    "openai",
    "openai/",
    "/gpt-5",
    "OpenAI/gpt-5",  # ids are in lower case
    "qwen3-coder:30b",
    "primary",  # a role the rules know nothing of
]


@pytest.mark.parametrize(("name", "expected"), ITSELF)
@pytest.mark.parametrize("book", [BOOK, REFUSING], ids=["following", "refusing"])
def test_accounts_models_roles_and_rules_mean_themselves(name: str, expected: Resolved, book: Book) -> None:
    assert resolve(name, book) == expected


@pytest.mark.parametrize("name", [*FOLLOWS, *ANY_OTHER])
def test_every_other_name_follows_the_tray(name: str) -> None:
    assert resolve(name, BOOK) == Resolved(CHOSEN, "tray")


@pytest.mark.parametrize("name", FOLLOWS)
def test_where_others_are_refused_no_name_and_current_follow_the_tray(name: str) -> None:
    assert resolve(name, REFUSING) == Resolved(CHOSEN, "tray")


@pytest.mark.parametrize("name", ANY_OTHER)
def test_where_others_are_refused_the_sentence_says_what_may_be_asked_for(name: str) -> None:
    with pytest.raises(UnknownModelError, match="Ask for “current”, ACCOUNT/MODEL, a role or a rule") as refused:
        resolve(name, REFUSING)
    assert refused.value.status == 404


def test_the_last_message_is_read_where_rules_decide_and_only_there() -> None:
    asked: list[str] = []

    def text() -> str:
        asked.append("text")
        return "write a poem"

    assert resolve("gpt-4o", BOOK, text=text) == Resolved(RULED, "rule text")
    assert asked == ["text"]
    for name, expected in ITSELF:
        assert resolve(name, BOOK, text=text) == expected
    assert asked == ["text"]


@pytest.mark.parametrize("ask", [resolve, resolve_embedding])
def test_a_switched_off_account_is_named_and_nothing_stands_in_for_it(ask: object) -> None:
    for book in (BOOK, REFUSING):
        with pytest.raises(UnknownModelError, match="“mistral” is switched off"):
            ask("mistral/mistral-embed", book)  # type: ignore[operator]


def test_where_nothing_is_chosen_it_says_what_to_click() -> None:
    book = replace(BOOK, followed=lambda _text, _name: Routed(None))
    for name in ("gpt-4o", "current", ""):
        with pytest.raises(NothingChosenError, match=r"Click one in trayapp's menu, or run “trayapp use”") as nothing:
            resolve(name, book)
        assert nothing.value.status == 503


@pytest.mark.parametrize(
    ("chosen", "words"),
    [("mistral/large", "“mistral” of mistral/large is switched off"), ("deepseek/chat", "“deepseek” of .+ no longer")],
)
def test_a_choice_whose_account_is_gone_is_not_followed(chosen: str, words: str) -> None:
    book = replace(BOOK, followed=lambda _text, _name: Routed(ref(chosen), "tray"))
    with pytest.raises(NothingChosenError, match=words):
        resolve("gpt-4o", book)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("embedding", "“embedding” has no model yet"),
        ("nowhere", "The rule “nowhere” leads nowhere"),
        ("gone", "“deepseek” of deepseek/chat is no longer there"),
        ("off", "“mistral” of mistral/large is switched off"),
    ],
)
def test_a_role_or_rule_that_leads_to_no_model_is_said_in_words(name: str, words: str) -> None:
    with pytest.raises(UnknownModelError, match=words):
        resolve(name, BOOK)


def test_no_key_that_was_sent_as_a_name_is_repeated(canary: str) -> None:
    for ask, book in ((resolve, REFUSING), (resolve_embedding, BOOK)):
        with pytest.raises(UnknownModelError) as refused:
            ask(canary, book)
        assert canary not in str(refused.value)


# -- embeddings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/text-embedding-3-large", Resolved(LARGE, "named", exact=True)),
        ("openai/not-listed", Resolved(ref("openai/not-listed"), "named", exact=True)),
        ("text-embedding-3-large", Resolved(LARGE, "named", exact=True)),
        ("nomic-embed-text", Resolved(NOMIC, "named", exact=True)),
        ("nomic-embed-text:latest", Resolved(NOMIC, "named", exact=True)),
        ("baai/bge-m3", Resolved(ref("openrouter/baai/bge-m3"), "named", exact=True)),  # a slash, but no account
        ("bge", Resolved(ref("openrouter/baai/bge-m3"), "named", exact=True)),
        ("gpt-5", Resolved(ref("openai/gpt-5"), "named", exact=True)),  # the provider will say that it does not embed
        ("search", Resolved(NOMIC, "rule search")),
        ("code", Resolved(CODER, "role code")),
    ],
)
def test_embeddings_use_the_model_that_is_named(name: str, expected: Resolved) -> None:
    assert resolve_embedding(name, BOOK) == expected


@pytest.mark.parametrize("name", ["", "current", "text-embedding-ada-002", "mistral-embed", "unknown/model"])
def test_embeddings_of_a_name_that_nobody_has_never_follow_the_tray(name: str) -> None:
    with pytest.raises(UnknownModelError, match="Embeddings never follow the model chosen in the tray") as refused:
        resolve_embedding(name, BOOK)
    assert refused.value.status == 404


@pytest.mark.parametrize("name", ["", "current", "text-embedding-ada-002", "mistral-embed", "embedding", "Embedding"])
def test_with_the_role_set_it_answers_for_names_that_nobody_has(name: str) -> None:
    roles = {**NAMED, "embedding": Routed(NOMIC, "role embedding")}
    book = replace(BOOK, named=lambda it: roles.get(it.casefold()))
    assert resolve_embedding(name, book) == Resolved(NOMIC, "role embedding")


@pytest.mark.parametrize("name", ["fast", "fast:latest", "embedding", "nowhere"])
def test_a_role_that_is_not_set_does_not_lead_embeddings_to_the_tray(name: str) -> None:
    with pytest.raises(UnknownModelError, match="Embeddings never follow the model chosen in the tray"):
        resolve_embedding(name, BOOK)


def test_a_rule_for_roles_cannot_lead_the_embedding_role_to_the_tray() -> None:
    book = replace(BOOK, named=lambda _name: None if _name != "embedding" else replace(TRAY, instead=True))
    for name in ("embedding", "text-embedding-ada-002"):
        with pytest.raises(UnknownModelError):
            resolve_embedding(name, book)


def test_a_choice_whose_account_is_not_known_is_not_followed() -> None:
    book = Book(followed=lambda _text, _name: Routed(ModelRef("", "gpt-4.1"), "tray"))
    with pytest.raises(NothingChosenError, match=r"chosen model “gpt-4\.1” is, is not known"):
        resolve("current", book)


def test_a_role_whose_account_is_gone_does_not_answer() -> None:
    book = replace(BOOK, named=lambda name: Routed(ref("deepseek/embed")) if name == "embedding" else None)
    with pytest.raises(UnknownModelError, match="no longer there"):
        resolve_embedding("whatever", book)


def several(*listings: Listing) -> Book:
    return replace(BOOK, listings={it.provider: it for it in listings})


def test_a_name_that_several_accounts_have_is_refused_with_its_full_names() -> None:
    book = several(
        listing("openrouter", embedder("openrouter", "bge-m3")), listing("ollama", embedder("ollama", "bge-m3:latest"))
    )
    with pytest.raises(UnknownModelError, match=r"Ask for one of: ollama/bge-m3:latest, openrouter/bge-m3\."):
        resolve_embedding("bge-m3", book)
    assert resolve_embedding("ollama/bge-m3", book).ref == ref("ollama/bge-m3")


@pytest.mark.parametrize(
    "other",
    [
        listing("groq", Model(ModelRef("groq", "bge-m3"))),  # not known to embed
        listing("groq", Model(ModelRef("groq", "bge-m3"), use=Use.IMAGE)),
        listing("groq", embedder("groq", "bge-m3"), failure=Failure(Kind.NO_KEY, "groq")),  # shown for browsing only
        listing("groq", embedder("groq", "other", "bge-m3")),  # another one's alias
        listing("mistral", embedder("mistral", "bge-m3")),  # switched off
        listing("removed", embedder("removed", "bge-m3")),
    ],
)
def test_the_better_of_two_is_no_ambiguity(other: Listing) -> None:
    better = listing("ollama", embedder("ollama", "bge-m3"))
    for book in (several(other, better), several(better, other)):
        assert resolve_embedding("bge-m3", book).ref == ref("ollama/bge-m3")


def test_a_locked_list_is_better_than_none() -> None:
    locked = listing("groq", embedder("groq", "bge-m3"), failure=Failure(Kind.NO_KEY, "groq"))
    assert resolve_embedding("bge-m3", several(locked)).ref == ref("groq/bge-m3")


def test_of_many_accounts_that_have_a_name_five_are_told() -> None:
    ids = [f"lab-{number}" for number in range(7)]
    book = replace(
        several(*(listing(id, embedder(id, "bge-m3")) for id in ids)), accounts=dict.fromkeys(ids, ON["groq"])
    )
    with pytest.raises(UnknownModelError) as refused:
        resolve_embedding("bge-m3", book)
    assert str(refused.value).count("/bge-m3") == 5


def test_of_a_long_name_80_characters_are_repeated() -> None:
    for ask, book in ((resolve, REFUSING), (resolve_embedding, BOOK)):
        with pytest.raises(UnknownModelError, match="“" + "long " * 16 + "”"):
            ask("long " * 1000, book)


@pytest.mark.parametrize("value", [TRAY, BOOK, Resolved(CHOSEN, "tray")])
def test_what_names_are_looked_up_in_cannot_be_edited(value: object) -> None:
    for name in ("ref", "accounts"):
        if hasattr(value, name):
            with pytest.raises(AttributeError):
                setattr(value, name, None)


def test_only_a_name_is_exact_and_nothing_is_refused_or_instead_unless_said() -> None:
    assert not Resolved(CHOSEN, "tray").exact
    assert not TRAY.instead
    assert not Book().refuse_others
