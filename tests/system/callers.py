"""Who runs an instance, who calls it and who speaks to it without manners, for the tests of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from trayapp.system import instance, instance_posix
from trayapp.system.instance import Claim

ROOT = Path(__file__).parent.parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="no socket files on this system")
both_doors = pytest.mark.parametrize("tcp", [pytest.param(False, marks=posix), True], ids=["socket file", "port"])


async def echo(line: bytes) -> bytes:
    return b'{"heard":' + line + b"}"


@contextlib.asynccontextmanager
async def served(runtime: Path, handler: instance.Handler = echo, *, tcp: bool = False) -> AsyncIterator[Claim]:
    claim = instance.claim(runtime, tcp=tcp)
    assert claim is not None
    await claim.serve(handler)
    try:
        yield claim
    finally:
        await claim.close()


async def ask(runtime: Path, message: bytes, *, timeout: float = 5.0, tcp: bool = False) -> bytes | None:
    return await asyncio.to_thread(instance.hand_over, runtime, message, timeout, tcp=tcp)


async def raw(runtime: Path, sent: bytes, *, end: bool = False) -> dict[str, Any] | None:
    """What a caller without manners is answered."""
    reader, writer = await asyncio.open_unix_connection(instance_posix.address(runtime))
    with contextlib.suppress(ConnectionError):
        writer.write(sent)
        await writer.drain()
        if end:
            writer.write_eof()
    answer = await reader.readline()
    writer.close()
    return json.loads(answer) if answer else None


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    head = "import asyncio, os, sys, time; from pathlib import Path; from trayapp.system import instance, lock\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


SERVE = """
async def answer(line): return b'{"pid":%d}' % os.getpid()
async def main():
    claim = instance.claim(Path(sys.argv[1]), tcp=sys.argv[2] == 'True')
    print(claim is not None, flush=True)
    if claim:
        await claim.serve(answer); await asyncio.sleep(60)
asyncio.run(main())
"""
