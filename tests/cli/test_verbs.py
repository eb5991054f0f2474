"""The table of commands, its parser and its help pages."""

from __future__ import annotations

from importlib import import_module

import pytest

from trayapp.cli import parser
from trayapp.cli.verbs import VERBS, Verb, below, find

every_verb = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: "-".join(verb.words))


@every_verb
def test_every_command_has_somebody_who_does_it(verb: Verb) -> None:
    module, _, function = verb.run.partition(".")
    assert callable(getattr(import_module(f"trayapp.cli.{module}"), function))


@every_verb
def test_every_command_explains_itself_and_its_exit_codes(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parser.reader(verb).parse_args(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert " ".join(("usage: trayapp", *verb.words)) in shown
    assert "exit codes" in shown


def test_the_whole_page_names_every_command() -> None:
    page = parser.page()
    for verb in VERBS:
        assert f"  {' '.join(verb.words)}" in page
    assert "exit codes: 0 done" in page


def test_the_longest_command_is_the_one_that_is_meant() -> None:
    found = find(["providers", "add", "openai"])
    assert found is not None
    assert (found[0].words, found[1]) == (("providers", "add"), ["openai"])
    found = find(["providers", "--known"])
    assert found is not None
    assert (found[0].words, found[1]) == (("providers",), ["--known"])
    assert find(["key"]) is None


def test_what_may_follow_is_read_off_the_table() -> None:
    assert below(("login",)) == ("on", "off", "status")
    assert below(("use",)) == ()
    assert "models" in below(())


def test_a_wrong_word_ends_with_code_two_and_shows_no_key(capsys: pytest.CaptureFixture[str], canary: str) -> None:
    verb, rest = find(["use", "a/b", canary]) or pytest.fail("no such verb")
    with pytest.raises(SystemExit) as end:
        parser.reader(verb).parse_args(rest)
    assert end.value.code == 2
    assert canary not in capsys.readouterr().err


def test_an_option_is_never_guessed_from_its_beginning() -> None:
    verb, _ = find(["models"]) or pytest.fail("no such verb")
    with pytest.raises(SystemExit):
        parser.reader(verb).parse_args(["--porc"])
