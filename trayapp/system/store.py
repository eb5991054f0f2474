"""The two small files: settings.toml, which the user chose and may edit, and state.json, which is remembered."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import msgspec

from trayapp.core import schema
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.profiles import Profile
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.system import files
from trayapp.system.paths import Paths

LIMIT = 4 << 20
"""Bytes; 5,000 accounts take a tenth of it."""
_NAMED: dict[str, type[msgspec.Struct]] = {"profiles": Profile, "tokens": Token}
_BOM = b"\xef\xbb\xbf"
_BEFORE = "before_import"
_DOTS = 500
"""In one line of settings; no key has more than three parts, and a pattern some dots."""


class Loaded(msgspec.Struct, frozen=True):
    """What the two files said, and a sentence for everything that could not be used."""

    settings: Settings
    state: State
    notices: tuple[str, ...] = ()
    settings_writable: bool = True
    """False: the file belongs to a newer version or could not be opened, and is left alone."""
    state_writable: bool = True


class Store:
    """Reads both files at launch and writes each of them whole. One call at a time."""

    def __init__(self, paths: Paths) -> None:
        self._settings_file = _File(paths.settings_file)
        self._state_file = _File(paths.state_file)
        self._base: Settings | None = None
        """What settings.toml and the program last agreed on."""
        self._unknown: dict[str, Any] = {}
        """What state.json holds besides what we know."""
        self._before: dict[str, Any] = {}
        """What stands in state.json beside the state, while both files are being replaced: see ``begin_both``."""
        self._inside: dict[str, dict[str, Any]] = {}
        """The same inside of its lists, by the list and then by the name of the entry."""

    def load(self) -> Loaded:
        """Never raises for what it finds: a file that cannot be used is set aside, and defaults stand in."""
        notices: list[str] = []
        settings, state = Settings(), State()
        raw = self._settings_file.load(_read_toml, notices)
        if raw is not None:
            try:
                settings, problems = schema.read_settings(raw)
                notices += [f"settings.toml: {problem}" for problem in problems]
            except schema.NewerVersionError:
                notices.append(self._settings_file.leave_to_newer())
        raw = self._state_file.load(_read_json, notices)
        if raw is not None:
            raw = self._uncut(raw)
            try:
                state, problems = schema.read_state(raw)
                notices += [f"state.json: {problem}" for problem in problems]
                self._state_file.spoiled = bool(problems)
                self._unknown = _unknown(raw, State)
                self._inside = {name: _inside(raw.get(name), kind) for name, kind in _NAMED.items()}
            except schema.NewerVersionError:
                notices.append(self._state_file.leave_to_newer())
        self._base = settings
        return Loaded(settings, state, tuple(notices), self._settings_file.closed == "", self._state_file.closed == "")

    def save_settings(self, settings: Settings) -> None:
        """On the disk when it returns. Comments, unknown names and what was edited meanwhile are kept.

        Raises ProviderError(DISK) with words, and UserError where the file must be left alone.
        """
        self._settings_file.save(lambda: self._settings_text(settings))
        self._base = settings

    def save_state(self, state: State) -> None:
        """On the disk when it returns. Raises as ``save_settings`` does."""
        plain = {**self._unknown, **schema.dump(state), **self._before}
        for name, unknown in self._inside.items():
            if unknown and name in plain:
                plain[name] = [{**unknown.get(it["name"], {}), **it} for it in plain[name]]
        self._state_file.save(lambda: msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n")

    def begin_both(self, before: State) -> None:
        """From now on both files are replaced, first the state; ``before`` is what it was.

        Should the program be killed in between, the state counts as it was while the settings do.
        """
        self._before = {_BEFORE: {"settings": self._digest(), "state": schema.dump(before)}}

    def end_both(self) -> None:
        """Both are written, or none: the next state is written without the one before."""
        self._before = {}

    def _uncut(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The state that belongs to the settings as they are."""
        before = raw.pop(_BEFORE, None)
        if not isinstance(before, dict) or not isinstance(before.get("state"), dict):
            return raw
        if before.get("settings") != self._digest():
            return raw
        unknown = {name: it for name, it in raw.items() if name not in State.__struct_fields__}
        return unknown | dict(before["state"])

    def _digest(self) -> str:
        """Of settings.toml as it is; words where there is none, or none that can be read."""
        from hashlib import sha256

        try:
            return sha256(files.read_bytes(self._settings_file.path, LIMIT)).hexdigest()
        except OSError as exc:
            return type(exc).__name__

    def _settings_text(self, settings: Settings) -> bytes:
        from trayapp.system import settings_text

        file = self._settings_file
        try:
            data = files.read_bytes(file.path, LIMIT)
            text, clean = _decoded(data)
            raw = _toml(text)
            disk, _problems = schema.read_settings(raw)
        except FileNotFoundError:
            return settings_text.fresh({}, settings).encode()
        except schema.NewerVersionError:
            file.leave_to_newer()
            raise UserError(file.closed) from None
        except (ValueError, RecursionError):  # edited meanwhile, and not finished
            file.copy()
            return settings_text.fresh({}, settings).encode()
        wanted = settings_text.merged(disk, self._base, settings)
        changed = settings_text.edited(text, wanted)
        if changed is None:
            file.copy()
            changed = settings_text.fresh(raw, wanted)
        elif not clean or settings_text.loses(text, changed):
            file.copy()
        return (_BOM if data.startswith(_BOM) else b"") + changed.encode()


class _File:
    """One of the two, and what may be done to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = ""
        """Why it may not be written, in a sentence."""
        self.spoiled = False
        """Something in it could not be used and would be lost: it is copied before it is first overwritten."""

    def load(self, read: Any, notices: list[str]) -> dict[str, Any] | None:
        """What is in it; None where it is missing or of no use, which ``notices`` then says."""
        try:
            raw, clean = read(files.read_bytes(self.path, LIMIT))
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno in (errno.EISDIR, errno.EINVAL, errno.EFBIG):
                notices.append(self._set_aside(_reason(exc)))
                return None
            self.closed = _(
                "“{file}” could not be read, so it is not written either: {why}. Defaults are used."
            ).format(file=self.path, why=_reason(exc))
            notices.append(self.closed)
            return None
        except (ValueError, RecursionError, msgspec.MsgspecError) as exc:
            notices.append(self._set_aside(_first_line(exc)))
            return None
        if not clean:
            notices.append(_("“{file}” is not in UTF-8; it was read as Latin-1.").format(file=self.path.name))
        return dict(raw)

    def leave_to_newer(self) -> str:
        """Never write it; gives the sentence that says so."""
        self.closed = _(
            "“{file}” was written by a newer version of trayapp and is left as it is. "
            "Defaults are used, and changes are not kept. Install the newer version, or move the file away."
        ).format(file=self.path)
        return self.closed

    def save(self, make: Any) -> None:
        """Write what ``make`` gives. Raises ProviderError(DISK) or UserError, in words."""
        if self.closed:
            raise UserError(self.closed)
        try:
            data = make()
            if self.spoiled:
                self.copy()
            files.write_private(self.path, data)
        except UnicodeEncodeError as exc:
            raise UserError(_("This holds characters that cannot be stored. Type them again.")) from exc
        except OSError as exc:
            detail = _("“{file}” could not be written: {why}.").format(file=self.path, why=_reason(exc))
            raise ProviderError(Failure(Kind.DISK, detail=detail)) from exc
        self.spoiled = False

    def copy(self) -> None:
        """Keep what is in the file under another name."""
        if self.path.exists():
            files.copy_aside(self.path, LIMIT)

    def _set_aside(self, why: str) -> str:
        try:
            aside = files.set_aside(self.path)
        except FileNotFoundError:  # another process was quicker
            return _("“{file}” could not be used: {why}. Defaults are used.").format(file=self.path.name, why=why)
        except OSError as exc:
            self.closed = _("“{file}” cannot be used and cannot be set aside: {why}. Defaults are used.").format(
                file=self.path, why=_reason(exc)
            )
            return self.closed
        return _("“{file}” could not be used: {why}. It was set aside as “{aside}”; defaults are used.").format(
            file=self.path.name, aside=aside.name, why=why
        )


def _unknown(raw: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in kind.__struct_fields__}


def _inside(raw: Any, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """What the entries of a list hold besides what we know, by their names."""
    entries = [it for it in raw if isinstance(it, dict)] if isinstance(raw, list) else []
    return {it["name"]: found for it in entries if isinstance(it.get("name"), str) and (found := _unknown(it, kind))}


def _read_toml(data: bytes) -> tuple[dict[str, Any], bool]:
    """What it says, and whether it was in UTF-8 as it has to be. Raises ValueError or RecursionError."""
    text, clean = _decoded(data)
    return _toml(text), clean


def _toml(text: str) -> dict[str, Any]:
    import tomllib

    # the parser takes memory by the square of a key's parts: 1.5 GB for a key of 40 KB
    if any(line.count(".") > _DOTS and not line.lstrip().startswith("#") for line in text.splitlines()):
        raise ValueError(_("a line has more dots than any setting"))
    return tomllib.loads(text)


def _decoded(data: bytes) -> tuple[str, bool]:
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("latin-1"), False


def _read_json(data: bytes) -> tuple[dict[str, Any], bool]:
    return msgspec.json.decode(data.removeprefix(_BOM), type=dict[str, Any]), True


def _reason(exc: OSError) -> str:
    return exc.strerror or _first_line(exc)


def _first_line(exc: BaseException) -> str:
    return (str(exc) or type(exc).__name__).partition("\n")[0].rstrip(".")[:200]
