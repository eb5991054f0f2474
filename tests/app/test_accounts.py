"""Accounts and settings: added, changed, switched off, removed, and what follows from it."""

from __future__ import annotations

import msgspec
import pytest

from tests.app.house import GROQ, KEY, REFUSED, SERVER, WORK, House, at, do, models, settled, slot_of, upstream
from tests.support.upstream import Upstream
from trayapp.app.perform import perform
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.intents import EnableAccount, Intent, RemoveAccount, SaveAccount, SaveSettings
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system.keyrings import KeyringState


async def test_a_new_account_is_written_and_asked(house: House) -> None:
    async with upstream("qwen") as url:
        house.prepare()
        async with house.opened() as app:
            reply = await do(app, SaveAccount(at(SERVER, url)))
            assert (reply.ok, reply.text, reply.data) == (True, "Server saved.", {"id": "server"})
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["qwen"]
    assert house.stored()[0].accounts[-1] == at(SERVER, url)


async def test_two_accounts_of_one_provider_are_two(house: House) -> None:
    async with upstream("gpt-5") as one, upstream("gpt-5") as two:
        first, second = at(WORK, one), at(Account("private", "openai", "OpenAI – private"), two)
        house.prepare(first, second, state=house.keyed(first, second))
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            await settled(app)
            assert [section.title for section in app.view.value.sections] == [
                "OpenAI – work (1) – updated just now",
                "OpenAI – private (1) – updated just now",
            ]
            listings = app.catalog.listings.value
            assert {it.ref.provider for it in listings["private"].models} == {"private"}


async def test_an_account_is_saved_though_a_value_is_missing_and_that_is_said(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        reply = await do(app, SaveAccount(Account("azure", "azure-openai")))
        assert reply.ok
        assert "Resource name" in reply.text
        assert app.account("azure")


async def test_an_id_belongs_to_one_provider(house: House) -> None:
    house.prepare(GROQ)
    async with house.opened() as app:
        reply = await do(app, SaveAccount(Account("groq", "openai")))
        assert (reply.ok, reply.text) == (False, "The account “groq” belongs to Groq already.")


@pytest.mark.parametrize(
    "wrong",
    [
        Account("Not An Id", "groq"),
        Account("new", "provider-of-tomorrow"),
        Account("new", "groq", base_url="no address"),
        Account("new", "groq", base_url="https://user:pass@example.test/v1"),
    ],
    ids=["id", "provider", "address", "address with a password"],
)
async def test_what_can_be_no_account_is_refused_in_words_and_not_written(house: House, wrong: Account) -> None:
    house.prepare()
    before = house.paths.settings_file.read_bytes()
    async with house.opened() as app:
        held = app.settings.value
        intents: tuple[Intent, ...] = (
            SaveAccount(wrong),
            SaveSettings(msgspec.structs.replace(held, accounts=(*held.accounts, wrong))),
        )
        for intent in intents:
            reply = await do(app, intent)
            assert not reply.ok
            assert reply.text
            assert "pass" not in reply.text.split()
        assert app.settings.value == held
    assert house.paths.settings_file.read_bytes() == before


async def test_another_address_is_another_list(house: House) -> None:
    async with upstream("old") as one, upstream("new") as two:
        house.prepare(at(SERVER, one))
        house.listed(at(SERVER, one), "old")
        async with house.opened() as app:
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["old"]
            await perform(app, SaveAccount(at(SERVER, two)))
            assert not any(section.models for section in app.view.value.sections)
            await settled(app)
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["new"]


async def test_another_name_asks_nobody(house: House) -> None:
    server = upstream("qwen")
    async with server as url:
        house.prepare(at(SERVER, url))
        async with house.opened() as app:
            await do(app, SaveAccount(msgspec.structs.replace(at(SERVER, url), name="My server")))
            assert app.name("server") == "My server"
    assert server.requests == []


async def test_a_disabled_account_keeps_its_file_and_its_key_and_is_left_out(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.listed(account, "llama")
        async with house.opened() as app:
            await do(app, EnableAccount("groq", enabled=False))
            assert [it.provider for it in app.view.value.sections] == []
            assert (house.paths.listings / "groq.json").exists()
            assert house.keyring.entries == {slot_of(account): KEY}
        async with house.opened() as app:
            assert [it.provider for it in app.view.value.sections] == []
            assert server.requests == []
            reply = await do(app, EnableAccount("groq", enabled=True))
            assert reply.text == "Groq is switched on."
            assert [section.provider for section in app.view.value.sections] == ["groq"]


async def test_what_is_switched_on_by_the_form_is_asked_as_well(house: House) -> None:
    server = upstream("qwen")
    async with server as url:
        off = msgspec.structs.replace(at(SERVER, url), enabled=False)
        house.prepare(off)
        async with house.opened() as app:
            await do(app, SaveAccount(at(SERVER, url)))
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["qwen"]


async def test_a_removed_account_leaves_nothing_behind(house: House) -> None:
    async with upstream("llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        elsewhere = "groq@https://api.groq.com:443"
        house.keyring.entries[elsewhere] = KEY
        async with house.opened() as app:
            await app.remember(lambda state: msgspec.structs.replace(state, keyed=(*state.keyed, elsewhere)))
            await app.catalog.refresh(app.accounts, force=True)
            await settled(app)
            assert (house.paths.listings / "groq.json").exists()
            assert (await do(app, RemoveAccount("groq"))).text == "Groq removed."
            assert house.keyring.entries == {}
            assert "groq" not in app.catalog.listings.value
            assert not (await do(app, RemoveAccount("groq"))).ok
        assert not (house.paths.listings / "groq.json").exists()
    settings, state = house.stored()
    assert "groq" not in [it.id for it in settings.accounts]
    assert state.keyed == ()


async def test_an_account_whose_key_the_user_would_not_give_up_stays(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    house.keyring.state, house.keyring.answer = KeyringState.LOCKED, KeyringState.DENIED
    async with house.opened() as app:
        reply = await do(app, RemoveAccount("groq"))
        assert not reply.ok
        assert "not unlocked" in reply.text
        assert app.account("groq")


async def test_an_account_can_be_removed_where_the_keyring_is_gone(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    house.keyring.state = KeyringState.NO_SERVICE
    async with house.opened() as app:
        reply = await do(app, RemoveAccount("groq"))
        assert (reply.ok, reply.text) == (
            True,
            "Groq removed. Its key stays in the keyring, which cannot be reached.",
        )
        assert "groq" not in [it.id for it in app.accounts]


async def test_settings_that_cannot_be_written_change_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.prepare(SERVER)

    def full(_settings: Settings) -> None:
        raise ProviderError(Failure(Kind.DISK, detail="no space left on device"))

    async with house.opened() as app:
        heard: list[Settings] = []
        app.settings.listen(heard.append)
        monkeypatch.setattr(app.store, "save_settings", full)
        changed = msgspec.structs.replace(app.settings.value, inline_models=7)
        for intent in (SaveSettings(changed), EnableAccount("server", enabled=False), RemoveAccount("server")):
            reply = await do(app, intent)
            assert not reply.ok
            assert "no space left" in reply.text
        assert heard == []
        assert app.settings.value.inline_models == 25
        assert app.account("server").enabled


async def test_settings_are_saved_beside_an_account_of_another_version(house: House) -> None:
    future = Account("future", "provider-of-tomorrow")
    house.prepare(future)
    async with house.opened() as app:
        reply = await do(app, SaveSettings(msgspec.structs.replace(app.settings.value, inline_models=7)))
        assert (reply.ok, reply.text) == (True, "Settings saved.")
    assert house.stored()[0].inline_models == 7
    assert future in house.stored()[0].accounts


async def test_two_accounts_of_one_id_are_refused(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        twice = msgspec.structs.replace(app.settings.value, accounts=(SERVER, SERVER))
        reply = await do(app, SaveSettings(twice))
        assert not reply.ok
        assert "“server”" in reply.text


async def test_comments_in_the_file_outlive_a_change(house: House) -> None:
    house.paths.config.mkdir(parents=True)
    house.paths.settings_file.write_text("# mine\nversion = 1\ninline_models = 9 # few\n")
    async with house.opened() as app:
        await do(app, SaveSettings(msgspec.structs.replace(app.settings.value, confirm_switch=True)))
    text = house.paths.settings_file.read_text()
    assert "# mine" in text
    assert "# few" in text
    assert "confirm_switch = true" in text


async def test_the_shipped_list_comes_and_goes_with_its_setting(house: House) -> None:
    async with Upstream({"/v1/models": [REFUSED, REFUSED, models("llama")]}) as url:
        refused = at(WORK, url)
        house.prepare(GROQ, refused, state=house.keyed(refused))
        async with house.opened() as app:
            await app.catalog.refresh((refused,), force=True)
            assert app.catalog.listings.value["groq"].models
            assert app.catalog.listings.value["work"].models
            await do(app, SaveSettings(msgspec.structs.replace(app.settings.value, use_catalog_fallback=False)))
            assert app.catalog.listings.value["groq"].models == ()
            assert app.catalog.listings.value["groq"].locked
            assert app.catalog.listings.value["work"].models == ()
            await do(app, SaveSettings(msgspec.structs.replace(app.settings.value, use_catalog_fallback=True)))
            assert app.catalog.listings.value["groq"].models


async def test_quick_changes_of_accounts_do_not_lose_each_other(house: House) -> None:
    import asyncio

    house.prepare(state=State())
    made = [Account(f"server-{number}", "openai-compatible", enabled=False) for number in range(6)]
    async with house.opened() as app:
        await asyncio.gather(*(perform(app, SaveAccount(it)) for it in made))
        assert [it.id for it in app.accounts][-6:] == [it.id for it in made]
    assert house.stored()[0].accounts[-6:] == tuple(made)
