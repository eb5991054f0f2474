"""Killed at any moment of heavy use, it starts again as if nothing had been, with what was confirmed last.

The long form: TEST_KILLS=500 python -m pytest tests/whole/test_killed.py -s
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support import guards
from tests.support.desktop import until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.upstream import Reply, Sent
from tests.whole import program
from tests.whole.killed_files import LENGTHS, TEMPORARY, check_whole, files_below, requests_kept
from tests.whole.killing import KEY_SLOT, GoneError, Use
from tests.whole.program import Served, Trayapp, listing, server
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.gateway.usage import FILE
from trayapp.system.instance import hand_over
from trayapp.system.paths import Paths, find
from trayapp.system.store import Store

KILLS = int(os.environ.get("TEST_KILLS", "8"))
"""The long form: TEST_KILLS=500."""
AT_ONCE = min(3, max(1, KILLS // 40))
"""Programs that are killed side by side, each with a home of its own."""
PING = b'{"ask":"ping"}'

posix = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


class Provider:
    """Lists of another length every time, answers whole and in pieces."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, sent: Sent) -> Reply:
        if sent.path == CHAT:
            return STREAM if b'"stream":true' in sent.body else WHOLE
        self._turn += 1
        length = sorted(LENGTHS)[self._turn % len(LENGTHS)]
        return program.answer(*(f"m-{number}" for number in range(length)))


USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
WHOLE = Reply(
    body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}], "usage": USAGE}
)
STREAM = Reply(
    body=b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    headers={"content-type": "text/event-stream"},
)


class Home:
    """One user whose program is killed again and again."""

    def __init__(
        self, folder: Path, env: dict[str, str], url: str, *, words: tuple[str, ...], keys: bool = False
    ) -> None:
        self.folder = folder
        self.env = {**env, "HOME": str(folder), "TRAYAPP_HOME": str(folder / "t")}
        self.paths: Paths = find(self.env)
        self.port, self.token, self.keys = free_port(), tokens.new(), keys
        self.words = (*words, "--port", str(self.port)) if "serve" in words else words
        self._set_up(url)
        self.use = Use(self.paths, self.env, url)
        self.counts: Counter[str] = Counter()
        self.kept = 0
        """Requests in the file of figures."""

    def _set_up(self, url: str) -> None:
        store, lab = Store(self.paths), server("lab", url)
        off = (Account(spec, spec, enabled=False) for spec in IMPLICIT)
        store.load()
        store.save_settings(
            Settings(
                accounts=(lab, *off), gateway="serve" not in self.words, gateway_port=self.port, notify_switch=False
            )
        )
        made = Token("tool", tokens.digest(self.token))
        store.save_state(
            State(active=ModelRef("lab", "m-0"), tokens=(made,), seen=("lab",), told=("welcome", "no-tray"))
        )
        Shelf(self.paths.listings).put(listing("lab", "m-0", "m-1", "m-2"), mark(lab))

    # -- rounds -----------------------------------------------------------------------------------

    def round(self, number: int, chance: random.Random) -> None:
        """Start it, use it hard, kill it, look. Every eighth is an import, another eighth are commands alone."""
        if number % 8 == 3:
            self._commands(chance)
        else:
            imports, use = number % 8 == 1, self.use
            works = (
                [use.bring, use.refresh, use.talking(self.token, self.port)]
                if imports
                else list(use.everything(token=self.token, port=self.port, keys=self.keys))
            )
            self._program(works, chance.uniform(0.2, 1.0) if chance.random() < 0.2 else chance.uniform(0.9, 2.5))
            self.counts["imports"] += imports
        assert self.use.wrong == []
        self.counts["temporary"] += check_whole(self.paths, self.folder / "t", "lab", "work")
        under_way = self.use.check()
        self.counts["under way"] += bool(under_way)
        self.counts["kills"] += 1

    def _program(self, works: list[Callable[[], object]], seconds: float) -> None:
        with Trayapp(self.env, *self.words) as running:
            threads = self.use.begin(*works)
            self.use.over.wait(seconds)  # nobody sets it: it only waits
            self.use.dead.set()
            running.kill()
            self.use.over.set()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive(), thread.name
            assert "Traceback" not in running.said()

    def _commands(self, chance: random.Random) -> None:
        """Nothing runs: commands do it themselves, and are killed at it."""
        use, pause = self.use, chance.uniform(0.02, 0.3)
        use.dead.set()
        ref = ModelRef("lab", f"typed-{chance.randrange(10**6)}")
        days = chance.randrange(601)
        for name, value, words in (
            ("choice", ref, ("use", "--unlisted", str(ref))),
            ("typed setting", days, ("settings", "set", "tray_wait", str(days))),
        ):
            try:
                use.command(name, value, *words, killed_after=pause)
            except GoneError:
                self.counts["commands"] += 1

    def clean_start(self) -> None:
        """The next start complains of nothing, clears everything away, changes nothing, and ends tidily."""
        before = Store(self.paths).load()
        assert before.notices == ()
        with Trayapp(self.env, *self.words) as running:
            until(lambda: hand_over(self.paths.runtime, PING, 20), "the program to answer", 30)
            with suppress(TimeoutError):
                until(lambda: not self._temporary(), "what was half written to go", 20)
            assert self._temporary() == [], self.log()[-3000:]
            if "serve" in self.words:
                until(lambda: running.said().count("\n") >= 2, "its address", 20)
                lines = running.said().splitlines()
                assert len(lines) == 2, lines
                assert lines[0] == f"trayapp listens at http://127.0.0.1:{self.port}/v1"
            program.cli(self.env, "quit")
            assert running.wait_end() == 0
        after = Store(self.paths).load()
        assert after.settings == before.settings
        assert after.state.active == before.state.active
        assert (after.state.pinned, after.state.profiles) == (before.state.pinned, before.state.profiles)
        assert check_whole(self.paths, self.folder / "t", "lab", "work") == 0
        kept = requests_kept(self.paths.data / FILE)
        assert kept >= self.kept
        self.kept = kept

    def _temporary(self) -> list[Path]:
        return [it for it in files_below(self.folder / "t") if TEMPORARY.match(it.name)]

    def log(self) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.paths.logs.glob("*")))


@contextmanager
def provider() -> Iterator[str]:
    with Served(Provider()) as served:
        yield f"{served.url}/v1"


def killed(home: Home, kills: int, seed: int) -> None:
    """So many rounds. Every few of them the next start is watched to its end; the others begin with the next kill."""
    chance = random.Random(seed)
    for number in range(kills):
        home.round(number, chance)
        if number % 4 == 3 or number == kills - 1:
            home.clean_start()
            home.counts["clean starts"] += 1
    said = [line for line in home.log().splitlines() if " ERROR " in line or "aside" in line or "Traceback" in line]
    assert said == []


def side_by_side(homes: list[Home], kills: int) -> None:
    """The rounds of several homes at once, and their sums in words."""
    failed: list[BaseException] = []

    def work(home: Home, seed: int) -> None:
        try:
            killed(home, kills // len(homes) + (seed < kills % len(homes)), seed)
        except BaseException as exc:  # told in the test's own thread
            failed.append(exc)

    threads = [threading.Thread(target=work, args=(home, seed)) for seed, home in enumerate(homes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    total: Counter[str] = sum((home.counts for home in homes), Counter())
    confirmed, asked = (sum(values) for values in zip(*((it.use.confirmed, it.use.asked) for it in homes), strict=True))
    sys.stderr.write(
        f"\n{total['kills']} kills survived: {confirmed} changes confirmed and {asked} requests answered before them; "
        f"{total['under way']} hit a change under way, {total['temporary']} temporary or journal files lay there, "
        f"{total['imports']} hit an import, {total['commands']} commands were killed, "
        f"{total['clean starts']} starts watched to their end\n"
    )
    assert total["kills"] == kills
    assert confirmed > kills


def homes(folder: Path, env: dict[str, str], url: str, number: int, **more: Any) -> list[Home]:
    made = []
    for index in range(number):
        below = folder / str(index)
        made.append(Home(below, {**env, **guards.new_home(below)}, url, **more))
    return made


@posix
def test_killed_without_a_face_it_starts_again_with_what_was_confirmed_last(home: Path) -> None:
    with provider() as url:
        side_by_side(homes(home, dict(os.environ), url, AT_ONCE, words=("serve",)), max(4, KILLS * 6 // 10))


@posix
def test_killed_while_keys_come_and_go_it_remembers_those_that_the_keyring_has(home: Path, vault: GnomeKeyring) -> None:
    with provider() as url:
        below = home / "k"
        below.mkdir()
        user = Home(below, vault.env, url, words=("serve",), keys=True)
        side_by_side([user], max(2, KILLS * 2 // 10))
        slot = KEY_SLOT.format(origin=url.removesuffix("/v1"))
        for kept in (
            (slot,),
            (),
        ):  # a kill between keyring and file leaves one of them behind; the next change mends it
            user.use.facts["key"].allowed = [() if kept else (slot,)]
            user.use.key()
            assert tuple(attributes.get("username") for _label, attributes in vault.items()) == kept
            assert user.use.check() == 0


@posix
def test_killed_in_the_tray_it_starts_again_with_what_was_confirmed_last(home: Path, desk: dict[str, str]) -> None:
    with provider() as url:
        below = home / "g"
        below.mkdir()
        side_by_side([Home(below, desk, url, words=("--silent",))], max(2, KILLS * 2 // 10))
