"""The table of commands, its parser and its help pages."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

import pytest

from trayapp.cli import parser
from trayapp.cli.verbs import GROUPS, VERBS, Verb, below, find

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


def test_every_command_stands_below_the_heading_of_its_group() -> None:
    page = parser.page()
    for group in GROUPS:
        part = page.partition(f"\n{group.title}:\n")[2].partition("\n\n")[0]
        assert len(part.splitlines()) == len(group.verbs), group.title
    assert len(VERBS) == len({verb.words for verb in VERBS})


@every_verb
def test_every_command_has_an_example_that_can_be_typed(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    lines = verb.example.splitlines()
    assert 1 <= len(lines) <= 2
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "trayapp"
        found = find(words)
        assert found is not None
        assert found[0] is verb
        parser.reader(verb).parse_args(found[1])
    with pytest.raises(SystemExit):
        parser.reader(verb).parse_args(["--help"])
    shown = capsys.readouterr().out
    assert ("example:" if len(lines) == 1 else "examples:") in shown
    assert all(f"\n  {line}\n" in shown for line in lines)


@every_verb
def test_what_is_said_on_a_help_page_goes_through_the_translation(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the commands themselves, which are the same in every language."""

    class Foreign:
        def gettext(self, message: str) -> str:
            return "".join("§" if letter.isalpha() else letter for letter in message)

        ngettext = None

    plain = parser.reader(verb).format_help()
    monkeypatch.setattr("trayapp.core.language._installed", Foreign())
    shown = parser.reader(verb).format_help()
    spoken = {word for word in re.findall(r"[a-z]{4,}", plain) if word not in _typed(verb, plain)}
    assert not spoken & set(re.findall(r"[a-z]{4,}", shown))


def _typed(verb: Verb, page: str) -> set[str]:
    """Words of the page that are typed as they stand: the command, its options, what is chosen from, the examples."""
    choices = [choice for it in verb.arguments for choice in it.choices]
    options = [it.name for it in verb.arguments]
    return set(re.findall(r"[a-z]{4,}", " ".join(("trayapp --help", *verb.words, verb.example, *options, *choices))))


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
