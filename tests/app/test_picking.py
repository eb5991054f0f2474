"""Choosing a model: one value, on the disk before anyone hears of it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.app.house import GROQ, SERVER, WORK, House, do, heard, ref
from trayapp.app.perform import RECENT, perform
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.intents import EnableAccount, PickModel, RemoveAccount, SaveSettings
from trayapp.core.models import Model, ModelRef
from trayapp.core.state import State
from trayapp.ui.notices import Subject


async def test_a_pick_is_on_the_disk_before_anyone_hears_of_it(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "qwen3")
    order: list[str] = []
    async with house.opened() as app:
        app.state.listen(lambda state: order.append(f"heard {state.active}, disk has {house.stored()[1].active}"))
        app.notice.listen(lambda notice: order.append(notice.title if notice else ""))
        reply = await do(app, PickModel(ref("server", "qwen3")))
        assert reply.ok
        assert reply.text == "Switched to model: qwen3 on provider: Server"
        assert reply.data == {"provider": "server", "model": "qwen3"}
        assert app.view.value.head[0].label == "● Server: qwen3"
        assert app.view.value.tooltip == "trayapp\nServer: qwen3"
    assert order == [
        "heard server/qwen3, disk has server/qwen3",
        "Switched to model: qwen3 on provider: Server",
    ]


async def test_provider_and_model_are_one_value_in_the_file(house: House) -> None:
    """S2-52, S2-79: no moment at which one half is of another provider."""
    house.prepare(SERVER)
    async with house.opened() as app:
        await do(app, PickModel(ref("server", "org/qwen3")))
    raw = msgspec.json.decode(house.paths.state_file.read_bytes())
    assert raw["active"] == ["server", "org/qwen3"]


async def test_a_failed_write_changes_nothing_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.prepare(SERVER, state=State(active=ref("server", "old")))
    async with house.opened() as app:
        told, changes = heard(app), list[State]()
        app.state.listen(changes.append)

        def full(_state: State) -> None:
            raise ProviderError(Failure(Kind.DISK, detail="no space left on device"))

        monkeypatch.setattr(app.store, "save_state", full)
        reply = await do(app, PickModel(ref("server", "new")), told=True)
        assert not reply.ok
        assert "no space left" in reply.text
        assert reply.data == {"kind": "disk"}
        assert changes == []
        assert app.state.value.active == ref("server", "old")
        assert app.view.value.head[0].label == "● Server: old"
        assert [notice.subject for notice in told] == [Subject.FAILED]
    assert house.stored()[1].active == ref("server", "old")


async def test_a_disk_that_takes_nothing_is_told_in_words(house: House) -> None:
    house.prepare(SERVER)
    house.paths.data.write_text("a file stands where the folder should be")
    async with house.opened() as app:
        reply = await do(app, PickModel(ref("server", "new")))
        assert not reply.ok
        assert "state.json" in reply.text
        assert app.state.value.active is None


async def test_a_file_of_a_newer_version_is_left_alone(house: House) -> None:
    house.prepare(SERVER)
    house.paths.data.mkdir(parents=True)
    house.paths.state_file.write_text('{"version": 99, "active": ["x", "y"]}')
    async with house.opened() as app:
        assert "newer version" in (app.notice.value.text if app.notice.value else "")
        reply = await do(app, PickModel(ref("server", "new")))
        assert (reply.ok, app.state.value.active) == (False, None)
        assert "newer version" in reply.text
    assert house.paths.state_file.read_text() == '{"version": 99, "active": ["x", "y"]}'


async def test_two_quick_picks_do_not_lose_each_other(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        seen: list[ModelRef | None] = []
        app.state.listen(lambda state: seen.append(state.active))
        picks = [ref("server", f"m{number}") for number in range(8)]
        replies = await asyncio.gather(*(perform(app, PickModel(it)) for it in picks))
        assert all(reply.ok for reply in replies)
        assert seen == picks
        assert app.state.value.recent == tuple(reversed(picks))
    assert house.stored()[1].active == picks[-1]
    assert house.stored()[1].recent == tuple(reversed(picks))


async def test_who_gives_up_while_the_disk_is_slow_leaves_memory_and_disk_alike(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    house.prepare(SERVER)
    async with house.opened() as app:
        began, go, save = threading.Event(), threading.Event(), app.store.save_state

        def slow(state: State) -> None:
            began.set()
            go.wait(5)
            save(state)

        monkeypatch.setattr(app.store, "save_state", slow)
        picking = asyncio.ensure_future(perform(app, PickModel(ref("server", "first"))))
        await asyncio.to_thread(began.wait, 5)
        picking.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await picking
        assert app.state.value.active == ref("server", "first") == house.stored()[1].active
        assert (await do(app, PickModel(ref("server", "second")))).ok
        assert app.state.value.recent == (ref("server", "second"), ref("server", "first"))


async def test_an_alias_picks_the_model_it_stands_for(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, Model(ref("server", "gpt-5-2026-01-01"), name="GPT 5", aliases=("gpt-5", "latest")))
    async with house.opened() as app:
        reply = await do(app, PickModel(ref("server", "latest")))
        assert app.state.value.active == ref("server", "gpt-5-2026-01-01")
        assert reply.text == "Switched to model: GPT 5 on provider: Server"


async def test_an_id_comes_before_another_models_alias(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, Model(ref("server", "a-new"), aliases=("gpt",)), Model(ref("server", "gpt")))
    async with house.opened() as app:
        await do(app, PickModel(ref("server", "gpt")))
        assert app.state.value.active == ref("server", "gpt")


async def test_an_account_that_does_not_exist_is_named(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        reply = await do(app, PickModel(ref("nobody", "m")))
        assert (reply.ok, app.state.value.active) == (False, None)
        assert "“nobody” not found" in reply.text


async def test_a_disabled_account_is_not_picked_from(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        await do(app, EnableAccount("server", enabled=False))
        reply = await do(app, PickModel(ref("server", "m")))
        assert not reply.ok
        assert reply.text == "Server is switched off. Switch it on first."
        assert app.state.value.active is None


async def test_a_model_that_is_not_listed_can_be_picked_and_that_is_said(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "there")
    async with house.opened() as app:
        reply = await do(app, PickModel(ref("server", "gone")))
        assert reply.ok
        assert reply.text.endswith("The provider does not list this model.")
        assert app.view.value.head[0].label == "● Server: gone (no longer listed)"


async def test_a_model_behind_a_missing_key_says_so(house: House) -> None:
    house.prepare(GROQ)
    async with house.opened() as app:
        shown = app.catalog.listings.value["groq"]
        assert shown.locked
        reply = await do(app, PickModel(shown.models[0].ref))
        assert reply.ok
        assert reply.text.endswith("It has no working key yet.")


class Asked:
    """Who answers the question before a switch."""

    def __init__(self, *answers: bool) -> None:
        self.questions: list[str] = []
        self._answers = list(answers)

    async def __call__(self, question: str) -> bool:
        self.questions.append(question)
        return self._answers.pop(0)


async def test_a_switch_of_provider_is_asked_for_only_where_wanted(house: House) -> None:
    house.prepare(SERVER, WORK)
    async with house.opened() as app:
        app.ask = asked = Asked()
        await do(app, PickModel(ref("server", "a")))
        await do(app, PickModel(ref("work", "b")))
        assert asked.questions == []
        assert app.state.value.active == ref("work", "b")


async def test_the_question_comes_only_across_providers_and_a_no_is_respected(house: House) -> None:
    house.prepare(SERVER, WORK, confirm_switch=True)
    async with house.opened() as app:
        app.ask = asked = Asked(False, True)
        told = heard(app)
        await do(app, PickModel(ref("server", "a")))  # the first choice moves nobody
        await do(app, PickModel(ref("server", "b")))
        assert asked.questions == []
        reply = await do(app, PickModel(ref("work", "gpt")), told=True)
        assert (reply.ok, reply.text) == (False, "")
        assert asked.questions == ["Switch from Server to OpenAI – work, model gpt?"]
        assert app.state.value.active == ref("server", "b") == house.stored()[1].active
        assert len(told) == 2
        assert (await do(app, PickModel(ref("work", "gpt")))).ok
        assert app.state.value.active == ref("work", "gpt")


async def test_who_was_asked_already_is_not_asked_again(house: House) -> None:
    house.prepare(SERVER, WORK, confirm_switch=True, state=State(active=ref("server", "a")))
    async with house.opened() as app:
        app.ask = asked = Asked()
        assert (await do(app, PickModel(ref("work", "b"), confirmed=True))).ok
        assert asked.questions == []


async def test_an_account_removed_while_the_question_stood_is_not_picked(house: House) -> None:
    house.prepare(SERVER, WORK, confirm_switch=True, state=State(active=ref("server", "a")))
    async with house.opened() as app:

        async def ask(_question: str) -> bool:
            await perform(app, RemoveAccount("work"))
            return True

        app.ask = ask
        assert not (await do(app, PickModel(ref("work", "b")))).ok
        assert app.state.value.active == ref("server", "a")


async def test_the_notification_can_be_turned_off(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        told = heard(app)
        await do(app, PickModel(ref("server", "a")))
        await do(app, PickModel(ref("server", "a")))  # nothing changed: nothing to tell
        assert [(notice.title, notice.text) for notice in told] == [
            ("Switched to model: a on provider: Server", "server/a")
        ]
        quiet = msgspec.structs.replace(app.settings.value, notify_switch=False)
        await do(app, SaveSettings(quiet))
        await do(app, PickModel(ref("server", "b")))
        assert len(told) == 1
        await do(app, PickModel(ref("nobody", "b")), told=True)  # what failed is told all the same
        assert [notice.title for notice in told[1:]] == ["That did not work"]


async def test_recent_choices_are_bounded_newest_first_and_each_once(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        for number in range(RECENT + 3):
            await perform(app, PickModel(ref("server", f"m{number}")))
        await do(app, PickModel(ref("server", "m10")))
        recent = [it.model for it in app.state.value.recent]
        assert len(recent) == len(set(recent)) == RECENT
        assert recent[:3] == ["m10", "m22", "m21"]
    assert house.stored()[1] == app.state.value


async def test_the_choice_is_there_at_the_next_start_and_survives_its_account(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        await do(app, PickModel(ref("server", "a")))
    async with house.opened() as app:
        assert app.view.value.head[0].label == "● Server: a"
        await do(app, RemoveAccount("server"))
        assert app.state.value.active == ref("server", "a")
        assert app.view.value.head[0].label == "● server/a (account not in use)"


async def test_files_are_for_their_user_alone(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        await do(app, PickModel(ref("server", "a")))
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in house.files()}
    assert modes == {"settings.toml": "0o600", "state.json": "0o600"}
