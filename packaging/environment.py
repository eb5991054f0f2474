"""The private environments that the program and its tests run in: made once, found again by their key.

Standard library only, and at the top only what Python has loaded anyway: a later start does nothing here
but compute a name and exec.
"""

from __future__ import annotations

import os
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONSTRAINTS = os.path.join(ROOT, "packaging", "constraints.txt")
TOOLS = os.path.join(ROOT, "packaging", "build-constraints.txt")
"""What ``packaging/build.py`` needs, with its versions."""
PROOFS = os.path.join(ROOT, "packaging", "proof-constraints.txt")
"""What the long proofs need beside the tests: coverage, fuzzing, mutation, known vulnerabilities."""
_PACKAGE_RECORDS = ("/var/lib/dpkg/status", "/usr/lib/sysimage/rpm", "/var/lib/rpm", "/var/lib/pacman/local")
KEPT = 3
FAILED = 3
"""Exit code of a set-up that cannot be finished here."""


class SetUpError(Exception):
    """Why the set-up cannot go on, and what to do, in words."""


def place(kind: str, tools: str = "") -> str:
    """Folder of the environment for this project file, these versions, this Python and this machine.

    ``tools``: a file of pins that are installed as well.
    """
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        needs = file.read().partition(b"\n[tool.")[0]  # settings of tools change more often, and change nothing
    for path in (CONSTRAINTS, tools) if tools else (CONSTRAINTS,):
        with open(path, "rb") as file:
            needs += file.read()
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    needs += f"{sys.version} {sys.base_prefix} {sys.platform} {machine}".encode()
    return os.path.join(_base(), f"{kind}-{zlib.crc32(needs):08x}")


def _base() -> str:
    home = os.path.expanduser("~")
    if os.name == "nt":
        return os.path.join(os.environ.get("LOCALAPPDATA") or home, "trayapp-dev")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Caches", "trayapp-dev")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "trayapp-dev")


def python(folder: str) -> str:
    """The environment's own Python."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def ready(folder: str) -> bool:
    """Whether it was finished, and the Python that it was made from is still there."""
    return os.path.exists(os.path.join(folder, "ready")) and os.path.exists(python(folder))


def run(folder: str, *arguments: str) -> None:
    """Become the environment's Python, with the checkout first on its path. Comes back never.

    ``-P`` keeps the current folder off the path, lest a folder there take the name of a library.
    """
    try:  # noqa: SIM105 - a start does not wait for contextlib
        os.utime(os.path.join(folder, "ready"))  # what was used last is cleaned last
    except OSError:
        pass
    os.environ["PYTHONPATH"] = ROOT
    os.environ.pop("PYTHONHOME", None)
    command = [python(folder), "-P", *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        import subprocess

        raise SystemExit(subprocess.call(command))
    os.execv(command[0], command)


def remembered(folder: str, name: str) -> str:
    """What ``remember`` wrote, or nothing."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def remember(folder: str, name: str, text: str) -> None:
    """Keep a word beside an environment. Losing it costs a check, so a failure is nothing."""
    try:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        pass


def packages_state(platform: str) -> str:
    """A word that changes when the system's packages do, or what is looked for: else there is no need to look.

    Empty where no package manager is known.
    """
    times = []
    for path in _PACKAGE_RECORDS:
        try:
            times.append(str(os.stat(path).st_mtime_ns))
        except OSError:
            continue
    if not times:
        return ""
    looked_for = os.stat(os.path.join(ROOT, "packaging", "qt_libraries.py")).st_mtime_ns
    return f"{platform} {looked_for} {' '.join(times)}"


def make(folder: str, *extras: str, tools: str = "") -> None:
    """Make the environment under a lock, in a folder beside it that is renamed when all is there.

    ``extras`` of the project, and what the file ``tools`` pins, are installed with it.

    Raises SetUpError in words. Whatever stops it, the next one starts afresh.
    """
    import shutil

    base = os.path.dirname(folder)
    try:
        os.makedirs(base, mode=0o700, exist_ok=True)
        with open(os.path.join(base, "lock"), "a+b") as lock:
            _hold(lock.fileno())
            if ready(folder):
                return  # somebody else made it while we waited
            for name in os.listdir(base):
                if name.startswith("new-"):  # we hold the lock: nobody is at work there
                    shutil.rmtree(os.path.join(base, name), ignore_errors=True)
            fresh = os.path.join(base, f"new-{os.getpid()}")
            try:
                _fill(fresh, extras, tools)
                _rename_in_scripts(fresh, folder)
                remember(fresh, "ready", "")
                shutil.rmtree(folder, ignore_errors=True)
                os.rename(fresh, folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            _clean(base, os.path.basename(folder).partition("-")[0])
    except OSError as error:
        raise SetUpError(f"The environment could not be written below {base}: {error}.") from error


def _fill(fresh: str, extras: tuple[str, ...], tools: str) -> None:
    import subprocess
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    needs: list[str] = list(project["dependencies"])
    for extra in extras:
        needs += project["optional-dependencies"][extra]
    needs += ["-r", tools] if tools else []
    complaint = _libc_complaint()
    if complaint:
        raise SetUpError(complaint)
    try:
        import venv
    except ImportError:
        raise SetUpError(f"This Python has no venv module. {_venv_hint()}") from None
    commands = _installers(python(fresh))
    if not commands:
        raise SetUpError(f"This Python can make an environment but has no pip to fill it. {_venv_hint()}")
    say("Setting up the environment: about 100 MB of packages, once. This takes seconds to minutes.")
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    env |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    for command in commands:
        venv.create(fresh, clear=True, symlinks=os.name != "nt", with_pip=False)
        if subprocess.run([*command, "-c", CONSTRAINTS, *needs], env=env).returncode == 0:
            return
        if command is not commands[-1]:
            say(f"{os.path.basename(command[0])} could not do it; trying again with pip.")
    raise SetUpError(
        "The packages could not be installed: see the lines above. Without a direct line to the internet, "
        "set HTTPS_PROXY, or name your own package index in pip's configuration, and run this again."
    )


def _libc_complaint() -> str:
    """Why there is no PySide6 for this C library, or nothing."""
    if not sys.platform.startswith("linux"):
        return ""
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        new_enough = tuple(map(int, version.split(".")[:2])) >= (2, 34)
    except (ValueError, OSError):
        return (
            "This system's C library is not glibc, and PySide6 is not made for others. "
            "On Alpine, use a container or virtual machine with Debian 12, Ubuntu 22.04 or newer."
        )
    return "" if new_enough else f"{name} {version} is too old: PySide6 needs 2.34 (Debian 12, Ubuntu 22.04, RHEL 9)."


def _installers(exe: str) -> list[list[str]]:
    """The beginnings of install commands, best first: uv where there is one, then one kind of pip."""
    import shutil
    from importlib.util import find_spec

    found = []
    uv = shutil.which("uv")
    if uv:
        found.append([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", exe])
    options = ["install", "-qq", "--disable-pip-version-check", "--no-input"]
    wheel = _bundled_pip()
    if wheel:
        # pip runs from its own wheel: installing it into the environment first would take 4 s
        found.append([exe, os.path.join(wheel, "pip"), *options])
    elif find_spec("pip"):
        found.append([sys.executable, "-m", "pip", "--python", exe, *options])
    return found


def _bundled_pip() -> str:
    """The wheel of pip that comes with Python for its venv module, or nothing."""
    import sysconfig

    try:
        import ensurepip
    except ImportError:
        return ""
    own = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
    for folder in (sysconfig.get_config_var("WHEEL_PKG_DIR"), own):  # Debian and Fedora keep it elsewhere
        wheel = os.path.join(folder or "", f"pip-{ensurepip.version()}-py3-none-any.whl")
        if folder and os.path.exists(wheel):
            return wheel
    return ""


def _venv_hint() -> str:
    import shutil

    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if shutil.which("apt-get") and sys.base_prefix == "/usr":
        sudo = "" if os.geteuid() == 0 else "sudo "
        return f"Install it with:\n  {sudo}apt-get install -y {package}\nand run this again."
    return "Install pip for it, or uv, or use another Python 3.11 or newer."


def _rename_in_scripts(fresh: str, final: str) -> None:
    """Programs in ``bin`` name their Python by its path, which is about to change."""
    folder = os.path.dirname(python(fresh))
    for name in os.listdir(folder) if os.name != "nt" else ():
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            if os.path.islink(path) or file.read(2) != b"#!":
                continue
            text = b"#!" + file.read()
        with open(path, "wb") as file:
            file.write(text.replace(fresh.encode(), final.encode()))


def _clean(base: str, kind: str) -> None:
    """Keep the environments of this kind that were used last."""
    import shutil

    def used(path: str) -> float:
        try:
            return os.stat(os.path.join(path, "ready")).st_mtime
        except OSError:
            return 0.0

    made = [os.path.join(base, name) for name in os.listdir(base) if name.startswith(f"{kind}-")]
    for path in sorted(made, key=used, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _hold(descriptor: int) -> None:
    """Wait until nobody else sets up. The system lets go when the process ends, however it ends."""
    if sys.platform == "win32":
        import msvcrt
        import time

        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.2)
            else:
                return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up is at work; waiting for it.")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def say(text: str) -> None:
    """Tell the person; standard output belongs to the program."""
    print(text, file=sys.stderr, flush=True)
