"""What Ollama answers is understood in all its forms: models in memory, on the disk, their expiry, their files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.local.ollama_scene import raising, scripted, server
from tests.support.clock import FakeClock
from tests.support.upstream import Reply, Sent
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.ollama_answers import loaded, moment, weights
from trayapp.local.residency import NEVER, Installed, Seen, in_cloud

DIGEST = "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72"
LLAMA = {
    "name": "llama3.2:latest",
    "model": "llama3.2:latest",
    "size": 5502926848,
    "digest": DIGEST,
    "details": {"family": "llama", "families": None},
    "expires_at": "2025-06-15T17:06:40.036411712+02:00",
    "size_vram": 5502926848,
    "context_length": 4096,
}
SEEN = Seen("d1", "llama3.2:latest")

# -- what is in memory ------------------------------------------------------------------------------


async def test_what_is_loaded_is_read_as_it_is_listed(clock: FakeClock) -> None:
    async with server({"/api/ps": Reply(body={"models": [LLAMA]})}, clock) as (it, _):
        (seen,) = await it.loaded()
    assert seen == Seen(
        DIGEST, "llama3.2:latest", 5502926848, 5502926848, 4096, expires=seen.expires, stamp=seen.expires
    )
    assert seen.expires == pytest.approx(1_750_000_000.036411)


@pytest.mark.parametrize("body", [{"models": []}, {"models": None}])
async def test_an_empty_memory_is_an_empty_list(clock: FakeClock, body: Any) -> None:
    async with server({"/api/ps": Reply(body=body)}, clock) as (it, _):
        assert await it.loaded() == ()


async def test_rows_with_parts_missing_are_read_and_those_without_a_name_left_out(clock: FakeClock) -> None:
    rows = [{"model": "a"}, {"name": "b:latest", "size": "big", "digest": 5}, {"size": 3}, None, {"name": "\n"}]
    async with server({"/api/ps": Reply(body={"models": rows})}, clock) as (it, _):
        assert await it.loaded() == (Seen("a:latest", "a"), Seen("b:latest", "b:latest"))


@pytest.mark.parametrize("body", [b"[]", b"404 page", {"error": "no"}, {"models": {}}, {}])
async def test_what_is_no_list_is_an_error(clock: FakeClock, body: Any) -> None:
    async with server({"/api/ps": Reply(body=body), "/api/tags": Reply(body=body)}, clock) as (it, _):
        for asked in (it.loaded, it.installed):
            with pytest.raises(ProviderError) as caught:
                await asked()
            assert caught.value.failure.kind is Kind.GARBLED


@pytest.mark.parametrize(
    "row",
    [
        {"name": "gpt-oss:120b-cloud"},
        {"name": "kimi-k3:cloud"},
        {"name": "mine:latest", "remote_host": "https://ollama.com:443"},
        {"name": "mine:latest", "remote_model": "gpt-oss:120b"},
    ],
)
async def test_what_runs_in_the_cloud_is_marked(clock: FakeClock, row: Any) -> None:
    async with server(
        {"/api/ps": Reply(body={"models": [row]}), "/api/tags": Reply(body={"models": [row]})}, clock
    ) as (
        it,
        _,
    ):
        assert [seen.remote for seen in await it.loaded()] == [True]
        assert [model.remote for model in await it.installed()] == [True]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("gpt-oss:120b-cloud", True),
        ("big:Cloud ", True),
        ("lab/big:20b:cloud", True),
        ("cloud", False),
        ("cloud/qwen", False),
        ("qwen:local", False),
        ("qwen-cloud:20b-cloud:local", False),
        ("qwen:cloudy", False),
    ],
)
def test_a_name_tells_whether_it_runs_in_the_cloud(name: str, there: bool) -> None:
    assert in_cloud(name) is there


async def test_nothing_at_the_cloud_s_own_address_runs_here(clock: FakeClock) -> None:
    it = scripted(lambda _: httpx.Response(200, json={"models": [{"name": "a"}]}), clock, "https://ollama.com")
    assert [seen.remote for seen in await it.loaded()] == [True]
    with pytest.raises(ValueError, match="never be touched"):
        await it.unload(SEEN)


NOW = 1_750_000_000.0


def written(text: Any) -> Seen:
    """A loaded model with this expiry."""
    (seen,) = loaded({"models": [{"name": "a", "expires_at": text}]}, NOW)
    return seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-06-15T15:06:40Z", NOW),
        ("2025-06-15T10:06:40-05:00", NOW),
        ("2025-06-15T10:06:40.5-05:00", NOW + 0.5),
        ("2025-06-15T15:06:40.123456789Z", NOW + 0.123456),
        ("2025-06-15T15:06:38.8Z", NOW - 1.2),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC).timestamp()),
        ("0001-01-01T00:00:00+14:00", datetime(1, 1, 1, tzinfo=UTC).timestamp() - 14 * 3600),
    ],
)
def test_an_expiry_is_read_in_every_form_that_go_writes(text: str, expected: float) -> None:
    seen = written(text)
    assert seen.expires == seen.stamp == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("text", ["", None, "soon", 5, "2025-02-30T00:00:00Z", {}])
def test_an_expiry_that_is_none_never_comes(text: Any) -> None:
    assert (written(text).expires, written(text).stamp) == (NEVER, None)


@pytest.mark.parametrize("digits", range(10))
def test_trailing_zeros_that_were_cut_off_change_nothing(digits: int) -> None:
    fraction = f".{'0' * digits}" if digits else ""
    assert moment(f"2025-06-15T17:06:40{fraction}+02:00") == NOW


def test_never_begins_twenty_years_ahead_and_the_moment_itself_is_kept() -> None:
    def after(years: float) -> str:
        return (datetime.fromtimestamp(NOW, UTC) + timedelta(days=365.25 * years)).isoformat()

    assert written(after(19.9)).expires < NEVER
    assert written(after(20.1)).expires == NEVER
    pinned, used = written("2317-09-25T14:53:27.480107242Z"), written("2317-09-25T14:53:28.98Z")
    assert (pinned.expires, used.expires) == (NEVER, NEVER)
    assert pinned.stamp is not None
    assert used.stamp is not None
    assert used.stamp - pinned.stamp == pytest.approx(1.5, abs=0.01)


# -- what is on the disk ----------------------------------------------------------------------------


async def test_a_model_that_only_embeds_is_known_by_its_capabilities(clock: FakeClock) -> None:
    rows = [
        {"name": "nomic-embed-text:latest", "digest": "d1", "size": 274, "capabilities": ["embedding"]},
        {"name": "both:latest", "digest": "d2", "capabilities": ["embedding", "completion"]},
        {"name": "old-embed:latest", "digest": "d3", "capabilities": None},
    ]
    async with server({"/api/tags": Reply(body={"models": rows})}, clock) as (it, _):
        assert await it.installed() == (
            Installed("d1", "nomic-embed-text:latest", 274, embedding=True),
            Installed("d2", "both:latest"),
            Installed("d3", "old-embed:latest"),
        )


# -- where the weights are --------------------------------------------------------------------------

BLOB = "/usr/share/ollama/.ollama/models/blobs/sha256-dde5aa3fc5ffc17176b5e8bdc82f587b24b2678c6c66101bf7da77af9f7ccdff"
HEAD = '# Modelfile generated by "ollama show"\n# FROM llama3.2:latest\n\n'


@pytest.mark.parametrize(
    ("modelfile", "path"),
    [
        (f"{HEAD}FROM {BLOB}\nTEMPLATE x\n", BLOB),
        (f"{HEAD}FROM {BLOB}\nFROM /projector\n", BLOB),
        (
            f"{HEAD}FROM C:\\Users\\Jane Doe\\.ollama\\models\\blobs\\sha256-1\r\n",
            "C:\\Users\\Jane Doe\\.ollama\\models\\blobs\\sha256-1",
        ),
        (f'{HEAD}FROM "/Volumes/My Disk/sha256-1"\n', "/Volumes/My Disk/sha256-1"),
        (f"{HEAD}FROM qwen3-mlx:latest\n", ""),
        (HEAD, ""),
        (None, ""),
    ],
    ids=["Linux", "with a projector", "Windows", "quoted", "MLX", "none", "no Modelfile"],
)
def test_the_first_from_line_is_the_path_of_the_weights(modelfile: Any, path: str) -> None:
    assert weights({"modelfile": modelfile}) == path


async def test_show_gives_the_path_and_nothing_for_another_computer(clock: FakeClock) -> None:
    asked: list[Sent] = []

    def answer(request: Sent) -> Reply:
        asked.append(request)
        return Reply(body={"modelfile": f"FROM {BLOB}", "license": "…", "tensors": [{}] * 2000})

    async with server({"/api/show": answer}, clock) as (it, _):
        assert await it.show("llama3.2:latest") == BLOB
    assert json.loads(asked[0].body) == {"model": "llama3.2:latest"}
    elsewhere = scripted(raising(AssertionError()), clock, "http://192.168.15.14:11434")
    assert await elsewhere.show("llama3.2:latest") == ""
