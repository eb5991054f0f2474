"""Renders the pictures in resources/icons from their drawings in resources/artwork, at every size and in every tone.

Run it after changing a drawing: ``python packaging/build_icons.py``. It needs PySide6 and no display. Each state is
drawn four times, on grids of 16, 18, 20 and 22 pixels, with its edges between pixels; twice and three times as big they
stay there. From one drawing come three tones: dark, light, and light with a dark outline, which is seen on any bar.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from xml.etree import ElementTree

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
STATES = ("ready", "working", "attention")
TONES = ("dark", "light", "outlined")
# Each size is drawn on the grid that it is a multiple of, so that edges fall between pixels;
# 24 is the drawing of 22 with a margin, as desktops themselves pad it.
GRIDS = {16: 16, 18: 18, 20: 20, 22: 22, 24: 22, 32: 16, 36: 18, 40: 20, 44: 22, 48: 16, 64: 16}
DARK, LIGHT = "#000000", "#ffffff"
# The program's own picture has no state, so it has room for detail; small ones leave that out.
PROGRAM = {16: "trayapp-16", 24: "trayapp-24", 32: "trayapp-16", 48: "trayapp-24", 64: "", 128: "", 256: "", 512: ""}
SVG = "http://www.w3.org/2000/svg"


def render(svg: bytes, size: int, margin: int = 0) -> QImage:
    """An SVG at ``size`` pixels square, with ``margin`` of them empty on each side. ValueError if it is none."""
    renderer = QSvgRenderer(QByteArray(svg))
    if not renderer.isValid():
        raise ValueError("this is not an SVG")
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(margin, margin, size - 2 * margin, size - 2 * margin))
    painter.end()
    return image


def toned(svg: bytes, tone: str, outline: float) -> bytes:
    """A drawing in this tone; ``outline`` is the width of what surrounds an outlined one, in units of the drawing.

    An outline is the shapes themselves once more beneath, with a stroke, and with their holes filled: what
    the light shapes leave out is dark on any bar then.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - a drawing of our own
    shapes = root.find(f"{{{SVG}}}g")
    if shapes is None:
        raise ValueError("the drawing has no group of shapes")
    shapes.set("fill", DARK if tone == "dark" else LIGHT)
    if tone == "outlined":
        below = copy.deepcopy(shapes)
        below.attrib.update({"fill": DARK, "fill-rule": "nonzero", "stroke": DARK, "stroke-linejoin": "round"})
        below.set("stroke-width", f"{2 * outline:g}")
        root.insert(list(root).index(shapes), below)
    return ElementTree.tostring(root)


def glyph(state: str, size: int, tone: str, resources: Path = RESOURCES) -> QImage:
    """The tray's icon of a state."""
    grid = GRIDS[size]
    times = size // grid
    svg = (resources / "artwork" / f"{state}-{grid}.svg").read_bytes()
    return render(toned(svg, tone, 1 if times == 1 else 2 / times if times < 4 else 0.5), size, size % grid // 2)


def program(size: int, resources: Path = RESOURCES) -> QImage:
    """The program's own picture, in colour."""
    small = PROGRAM[size]
    drawing = resources / "artwork" / f"{small}.svg" if small else resources / "trayapp.svg"
    return render(drawing.read_bytes(), size)


def pictures(resources: Path = RESOURCES) -> dict[Path, QImage]:
    """Every PNG there should be, rendered."""
    icons = resources / "icons"
    made = {
        icons / f"{state}-{tone}-{size}.png": glyph(state, size, tone, resources)
        for state in STATES
        for tone in TONES
        for size in GRIDS
    }
    return made | {icons / f"trayapp-{size}.png": program(size, resources) for size in PROGRAM}


def main() -> int:
    """Write them all, and take away what is no longer made."""
    made = pictures()
    (RESOURCES / "icons").mkdir(exist_ok=True)
    for old in set((RESOURCES / "icons").iterdir()) - set(made):
        old.unlink()
        print(f"removed {old.name}")
    for path, image in made.items():
        if not image.save(str(path)):
            print(f"{path} could not be written", file=sys.stderr)
            return 1
    print(f"{len(made)} pictures in {(RESOURCES / 'icons').relative_to(RESOURCES.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
