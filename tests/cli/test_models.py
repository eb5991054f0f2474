"""``models``, ``current`` and ``use``."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.intents import PickModel, Refresh, Reply
from trayapp.core.models import Capability, Model, ModelRef, Price, Use
from trayapp.core.settings import Settings

GROQ = Account("groq", "groq")
WORK = Account("openai-work", "openai", name="OpenAI – work")
OPENAI = Account("openai", "openai")
HOME = Account("openai-home", "openai")
LLAMA = Model(
    ModelRef("groq", "llama-3.3"),
    name="Llama 3.3",
    context=131072,
    price=Price(0.59, 0.79),
    capabilities=int(Capability.TOOLS),
)
FREE = Model(ModelRef("groq", "allam"), price=Price(0, 0))
SPEECH = Model(ModelRef("groq", "whisper"), use=Use.AUDIO)


@pytest.fixture(autouse=True)
def _keys(shell: Shell) -> None:
    shell.keyed(GROQ, WORK, OPENAI, HOME)


def decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def test_porcelain_is_sorted_by_provider_then_model_and_names_the_source(shell: Shell) -> None:
    """S2-66, S2-35."""
    shell.set_up(WORK, GROQ)
    shell.listed(WORK, "o3", "gpt-4o")
    shell.listed(GROQ, LLAMA, FREE, SPEECH, age=7200)
    ran = shell.run("models", "--porcelain")
    assert ran.code == 0
    assert ran.out == (
        "groq\tallam\t\t\t0\t0\tstale\n"
        "groq\tllama-3.3\tLlama 3.3\t131072\t0.59\t0.79\tstale\n"
        "openai-work\tgpt-4o\t\t\t\t\tcached\n"
        "openai-work\to3\t\t\t\t\tcached\n"
    )
    assert ran.err == ""


def test_models_that_do_not_chat_are_shown_when_asked_for(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, LLAMA, SPEECH)
    assert "whisper" not in shell.run("models").out
    assert "whisper" in shell.run("models", "--all").out
    shell.set_up(GROQ, show_non_chat=True)
    assert "whisper" in shell.run("models").out


def test_an_account_that_is_switched_off_is_left_out(shell: Shell) -> None:
    shell.set_up(Account("groq", "groq", enabled=False), WORK)
    shell.listed(GROQ, LLAMA)
    shell.listed(WORK, "o3")
    assert {line.split("\t")[0] for line in shell.run("models", "--porcelain").out.splitlines()} == {"openai-work"}
    ran = shell.run("models", "--provider", "groq")
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp providers enable groq" in ran.err


def test_one_provider_means_its_account_or_all_accounts_of_it(shell: Shell) -> None:
    shell.set_up(WORK, HOME, GROQ)
    shell.listed(WORK, "o3")
    shell.listed(HOME, "o1")
    shell.listed(GROQ, LLAMA)

    def shown(*names: str) -> list[str]:
        words = [word for name in names for word in ("--provider", name)]
        return [line.split("\t")[0] for line in shell.run("models", "--porcelain", *words).out.splitlines()]

    assert shown("openai-work") == ["openai-work"]
    assert shown("openai") == ["openai-home", "openai-work"]
    assert shown("openai", "groq", "groq") == ["groq", "openai-home", "openai-work"]


def test_a_provider_nobody_knows_is_an_error_that_names_the_near_ones(shell: Shell) -> None:
    shell.set_up(GROQ)
    ran = shell.run("models", "--provider", "grok")
    assert (ran.code, ran.out) == (1, "")
    assert "Did you mean groq?" in ran.err


def test_without_a_key_the_shipped_list_stands_in_unless_that_is_switched_off(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trayapp.catalog.facts import Facts
    from trayapp.core.listings import Listing, Source

    def embedded(self: Facts, account: Account) -> Listing:
        return Listing(account.id, (Model(ModelRef(account.id, "gpt-shipped")),), Source.EMBEDDED, 5.0)

    monkeypatch.setattr(Facts, "embedded", embedded)
    shell.set_up(OPENAI)
    shell.keyed()
    assert shell.run("models", "--porcelain").out == "openai\tgpt-shipped\t\t\t\t\tshipped\n"
    assert decoded(shell.run("models", "--json").out)[0]["failure"] == "no-key"
    shell.keyed(OPENAI)  # its list will come
    assert shell.run("models", "--porcelain").out == ""
    shell.keyed()
    shell.set_up(OPENAI, use_catalog_fallback=False)
    assert shell.run("models", "--porcelain").out == ""


def test_a_list_of_an_account_whose_key_is_gone_is_an_old_one(shell: Shell) -> None:
    shell.set_up(GROQ, use_catalog_fallback=False)
    shell.listed(GROQ, LLAMA)
    shell.keyed()
    (row,) = decoded(shell.run("models", "--json").out)
    assert (row["model"], row["source"], row["failure"]) == ("llama-3.3", "stale", "no-key")


def test_json_has_provider_and_model_apart_and_says_how_old_it_is(shell: Shell) -> None:
    shell.set_up(WORK, GROQ)
    shell.listed(WORK, "o3")
    shell.listed(GROQ, LLAMA, age=120)
    rows = decoded(shell.run("models", "--json").out)
    assert [(it["provider"], it["model"]) for it in rows] == [("groq", "llama-3.3"), ("openai-work", "o3")]
    llama, o3 = rows
    assert llama["name"] == "Llama 3.3"
    assert (llama["input_price"], llama["output_price"], llama["context"]) == (0.59, 0.79, 131072)
    assert (llama["tools"], o3["tools"]) == (True, None)
    assert (llama["source"], llama["age_seconds"], llama["failure"]) == ("cached", 120.0, None)
    assert (o3["name"], o3["input_price"], o3["context"]) == (None, None, None)
    assert o3["provider_name"] == "OpenAI – work"


def test_for_people_it_is_a_table_with_short_figures(shell: Shell) -> None:
    """S2-66: the provider has a column of its own."""
    shell.set_up(GROQ)
    shell.remember(active=["groq", "llama-3.3"])
    shell.listed(GROQ, LLAMA, FREE, age=7300)
    head, allam, llama = shell.run("models").out.splitlines()
    assert head.split() == ["PROVIDER", "MODEL", "NAME", "CONTEXT", "PRICE", "LIST"]
    assert allam.split(None, 2)[:2] == ["groq", "allam"]
    assert "free" in allam
    for part in ("Llama 3.3", "128k", "$0.59/$0.79", "chosen", "tools", "2 h ago"):
        assert part in llama
    assert head.index("PRICE") == allam.index("free") == llama.index("$0.59")


def test_nothing_to_show_is_said_with_what_to_do(shell: Shell) -> None:
    ran = shell.run("models")
    assert (ran.code, ran.out) == (0, "")
    assert "trayapp providers --known" in ran.err
    assert shell.run("models", "--porcelain").err == ""


def test_a_refresh_is_asked_of_the_tray_and_its_trouble_hides_no_list(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, LLAMA)
    shell.running = True
    shell.reply = lambda _intent: Reply(False, "Groq did not answer.")
    ran = shell.run("models", "--refresh", "--porcelain")
    assert shell.handed == [Refresh(None)]
    assert (ran.code, ran.out.count("\n")) == (1, 1)
    assert "Groq did not answer." in ran.err


def test_a_refresh_of_one_provider_asks_no_other(shell: Shell) -> None:
    shell.set_up(GROQ, WORK)
    assert shell.run("models", "--refresh", "--provider", "groq").code == 0
    assert shell.alone == [Refresh("groq")]


def test_a_damaged_list_is_said_and_the_others_are_shown(shell: Shell) -> None:
    shell.set_up(GROQ, WORK)
    shell.listed(GROQ, LLAMA)
    shell.listed(WORK, "o3")
    next(shell.paths.listings.glob("groq*")).write_bytes(b'{"version":2,')
    ran = shell.run("models", "--porcelain")
    assert ran.code == 0
    assert "openai-work\to3" in ran.out
    assert "damaged" in ran.err


def test_the_choice_is_one_line(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, LLAMA)
    shell.remember(active=["groq", "llama-3.3"])
    ran = shell.run("current")
    assert (ran.code, ran.out, ran.err) == (0, "groq/llama-3.3\n", "")
    assert decoded(shell.run("current", "--json").out) == {
        "provider": "groq",
        "provider_name": "Groq",
        "model": "llama-3.3",
        "name": "Llama 3.3",
        "listed": True,
    }


def test_a_choice_of_an_account_that_is_gone_is_still_the_choice(shell: Shell) -> None:
    shell.remember(active=["gone", "model"])
    assert shell.run("current").out == "gone/model\n"
    assert decoded(shell.run("current", "--json").out)["listed"] is False


def test_no_choice_yet_is_code_one(shell: Shell) -> None:
    ran = shell.run("current")
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp use" in ran.err
    assert shell.run("current", "--json").out == "null\n"


def test_a_model_is_chosen_with_its_provider(shell: Shell) -> None:
    shell.set_up(GROQ, WORK)
    shell.listed(GROQ, LLAMA)
    shell.reply = lambda _intent: Reply(True, "Switched.")
    ran = shell.run("use", "groq/llama-3.3")
    assert (ran.code, ran.out) == (0, "Switched.\n")
    assert shell.alone == [PickModel(ModelRef("groq", "llama-3.3"), confirmed=True)]
    shell.running = True
    shell.run("use", "llama-3.3")
    assert shell.handed == shell.alone


def test_an_ambiguous_name_changes_nothing(shell: Shell) -> None:
    shell.set_up(OPENAI, WORK)
    shell.listed(OPENAI, "o3")
    shell.listed(WORK, "o3")
    ran = shell.run("use", "o3")
    assert (ran.code, ran.out, shell.alone) == (1, "", [])
    assert "openai/o3\n  openai-work/o3" in ran.err


def test_a_model_of_an_account_that_is_switched_off_is_not_found_by_its_name(shell: Shell) -> None:
    shell.set_up(Account("groq", "groq", enabled=False))
    shell.listed(GROQ, LLAMA)
    assert shell.run("use", "llama-3.3").code == 1
    assert shell.alone == []


def test_what_the_tray_refuses_is_code_one_with_its_words(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, LLAMA)
    shell.running = True
    shell.reply = lambda _intent: Reply(False, "The disk is full.")
    ran = shell.run("use", "groq/llama-3.3")
    assert (ran.code, ran.out, ran.err) == (1, "", "trayapp: The disk is full.\n")


def test_the_settings_default_is_the_age_a_list_may_have(shell: Shell) -> None:
    age = Settings().default_ttl_seconds
    shell.set_up(GROQ, WORK)
    shell.listed(GROQ, LLAMA, age=age - 1)
    shell.listed(WORK, "o3", age=age)
    sources = [line.split("\t")[-1] for line in shell.run("models", "--porcelain").out.splitlines()]
    assert sources == ["cached", "stale"]
