"""The system's libraries and programs that Qt and the tests need, by the names of each distribution.

Qt ends the process with SIGABRT when its platform plugin cannot start, which Python cannot catch: so this
looks first. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from typing import NamedTuple

from environment import SetUpError, say


class Part(NamedTuple):
    """A library or program, and the package it is in for apt, dnf and pacman."""

    name: str
    apt: str
    dnf: str
    pacman: str


# Found by adding one at a time to a bare Debian 12; the names for dnf and pacman are not tried.
# Newer Debian and Ubuntu call libglib2.0-0 libglib2.0-0t64, and apt-get takes the old name for it.
LIBRARIES = (
    Part("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Part("libgthread-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Part("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    Part("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    Part("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    Part("libX11.so.6", "libx11-6", "libX11", "libx11"),
    Part("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Part("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Part("libfreetype.so.6", "libfreetype6", "freetype", "freetype2"),
    Part("libbrotlidec.so.1", "libbrotli1", "libbrotli", "brotli"),
    Part("libgssapi_krb5.so.2", "libgssapi-krb5-2", "krb5-libs", "krb5"),
)
XCB = (
    Part("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    Part("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Part("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Part("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Part("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Part("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    Part("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    Part("libxcb-render.so.0", "libxcb-render0", "libxcb", "libxcb"),
    Part("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Part("libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb"),
    Part("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb"),
    Part("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util"),
    Part("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb"),
    Part("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
    Part("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
)
WAYLAND = (
    Part("libwayland-client.so.0", "libwayland-client0", "libwayland-client", "wayland"),
    Part("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", "wayland"),
)
TEST_PROGRAMS = (
    Part("Xvfb", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    Part("dbus-daemon", "dbus-daemon", "dbus-daemon", "dbus"),
    Part("dbus-send", "dbus-bin", "dbus-tools", "dbus"),
    Part("gnome-keyring-daemon", "gnome-keyring", "gnome-keyring", "gnome-keyring"),
    Part("trayer", "trayer", "trayer", "trayer"),
    Part("xdotool", "xdotool", "xdotool", "xdotool"),
    Part("desktop-file-validate", "desktop-file-utils", "desktop-file-utils", "desktop-file-utils"),
)
TEST_EXTRAS = (
    Part("gio", "libglib2.0-bin", "glib2", "glib2"),
    Part("zsh", "zsh", "zsh", "zsh"),
    Part("fish", "fish", "fish", "fish"),
    Part("appstreamcli", "appstream", "appstream", "appstream"),
    Part("mksquashfs", "squashfs-tools", "squashfs-tools", "squashfs-tools"),
    Part("weston", "weston", "weston", "weston"),
    Part("strace", "strace", "strace", "strace"),
)
"""What single tests need, which name it and are skipped without."""
BROWSER = Part("chromium", "chromium", "chromium", "chromium")
BROWSERS = (BROWSER.name, "chromium-browser", "google-chrome", "google-chrome-stable")
"""The names of the browser that a web page is tried in: 400 MB, so it is installed for ``test.py --all`` only."""
_TOOLS = {
    "apt-get": ("apt", "apt-get install -y --no-install-recommends"),
    "dnf": ("dnf", "dnf install -y"),
    "pacman": ("pacman", "pacman -S --needed"),
}


def needed(platform: str) -> tuple[Part, ...]:
    """The libraries of Qt itself and of its platform plugin, ``xcb`` or ``wayland``."""
    return LIBRARIES + (WAYLAND if platform == "wayland" else XCB)


def wanted_by_tests(everything: bool) -> tuple[Part, ...]:
    """What single tests need; ``everything``: a browser too, unless there is one by another name."""
    if not everything or any(map(shutil.which, BROWSERS)):
        return TEST_EXTRAS
    return (*TEST_EXTRAS, BROWSER)


def missing(parts: tuple[Part, ...]) -> list[Part]:
    """Those that cannot be loaded or are not on the path."""
    return [part for part in parts if not _there(part.name)]


def _there(name: str) -> bool:
    if ".so." not in name:
        return shutil.which(name) is not None
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def provide(parts: tuple[Part, ...], what: str) -> None:
    """Install what is missing where that is allowed (root on Debian), else SetUpError with the line to run."""
    lacks = missing(parts)
    if not lacks:
        return
    names = ", ".join(part.name for part in lacks)
    tool = next((tool for tool in _TOOLS if shutil.which(tool)), "")
    if not tool:
        raise SetUpError(f"{what} needs these from your system, which lacks them: {names}.")
    column, command = _TOOLS[tool]
    packages = sorted({str(getattr(part, column)) for part in lacks})
    line = f"{command} {' '.join(packages)}"
    if os.geteuid() != 0 or tool != "apt-get":
        sudo = "" if os.geteuid() == 0 else "sudo "
        raise SetUpError(f"{what} needs what this system lacks: {names}.\nInstall it with:\n  {sudo}{line}")
    say(f"{what} needs what this system lacks: {names}.\nInstalling it: {line}")
    _install(line.split())
    still = missing(parts)
    if still:
        names = ", ".join(part.name for part in still)
        raise SetUpError(f"Still missing: {names}. This was to install it:\n  {line}")


def _install(command: list[str]) -> None:
    """Run apt-get; where its lists are missing or old, fetch them and try again."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    if quietly(command).returncode == 0:
        return
    quietly(["apt-get", "update"])
    second = quietly(command)
    if second.returncode:
        say(second.stdout)
