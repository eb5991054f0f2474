"""Every command in the documents is run as it stands there, or stands below with the reason why it is not.

Commands of one fenced block are run one after the other in one home, as ``tests.support.household`` prepares it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench.__main__ import NAMES as BENCHMARKS
from tests.support import documents
from tests.support.documents import ROOT, Block, Line, blocks_of
from tests.support.household import KEY, Household, Street, street
from tests.support.scripts import script
from trayapp.cli import parser
from trayapp.cli.codes import CANNOT_START, DONE, FAILED, NOT_RUNNING
from trayapp.cli.verbs import find

NOT_RUN = {
    "trayapp serve*": "stays until it is ended; tests/whole/test_serve.py runs it",
    "python3 packaging/*.py*": "sets up an environment, needs a display, or takes minutes: its words are looked at",
    "python3 -m venv .venv": "makes an environment",
    ".venv/bin/*": "needs the environment that the page makes: its words are looked at",
    "sudo apt *": "needs an administrator: the names of files are looked at",
    "pipx *": "needs pipx: the names of files are looked at",
    "pip *": "changes an environment: the names of files are looked at",
    "tar xzf *": "needs a release: the names of files are looked at",
    "trayapp-*/trayapp": "needs a release",
    "export *": "sets a variable for another program",
    "aider *": "another program",
    "llm *": "another program",
    "curl *": "another program, and a gateway that listens",
    "docker *": "another program",
    "iscc *": "another system's program",
}
"""Patterns of commands that no test can run as they stand, each with its reason."""
CODES = {
    "trayapp": (CANNOT_START,),  # in a session without a screen, which is what a test has
    "trayapp --silent": (CANNOT_START,),
    "trayapp open*": (CANNOT_START,),
    "trayapp quit": (NOT_RUNNING,),
    "trayapp doctor": (DONE, FAILED),  # 1 where something is wrong: a test's desktop has no keyring
}
"""Exit codes of those that do not end with 0; the command line's page tells what each means."""
STANDS_FOR = {
    "ACCOUNT/MODEL": "openai-work/gpt-4o",
    "ACCOUNT": "openai-work",
    "[ID]": "openai-work",
    "ID": "openai-work",
    "MODEL": "gpt-4.1",
    "NAME": "inline_models",
    "VALUE": "30",
    "VERSION": "1.2.3",
    "CODE": "de",
}
"""What is typed in the place of a word in capitals."""

BLOCKS = documents.blocks()


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("homes")) as made:
        yield made


@pytest.fixture
def place(neighbours: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    """A folder to work in, no screen, and the neighbours' addresses in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QT_QPA_PLATFORM")
    for name, value in neighbours.variables().items():
        monkeypatch.setenv(name, value)
    return neighbours


def reason(line: Line) -> str:
    """The pattern under which a command is not run; empty: it is run."""
    return next((pattern for pattern in NOT_RUN if fnmatch(_bare(line), pattern)), "")


def _bare(line: Line) -> str:
    return " ".join(documents.words_of(line.text)[1]) or line.text


RUN = [block for block in BLOCKS if any(not reason(line) for line in block.lines)]


@pytest.mark.parametrize("block", RUN, ids=str)
def test_what_is_shown_can_be_done(block: Block, place: Street, home: Path) -> None:
    house = Household(place, home / "t", without=[added for line in block.lines for added in _adds(line)])
    for line in block.lines:
        if reason(line):
            continue
        env, words = documents.words_of(_filled(line.text))
        assert words[0] == "trayapp", f"{line.text}: nobody runs this, and NOT_RUN does not say why"
        words += ["--help"] * (block.inline and _only_named(words[1:]))
        _give(house, place, words)
        ran = house.run(words[1:], env, typed=f"{KEY}\n")
        assert ran.code in _codes(line), f"{line.text}: {ran}"
        if line.output:
            assert ran.said == list(line.output), line.text


@pytest.mark.parametrize("block", [it for it in BLOCKS if any(map(reason, it.lines))], ids=str)
def test_what_cannot_be_run_here_is_looked_at(block: Block) -> None:
    for line in filter(reason, block.lines):
        _env, words = documents.words_of(_filled(line.text))
        for problem in problems(words):
            pytest.fail(f"{line.text}: {problem}")


def problems(words: list[str]) -> Iterator[str]:
    """What is wrong with a command, as far as that can be seen without running it."""
    program = words[0]
    if program == "trayapp":
        found = find(words[1:])
        assert found is not None, "there is no such command"
        parser.reader(found[0]).parse_args(found[1])
    for word in words:
        if word.startswith(("packaging/", "tests/")) and not word.endswith(".json") and not (ROOT / word).exists():
            yield f"there is no {word}"
        if word.startswith("tests.") and find_spec(word) is None:
            yield f"there is no module {word}"
        if re.search(r"trayapp[-_].*\.(deb|whl|gz|AppImage)$", word) and not any(
            fnmatch(name, word.removeprefix("./")) for name in artefacts()
        ):
            yield f"no artefact is called {word}"
    if "packaging/test.py" in words:
        yield from _test_options(words[words.index("packaging/test.py") + 1 :])


def artefacts() -> list[str]:
    """What packaging/ calls the files that it makes, of this version and of the one that stands for any."""
    version = script("release").VERSION
    return [
        name.format(it)
        for it in (version, STANDS_FOR["VERSION"])
        for name in (
            "trayapp_{}_amd64.deb",
            "trayapp-{}-py3-none-any.whl",
            "trayapp-{}-linux-x86_64.tar.gz",
            "trayapp-{}-x86_64.AppImage",
        )
    ]


def _test_options(words: list[str]) -> Iterator[str]:
    """What packaging/test.py is told: an option of its own, then names and options of what that runs."""
    source = (ROOT / "packaging" / "test.py").read_text("utf-8")
    if not words or not words[0].startswith("--"):
        return
    option = words[0].removeprefix("--")
    if option == "all":
        return  # what follows are files of tests, whose names were looked at
    if f'"{option}"' not in source and f'"--{option}"' not in source:
        yield f"packaging/test.py has no --{option}"
    names = (*LONG.get(option, lambda: ())(), "all")
    for word in words[1:]:
        if word.startswith("--"):
            run = (ROOT / "tests" / option / "__main__.py").read_text("utf-8")
            if f'"{word}"' not in run:
                yield f"tests.{option} has no {word}"
        elif not word.isdecimal() and word not in names:
            yield f"tests.{option} knows no {word}"


def _fuzzed() -> Iterable[str]:
    from tests.fuzz.targets import TARGETS

    return TARGETS


def _mutated() -> Iterable[str]:
    from tests.mutation.subjects import SUBJECTS

    return SUBJECTS


LONG: dict[str, Callable[[], Iterable[str]]] = {"bench": lambda: BENCHMARKS, "fuzz": _fuzzed, "mutation": _mutated}
"""The names that each long run knows."""


def test_no_reason_is_given_for_what_no_document_shows() -> None:
    shown = {reason(line) for block in BLOCKS for line in block.lines}
    assert set(NOT_RUN) - shown == set()


def test_commands_are_found_wherever_they_stand() -> None:
    page = """Run `trayapp use
a/b`, `TRAYAPP_X=1 trayapp models`, `python3 packaging/run.py` or `settings.toml`; `trayapp` is its name.

```sh
trayapp quit   # ends it
  trayapp models \\
     --json
# nothing
```

```text
drawn → here
```

1. In a list:

   ```console
   $ trayapp current
   openai/gpt
   ```
"""
    found = list(blocks_of("p.md", page))
    assert [(block.number, [line.text.split() for line in block.lines]) for block in found] == [
        (4, [["trayapp", "quit", "#", "ends", "it"], ["trayapp", "models", "--json"]]),
        (17, [["trayapp", "current"]]),
        (1, [["trayapp", "use", "a/b"]]),
        (2, [["TRAYAPP_X=1", "trayapp", "models"]]),
        (2, [["python3", "packaging/run.py"]]),
    ]
    assert found[1].lines[0].output == ("openai/gpt",)
    assert documents.words_of("A=1 trayapp x 'b c' > file # d") == ({"A": "1"}, ["trayapp", "x", "b c"])
    assert documents.words_of("source <(trayapp completion zsh)") == ({}, ["trayapp", "completion", "zsh"])


def _filled(text: str) -> str:
    for placeholder, value in STANDS_FOR.items():
        text = re.sub(rf"(?<![A-Za-z/])(?<![A-Z]_){re.escape(placeholder)}(?![A-Za-z/=]|_[A-Z])", value, text)
    return text


def _codes(line: Line) -> tuple[int, ...]:
    if line.output and line.output[0].startswith("trayapp: "):
        return (FAILED,)
    return next((codes for pattern, codes in CODES.items() if fnmatch(_bare(line), pattern)), (DONE,))


def _only_named(words: list[str]) -> bool:
    """A sentence may name a command without what belongs behind it: “`trayapp use` is the same”."""
    found = find(words)
    if found is None:
        return bool(parser.group_help(tuple(words)))
    verb, rest = found
    return not rest and any(not it.option and not it.name.endswith("?") for it in verb.arguments)


def _adds(line: Line) -> list[str]:
    """The account that this command adds."""
    words = documents.words_of(line.text)[1]
    if words[:3] != ["trayapp", "providers", "add"]:
        return []
    found = find(words[1:])
    assert found is not None
    args = parser.reader(found[0]).parse_args(found[1])
    return [args.id or args.spec]


def _give(house: Household, place: Street, words: list[str]) -> None:
    """What a command takes for granted: a model in memory to be unloaded, an export to be imported."""
    if words[1:3] == ["local", "unload"]:
        place.load()
    if words[1:2] == ["import"] and not Path(words[2]).exists():
        assert house.run(["export", words[2]], {}).code == DONE
