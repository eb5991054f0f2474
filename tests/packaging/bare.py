"""A bare Debian in a folder: made once by debootstrap, and under every trial as it was made.

A trial writes into a layer of its own, so the next one finds the system bare again. Needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.desktop import MissingProgramError, need

PROGRAMS = {"debootstrap": "debootstrap", "unshare": "util-linux", "ip": "iproute2", "chroot": "coreutils"}
_X = Path("/tmp/.X11-unix")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_OFFLINE = 'ip link set lo up && exec "$@"'


class Root:
    """One system with its layer. Everything in it runs as root, and what ``command`` gives has no network."""

    def __init__(self, path: Path, layer: Path) -> None:
        self.path = path
        self._layer = layer

    def run(self, *words: str, env: Mapping[str, str] | None = None, code: int = 0) -> str:
        """Run it with this machine's network, and give what it printed. RuntimeError for another exit code."""
        given = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **(env or {})}
        done = subprocess.run(
            ["chroot", str(self.path), *words],
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != code:
            raise RuntimeError(f"{' '.join(words)}: {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    def install(self, *packages: str) -> None:
        """Debian's packages, or files of such, with what they depend on and nothing that they recommend."""
        self.run("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages)

    def command(self, *words: str) -> tuple[str, ...]:
        """The command of this machine that runs ``words`` in there without a network. It has the same process id."""
        return ("unshare", "--net", "sh", "-c", _OFFLINE, "sh", "chroot", str(self.path), *words)

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """``env`` of a private desktop, for a program in there: nothing of this machine's own Python."""
        return {**{name: value for name, value in env.items() if not name.startswith("PYTHON")}, "PATH": _PATH}

    def bring(self, source: Path, target: str) -> str:
        """Copy a file or folder of this machine to the path ``target`` in there, which is given back."""
        inside = self.inside(target)
        inside.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, inside, symlinks=True)
        else:
            shutil.copyfile(source, inside)
        return target

    def inside(self, path: str) -> Path:
        """The path as this machine has it."""
        return self.path / path.lstrip("/")

    def there(self, path: str) -> bool:
        """Whether a path leads to something in there; links are followed as the system in there would."""
        return subprocess.run(["chroot", str(self.path), "test", "-e", path], check=False).returncode == 0

    def grown(self) -> float:
        """MB that were written since the system was bare, packages among them."""
        files = (path for path in self._layer.rglob("*") if path.is_file() and not path.is_symlink())
        return sum(path.stat().st_size for path in files) / 1e6


def base(folder: Path) -> Path:
    """The bare system below ``folder``; made there the first time, which takes a minute. RuntimeError in words."""
    if os.geteuid() != 0:
        raise RuntimeError("A bare Debian is made, and entered, by root only.")
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            raise MissingProgramError(f"{program} is not installed (apt-get install {package})")
    made = folder / "base"
    if (folder / "ready").exists():
        return made
    shutil.rmtree(made, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    suite, mirror = _source()
    subprocess.run(
        ["debootstrap", "--variant=minbase", suite, str(made), mirror], check=True, stdout=subprocess.DEVNULL
    )
    _way_out(made)
    subprocess.run(["chroot", str(made), "apt-get", "-q", "update"], check=True, stdout=subprocess.DEVNULL)
    (folder / "ready").touch()
    return made


@contextmanager
def bare(folder: Path, home: Path) -> Iterator[Root]:
    """A system that is bare, with ``home`` at the same path as here and the screens of this machine."""
    need("mount", "umount")
    under = base(folder)
    (folder / "archives").mkdir(exist_ok=True)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="layer-", dir=folder)))
        parts = {name: work / name for name in ("upper", "work", "root")}
        for part in parts.values():
            part.mkdir()
        root = parts["root"]
        layers = f"lowerdir={under},upperdir={parts['upper']},workdir={parts['work']}"
        _mount(stack, root, "-t", "overlay", "-o", layers, "overlay")
        _mount(stack, root / "proc", "-t", "proc", "proc")
        _mount(stack, root / "dev", "--bind", "/dev")
        _mount(stack, root / "dev/pts", "--bind", "/dev/pts")
        _mount(stack, root / "var/cache/apt/archives", "--bind", str(folder / "archives"))
        for shared in (_X, home):
            inside = root / str(shared).lstrip("/")
            inside.mkdir(parents=True, exist_ok=True)
            _mount(stack, inside, "--bind", str(shared))
        yield Root(root, parts["upper"])


def _mount(stack: ExitStack, where: Path, *what: str) -> None:
    *options, source = what
    subprocess.run(["mount", *options, source, str(where)], check=True)
    stack.callback(_unmount, where)


def _unmount(where: Path) -> None:
    if subprocess.run(["umount", str(where)], check=False, stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["umount", "--lazy", str(where)], check=True)  # somebody still has a file open


def _source() -> tuple[str, str]:
    """This machine's Debian, and where it comes from: the suite and the address."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE) $(REPO_URI) $(COMPONENT)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in told.splitlines():
        suite, _site, address, component = line.split()
        if component == "main" and "-" not in suite:
            return suite, address
    raise RuntimeError("This machine names no Debian to make a bare one of: “apt-get indextargets” is empty.")


def _way_out(made: Path) -> None:
    """How this machine reaches its packages: the same sources, certificates and names."""
    for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/apt/sources.list"):
        if Path(path).exists():
            shutil.copyfile(path, made / path.lstrip("/"))
    for path in ("/etc/apt/sources.list.d", "/etc/apt/apt.conf.d"):
        shutil.copytree(path, made / path.lstrip("/"), dirs_exist_ok=True)
    (made / "etc/apt/apt.conf.d/docker-clean").unlink(missing_ok=True)
    if _CERTIFICATES.exists():
        target = made / str(_CERTIFICATES).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_CERTIFICATES, target)
