"""``models``, ``current`` and ``use``."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Desk
from trayapp.core.accounts import Account
from trayapp.core.intents import PickModel, Refresh, Reply
from trayapp.core.models import Capability, Model, ModelRef, Price, Use
from trayapp.core.settings import Settings

GROQ = Account("groq", "groq")
WORK = Account("openai-work", "openai", name="OpenAI – work")
OPENAI = Account("openai", "openai")
LLAMA = Model(
    ModelRef("groq", "llama-3.3"),
    name="Llama 3.3",
    context=131072,
    price=Price(0.59, 0.79),
    capabilities=int(Capability.TOOLS),
)
FREE = Model(ModelRef("groq", "allam"), price=Price(0, 0))
SPEECH = Model(ModelRef("groq", "whisper"), use=Use.AUDIO)
OPENAI_KEY = "openai@https://api.openai.com:443"


def decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def test_porcelain_is_sorted_by_provider_then_model_and_names_the_source(desk: Desk) -> None:
    desk.set_up(WORK, GROQ)
    desk.listed(WORK, "o3", "gpt-4o")
    desk.listed(GROQ, LLAMA, FREE, SPEECH, age=7200)
    ran = desk.run("models", "--porcelain")
    assert ran.code == 0
    assert ran.out == (
        "groq\tallam\t\t\t0\t0\tstale\n"
        "groq\tllama-3.3\tLlama 3.3\t131072\t0.59\t0.79\tstale\n"
        "openai-work\tgpt-4o\t\t\t\t\tcached\n"
        "openai-work\to3\t\t\t\t\tcached\n"
    )
    assert ran.err == ""


def test_models_that_do_not_chat_are_shown_when_asked_for(desk: Desk) -> None:
    desk.set_up(GROQ)
    desk.listed(GROQ, LLAMA, SPEECH)
    assert "whisper" not in desk.run("models").out
    assert "whisper" in desk.run("models", "--all").out
    desk.set_up(GROQ, show_non_chat=True)
    assert "whisper" in desk.run("models").out


def test_an_account_that_is_switched_off_is_left_out(desk: Desk) -> None:
    desk.set_up(Account("groq", "groq", enabled=False), WORK)
    desk.listed(GROQ, LLAMA)
    desk.listed(WORK, "o3")
    assert {line.split("\t")[0] for line in desk.run("models", "--porcelain").out.splitlines()} == {"openai-work"}
    ran = desk.run("models", "--provider", "groq")
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp providers enable groq" in ran.err


def test_one_provider_means_its_account_or_all_accounts_of_it(desk: Desk) -> None:
    desk.set_up(WORK, Account("openai-home", "openai"), GROQ)
    desk.listed(WORK, "o3")
    desk.listed(Account("openai-home", "openai"), "o1")
    desk.listed(GROQ, LLAMA)

    def shown(*names: str) -> list[str]:
        words = [word for name in names for word in ("--provider", name)]
        return [line.split("\t")[0] for line in desk.run("models", "--porcelain", *words).out.splitlines()]

    assert shown("openai-work") == ["openai-work"]
    assert shown("openai") == ["openai-home", "openai-work"]
    assert shown("openai", "groq", "groq") == ["groq", "openai-home", "openai-work"]


def test_a_provider_nobody_knows_is_an_error_that_names_the_near_ones(desk: Desk) -> None:
    desk.set_up(GROQ)
    ran = desk.run("models", "--provider", "grok")
    assert (ran.code, ran.out) == (1, "")
    assert "Did you mean groq?" in ran.err


def test_without_a_key_the_shipped_list_stands_in_unless_that_is_switched_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trayapp.catalog.facts import Facts
    from trayapp.core.listings import Listing, Source

    def embedded(self: Facts, account: Account) -> Listing:
        return Listing(account.id, (Model(ModelRef(account.id, "gpt-shipped")),), Source.EMBEDDED, 5.0)

    monkeypatch.setattr(Facts, "embedded", embedded)
    desk.set_up(OPENAI)
    assert desk.run("models", "--porcelain").out == "openai\tgpt-shipped\t\t\t\t\tshipped\n"
    assert decoded(desk.run("models", "--json").out)[0]["failure"] == "no-key"
    desk.remember(keyed=[OPENAI_KEY])  # there is a key: its list will come
    assert desk.run("models", "--porcelain").out == ""
    desk.remember()
    desk.set_up(OPENAI, use_catalog_fallback=False)
    assert desk.run("models", "--porcelain").out == ""


def test_json_has_provider_and_model_apart_and_says_how_old_it_is(desk: Desk) -> None:
    desk.set_up(WORK, GROQ)
    desk.listed(WORK, "o3")
    desk.listed(GROQ, LLAMA, age=120)
    rows = decoded(desk.run("models", "--json").out)
    assert [(it["provider"], it["model"]) for it in rows] == [("groq", "llama-3.3"), ("openai-work", "o3")]
    llama, o3 = rows
    assert llama["name"] == "Llama 3.3"
    assert (llama["input_price"], llama["output_price"], llama["context"]) == (0.59, 0.79, 131072)
    assert (llama["tools"], o3["tools"]) == (True, None)
    assert (llama["source"], llama["age_seconds"], llama["failure"]) == ("cached", 120.0, None)
    assert (o3["name"], o3["input_price"], o3["context"]) == (None, None, None)
    assert o3["provider_name"] == "OpenAI – work"


def test_for_people_it_is_a_table_with_short_figures(desk: Desk) -> None:
    desk.set_up(GROQ)
    desk.remember(active=["groq", "llama-3.3"])
    desk.listed(GROQ, LLAMA, FREE, age=7300)
    head, allam, llama = desk.run("models").out.splitlines()
    assert head.split() == ["PROVIDER", "MODEL", "NAME", "CONTEXT", "PRICE", "LIST"]
    assert allam.split(None, 2)[:2] == ["groq", "allam"]
    assert "free" in allam
    for part in ("Llama 3.3", "128k", "$0.59/$0.79", "chosen", "tools", "2 h ago"):
        assert part in llama
    assert head.index("PRICE") == allam.index("free") == llama.index("$0.59")


def test_nothing_to_show_is_said_with_what_to_do(desk: Desk) -> None:
    ran = desk.run("models")
    assert (ran.code, ran.out) == (0, "")
    assert "trayapp providers --known" in ran.err
    assert desk.run("models", "--porcelain").err == ""


def test_a_refresh_is_asked_of_the_tray_and_its_trouble_hides_no_list(desk: Desk) -> None:
    desk.set_up(GROQ)
    desk.listed(GROQ, LLAMA)
    desk.running = True
    desk.reply = lambda _intent: Reply(False, "Groq did not answer.")
    ran = desk.run("models", "--refresh", "--porcelain")
    assert desk.handed == [Refresh(None)]
    assert (ran.code, ran.out.count("\n")) == (1, 1)
    assert "Groq did not answer." in ran.err


def test_a_refresh_of_one_provider_asks_no_other(desk: Desk) -> None:
    desk.set_up(GROQ, WORK)
    assert desk.run("models", "--refresh", "--provider", "groq").code == 0
    assert desk.alone == [Refresh("groq")]


def test_a_damaged_list_is_said_and_the_others_are_shown(desk: Desk) -> None:
    desk.set_up(GROQ, WORK)
    desk.listed(GROQ, LLAMA)
    desk.listed(WORK, "o3")
    next(desk.paths.listings.glob("groq*")).write_bytes(b'{"version":2,')
    desk.remember(keyed=["groq@https://api.groq.com:443"])
    ran = desk.run("models", "--porcelain")
    assert ran.code == 0
    assert "openai-work\to3" in ran.out
    assert "damaged" in ran.err


def test_the_choice_is_one_line(desk: Desk) -> None:
    desk.set_up(GROQ)
    desk.listed(GROQ, LLAMA)
    desk.remember(active=["groq", "llama-3.3"])
    ran = desk.run("current")
    assert (ran.code, ran.out, ran.err) == (0, "groq/llama-3.3\n", "")
    assert decoded(desk.run("current", "--json").out) == {
        "provider": "groq",
        "provider_name": "Groq",
        "model": "llama-3.3",
        "name": "Llama 3.3",
        "listed": True,
    }


def test_a_choice_of_an_account_that_is_gone_is_still_the_choice(desk: Desk) -> None:
    desk.remember(active=["gone", "model"])
    assert desk.run("current").out == "gone/model\n"
    assert decoded(desk.run("current", "--json").out)["listed"] is False


def test_no_choice_yet_is_code_one(desk: Desk) -> None:
    ran = desk.run("current")
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp use" in ran.err
    assert desk.run("current", "--json").out == "null\n"


def test_a_model_is_chosen_with_its_provider(desk: Desk) -> None:
    desk.set_up(GROQ, WORK)
    desk.listed(GROQ, LLAMA)
    desk.reply = lambda _intent: Reply(True, "Switched.")
    ran = desk.run("use", "groq/llama-3.3")
    assert (ran.code, ran.out) == (0, "Switched.\n")
    assert desk.alone == [PickModel(ModelRef("groq", "llama-3.3"), confirmed=True)]
    desk.running = True
    desk.run("use", "llama-3.3")
    assert desk.handed == desk.alone


def test_an_ambiguous_name_changes_nothing(desk: Desk) -> None:
    desk.set_up(OPENAI, WORK)
    desk.listed(OPENAI, "o3")
    desk.listed(WORK, "o3")
    ran = desk.run("use", "o3")
    assert (ran.code, ran.out, desk.alone) == (1, "", [])
    assert "openai/o3\n  openai-work/o3" in ran.err


def test_a_model_of_an_account_that_is_switched_off_is_not_found_by_its_name(desk: Desk) -> None:
    desk.set_up(Account("groq", "groq", enabled=False))
    desk.listed(GROQ, LLAMA)
    assert desk.run("use", "llama-3.3").code == 1
    assert desk.alone == []


def test_what_the_tray_refuses_is_code_one_with_its_words(desk: Desk) -> None:
    desk.set_up(GROQ)
    desk.listed(GROQ, LLAMA)
    desk.running = True
    desk.reply = lambda _intent: Reply(False, "The disk is full.")
    ran = desk.run("use", "groq/llama-3.3")
    assert (ran.code, ran.out, ran.err) == (1, "", "trayapp: The disk is full.\n")


def test_the_settings_default_is_the_age_a_list_may_have(desk: Desk) -> None:
    age = Settings().default_ttl_seconds
    desk.set_up(GROQ, WORK)
    desk.listed(GROQ, LLAMA, age=age - 1)
    desk.listed(WORK, "o3", age=age)
    sources = [line.split("\t")[-1] for line in desk.run("models", "--porcelain").out.splitlines()]
    assert sources == ["cached", "stale"]
