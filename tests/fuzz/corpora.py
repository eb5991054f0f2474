"""What inputs are made of: the words of a parser, and the few inputs that are kept between runs."""

from __future__ import annotations

import ast
import base64
import re
from pathlib import Path

from tests.fuzz.target import Target

KEPT = Path(__file__).parent / "corpus"
"""One file for each target, an input a line in base64: what once went wrong, then what reached far."""
ROOT = Path(__file__).parents[2]
MOST = 40
"""Inputs kept of a run, each of at most ``SHORT`` bytes."""
SHORT = 700
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{1,40}")


def words(target: Target) -> list[str]:
    """Names in the samples, and texts in the code of the folders that the target is about."""
    found = {word for seed in target.seeds() for word in _WORD.findall(seed[:8192].decode("utf-8", "replace"))}
    for folder in sorted(set(re.findall(r"(\w+)/", target.about))):
        for path in sorted((ROOT / "trayapp" / folder).glob("*.py")):
            texts = (it.value for it in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(it, ast.Constant))
            found |= {text for text in texts if isinstance(text, str) and 1 < len(text) <= 32 and "\n" not in text}
    return sorted(found)


def kept(name: str) -> list[bytes]:
    """The inputs kept of a target; none where it has no file yet."""
    path = KEPT / f"{name}.b64"
    return [base64.b64decode(line) for line in path.read_bytes().split()] if path.exists() else []


def keep(name: str, inputs: list[bytes]) -> int:
    """Keep a part of what a run found, short ones and evenly spread; what is kept already stays. Gives how many."""
    held = kept(name)
    short = sorted({it for it in inputs if len(it) <= SHORT} - set(held), key=lambda it: (len(it), it))
    room = max(0, MOST - len(held))
    spread = [short[at * len(short) // room] for at in range(room)] if len(short) > room else short
    KEPT.mkdir(exist_ok=True)
    lines = [base64.b64encode(it) for it in (*held, *spread)]
    (KEPT / f"{name}.b64").write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)
