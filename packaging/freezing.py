"""What belongs into the frozen program and what does not: asked by trayapp.spec while PyInstaller runs.

Nothing is taken from the system's own folders of libraries: those are security updates of the system's, and what
they are is declared by the packages. Of Qt, four modules and the plugins that they load on their own.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from release import BUILD, ROOT, VERSION

WORK = str(BUILD / "folder")
BUNDLE_ID = "io.github.trayapp"
"""The name of the launch agent, too (``trayapp.system.login.LABEL``)."""
NOT_NEEDED = [
    *("tkinter", "unittest", "test", "lib2to3", "pydoc", "pydoc_data", "doctest", "pdb", "idlelib", "distutils"),
    *("setuptools", "pkg_resources", "pip", "curses", "readline", "sqlite3", "bz2", "lzma", "xmlrpc", "turtle"),
    # optional parts of what is used, found by PyInstaller because something would import them
    *("click", "rich", "pygments", "h2", "socksio", "trio", "curio", "brotli", "brotlicffi", "aiodns", "IPython"),
    *("numpy", "yaml", "cython", "zstandard", "gi", "dbus", "pytest", "attr._cmp.unittest", "PySide6.QtQml"),
    *("PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtNetwork", "PySide6.QtPrintSupport", "PySide6.QtTest"),
]
QT_LIBRARIES = ("Core", "Gui", "Widgets", "DBus", "XcbQpa", "WaylandClient", "OpenGL", "Svg")
"""Those of the four modules that are imported, and of the plugins below."""
QT_PLUGINS = (
    r"platforms/(lib)?q(xcb|wayland|offscreen|windows|cocoa)\b",
    r"platforminputcontexts/lib(compose|ibus)platforminputcontextplugin",
    r"platformthemes/libqxdgdesktopportal",
    r"xcbglintegrations/libqxcb-(egl|glx)-integration",
    r"wayland-shell-integration/libxdg-shell",
    r"wayland-decoration-client/lib(adwaita|bradient)",
    r"wayland-graphics-integration-client/libqt-plugin-wayland-egl",
    r"iconengines/(lib)?qsvgicon",
    r"imageformats/(lib)?q(svg|ico|icns)\b",
    r"styles/(lib)?q(modernwindowsstyle|macstyle)",
)
QT_NAMES = {"zh": "zh_CN"}
"""What Qt calls a language where it is not our code; the same as in trayapp/qt/translations.py."""
_SYSTEM = ("/usr/lib", "/lib", "/usr/local/lib")
_PLUGIN = re.compile(rf"PySide6/(Qt/)?plugins/({'|'.join(QT_PLUGINS)})")
_LIBRARY = re.compile(r"(?:^|/)(?:lib)?Qt6?([A-Z]\w*?)(?:\.abi3|\.pyd|\.so|\.dll|\.framework|$)")
_BINDING = re.compile(r"PySide6/(Qt\w+)\.(abi3\.so|pyd)\Z")
_BINDINGS = frozenset(("QtCore", "QtGui", "QtWidgets", "QtDBus"))
_LEFT_OUT = re.compile(r"\.(po|pot)\Z|(?:^|/)resources/(artwork|desktop|man)/|PySide6/(Qt/)?(qml|metatypes)/")
_TRANSLATION = re.compile(r"/translations/(\w+?)_(\w+)\.qm\Z")


def resources() -> list[tuple[str, str]]:
    """Source and target folder of everything that was shipped, as PyInstaller takes it."""
    found = []
    for path in sorted((ROOT / "resources").rglob("*")):
        where = path.relative_to(ROOT).as_posix()
        if path.is_file() and not _LEFT_OUT.search(where):
            found.append((str(path), os.path.dirname(where)))
    return found


def imported_by_name() -> list[str]:
    """Modules that no ``import`` names, so that PyInstaller cannot find them."""
    own = [path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "trayapp").rglob("[a-z]*.py"))]
    keyrings = {"win32": ["Windows"], "darwin": ["macOS"]}.get(sys.platform, ["SecretService", "libsecret", "kwallet"])
    modules = [".".join(path.parts) for path in own]
    return [*modules, *(f"keyring.backends.{name}" for name in keyrings), "anyio._backends._asyncio"]


def taken_along(target: str, source: str) -> bool:
    """Whether a file that PyInstaller found goes into the folder; ``target`` is its path in there."""
    where = target.replace(os.sep, "/")
    if _LEFT_OUT.search(where):
        return False
    translation = _TRANSLATION.search(where)
    if translation:
        return translation[1] == "qtbase" and translation[2].partition("_")[0] in languages()
    if source.startswith(_SYSTEM) and not where.endswith(".py"):
        return "libpython" in where
    if "/plugins/" in where:
        return _PLUGIN.match(where) is not None
    binding = _BINDING.match(where)
    if binding:
        return binding[1] in _BINDINGS
    library = _LIBRARY.search(where)
    return library is None or library[1] in QT_LIBRARIES


def lacking(made: Path) -> list[str]:
    """What was shipped and is not in the folder: resources, and Qt's own texts in the program's languages."""
    inside = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    wanted = [f"{folder}/{os.path.basename(source)}" for source, folder in resources()]
    wanted += [f"translations/qtbase_{QT_NAMES.get(it, it)}.qm" for it in languages()]
    return [name for name in wanted if not any(it.endswith(f"/{name}") for it in inside)]


def languages() -> list[str]:
    """Those that the program speaks beside English: of Qt's own texts no others are taken along."""
    return sorted(path.name for path in (ROOT / "resources" / "locale").iterdir() if path.is_dir())


def info_plist() -> dict[str, Any]:
    """What macOS reads of the bundle: packaging/macos/Info.plist and the version."""
    import plistlib

    told: dict[str, Any] = plistlib.loads((ROOT / "packaging" / "macos" / "Info.plist").read_bytes())
    return {**told, "CFBundleShortVersionString": VERSION, "CFBundleVersion": VERSION}


def version_info() -> str:
    """What Windows shows of the program's file, in the form that PyInstaller reads."""
    numbers = tuple(int(part) for part in (*VERSION.split(".")[:3], "0"))
    texts = {
        "CompanyName": "trayapp",
        "FileDescription": "trayapp",
        "FileVersion": VERSION,
        "ProductName": "trayapp",
        "ProductVersion": VERSION,
    }
    rows = ", ".join(f"StringStruct({name!r}, {text!r})" for name, text in texts.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=[\n"
        f"  StringFileInfo([StringTable('040904B0', [{rows}])]),\n"
        "  VarFileInfo([VarStruct('Translation', [1033, 1200])]),\n])\n"
    )


def prepare() -> Path:
    """Make the folder of work, and in it what the specification refers to on this system."""
    import icon_files

    work = Path(WORK)
    work.mkdir(parents=True, exist_ok=True)
    pictures = {size: (ROOT / "resources" / "icons" / f"trayapp-{size}.png").read_bytes() for size in icon_files.SIZES}
    if sys.platform == "win32":
        (work / "trayapp.ico").write_bytes(icon_files.ico(pictures))
        (work / "version-info.txt").write_text(version_info(), encoding="utf-8")
    if sys.platform == "darwin":
        (work / "trayapp.icns").write_bytes(icon_files.icns(pictures))
    return work
