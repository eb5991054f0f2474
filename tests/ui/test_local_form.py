"""The page “Local models” as data: what strategies say, what stands in the table, and what can be loaded."""

from __future__ import annotations

import msgspec
import pytest

from trayapp.core.intents import Keep, WarmUp
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.local.advice import advised
from trayapp.local.residency import NEVER, Installed, Loading, Note, Resident, ServerState, Standing, View
from trayapp.local.stats import Usual
from trayapp.ui import local_form
from trayapp.ui.local_form import Line

NOW = 1_750_000_000.0
GB = 10**9
QWEN = Resident("a", "qwen2.5:7b", 6 * GB, 3 * GB, NOW + 60, NOW + 60)
STATE = State(strategy="ram")
OLLAMA = View("ollama", Standing(ServerState.RUNNING), (QWEN,), looked=NOW)


def lines(*views: View, state: State = STATE) -> tuple[Line, ...]:
    return local_form.lines(views, {"ollama": "Ollama"}, NOW, state)


def test_every_strategy_is_offered_with_its_figures_and_to_leave_models_alone_without() -> None:
    options = local_form.options(Settings())
    assert [it.label for it in options] == ["RAM", "SSD", "None", "Not managed"]
    assert "up to 3 models" in options[0].text
    assert "1 model" in options[1].text
    assert "right after its answer" in options[2].text
    assert "Not managed" in options[3].text
    figures = {it.id: it.figures for it in options}
    for words in ("high, typically 20–40 GB", "64 GB", "32 GB", "1–2 s"):
        assert words in figures["ram"]
    for words in ("low", "4–8 GB", "16 GB", "20–30 s"):
        assert words in figures["ssd"]
    for words in ("minimal", "2–4 GB", "Raspberry Pi", "20–30 s"):
        assert words in figures["none"]
    assert figures[local_form.UNMANAGED] == ""


def test_measured_times_stand_in_place_of_the_general_ones() -> None:
    options = local_form.options(Settings(), Usual(cold=24.3, cached=3.25))
    for option in options[:3]:
        assert "measured here 3.2 s from the file cache, 24 s from the disk" in option.figures
        assert "20–30" not in option.figures
    (ram, *_others) = local_form.options(Settings(), Usual(cold=90))
    assert "measured here 1 min 30 s from the disk" in ram.figures
    (ram, *_others) = local_form.options(Settings(), Usual(any=12))
    assert "measured here 12 s." in ram.figures


def test_nothing_is_suggested_where_all_servers_are_elsewhere() -> None:
    made = advised(64 * 2**30)
    far = View("ollama", Standing(ServerState.RUNNING, remote=True), looked=NOW)
    for views in ((), (OLLAMA, far), (far, OLLAMA)):
        told = local_form.suggested(made, views)
        assert told.strategy == "ram"
        assert "64 GB" in told.text
    told = local_form.suggested(made, (far,))
    assert told.strategy is None
    assert "another computer" in told.text
    assert local_form.suggested(None, ()).strategy is None


def test_a_loaded_model_is_a_line_with_its_share_of_the_gpu() -> None:
    (line,) = lines(OLLAMA)
    assert line.cells == ("qwen2.5:7b", "Ollama", "6 GB", "50 % GPU", "1 min", "")
    assert line.ref == ModelRef("ollama", "qwen2.5:7b")
    assert "leaves in 1 min" in line.detail
    assert len(line.cells) == len(local_form.columns())


def test_models_stand_by_name_and_do_not_move_when_they_are_used() -> None:
    other = msgspec.structs.replace(QWEN, key="b", name="aya:8b")
    view = msgspec.structs.replace(OLLAMA, residents=(QWEN, other))
    assert [it.ref.model for it in lines(view)] == ["aya:8b", "qwen2.5:7b"]


def test_what_a_server_does_not_say_is_left_empty() -> None:
    odd = View("other", residents=(Resident("k", "m", 0, 0, NEVER, NEVER),))
    (line,) = lines(odd)
    assert line.cells[1:4] == ("other", "", "")


def test_a_model_kept_by_hand_can_be_let_go_and_one_kept_by_an_exception_cannot() -> None:
    kept = msgspec.structs.replace(QWEN, kept=True)
    view = msgspec.structs.replace(OLLAMA, residents=(kept,))
    (by_hand,) = lines(view, state=State(strategy="ram", kept=(ModelRef("ollama", "qwen2.5:7B"),)))
    assert by_hand.keep == Keep(by_hand.ref, on=False)
    (by_exception,) = lines(view)
    assert by_exception.keep is None
    assert "exception" in by_exception.detail
    (free,) = lines(OLLAMA)
    assert free.keep == Keep(free.ref)
    (unmanaged,) = lines(OLLAMA, state=State())
    assert unmanaged.keep is None


def test_what_is_leaving_or_cannot_leave_is_not_told_to() -> None:
    leaving = msgspec.structs.replace(QWEN, leaving=True)
    deleted = msgspec.structs.replace(QWEN, note=Note.DELETED)
    for resident in (leaving, deleted):
        (line,) = lines(msgspec.structs.replace(OLLAMA, residents=(resident,)))
        assert not line.can_leave


def test_where_nothing_is_shown_it_is_said_why() -> None:
    down = View("lmstudio", Standing(ServerState.NOT_RUNNING))
    assert "No local server" in local_form.nothing(())
    assert "Looking" in local_form.nothing((down, View("ollama")))
    assert local_form.nothing((down,)) == ""
    assert local_form.nothing((down, OLLAMA)) == "Nothing is loaded."
    told = local_form.standings((OLLAMA, down), {"ollama": "Ollama", "lmstudio": "LM Studio"})
    assert told.splitlines()[0] == "Ollama is running."
    assert "LM Studio is not running" in told.splitlines()[1]


@pytest.mark.parametrize(
    ("load", "told"),
    [
        (Loading("m", NOW - 12), "loading, 12 s"),
        (Loading("m", NOW - 12, usual=24), "loading, 12 s, usually 24 s"),
        (Loading("m", NOW - 12, waiting=True, usual=24), "waits for another load"),
        (Loading("m", NOW - 300, stuck=True), "loading, 5 min, longer than it should; room is being made"),
        (Loading("m", NOW + 5), "loading, 0 s"),
    ],
)
def test_a_load_says_how_long_it_takes_already(load: Loading, told: str) -> None:
    view = View("ollama", loading=(load,))
    (line,) = lines(view)
    assert line.loading
    assert line.cells[-1] == told
    progress = local_form.progress((view,), NOW)
    assert progress is not None
    assert progress.text == f"m: {told}."
    assert progress.usual == (None if load.waiting else load.usual)


def test_of_several_loads_the_one_under_way_is_shown_and_the_others_are_counted() -> None:
    views = (
        View("ollama", loading=(Loading("late", NOW - 50, waiting=True), Loading("now", NOW - 3))),
        View("lmstudio", loading=(Loading("later", NOW - 1, waiting=True),)),
    )
    progress = local_form.progress(views, NOW)
    assert progress is not None
    assert progress.ref == ModelRef("ollama", "now")
    assert progress.text.endswith("2 more are waiting.")
    assert local_form.progress((OLLAMA,), NOW) is None


def test_what_runs_in_a_cloud_cannot_be_warmed_up() -> None:
    view = View("ollama", installed=(Installed("a", "a:1b"), Installed("b", "b:cloud", remote=True)))
    assert local_form.installed((view, View("lmstudio", installed=(Installed("a", "a:1b"),)))) == (
        ModelRef("ollama", "a:1b"),
        ModelRef("lmstudio", "a:1b"),
    )
    assert local_form.names((view, View("lmstudio", installed=(Installed("a", "a:1b"),)))) == ("a:1b",)
    assert local_form.warming("ollama/hf.co/x/y:q4") == WarmUp(ModelRef("ollama", "hf.co/x/y:q4"))
    assert local_form.warming("ollama") is None


def test_the_help_of_a_table_does_not_explain_how_to_type_it_on_a_line() -> None:
    assert "never unloaded" in local_form.help("local_exceptions")
    assert "=" not in local_form.help("local_exceptions")
