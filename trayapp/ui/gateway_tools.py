"""How to point other tools at the gateway: a recipe for each, with the address filled in."""

from __future__ import annotations

import sys

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.rules import CURRENT
from trayapp.ui.gateway import address
from trayapp.ui.gateway_menu import ANTHROPIC, OLLAMA, OPENAI

TOKEN = "TOKEN"  # noqa: S105 - what stands in the place of one
"""Stands for the token: a recipe may end up in a file or a chat, and a token must not by accident."""


class Recipe(Struct, frozen=True):
    """How one tool is set up."""

    name: str
    how: str
    """In sentences: what to do with ``text``."""
    text: str
    """To be copied: commands, lines of a file, or what goes into which field."""


def intro() -> str:
    """What holds for all of them."""
    return _(
        "Put a token in the place of {token}. “{model}” is the model chosen in the tray; ACCOUNT/MODEL, a role or the"
        " name of a rule can stand there instead."
    ).format(token=TOKEN, model=CURRENT)


def recipes(port: int, platform: str = sys.platform) -> tuple[Recipe, ...]:
    """All of them. Variables are set as the shell of this system wants it."""
    openai, anthropic, ollama = (address(port, style) for style in (OPENAI, ANTHROPIC, OLLAMA))

    def variables(**values: str) -> str:
        line = '$env:{} = "{}"' if platform == "win32" else 'export {}="{}"'
        return "\n".join(line.format(name, value) for name, value in values.items())

    curl = "curl.exe" if platform == "win32" else "curl"
    return (
        Recipe(
            _("OpenAI’s libraries"),
            _("Programs that are built on OpenAI’s Python or JavaScript library read these variables."),
            variables(OPENAI_BASE_URL=openai, OPENAI_API_KEY=TOKEN),
        ),
        Recipe(
            _("Anthropic’s libraries"),
            _("Programs that are built on Anthropic’s Python or TypeScript library read these variables."),
            variables(ANTHROPIC_BASE_URL=anthropic, ANTHROPIC_API_KEY=TOKEN),
        ),
        Recipe(
            "Claude Code",
            _(
                "Set these where it is started, or in “env” of ~/.claude/settings.json. ANTHROPIC_API_KEY must not be"
                " set as well. It asks for models by Anthropic’s names: they follow the tray unless you have other"
                " names refused."
            ),
            variables(ANTHROPIC_BASE_URL=anthropic, ANTHROPIC_AUTH_TOKEN=TOKEN),
        ),
        Recipe(
            "Codex CLI",
            _(
                "Add this to ~/.codex/config.toml, the first three lines at its top, and set the variable TRAYAPP_TOKEN"
                " to the token where Codex is started. Its web search and its agents are switched off: they are made"
                " of tools that only OpenAI has."
            ),
            _CODEX.format(model=CURRENT, url=openai),
        ),
        Recipe(
            "Aider",
            _("The model’s name needs “openai/” in front. Warnings about an unknown model can be ignored."),
            variables(OPENAI_API_BASE=openai, OPENAI_API_KEY=TOKEN) + f"\naider --model openai/{CURRENT}",
        ),
        Recipe(
            "Continue",
            _("Add the model to “models” in config.yaml, which is in the folder .continue of your home folder."),
            _CONTINUE.format(model=CURRENT, url=openai, token=TOKEN),
        ),
        Recipe(
            "Cline",
            _("Enter this in its settings."),
            _CLINE.format(model=CURRENT, url=openai, token=TOKEN),
        ),
        Recipe(
            "Open WebUI",
            _(
                "In its admin settings, under Connections, add an OpenAI connection with this URL and key. In a"
                " container 127.0.0.1 is the container itself: it has to be started with the network of this computer,"
                " such as by “docker run --network=host”."
            ),
            f"URL: {openai}\nKey: {TOKEN}",
        ),
        Recipe(
            "llm",
            _(
                "Add this to extra-openai-models.yaml, in the folder of the file that “llm logs path” prints. Then run"
                " “llm keys set trayapp”, paste the token, and ask with “llm -m trayapp”."
            ),
            _LLM.format(model=CURRENT, url=openai),
        ),
        Recipe(
            "LangChain",
            _("In Python, with the package langchain-openai."),
            _LANGCHAIN.format(model=CURRENT, url=openai, token=TOKEN),
        ),
        Recipe(
            "Zed",
            _("Add this to settings.json, then enter the token in the settings of its agent, at “trayapp”."),
            _ZED.replace("MODEL", CURRENT).replace("URL", openai),
        ),
        Recipe(
            _("Ollama’s tools"),
            _(
                "Ollama’s Python library sends the token. A tool that cannot send one works once “/api/” stands under"
                " “Paths that need no token”, on the tab Advanced: read the warning there first."
            ),
            variables(OLLAMA_HOST=ollama, OLLAMA_API_KEY=TOKEN),
        ),
        Recipe(
            _("Any other tool"),
            _(
                "Look for “OpenAI compatible” or “custom base URL” in its settings. This command shows whether address"
                " and token are right: it lists what can be asked for."
            ),
            f'{curl} -H "Authorization: Bearer {TOKEN}" {openai}/models',
        ),
    )


_CODEX = """\
model = "{model}"
model_provider = "trayapp"
web_search = "disabled"

[agents]
enabled = false

[model_providers.trayapp]
name = "trayapp"
base_url = "{url}"
env_key = "TRAYAPP_TOKEN"
wire_api = "responses"
"""
_CONTINUE = """\
models:
  - name: trayapp
    provider: openai
    model: {model}
    apiBase: {url}
    apiKey: {token}
    roles: [chat, edit, apply]
"""
_CLINE = """\
API Provider: OpenAI Compatible
Base URL: {url}
API Key: {token}
Model ID: {model}
"""
_LLM = """\
- model_id: trayapp
  model_name: {model}
  api_base: {url}
  api_key_name: trayapp
"""
_LANGCHAIN = """\
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="{model}", base_url="{url}", api_key="{token}")
"""
_ZED = """\
"language_models": {
  "openai_compatible": {
    "trayapp": {
      "api_url": "URL",
      "available_models": [
        {"name": "MODEL", "display_name": "trayapp", "max_tokens": 128000}
      ]
    }
  }
}
"""
