"""From one version to the next and back: the data of each is read by the other, or left as it is."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

from tests.packaging.artefact import Wheel
from tests.packaging.day import KEY, User
from tests.support.desktop import ROOT, until
from tests.support.gnome_keyring import GnomeKeyring

LATER = 1_000_000
"""The version of a file that only a program of the future writes."""


def source(tag: str, folder: Path) -> Path:
    """The project as it was at a tag, below ``folder``."""
    told = subprocess.run(["git", "-C", str(ROOT), "archive", tag], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def there_and_back(user: User, vault: GnomeKeyring, before: Path) -> list[str]:
    """The wheel ``before``, the one of today over it, and back; what was seen, in sentences."""
    wheel, root = user.artefact, user.root
    assert isinstance(wheel, Wheel)
    now = wheel.file
    wheel.file = before
    wheel.install(root)
    said = [f"{user.types('--version').strip()} was installed and set up: an account, its key, a model, a setting."]
    user.types("providers", "add", "openai")
    chosen = _choose(user)  # before there is a key the shipped list can be seen without a network
    user.types("key", "set", "--unchecked", "openai", typed=KEY)
    user.types("settings", "set", "inline_models", "7")
    user.types("login", "on")
    wheel.put(root, now)
    newer = user.types("--version").strip()
    assert user.types("current").split()[0] == chosen
    assert user.types("settings", "get", "inline_models").strip() == "7"
    kept = vault.items()
    with user.started() as (_program, item, _took):
        # rows are told apart by the mark of the one that is chosen
        until(lambda: user.host.menu(item).labels[0].startswith("●"), "the choice in the menu")
        until(lambda: _entry(user).get("TryExec") == wheel.login, "the entry for start at login")
        user.types("quit")
    assert vault.items() == kept, "the keyring changed"
    said.append(f"{newer} over it: the choice {chosen}, the setting and the key are there, and the menu shows it.")
    said += _login_follows(user)
    user.types("settings", "set", "inline_models", "9")
    wheel.put(root, before)
    older = user.types("--version").strip()
    assert user.types("current").split()[0] == chosen
    assert user.types("settings", "get", "inline_models").strip() == "9"
    said.append(f"{older} over that: it reads what the newer one wrote, since the form of the files is the same.")
    wheel.put(root, now)
    said += _of_the_future(user)
    return said + _unfinished(user, chosen)


def _choose(user: User) -> str:
    """One of the shipped list's models, by command."""
    rows = [line.split("\t") for line in user.types("models", "--porcelain").splitlines()]
    user.types("use", next(f"{account}/{model}" for account, model, *_rest in rows if model.startswith("gpt-4")))
    return user.types("current").split()[0]


def _login_follows(user: User) -> list[str]:
    """The entry that the older version wrote names the program of the newer one, once that was started."""
    named = _entry(user)
    assert named["Exec"].split()[0] == named["TryExec"] == user.artefact.login, named
    assert user.types("login", "status") == "on\n"
    return [f"Start at login, switched on before, names {named['Exec']} since its first start."]


def _unfinished(user: User, chosen: str) -> list[str]:
    """A choice that names no account: found where one account alone has that model, else asked for (S2-54)."""
    state = _files(user)["state.json"]
    account, _, model = chosen.partition("/")

    def stored(active: object = None) -> object:
        held = json.loads(state.read_bytes())
        if active is not None:
            state.write_text(json.dumps({**held, "active": active}))
        return held["active"]

    stored(["", model])
    assert user.types("current").strip() == chosen
    assert stored(model) == [account, model], "it is not stored in full"
    with user.started() as (_program, item, _took):
        until(lambda: stored() == [account, model], "the choice in full, on the disk")
        user.host.settle(item)
        user.types("quit")
    said = [f"A choice that names only the model {model} counts as {chosen}, and is stored so."]
    user.types("providers", "add", "openai", "--id", "second")
    user.types("key", "set", "--unchecked", "second", typed=KEY)
    stored(model)
    told = user.types("current", code=1)
    assert f"second/{model}" in told, told
    with user.started() as (_program, item, _took):
        wanted = f"“{model}” is offered by 2 accounts: choose one…"
        until(lambda: wanted in user.host.menu(item).labels, f"{wanted} in the menu")
        user.types("quit")
    assert stored() in (model, ["", model]), "what the user chose is lost"
    said.append(f"Where two accounts have it, the menu asks, and so does the command line: {told.strip()}")
    user.types("use", chosen)
    assert user.types("current").strip() == chosen
    user.types("providers", "remove", "second")
    return said


def _of_the_future(user: User) -> list[str]:
    """Files of a version to come: the program starts, says so, and leaves every byte."""
    found = _files(user)
    settings = found["settings.toml"].read_text("utf-8")
    found["settings.toml"].write_text(re.sub(r"^version = \d+", f"version = {LATER}", settings, flags=re.MULTILINE))
    state = json.loads(found["state.json"].read_bytes())
    found["state.json"].write_text(json.dumps({**state, "version": LATER}))
    before = {name: hashlib.sha256(path.read_bytes()).digest() for name, path in found.items()}
    told = user.types("settings", "set", "inline_models", "3", code=1)
    assert "newer version" in told, told
    with user.started() as (_program, item, _took):
        user.host.menu(item)
        user.types("quit")
    after = {name: hashlib.sha256(path.read_bytes()).digest() for name, path in found.items()}
    assert after == before, "a file of a newer version was changed"
    found["settings.toml"].write_text(settings)
    found["state.json"].write_text(json.dumps(state))
    return [
        f"Files of version {LATER}: it starts with defaults, refuses to change them, and leaves every byte.",
        f"It says: {told.strip()}",
    ]


def _entry(user: User) -> dict[str, str]:
    text = (user.config / "autostart" / "trayapp.desktop").read_text("utf-8")
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def _files(user: User) -> dict[str, Path]:
    return {
        "settings.toml": user.config / "trayapp" / "settings.toml",
        "state.json": user.data / "trayapp" / "state.json",
    }


def replaced_while_it_runs(user: User) -> list[str]:
    """The package over itself, while somebody uses the program: it ends, and the new one starts."""
    root = user.root
    user.artefact.install(root)
    with user.started() as (_program, item, _took):
        user.host.settle(item)
        root.run("apt-get", "install", "-q", "-y", "--reinstall", f"/var/tmp/{user.artefact.file.name}")
    with user.started() as (_program, item, _took):
        user.host.settle(item)
        root.run("apt-get", "remove", "-q", "-y", "trayapp")
    return ["The package over itself, and its removal, while the program runs: it is ended in good order before."]
