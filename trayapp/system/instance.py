"""One instance per user; its private socket carries requests from the command line.

A request is one line of JSON and so is its answer. Up to ``claim`` and ``hand_over`` only the standard
library is imported, and little of it: a second start has nothing else to do.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType

from trayapp.system import files, lock

TYPE_CHECKING = False  # typing's own takes 8 ms to import
if TYPE_CHECKING:
    import asyncio
    import socket
    from typing import Any

    Handler = Callable[[bytes], Awaitable[bytes]]

TCP = sys.platform == "win32"
REQUEST_LIMIT = 1 << 20
ANSWER_LIMIT = 16 << 20
AT_ONCE = 48
"""Callers served side by side; the next are told to come again."""
READ_WITHIN = 5.0
"""Seconds a caller has for its request, and again for taking the answer."""
WRITERS_TURN = 15.0
"""Seconds a start waits for a command that is writing."""


class BusyError(OSError):
    """Another process has the lock."""


def hand_over(runtime: Path, message: bytes, timeout: float, *, tcp: bool = TCP) -> bytes | None:
    """Send one line to the running instance and give its answer; None where nobody runs.

    An instance that is still starting is waited for. Raises OSError: TimeoutError after ``timeout`` seconds,
    ConnectionError if it ended meanwhile, PermissionError if the socket is not this user's own.
    """
    deadline = time.monotonic() + timeout
    if tcp and not _held(runtime):
        return None  # a stranger may listen at a dead instance's port, and would only be found out by waiting
    connection: socket.socket | None = _door(tcp).connect(runtime, deadline)
    if connection is None:
        return None
    with connection:
        with contextlib.suppress(BrokenPipeError):  # it may have said why
            connection.sendall(message + b"\n")
        return _answer(connection, deadline)


def claim(runtime: Path, *, tcp: bool = TCP) -> Claim | None:
    """Become the instance, or None if another process is. Callers are taken from now on and wait for ``serve``.

    Raises BusyError if a command has been writing for too long, and PermissionError if others could interfere.
    """
    files.make_private(runtime)
    turn = _turn(runtime, WRITERS_TURN)
    try:
        held = lock.take(runtime / "trayapp.lock")
        if held is None:
            return None
        try:
            listener = _door(tcp).listen(runtime)
        except OSError:
            lock.free(held)
            raise
        return Claim(runtime, held, listener, tcp=tcp)
    finally:
        lock.free(turn)


def enter(runtime: Path, message: bytes, timeout: float, *, tcp: bool = TCP) -> Claim | bytes:
    """Be the instance, or have its answer to ``message``; whichever comes true, however many start at once.

    Raises as ``hand_over`` and ``claim`` do.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            answer = hand_over(runtime, message, max(0.001, deadline - time.monotonic()), tcp=tcp)
        except ConnectionError:
            answer = None  # it ended while we spoke
        if answer is not None:
            return answer
        claimed = claim(runtime, tcp=tcp)
        if claimed is not None:
            return claimed
        if time.monotonic() > deadline:
            raise TimeoutError("another trayapp runs, but its socket is gone")
        time.sleep(0.01)


@contextlib.contextmanager
def write_lock(runtime: Path, timeout: float) -> Iterator[None]:
    """Keep a tray from starting and other commands from writing, for as long as the block runs.

    Raises BusyError at once if a tray runs, and after ``timeout`` seconds if another command writes.
    """
    files.make_private(runtime)
    turn = _turn(runtime, timeout)
    try:
        if lock.busy(runtime / "trayapp.lock"):
            raise BusyError("trayapp runs")
        yield
    finally:
        lock.free(turn)


def unusable(exc: OSError) -> str:
    """Why the folder of socket and locks cannot be used, in a sentence. Who once ran the program as root has such."""
    from trayapp.core.language import _

    if exc.filename is None:
        return _("trayapp cannot be reached, and cannot start: {why}.").format(why=exc)
    told = _("“{file}” cannot be used: {why}. Make it yours, or remove it while trayapp does not run.")
    return told.format(file=exc.filename, why=exc.strerror)


class Claim:
    """Being the instance, from ``claim`` until ``close`` or ``release``, or the end of the process."""

    def __init__(self, runtime: Path, held: int, listener: socket.socket, *, tcp: bool) -> None:
        self._runtime = runtime
        self._held: int | None = held
        self._listener = listener
        self._tcp = tcp
        self._server: asyncio.Server | None = None
        self._callers: set[asyncio.Task[None]] = set()

    async def serve(self, handler: Handler) -> None:
        """Answer callers from now on; returns at once.

        What the handler raises goes to the loop's exception handler, and its caller gets a line that says so.
        """
        import asyncio

        if self._held is None:
            return  # the program was ended before it got here

        def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            caller = asyncio.get_running_loop().create_task(
                self._serve_one(handler, reader, writer), name="answer the command line"
            )
            self._callers.add(caller)
            caller.add_done_callback(self._done)

        if self._tcp:
            self._server = await asyncio.start_server(met, sock=self._listener, limit=REQUEST_LIMIT)
        else:
            self._server = await asyncio.start_unix_server(met, sock=self._listener, limit=REQUEST_LIMIT)

    async def close(self) -> None:
        """Take no more callers, give those who are being answered a moment, and let go."""
        import asyncio

        if self._server is not None:
            self._server.close()  # no wait_closed(): it hangs on 3.12.1 and 3.13.0 while somebody is connected
            self._server = None
        for patience in (0.3, 1.0):
            callers = self._callers - {asyncio.current_task()}
            if callers:
                await asyncio.wait(callers, timeout=patience)
            for caller in self._callers - {asyncio.current_task()}:
                caller.cancel()
        self.release()

    def release(self) -> None:
        """Let go at once, without a loop. More than once does nothing."""
        if self._held is None:
            return
        self._listener.close()
        _door(self._tcp).tidy(self._runtime)
        lock.free(self._held)
        self._held = None

    def _done(self, caller: asyncio.Task[None]) -> None:
        self._callers.discard(caller)
        if not caller.cancelled() and (exc := caller.exception()) is not None:
            context: dict[str, Any] = {"message": "a request over the socket failed", "exception": exc, "task": caller}
            caller.get_loop().call_exception_handler(context)

    async def _serve_one(self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import asyncio

        from trayapp.core.language import _

        answer = _problem(_("trayapp failed at this; its log says more."))
        try:
            if len(self._callers) > AT_ONCE:
                answer = _problem(_("trayapp is busy with too many requests. Try again in a moment."))
                return
            line = await self._request(reader, writer)
            if line is None:
                answer = b""
            elif not line.startswith(b"{"):
                answer = _problem(_("trayapp takes one line of JSON, not this."))
            else:
                answer = await handler(line)
        except asyncio.CancelledError:
            answer = _problem(_("trayapp is being quit."))
            raise
        except asyncio.LimitOverrunError:
            answer = _problem(_("This request is too long for trayapp."))
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            answer = b""  # nobody is there to be told
        finally:
            await self._reply(writer, answer)

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """One line, without its end; None for a caller who may not speak."""
        import asyncio

        async with asyncio.timeout(READ_WITHIN):
            if not await _door(self._tcp).admit(self._runtime, reader, writer):
                return None
            try:
                return (await reader.readuntil(b"\n")).rstrip()
            except asyncio.LimitOverrunError:
                # read on, or closing would take our answer away from a caller who is still sending
                while chunk := await reader.read(REQUEST_LIMIT):
                    if chunk.endswith(b"\n"):
                        break
                raise

    async def _reply(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        import asyncio

        try:
            if answer:
                writer.write(answer.rstrip(b"\n") + b"\n")
                async with asyncio.timeout(READ_WITHIN):
                    await writer.drain()
            writer.close()
        except (TimeoutError, ConnectionError):
            writer.transport.abort()


def _door(tcp: bool) -> ModuleType:
    if tcp:
        from trayapp.system import instance_tcp

        return instance_tcp
    from trayapp.system import instance_posix

    return instance_posix


def _turn(runtime: Path, timeout: float) -> int:
    """The lock of whoever writes or starts. Raises BusyError after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while (held := lock.take(runtime / "write.lock")) is None:
        if time.monotonic() >= deadline:
            raise BusyError("another trayapp command is at work")
        time.sleep(0.005)
    return held


def _held(runtime: Path) -> bool:
    """Whether an instance runs, or may: while somebody writes or starts, nobody can tell."""
    if not runtime.is_dir():
        return False
    turn = lock.take(runtime / "write.lock")
    if turn is None:
        return True
    try:
        return lock.busy(runtime / "trayapp.lock")
    finally:
        lock.free(turn)


def _answer(connection: socket.socket, deadline: float) -> bytes:
    """One line. Raises OSError as ``hand_over`` does."""
    answer = bytearray()
    while not answer.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("trayapp runs, but does not answer")
        connection.settimeout(left)
        part = connection.recv(1 << 16)
        if not part or len(answer) > ANSWER_LIMIT:
            raise ConnectionResetError("trayapp ended before it had answered")
        answer += part
    return bytes(answer[:-1])


def _problem(sentence: str) -> bytes:
    """A core.intents.Reply, without importing what intents need."""
    import json

    return json.dumps({"ok": False, "text": sentence}).encode()
