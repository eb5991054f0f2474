"""The search of the settings: every word counts, in any case and anywhere, and names come before help."""

from __future__ import annotations

from trayapp.core.schema import preferences
from trayapp.core.settings import GENERAL, LOCAL, MODELS, PROVIDERS, Settings
from trayapp.ui import form
from trayapp.ui.search_settings import Place, found, places

PLACES = places(form.pages(Settings()))


def names(text: str) -> list[str]:
    return [place.name for place in found(PLACES, text)]


def test_every_preference_and_every_page_can_be_found_by_its_name() -> None:
    for name, preference in preferences().items():
        assert name in names(name), name
        assert name in names(preference.label), preference.label
    for page in form.pages(Settings()):
        assert (page.name, "") in [(it.page, it.name) for it in found(PLACES, page.title)]


def test_every_word_has_to_occur_somewhere_in_any_case() -> None:
    assert names("LANGUAGE")[0] == "language"
    assert "tray_wait" in names("wait tray")
    assert "tray_wait" in names("seconds tray")
    assert names("tray zebra") == []


def test_what_is_called_so_comes_before_what_only_speaks_of_it() -> None:
    labels = [place.label.casefold() for place in found(PLACES, "submenu")]
    with_it = ["submenu" in label for label in labels]
    assert with_it == sorted(with_it, reverse=True)


def test_help_and_choices_are_searched_as_well() -> None:
    assert "language" in names("deutsch")
    assert "batch_timeout_seconds" in names("comes later is still kept")


def test_nothing_is_found_for_nothing() -> None:
    assert found(PLACES, "") == found(PLACES, "  ") == ()


def test_what_stands_twice_under_one_name_is_shown_once() -> None:
    twice = (Place(LOCAL, "Local models", "Roles", name="roles"), Place(LOCAL, "Local models", "roles"))
    other = Place(PROVIDERS, "Providers", "Roles")
    assert found((*twice, other), "roles") == (twice[0], other)


def test_a_place_says_where_it_is() -> None:
    (place,) = [it for it in PLACES if it.name == "confirm_switch"]
    assert (place.page, place.title) == (GENERAL, "General")
    assert {it.page for it in found(PLACES, "submenu")} == {MODELS}
