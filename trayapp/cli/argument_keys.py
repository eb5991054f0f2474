"""Notices a key among the words of a command, where it must never stand."""

from __future__ import annotations

from trayapp.core.language import _


def in_words(words: list[str]) -> str:
    """What to say when a key stands among the words of a command; empty where none does.

    By then it is in the shell's history, and others on this computer may have seen it run.
    """
    from trayapp.core.redaction import struck

    astray = any(struck(word) != word for word in words)
    # after “key set ID” there is nothing to say, so whatever stands there is meant as the key
    if not astray and words[:2] == ["key", "set"]:
        astray = len([word for word in words[2:] if not word.startswith("-")]) > 1
    if not astray:
        return ""
    return _(
        "A key is never given as an argument. It is in your shell's history now, and other programs could see it:"
        " remove it there, or better, have the provider issue another one. Then type it at the prompt of"
        " “trayapp key set ID”, or send it to that command's standard input."
    )
