"""A real Chromium without a window, driven over two pipes: a profile of its own, no network, and a tidy end.

It speaks the DevTools protocol (https://chromedevtools.github.io/devtools-protocol): JSON objects that end with
a zero byte, to the browser on its descriptor 3 and from it on its descriptor 4, so no port is opened for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.support import guards
from tests.support.desktop import MissingProgramError, Program

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # it shows pages of the tests only, and containers have no user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--password-store=basic",
    "--use-mock-keychain",
    # Newer browsers ask their user before a page reaches this computer. Others do not, and they are what we fear.
    "--disable-features=LocalNetworkAccessChecks,MediaRouter,Translate,OptimizationHints",
)
# The browser wants its pipes at 3 and 4; they may stand there crosswise, hence by way of two higher ones.
_BEGIN = """
import os, sys
heard, said = os.dup2(int(sys.argv[1]), 60), os.dup2(int(sys.argv[2]), 61)
os.dup2(heard, 3), os.dup2(said, 4), os.close(heard), os.close(said)
os.execv(sys.argv[3], sys.argv[3:])
"""
_PATIENCE = 20.0
"""Seconds for one question to the browser; its start on a busy machine takes some of them."""
_LONGEST = 2**24


class BrowserError(RuntimeError):
    """The browser refused a command, a script of a page failed, or the browser is gone."""


def installed() -> str:
    """Where the browser is. Raises MissingProgramError."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise MissingProgramError("chromium is not installed (apt-get install chromium)")
    return found


@contextlib.asynccontextmanager
async def chromium(**rebound: str) -> AsyncIterator[Browser]:
    """A browser that knows ``localhost``, the addresses of this computer, and the names given with their addresses.

    ``chromium(evil="127.0.0.1")`` takes ``evil.example`` for this computer. Raises MissingProgramError.
    """
    program = installed()
    # no socket of a browser may lie in a longer folder, and the profile is gone when its last process is
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        rules = [f"MAP {name}.example {address}" for name, address in rebound.items()]
        rules += ["MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1", "EXCLUDE ::1"]
        env = {**os.environ, **guards.new_home(Path(folder, "home"))}
        to_read, to_write, heard, said = *os.pipe(), *os.pipe()  # two pairs: its ear, then its mouth
        begin = (sys.executable, "-I", "-S", "-c", _BEGIN, str(to_read), str(said))
        flags = (*_FLAGS, f"--user-data-dir={folder}/profile", f"--host-resolver-rules={', '.join(rules)}")
        with Program(*begin, program, *flags, "about:blank", env=env, pass_fds=(to_read, said)) as process:
            os.close(to_read)
            os.close(said)
            browser = Browser()
            await browser.begin(to_write, heard)
            try:
                yield browser
            finally:
                await browser.end()
                await _gone(process)


async def _gone(process: Program) -> None:
    """Let it end by itself, and end those of its children that have not."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while process.running():  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Browser:
    """Its end of the two pipes."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded: dict[str, asyncio.Event] = {}
        self._reading: asyncio.Task[None] | None = None
        self._ear: asyncio.ReadTransport | None = None
        self._mouth: asyncio.WriteTransport | None = None

    async def begin(self, to_write: int, heard: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LONGEST)
        self._ear, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(heard, "rb")
        )
        self._mouth, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(to_write, "wb"))
        self._reading = loop.create_task(self._read(reader), name="browser")

    async def end(self) -> None:
        """Ask it to close; its pipes are closed in any case."""
        with contextlib.suppress(BrowserError, TimeoutError):
            async with asyncio.timeout(5):
                await self.ask("Browser.close")
        for pipe in (self._ear, self._mouth):
            if pipe is not None:
                pipe.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def open(self, url: str) -> Page:
        """A new tab that has loaded this page."""
        target = await self.ask("Target.createTarget", url="about:blank")
        found = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, found["sessionId"], target["targetId"])
        await page.go(url)
        return page

    async def ask(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """One command and its result. Raises BrowserError, TimeoutError."""
        if self._mouth is None or self._reading is None or self._reading.done():
            raise BrowserError(f"the browser is gone: {method}")
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        at = {"sessionId": session} if session else {}
        self._mouth.write(json.dumps({"id": number, "method": method, "params": params, **at}).encode() + b"\0")
        async with asyncio.timeout(_PATIENCE):
            result: dict[str, Any] = await answer
        return result

    def loading(self, session: str) -> asyncio.Event:
        """Set once the page has loaded that this tab goes to next."""
        self._loaded[session] = asyncio.Event()
        return self._loaded[session]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._hear(json.loads((await reader.readuntil(b"\0"))[:-1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(BrowserError("the browser is gone"))

    def _hear(self, said: dict[str, Any]) -> None:
        if said.get("method") == "Page.loadEventFired" and (event := self._loaded.get(said["sessionId"])):
            event.set()
        waiting = self._asked.pop(said.get("id", 0), None)
        if waiting is None or waiting.done():
            return
        if "error" in said:
            waiting.set_exception(BrowserError(said["error"]["message"]))
        else:
            waiting.set_result(said["result"])


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target

    async def go(self, url: str) -> None:
        """Load another page here. Raises BrowserError where there is none."""
        await self._browser.ask("Page.enable", self._session)
        loaded = self._browser.loading(self._session)
        went = await self._browser.ask("Page.navigate", self._session, url=url)
        if went.get("errorText"):
            raise BrowserError(f"{url}: {went['errorText']}")
        async with asyncio.timeout(_PATIENCE):
            await loaded.wait()

    async def run(self, script: str) -> Any:
        """What an expression of the page's own script comes to; a promise is awaited. Raises BrowserError."""
        params = {"expression": script, "awaitPromise": True, "returnByValue": True}
        done = await self._browser.ask("Runtime.evaluate", self._session, **params)
        if "exceptionDetails" in done:
            told = done["exceptionDetails"]
            raise BrowserError(told.get("exception", {}).get("description") or told["text"])
        return done["result"].get("value")

    async def close(self) -> None:
        await self._browser.ask("Target.closeTarget", targetId=self._target)
