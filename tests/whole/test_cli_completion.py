"""Completion as the shells themselves do it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.test_cli import ROOT, Computer
from trayapp.core.accounts import Account

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these shells are not at home on Windows")

LINES = [
    ("mod\t", ["models"]),
    ("use groq/lla\t", ["use", "groq/llama-3.3"]),
    ("use gro\tl\t", ["use", "groq/llama-3.3"]),
    ("use ollama/qwen3:\t", ["use", "ollama/qwen3:8b"]),
    ("use ollama/qw\t", ["use", "ollama/qwen3:8b"]),
    ("use lla\t", ["use", "llama-3.3"]),
    ("use mistral-large@\t", ["use", "mistral-large@2411"]),
    ("key set ol\t", ["key", "set", "ollama"]),
    ("settings set notify_sw\tof\t", ["settings", "set", "notify_switch", "off"]),
    ("models --provider gr\t--porc\t", ["models", "--provider", "groq", "--porcelain"]),
    ("pin gro\tl\t", ["pin", "groq/llama-3.3"]),
    ("open --set\tgat\t", ["open", "--settings", "gateway"]),
    ("profile u\tWo\t", ["profile", "use", "Work"]),
    ("profile save x --accounts groq,ol\t", ["profile", "save", "x", "--accounts", "groq,ollama"]),
    ("import exp\t--dry\t", ["import", "exported.json", "--dry-run"]),
    ("providers add azure-op\t--set re\tacme", ["providers", "add", "azure-openai", "--set", "resource=acme"]),
]


@pytest.fixture
def typing(home: Path) -> dict[str, str]:
    """An environment in which ``trayapp`` completes as ours does, and otherwise notes what it was given."""
    computer = Computer(home / "t")
    computer.listed(Account("ollama", "ollama"), "qwen3:8b", "mistral-large@2411")
    computer.paths.state_file.write_bytes(
        b'{"version":1,"keyed":["groq@https://api.groq.com:443"],"profiles":[{"name":"Work"}]}'
    )
    (home / "exported.json").write_text("{}")
    program = home / "bin" / "trayapp"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = complete ] || [ "$1" = completion ] && exec {sys.executable} -m trayapp "$@"\n'
        f'printf "%s\\n" "$@" > {home}/given.part; mv {home}/given.part {home}/given\n'
    )
    program.chmod(0o755)
    kept = {name: computer.env[name] for name in ("TRAYAPP_HOME", "LANG")}
    return {
        **kept,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TERM": "dumb",
        "INPUTRC": "/dev/null",
    }


def _shell(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def _typed(command: list[str], start: str, line: str, env: dict[str, str]) -> list[str]:
    """Start a shell, have it load the completion, type a line with its tabs, and see what the program was given."""
    import pty

    given = Path(env["HOME"], "given")
    pid, screen = pty.fork()
    if pid == 0:
        os.execve(command[0], command, env)
    seen = ""

    def wait_for(enough: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + 20
        while enough not in seen and not given.exists():
            if not select.select([screen], [], [], 0.05)[0]:
                assert time.monotonic() < deadline, seen
                continue
            seen += os.read(screen, 65536).decode(errors="replace")

    try:
        os.write(screen, f"cd; {start}\n".encode())
        wait_for("READY>")
        os.write(screen, f"trayapp {line}\n".encode())
        wait_for("no such text")
        return given.read_text().splitlines()
    finally:
        os.close(screen)  # hangs up
        os.waitpid(pid, 0)


every_line = pytest.mark.parametrize(("line", "given"), LINES, ids=[line.replace("\t", "-TAB") for line, _ in LINES])
no_fork_warning = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@no_fork_warning
@every_line
def test_bash_completes(typing: dict[str, str], line: str, given: list[str]) -> None:
    """S2-71."""
    bash = [_shell("bash"), "--noprofile", "--norc", "-i"]
    assert _typed(bash, 'source <(trayapp completion bash); PS1="READY"; PS1+="> "', line, typing) == given


@no_fork_warning
def test_bash_completes_where_colons_break_no_words(typing: dict[str, str]) -> None:
    bash = [_shell("bash"), "--noprofile", "--norc", "-i"]
    start = 'COMP_WORDBREAKS=" "; source <(trayapp completion bash); PS1="READY"; PS1+="> "'
    assert _typed(bash, start, "use ollama/qwen3:\t", typing) == ["use", "ollama/qwen3:8b"]


@no_fork_warning
@every_line
def test_zsh_completes(typing: dict[str, str], line: str, given: list[str]) -> None:
    zsh = [_shell("zsh"), "-f", "-i"]
    start = 'autoload -U compinit; compinit -u -D; source <(trayapp completion zsh); PS1="READY"; PS1+="> "'
    assert _typed(zsh, start, line, typing) == given


def test_zsh_takes_the_script_from_its_folder_of_functions(typing: dict[str, str]) -> None:
    zsh = _shell("zsh")
    shutil.copy(ROOT / "resources" / "completions" / "_trayapp", Path(typing["HOME"], "_trayapp"))
    asked = "fpath=($HOME $fpath); autoload -U compinit; compinit -u -D; print $_comps[trayapp]"
    ran = subprocess.run([zsh, "-f", "-c", asked], env=typing, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "_trayapp\n", ran.stderr


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("mod", ["models"]),
        ("use groq/lla", ["groq/llama-3.3"]),
        ("use ollama/qwen3:", ["ollama/qwen3:8b"]),
        ("key set ", ["groq", "lmstudio", "ollama"]),
        ("settings set notify_switch o", ["off", "on"]),
        ("models --provider gr", ["groq"]),
        ("login ", ["off", "on", "status"]),
    ],
)
def test_fish_completes(typing: dict[str, str], line: str, candidates: list[str]) -> None:
    asked = f"trayapp completion fish | source; complete -C 'trayapp {line}'"
    ran = subprocess.run(
        [_shell("fish"), "--no-config", "-c", asked], env=typing, capture_output=True, text=True, timeout=60
    )
    assert sorted(it.partition("\t")[0] for it in ran.stdout.splitlines()) == candidates, ran.stderr


def test_completion_never_complains(typing: dict[str, str]) -> None:
    Path(typing["TRAYAPP_HOME"], "config", "settings.toml").write_text("= nonsense [")
    ran = subprocess.run(
        ["trayapp", "complete", "--", "use", "x"], env=typing, capture_output=True, text=True, timeout=60
    )
    assert ran.stderr == ""
