"""The commands that the documents show: in fenced blocks, in transcripts, and within a sentence."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "resources" / "help").glob("*.md")),
    *sorted((ROOT / "packaging").glob("*.md")),
)
PROGRAMS = ("trayapp", "python", "python3", "pip", "pipx", "pip-audit", "sudo", "apt", "docker", "curl", "llm", "iscc")
"""Words with which a command within a sentence begins; a path to a program counts as well."""
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_ASSIGNED = re.compile(r"[A-Z][A-Z0-9_]*=\S*")


class Line(Struct, frozen=True):
    """One command, as it is typed."""

    text: str
    output: tuple[str, ...] = ()
    """What a transcript shows below it."""


class Block(Struct, frozen=True):
    """Commands that are typed one after the other, in one home."""

    page: str
    number: int
    """The line of the page on which it begins."""
    lines: tuple[Line, ...]
    inline: bool = False
    """One command within a sentence."""

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


def blocks() -> list[Block]:
    """All of them, page by page."""
    return [block for path in PAGES for block in blocks_of(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """Those of one page: the fenced ones, then each command that stands within a sentence."""
    for found in _FENCE.finditer(text):
        if lines := tuple(_fenced(found["language"], textwrap.dedent(found["text"]))):
            yield Block(page, _number(text, found.start()), lines)
    prose = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in _CODE.finditer(prose):
        code = " ".join(found[1].split())
        if command(code):
            yield Block(page, _number(prose, found.start()), (Line(code),), inline=True)


def command(code: str) -> bool:
    """Whether this is typed into a shell: a program that is known here, and words behind it."""
    words = [word for word in code.split() if not _ASSIGNED.fullmatch(word)]
    return len(words) > 1 and (words[0].rpartition("/")[2] in PROGRAMS or words[0].startswith(".venv/"))


def _fenced(language: str, text: str) -> Iterator[Line]:
    if language == "sh":
        whole = text.replace("\\\n", " ")
        yield from (Line(line) for line in whole.splitlines() if line.partition("#")[0].strip())
    elif language in ("text", "console"):
        yield from _transcript(text.splitlines())


def _transcript(lines: list[str]) -> Iterator[Line]:
    """Commands behind a ``$``, each with what is printed below it. A block without any is a drawing or a form."""
    typed: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            typed.append((line.removeprefix("$ "), []))
        elif typed:
            typed[-1][1].append(line)
    for text, shown in typed:
        yield Line(text, tuple(textwrap.dedent("\n".join(shown)).strip().splitlines() if not shown else _trim(shown)))


def _trim(shown: list[str]) -> list[str]:
    return "\n".join(shown).rstrip().splitlines()


def words_of(text: str) -> tuple[dict[str, str], list[str]]:
    """Variables that are set for this command alone, and its words: without comments and without redirections."""
    inner = re.search(r"<\((.*)\)", text)
    words = shlex.split(inner[1] if inner else text, comments=True)
    words = words[: words.index(">")] if ">" in words else words
    env: dict[str, str] = {}
    while words and _ASSIGNED.fullmatch(words[0]):
        name, _equals, value = words.pop(0).partition("=")
        env[name] = value
    return env, words


def _number(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
