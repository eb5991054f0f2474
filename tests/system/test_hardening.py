"""No crash writes down this process's memory, and what it starts is given no keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from trayapp.providers.table import SPECS
from trayapp.system import command, hardening

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="core dumps as Linux has them: this system has no /proc")
CRASH = """
import os, resource, sys
sys.path.insert(0, {root!r})
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
open("/proc/self/coredump_filter", "w").write("0x33")  # as it is from the start; children have their parent's
key = {key!r} * 2
if {shut}:
    from trayapp.system import hardening
    hardening.no_dumps()
if {filter_only}:
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
os.abort()
"""


def crashed(folder: Path, key: str, *, shut: bool, filter_only: bool = False) -> tuple[bool, list[bytes]]:
    """Whether the system says that it dumped a core, and what is in the folder where it would be."""
    text = CRASH.format(root=str(ROOT), key=key, shut=shut, filter_only=filter_only)
    process = subprocess.Popen([sys.executable, "-"], cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    with process.stdin as typed:
        typed.write(text.encode())  # an argument would stand in the dump whatever the memory
    _pid, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    assert os.WIFSIGNALED(status)
    dumps = [path for path in folder.iterdir() if path.name.startswith("core")]
    found = [path.read_bytes() for path in dumps]
    for path in dumps:
        path.unlink()
    return os.WCOREDUMP(status), found


@LINUX
def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    secret = "made-up-for-" + "a-core-dump"
    dumped, cores = crashed(tmp_path, secret, shut=False)
    if not dumped:
        pytest.skip("this machine has no core dumps that a test could switch off")
    assert not cores or any(secret.encode() * 2 in it for it in cores)
    assert crashed(tmp_path, secret, shut=True) == (False, [])
    # and where somebody dumps it all the same, nothing of the memory is in it
    _dumped, cores = crashed(tmp_path, secret, shut=True, filter_only=True)
    assert not any(secret.encode() in it for it in cores)


@LINUX
def test_the_limit_is_the_one_that_also_holds_for_crash_reporters() -> None:
    said = inside(
        "hardening.no_dumps()", "resource.getrlimit(resource.RLIMIT_CORE)[0], open('/proc/self/coredump_filter').read()"
    )
    assert eval(said) == (1, "00000000\n")


@LINUX
def test_a_limit_that_is_lower_already_stays() -> None:
    before = "resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); hardening.no_dumps()"
    assert inside(before, "resource.getrlimit(resource.RLIMIT_CORE)") == "(0, 0)"


@LINUX
def test_without_proc_there_is_still_the_limit(tmp_path: Path) -> None:
    hardening.no_dumps(proc=tmp_path / "nowhere")


@LINUX
@pytest.mark.parametrize(("unreadable", "dumpable"), [(False, 1), (True, 0)])
def test_only_what_has_no_desktop_hides_from_other_programs_of_its_user(unreadable: bool, dumpable: int) -> None:
    """The desktop's portals refuse who cannot be read."""
    said = inside(f"hardening.begin(unreadable={unreadable})", "__import__('ctypes').CDLL(None).prctl(3, 0, 0, 0, 0)")
    assert int(said) == dumpable


@LINUX
@pytest.mark.parametrize("unreadable", [False, True])
def test_the_process_still_finds_what_it_looks_up_about_itself(unreadable: bool) -> None:
    said = inside(
        f"hardening.begin(unreadable={unreadable})",
        "len(os.listdir('/proc/self/fd')) > 2, bool(open('/proc/self/cmdline').read()),"
        " bool(open('/proc/self/status').read()), bool(open('/proc/self/maps').read())",
    )
    assert said == "(True, True, True, True)"


def test_windows_is_asked_to_report_crashes_without_the_memory() -> None:
    asked: list[int] = []
    hardening.no_dumps(platform="win32", kernel32=SimpleNamespace(WerSetFlags=asked.append))
    assert asked == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits for one process")
def test_a_mac_has_the_limit_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (5, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: asked.append(limits))
    hardening.no_dumps(platform="darwin")
    assert asked == [(0, resource.RLIM_INFINITY)]


def test_every_variable_that_holds_a_key_of_a_known_provider_is_kept_from_children() -> None:
    names = {name for spec in SPECS for name in spec.key_env}
    assert len(names) > 25
    assert [name for name in sorted(names) if not hardening.named_like_a_key(name)] == []


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "aws_secret_access_key", "MY_PASSWORD", "TOKEN", "npm_config_token"])
def test_what_holds_a_key_by_its_name_is_kept_from_children(name: str) -> None:
    assert hardening.named_like_a_key(name)


@pytest.mark.parametrize(
    "name",
    ["XDG_ACTIVATION_TOKEN", "PYTHON_KEYRING_BACKEND", "GNOME_KEYRING_CONTROL", "SSH_AUTH_SOCK", "HOME", "XKB_KEYMAP"],
)
def test_what_a_desktop_needs_goes_to_children(name: str) -> None:
    assert not hardening.named_like_a_key(name)


def test_keys_leave_the_environment_and_the_program_has_them_from_before(canary: str) -> None:
    env = {"HOME": "/home/me", "GROQ_API_KEY": canary, "XDG_ACTIVATION_TOKEN": "t"}
    before = hardening.begin(env)
    assert before == {"HOME": "/home/me", "GROQ_API_KEY": canary, "XDG_ACTIVATION_TOKEN": "t"}
    assert env == {"HOME": "/home/me", "XDG_ACTIVATION_TOKEN": "t"}


@pytest.mark.skipif(sys.platform == "win32", reason="this needs sh")
def test_a_program_that_is_asked_for_its_output_gets_no_key(canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", canary)
    monkeypatch.setenv("PLAIN", "seen")
    told = command.output(["/bin/sh", "-c", "env"], seconds=10)
    assert told is not None
    assert b"PLAIN=seen" in told
    assert canary.encode() not in told


def inside(work: str, shown: str) -> str:
    """What a fresh process prints of ``shown`` after this work: limits cannot be taken back in this one."""
    code = f"import os, resource; from trayapp.system import hardening; {work}; print(({shown}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.removesuffix("\n")
