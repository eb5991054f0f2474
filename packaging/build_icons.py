"""Renders the icons in resources/ from their drawings, at every size that a tray asks for.

Run it after changing a drawing: ``python packaging/build_icons.py``. It needs PySide6 and no display.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
STATES = ("ready", "working", "attention")
# Each size is drawn on the grid that it is a multiple of, so that edges fall between pixels;
# 24 is the drawing of 22 with a margin, as desktops themselves pad it.
GRIDS = {16: 16, 22: 22, 24: 22, 32: 16, 44: 22, 48: 16, 64: 16}
PROGRAM_SIZES = (16, 32, 48, 64, 128, 256)


def render(drawing: Path, size: int, margin: int = 0) -> QImage:
    """The drawing at ``size`` pixels square, with ``margin`` of them empty on each side."""
    renderer = QSvgRenderer(QByteArray(drawing.read_bytes()))
    if not renderer.isValid():
        raise ValueError(f"{drawing.name} is not an SVG")
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(margin, margin, size - 2 * margin, size - 2 * margin))
    painter.end()
    return image


def pictures(resources: Path) -> dict[Path, QImage]:
    """Every PNG there should be, rendered."""
    icons = resources / "icons"
    made = {}
    for state in STATES:
        for size, grid in GRIDS.items():
            drawing = icons / f"{state}-{grid}.svg"
            made[icons / f"{state}-{size}.png"] = render(drawing, size, (size % grid) // 2 if size < 2 * grid else 0)
    for size in PROGRAM_SIZES:
        made[icons / f"trayapp-{size}.png"] = render(resources / "trayapp.svg", size)
    return made


def main() -> int:
    """Write them all."""
    for path, image in pictures(RESOURCES).items():
        if not image.save(str(path)):
            print(f"{path} could not be written", file=sys.stderr)
            return 1
        print(path.relative_to(RESOURCES.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
