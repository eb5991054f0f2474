"""The system's own prompt, on a private screen: seen, answered, closed, left open."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import desktop
from tests.support.clock import FakeClock
from tests.support.desktop import Program, Vault
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.pointer import Pointer
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.system import keys as module
from trayapp.system.keys import Kept, KeyringState, Keys

SLOT = "openai@https://api.openai.com:443"
PROMPT = "gcr-prompter"


class Scene:
    """A screen, a keyring and a program that uses it."""

    def __init__(self, env: dict[str, str], vault: GnomeKeyring, keys: Keys) -> None:
        self.env = env
        self.vault = vault
        self.keys = keys
        self.pointer = Pointer(env)

    async def prompt(self) -> None:
        await asyncio.to_thread(self.pointer.wait_window, PROMPT)

    async def no_prompt(self) -> None:
        await asyncio.to_thread(self.pointer.wait_no_window, PROMPT)

    async def answer(self, *lines: str) -> None:
        for left, line in zip(reversed(range(len(lines))), lines, strict=True):
            await asyncio.to_thread(self.pointer.type, line)
            await asyncio.to_thread(self.pointer.keys, "Tab" if left else "Return")


@pytest.fixture
def scene(home: Path, clock: FakeClock) -> Iterator[Callable[[Vault], Scene]]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def build(vault: Vault) -> Scene:
            try:
                env = stack.enter_context(desktop.home(home))
                env = stack.enter_context(desktop.xvfb(env))
                env = stack.enter_context(desktop.session_bus(env, (desktop.PROMPTER,)))
                daemon = stack.enter_context(desktop.keyring(env, vault))
                desktop.need("xdotool")
            except desktop.MissingProgramError as missing:
                pytest.skip(str(missing))
            keys = Keys(clock=clock, env=env)
            stack.callback(keys.close)
            return Scene(env, daemon, keys)

        yield build


@asynccontextmanager
async def asked(scene: Scene) -> AsyncIterator[asyncio.Task[KeyringState]]:
    """The user has clicked “Unlock”, and the prompt is on the screen."""
    asking = asyncio.create_task(scene.keys.unlock())
    await scene.prompt()
    yield asking


@pytest.mark.timeout_s(40)
async def test_the_password_opens_the_keyring(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.LOCKED)
    async with asked(it) as asking:
        assert await it.keys.look() is KeyringState.LOCKED
        await it.answer("test")
        assert await asking is KeyringState.OK
    assert await it.keys.put(SLOT, Secret("sk-one")) is Kept.KEYRING
    await it.no_prompt()


@pytest.mark.timeout_s(40)
async def test_a_closed_prompt_is_denied_and_the_next_click_asks_again(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.LOCKED)
    async with asked(it) as asking:
        await asyncio.to_thread(it.pointer.keys, "Escape")
        assert await asking is KeyringState.DENIED
    storing = asyncio.create_task(it.keys.put(SLOT, Secret("sk-one")))
    await it.prompt()
    await asyncio.to_thread(it.pointer.keys, "Escape")
    assert await storing is Kept.SESSION


@pytest.mark.timeout_s(40)
async def test_a_keyring_is_made_when_the_first_key_is_stored(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.NEVER)
    storing = asyncio.create_task(it.keys.put(SLOT, Secret("sk-one")))
    await it.prompt()
    await it.answer("new", "new")
    assert await storing is Kept.KEYRING
    assert len(it.vault.items()) == 1


@pytest.mark.timeout_s(40)
async def test_a_prompt_left_open_holds_nobody_and_may_be_answered_later(
    scene: Callable[[Vault], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENT", 0.5)
    it = scene(Vault.LOCKED)
    assert await it.keys.unlock() is KeyringState.LOCKED
    with pytest.raises(ProviderError, match="still open") as caught:
        await it.keys.get(SLOT, may_prompt=True)
    assert caught.value.failure.kind is Kind.LOCKED
    with pytest.raises(ProviderError):
        await it.keys.get(SLOT, may_prompt=False)
    await it.prompt()
    await it.answer("test")
    await it.no_prompt()
    assert await it.keys.get(SLOT, may_prompt=False) is None


@pytest.mark.timeout_s(40)
async def test_background_work_never_opens_a_prompt(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.LOCKED)
    for _ in range(3):
        await it.keys.look()
        with pytest.raises(ProviderError):
            await it.keys.get(SLOT, may_prompt=False)
        assert await it.keys.put("other@x", Secret("sk-two"), may_prompt=False) is Kept.SESSION
    assert not it.pointer.windows(PROMPT)


@pytest.mark.timeout_s(40)
async def test_a_service_that_ends_under_its_prompt_ends_the_waiting(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.LOCKED)
    async with asked(it) as asking:
        it.vault.end()
        assert await asking is KeyringState.NO_SERVICE


@pytest.mark.timeout_s(40)
async def test_a_program_quits_with_the_prompt_open_and_the_keyring_survives_it(
    scene: Callable[[Vault], Scene],
) -> None:
    it = scene(Vault.LOCKED)
    command = (sys.executable, "-m", "tests.support.keyring_probe", "quit")
    child = await asyncio.create_subprocess_exec(
        *command, env=it.env, cwd=desktop.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        await it.prompt()
        async with asyncio.timeout(3):
            said, _ = await child.communicate(b"leave\n")
    except TimeoutError:
        child.kill()
        await child.wait()
        raise
    assert child.returncode == 0
    assert b'"left": true' in said
    await it.answer("test")
    await it.no_prompt()
    assert await it.keys.look() is KeyringState.OK


def test_a_program_without_a_screen_asks_on_nobody_elses(scene: Callable[[Vault], Scene]) -> None:
    it = scene(Vault.LOCKED)
    env = {name: value for name, value in it.env.items() if name != "DISPLAY"}
    code = (
        "import asyncio; from trayapp.core.clock import SystemClock; from trayapp.system.keys import Keys;"
        "keys = Keys(clock=SystemClock()); print(asyncio.run(keys.unlock()))"
    )
    with Program(sys.executable, "-c", code, env=env, stdout=subprocess.PIPE) as child:
        assert child.process.wait(10) == 0
        assert child.process.stdout is not None
        assert child.process.stdout.read().decode().strip() == "locked"
    assert not it.pointer.windows(PROMPT)
