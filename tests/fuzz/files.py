"""Targets: what stands in files and comes from this computer: settings, state, lists, figures, imports, typed text."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from tests.fuzz.bounds import Run
from tests.fuzz.target import Loop, Target, chosen, emptied, folder, headed, split, worded
from tests.support import samples
from tests.ui.finder_parts import index_of
from trayapp.app import door
from trayapp.app.transfer import planned
from trayapp.catalog.cache import Shelf
from trayapp.cli import transfer as cli_transfer
from trayapp.core import transfer
from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.intents import Reply
from trayapp.core.models import ModelRef
from trayapp.core.redaction import struck
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.gateway.usage import Request
from trayapp.gateway.usage_file import UsageFile
from trayapp.local import patterns
from trayapp.system import login_entry, proxies
from trayapp.system.paths import Paths
from trayapp.system.store import Store
from trayapp.ui.finder import search
from trayapp.ui.finder_index import marks
from trayapp.ui.finder_query import parse

_NOW = 1_790_000_000.0


def stores() -> Run:
    """Both small files, read at launch and written again: what is unreadable is set aside, the launch goes on."""
    place = folder("store")
    paths = Paths(**{name: place / name for name in ("config", "data", "cache", "logs", "runtime", "resources")})

    def run(data: bytes) -> None:
        words, raw = split(data)
        file = paths.state_file if chosen(words, ["settings", "state"]) == "state" else paths.settings_file
        emptied(place)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
        store = Store(paths)
        loaded = store.load()
        settings = msgspec.structs.replace(loaded.settings, inline_models=17)
        try:
            store.save_settings(settings)
            store.save_state(msgspec.structs.replace(loaded.state, active=ModelRef("a", "b")))
        except UserError:
            return
        again = Store(paths).load()
        assert again.settings.inline_models == 17
        assert again.state.active == ModelRef("a", "b")
        assert again.settings.accounts == loaded.settings.accounts

    return run


def store_seeds() -> list[bytes]:
    kept = Path(samples.FOLDER)
    settings, state = (kept / "settings" / "v1.toml").read_bytes(), (kept / "state" / "v1.json").read_bytes()
    more = b'version = 1\nroles = {fast = "a/b"}\n[[rules]]\nname = "r"\npattern = "x"\nto = "fast"\n[roles2]\n'
    return headed("settings", settings, more) + headed("state", state)


def shelves() -> Run:
    """The file of one account's list, of any version."""
    place = folder("shelf")

    def run(data: bytes) -> None:
        emptied(place)
        (place / "openai.json").write_bytes(data)
        shelf = Shelf(place)
        found, notices = shelf.load_all(["openai"])
        for listing in found.values():
            shelf.put(listing)
            assert shelf.load_all(["openai"])[0].keys() == {"openai"}
        assert found or notices

    return run


def shelf_seeds() -> list[bytes]:
    return [samples.raw(f"listings/{name}") for name in samples.names("listings")]


def figures() -> Run:
    """The database of what was asked, as any bytes: read, written, set aside."""
    place = folder("usage")
    request = Request(at=_NOW, tool="t", provider="p", model="m", asked="a", route="chat", outcome="ok")

    def run(data: bytes) -> None:
        emptied(place)
        path = place / "usage.sqlite"
        path.write_bytes(data)
        file = UsageFile(path, now=lambda: _NOW)
        for ask in (file.today, lambda: file.report("model", 7), lambda: list(file.rows(7))):
            with worded(UserError):
                ask()
        file.write([request], keep=30)
        with worded(UserError):  # a page that nobody wrote to may still be damaged
            assert file.today().requests >= 0

    return run


def figure_seeds() -> list[bytes]:
    place = folder("figures")
    file = UsageFile(place / "usage.sqlite", now=lambda: _NOW)
    file.write([Request(at=_NOW, tool="t", provider="p", model="m", asked="a", route="chat", outcome="ok")] * 3)
    bare = place / "bare.sqlite"
    with sqlite3.connect(bare) as db:
        db.execute("CREATE TABLE requests (at BLOB, day)")
    db.close()
    return [file.path.read_bytes(), bare.read_bytes(), b""]


def imports() -> Run:
    """An exported document: read from its file, and what it would do."""
    path = folder("import") / "export.json"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        document = cli_transfer._read(str(path))
        plan = planned(document, Settings(), State(), lambda _account: False)
        assert all(isinstance(line, str) for line in plan.said)
        if plan.settings is not None:
            msgspec.json.encode(plan.settings)
        if plan.state is not None:
            transfer.merged(State(), plan.state)

    return run


def import_seeds() -> list[bytes]:
    settings = Settings(
        accounts=(Account("openai", "openai", name="Work"), Account("lab", "vllm", base_url="http://a/v1"))
    )
    state = State(active=ModelRef("openai", "gpt-5"), pinned=(ModelRef("lab", "m"),), strategy="ram")
    made = transfer.document(settings, state, now=_NOW, keyed=["openai"])
    made["settings"]["rules"] = [{"name": "r", "pattern": "x", "to": "lab/m"}]
    made["state"]["profiles"] = [{"name": "Work", "model": ["lab", "m"], "accounts": ["lab"]}]
    return [json.dumps(made).encode()]


def doors() -> Run:
    """A line from the command line to the running program; what it asks for is not done here."""
    loop = Loop()

    async def done(_app: object, _intent: object, *, told: bool) -> Reply:
        return Reply(told, "done")

    class Answers:
        """Stands for the program."""

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    app: Any = Answers()

    def run(data: bytes) -> None:
        if any(f'"{name}"'.encode() in data for name in ("status", "cache", "doctor", "local", "gateway")):
            return
        with mock.patch.object(door, "perform", done):
            said = loop.run(door.answer(app, data))
        assert isinstance(msgspec.json.decode(said, type=Reply), Reply)
        assert b"\n" not in said

    return run


def door_seeds() -> list[bytes]:
    lines = [
        {"ask": "ping"},
        {"intent": {"type": "PickModel", "ref": ["openai", "gpt-5"]}},
        {"intent": {"type": "Refresh", "provider": None}},
        {"intent": {"type": "SaveAccount", "account": {"id": "a", "spec": "openai", "values": {"x": "y"}}}},
        {"intent": {"type": "Import", "document": {"trayapp": {"export": 1}}}},
    ]
    return [json.dumps(line).encode() for line in lines]


def entries(data: bytes) -> None:
    """The autostart entry that the user or a desktop changed."""
    text = data.decode("utf-8", "replace")
    login_entry.switched_off(login_entry.read(text))
    written = login_entry.switched_on(text, ["/opt/tray app/trayapp", "tray"])
    entry = login_entry.read(written)
    assert entry["Exec"] == '"/opt/tray app/trayapp" tray'
    assert not login_entry.switched_off(entry)
    assert login_entry.switched_on(written, ["/opt/tray app/trayapp", "tray"]) == written


def entry_seeds() -> list[bytes]:
    text = login_entry.switched_on("# mine\nX-KDE-autostart-after=panel\nName[de]=x\n[Other]\nHidden=true\n", ["/a/b"])
    return [text.encode(), b"[Desktop Entry]\nHidden=true\nExec=\nX-MATE-Autostart-enabled=false\n"]


def queries() -> Run:
    """What is typed into the quick switcher, and the search for it."""
    index = index_of()

    def run(data: bytes) -> None:
        found = search(index, parse(data.decode("utf-8", "replace")), marks(index, State(), ()))
        assert len(set(found.places)) == len(found.places) <= len(index.candidates)

    return run


def typed(data: bytes) -> None:
    """Patterns of rules, proxies of the system, and text from which keys are struck."""
    words, raw = split(data)
    text = raw.decode("utf-8", "replace")
    pattern = " ".join(words)
    if not patterns.problem(pattern):
        patterns.fits(pattern, text)
    found = proxies.read({"http": pattern, "https": words[0], "no": text})
    with contextlib.suppress(ValueError):  # the address is an account's, which was looked at before
        found.for_url(f"https://{words[-1][:253]}/")
    found.for_url("https://api.test:443/v1")
    assert "sk-0123456789abcdef" not in struck(text)


FILES = (
    Target(name="stores", make=stores, seeds=store_seeds, seconds=2.0, about="system/store.py, core/schema.py"),
    Target(name="shelves", make=shelves, seeds=shelf_seeds, about="catalog/cache.py"),
    Target(name="figures", make=figures, seeds=figure_seeds, about="gateway/usage_file.py"),
    Target(
        name="imports",
        make=imports,
        seeds=import_seeds,
        declared=(UserError,),
        about="core/transfer.py, app/transfer.py, cli/transfer.py",
    ),
    Target(name="doors", make=doors, seeds=door_seeds, declared=(ProviderError,), about="app/door.py"),
    Target(name="entries", make=lambda: entries, seeds=entry_seeds, about="system/login_entry.py"),
    Target(
        name="queries",
        make=queries,
        seeds=lambda: [b"sonnet vision <5$ >=200k", b"gpt free loaded <1 $ >1M", "café ≤32k pinned".encode()],
        about="ui/finder_query.py, finder.py",
    ),
    Target(
        name="typed",  # all of it from this computer's user, and three parsers in one call
        make=lambda: typed,
        seconds=0.3,
        seeds=lambda: [
            b"^(a+)+$ proxy.test:1\nlocalhost, .corp.test, 10.0.0.0/8, *.x:80",
            b"socks5://a\nBearer sk-x y",
        ],
        about="local/patterns, system/proxies, core/redaction",
    ),
)
