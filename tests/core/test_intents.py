"""What may be asked over the socket comes out as it went in; a key has no way in or out."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from trayapp.core import intents
from trayapp.core.accounts import Account
from trayapp.core.intents import Reply, StoreKey, WireIntent
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.rules import Rule
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings

ACCOUNT = Account("azure", "azure-openai", values={"resource": "contoso"}, ttl=300)
RULE = Rule("short", "^.{0,100}$", "fast", on="name", enabled=False)
EXAMPLES: dict[type, Any] = {
    intents.PickModel: intents.PickModel(ModelRef("openrouter", "openai/gpt-5:free"), confirmed=True),
    intents.Refresh: intents.Refresh("groq"),
    intents.SaveSettings: intents.SaveSettings(
        Settings(tray_wait=3, accounts=(ACCOUNT,), rules=(RULE,)), Settings(tray_wait=4)
    ),
    intents.SaveAccount: intents.SaveAccount(ACCOUNT, Account("azure", "azure-openai"), new=True),
    intents.RemoveAccount: intents.RemoveAccount("azure"),
    intents.EnableAccount: intents.EnableAccount("azure", False),
    intents.Pin: intents.Pin(ModelRef("groq", "llama"), on=False),
    intents.Hide: intents.Hide(ModelRef("groq", "llama")),
    intents.Fold: intents.Fold("groq"),
    intents.OrderAccounts: intents.OrderAccounts(("groq", "azure")),
    intents.UseProfile: intents.UseProfile("Work"),
    intents.SaveProfile: intents.SaveProfile(Profile("Work", ModelRef("groq", "llama"), ("groq",), "ram"), "Job"),
    intents.RemoveProfile: intents.RemoveProfile("Work"),
    intents.Import: intents.Import({"trayapp": {"export": 1}}),
    intents.CancelRefresh: intents.CancelRefresh(),
    intents.OpenFinder: intents.OpenFinder("sol openai"),
    intents.OpenWelcome: intents.OpenWelcome(),
    intents.OpenHelp: intents.OpenHelp("gateway"),
    intents.RemoveKey: intents.RemoveKey("azure"),
    intents.CopyKey: intents.CopyKey("azure"),
    intents.CheckKey: intents.CheckKey("azure"),
    intents.KeyChanged: intents.KeyChanged("azure", present=True),
    intents.SetLogin: intents.SetLogin(True),
    intents.UnlockKeyring: intents.UnlockKeyring(),
    intents.ClearCache: intents.ClearCache("groq"),
    intents.UpdateCatalog: intents.UpdateCatalog(),
    intents.SwitchUpdates: intents.SwitchUpdates(True),
    intents.LookForUpdate: intents.LookForUpdate(),
    intents.ShowRelease: intents.ShowRelease(),
    intents.SetStrategy: intents.SetStrategy("ram"),
    intents.Unload: intents.Unload(ModelRef("ollama", "qwen2.5:7b")),
    intents.Keep: intents.Keep(ModelRef("ollama", "qwen2.5:7b"), on=False),
    intents.WarmUp: intents.WarmUp(ModelRef("ollama", "qwen2.5:7b"), wait=True),
    intents.CancelWarmUp: intents.CancelWarmUp(ModelRef("ollama", "qwen2.5:7b")),
    intents.SwitchGateway: intents.SwitchGateway(True),
    intents.NewToken: intents.NewToken("editor", "ab" * 32),
    intents.RevokeToken: intents.RevokeToken("editor"),
    intents.OpenSettings: intents.OpenSettings("Providers", "azure"),
    intents.ShowAll: intents.ShowAll("groq"),
    intents.Activate: intents.Activate(),
    intents.Quit: intents.Quit(),
}
KINDS = typing.get_args(WireIntent)


@pytest.mark.parametrize("kind", KINDS)
def test_every_intent_comes_out_of_the_wire_as_it_went_in(kind: type) -> None:
    example = EXAMPLES[kind]
    line = msgspec.json.encode(example)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=WireIntent) == example


@pytest.mark.parametrize("kind", [it for it in KINDS if not msgspec.structs.fields(it)])
def test_intents_without_details_are_their_name_alone(kind: type) -> None:
    assert msgspec.json.encode(kind()) == b'{"type":"%s"}' % kind.__name__.encode()


@pytest.mark.parametrize("intent", [intents.SetStrategy(None), intents.Unload(), intents.CancelWarmUp()])
def test_nothing_named_stays_nothing_named(intent: Any) -> None:
    assert msgspec.json.decode(msgspec.json.encode(intent), type=WireIntent) == intent


def test_a_key_has_no_wire_form() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(StoreKey("openai", Secret("sk-0123456789")))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type":"StoreKey","provider":"a","key":"sk-0123456789"}', type=WireIntent)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b'{"type":"Nonsense"}',
        b'{"type":"PickModel"}',
        b'{"type":"PickModel","ref":["only one"]}',
        b'{"type":"SaveSettings","settings":{"tray_wait":9999}}',
        b'{"type":"Refresh","provider":7}',
        b'{"type":"SetStrategy"}',
        b'{"type":"Keep"}',
        b'{"type":"SaveSettings","settings":{"rules":[{"name":"a","pattern":"b"}]}}',
    ],
)
def test_what_is_no_intent_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(line, type=WireIntent)


@pytest.mark.parametrize("reply", [Reply(), Reply(False, "no"), Reply(data={"models": 3})])
def test_a_reply_survives_the_wire(reply: Reply) -> None:
    assert msgspec.json.decode(msgspec.json.encode(reply), type=Reply) == reply
