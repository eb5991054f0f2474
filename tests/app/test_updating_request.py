"""The one request for the newest version: bounded in bytes and time, led nowhere else, and of no use with a reason."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app.updating import MOST_BYTES, WITHIN, NoAnswerError, newest_release
from trayapp.core.releases import Release
from trayapp.system.net import Net

pytestmark = [pytest.mark.virtual_time, pytest.mark.timeout_s(30)]
NEWER = Answer(body={"version": "9.9.9", "url": "https://127.0.0.1/news"})


async def asked(url: str) -> Release:
    net = Net()
    try:
        return await newest_release(await net.client(), url)
    finally:
        await net.close()
        await asyncio.sleep(0.01)  # httpx leaves the ends of its bodies to the loop


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_is_read_packed_or_not(packed: bool) -> None:
    async with Upstream({"/x": Answer(body=NEWER.body, gzip=packed)}) as url:
        assert await asked(f"{url}/x") == Release("9.9.9", "https://127.0.0.1/news")


def leads(to: str) -> Answer:
    return Answer(status=302, headers={"location": to})


async def test_it_may_lead_elsewhere_within_the_same_server_once() -> None:
    server = Upstream({"/x": leads("/y"), "/y": NEWER, "/round": leads("/round")})
    async with server as url:
        assert (await asked(f"{url}/x")).version == "9.9.9"
        with pytest.raises(NoAnswerError, match="from one address to the next"):
            await asked(f"{url}/round")
        assert server.paths() == ["/x", "/y", "/round", "/round"]


@pytest.mark.parametrize("to", ["https://127.0.0.1/y", "//elsewhere.example/y", "http://user@127.0.0.1/y", "file:///y"])
async def test_it_is_not_followed_to_another_server(to: str) -> None:
    server = Upstream({"/x": leads(to)})
    async with server as url:
        with pytest.raises(NoAnswerError, match=r"another server|could not be reached"):
            await asked(f"{url}/x")
        assert len(server.requests) == 1


LONG = b'{"version": "9.9.9", "body": "' + b"a" * MOST_BYTES + b'"}'
BAD: dict[str, tuple[Answer, str]] = {
    "a page": (Answer(body=b"<html>"), "names no version"),
    "too deep": (Answer(body=b"[" * 9_000), "names no version"),
    "another document": (Answer(body={"hello": 1}), "names no version"),
    "too long": (Answer(body=LONG), "too long"),
    "a bomb": (Answer(body=LONG * 50, gzip=True), "too long"),
    "an unknown encoding": (Answer(body=b"x", headers={"content-encoding": "br"}), "unknown encoding"),
    "a wrong encoding": (Answer(body=b"xyz", headers={"content-encoding": "gzip"}), "could not be reached"),
    "not there": (Answer(status=404, body={"version": "9.9.9"}), "status 404"),
    "too many requests": (Answer(status=429), "status 429"),
    "nothing new": (Answer(status=304), "status 304"),
    "cut": (Answer(body=b'{"version": "9.9.9"}', cut=9), "could not be reached"),
    "no HTTP": (Answer(raw=b"SSH-2.0-x\r\n"), "could not be reached"),
    "silence": (Answer(body=b"{", hang=True), "took too long"),
    "byte by byte": (Answer(body=b" " * 60, drip=1.0), "took too long"),
}


@pytest.mark.parametrize("what", BAD)
async def test_an_answer_of_no_use_is_given_up_with_a_reason(what: str) -> None:
    answer, why = BAD[what]
    async with Upstream({"/x": answer}) as url:
        began = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswerError, match=why):
            await asked(f"{url}/x")
        assert asyncio.get_running_loop().time() - began <= WITHIN + 1


async def test_who_is_not_there_or_cannot_be_trusted_is_told_apart() -> None:
    def untrusted(request: httpx.Request) -> httpx.Response:
        error = ssl.SSLCertVerificationError(1, "bad")
        error.verify_code = 10
        raise httpx.ConnectError("bad", request=request) from error

    async with httpx.AsyncClient(transport=httpx.MockTransport(untrusted)) as http:
        with pytest.raises(NoAnswerError, match="no secure connection: its certificate has expired"):
            await newest_release(http, "https://trayapp.example/x")
    with pytest.raises(NoAnswerError, match="could not be reached"):
        await newest_release(http, "https://trayapp.example/x")  # its client was closed: the network changed
    with pytest.raises(NoAnswerError, match="could not be reached"):
        await asked("http://127.0.0.1:9/x")
