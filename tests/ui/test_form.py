"""The settings form is read off the declared preferences, and checks what is typed in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core import schema
from trayapp.core.settings import DESKTOP, GENERAL, MODELS, PROVIDERS, Settings
from trayapp.ui import form
from trayapp.ui.form import Field, Shape


def field(name: str, settings: Settings | None = None) -> Field:
    found = (it for page in form.pages(settings or Settings()) for it in page.fields if it.name == name)
    return next(found)


def test_every_preference_stands_on_exactly_one_page() -> None:
    names = [it.name for page in form.pages(Settings()) for it in page.fields]
    assert sorted(names) == sorted(schema.preferences())


def test_the_pages_begin_with_general_and_end_with_about() -> None:
    names = [page.name for page in form.pages(Settings())]
    assert names[:4] == [GENERAL, DESKTOP, PROVIDERS, MODELS]
    assert names[-1] == form.ABOUT


def test_a_field_says_what_it_is_and_what_holds() -> None:
    wait = field("tray_wait", Settings(tray_wait=30))
    assert (wait.shape, wait.value, wait.default, wait.unit) == (Shape.NUMBER, "30", "15", "seconds")
    assert "0" in wait.limits
    assert "600" in wait.limits
    assert field("notify_switch").shape is Shape.SWITCH
    assert field("notify_switch").value == form.ON


@pytest.mark.parametrize("text", ["", "ninety", "601", "-1", "1.5", "15 s"])
def test_what_cannot_be_a_number_in_limits_is_said_in_words(text: str) -> None:
    assert form.check(field("tray_wait"), text) == "A whole number from 0 to 600."


@pytest.mark.parametrize("text", ["0", "600", " 15 "])
def test_what_can_be_saved_is_not_complained_about(text: str) -> None:
    assert form.check(field("tray_wait"), text) == ""


def test_changes_are_made_together_and_leave_the_rest() -> None:
    before = Settings(confirm_switch=True)
    after = form.changed(before, {"tray_wait": " 20 ", "notify_switch": form.OFF})
    assert (after.tray_wait, after.notify_switch, after.confirm_switch) == (20, False, True)


def test_one_bad_change_changes_nothing() -> None:
    with pytest.raises(ValueError, match="600"):
        form.changed(Settings(), {"notify_switch": form.OFF, "tray_wait": "x"})


def test_every_default_passes_its_own_check() -> None:
    for page in form.pages(Settings()):
        for it in page.fields:
            assert form.check(it, it.value) == "", it.name


def test_access_keys_prefer_the_beginnings_of_words() -> None:
    assert form.access_keys(("Set key…", "Test key", "Save")) == ("&Set key…", "&Test key", "S&ave")


def test_access_keys_leave_taken_letters_and_double_ampersands() -> None:
    assert form.access_keys(("R&D", "Run"), taken="rd") == ("R&&D", "R&un")


_TEXT = st.text(st.characters(exclude_characters="\0"), max_size=12)


@given(st.lists(_TEXT, max_size=40), st.text(max_size=5))
def test_no_two_labels_share_an_access_key(labels: list[str], taken: str) -> None:
    keys = []
    for label, plain in zip(form.access_keys(labels, taken), labels, strict=True):
        marks = label.replace("&&", "\0")
        shown = re.sub(r"\(&[A-Z]\)", "", marks)  # where no letter of it can be typed, one is added in brackets
        assert shown.replace("&", "").replace("\0", "&") == plain
        if "&" in marks:
            keys.append(marks[marks.index("&") + 1].casefold())
    assert len(keys) == len(set(keys))
    assert not set(keys) & set(taken.casefold())


def test_a_table_is_a_line_of_text_in_the_form_of_the_command_line() -> None:
    settings = Settings(provider_ttl_overrides={"ollama": 300, "anthropic": 86400})
    overrides = field("provider_ttl_overrides", settings)
    assert (overrides.shape, overrides.value) == (Shape.TEXT, "ollama=300,anthropic=86400")
    assert "NAME=SECONDS" in overrides.help
    assert "“ollama” has to be a whole number" in form.check(overrides, "ollama=soon")
    assert "NAME=NUMBER" in form.check(overrides, "ollama")
    after = form.changed(settings, {"provider_ttl_overrides": "groq=5"})
    assert after.provider_ttl_overrides == {"groq": 5}, "in the form the whole text counts"
    assert "not one of these: local" in form.check(field("timeouts"), "quick.receive=3")


def test_a_field_says_which_variable_sets_it() -> None:
    forced = {"tray_wait": "TRAYAPP_TRAY_WAIT"}
    found = {it.name: it for page in form.pages(Settings(), forced) for it in page.fields}
    assert found["tray_wait"].forced_by == "TRAYAPP_TRAY_WAIT"
    assert {it.forced_by for it in found.values() if it.name != "tray_wait"} == {""}


def test_every_page_says_what_it_is_for_and_where_the_guide_says_more() -> None:
    guide = Path(__file__).parents[2] / "resources" / "help"
    for page in form.pages(Settings()):
        assert page.about.endswith("."), page.name
        assert (guide / f"{page.guide}.md").is_file() or page.name == form.ABOUT


def test_where_no_letter_can_be_typed_a_latin_one_stands_in_brackets() -> None:
    assert form.access_keys(("常规", "添加…", "API")) == ("常规(&A)", "添加(&B)…", "A&PI")
    assert form.access_letters(form.access_keys(("常规", "添加…"))) == "AB"
