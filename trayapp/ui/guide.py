"""The user guide: which pages there are, what each is called, and where a heading stands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

FIRST = "first-steps"
ORDER = (
    FIRST,
    "choosing",
    "settings",
    "lists",
    "local-models",
    "gateway",
    "tools",
    "profiles",
    "upgrading",
    "troubleshooting",
    "command-line",
)
"""The pages in the order in which a newcomer needs them; others follow by name."""
_HEADING = re.compile(r"^#{1,3} +(.+?) *#*$", re.MULTILINE)


class Page(Struct, frozen=True):
    """One page: its name is its file's, without the ending."""

    name: str
    title: str
    headings: tuple[str, ...] = ()


def pages(texts: Mapping[str, str]) -> tuple[Page, ...]:
    """The pages in their order, from their Markdown by name. The first heading is the title."""
    order = {name: number for number, name in enumerate(ORDER)}
    made = []
    for name, text in texts.items():
        first, *rest = _HEADING.findall(text) or [name]
        made.append(Page(name, _bare(first), tuple(_bare(it) for it in rest)))
    return tuple(sorted(made, key=lambda it: (order.get(it.name, len(order)), it.name)))


def target(link: str) -> tuple[str, str] | None:
    """``gateway.md#tokens`` as page and anchor; None for what leads out of the guide."""
    if "://" in link or link.startswith(("mailto:", "/")):
        return None
    file, _hash, anchor = link.partition("#")
    name = file.removesuffix(".md")
    if file and (name == file or "/" in name):
        return None
    return name, anchor


def anchor(heading: str) -> str:
    """What a link says to reach it, as GitHub writes it."""
    kept = "".join(letter for letter in heading.casefold() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def has(text: str, wanted: str) -> bool:
    """Whether a page's Markdown has these words, wherever its lines end and however they are set."""
    return _plain(wanted) in _plain(text)


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").replace("*", "").casefold().split())


def _bare(heading: str) -> str:
    return heading.replace("`", "").replace("*", "")
