"""What a row of the table of providers still lacks, in sentences: for whoever adds one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import samples
from trayapp.providers.spec import TIMEOUTS, ProviderSpec

RECORD = "python -m tests.support.record"
KEYLESS = ("openai-compatible",)
"""Rows of servers of which nobody gives out the keys."""


def lacking(row: ProviderSpec) -> str:
    """A line for each thing that is missing, or wrong; empty: the row is whole."""
    missing = "".join(f"\n  - {it}" for it in _lacking(row))
    return f"the row “{row.id}” is not finished:{missing}" if missing else ""


def _lacking(row: ProviderSpec) -> Iterator[str]:
    if not row.name:
        yield "name: what people call it"
    if not row.key_env:
        yield "key_env: the variables in which its users keep their key, such as GROQ_API_KEY"
    if not row.docs_url.startswith("https://"):
        yield "docs_url: the page that describes its list of models"
    if not row.keys_url.startswith("https://") and row.id not in KEYLESS:
        yield "keys_url: the page where it gives out keys"
    if row.timeouts not in TIMEOUTS:
        yield f"timeouts: one of {', '.join(TIMEOUTS)}"
    if row.local != (not row.key_required) or row.ttl != (300 if row.local else None):
        yield "local: only for servers of the user's own, with key_required=False and ttl=300"
    if not _recorded(row.id):
        yield f"tests/samples/{row.id}.json: its list, recorded by “{RECORD} {row.id}”, or as documented"
    if row.paging is not None and row.paging.param and not _recorded(f"{row.id}.page2"):
        yield f"tests/samples/{row.id}.page2.json: the page that ends the list, since it has pages"
    if not _recorded(f"errors/{row.id}"):
        yield f"tests/samples/errors/{row.id}.json: how it refuses a key, recorded by “{RECORD} {row.id} --refused”"


def _recorded(name: str) -> bool:
    return (samples.FOLDER / f"{name}.json").is_file()
