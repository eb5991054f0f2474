"""The module map of the README, built from the first sentence of every module.

``python -m tests.support.module_map`` prints it; ``--write`` puts it into the README.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- module map: python -m tests.support.module_map --write -->\n", "<!-- end of module map -->\n"


def modules() -> list[Path]:
    """Every module of the program: top level first, then folder by folder in the order of the layers."""
    layers = ["core", "system", "providers", "catalog", "local", "gateway", "ui", "app", "qt", "cli"]
    package = ROOT / "trayapp"

    def order(path: Path) -> tuple[int, str, bool, str]:
        folder = path.parent.relative_to(package).as_posix()
        place = layers.index(folder) if folder in layers else -1 if folder == "." else len(layers)
        return place, folder, path.name != "__init__.py", path.name

    return sorted(package.rglob("*.py"), key=order)


def first_sentence(path: Path) -> str:
    """What the module's docstring opens with, on one line, without its full stop; empty: there is none."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence if stop else paragraph.removesuffix(".")


def text() -> str:
    """The map as it stands in the README."""
    package = ROOT / "trayapp"
    lines = []
    for path in modules():
        below = path.relative_to(package)
        depth = len(below.parts) - (path.name == "__init__.py")
        name = f"{path.parent.name}/" if path.name == "__init__.py" else path.name
        if depth == 1 and path.name == "__init__.py":
            lines.append("")
        lines.append(f"{'  ' * depth}{name:<{24 - 2 * depth}} {first_sentence(path)}")
    return BEGIN + "```text\n" + "\n".join(lines) + "\n```\n" + END


def in_readme() -> str:
    """The map that the README holds, markers included; empty: it has none."""
    readme = README.read_text("utf-8")
    _, begin, rest = readme.partition(BEGIN)
    held, end, _ = rest.partition(END)
    return begin + held + end if begin and end else ""


def main(arguments: list[str]) -> int:
    if "--write" not in arguments:
        print(text(), end="")
        return 0
    readme, held = README.read_text("utf-8"), in_readme()
    if not held:
        print(f"README.md lacks the markers:\n{BEGIN}{END}", file=sys.stderr)
        return 1
    README.write_text(readme.replace(held, text()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
