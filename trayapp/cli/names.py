"""The names that completion offers: accounts, providers, settings and models, read off the disk."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from trayapp.cli.completion import Candidate, Names
from trayapp.core.language import _

if TYPE_CHECKING:
    from trayapp.system.paths import Paths


class Offered:
    """Reads the disk when a name is asked for, and no sooner: most completions need only the table of verbs."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def kinds(self) -> Mapping[str, Names]:
        """By the kind that the table of verbs names."""
        return {
            "account": self._accounts,
            "accounts": self._some_accounts,
            "profile": self._profiles,
            "page": self._pages,
            "guide": self._guide,
            "file": self._files,
            "spec": self._specs,
            "ask": self._asks,
            "setting": self._settings,
            "value": self._values,
            "model": self._models,
            "change": self._changes,
        }

    def _accounts(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.cli import disk

        return [Candidate(it.id, disk.name_of(it)) for it in disk.read(self._paths).accounts]

    def _some_accounts(self, given: list[str], typed: str) -> Iterable[Candidate]:
        """One more of a list with commas."""
        before, comma, _last = typed.rpartition(",")
        taken = before.split(",")
        found = self._accounts(given, typed)
        return [Candidate(f"{before}{comma}{it.text}", it.about) for it in found if it.text not in taken]

    def _profiles(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.cli import disk

        profiles = disk.read(self._paths).state.profiles
        return [Candidate(it.name, str(it.active) if it.active else "") for it in profiles]

    def _pages(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.cli.windows import PAGES

        return [Candidate(word, _(name)) for word, name in PAGES.items()]

    def _guide(self, given: list[str], typed: str) -> Iterable[Candidate]:
        folder = self._paths.resources / "help"
        return [Candidate(it.stem) for it in sorted(folder.glob("*.md"))]

    def _files(self, given: list[str], typed: str) -> Iterable[Candidate]:
        """Names below the folder that is typed already; folders end in a slash."""
        folder, slash, begun = typed.rpartition("/")
        with os.scandir(folder + slash or ".") as entries:
            found = sorted((it.name, it.is_dir()) for it in entries)
        return [
            Candidate(f"{folder}{slash}{name}{'/' if is_dir else ''}")
            for name, is_dir in found
            if begun.startswith(".") or not name.startswith(".")
        ]

    def _specs(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.providers.table import SPECS

        return [Candidate(it.id, it.name) for it in sorted(SPECS, key=lambda it: it.id)]

    def _asks(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.providers.table import SPECS

        return [Candidate(f"{ask.name}=", ask.label) for it in SPECS if it.id in given[:1] for ask in it.asks]

    def _settings(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.core.schema import preferences

        return [Candidate(it.name, _(it.label)) for it in preferences().values()]

    def _values(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.core.schema import preferences

        declared = preferences().get(given[0]) if given else None
        if declared is None:
            return ()
        if declared.type is bool:
            return [Candidate("on"), Candidate("off")]
        if declared.name == "provider_ttl_overrides":
            return [Candidate(f"{it.text}=", it.about) for it in self._accounts(given, typed)]
        return [Candidate(value, _(words)) for value, words in declared.choices.items()]

    def _changes(self, given: list[str], typed: str) -> Iterable[Candidate]:
        from trayapp.cli import disk
        from trayapp.core.settings import LATENCIES, STRATEGIES

        for name, choices in (("strategy", STRATEGIES), ("timeouts", LATENCIES)):
            if typed.startswith(f"{name}="):
                return [Candidate(f"{name}={it}", _(words)) for it, words in choices.items()]
        account = next((it for it in disk.read(self._paths).accounts if it.id in given[:1]), None)
        spec = disk.spec_of(account) if account else None
        asks = [Candidate(f"{it.name}=", it.label) for it in spec.asks] if spec else []
        return [*(Candidate(f"{it}=") for it in ("name", "base_url", "key_from", "ttl", "strategy", "timeouts")), *asks]

    def _models(self, given: list[str], typed: str) -> Iterable[Candidate]:
        """First the account, then its models; without an account of that name, models of any by their id."""
        from trayapp.cli import disk
        from trayapp.core.models import Use

        paths = self._paths
        found = disk.read(paths)
        enabled = found.in_use
        fits = [it for it in enabled if f"{it.id}/".startswith(typed) or typed.startswith(f"{it.id}/")]
        lists, _notices = disk.listings(found, paths, fits or enabled, now=time.time(), env=os.environ)
        models = {
            name: [it for it in listing.models if found.settings.show_non_chat or it.use is Use.CHAT]
            for name, listing in lists.items()
        }
        with_models = [it for it in fits if models[it.id]]
        if len(with_models) > 1:
            return [Candidate(f"{it.id}/", disk.name_of(it)) for it in with_models]
        if with_models:
            return [Candidate(str(it.ref), it.name) for it in models[with_models[0].id]]
        return [Candidate(it.ref.model, it.name) for listed in models.values() for it in listed]


def lines(found: Iterable[Candidate], *, described: bool) -> str:
    """One candidate a line, with what it is behind a tab where that is wanted."""
    from trayapp.cli.output import clean

    shown = []
    for it in found:
        if clean(it.text) != it.text:
            continue  # no shell could hold it in one word
        about = clean(it.about) if described else ""
        shown.append(f"{it.text}\t{about}\n" if about else f"{it.text}\n")
    return "".join(shown)
