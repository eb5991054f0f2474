"""Takes the program's screenshots: each picture is a function; those that documents show go into resources/help.

``python3 packaging/screenshots.py``           every picture that the README or the user guide shows
``python3 packaging/screenshots.py menu``      only these
``python3 packaging/screenshots.py --all DIR`` all there are, in light and dark, at 100 and 200 %, to be looked at
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.desktop import ROOT
from tests.support.pointer import Picture
from tests.support.stage import Stage, Theme, linked, stage

HELP = ROOT / "resources" / "help"
LARGEST = 150_000
"""Bytes of one picture in a document: a page with several of them still opens at once."""
FEWEST_COLOURS = 6
"""A window that is not written yet is an empty one."""


def menu(on: Stage) -> Picture:
    """The menu, the pointer on a model."""
    window = on.menu()
    on.pointer.move(window.x + window.width * 4 // 5, window.y + window.height // 2)
    return on.picture(window)


def finder(on: Stage) -> Picture:
    """The quick switcher, with a word and a limit typed."""
    window = on.open("--finder")
    on.pointer.type("openai <1$")
    return on.picture(window)


def models(on: Stage) -> Picture:
    """All models in a window."""
    return on.picture(on.open("--models"))


def welcome(on: Stage) -> Picture:
    """The first step of the first start, where nothing is set up."""
    return on.picture(on.open("--welcome"))


def guide(on: Stage) -> Picture:
    """The user guide."""
    return on.picture(on.open("--help-page", "lists"))


def providers(on: Stage) -> Picture:
    """The page of the settings that is about accounts, at the third of them."""
    window = on.open("--settings", "providers")
    on.click(window, 220, 150)
    return on.picture(window)


def diagnostics(on: Stage) -> Picture:
    """The page of the settings that says what is wrong, when it has looked."""
    window = on.open("--settings", "diagnostics")
    time.sleep(4)
    return on.picture(window)


def page(name: str) -> Callable[[Stage], Picture]:
    """A page of the settings."""

    def taken(on: Stage) -> Picture:
        return on.picture(on.open("--settings", name))

    return taken


PICTURES: dict[str, Callable[[Stage], Picture]] = {
    "menu": menu,
    "finder": finder,
    "models": models,
    "settings": providers,
    **{f"settings-{it}": page(it) for it in ("general", "icon", "models", "local", "gateway", "profiles", "about")},
    "settings-diagnostics": diagnostics,
    "guide": guide,
    "welcome": welcome,
}
BARE = ("welcome",)
"""Those that are taken where nothing is set up yet."""


def take(names: list[str], folder: Path, theme: Theme, scale: int, suffix: str = "") -> list[str]:
    """Write these pictures; gives what went wrong, in words."""
    wrong = []
    for bare in (False, True):
        wanted = [name for name in names if (name in BARE) is bare]
        if not wanted:
            continue
        with stage(theme, scale, bare=bare) as on:
            for name in wanted:
                try:
                    picture = PICTURES[name](on)
                except (TimeoutError, RuntimeError) as why:
                    wrong.append(f"{name}{suffix} is left out: {why}")
                else:
                    wrong += _written(picture, folder / f"{name}{suffix}.png")
                on.close()
    return wrong


def _written(picture: Picture, path: Path) -> list[str]:
    if picture.colours() < FEWEST_COLOURS:
        return [f"{path.name} is left out: the window is empty"]
    picture.save(path)
    size = path.stat().st_size
    print(f"{path.name}: {picture.width} × {picture.height}, {size / 1000:.0f} kB", flush=True)
    too_big = size > LARGEST and path.parent == HELP
    return [f"{path.name} has more than {LARGEST // 1000} kB"] if too_big else []


def shown() -> list[str]:
    """The pictures that the documents show, in the order in which they are taken here."""
    pages = [ROOT / "README.md", *sorted(HELP.glob("*.md"))]
    names = set[str]().union(*map(linked, pages))
    return [name for name in PICTURES if name in names]


def main(arguments: list[str]) -> int:
    """Take them; 1 if one is missing or too big."""
    parser = argparse.ArgumentParser(prog="packaging/screenshots.py", description="Takes the program's screenshots.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    parser.add_argument(
        "--all", type=Path, metavar="DIR", help="in light and dark, at 100 and 200 %%, into this folder"
    )
    given = parser.parse_args(arguments)
    for unknown in set(given.names) - set(PICTURES):
        parser.error(f"there is no picture “{unknown}”")
    began = time.monotonic()
    wrong: list[str] = []
    if given.all is None:
        wrong += take(given.names or shown(), HELP, "light", 1)
    else:
        given.all.mkdir(parents=True, exist_ok=True)
        for theme in ("light", "dark"):
            for scale in (1, 2):
                wrong += take(given.names or list(PICTURES), given.all, theme, scale, f"-{theme}-{scale}00")
    print(f"{time.monotonic() - began:.0f} s")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
