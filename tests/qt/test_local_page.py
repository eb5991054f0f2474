"""The page “Local models”: a strategy, its figures, roles and rules, as drafts until they are saved."""

from __future__ import annotations

import msgspec
from pytestqt.qtbot import QtBot

from tests.qt.dialog import APPLY, CANCEL, OK, Opened, ready
from tests.qt.local_opened import Open, publish, saved, shown
from tests.qt.local_parts import OLLAMA
from tests.qt.parts import SETTINGS
from trayapp.core.intents import Reply, SaveSettings, SetStrategy
from trayapp.core.rules import EXAMPLES
from trayapp.core.settings import GENERAL, LOCAL
from trayapp.core.state import State
from trayapp.local.residency import ServerState, Standing, View
from trayapp.local.stats import Usual
from trayapp.qt.local_page import OWN
from trayapp.ui import form

RAM = (
    "RAM keeps up to {n} models loaded, each for 30 min after its last use; when there are more, the one used longest"
    " ago leaves first."
)


async def test_every_preference_of_the_page_has_a_control(opened: Open) -> None:
    _it, page = await shown(opened)
    (declared,) = (it for it in form.pages(SETTINGS) if it.name == LOCAL)
    assert {it.name for it in declared.fields} == {*page.rows, *OWN}
    assert not page.dirty
    assert page.applied(SETTINGS) == SETTINGS


# -- the strategy -----------------------------------------------------------------------------------


async def test_the_strategy_that_holds_is_marked_and_another_one_is_chosen_with_apply(opened: Open) -> None:
    it, page = await shown(opened)
    assert page.strategy.chosen is None
    it.side.state.publish(State(strategy="ssd"))
    assert page.strategy.radios["ssd"].isChecked()
    assert not it.dialog.dirty
    page.strategy.radios["ram"].click()
    assert it.button(APPLY).isEnabled()
    assert it.desk.asked == []
    await it.press(APPLY)
    assert it.desk.asked == [SetStrategy("ram")]
    it.side.state.publish(State(strategy="ram"))
    assert not it.dialog.dirty


async def test_leaving_models_alone_is_a_choice_like_the_others(opened: Open) -> None:
    it, page = await shown(opened)
    it.side.state.publish(State(strategy="none"))
    page.strategy.radios[""].click()
    await it.press(OK)
    assert it.desk.asked == [SetStrategy(None)]
    assert not it.dialog.isVisible()


async def test_a_strategy_chosen_elsewhere_does_not_undo_what_was_clicked(opened: Open) -> None:
    it, page = await shown(opened)
    page.strategy.radios["ram"].click()
    it.side.state.publish(State(strategy="ssd"))
    assert page.strategy.chosen == "ram"
    it.side.state.publish(State(strategy="ram"))
    assert not page.strategy.dirty


async def test_a_strategy_says_what_it_does_with_the_figures_as_they_are_typed(opened: Open) -> None:
    it, page = await shown(opened)
    assert page.strategy._texts["ram"].text() == RAM.format(n=3)
    it.enter("ram_max_models", "5")
    assert page.strategy._texts["ram"].text() == RAM.format(n=5)
    assert "5 models" in page.strategy.radios["ram"].accessibleDescription()
    it.enter("ram_max_models", "lots")
    assert page.strategy._texts["ram"].text() == RAM.format(n=3)
    it.enter("ram_max_models", "6")
    page.strategy.radios["ram"].click()
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(SETTINGS, ram_max_models=6)), SetStrategy("ram")]


async def test_the_suggestion_is_told_with_its_reason_and_never_chosen(opened: Open) -> None:
    it, page = await shown(opened)
    assert page.strategy._suggested["ram"].isVisible()
    assert not page.strategy._suggested["ssd"].isVisible()
    assert "64 GB" in page.strategy.suggestion.text()
    assert page.strategy.chosen is None
    far = View("ollama", Standing(ServerState.RUNNING, remote=True), looked=1.0)
    it.side.views.publish((far,))
    assert not page.strategy._suggested["ram"].isVisible()
    assert "another computer" in page.strategy.suggestion.text()
    assert not it.dialog.dirty


async def test_measured_times_are_shown_once_they_are_known(opened: Open) -> None:
    it, page = await shown(opened)
    assert "20–30 s" in page.strategy._figures["ssd"].text()
    it.side.loads = Usual(cold=17.0)
    it.dialog.show_page(GENERAL)
    it.dialog.show_page(LOCAL)
    assert "17 s from the disk" in page.strategy._figures["ssd"].text()
    await it.desk.settle()


# -- figures and exceptions -------------------------------------------------------------------------


async def test_a_figure_out_of_its_limits_is_told_beside_it_and_nothing_is_saved(opened: Open) -> None:
    it, page = await shown(opened)
    it.enter("ssd_keep_seconds", "1")
    page.strategy.radios["ssd"].click()
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.turner.shown is page
    assert page.tabs.currentWidget() is page.figures
    assert page.rows["ssd_keep_seconds"].error.isVisible()
    assert "SSD: time after the last use" in it.dialog.message.text()
    it.enter("ssd_keep_seconds", "60")
    await it.press(OK)
    assert saved(it).ssd_keep_seconds == 60


async def test_exceptions_are_lines_added_and_removed(opened: Open) -> None:
    it, page = await shown(opened)
    box = page.exceptions
    assert not box.add_button.isEnabled()
    assert not box.remove_button.isEnabled()
    for name, how in (("qwen2.5:7b", "never"), ("llama3.3", "always"), ("LLAMA3.3:latest", "never")):
        box.model.enter(name)
        box.treatment.setCurrentIndex(box.treatment.findData(how))
        box.add_button.click()
    assert box.table.rowCount() == 2, "one model has one exception, by whatever name"
    await it.press(APPLY)
    assert saved(it).local_exceptions == {"qwen2.5:7b": "never", "LLAMA3.3:latest": "never"}
    publish(it, local_exceptions=saved(it).local_exceptions)
    assert not page.dirty
    box.table.selectRow(0)
    box.remove_button.click()
    assert page.dirty
    assert page.applied(SETTINGS).local_exceptions == {"LLAMA3.3:latest": "never"}


async def test_exceptions_offer_the_installed_models_by_any_part_of_their_name(opened: Open) -> None:
    it, page = await shown(opened)
    names = list(page.exceptions.model.offered)
    assert "deepseek-coder-v2:16b" in names
    assert "gpt-oss:120b-cloud" not in names
    page.exceptions.model.enter("half a na")
    it.side.views.publish((msgspec.structs.replace(OLLAMA, installed=OLLAMA.installed[:1]),))
    assert page.exceptions.model.text == "half a na"
    assert len(page.exceptions.model.offered) == 1


# -- what is changed elsewhere ----------------------------------------------------------------------


async def test_what_is_changed_elsewhere_shows_and_does_not_undo_what_is_entered(opened: Open) -> None:
    it, page = await shown(opened)
    page.roles.boxes["code"].enter("openai/gpt-5")
    publish(it, ram_max_models=9, local_exceptions={"x": "never"}, roles={"fast": "a/b"}, rules=EXAMPLES["by role"])
    assert page.rows["ram_max_models"].text == "9"
    assert page.exceptions.table.rowCount() == 1
    assert page.routes.rules.value == EXAMPLES["by role"]
    assert page.roles.value == {"code": "openai/gpt-5"}
    await it.press(APPLY)
    assert saved(it).roles == {"code": "openai/gpt-5"}
    assert saved(it).ram_max_models == 9
    assert saved(it).rules == EXAMPLES["by role"]


async def test_cancel_takes_everything_back_after_asking(opened: Open) -> None:
    it, page = await shown(opened)
    page.strategy.radios["none"].click()
    page.roles.boxes["code"].enter("openai/gpt-5")
    page.routes.rules.example_buttons[0].click()
    page.launch.model.enter("ollama/qwen2.5:7b")
    page.launch.add_button.click()
    it.button(CANCEL).click()
    box = await it.question()
    next(button for button in box.buttons() if button.text() == "&Throw away").click()
    await it.desk.settle()
    assert not it.dialog.isVisible()
    it.dialog.show_page(LOCAL)
    await it.desk.settle()
    assert not it.dialog.dirty
    assert page.drafts == SETTINGS
    assert page.strategy.chosen is None
    assert it.desk.asked == []


async def test_a_failure_to_save_keeps_everything_entered(opened: Open) -> None:
    it, page = await shown(opened)
    it.desk.replies[SaveSettings] = Reply(False, "The disk is full.")
    page.roles.boxes["code"].enter("openai/gpt-5")
    page.strategy.radios["ram"].click()
    await it.press(OK)
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings]
    assert it.dialog.message.text() == "The disk is full."
    assert page.roles.value == {"code": "openai/gpt-5"}
    assert page.strategy.chosen == "ram"


async def test_what_the_environment_sets_cannot_be_changed_here(qtbot: QtBot) -> None:
    variables = {"roles": "TRAYAPP_ROLES", "warm_at_launch": "TRAYAPP_WARM", "local_exceptions": "TRAYAPP_X"}
    it = await ready(Opened, qtbot=qtbot, forced=variables | {"default_route": "TRAYAPP_DEFAULT"})
    publish(it, roles={"code": "openai/gpt-5"}, default_route="code", warm_at_launch=("ollama/a",))
    it.dialog.show_page(LOCAL)
    page = it.local
    assert not page.roles.boxes["code"].isEnabled()
    assert not page.exceptions.model.isEnabled()
    assert not page.launch.list.isEnabled()
    assert not page.routes.default.isEnabled()
    for label, variable in ((page.roles._forced, "TRAYAPP_ROLES"), (page.routes.default_note, "TRAYAPP_DEFAULT")):
        assert variable in label.text()
    assert not page.dirty
    assert page.applied(SETTINGS) == SETTINGS
    await it.desk.settle()


# -- roles and the start ----------------------------------------------------------------------------


async def test_a_role_has_to_be_a_model_and_says_so_beside_it(opened: Open) -> None:
    it, page = await shown(opened)
    page.tabs.setCurrentIndex(3)
    page.roles.boxes["fast"].enter("qwen")
    assert "ACCOUNT/MODEL" in page.roles._notes["fast"].text()
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert page.roles.isVisible()
    assert "Fast" in it.dialog.message.text()
    page.roles.boxes["fast"].enter("home/qwen")
    assert "no account “home”" in page.roles._notes["fast"].text()
    await it.press(OK)
    assert saved(it).roles == {"fast": "home/qwen"}, "what leads nowhere yet may be saved"


async def test_roles_offer_the_models_that_are_known(opened: Open) -> None:
    _it, page = await shown(opened)
    names = list(page.roles.boxes["code"].offered)
    assert "ollama/qwen2.5:7b" in names
    assert "openai/gpt-5" in names


async def test_the_list_for_the_start_has_an_order(opened: Open) -> None:
    it, page = await shown(opened)
    box = page.launch
    for name in ("ollama/a", "ollama/b", "ollama/c", "ollama/a"):
        box.model.enter(name)
        box.add_button.click()
    box.model.enter("nonsense")
    assert not box.add_button.isEnabled()
    assert box.problem_note.text()
    box.list.setCurrentRow(2)
    box.up_button.click()
    box.up_button.click()
    assert not box.up_button.isEnabled()
    box.list.setCurrentRow(1)
    box.down_button.click()
    box.list.setCurrentRow(1)
    box.remove_button.click()
    await it.press(APPLY)
    assert saved(it).warm_at_launch == ("ollama/c", "ollama/a")
