"""Where things live on this computer: settings, state, lists, log, socket and what was shipped."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

APP = "trayapp"


class Paths:
    """The folders of one user; none of them need exist.

    No Struct: a second start has no time to import msgspec, or even typing.
    """

    __slots__ = ("cache", "config", "data", "logs", "resources", "runtime")

    def __init__(self, *, config: Path, data: Path, cache: Path, logs: Path, runtime: Path, resources: Path) -> None:
        self.config = config
        self.data = data
        self.cache = cache
        self.logs = logs
        self.runtime = runtime
        """For the socket and the locks; private to the user."""
        self.resources = resources
        """What came with the program. Read only."""

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.toml"

    @property
    def state_file(self) -> Path:
        return self.data / "state.json"

    @property
    def listings(self) -> Path:
        return self.cache / "models"

    @property
    def log_file(self) -> Path:
        return self.logs / f"{APP}.log"


def find(env: Mapping[str, str] | None = None) -> Paths:
    """The folders of this user by the rules of the system, or all below ``TRAYAPP_HOME`` where that is set.

    ``env`` stands in for the environment in what is decided here; platformdirs reads the real one.
    """
    env = os.environ if env is None else env
    if home := _own_home(env):
        return Paths(
            config=home / "config",
            data=home / "data",
            cache=home / "cache",
            logs=home / "logs",
            runtime=home / "run",
            resources=resources(),
        )
    import platformdirs

    folders = platformdirs.PlatformDirs(APP, appauthor=False)
    return Paths(
        config=folders.user_config_path,
        data=folders.user_data_path,
        cache=folders.user_cache_path,
        logs=folders.user_log_path,
        runtime=runtime(env),
        resources=resources(),
    )


def runtime(env: Mapping[str, str] | None = None) -> Path:
    """The folder of the socket alone: enough for a second start, and 6 ms cheaper than ``find``.

    Programs started from cron or over ssh may lack ``XDG_RUNTIME_DIR``; they have to find the same folder,
    so its usual place is looked at before the data folder stands in.
    """
    env = os.environ if env is None else env
    if home := _own_home(env):
        return home / "run"
    if sys.platform not in ("win32", "darwin"):
        for folder in (env.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.getuid()}"):
            if _ours(folder):
                return Path(folder, APP)
    import platformdirs

    return platformdirs.user_data_path(APP, appauthor=False) / "run"


def resources() -> Path:
    """What was shipped: inside the package in a wheel, beside it in a checkout, unpacked in a frozen program."""
    if frozen := getattr(sys, "_MEIPASS", None):
        return Path(frozen, "resources")
    package = Path(__file__).resolve().parent.parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def _own_home(env: Mapping[str, str]) -> Path | None:
    text = env.get("TRAYAPP_HOME", "")
    return Path(text).expanduser().absolute() if text else None


def _ours(folder: str) -> bool:
    """Whether it is a folder that the XDG rules let us trust: absolute, the user's own, closed to others' writing."""
    if not folder.startswith("/"):
        return False
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return status.st_mode & 0o170022 == 0o040000 and status.st_uid == os.getuid()
