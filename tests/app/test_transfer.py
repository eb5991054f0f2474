"""Export and import: everything but keys goes over, nothing that was there is lost, and what is missing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.house import GROQ, KEY, OFF, SERVER, WORK, House, at, do, guarded, ref, upstream
from tests.support.clock import FakeClock
from trayapp.app.profile_work import MOST
from trayapp.app.transfer import exported
from trayapp.core import transfer
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.intents import Import
from trayapp.core.profiles import Profile
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.system.store import Store

QWEN, LLAMA = ref("server", "qwen3"), ref("groq", "llama-3.3-70b-versatile")
AZURE = Account("azure", "azure-openai", "Azure", values={"resource": "contoso"}, ttl=600)
SETTINGS = Settings(
    tray_wait=30,
    accounts=(SERVER, GROQ, AZURE, *OFF),
    provider_order=("groq", "server"),
    rules=(Rule("short", "^.{0,100}$", "fast"),),
    roles={"fast": "groq/llama-3.3-70b-versatile"},
    gateway=True,
)
STATE = State(
    active=LLAMA,
    keyed=("groq@https://api.groq.com:443",),
    strategy="ssd",
    kept=(ref("ollama", "llama3.2"),),
    tokens=(Token("editor", "ab" * 32),),
    pinned=(QWEN,),
    hidden=(ref("groq", "whisper"),),
    folded=("groq",),
    profiles=(Profile("Work", LLAMA, ("groq",), "ram"),),
    recent=(LLAMA, QWEN),
    seen=("ollama",),
    told=("close",),
)
BAD_STATE = {
    "active": ["only one"],
    "strategy": "fast",
    "profiles": [{"name": "A", "strategy": "x"}, {"name": "a"}, {"name": ""}],
    "profile": "gone",
}


def written(house: House, settings: Settings, state: State) -> None:
    store = Store(house.paths)
    store.load()
    store.save_settings(settings)
    store.save_state(state)


async def given(house: House, settings: Settings = SETTINGS, state: State = STATE) -> dict[str, Any]:
    """What this home exports; through JSON, as every export goes."""
    written(house, settings, state)
    async with house.opened() as app:
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(exported(app)))
    return found


@pytest.fixture
def other(tmp_path: Path, clock: FakeClock) -> House:
    """Another computer."""
    return House(tmp_path / "other", clock)


async def test_everything_but_keys_goes_over(house: House, other: House) -> None:
    document = await given(house)
    other.prepare()
    async with other.opened() as app:
        reply = await do(app, Import(document))
        assert reply.ok, reply.text
        assert app.stored == SETTINGS
        expected = msgspec.structs.replace(STATE, keyed=(), tokens=(), seen=(), told=())
        assert app.state.value == expected
        assert [it.id for it in app.accounts if it.enabled] == ["server", "groq", "azure"]
    assert other.stored() == (SETTINGS, expected)


async def test_the_document_tells_what_it_is_and_holds_nothing_about_the_keyring(house: House) -> None:
    document = await given(house)
    assert list(document) == ["trayapp", "settings", "state", "keys_missing"]
    head = document["trayapp"]
    assert (head["export"], set(head)) == (1, {"export", "version", "made"})
    assert document["keys_missing"] == ["groq"]
    assert document["state"]["tokens"] == ["editor"]
    assert not {"keyed", "seen", "told"} & document["state"].keys()
    assert "abab" not in str(document)


def test_no_key_is_in_it_wherever_somebody_put_one(canary: str) -> None:
    settings = Settings(
        accounts=(
            Account("a", "openai-compatible", f"Mine {canary}", f"https://{canary}@example.org/v1"),
            Account("b", "azure-openai", values={"resource": canary, canary: "x"}),
            Account("c", "azure-openai", values={"resource": "0123456789abcdef0123456789abcdef"}),
        ),
        roles={"fast": f"groq/{canary}"},
        rules=(Rule("r", canary, "fast"),),
        gateway_origins=(f"https://{canary}.example.org",),
    )
    state = State(
        active=ref("a", canary),
        pinned=(ref("a", canary), QWEN),
        profiles=(Profile("Work", ref("a", canary), ("a",)), Profile(canary[:40])),
        tokens=(Token("editor", "ab" * 32),),
    )
    document = transfer.document(settings, state, now=0.0)
    assert canary not in str(document)
    assert canary[:16] not in str(document)
    assert document["settings"]["accounts"][0] == {"id": "a", "spec": "openai-compatible"}
    assert document["settings"]["accounts"][2]["values"]["resource"] == "0123456789abcdef0123456789abcdef"
    assert document["state"]["pinned"] == [["server", "qwen3"]]
    assert "settings.accounts.a.base_url" in document["left_out"]
    assert "state.active" in document["left_out"]


async def test_a_key_in_the_keyring_is_not_read_for_it(house: House) -> None:
    state = house.keyed(GROQ)
    document = await given(house, Settings(accounts=(GROQ,)), state)
    assert KEY not in str(document)
    assert "read" not in house.keyring.names()


async def test_the_files_that_were_there_are_kept_beside_the_new_ones(house: House, other: House) -> None:
    document = await given(house)
    other.prepare(WORK, state=State(active=ref("work", "gpt")))
    before = other.paths.settings_file.read_bytes(), other.paths.state_file.read_bytes()
    async with other.opened() as app:
        first = await do(app, Import(document))
        second = await do(app, Import(document))
    aside = [Path(it) for it in first.data["aside"]]
    assert tuple(it.read_bytes() for it in aside) == before
    assert [it.name.rpartition(".before-import-")[0] for it in aside] == ["settings.toml", "state.json"]
    assert all(it.stat().st_mode & 0o777 == 0o600 for it in aside)
    assert not set(first.data["aside"]) & set(second.data["aside"]), "within the same second, too"
    assert "is kept beside it: settings.toml.before-import-" in first.text
    assert "Accounts that are not in the export are gone: OpenAI – work." in first.text


async def test_comments_in_the_settings_stay(house: House, other: House) -> None:
    document = await given(house)
    other.prepare()
    path = other.paths.settings_file
    path.write_text(
        "# mine\nversion = 1\ntray_wait = 7 # long\n\n# the fast one\n[[accounts]]\nid = 'groq'\nspec = 'groq'\n"
    )
    async with other.opened() as app:
        assert (await do(app, Import(document))).ok
    text = path.read_text("utf-8")
    assert "# mine" in text
    assert "tray_wait = 30 # long" in text
    assert "# the fast one" in text
    assert other.stored()[0] == SETTINGS


async def test_what_is_missing_is_said_with_how_to_bring_it(house: House, other: House) -> None:
    env = Account("env", "openai", key_from=KeyFrom.ENVIRONMENT)
    async with guarded(KEY, "llama") as one, guarded(KEY, "qwen") as two:
        groq, own = at(GROQ, one), at(Account("own", "openai-compatible", "Own"), two)
        state = msgspec.structs.replace(house.keyed(groq, own), tokens=STATE.tokens)
        document = await given(house, Settings(accounts=(SERVER, groq, own, env, AZURE, *OFF)), state)
        other.prepare(state=other.keyed(groq))
        async with other.opened() as app:
            reply = await do(app, Import(document))
            assert reply.data["keyless"] == ("own", "env", "azure")
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["llama"], "the key is here"
    lines = reply.text.splitlines()
    assert "The key of Own is missing: trayapp key set own" in lines
    assert "The key of OpenAI is missing: set the variable OPENAI_API_KEY." in lines
    assert "The key of Azure is missing: trayapp key set azure" in lines
    assert "Tools used the token “editor” there. A new one for here: trayapp gateway token --new editor" in lines
    assert not any("Groq" in line or "Server" in line for line in lines)


async def test_an_account_that_came_is_asked_for_its_list(house: House, other: House) -> None:
    async with upstream("qwen") as url:
        document = await given(house, Settings(accounts=(at(SERVER, url), *OFF)), State())
        other.prepare()
        async with other.opened() as app:
            await do(app, Import(document))
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["qwen"]


async def test_an_account_that_the_imported_profile_leaves_out_is_not_asked(house: House, other: House) -> None:
    server = upstream("qwen")
    async with server as url:
        inside = State(profiles=(Profile("Work", None, ("groq",)),), profile="Work")
        document = await given(house, Settings(accounts=(at(SERVER, url), GROQ, *OFF)), inside)
        other.prepare()
        async with other.opened() as app:
            await do(app, Import(document))
            assert [it.id for it in app.accounts if it.enabled] == ["groq"]
            assert server.requests == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "no export of trayapp"),
        ({"trayapp": 1}, "no export of trayapp"),
        ({"trayapp": {"export": "1"}, "settings": {}}, "no export of trayapp"),
        ({"trayapp": {"export": True}, "settings": {}}, "no export of trayapp"),
        ({"trayapp": {"export": 1}}, "nothing in this export"),
        ({"trayapp": {"export": 1}, "settings": [1]}, "nothing in this export"),
        ({"trayapp": {"export": 2, "version": "9.1"}, "settings": {}}, "newer version of trayapp (9.1)"),
        ({"trayapp": {"export": 1, "version": "9.1"}, "settings": {"version": 99}}, "newer version of trayapp (9.1)"),
        ({"trayapp": {"export": 1}, "settings": {}, "state": {"version": 99}}, "newer version of trayapp (?)"),
    ],
)
async def test_what_cannot_be_used_changes_nothing(other: House, document: dict[str, Any], why: str) -> None:
    other.prepare(WORK, state=STATE)
    before = other.files()
    async with other.opened() as app:
        held = app.stored, app.state.value
        reply = await do(app, Import(document))
        assert not reply.ok
        assert why in reply.text
        assert "Nothing was changed." in reply.text
        assert (app.stored, app.state.value) == held
    assert other.files() == before


async def test_a_part_that_is_not_there_stays_as_it_is(other: House) -> None:
    other.prepare(WORK, state=STATE, tray_wait=9)
    async with other.opened() as app:
        state = app.state.value
        await do(app, Import({"trayapp": {"export": 1}, "settings": {"tray_wait": 20}}))
        assert app.state.value == state
        assert app.stored == Settings(tray_wait=20)
        await do(app, Import({"trayapp": {"export": 1}, "state": {"active": ["work", "gpt"]}}))
        assert app.stored == Settings(tray_wait=20)
        assert app.state.value == State(active=ref("work", "gpt"), **_own(state))


def _own(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in transfer.OWN}


async def test_what_is_wrong_in_a_part_costs_only_itself(other: House) -> None:
    other.prepare()
    settings = {
        "tray_wait": 9999,
        "inline_models": 5,
        "accounts": [
            {"id": "groq", "spec": "groq"},
            {"id": "Not An Id", "spec": "groq"},
            {"id": "future", "spec": "tomorrow"},
            {"id": "leaky", "spec": "openai-compatible", "base_url": "https://me:secret@example.org/v1"},
            {"id": "leaky2", "spec": "azure-openai", "base_url": "https://me:secret@{resource}.example.org"},
            {"spec": "groq"},
        ],
        "rules": [{"name": "r", "pattern": "x", "to": "nowhere"}],
        "unknown": 1,
    }
    async with other.opened() as app:
        reply = await do(app, Import({"trayapp": {"export": 1}, "settings": settings, "state": BAD_STATE}))
        assert reply.ok
        assert app.stored == Settings(inline_models=5, accounts=(GROQ,))
        assert app.state.value == State(profiles=(Profile("A"),), **_own(app.state.value))
    for said in (
        "“tray_wait” was not usable",
        "“Not An Id” is left out",
        "no provider “tomorrow”",
        "“leaky” is left out: Leave user name and password out",
        "“leaky2” is left out: Leave user name and password out",
        "Account 6 was not usable",
        "Rule “r” was not usable",
        "“active” was not usable",
        "Profile “a” was not usable",
        "The strategy of profile “A” was not usable",
        "The strategy for local models was not usable",
    ):
        assert said in reply.text, said
    assert "secret" not in reply.text
    assert "secret" not in other.paths.settings_file.read_text("utf-8")


async def test_an_import_brings_no_key_slots_and_no_tokens_in(other: House) -> None:
    other.prepare(GROQ, state=STATE)
    evil = {"keyed": ["x@https://example.org:443"], "tokens": [{"name": "evil", "sha256": "00" * 32}], "seen": ["x"]}
    async with other.opened() as app:
        await do(app, Import({"trayapp": {"export": 1}, "state": evil}))
        assert _own(app.state.value) == _own(STATE)


async def test_more_profiles_than_there_is_room_for_are_not_taken(other: House) -> None:
    other.prepare()
    profiles = [{"name": f"p{number}"} for number in range(MOST + 5)]
    async with other.opened() as app:
        reply = await do(app, Import({"trayapp": {"export": 1}, "state": {"profiles": profiles}}))
        assert len(app.state.value.profiles) == MOST
        assert f"More than {MOST} profiles are not kept." in reply.text


async def test_where_the_settings_cannot_be_written_nothing_is_changed(
    house: House, other: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await given(house)
    other.prepare(WORK, state=State(active=ref("work", "gpt"), keyed=("k",)))
    async with other.opened() as app:
        held = app.stored, app.state.value

        def full(_settings: Settings) -> None:
            raise ProviderError(Failure(Kind.DISK, detail="no space left on device"))

        monkeypatch.setattr(app.store, "save_settings", full)
        reply = await do(app, Import(document))
        assert not reply.ok
        assert "no space left" in reply.text
        assert (app.stored, app.state.value) == held
    assert other.stored() == held


async def test_a_copy_that_cannot_be_made_stops_the_import(house: House, other: House) -> None:
    document = await given(house)
    other.prepare(WORK)
    other.paths.state_file.mkdir(parents=True)
    async with other.opened() as app:
        other.paths.state_file.mkdir(parents=True, exist_ok=True)
        held = app.stored, app.state.value
        reply = await do(app, Import(document))
        assert (reply.ok, (app.stored, app.state.value)) == (False, held)
        assert "could not be copied aside" in reply.text


async def test_what_the_environment_sets_is_not_exported(house: House) -> None:
    written(house, Settings(tray_wait=5), State())
    house.env["TRAYAPP_TRAY_WAIT"] = "60"
    async with house.opened() as app:
        assert app.settings.value.tray_wait == 60
        assert exported(app)["settings"]["tray_wait"] == 5


def test_a_newer_version_is_named_only_where_it_is_a_name(canary: str) -> None:
    with pytest.raises(UserError) as met:
        transfer.read({"trayapp": {"export": 7, "version": canary * 3}}, strategies=())
    assert canary not in str(met.value)


async def test_every_field_of_the_state_is_either_ours_or_goes_over(house: House) -> None:
    """A field that is new in the state has to be thought about here."""
    document = transfer.document(SETTINGS, msgspec.structs.replace(STATE, profile="Work"), now=0.0)
    there = {*document["state"], *transfer.OWN}
    assert there == set(State.__struct_fields__)


def test_the_day_it_was_made_is_said() -> None:
    assert transfer.document(Settings(), State(), now=1_750_000_000.0)["trayapp"]["made"] == "2025-06-15T15:06:40Z"
