"""Whatever is asked in whatever order: memory and disk agree, the choice is the user's, keys stay in the keyring."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.app.house import OFF, REFUSED, House, models, settled
from tests.support.canary import files_with
from tests.support.clock import FakeClock
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app.build import build
from trayapp.app.door import answer
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.intents import (
    CheckKey,
    CopyKey,
    EnableAccount,
    Intent,
    KeyChanged,
    PickModel,
    Refresh,
    RemoveAccount,
    RemoveKey,
    SaveAccount,
    SaveSettings,
    StoreKey,
    UnlockKeyring,
)
from trayapp.core.models import ModelRef
from trayapp.core.secret import Secret
from trayapp.system.keyrings import KeyringState
from trayapp.ui.menu import rows

KEYS = ["gsk_good0123456789abcdefgh", "gsk_other0123456789abcdefg", "gsk_wrong0123456789abcdefg"]
"""The last one is refused by every server."""
IDS = st.sampled_from(["one", "two", "three", "ollama"])
NAMES = st.sampled_from(["gpt-5", "llama-3.3-70b", "org/qwen3", "gone"])
SPECS = st.sampled_from(["groq", "openai", "openai-compatible", "azure-openai", "provider-of-tomorrow"])
STATES = st.sampled_from(KeyringState)


class Programs(RuleBasedStateMachine):
    """One home after another, each used until Hypothesis has had enough of it."""

    root: Path
    count = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.house = House(self.root / str(next(self.count)), FakeClock())
        self.house.env["GROQ_API_KEY"] = KEYS[1]
        self.house.prepare(*OFF)
        self.servers = [Upstream(self.answer), Upstream(self.answer)]
        self.up = True
        self.yes = True
        self.chosen: ModelRef | None = None
        self.app: App

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def answer(self, sent: Sent) -> Answer:
        if not self.up:
            return Answer(status=503)
        if KEYS[2] in sent.headers.get("authorization", ""):
            return REFUSED
        return models("gpt-5", "llama-3.3-70b", "org/qwen3", "whisper-1")

    @initialize()
    def begin(self) -> None:
        async def serve() -> None:
            self.urls = [await server.__aenter__() for server in self.servers]
            self.app = self.built()

        self.run(serve())

    def built(self) -> App:
        app = build(self.house.paths, clock=self.house.clock, env=self.house.env, keyring=self.house.keyring)

        async def ask(_question: str) -> bool:
            return self.yes

        app.ask = ask
        return app

    def teardown(self) -> None:
        async def end() -> None:
            await self.app.close()
            for server in self.servers:
                await server.__aexit__()

        if hasattr(self, "app"):
            self.run(end())
        self.runner.close()

    # -- what the user does ----------------------------------------------------------------------

    def perform(self, *intents: Intent) -> None:
        async def all_at_once() -> None:
            replies = await asyncio.gather(*(perform(self.app, intent) for intent in intents))
            await settled(self.app)
            for intent, reply in zip(intents, replies, strict=True):
                if isinstance(intent, PickModel) and reply.ok:
                    self.chosen = intent.ref
                assert reply.ok or reply.text or isinstance(intent, PickModel)
                assert not any(key in msgspec.json.encode(reply).decode() for key in KEYS)

        self.run(all_at_once())

    @rule(id=IDS, model=NAMES, then=NAMES, yes=st.booleans())
    def pick_twice(self, id: str, model: str, then: str, yes: bool) -> None:
        self.yes = yes
        self.perform(PickModel(ModelRef(id, model)), PickModel(ModelRef(id, then)))

    @rule(id=IDS, model=NAMES, yes=st.booleans())
    def pick(self, id: str, model: str, yes: bool) -> None:
        self.yes = yes
        self.perform(PickModel(ModelRef(id, model)))

    @rule(id=st.none() | IDS)
    def refresh(self, id: str | None) -> None:
        self.perform(Refresh(id))

    @rule(id=IDS, spec=SPECS, server=st.integers(0, 1), env=st.booleans(), enabled=st.booleans())
    def save_account(self, id: str, spec: str, server: int, env: bool, enabled: bool) -> None:
        source = KeyFrom.ENVIRONMENT if env else KeyFrom.KEYRING
        url = "" if spec == "azure-openai" else f"{self.urls[server]}/v1"
        self.perform(SaveAccount(Account(id, spec, base_url=url, key_from=source, enabled=enabled)))

    @rule(id=IDS)
    def remove_account(self, id: str) -> None:
        self.perform(RemoveAccount(id))

    @rule(id=IDS.filter(lambda id: id != "ollama"), enabled=st.booleans())
    def enable(self, id: str, enabled: bool) -> None:
        self.perform(EnableAccount(id, enabled))

    @rule(id=IDS, key=st.sampled_from(KEYS), check=st.booleans())
    def store_key(self, id: str, key: str, check: bool) -> None:
        self.perform(StoreKey(id, Secret(key), check=check))

    @rule(id=IDS, kind=st.sampled_from([RemoveKey, CopyKey, CheckKey]))
    def do_with_key(self, id: str, kind: Any) -> None:
        self.perform(kind(id))

    @rule(id=IDS, present=st.booleans())
    def command_line_changed_a_key(self, id: str, present: bool) -> None:
        self.perform(KeyChanged(id, present))

    @rule(
        all_uses=st.booleans(),
        shipped=st.booleans(),
        confirm=st.booleans(),
        inline=st.integers(0, 60),
        id=st.none() | IDS,
    )
    def change_settings(self, all_uses: bool, shipped: bool, confirm: bool, inline: int, id: str | None) -> None:
        changed = msgspec.structs.replace(
            self.app.stored,
            show_non_chat=all_uses,
            use_catalog_fallback=shipped,
            confirm_switch=confirm,
            inline_models=inline,
        )
        self.perform(SaveSettings(changed), Refresh(id))

    @rule()
    def unlock(self) -> None:
        self.perform(UnlockKeyring())

    # -- what happens to them --------------------------------------------------------------------

    @rule(state=STATES, answer=STATES)
    def keyring_changes(self, state: KeyringState, answer: KeyringState) -> None:
        self.house.keyring.state, self.house.keyring.answer = state, answer

    @rule()
    def somebody_empties_the_keyring(self) -> None:
        self.house.keyring.entries.clear()

    @rule(up=st.booleans())
    def servers_go_or_come(self, up: bool) -> None:
        self.up = up

    @rule(seconds=st.sampled_from([1, 400, 4000, 100_000]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.advance(seconds)

    @rule(id=IDS, model=NAMES, key=st.sampled_from(KEYS))
    def the_disk_is_full(self, id: str, model: str, key: str) -> None:
        def full(_value: object) -> None:
            raise ProviderError(Failure(Kind.DISK, detail="full"))

        store: Any = self.app.store
        store.save_state = store.save_settings = full
        try:
            self.perform(
                PickModel(ModelRef(id, model)), StoreKey(id, Secret(key), check=False), EnableAccount(id, False)
            )
        finally:
            del store.save_state, store.save_settings

    @rule()
    def restart(self) -> None:
        async def again() -> None:
            await self.app.close()
            self.app = self.built()

        before = self.app.stored, self.app.state.value
        self.run(again())
        assert (self.app.stored, self.app.state.value) == before
        assert self.app.notice.value is None

    # -- what holds all the while ------------------------------------------------------------------

    @invariant()
    def disk_and_memory_agree(self) -> None:
        if hasattr(self, "app"):
            assert self.house.stored() == (self.app.stored, self.app.state.value)

    @invariant()
    def the_choice_is_the_users(self) -> None:
        if hasattr(self, "app"):
            assert self.app.state.value.active == self.chosen

    @invariant()
    def the_menu_can_be_drawn_and_shows_what_is_switched_on(self) -> None:
        if hasattr(self, "app"):
            self.app.redraw()
            view = self.app.view.value
            assert view.head
            assert {section.provider for section in view.sections} <= {it.id for it in self.app.accounts if it.enabled}
            for section in view.sections:
                assert rows(section, view.limit)
                assert {it.ref.provider for it in section.models} <= {section.provider}
            assert self.run(answer(self.app, b'{"ask": "status"}'))

    @invariant()
    def no_key_is_in_any_file(self) -> None:
        for key in KEYS:
            assert list(files_with(key, [self.house.home])) == []

    @invariant()
    def nothing_opened_the_keyring_behind_the_users_back(self) -> None:
        if hasattr(self, "app"):
            self.house.keyring.calls.clear()
            self.run(self.behind())
            assert "unlock" not in self.house.keyring.names()

    async def behind(self) -> None:
        await self.app.catalog.refresh(self.app.accounts)
        await settled(self.app)


def test_whatever_comes(tmp_path: Path) -> None:
    class Here(Programs):
        root = tmp_path

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
