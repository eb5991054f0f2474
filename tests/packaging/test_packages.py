"""The packages for Linux: what they depend on, what they say, what runs when they are removed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.conftest import Script

ROOT = Path(__file__).parent.parent.parent


def test_the_package_of_every_library_that_qt_needs_is_known(script: Script) -> None:
    libraries, qt = script("shared_libraries"), script("qt_libraries")
    wanted = [part.name for part in (*qt.LIBRARIES, *qt.XCB, *qt.WAYLAND)]
    assert {"libxcb-cursor0", "libgl1", "libwayland-client0"} <= set(libraries.packages(wanted))


def test_a_library_of_which_nobody_knows_the_package_stops_the_build(script: Script) -> None:
    libraries = script("shared_libraries")
    with pytest.raises(libraries.SetUpError, match=r"libnew\.so\.1"):
        libraries.packages(["libc.so.6", "libnew.so.1"])


@pytest.mark.parametrize(
    ("package", "written"),
    [
        ("libc6", "libc6 (>= 2.34)"),
        ("libglib2.0-0", "libglib2.0-0 | libglib2.0-0t64"),
        ("libxcb1", "libxcb1"),
    ],
)
def test_a_dependency_holds_on_newer_systems_too(script: Script, package: str, written: str) -> None:
    assert script("shared_libraries").dependency(package, "2.34") == written


def test_what_a_folder_needs_is_read_off_its_programs(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    libraries = script("shared_libraries")
    told = {
        "a.so": " 0x1 (NEEDED) Shared library: [libc.so.6]\n 0x1 (NEEDED) Shared library: [libb.so.1]\n"
        " 0xf (RUNPATH) Library runpath: [/home/me/lib:$ORIGIN]\n",
        "libb.so.1.2": " 0xe (SONAME) Library soname: [libb.so.1]\n",
        "libqwayland.so": " 0x1 (NEEDED) Shared library: [libwayland-client.so.0]\n",
    }
    for name in told:
        (tmp_path / name).write_bytes(b"\x7fELF")
    (tmp_path / "text").write_text("no program")
    monkeypatch.setattr(libraries, "_readelf", lambda _what, path: told[path.name])
    assert [path.name for path in libraries.elf_files(tmp_path)] == sorted(told)
    assert libraries.wanted(tmp_path) == {"libc.so.6"}
    assert libraries.wanted(tmp_path, wayland=True) == {"libwayland-client.so.0"}
    assert libraries.run_paths(tmp_path / "a.so") == ["/home/me/lib", "$ORIGIN"]


def test_the_changelog_is_in_the_form_of_debian(script: Script) -> None:
    deb = script("build_deb")
    lines = deb.changelog().splitlines()
    assert all(len(line) <= 80 for line in lines if line.startswith("  "))
    heads = [line for line in lines if line and not line.startswith(" ")]
    assert [re.match(r"trayapp \((\S+)\) stable; urgency=medium$", line) is not None for line in heads]
    assert len(heads) == len(script("release").dates())
    assert sum(line.startswith(f" -- {deb.MAINTAINER}  ") for line in lines) == len(heads)


def test_the_copyright_is_that_of_the_project(script: Script) -> None:
    text = script("build_deb").copyright_file((ROOT / "LICENSE").read_text("utf-8"))
    assert "License: Expat\n" in text
    assert "Permission is hereby granted" in text
    assert "\n\n\n" not in text


def test_what_runs_before_a_removal_touches_no_home(script: Script) -> None:
    path = ROOT / "packaging" / "debian" / "prerm"
    text = path.read_text("utf-8")
    subprocess.run(["sh", "-n", str(path)], check=True)
    assert f"--exec /{script('build_deb')._LIB}/trayapp" in text
    assert "home" not in text.lower()
    assert "rm " not in text


def test_an_appimage_is_its_runtime_with_the_folder_behind_it(script: Script, tmp_path: Path) -> None:
    if shutil.which("mksquashfs") is None:
        pytest.skip("mksquashfs is not installed (apt-get install squashfs-tools)")
    image = script("build_appimage")
    runtime, folder = tmp_path / "runtime", tmp_path / "trayapp.AppDir"
    runtime.write_bytes(b"\x7fELF\2\1\1\0AI\2" + bytes(53))
    folder.mkdir()
    (folder / "AppRun").write_text("#!/bin/sh\n")
    made = [image.joined(runtime, folder, tmp_path / f"{number}.AppImage").read_bytes() for number in range(2)]
    assert made[0] == made[1]
    assert made[0].startswith(runtime.read_bytes() + b"hsqs")


def test_what_is_no_runtime_is_refused(script: Script, tmp_path: Path) -> None:
    image = script("build_appimage")
    (tmp_path / "page.html").write_text("<html>Not found</html>")
    with pytest.raises(image.SetUpError, match="is no runtime"):
        image.joined(tmp_path / "page.html", tmp_path, tmp_path / "x.AppImage")


def test_every_tool_for_building_is_pinned_and_no_version_contradicts_that_of_the_program() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / "packaging" / name).read_text("utf-8").splitlines()
        parts = (re.split(r"[;#]", line)[0].strip().partition("==") for line in lines)
        return {found.lower().replace("_", "-"): version for found, _, version in parts if found}

    tools, program = pins("build-constraints.txt"), pins("constraints.txt")
    assert all(re.fullmatch(r"[0-9][\w.]*", version) for version in tools.values())
    assert {"pyinstaller", "hatchling"} <= set(tools)
    assert all(program.get(name, version) == version for name, version in tools.items())
