"""Uses a program hard from many sides at once, and knows at every moment what its files may say.

What was answered with “done” is confirmed: from then on only that may be found, or what was asked for after it. One
thread alone changes each fact, so that their order is known.
"""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import msgspec
from msgspec.structs import replace

from tests.app.gateway_scene import CHAT
from tests.support.desktop import ROOT
from tests.whole.killed_files import Found, found
from tests.whole.program import COMMAND
from trayapp.core import intents, transfer
from trayapp.core.accounts import Account
from trayapp.core.intents import Reply, WireIntent
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.system.instance import hand_over
from trayapp.system.paths import Paths

PATIENCE = 30.0
"""Seconds for an answer."""
KEY_SLOT = "lab@{origin}"


class GoneError(Exception):
    """The program, or the command, ended before it had answered."""


class Fact:
    """Something that is remembered: what was confirmed last, and what may have become of it since."""

    def __init__(self, read: Callable[[Found], Any]) -> None:
        self.read = read
        self.allowed: list[Any] = []

    @property
    def last(self) -> Any:
        """What it is, as far as anybody can know."""
        return self.allowed[-1]


class Use:
    """One program in use. ``wrong`` collects what should never happen; ``confirmed`` counts the changes answered."""

    def __init__(self, paths: Paths, env: Mapping[str, str], url: str) -> None:
        self.paths, self.env, self.url = paths, dict(env), url
        self.confirmed = 0
        self.asked = 0
        """Requests that the gateway answered whole."""
        self.wrong: list[str] = []
        self.over = threading.Event()
        self.dead = threading.Event()
        """It was killed, so that errors mean nothing any more."""
        self._count = itertools.count(1)
        self.facts: dict[str, Fact] = {
            "choice": Fact(lambda it: it.state.active),
            "pins": Fact(lambda it: it.state.pinned),
            "profiles": Fact(lambda it: (it.state.profiles, it.state.profile)),
            "setting": Fact(lambda it: it.settings.inline_models),
            "typed setting": Fact(lambda it: it.settings.tray_wait),
            "account": Fact(lambda it: next((a for a in it.settings.accounts if a.id == "work"), None)),
            "imported": Fact(lambda it: it.settings.usage_days),
            "key": Fact(lambda it: tuple(slot for slot in it.state.keyed if slot.startswith("lab@"))),
        }
        self.learn()

    # -- what the files say ---------------------------------------------------------------------

    def learn(self) -> None:
        """Take what the files say for what is confirmed."""
        seen = found(self.paths)
        for fact in self.facts.values():
            fact.allowed = [fact.read(seen)]

    def check(self) -> int:
        """Fail where the files say what nobody asked for; how many facts were under way."""
        seen = found(self.paths)
        under_way = 0
        for name, fact in self.facts.items():
            value = fact.read(seen)
            assert value in fact.allowed, f"{name} is {value!r}; it may be {fact.allowed!r}"
            under_way += len(fact.allowed) > 1
            fact.allowed = [value]
        return under_way

    # -- one change -------------------------------------------------------------------------------

    def change(self, name: str, value: Any, intent: WireIntent) -> None:
        """Ask the running program for it. Raises GoneError."""
        with self._expecting(name, value) as settled:
            settled(self._asked(intent))

    def command(self, name: str, value: Any, *words: str, typed: str = "", killed_after: float | None = None) -> None:
        """The same as a command of its own, which does it itself where nothing runs."""
        with self._expecting(name, value) as settled:
            settled(self._ran(*words, typed=typed, killed_after=killed_after))

    def _expecting(self, name: str, value: Any) -> Any:
        return _Expected(self, self.facts[name], value)

    def _asked(self, intent: WireIntent) -> bool:
        """Whether it was done. Raises GoneError."""
        try:
            answer = hand_over(self.paths.runtime, msgspec.json.encode({"intent": intent}), PATIENCE)
        except ConnectionError as exc:
            raise GoneError from exc
        except OSError as exc:
            self._complain(f"{type(intent).__name__}: {exc!r}")
            raise GoneError from exc
        if answer is None:
            time.sleep(0.01)
            return False
        reply = msgspec.json.decode(answer, type=Reply)
        if not reply.ok:
            self._complain(f"{intent}: {reply.text}")
        return reply.ok

    def _ran(self, *words: str, typed: str = "", killed_after: float | None = None) -> bool:
        with subprocess.Popen(
            [*COMMAND, *words],
            env=self.env,
            cwd=ROOT,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as ran:
            try:
                _out, said = ran.communicate(typed, timeout=PATIENCE if killed_after is None else killed_after)
            except subprocess.TimeoutExpired:
                ran.kill()
                _out, said = ran.communicate()
                if killed_after is None:
                    self._complain(f"{words} hangs: {said}")
                raise GoneError from None
        if ran.returncode:
            self._complain(f"{words}: {said}")
            raise GoneError
        if "Traceback" in said:
            self.wrong.append(said)
        return True

    def _complain(self, text: str) -> None:
        if not self.dead.is_set():
            self.wrong.append(text)

    # -- heavy use ----------------------------------------------------------------------------------

    def begin(self, *works: Callable[[], object]) -> list[threading.Thread]:
        """Have each of these done again and again until ``over``, or until the program is gone."""
        self.over.clear()
        self.dead.clear()
        threads = [threading.Thread(target=self._again, args=(work,), name=f"use {work.__name__}") for work in works]
        for thread in threads:
            thread.start()
        return threads

    def _again(self, work: Callable[[], object]) -> None:
        while not self.over.is_set():
            try:
                work()
            except GoneError:
                return
            except Exception as exc:  # a thread that ends unheard would let the test pass
                self.wrong.append(f"{work.__name__}: {exc!r}")
                return

    def everything(self, *, token: str = "", port: int = 0, keys: bool = False) -> Iterator[Callable[[], object]]:
        """All that is done at once in an ordinary round."""
        yield from (self.choose, self.pin, self.profile, self.set, self.type_setting, self.account, self.refresh)
        if port:
            yield self.talking(token, port)
        if keys:
            yield self.key

    def choose(self) -> None:
        number = next(self._count)
        ref = ModelRef("lab", f"m-{number}")
        if number % 40:
            self.change("choice", ref, intents.PickModel(ref, confirmed=True))
        else:
            self.command("choice", ref, "use", "--unlisted", str(ref))

    def pin(self) -> None:
        ref, pinned = ModelRef("lab", f"pinned-{next(self._count) % 5}"), self.facts["pins"].last
        on = ref not in pinned
        value = (*pinned, ref) if on else tuple(it for it in pinned if it != ref)
        self.change("pins", value, intents.Pin(ref, on))

    def profile(self) -> None:
        """Saved, used and removed in turn; none of them names a model, so that the choice is not theirs."""
        number = next(self._count)
        (profiles, current), name = self.facts["profiles"].last, f"p{number % 3}"
        there = {it.name: it for it in profiles}
        if name in there and number % 4 == 0:
            left = tuple(it for it in profiles if it.name != name)
            self.change("profiles", (left, "" if current == name else current), intents.RemoveProfile(name))
        elif name in there and number % 4 == 1:
            self.change("profiles", (profiles, name), intents.UseProfile(name))
        else:
            made = Profile(name, None, None, ("ram", "ssd", "none")[number // 3 % 3])
            value = tuple({**there, name: made}.values())
            self.change("profiles", (value, current), intents.SaveProfile(made))

    def set(self) -> None:
        base = found(self.paths).settings
        value = next(self._count) % 61
        self.change("setting", value, intents.SaveSettings(replace(base, inline_models=value), base))

    def type_setting(self) -> None:
        value = next(self._count) % 601
        self.command("typed setting", value, "settings", "set", "tray_wait", str(value))

    def account(self) -> None:
        number, held = next(self._count), self.facts["account"].last
        if held is None or number % 3:
            made = Account(
                "work", "openai-compatible", f"n{number}", base_url=self.url, timeouts="local", enabled=False
            )
            self.change("account", made, intents.SaveAccount(made))
        elif number % 6:
            made = replace(held, enabled=not held.enabled)
            self.change("account", made, intents.EnableAccount("work", made.enabled))
        else:
            self.change("account", None, intents.RemoveAccount("work"))

    def refresh(self) -> None:
        """Lists are written behind the answers; now and then they are cleared."""
        number = next(self._count)
        self._asked(intents.ClearCache("lab") if number % 9 == 0 else intents.Refresh("lab"))

    def key(self) -> None:
        (held, slot) = self.facts["key"].last, KEY_SLOT.format(origin=self.url.removesuffix("/v1"))
        if held:
            self.command("key", (), "key", "remove", "lab")
        else:
            typed = f"test-key-{next(self._count)}"
            self.command("key", (slot,), "key", "set", "--unchecked", "lab", typed=typed)

    def bring(self) -> None:
        """Import: the choice and a setting at once. Nobody else changes anything meanwhile."""
        seen, number = found(self.paths), next(self._count)
        days, ref = 1 + number % 3000, ModelRef("lab", f"brought-{number}")
        document = transfer.document(replace(seen.settings, usage_days=days), replace(seen.state, active=ref), now=1.0)
        choice = self.facts["choice"]
        choice.allowed.append(ref)
        self.change("imported", days, intents.Import(document))
        if self.facts["imported"].allowed == [days]:
            choice.allowed = [ref]
        else:
            choice.allowed.remove(ref)

    def talking(self, token: str, port: int) -> Callable[[], object]:
        """A tool that asks the gateway without a pause, whole answers and streams."""
        headers = {"Authorization": f"Bearer {token}"}

        def talk() -> None:
            with httpx.Client(trust_env=False, headers=headers, timeout=PATIENCE) as http:
                while not (self.over.is_set() or self.dead.is_set()):
                    body = {"model": "current", "stream": bool(next(self._count) % 2), "messages": HELLO}
                    try:
                        answer = http.post(f"http://127.0.0.1:{port}{CHAT}", json=body)
                    except httpx.HTTPError:
                        time.sleep(0.02)
                        continue
                    if answer.status_code != 200:
                        self._complain(f"the gateway: {answer.status_code} {answer.text}")
                    self.asked += 1

        return talk


HELLO = [{"role": "user", "content": "Hi"}]


class _Expected:
    """A change under way: it may be found from the beginning, and must be once it was answered."""

    def __init__(self, use: Use, fact: Fact, value: Any) -> None:
        self._use, self._fact, self._value = use, fact, value

    def __enter__(self) -> Callable[[bool], None]:
        self._fact.allowed.append(self._value)
        return self._settled

    def __exit__(self, *exc: object) -> None:
        """Whatever is not known stays possible."""

    def _settled(self, done: bool) -> None:
        if done:
            self._fact.allowed = [self._value]
            self._use.confirmed += 1
        else:
            self._fact.allowed.pop()
