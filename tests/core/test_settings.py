"""Every preference says what it is, where it stands and what may be entered."""

from __future__ import annotations

import msgspec
import pytest

from trayapp.core import schema
from trayapp.core.gateway_settings import no_origin, no_path
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, Settings

ALL = list(schema.preferences().values())
every_preference = pytest.mark.parametrize("preference", ALL, ids=lambda it: it.name)


@every_preference
def test_it_has_a_label_and_a_page(preference: schema.Preference) -> None:
    assert preference.label
    assert preference.label != preference.name
    assert preference.label[0].isupper()
    assert preference.page in (GENERAL, DESKTOP, PROVIDERS, MODELS, LOCAL, GATEWAY)


@every_preference
def test_its_help_is_whole_sentences(preference: schema.Preference) -> None:
    assert not preference.help or preference.help.endswith(".")


@every_preference
def test_it_has_limits_and_its_default_is_within_them(preference: schema.Preference) -> None:
    if preference.type is int:
        assert preference.minimum is not None
        assert preference.maximum is not None
        assert preference.minimum <= preference.default <= preference.maximum
    elif preference.type is str:
        assert preference.default in (preference.choices or [""])
    elif preference.type is tuple:
        assert preference.default == ()
    elif preference.type is dict:
        assert preference.default == {}
    else:
        assert preference.type is bool
    if preference.type is not bool:
        assert schema.limits(preference).endswith(".")


@every_preference
def test_one_step_past_its_limits_is_refused_by_the_file_and_by_the_command_line(preference: schema.Preference) -> None:
    if preference.type is not int:
        return
    assert preference.minimum is not None
    assert preference.maximum is not None
    for bad in (preference.minimum - 1, preference.maximum + 1):
        assert schema.read_settings({preference.name: bad})[1]
        with pytest.raises(ValueError, match="whole number"):
            schema.change(Settings(), preference.name, str(bad))
    for good in (preference.minimum, preference.maximum):
        assert getattr(schema.read_settings({preference.name: good})[0], preference.name) == good


def test_everything_but_the_version_and_what_has_pages_of_its_own_is_a_preference() -> None:
    fields = {field.name for field in msgspec.structs.fields(Settings)}
    assert fields - {it.name for it in ALL} == {"version", "accounts", "provider_order", "rules"}


def test_they_come_page_by_page() -> None:
    pages = [it.page for it in ALL]
    assert list(dict.fromkeys(pages)) == [GENERAL, DESKTOP, MODELS, LOCAL, GATEWAY]
    assert pages == sorted(pages, key=[GENERAL, DESKTOP, MODELS, LOCAL, GATEWAY].index)


def test_no_field_of_an_account_or_of_the_settings_could_hold_a_key() -> None:
    from trayapp.core.accounts import Account
    from trayapp.core.state import State

    names = {*Account.__struct_fields__, *Settings.__struct_fields__, *State.__struct_fields__}
    names -= {"gateway_without_token"}  # paths
    assert not {name for name in names if name.endswith(("key", "token", "secret", "password"))}


@every_preference
def test_its_default_as_typed_is_its_default_again(preference: schema.Preference) -> None:
    text = schema.typed(preference.default)
    assert getattr(schema.change(Settings(), preference.name, text), preference.name) == preference.default


def test_the_latency_classes_are_those_of_the_providers_table() -> None:
    from trayapp.core.settings import LATENCIES, Waits
    from trayapp.providers.spec import TIMEOUTS, Timeouts

    assert list(LATENCIES) == list(TIMEOUTS)
    assert Waits.__struct_fields__ == Timeouts.__struct_fields__


def test_what_the_program_waits_for_is_within_the_limits_for_changes() -> None:
    """S4-11 to S4-13: the documents' own figures can be typed."""
    from trayapp.providers.spec import TIMEOUTS

    for name, times in TIMEOUTS.items():
        for figure in times.__struct_fields__:
            text = f"{name}.{figure}={getattr(times, figure):g}"
            assert schema.typed(schema.change(Settings(), "timeouts", text).timeouts) == text


def test_strategies_are_those_of_the_catalogue() -> None:
    from trayapp.catalog.freshness import Strategy
    from trayapp.core.settings import STRATEGIES

    assert list(STRATEGIES) == list(Strategy)


@pytest.mark.parametrize("text", ["api/", "/a b", "*", ""])
def test_what_is_no_beginning_of_a_path_is_refused(text: str) -> None:
    assert "such as /api/" in no_path(text)
    assert no_path("/api/") == ""


@pytest.mark.parametrize("text", ["*", "null", "https://a/b", "https://", "https://*", "https://u@h", "obsidian.md"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    assert "no origin" in no_origin(text)


@pytest.mark.parametrize("text", ["app://obsidian.md", "https://a.example:8443", "http://localhost"])
def test_an_origin_is_taken(text: str) -> None:
    assert no_origin(text) == ""
