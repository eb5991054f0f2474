"""The submenu “Memory” as a value."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.core.accounts import Account
from trayapp.core.intents import CancelWarmUp, Keep, OpenSettings, SetStrategy, Unload, WarmUp
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.settings import LOCAL, PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.local.residency import Installed, Loading, Note, Resident, ServerState, Standing, View
from trayapp.ui.memory_menu import KEY, memory_menu
from trayapp.ui.menu import Shown, tray_view
from trayapp.ui.row import Row, Submenu

NOW = 1_750_000_000.0
NAMES = {"ollama": "Ollama"}
BOTH = {"ollama": "Ollama", "lmstudio": "LM Studio"}
RAM = State(strategy="ram")
UP, DOWN = Standing(ServerState.RUNNING, "0.33.0"), Standing(ServerState.NOT_RUNNING)
QWEN = Resident("d1", "qwen2.5:7b", 4_700_000_000, 4_700_000_000, NOW + 1800, NOW + 750)
PHI = Resident("d2", "phi4:14b", 9_100_000_000, 0, NOW + 1800, NOW + 90)


def made(*views: View, names: dict[str, str] = NAMES, state: State = RAM, **more: Any) -> Submenu:
    return memory_menu(views, names, settings=more.pop("settings", Settings()), state=state, now=NOW, **more)


def labels(menu: Submenu) -> list[str]:
    return ["---" if it is None else it.title if isinstance(it, Submenu) else it.label for it in menu.entries]


def submenu(menu: Submenu, beginning: str) -> Submenu:
    (found,) = (it for it in menu.entries if isinstance(it, Submenu) and it.title.startswith(beginning))
    return found


def row(menu: Submenu, beginning: str) -> Row:
    (found,) = (it for it in menu.entries if isinstance(it, Row) and it.label.startswith(beginning))
    return found


def test_everything_stands_in_its_order() -> None:
    view = View(
        "ollama",
        UP,
        (QWEN, PHI),
        (Loading("llama3.2:latest", NOW - 8.2, usual=24.0),),
        (Installed("d1", "qwen2.5:7b", 4_700_000_000), Installed("d3", "mistral:7b", 4_100_000_000)),
        NOW,
    )
    assert labels(made(view, View("lmstudio", DOWN), names=BOTH)) == [
        "RAM – keep 3 loaded, 30 min   typically 20–40 GB",
        "SSD – keep 1 loaded, 2 min   typically 4–8 GB",
        "None – unload after each answer   typically 2–4 GB",
        "Not managed – leave it to the servers",
        "A model that is not loaded typically takes 20–30 s to load.",
        "---",
        "Loaded now",
        "phi4:14b   9.1 GB · CPU · 1 min left",
        "qwen2.5:7b   4.7 GB · GPU · 12 min left",
        "Unload all",
        "---",
        "Loading llama3.2:latest – cancel   8 s, usually 24 s",
        "Warm up",
        "---",
        "LM Studio is not running – start it",
        "---",
        "Local models…",
    ]


@pytest.mark.parametrize("strategy", ["ram", "ssd", "none", None])
def test_one_strategy_is_marked_and_each_can_be_chosen(strategy: str | None) -> None:
    rows = made(state=State(strategy=strategy)).entries[:4]
    assert [it.intent for it in rows if isinstance(it, Row)] == [
        SetStrategy("ram"),
        SetStrategy("ssd"),
        SetStrategy("none"),
        SetStrategy(None),
    ]
    assert [it.intent for it in rows if isinstance(it, Row) and it.checked] == [SetStrategy(strategy)]
    assert {(it.checkable, it.group) for it in rows if isinstance(it, Row)} == {(True, "strategy")}


def test_figures_come_from_the_settings() -> None:
    own = Settings(ssd_max_models=2, ssd_keep_seconds=300)
    assert row(made(settings=own), "SSD").label.startswith("SSD – keep 2 loaded, 5 min")
    assert made(settings=own, state=State(strategy="ssd")).title == "Memory: SSD – keep 2 loaded, 5 min"


def test_the_users_own_load_time_takes_the_place_of_the_typical_one() -> None:
    assert "Your models usually take 12 s to load." in labels(made(load_seconds=12.3))
    assert "typically takes" not in " ".join(labels(made(load_seconds=12.3)))


def test_the_title_says_how_it_stands() -> None:
    def title(*loads: Loading, state: State = RAM) -> str:
        return made(View("ollama", UP, loading=loads), state=state).title

    assert title() == "Memory: RAM – keep 3 loaded, 30 min"
    assert title(state=State(strategy="none")) == "Memory: None – unload after each answer"
    assert title(state=State()) == "Memory: not managed"
    first, second = Loading("a:7b", NOW - 3), Loading("b:7b", NOW - 5, waiting=True)
    assert title(first) == "Memory: loading a:7b…"
    assert title(second, first, state=State()) == "Memory: loading a:7b and 1 more…"


# -- what is loaded -----------------------------------------------------------------------------------


def test_a_loaded_model_can_be_unloaded_and_kept() -> None:
    menu = submenu(made(View("ollama", UP, (QWEN,))), "qwen2.5:7b")
    ref = ModelRef("ollama", "qwen2.5:7b")
    unload, keep, line, fate = menu.entries
    assert unload == Row("Unload", Unload(ref))
    assert keep == Row("Keep in memory", Keep(ref, on=True), checkable=True)
    assert line is None
    assert fate == Row("It leaves in 12 min unless somebody uses it.", enabled=False)
    assert row(made(View("ollama", UP, (QWEN,))), "Unload all").intent == Unload()


def test_a_model_kept_by_hand_is_marked_and_let_go_by_the_same_row() -> None:
    kept = Resident("d1", "llama3.2:latest", 1, 1, NOW + 9, NOW + 9, kept=True)
    by_hand = State(strategy="ram", kept=(ModelRef("ollama", "llama3.2"),))
    keep = row(submenu(made(View("ollama", UP, (kept,)), state=by_hand), "llama3.2"), "Keep")
    assert (keep.checked, keep.group) == (True, "")
    assert keep.intent == Keep(ModelRef("ollama", "llama3.2:latest"), on=False)


def test_a_model_kept_by_an_exception_is_marked_and_let_go_in_the_settings_only() -> None:
    kept = Resident("d1", "llama3.2:latest", 1, 1, NOW + 9, NOW + 9, kept=True)
    keep = row(submenu(made(View("ollama", UP, (kept,))), "llama3.2"), "Keep")
    assert (keep.checked, keep.enabled, keep.intent) == (True, False, None)


def test_keeping_means_nothing_without_a_strategy() -> None:
    assert "Keep in memory" not in labels(submenu(made(View("ollama", UP, (QWEN,)), state=State()), "qwen"))


@pytest.mark.parametrize("more", [{"leaving": True}, {"note": Note.DELETED}])
def test_what_leaves_already_or_cannot_is_not_unloaded(more: dict[str, Any]) -> None:
    odd = Resident("d1", "qwen2.5:7b", 1, 1, NOW + 9, NOW + 9, **more)
    unload = row(submenu(made(View("ollama", UP, (odd,))), "qwen"), "Unload")
    assert (unload.enabled, unload.intent) == (False, None)


def test_two_models_that_change_places_on_the_server_keep_theirs_in_the_menu() -> None:
    one, other = made(View("ollama", UP, (QWEN, PHI))), made(View("ollama", UP, (PHI, QWEN)))
    assert one == other
    assert len({it.key for it in one.entries if isinstance(it, Submenu)}) == 2


def test_the_server_is_named_where_models_of_two_are_in_memory() -> None:
    studio = Resident("k", "qwen2.5-7b", 1_000_000_000, 0, NOW + 90, NOW + 90)
    alone = made(View("ollama", UP, (QWEN,)), View("lmstudio", UP), names=BOTH)
    assert "qwen2.5:7b   4.7 GB · GPU · 12 min left" in labels(alone)
    both = made(View("ollama", UP, (QWEN,)), View("lmstudio", UP, (studio,)), names=BOTH)
    assert "qwen2.5:7b (Ollama)   4.7 GB · GPU · 12 min left" in labels(both)
    assert "qwen2.5-7b (LM Studio)   1 GB · CPU · 1 min left" in labels(both)


@pytest.mark.parametrize(
    ("views", "names", "said"),
    [
        ((View("ollama", UP),), NAMES, "Nothing is loaded."),
        ((), NAMES, "Looking what is loaded…"),
        ((View("ollama"),), NAMES, "Looking what is loaded…"),
        ((View("ollama", DOWN),), NAMES, "Ollama is not running – start it"),
        ((), {}, "No local server was found – start Ollama or LM Studio"),
    ],
)
def test_an_empty_list_says_why_it_is_empty(views: tuple[View, ...], names: dict[str, str], said: str) -> None:
    menu = made(*views, names=names)
    assert labels(menu)[6] == said
    assert "Unload all" not in labels(menu)
    assert "Loaded now" not in labels(menu)


# -- what can be ----------------------------------------------------------------------------------------


def test_a_load_can_be_given_up() -> None:
    menu = made(View("ollama", UP, loading=(Loading("qwen2.5:32b", NOW - 2, waiting=True),)))
    loading = row(menu, "Loading qwen2.5:32b – cancel")
    assert loading.label.endswith("   waits for another load")
    assert loading.intent == CancelWarmUp(ModelRef("ollama", "qwen2.5:32b"))


def test_what_is_neither_loaded_nor_loading_nor_in_the_cloud_can_be_warmed_up() -> None:
    installed = (
        Installed("d1", "qwen2.5:7b"),
        Installed("d1", "my-alias:latest"),
        Installed("d5", "gpt-oss:120b-cloud", 317, remote=True),
        Installed("d6", "Llama3.2", 2_000_000_000),
        Installed("d7", "nomic-embed-text:latest", 274_000_000, embedding=True),
        Installed("d8", "mistral:7b"),
    )
    loading = (Loading("llama3.2:latest", NOW),)
    menu = submenu(made(View("ollama", UP, (QWEN,), loading, installed)), "Warm up")
    assert labels(menu) == ["mistral:7b", "nomic-embed-text:latest   0.3 GB · for embeddings"]
    assert row(menu, "mistral").intent == WarmUp(ModelRef("ollama", "mistral:7b"))
    assert labels(submenu(made(View("ollama", UP, installed=installed[:4])), "Warm up"))[-1] == "qwen2.5:7b"


def test_models_of_two_servers_to_warm_up_stand_under_their_names() -> None:
    views = (
        View("ollama", UP, installed=(Installed("a", "a:7b"),)),
        View("lmstudio", UP, installed=(Installed("b", "b-7b"),)),
    )
    assert labels(submenu(made(*views, names=BOTH), "Warm up")) == ["Ollama", "a:7b", "---", "LM Studio", "b-7b"]


def test_a_long_list_to_warm_up_is_cut_and_goes_on_in_the_settings() -> None:
    installed = tuple(Installed(str(n), f"m{n:03}:7b") for n in range(30))
    menu = submenu(made(View("ollama", UP, installed=installed), settings=Settings(submenu_models=20)), "Warm up")
    assert len(menu.entries) == 21
    assert menu.entries[-1] == Row("More…", OpenSettings(LOCAL))


def test_a_server_with_an_address_to_check_leads_there() -> None:
    wrong = row(made(View("ollama", Standing(ServerState.WRONG_PROGRAM))), "Another program")
    assert wrong.intent == OpenSettings(PROVIDERS, "ollama")
    assert row(made(View("ollama", DOWN)), "Ollama is not running").intent is None


def test_the_last_row_leads_to_the_page() -> None:
    assert made().entries[-1] == Row("Local models…", OpenSettings(LOCAL))


# -- in the menu ------------------------------------------------------------------------------------------

OLLAMA = Shown(Account("ollama", "ollama"), "Ollama", local=True)
GROQ = Shown(Account("groq", "groq"), "Groq", local=False)


def of_view(*accounts: Shown, **more: Any) -> Submenu | None:
    given: dict[str, Any] = {"settings": Settings(), "state": State(), "listings": {}} | more
    return tray_view(accounts, now=NOW, **given).local


def test_it_is_there_as_soon_as_a_local_server_is_or_a_strategy() -> None:
    assert of_view(GROQ) is None
    assert of_view(GROQ, OLLAMA) is None  # looked for, never answered
    assert of_view(OLLAMA, state=State(seen=("ollama",))) is not None
    assert of_view(OLLAMA, settings=Settings(accounts=(OLLAMA.account,))) is not None
    answered = Listing("ollama", (Model(ModelRef("ollama", "m")),), Source.API, NOW)
    assert of_view(OLLAMA, listings={"ollama": answered}) is not None
    assert of_view(GROQ, state=RAM) is not None


def test_a_server_without_loading_of_its_own_is_no_reason_for_it() -> None:
    box = Account("box", "openai-compatible", "Box")
    assert of_view(Shown(box, "Box", local=True), settings=Settings(accounts=(box,))) is None


def test_a_disabled_account_is_left_out_of_it() -> None:
    off = Shown(Account("ollama", "ollama", enabled=False), "Ollama", local=True)
    assert of_view(off, state=State(seen=("ollama",))) is None
    menu = of_view(off, state=RAM, local=(View("ollama", UP, (QWEN,)),))
    assert menu is not None
    assert "No local server was found – start Ollama or LM Studio" in labels(menu)


def test_it_shows_what_it_is_handed() -> None:
    menu = of_view(
        OLLAMA, state=State(strategy="ssd", seen=("ollama",)), local=(View("ollama", UP, (QWEN,)),), load_seconds=3.0
    )
    assert menu is not None
    assert (menu.key, menu.title) == (KEY, "Memory: SSD – keep 1 loaded, 2 min")
    assert "Your models usually take 3 s to load." in labels(menu)
    assert submenu(menu, "qwen2.5:7b")
