"""A private desktop for tests: screen, session bus, keyring and tray, each ended by its own process id.

Every part is a context manager that takes and gives a plain environment for child processes, and every wait
has an end. A part that is not installed raises MissingProgramError; the fixtures make a skip of that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, TypeVar

from tests.support import guards
from tests.support.gnome_keyring import GnomeKeyring

T = TypeVar("T")
ROOT = Path(__file__).parent.parent.parent
SERVICES = Path("/usr/share/dbus-1/services")
PROMPTER = "org.gnome.keyring.SystemPrompter.service"
FRAMEBUFFER = "TESTS_FRAMEBUFFER"
"""Where the private screen keeps its pixels; ``pointer.screenshot`` reads it."""
PACKAGES = {"Xvfb": "xvfb", "gnome-keyring-daemon": "gnome-keyring"}


class MissingProgramError(RuntimeError):
    """This machine lacks a program that a test needs; the text names it and its Debian package."""


class Vault(StrEnum):
    """What a desktop has for a keyring."""

    NONE = "none"
    """Nobody on the bus offers one."""
    UNLOCKED = "unlocked"
    LOCKED = "locked"
    """There is one with a password, and it was not given."""
    NEVER = "never created"
    """The service runs, but no keyring was ever made: writing would ask to make one."""


def need(*programs: str) -> None:
    """Raise MissingProgramError for the first of ``programs`` that is not on the path."""
    for program in programs:
        if shutil.which(program) is None:
            package = PACKAGES.get(program, program)
            raise MissingProgramError(f"{program} is not installed (apt-get install {package})")


def until(check: Callable[[], T | None], what: str, timeout: float = 10.0, pause: float = 0.01) -> T:
    """The first true answer of ``check``, or TimeoutError that says what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        if answer := check():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(pause)


class Program:
    """A started program with its whole process group. ``end`` is bounded and may be called twice."""

    def __init__(
        self,
        *argv: str,
        env: Mapping[str, str],
        pass_fds: tuple[int, ...] = (),
        stdin: bytes | None = None,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> None:
        self.process = subprocess.Popen(
            argv,
            env=dict(env),
            pass_fds=pass_fds,
            cwd=ROOT,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        if stdin is not None and self.process.stdin is not None:
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def end(self, grace: float = 3.0) -> int:
        """Ask it to end, make it end after ``grace`` seconds; its exit status."""
        if self.running():
            self._kill(signal.SIGTERM)
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                self._kill(signal.SIGKILL)
        status = self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return status

    def _kill(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()


@contextlib.contextmanager
def home(folder: Path | None = None) -> Iterator[dict[str, str]]:
    """An environment with a private home and nothing of the machine's own desktop, user or keys in it.

    Without a folder a temporary one is made and removed.
    """
    env = dict(os.environ)
    guards.scrub(env)
    for name in ("QT_QPA_PLATFORM", "QT_QPA_PLATFORMTHEME", "PYTHON_KEYRING_BACKEND", "PYTHONPATH", "COLUMNS"):
        env.pop(name, None)
    env["PYTHONPATH"] = str(ROOT)
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True)))
        yield env | guards.new_home(folder)


@contextlib.contextmanager
def xvfb(env: Mapping[str, str], size: str = "1280x800x24") -> Iterator[dict[str, str]]:
    """A screen of its own. ``-displayfd``: the server picks a free number and says when it is ready."""
    need("Xvfb")
    pixels = Path(env["XDG_RUNTIME_DIR"]) / "screen"
    pixels.mkdir(mode=0o700, exist_ok=True)
    ready, says = os.pipe()
    options = ("-displayfd", str(says), "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-fbdir", str(pixels))
    try:
        screen = Program("Xvfb", *options, env=env, pass_fds=(says,))
    finally:
        os.close(says)
    with screen, os.fdopen(ready, "rb", buffering=0) as answers:
        number = _line(answers, 20).strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield {**env, "DISPLAY": f":{number}", FRAMEBUFFER: str(pixels / "Xvfb_screen0")}


@contextlib.contextmanager
def weston(env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Wayland without a screen: weston, which draws into memory. It has no place for tray icons, as GNOME has none."""
    need("weston")
    name = "wayland-private"
    options = ("--backend=headless-backend.so", f"--socket={name}", "--idle-time=0", "--no-config")
    without = {key: value for key, value in env.items() if key != "DISPLAY"}
    with Program("weston", *options, env=without):
        until((Path(env["XDG_RUNTIME_DIR"]) / name).exists, "weston")
        yield {**without, "WAYLAND_DISPLAY": name}


@contextlib.contextmanager
def session_bus(env: Mapping[str, str], services: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """A session bus of its own, which starts nobody but the named services.

    What it starts inherits ``env``, so DISPLAY has to be in it before. The system's own list of services is
    left out: with it, any look at the keyring would start one.
    """
    need("dbus-daemon")
    folder = Path(env["XDG_RUNTIME_DIR"]) / "bus"
    started = folder / "services"
    started.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in services:
        if not (SERVICES / name).is_file():
            raise MissingProgramError(f"{SERVICES / name} is not there (apt-get install gnome-keyring)")
        (started / name).write_bytes((SERVICES / name).read_bytes())
    settings = folder / "bus.conf"
    settings.write_text(
        "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN'"
        " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
        f"<busconfig><type>session</type><listen>unix:path={folder}/socket</listen>"
        f"<auth>EXTERNAL</auth><servicedir>{started}</servicedir>"
        "<policy context='default'><allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/>"
        "<allow own='*'/></policy></busconfig>\n"
    )
    bus = Program(
        *("dbus-daemon", f"--config-file={settings}", "--nofork", "--nopidfile", "--print-address=1"),
        env=env,
        stdout=subprocess.PIPE,
    )
    with bus:
        assert bus.process.stdout is not None
        address = _line(bus.process.stdout, 20).strip()
        if not address:
            raise RuntimeError("dbus-daemon did not start")
        yield {**env, "DBUS_SESSION_BUS_ADDRESS": address}


@contextlib.contextmanager
def keyring(env: Mapping[str, str], vault: Vault = Vault.UNLOCKED, password: str = "test") -> Iterator[GnomeKeyring]:
    """gnome-keyring as the Secret Service of ``env``'s bus, its files below ``env``'s home."""
    need("gnome-keyring-daemon")
    daemon = GnomeKeyring(env)
    try:
        if vault is not Vault.NEVER:
            daemon.start(password)
        if vault is Vault.LOCKED:
            daemon.end()  # as after a login without a password: nobody has given it yet
        if vault is not Vault.UNLOCKED:
            daemon.start(None)
        yield daemon
    finally:
        daemon.end()


@contextlib.contextmanager
def trayer(env: Mapping[str, str]) -> Iterator[Program]:
    """An XEmbed tray at the lower right. A Qt program uses it only where no StatusNotifier host is on the bus."""
    need("trayer")
    options = "--edge bottom --align right --widthtype request --height 32 --SetPartialStrut true"
    with Program("trayer", *options.split(), env=env) as program:
        yield program


@contextlib.contextmanager
def desktop(
    with_keyring: Vault | bool = False, with_display: bool = True, folder: Path | None = None
) -> Iterator[dict[str, str]]:
    """All of it: the environment for programs on a private desktop (home, screen, bus, keyring)."""
    vault = with_keyring if isinstance(with_keyring, Vault) else Vault.UNLOCKED if with_keyring else Vault.NONE
    with contextlib.ExitStack() as stack:
        env = stack.enter_context(home(folder))
        if with_display:
            env = stack.enter_context(xvfb(env))
        env = stack.enter_context(session_bus(env, () if vault is Vault.NONE else (PROMPTER,)))
        if vault is not Vault.NONE:
            stack.enter_context(keyring(env, vault))
        yield env


def _line(pipe: IO[bytes], timeout: float) -> str:
    """One line from a pipe, or what came of it within ``timeout`` seconds."""
    import select

    deadline, text = time.monotonic() + timeout, b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(pipe.fileno(), 256) if readable else b""
        if not piece:
            break
        text += piece
    return text.decode()
