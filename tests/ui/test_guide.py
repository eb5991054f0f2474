"""The user guide: its pages, and the links among them."""

from __future__ import annotations

import re

import pytest

from trayapp.system.paths import resources
from trayapp.ui.guide import ORDER, anchor, has, pages, target

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (resources() / "help").glob("*.md")}
PLACES = [(name, link) for name, text in sorted(TEXTS.items()) for link in re.findall(r"\]\(([^)\s]+)\)", text)]


def test_pages_come_in_the_order_of_need_and_are_called_what_their_first_heading_says() -> None:
    found = pages({"zebra": "# Z", "gateway": "# The `gateway`\n\n## Tokens\n", "choosing": "no heading"})
    assert [(it.name, it.title) for it in found] == [
        ("choosing", "choosing"),
        ("gateway", "The gateway"),
        ("zebra", "Z"),
    ]
    assert found[1].headings == ("Tokens",)


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("gateway.md", ("gateway", "")),
        ("gateway.md#tokens", ("gateway", "tokens")),
        ("#tokens", ("", "tokens")),
        ("https://example.org/a.md", None),
        ("mailto:a@example.org", None),
        ("../../README.md", None),
        ("/etc/passwd", None),
        ("menu.png", None),
    ],
)
def test_a_link_leads_to_a_page_or_out_of_the_guide(link: str, place: tuple[str, str] | None) -> None:
    assert target(link) == place


def test_headings_are_reached_as_on_github() -> None:
    assert anchor("What a TTL does, and how to change it") == "what-a-ttl-does-and-how-to-change-it"


def test_words_are_found_wherever_a_line_ends_and_however_they_are_set() -> None:
    page = "# A\n\nClick *Keyring\nlocked* and run `trayapp\ndoctor`.\n"
    for wanted in ("keyring locked", "Trayapp doctor", "click Keyring", "locked and"):
        assert has(page, wanted)
    assert not has(page, "locked doctor")


def test_every_page_in_the_order_is_there() -> None:
    assert set(ORDER) == TEXTS.keys()


@pytest.mark.parametrize(("name", "link"), PLACES)
def test_every_link_inside_the_guide_leads_somewhere(name: str, link: str) -> None:
    found = target(link)
    if found is None:
        assert link.startswith("https://") or (resources() / "help" / link).is_file(), link
        return
    page, place = found
    text = TEXTS[page or name]
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    assert not place or place in [anchor(it.replace("`", "")) for it in headings], link
