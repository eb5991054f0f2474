"""Regular expressions that somebody typed: checked when entered, and unable to hang the program.

Google's RE2 searches in time that grows with the text and with the pattern, never with their combinations. It has no
look-around and no back-references, which cannot be had at that price. Both factors are bounded here: a pattern by its
length and by the number of instructions it is compiled to, a text by what a pattern of that size gets through.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from trayapp.core.language import N_, _

LONGEST_PATTERN = 1_000
"""Characters."""
LARGEST = 10_000
"""Instructions of RE2. ``.{0,1000}``, its longest repetition, takes 8,000: eight for any one character in UTF-8."""
LONGEST_TEXT = 100_000
"""Characters that an ordinary pattern looks at."""
WORK = 20_000_000
"""Instructions times characters: patterns above 200 instructions look at less. Some tenths of a second at worst."""
MEMORY = 4 << 20
"""Bytes that RE2 may take for one pattern, compiled and at work."""

_SENTENCES = (
    # how RE2's own words begin, and what is said instead; {part} is what RE2 names
    (
        "invalid perl operator: (?P",
        N_("“(?P” begins a group with a name, “(?P<name>…)”. Back-references are not supported."),
    ),
    ("invalid perl operator: (?", N_("Look-ahead, look-behind and other groups like “{part}” are not supported.")),
    ("missing ): ", N_("A “(” has no “)”. A bracket that is meant itself is written “\\(”.")),
    ("unexpected ): ", N_("A “)” has no “(”. A bracket that is meant itself is written “\\)”.")),
    ("missing ]: ", N_("A “[” has no “]”. A bracket that is meant itself is written “\\[”.")),
    ("no argument for repetition operator: ", N_("Nothing stands before “{part}” that could be repeated.")),
    ("bad repetition operator: ", N_("“{part}” repeats a repetition, which is not supported.")),
    ("invalid repetition size: ", N_("“{part}” repeats too often: at most 1,000 times in all.")),
    ("invalid character class range: ", N_("“{part}” is no set of characters.")),
    ("invalid character class: ", N_("“{part}” is no set of characters.")),
    ("trailing \\", N_("A single backslash stands at the end. One that is meant itself is written twice.")),
    ("pattern too large", N_("The pattern is too large when its repetitions are counted out. Repeat fewer times.")),
)
_BACK_REFERENCE = N_("Back-references such as “{part}” are not supported.")
_ESCAPE = N_("“{part}” stands for nothing. A backslash that is meant itself is written twice.")
_OTHER = N_("The pattern cannot be read. Check its brackets and repetitions.")


class _Compiled(NamedTuple):
    expression: Any
    """A pattern of ``re2``, over bytes."""
    reach: int
    """Characters of a text that it is searched in."""


def problem(pattern: str) -> str:
    """What is wrong with a pattern, in a sentence; empty when it is good."""
    made = _compiled(pattern)
    return made if isinstance(made, str) else ""


def fits(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text. What ``problem`` refuses fits nothing.

    Case does not matter; a dot stands for any character, line ends too; ``^`` and ``$`` are the ends of the text.
    Of a text that is longer than the pattern's reach, its beginning and its end are looked at as if they stood
    on two lines one below the other; what is between them is not seen.
    """
    made = _compiled(pattern)
    if isinstance(made, str):
        return False
    if len(text) > made.reach:
        half = made.reach // 2
        text = f"{text[:half]}\n{text[-half:]}"
    return made.expression.search(_encoded(text)) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> _Compiled | str:
    if len(pattern) > LONGEST_PATTERN:
        return _("The pattern is too long: at most {n} characters.").format(n=LONGEST_PATTERN)
    import re2  # type: ignore[import-untyped]  # 5 to 10 ms, for those who have rules

    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True  # a message is one text, whatever its lines
    options.never_capture = True  # whether it fits is all that is asked
    options.log_errors = False  # onto standard error, else
    options.max_mem = MEMORY
    try:
        expression = re2.compile(_encoded(pattern), options)
    except re2.error as exc:
        return _sentence(exc)
    size = max(expression.programsize, expression.reverseprogramsize)
    if size > LARGEST or expression.reverseprogramsize < 0:
        return _sentence("pattern too large")
    # An instruction takes one character at most, so the end that is cut to is never mistaken for the text's own:
    # what has to reach from one end to the other does not get there.
    return _Compiled(expression, min(LONGEST_TEXT, max(WORK // max(size, 1), size + 2)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # halves of characters, which JSON may hold, become question marks


def _sentence(why: object) -> str:
    """What RE2 complains about, in words that say what to do. Its own come as bytes."""
    raw = why.args[0] if isinstance(why, Exception) and why.args else why
    told = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    _start, _colon, part = told.partition(": ")
    shown = part if len(part) <= 24 else part[:24] + "…"
    if told.startswith("invalid escape sequence: "):
        return _(_BACK_REFERENCE if part[1:2].isdigit() else _ESCAPE).format(part=shown)
    for start, sentence in _SENTENCES:
        if told.startswith(start):
            return _(sentence).format(part=shown)
    return _(_OTHER)
