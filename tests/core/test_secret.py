"""A key is not printed, formatted, pickled or copied by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from trayapp.core.intents import StoreKey
from trayapp.core.secret import Secret

TEXT = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(TEXT)),
        str(Secret(TEXT)),
        f"{Secret(TEXT)}",
        f"{Secret(TEXT)!r:>40}",
        f"{Secret(TEXT):.3}",
        "{}".format(Secret(TEXT)),  # noqa: UP032
        "%s %r" % (Secret(TEXT), Secret(TEXT)),  # noqa: UP031
        str([Secret(TEXT)]),
        str({"key": Secret(TEXT)}),
        repr(StoreKey("openai", Secret(TEXT))),
    ],
)
def test_no_way_of_printing_shows_any_of_it(shown: str) -> None:
    assert not any(TEXT[n : n + 4] in shown for n in range(len(TEXT) - 3))
    assert "…" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_never_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled") as failed:
        pickle.dumps(Secret(TEXT), protocol)
    assert TEXT not in str(failed.value)


def test_it_is_not_copied_by_the_copy_module() -> None:
    for way in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(Secret(TEXT))


def test_no_encoder_takes_it() -> None:
    for encode in (json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins):
        with pytest.raises(TypeError) as failed:
            encode({"key": Secret(TEXT)})
        assert TEXT not in str(failed.value)


def test_a_traceback_with_it_in_the_arguments_does_not_show_it() -> None:
    with pytest.raises(ValueError, match="Secret") as failed:
        raise ValueError(Secret(TEXT))
    assert TEXT not in "".join(traceback.format_exception(failed.value))


def test_logging_it_by_mistake_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("trayapp").info("the key is %s", Secret(TEXT))
    assert TEXT not in caplog.text
    assert "Secret(…)" in caplog.text


def test_equal_keys_are_equal_and_empty_ones_are_false() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))
    assert Secret(TEXT) != Secret("sk-other")
    assert Secret("schlüssel") == Secret("schlüssel")
    assert Secret(TEXT) != TEXT
    assert not Secret("")
    assert Secret(TEXT)


def test_it_has_no_attribute_dictionary_that_vars_could_show() -> None:
    with pytest.raises(TypeError):
        vars(Secret(TEXT))


def test_it_strikes_itself_out_everywhere_but_not_when_it_is_no_more_than_a_syllable() -> None:
    assert Secret(TEXT).struck_from(f"a {TEXT} b {TEXT}", "…") == "a … b …"
    assert Secret("abc").struck_from("abcdef", "…") == "abcdef"
    assert Secret("").struck_from("abcdef", "…") == "abcdef"
