"""Tokens: made, kept as digests, known again by name."""

from __future__ import annotations

import re

from trayapp.core.redaction import struck
from trayapp.gateway import tokens


def test_a_token_has_32_random_bytes_and_says_whose_it_is() -> None:
    made = {tokens.new() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"sk-trayapp-[A-Za-z0-9_-]{43}", token) for token in made)


def test_a_token_is_known_by_its_digest_alone() -> None:
    one, two = tokens.new(), tokens.new()
    kept = {"editor": tokens.digest(one), "shell": tokens.digest(two)}
    assert tokens.named(one, kept) == "editor"
    assert tokens.named(two, kept) == "shell"
    assert one not in str(kept)
    assert re.fullmatch(r"[0-9a-f]{64}", kept["editor"])


def test_whatever_else_is_shown_is_nobodys() -> None:
    kept = {"editor": tokens.digest(tokens.new()), "spoiled": "", "odd": "ü"}
    for shown in ("", "x", tokens.new(), kept["editor"], "ü", "x" * 5000, "\ud800"):
        assert tokens.named(shown, kept) is None


def test_a_log_strikes_a_token_out() -> None:
    token = tokens.new()
    assert token not in struck(f"came with {token} in a header")
    assert token[20:] not in struck(f"came with {token} in a header")
