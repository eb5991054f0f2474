"""The gateway's client: certificates read once and elsewhere, nothing kept that identifies, connections kept."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time

import pytest

from tests.support.upstream import Reply, Upstream
from trayapp.system.net import RELAY_IDLE_FOR, relay_context, relay_session


async def test_certificates_are_the_systems_and_reading_them_again_takes_no_time() -> None:
    context = await asyncio.to_thread(relay_context)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    if sys.platform == "linux":
        assert context.get_ca_certs()
    begun = time.perf_counter()
    for _ in range(20):
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.test")
    assert (time.perf_counter() - begun) / 20 < 0.005


async def test_nothing_of_the_environment_is_believed_but_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:1")
    upstream = Upstream({"/": Reply(body=b"x", headers={"set-cookie": "a=b"})})
    async with upstream as url, await relay_session(relay_context()) as session:
        for _ in range(2):
            async with session.post(url + "/", data=b"{}") as answer:
                assert await answer.read() == b"x"
        assert upstream.connections == 1
        assert upstream.requests[1].headers.keys() == {"host", "content-length"}
        assert not session.trust_env
        assert RELAY_IDLE_FOR >= 90


async def test_a_compressed_answer_is_left_as_it_is() -> None:
    async with Upstream({"/": Reply(body=b"x" * 100, gzip=True)}) as url, await relay_session(relay_context()) as it:
        async with it.get(url + "/") as answer:
            assert (await answer.read())[:2] == b"\x1f\x8b"


async def test_a_connection_notices_a_network_that_is_gone() -> None:
    import socket

    async with Upstream({"/": Reply(body=b"x", hang=True)}) as url, await relay_session(relay_context()) as session:
        async with session.get(url + "/") as answer:
            assert answer.connection is not None
            assert answer.connection.transport is not None
            used = answer.connection.transport.get_extra_info("socket")
            assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            answer.close()


def test_aiohttp_is_not_imported_before_the_first_session() -> None:
    code = "import sys, trayapp.system.net; print(*{'aiohttp', 'ssl', 'socket'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "aiohttp" not in done.stdout
