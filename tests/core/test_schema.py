"""Settings and state as they were stored: lenient with parts, strict with versions."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core import schema, settings, state
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.models import ModelRef
from trayapp.core.rules import ROLES
from trayapp.core.settings import LONGEST_TTL, Settings, Waits
from trayapp.core.state import State

SAMPLES = Path(__file__).parent.parent / "samples"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def test_settings_of_version_1_are_read_whole() -> None:
    read, problems = schema.read_settings(tomllib.loads((SAMPLES / "settings/v1.toml").read_text()))
    assert problems == ()
    assert read == Settings(
        notify_switch=False,
        confirm_switch=True,
        inline_models=30,
        default_ttl_seconds=7200,
        model_cache_strategy="aggressive",
        provider_ttl_overrides={"openai": 600, "ollama": 60},
        accounts=(
            Account("openai", "openai", "OpenAI – work"),
            Account("openai-private", "openai", enabled=False, key_from=KeyFrom.ENVIRONMENT),
            Account("azure", "azure-openai", values={"resource": "contoso"}, timeouts="slow", ttl=300),
            Account("lab", "openai-compatible", base_url="http://192.168.15.14:8000/v1", strategy="fresh"),
        ),
    )


def test_state_of_version_1_is_read_whole() -> None:
    read, problems = schema.read_state(json.loads((SAMPLES / "state/v1.json").read_text()))
    assert problems == ()
    assert read == State(
        active=ModelRef("openai", "gpt-5"),
        keyed=("openai@https://api.openai.com:443",),
        strategy="ram",
        pinned=(ModelRef("lab", "org/model:7b"),),
        recent=(ModelRef("openai", "gpt-5"), ModelRef("lab", "org/model:7b")),
        seen=("ollama",),
        told=("no-keyring",),
    )


def test_every_version_so_far_has_a_stored_example() -> None:
    for version in range(1, settings.VERSION + 1):
        raw = tomllib.loads((SAMPLES / f"settings/v{version}.toml").read_text())
        assert raw["version"] == version
        assert schema.read_settings(raw)[1] == ()
    for version in range(1, state.VERSION + 1):
        raw = json.loads((SAMPLES / f"state/v{version}.json").read_text())
        assert raw["version"] == version
        assert schema.read_state(raw)[1] == ()


def test_every_older_version_has_a_way_to_the_next() -> None:
    assert sorted(schema.SETTINGS_MIGRATIONS) == list(range(1, settings.VERSION))
    assert sorted(schema.STATE_MIGRATIONS) == list(range(1, state.VERSION))


def test_versions_are_migrated_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []

    def step(version: int) -> schema.Migration:
        def migrate(raw: schema.Raw) -> schema.Raw:
            steps.append(version)
            return {**raw, "inline_models": raw.pop(f"inline_v{version}", raw.get("inline_models", 0)) + 1}

        return migrate

    monkeypatch.setattr(settings, "VERSION", 3)
    monkeypatch.setattr(schema, "SETTINGS_MIGRATIONS", {1: step(1), 2: step(2)})
    raw = {"version": 1, "inline_v1": 7}
    read, problems = schema.read_settings(raw)
    assert (read.inline_models, problems, steps) == (9, (), [1, 2])
    assert raw == {"version": 1, "inline_v1": 7}, "what was read is not changed under its reader"


@pytest.mark.parametrize("read", [schema.read_settings, schema.read_state])
def test_a_newer_version_is_not_guessed_at(read: Any) -> None:
    with pytest.raises(schema.NewerVersionError):
        read({"version": 999})


@pytest.mark.parametrize("version", [None, "1", 0, -1, 1.5, True, []])
def test_a_version_that_is_none_counts_as_the_first(version: Any) -> None:
    assert schema.read_settings({"version": version, "tray_wait": 20})[0].tray_wait == 20


def test_one_bad_part_costs_only_itself_and_is_named() -> None:
    read, problems = schema.read_settings({"tray_wait": "soon", "inline_models": 30, "submenu_models": 5})
    assert read == Settings(inline_models=30)
    assert len(problems) == 2
    assert "tray_wait" in problems[0]
    assert "submenu_models" in problems[1]


def test_one_bad_account_costs_only_itself() -> None:
    raw = [{"id": "a", "spec": "x"}, {"id": "b"}, 7, {"id": "a", "spec": "y"}, {"id": "c", "spec": "z"}]
    read, problems = schema.read_settings({"accounts": raw})
    assert [(it.id, it.spec) for it in read.accounts] == [("a", "x"), ("c", "z")]
    assert len(problems) == 3
    assert "Account 2" in problems[0]
    assert "“a”" in problems[2]


def test_one_bad_part_of_the_state_keeps_the_choice() -> None:
    read, problems = schema.read_state({"active": ["a", "b/c"], "pinned": [["only one"]], "strategy": 4})
    assert read == State(active=ModelRef("a", "b/c"))
    assert len(problems) == 2


@given(st.dictionaries(st.sampled_from([*Settings.__struct_fields__, "unknown"]), JSON))
def test_whatever_stands_in_the_settings_they_can_be_read(raw: dict[str, Any]) -> None:
    try:
        read, _problems = schema.read_settings(raw)
    except schema.NewerVersionError:
        return
    again, problems = schema.read_settings(schema.dump(read))
    assert (again, problems) == (read, ())


@given(st.dictionaries(st.sampled_from([*State.__struct_fields__, "unknown"]), JSON))
def test_whatever_stands_in_the_state_it_can_be_read(raw: dict[str, Any]) -> None:
    try:
        read, _problems = schema.read_state(raw)
    except schema.NewerVersionError:
        return
    again, problems = schema.read_state(json.loads(msgspec.json.encode(schema.dump(read))))
    assert (again, problems) == (read, ())


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert schema.dump(Settings()) == {"version": settings.VERSION}
    assert schema.dump(Settings(tray_wait=3)) == {"version": settings.VERSION, "tray_wait": 3}
    warm = Settings(tray_wait=3, warm_at_launch=("ollama/a",))
    assert schema.dump(warm) == {"version": settings.VERSION, "tray_wait": 3, "warm_at_launch": ("ollama/a",)}
    assert next(iter(schema.dump(warm))) == "version", "so it is the first line of a new file"
    assert schema.dump(State(active=ModelRef("a", "b"))) == {"version": state.VERSION, "active": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("notify_switch", "off", False),
        ("notify_switch", " YES ", True),
        ("confirm_switch", "1", True),
        ("tray_wait", "600", 600),
        ("inline_models", "0", 0),
        ("model_cache_strategy", "fresh", "fresh"),
        ("provider_ttl_overrides", "ollama=300, anthropic = 86400", {"ollama": 300, "anthropic": 86400}),
        ("provider_ttl_overrides", "ollama=", {}),
        ("provider_ttl_overrides", "", {}),
        ("timeouts", "fast.receive=20,slow.retries=1", {"fast": Waits(receive=20), "slow": Waits(retries=1)}),
        ("timeouts", "local.base_delay=0.5", {"local": Waits(base_delay=0.5)}),
        ("refresh_when_metered", "on", True),
        ("ram_eviction", "immediate", "immediate"),
        (
            "local_exceptions",
            "qwen2.5:7b=never, hf.co/a/b:Q4=always",
            {"qwen2.5:7b": "never", "hf.co/a/b:Q4": "always"},
        ),
        ("roles", "code=ollama/a:7b,fast=lab/org/b=1", {"code": "ollama/a:7b", "fast": "lab/org/b=1"}),
        ("roles", "code=", {}),
        ("warm_at_launch", "ollama/a:7b, ollama/b,,ollama/a:7b", ("ollama/a:7b", "ollama/b")),
        ("warm_at_launch", "", ()),
        ("default_route", " primary ", "primary"),
        ("default_route", "ollama/qwen2.5:32b", "ollama/qwen2.5:32b"),
        ("default_route", "", ""),
    ],
)
def test_a_preference_is_set_from_what_was_typed(name: str, text: str, value: object) -> None:
    assert getattr(schema.change(Settings(), name, text), name) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notify_switch", "maybe", "neither on nor off"),
        ("tray_wait", "601", "from 0 to 600"),
        ("tray_wait", "-1", "from 0 to 600"),
        ("tray_wait", "soon", "from 0 to 600"),
        ("tray_wait", "1.5", "from 0 to 600"),
        ("model_cache_strategy", "sometimes", "moderate"),
        ("model_cache_strategy", "fresher", "moderate"),
        ("provider_ttl_overrides", "ollama", "of the form NAME=NUMBER"),
        ("provider_ttl_overrides", "=300", "of the form NAME=NUMBER"),
        ("provider_ttl_overrides", "a=1,b=2,a=3", "“a” stands there twice"),
        ("provider_ttl_overrides", "ollama=-1", "“ollama” has to be a whole number from 0 to 31536000"),
        ("provider_ttl_overrides", "ollama=31536001", "from 0 to 31536000"),
        ("provider_ttl_overrides", "ollama=1.5", "whole number"),
        ("timeouts", "fast=20", "is not one of these: connect, receive"),
        ("timeouts", "quick.receive=20", "“quick” is not one of these: local, fast, medium, slow"),
        ("timeouts", "fast.recieve=20", "“recieve” is not one of these: connect"),
        ("timeouts", "fast.receive=0", "“fast.receive” has to be a number from 0.1 to 600"),
        ("timeouts", "fast.receive=nan", "from 0.1 to 600"),
        ("timeouts", "fast.receive=inf", "from 0.1 to 600"),
        ("timeouts", "fast.retries=2.5", "“fast.retries” has to be a whole number from 0 to 10"),
        ("timeouts", "fast.retries=11", "from 0 to 10"),
        ("ram_max_models", "0", "from 1 to 64"),
        ("ram_eviction", "oldest", "lru, immediate"),
        ("local_exceptions", "a", "of the form NAME=VALUE"),
        ("local_exceptions", "a=sometimes", "“a” has to be “never” or “always”"),
        ("roles", "quick=ollama/a", "“quick” is not one of these: primary, code, fast, embedding"),
        ("roles", "code=qwen", "“qwen” is not of the form ACCOUNT/MODEL"),
        ("roles", "code=fast", "“fast” is not of the form ACCOUNT/MODEL"),
        ("roles", "code=/a", "ACCOUNT/MODEL"),
        ("roles", "code", "of the form NAME=VALUE"),
        ("warm_at_launch", "ollama/a,b", "“b” is not of the form ACCOUNT/MODEL"),
        ("default_route", "qwen", "“qwen” is neither a role .primary, code, fast, embedding. nor"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_the_limits(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        schema.change(Settings(), name, text)


@pytest.mark.parametrize("name", ["version", "accounts", "rules", "no_such"])
def test_what_is_no_preference_cannot_be_set(name: str) -> None:
    with pytest.raises(KeyError):
        schema.change(Settings(), name, "1")


def test_a_table_is_replaced_or_changed_entry_by_entry() -> None:
    before = Settings(provider_ttl_overrides={"ollama": 300, "groq": 60}, timeouts={"fast": Waits(20, 30)})
    whole = schema.change(before, "provider_ttl_overrides", "groq=5")
    assert whole.provider_ttl_overrides == {"groq": 5}
    onto = schema.change(before, "provider_ttl_overrides", "groq=5,openai=7,ollama=", onto=True)
    assert onto.provider_ttl_overrides == {"groq": 5, "openai": 7}
    assert schema.change(before, "provider_ttl_overrides", " ", onto=True).provider_ttl_overrides == {}
    onto = schema.change(before, "timeouts", "fast.connect=,fast.retries=1,slow.pool=2", onto=True)
    assert onto.timeouts == {"fast": Waits(receive=30, retries=1), "slow": Waits(pool=2)}
    assert schema.change(onto, "timeouts", "slow.pool=", onto=True).timeouts == {"fast": Waits(receive=30, retries=1)}
    assert before.timeouts == {"fast": Waits(20, 30)}, "what was is not changed under its holders"


def test_a_key_that_went_astray_is_not_repeated(canary: str) -> None:
    for name, text in (
        ("provider_ttl_overrides", canary),
        ("provider_ttl_overrides", f"{canary}=x"),
        ("timeouts", f"{canary}=1"),
        ("notify_switch", canary),
        ("local_exceptions", f"{canary}=x"),
        ("roles", f"code={canary}"),
        ("warm_at_launch", canary),
        ("default_route", canary),
    ):
        with pytest.raises(ValueError, match="…") as said:
            schema.change(Settings(), name, text)
        assert canary not in str(said.value)


FIGURES = st.floats(0.1, 60) | st.integers(1, 60).map(float)
WAITS = st.builds(Waits, connect=st.none() | FIGURES, receive=FIGURES, retries=st.none() | st.integers(0, 10))


@given(
    st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True), st.integers(0, 31_536_000)),
    st.dictionaries(st.sampled_from(["local", "fast", "medium", "slow"]), WAITS),
)
def test_any_table_can_be_typed_as_it_is_shown(overrides: dict[str, int], timeouts: Any) -> None:
    made = schema.change(Settings(), "provider_ttl_overrides", schema.typed(overrides))
    made = schema.change(made, "timeouts", schema.typed(timeouts))
    assert (made.provider_ttl_overrides, made.timeouts) == (overrides, timeouts)
    assert schema.read_settings(schema.dump(made)) == (made, ())


def test_one_bad_entry_of_a_table_costs_only_itself() -> None:
    raw = {
        "provider_ttl_overrides": {"ollama": 300, "groq": -1, "openai": "soon"},
        "timeouts": {"fast": {"receive": 20}, "slow": {"retries": 99}, "quick": {"receive": 1}},
    }
    read, problems = schema.read_settings(raw)
    assert (read.provider_ttl_overrides, read.timeouts) == ({"ollama": 300}, {"fast": Waits(receive=20)})
    assert len(problems) == 4
    assert "provider_ttl_overrides.groq" in problems[0]
    assert "timeouts.slow" in problems[2]
    assert schema.read_settings({"timeouts": 7})[1][0].startswith("“timeouts” was not usable")


def test_figures_of_an_account_that_cannot_be_are_left_out_and_named() -> None:
    raw = {"id": "a", "spec": "x", "ttl": -5, "strategy": "lazy", "timeouts": "quick", "name": "A"}
    read, problems = schema.read_settings({"accounts": [raw, {"id": "b", "spec": "x", "ttl": 60}]})
    assert read.accounts == (Account("a", "x", "A"), Account("b", "x", ttl=60))
    assert [problem.partition(" ")[0] for problem in problems] == ["“ttl”", "“strategy”", "“timeouts”"]
    assert "moderate" in problems[1]


@pytest.mark.parametrize(("ttl", "problems"), [(0, 0), (1, 0), (LONGEST_TTL, 0), (-1, 1), (LONGEST_TTL + 1, 1)])
def test_an_age_of_an_account_may_be_up_to_a_year(ttl: int, problems: int) -> None:
    read, told = schema.read_settings({"accounts": [{"id": "a", "spec": "x", "ttl": ttl}]})
    assert (read.accounts[0].ttl, len(told)) == (None if problems else ttl, problems)
    assert bool(schema.complaints(Account("a", "x", ttl=ttl))) == bool(problems)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ttl", " 600 ", 600),
        ("ttl", "0", 0),
        ("ttl", "31536000", LONGEST_TTL),
        ("ttl", "", None),
        ("strategy", "fresh", "fresh"),
        ("strategy", "", ""),
        ("timeouts", "slow", "slow"),
        ("timeouts", " ", ""),
    ],
)
def test_a_figure_of_an_account_is_set_from_what_was_typed(name: str, text: str, value: object) -> None:
    before = Account("a", "x", timeouts="fast", ttl=5, strategy="aggressive")
    assert getattr(schema.change_account(before, name, text), name) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ttl", "-1", "0 to 31536000"),
        ("ttl", "31536001", "0 to 31536000"),
        ("ttl", "soon", "0 to 31536000"),
        ("ttl", "9" * 5000, "0 to 31536000"),
        ("ttl", "1.5", "0 to 31536000"),
        ("strategy", "lazy", "fresh, moderate, aggressive"),
        ("timeouts", "quick", "local, fast, medium, slow"),
    ],
)
def test_a_figure_that_cannot_be_is_answered_with_what_can(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        schema.change_account(Account("a", "x"), name, text)


def test_other_fields_of_an_account_are_not_set_there() -> None:
    for name in ("id", "spec", "enabled", "no_such", "values"):
        with pytest.raises(KeyError):
            schema.change_account(Account("a", "x"), name, "1")


@given(
    st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9._:/-]{0,8}", fullmatch=True), st.sampled_from(["never", "always"])),
    st.dictionaries(st.sampled_from(ROLES), st.from_regex(r"[a-z]{1,4}/[a-z0-9._:/=-]{1,8}", fullmatch=True)),
    st.lists(st.from_regex(r"[a-z]{1,4}/[a-z0-9._:/=-]{1,8}", fullmatch=True), unique=True).map(tuple),
)
def test_what_is_said_of_local_models_can_be_typed_as_it_is_shown(
    exceptions: Any, roles: Any, warm: tuple[str, ...]
) -> None:
    made = schema.change(Settings(), "local_exceptions", schema.typed(exceptions))
    made = schema.change(made, "roles", schema.typed(roles))
    made = schema.change(made, "warm_at_launch", schema.typed(warm))
    assert made == Settings(local_exceptions=exceptions, roles=roles, warm_at_launch=warm)
    assert schema.read_settings(schema.dump(made)) == (made, ())
