"""What the system lacks is named with the line that installs it, and installed where that is allowed."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.support import browser

SCRIPTS = Path(__file__).parent.parent.parent / "packaging"
APT = """#!/bin/sh
echo "$DEBIAN_FRONTEND: $*" >> "$0.log"
[ "$1" = update ] && touch "$0.lists" && exit 0
[ -e "$0.lists" ] || exit 100
for it in "$@"; do last=$it; done
[ "$last" = gizmo-pkg ] && printf '#!/bin/sh\\n' > "${0%/*}/gizmo" && chmod 755 "${0%/*}/gizmo"
exit 0
"""


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return import_module("qt_libraries")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on the path besides that of the shell's own tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "touch", "chmod"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(folder: Path, name: str, text: str = "#!/bin/sh\n") -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def user(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: number)


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends gizmo-apt libnot0"),
        ("dnf", "sudo dnf install -y gizmo-dnf not-libs"),
        ("pacman", "sudo pacman -S --needed gizmo-arch not"),
    ],
)
def test_a_user_is_given_the_line_to_run(
    libraries: Any, programs: Path, monkeypatch: pytest.MonkeyPatch, tool: str, line: str
) -> None:
    install(programs, tool)
    user(monkeypatch, 1000)
    parts = (
        libraries.Part("gizmo", "gizmo-apt", "gizmo-dnf", "gizmo-arch"),
        libraries.Part("libnot-there.so.7", "libnot0", "not-libs", "not"),
        libraries.Part("libc.so.6", "libc6", "glibc", "glibc"),
    )
    with pytest.raises(libraries.SetUpError) as said:
        libraries.provide(parts, "The tray icon")
    assert str(said.value).splitlines()[-1].strip() == line
    assert "The tray icon needs what this system lacks: gizmo, libnot-there.so.7." in str(said.value)


def test_root_on_debian_has_it_installed_with_the_lists_fetched_when_they_are_missing(
    libraries: Any, programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(programs, "apt-get", APT)
    user(monkeypatch, 0)
    libraries.provide((libraries.Part("gizmo", "gizmo-pkg", "", ""),), "The test suite")
    assert "Installing it: apt-get install -y --no-install-recommends gizmo-pkg" in capsys.readouterr().err
    assert (programs / "apt-get.log").read_text().splitlines() == [
        "noninteractive: install -y --no-install-recommends gizmo-pkg",
        "noninteractive: update",
        "noninteractive: install -y --no-install-recommends gizmo-pkg",
    ]
    libraries.provide((libraries.Part("gizmo", "gizmo-pkg", "", ""),), "The test suite")
    assert len((programs / "apt-get.log").read_text().splitlines()) == 3


def test_what_is_still_missing_after_that_is_said(
    libraries: Any, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(programs, "apt-get", APT)
    user(monkeypatch, 0)
    with pytest.raises(libraries.SetUpError, match="Still missing: widget"):
        libraries.provide((libraries.Part("widget", "widget-pkg", "", ""),), "The test suite")


def test_a_system_with_no_known_package_tool_is_told_the_names(libraries: Any, programs: Path) -> None:
    with pytest.raises(libraries.SetUpError, match=r"which lacks them: gizmo\."):
        libraries.provide((libraries.Part("gizmo", "a", "b", "c"),), "The tray icon")


def test_wayland_alone_needs_no_library_of_x(libraries: Any) -> None:
    names = {part.name for part in libraries.needed("wayland")}
    assert "libwayland-client.so.0" in names
    assert not any(name.startswith("libxcb") for name in names)
    assert "libxcb-cursor.so.0" in {part.name for part in libraries.needed("xcb")}


@pytest.fixture
def test_script(libraries: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``packaging/test.py`` on Linux; what it looks for is kept in ``looked``, what it would run in ``ran``."""
    spec = spec_from_file_location("script_of_tests", SCRIPTS / "test.py")
    assert spec is not None
    assert spec.loader is not None
    script: Any = module_from_spec(spec)
    spec.loader.exec_module(script)
    environment = import_module("environment")
    script.looked, script.ran = [], []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(environment, "place", lambda _kind, _tools="": str(tmp_path))
    monkeypatch.setattr(environment, "ready", lambda _folder: True)
    monkeypatch.setattr(environment, "run", lambda _folder, *words: script.ran.append(words))
    monkeypatch.setattr(libraries, "provide", lambda parts, _what: script.looked.extend(it.name for it in parts))
    monkeypatch.chdir(tmp_path)
    return script


def test_a_browser_is_wanted_only_by_who_asks_for_all(test_script: Any, programs: Path) -> None:
    test_script.main([])
    assert "zsh" in test_script.looked
    assert "chromium" not in test_script.looked
    test_script.main(["--all"])
    assert "chromium" in test_script.looked
    assert set(test_script.ran) == {("-m", "pytest", "-n", "auto")}
    test_script.main(["--all", "tests/whole", "-x"])
    assert test_script.ran[-1] == ("-m", "pytest", "tests/whole", "-x")


@pytest.mark.parametrize("name", ["bench", "coverage", "fuzz", "mutation"])
def test_longer_proofs_are_run_by_their_names_with_arguments_of_their_own(
    test_script: Any, programs: Path, name: str
) -> None:
    test_script.main([f"--{name}", "all", "--jobs", "2"])
    assert test_script.ran[0] == ("-m", f"tests.{name}", "all", "--jobs", "2")
    assert find_spec(f"tests.{name}") is not None


def test_a_browser_by_another_name_will_do(test_script: Any, programs: Path) -> None:
    install(programs, browser.NAMES[-1])
    test_script.main(["--all"])
    assert "chromium" not in test_script.looked


def test_the_browsers_that_are_looked_for_are_those_that_the_tests_take(libraries: Any) -> None:
    assert libraries.BROWSERS == browser.NAMES


def test_who_asks_for_all_is_told_what_cannot_be_had(
    test_script: Any,
    libraries: Any,
    monkeypatch: pytest.MonkeyPatch,
    programs: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def provide(parts: tuple[Any, ...], what: str) -> None:
        if what.startswith("A part"):
            raise libraries.SetUpError("There is no zsh.")

    monkeypatch.setattr(libraries, "provide", provide)
    test_script.main([])
    assert "There is no zsh." in capsys.readouterr().err
    with pytest.raises(libraries.SetUpError, match="There is no zsh"):
        test_script.main(["--all"])
    assert len(test_script.ran) == 1
