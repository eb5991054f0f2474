"""The names that completion offers are those on the disk: accounts, models, settings and the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.profiles import Profile

GROQ = Account("groq", "groq")
WORK = Account("openai-work", "openai", name="OpenAI – work")
OFF = Account("mistral", "mistral", enabled=False)
AZURE = Account("azure", "azure-openai", values={"resource": "acme"})


@pytest.fixture(autouse=True)
def _home(shell: Shell) -> None:
    shell.set_up(GROQ, WORK, OFF, AZURE)
    shell.keyed(GROQ, WORK)


def offered(shell: Shell, line: str) -> dict[str, str]:
    """What completion offers for the last word of the line, and what each is."""
    ran = shell.run("complete", "--described", "--", *line.split(" "))
    assert (ran.code, ran.err) == (0, "")
    return dict(it.partition("\t")[::2] for it in ran.out.splitlines())


def test_accounts_are_offered_with_their_names(shell: Shell) -> None:
    found = offered(shell, "providers disable ")
    assert {"groq": "Groq", "openai-work": "OpenAI – work"}.items() <= found.items()
    assert {"mistral", "ollama"} <= found.keys()


def test_in_a_list_with_commas_those_that_stand_there_are_not_offered_again(shell: Shell) -> None:
    found = offered(shell, "profile save x --accounts groq,mistral,")
    assert "groq,mistral,openai-work" in found
    assert not [it for it in found if it.endswith((",groq", ",mistral"))]


def test_profiles_are_offered_with_their_models(shell: Shell) -> None:
    shell.remember(profiles=[Profile("home"), Profile("work", ModelRef("groq", "llama"))])
    assert offered(shell, "profile use ") == {"home": "", "work": "groq/llama"}


def test_pages_and_chapters_are_those_that_there_are(shell: Shell) -> None:
    assert offered(shell, "open --settings g") == {"general": "General", "gateway": "Gateway"}
    assert {"gateway", "lists"} <= offered(shell, "open --help-page ").keys()


def test_files_are_offered_below_the_folder_that_is_typed(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept" / "old").mkdir(parents=True)
    (tmp_path / "kept" / "set.json").touch()
    (tmp_path / "kept" / ".hidden").touch()
    monkeypatch.chdir(tmp_path)
    assert "kept/" in offered(shell, "import ke")
    assert list(offered(shell, "import kept/")) == ["kept/old/", "kept/set.json"]
    assert list(offered(shell, "import kept/.")) == ["kept/.hidden"]
    nowhere = shell.run("complete", "--", "import", "nowhere/")
    assert (nowhere.code, nowhere.out, nowhere.err) == (1, "", "")


def test_providers_are_offered_with_what_each_asks_for(shell: Shell) -> None:
    assert {"groq", "azure-openai", "ollama"} <= offered(shell, "providers add ").keys()
    assert "resource=" in offered(shell, "providers add azure-openai --set ")


def test_preferences_are_offered_with_their_labels_and_values(shell: Shell) -> None:
    assert offered(shell, "settings set default_t")["default_ttl_seconds"]
    assert list(offered(shell, "settings set confirm_switch ")) == ["on", "off"]
    assert "groq=" in offered(shell, "settings set provider_ttl_overrides ")
    assert {"lru", "immediate"} <= offered(shell, "settings set ram_eviction ").keys()
    assert offered(shell, "settings set no_such_thing ") == {}
    assert offered(shell, "settings set default_ttl_seconds ") == {}


def test_what_can_be_changed_of_an_account_depends_on_its_provider(shell: Shell) -> None:
    assert {"ttl=", "key_from=", "resource="} <= offered(shell, "providers set azure ").keys()
    assert "resource=" not in offered(shell, "providers set groq ")
    assert "ttl=" in offered(shell, "providers set nobody ")
    assert {"strategy=fresh", "strategy=moderate"} <= offered(shell, "providers set groq strategy=").keys()
    assert "timeouts=slow" in offered(shell, "providers set groq timeouts=")


def test_models_are_offered_below_their_account(shell: Shell) -> None:
    shell.set_up(GROQ, WORK, OFF)
    speech = Model(ModelRef("groq", "whisper"), use=Use.AUDIO)
    shell.listed(GROQ, Model(ModelRef("groq", "llama"), name="Llama"), speech)
    shell.listed(WORK, "gpt-4o")
    accounts = offered(shell, "use ")
    assert {"groq/", "openai-work/"} <= accounts.keys()
    assert "mistral/" not in accounts, "an account that is off has none"
    assert offered(shell, "use groq/") == {"groq/llama": "Llama"}
    assert offered(shell, "use gpt") == {"gpt-4o": ""}
    shell.set_up(GROQ, WORK, show_non_chat=True)
    assert offered(shell, "use groq/w") == {"groq/whisper": ""}


def test_a_name_that_no_shell_could_hold_in_one_word_is_left_out(shell: Shell) -> None:
    shell.remember(profiles=[Profile("good"), Profile("two\nlines")])
    assert list(offered(shell, "profile use ")) == ["good"]
