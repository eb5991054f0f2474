"""The shelf: what was put there comes back, or a sentence that says why not."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog.scene import models, names
from trayapp.catalog import cache
from trayapp.catalog.cache import Shelf, file_name, mark
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Price, Use

SAMPLES = Path(__file__).parent.parent / "samples" / "listings"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def listing(provider: str = "groq", *ids: str, **more: object) -> Listing:
    return Listing(provider, models(provider, *(ids or ("a", "b/c"))), Source.API, 1_000.0, **more)  # type: ignore[arg-type]


def path(shelf: Shelf, provider: str = "groq") -> Path:
    return shelf.folder / file_name(provider)


def _refused(*_: object) -> NoReturn:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_what_was_put_comes_back_as_a_cached_list(shelf: Shelf) -> None:
    """S2-18."""
    whole = listing(etag='"x"', last_modified="Mon", unchanged=3, dropped=2, failure=Failure(Kind.EMPTY))
    shelf.put(whole)
    found, notices = Shelf(shelf.folder).load_all(["groq", "openai"])
    assert notices == ()
    assert found == {"groq": msgspec.structs.replace(whole, source=Source.CACHE, failure=None)}


def test_files_are_private(shelf: Shelf) -> None:
    shelf.put(listing())
    if sys.platform != "win32":
        assert stat.S_IMODE(path(shelf).stat().st_mode) == 0o600
        assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700


def test_text_that_repeats_is_held_once(shelf: Shelf) -> None:
    """S0-7, S2-74."""
    price = Price(1.0, 2.0)
    two = [
        msgspec.structs.replace(it, price=price, released="2025-01-01", about=("price",))
        for it in models("groq", "a", "b")
    ]
    shelf.put(Listing("groq", tuple(two)))
    one, other = shelf.load_all(["groq"])[0]["groq"].models
    assert one.price is other.price
    assert one.released is other.released
    assert one.about is other.about
    assert one.ref.provider is other.ref.provider


@pytest.mark.parametrize("version", [1, 2])
def test_every_past_version_is_still_read(shelf: Shelf, version: int) -> None:
    """S2-53 to S2-55, S2-48: the models of version 1 carried no account; it is filled in on reading."""
    shelf.folder.mkdir()
    path(shelf, "openai-work").write_bytes((SAMPLES / f"v{version}.json").read_bytes())
    found, notices = shelf.load_all(["openai-work"])
    it = found["openai-work"]
    assert notices == ()
    assert [str(model.ref) for model in it.models] == [
        "openai-work/gpt-4o",
        "openai-work/text-embedding-3-small",
        "openai-work/ft:gpt-4o:acme/7",
    ]
    assert (it.models[0].price, it.models[1].use, it.fetched_at) == (Price(2.5, 10.0), Use.EMBEDDING, 1735689600.0)


def test_there_is_an_example_of_every_version() -> None:
    assert sorted(int(it.stem[1:]) for it in SAMPLES.iterdir()) == list(range(1, cache.VERSION + 1))
    assert set(cache.MIGRATIONS) == set(range(1, cache.VERSION))


def test_a_newer_file_is_left_alone_and_never_written_over(shelf: Shelf) -> None:
    """S2-53."""
    shelf.folder.mkdir()
    newer = b'{"version":99,"something":"else"}'
    path(shelf).write_bytes(newer)
    found, notices = shelf.load_all(["groq"])
    assert (found, len(notices)) == ({}, 1)
    assert "newer version" in notices[0]
    with pytest.raises(ProviderError) as raised:
        shelf.put(listing())
    assert raised.value.failure.kind is Kind.DISK
    assert path(shelf).read_bytes() == newer


def test_a_newer_file_is_known_whatever_its_spelling(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    newer = b'{"what": 1, "version": 99}'
    path(shelf).write_bytes(newer)
    assert "newer version" in shelf.load_all(["groq"])[1][0]
    with pytest.raises(ProviderError):
        shelf.put(listing())
    assert path(shelf).read_bytes() == newer


DAMAGED = {
    "empty": b"",
    "no JSON": b"\x00\xff",
    "torn": msgspec.json.encode({"version": 2, "listing": listing()})[:-9],
    "another shape": b"[1,2]",
    "wrong type": b'{"version":2,"listing":{"provider":"groq","models":7}}',
    "version that is no number": b'{"version":"two"}',
    "version of nothing": b'{"version":-1}',
    "version 1 without rows": b'{"version":1,"provider":"groq","models":[{}]}',
    "version 1 without an account": b'{"version":1}',
    "version 1 of no rows at all": b'{"version":1,"provider":"groq","models":3}',
    "nested": b'{"version":2,"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "another account": msgspec.json.encode({"version": 2, "listing": listing("openai")}),
    "models of another account": msgspec.json.encode(
        {"version": 2, "listing": Listing("groq", models("openai", "gpt-5"))}
    ),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_set_aside_with_a_notice(shelf: Shelf, data: bytes) -> None:
    """S0-42, S2-53."""
    shelf.put(listing("openai", "gpt-5"))
    path(shelf).write_bytes(data)
    found, notices = shelf.load_all(["groq", "openai"])
    assert list(found) == ["openai"]
    assert len(notices) == 1
    assert "groq" in notices[0]
    assert not path(shelf).exists()
    aside = next(shelf.folder.glob("groq.json.bad-*"))
    assert aside.read_bytes() == data
    assert aside.name in notices[0]
    shelf.put(listing())
    assert names(shelf.load_all(["groq"])[0]["groq"]) == ("a", "b/c")


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_program(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("any"))
    path(shelf).write_bytes(data)
    found, notices = shelf.load_all(["groq"])
    assert found == {}
    assert len(notices) == 1


def test_a_file_that_is_too_large_is_not_read_into_memory(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """S0-19."""
    shelf.put(listing())
    monkeypatch.setattr(cache, "FILE_BYTES", 50)
    found, notices = shelf.load_all(["groq"])
    assert (found, len(notices)) == ({}, 1)
    with pytest.raises(ProviderError):
        shelf.put(listing())


def test_a_folder_in_the_place_of_a_file_is_said_and_survived(shelf: Shelf) -> None:
    path(shelf).mkdir(parents=True)
    found, notices = shelf.load_all(["groq"])
    assert (found, len(notices)) == ({}, 1)


def test_a_damaged_file_that_cannot_be_set_aside_is_said_and_stays(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put(listing())
    path(shelf).write_bytes(b"no list")
    monkeypatch.setattr(Path, "rename", _refused)
    assert shelf.load_all(["groq"]) == ({}, ("The model list of “groq” is damaged and could not be set aside.",))
    assert path(shelf).read_bytes() == b"no list"


def test_more_rows_than_fit_are_cut_and_counted(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """S0-19, S2-74."""
    shelf.put(listing("groq", "a", "b", "c"))
    monkeypatch.setattr(cache, "ROWS", 2)
    found = shelf.load_all(["groq"])[0]["groq"]
    assert (names(found), found.dropped) == (("a", "b"), 1)


def test_a_list_of_another_server_is_left_out(shelf: Shelf) -> None:
    before, now = Account("mine", "openai-compatible", base_url="http://a:1"), None
    now = msgspec.structs.replace(before, base_url="http://b:1")
    shelf.put(listing("mine"), mark(before))
    assert shelf.load_all(["mine"], {"mine": mark(now)}) == ({}, ())
    assert list(shelf.load_all(["mine"], {"mine": mark(before)})[0]) == ["mine"]
    assert list(shelf.load_all(["mine"])[0]) == ["mine"]


def test_a_mark_is_of_the_server_and_of_nothing_else() -> None:
    account = Account("mine", "azure", values={"resource": "a"})
    same = msgspec.structs.replace(account, name="Work", enabled=False, ttl=5, strategy="fresh")
    assert mark(account) == mark(same)
    assert mark(account) != mark(msgspec.structs.replace(account, values={"resource": "b"}))
    assert mark(account) != mark(msgspec.structs.replace(account, base_url="https://x"))


def test_doubt_is_remembered_until_a_new_list_comes(shelf: Shelf) -> None:
    """S2-72: a key that was changed just before the program ended."""
    shelf.put(listing(), "m", doubtful=True)
    again = Shelf(shelf.folder)
    assert list(again.load_all(["groq"], {"groq": "m"})[0]) == ["groq"]
    assert again.doubtful == {"groq"}
    shelf.put(listing(), "m")
    again.load_all(["groq"])
    assert again.doubtful == frozenset()


def test_removing_says_whether_there_was_something(shelf: Shelf) -> None:
    shelf.put(listing())
    assert (shelf.remove("groq"), shelf.remove("groq")) == (True, False)


@given(st.text(min_size=1, max_size=100))
def test_every_id_has_a_name_that_any_file_system_takes(provider: str) -> None:
    name = file_name(provider)
    stem = name.split(".", maxsplit=1)[0]
    assert name.endswith(".json")
    assert len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert stem not in {"con", "prn", "aux", "nul", "com1", "lpt9", ""}


@pytest.mark.parametrize(
    "one", ["Groq", "groq ", "gro/q", "..", ".", "con", "con.x", "aux", "LPT1", "a" * 65, "naïve", "groq.", "x\0y"]
)
def test_ids_that_look_alike_share_no_file(shelf: Shelf, one: str) -> None:
    others = {"groq", "con", "aux", "CON", "nul", "a" * 64, "a" * 66, "Groq", one.lower(), one.upper()} - {one}
    assert file_name(one).casefold() not in {file_name(other).casefold() for other in others}
    shelf.put(listing(one))
    assert list(shelf.load_all([one])[0]) == [one]


def test_lists_of_accounts_that_are_gone_are_kept_within_bounds(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """S0-40, S4-23, S2-74: the least recently used go first; what is set up is never touched."""
    monkeypatch.setattr(cache, "STRANGERS", 2)
    for number, provider in enumerate(["kept", "oldest", "older", "old", "new"]):
        shelf.put(listing(provider))
        os.utime(path(shelf, provider), (1000 + number, 1000 + number))
    assert shelf.clean(["kept"]) == 2
    assert {it.name for it in shelf.folder.iterdir()} == {"kept.json", "old.json", "new.json"}
    monkeypatch.setattr(cache, "STRANGER_BYTES", path(shelf, "new").stat().st_size)
    assert shelf.clean(["kept"]) == 1
    assert {it.name for it in shelf.folder.iterdir()} == {"kept.json", "new.json"}
    assert Shelf(shelf.folder / "nowhere").clean([]) == 0


def test_what_cannot_be_deleted_stops_no_cleaning(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "STRANGERS", 0)
    shelf.put(listing("held"))
    shelf.put(listing("old"))
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda it: _refused() if it == path(shelf, "held") else unlink(it))
    assert shelf.clean([]) == 1
    assert [it.name for it in shelf.folder.iterdir()] == ["held.json"]


def test_the_version_stands_first_in_the_file(shelf: Shelf) -> None:
    shelf.put(listing())
    assert path(shelf).read_bytes().startswith(b'{"version":2,')
    assert json.loads(path(shelf).read_bytes())["listing"]["provider"] == "groq"
