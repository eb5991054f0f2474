"""What the tests of the store compare with: stored examples, an account, and the names in a folder."""

from __future__ import annotations

from pathlib import Path

from trayapp.core.accounts import Account

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "tests" / "samples"
OPENAI = Account("openai", "openai", "OpenAI – work")


def names(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())
