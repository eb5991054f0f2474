"""The page “Gateway” as data: its sentences, its tokens and the recipes for tools."""

from __future__ import annotations

import json
import tomllib

import pytest

from tests.ui.gateway_scene import EDITOR, FIRST, NOW, ON, TAKEN
from trayapp.core.settings import Settings
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui import gateway, gateway_tools

# -- how it stands ----------------------------------------------------------------------------------


def test_the_page_says_how_it_stands() -> None:
    assert "is off" in gateway.status_sentences(Status())
    assert "starting" in gateway.status_sentences(Status(GatewayState.STARTING, 4180))
    assert gateway.status_sentences(TAKEN).endswith(TAKEN.problem)
    assert gateway.status_sentences(ON) == f"The gateway is on and answers at {ON.url}."
    busy = Status(GatewayState.LISTENING, 4180, "", 1, "a/b", "tray")
    assert gateway.status_sentences(busy) == (
        "The gateway is on and answers at http://127.0.0.1:4180. 1 request is under way."
        " Last answered by a/b (chosen in the tray)."
    )


def test_each_kind_of_tool_gets_the_address_in_the_form_it_wants() -> None:
    assert gateway.address(4180) == "http://127.0.0.1:4180/v1"
    assert gateway.address(4180, "anthropic") == "http://127.0.0.1:4180"
    assert gateway.address(4180, "ollama") == "http://127.0.0.1:4180"
    settings = Settings(gateway_port=5555)
    assert gateway.port_of(Status(), settings) == 5555
    assert gateway.port_of(TAKEN, settings) == 5555
    assert gateway.port_of(ON, settings) == 4180


# -- tokens and what may be entered -----------------------------------------------------------------


def test_tokens_say_when_they_were_made_and_where_they_are() -> None:
    lines = gateway.token_lines((FIRST, EDITOR), NOW, session=lambda name: name == "editor")
    assert [it.cells for it in lines] == [("first", "2 h ago", "in the keyring"), ("editor", "", "until you quit")]
    (gone, _held) = gateway.token_lines(
        (FIRST, EDITOR), NOW, keyring="no-service", session=lambda name: name == "editor"
    )
    assert (gone.cells[2], gone.can_copy) == ("nowhere: the tool has it", False)


@pytest.mark.parametrize("name", ["Editor", " editor ", "a/b", "x" * 65, "a\nb", "a\x00"])
def test_a_name_that_is_taken_or_cannot_be_one_is_told(name: str) -> None:
    assert gateway.token_problem(name, (EDITOR,))


@pytest.mark.parametrize("name", ["", "  ", "editor 2", "Zed", "Schreibstube", "a.b_c+d-e"])
def test_other_names_are_fine(name: str) -> None:
    assert gateway.token_problem(name, (EDITOR,)) == ""


def test_where_tokens_are_kept_depends_on_the_keyring() -> None:
    assert "first one is made" in gateway.token_note("ok", ())
    assert "first one is made" not in gateway.token_note("ok", (FIRST,))
    assert "unlock" in gateway.token_note("locked", (FIRST,))
    assert "until you quit" in gateway.token_note("no-service", (FIRST,))


def test_open_paths_are_warned_of() -> None:
    assert gateway.paths_warning(()) == ""
    assert "/api/" in gateway.paths_warning(("/api/",))
    assert "spend your keys" in gateway.paths_warning(("/api/*",))
    assert "anywhere" in gateway.paths_warning(("/",))
    assert "“api” is the beginning of no path" in gateway.paths_warning(("api",))
    assert "spend your keys" not in gateway.paths_warning(("api",))


def test_the_failover_list_takes_models_and_roles_and_says_what_leads_nowhere() -> None:
    assert gateway.failover_problem("openai/gpt-5") == ""
    assert gateway.failover_problem("fast") == ""
    assert "neither a role" in gateway.failover_problem("gpt-5")
    told = gateway.failover_note(("fast", "nobody/x", "ollama/a"), Settings(), ())
    assert told == "fast: The role “fast” stands for no model yet.\nnobody/x: There is no account “nobody” yet."


# -- recipes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_recipe_has_the_address_and_no_token(platform: str) -> None:
    made = gateway_tools.recipes(4567, platform)
    assert len(made) >= 10
    assert len({it.name for it in made}) == len(made)
    for it in made:
        assert "http://127.0.0.1:4567" in it.text
        assert it.how.endswith(".")
        assert "{" not in it.how
        assert gateway_tools.TOKEN in it.text or "token" in it.how
        assert ("export " in it.text) <= (platform != "win32")


def test_the_address_has_the_form_that_each_tool_wants() -> None:
    made = {it.name: it.text for it in gateway_tools.recipes(4180, "linux")}
    assert 'ANTHROPIC_BASE_URL="http://127.0.0.1:4180"' in made["Claude Code"]
    assert 'ANTHROPIC_AUTH_TOKEN="TOKEN"' in made["Claude Code"]
    assert 'OPENAI_API_BASE="http://127.0.0.1:4180/v1"' in made["Aider"]
    assert "--model openai/current" in made["Aider"]
    assert 'OLLAMA_HOST="http://127.0.0.1:4180"' in made["Ollama’s tools"]


def test_what_goes_into_files_can_be_read_back() -> None:
    made = {it.name: it.text for it in gateway_tools.recipes(4180, "linux")}
    codex = tomllib.loads(made["Codex CLI"])
    assert codex["model_providers"][codex["model_provider"]] == {
        "name": "trayapp",
        "base_url": "http://127.0.0.1:4180/v1",
        "env_key": "TRAYAPP_TOKEN",
        "wire_api": "responses",
    }
    # Codex 0.169 sends both as tools of kinds that can be carried to no other model than OpenAI's
    assert (codex["web_search"], codex["agents"]) == ("disabled", {"enabled": False})
    zed = json.loads("{" + made["Zed"] + "}")["language_models"]["openai_compatible"]["trayapp"]
    assert zed["api_url"] == "http://127.0.0.1:4180/v1"
    assert zed["available_models"][0]["name"] == "current"
    compile(made["LangChain"], "recipe", "exec")
