"""The command line as real processes, each against a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.test_start import somebody_runs
from tests.support.gnome_keyring import GnomeKeyring
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import Account
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef, Price
from trayapp.system.paths import Paths, find

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "trayapp")
GROQ = Account("groq", "groq")
SETTINGS = """\
version = 1
# the fast one
[[accounts]]
id = "groq"
spec = "groq"
"""


class Computer:
    """One user's files, and commands run on them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**os.environ, "TRAYAPP_HOME": str(home), "PYTHONPATH": str(ROOT)}
        self.env.pop("PYTHONUNBUFFERED", None)  # nobody's shell has it, and a part of a long write can get lost
        self.paths: Paths = find(self.env)
        self.paths.config.mkdir(parents=True)
        self.paths.settings_file.write_text(SETTINGS, encoding="utf-8")
        self.paths.data.mkdir(parents=True)
        self.paths.state_file.write_bytes(b'{"version":1,"keyed":["groq@https://api.groq.com:443"]}')
        self.listed(GROQ, "llama-3.3", "allam")

    def listed(self, account: Account, *models: str) -> None:
        made = tuple(Model(ModelRef(account.id, it), price=Price(0, 0.5)) for it in models)
        Shelf(self.paths.listings).put(Listing(account.id, made, fetched_at=time.time()), mark(account))

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options.setdefault("env", self.env)
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([*COMMAND, *words], capture_output=True, encoding="utf-8", timeout=60, **options)

    def done(self, *words: str, **options: Any) -> str:
        ran = self.run(*words, **options)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.paths.state_file.read_bytes())
        return found


@pytest.fixture
def computer(home: Path) -> Computer:
    return Computer(home / "t")


class Provider:
    """A provider on this computer that knows two models, and one key if it is told so."""

    def __init__(self) -> None:
        self.base_url = ""
        self.key = ""

    def answer(self, given: str | None) -> tuple[int, bytes]:
        if self.key and given != f"Bearer {self.key}":
            return (
                401,
                b'{"error":{"message":"Invalid API Key","type":"invalid_request_error","code":"invalid_api_key"}}',
            )
        models = [{"id": "one", "object": "model"}, {"id": "two", "object": "model"}]
        return 200, msgspec.json.encode({"object": "list", "data": models})


@pytest.fixture
def provider() -> Iterator[Provider]:
    played = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = played.answer(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    played.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    yield played
    server.shutdown()
    thread.join()
    server.server_close()


# -- reading ------------------------------------------------------------------------------------


@pytest.mark.unmeasured
def test_models_come_off_the_disk_without_qt_http_or_a_loop(computer: Computer) -> None:
    ran = computer.run("models", "--porcelain", env={**computer.env, "PYTHONPROFILEIMPORTTIME": "1"})
    assert ran.stdout == "groq\tallam\t\t\t0\t0.5\tcached\ngroq\tllama-3.3\t\t\t0\t0.5\tcached\n"
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "trayapp.cli.disk" in imported
    heavy = {"PySide6", "qasync", "httpx", "asyncio", "keyring", "tomlkit", "platformdirs", "subprocess", "dataclasses"}
    assert not imported & heavy


def test_the_choice_is_made_and_read_back(computer: Computer) -> None:
    assert computer.run("current").returncode == 1
    assert "llama-3.3" in computer.done("use", "groq/llama-3.3")
    assert computer.done("current") == "groq/llama-3.3\n"
    computer.done("use", "allam")
    assert computer.state["active"] == ["groq", "allam"]
    assert computer.paths.state_file.stat().st_mode & 0o077 == 0


def test_ten_choices_at_once_leave_one_of_them_whole(computer: Computer) -> None:
    names = [f"model-{number}" for number in range(10)]
    computer.listed(GROQ, *names)
    running = [
        subprocess.Popen(
            [*COMMAND, "use", f"groq/{name}"],
            env=computer.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for name in names
    ]
    for process in running:
        _out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    state = computer.state
    assert state["active"][0] == "groq"
    assert state["active"][1] in names
    # each saw what the one before it had written
    assert sorted(model for _provider, model in state["recent"]) == names


def test_settings_changed_at_once_are_all_changed(computer: Computer) -> None:
    changes = {"tray_wait": "30", "inline_models": "10", "submenu_models": "50", "notify_switch": "off"}
    running = [
        subprocess.Popen([*COMMAND, "settings", "set", *change], env=computer.env, stdout=subprocess.DEVNULL)
        for change in changes.items()
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    for name, value in changes.items():
        assert computer.done("settings", "get", name) == f"{value}\n"
    assert "# the fast one" in computer.paths.settings_file.read_text(encoding="utf-8")


# -- accounts, lists, keys ------------------------------------------------------------------------


def test_accounts_come_and_go(computer: Computer) -> None:
    computer.done("providers", "add", "openai", "--name", "Work")
    rows = {it["id"]: it for it in msgspec.json.decode(computer.done("providers", "--json"))}
    assert rows["openai"]["name"] == "Work"
    computer.done("providers", "disable", "groq")
    assert computer.run("use", "groq/allam").returncode == 1
    assert "groq" not in computer.done("models", "--porcelain")
    computer.done("providers", "enable", "groq")
    assert "groq" in computer.done("models", "--porcelain")
    computer.done("providers", "remove", "openai")
    assert "openai" not in {it["id"] for it in msgspec.json.decode(computer.done("providers", "--json"))}
    assert "# the fast one" in computer.paths.settings_file.read_text(encoding="utf-8")


def test_a_list_is_fetched_without_a_tray(computer: Computer, provider: Provider) -> None:
    computer.done("providers", "add", "openai-compatible", "--id", "mine", "--base-url", provider.base_url)
    ran = computer.run("models", "--provider", "mine", "--refresh", "--porcelain")
    assert (ran.returncode, ran.stdout) == (0, "mine\tone\t\t\t\t\tcached\nmine\ttwo\t\t\t\t\tcached\n"), ran.stderr
    assert computer.run("refresh", "mine").returncode == 0


def test_a_provider_that_is_not_there_is_code_one(computer: Computer) -> None:
    computer.done("providers", "add", "openai-compatible", "--id", "mine", "--base-url", "http://127.0.0.1:9/v1")
    ran = computer.run("refresh", "mine")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("trayapp: ")


def test_without_a_keyring_a_key_is_neither_kept_nor_shown(computer: Computer, provider: Provider, canary: str) -> None:
    provider.key = canary
    computer.done("providers", "add", "groq", "--id", "mine", "--base-url", provider.base_url)
    ran = computer.run("key", "set", "mine", input=f"{canary}\n")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "there is no keyring" in ran.stderr
    assert canary not in ran.stderr
    assert computer.state["keyed"] == ["groq@https://api.groq.com:443"]


@pytest.mark.timeout_s(60)
def test_a_key_goes_into_the_keyring_and_nowhere_else(
    computer: Computer, provider: Provider, vault: GnomeKeyring, canary: str
) -> None:
    env = {**vault.env, "TRAYAPP_HOME": str(computer.home)}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    provider.key = canary
    computer.done("providers", "add", "groq", "--id", "mine", "--base-url", provider.base_url, env=env)
    refused = computer.run("key", "set", "mine", input="gsk_0123456789abcdef\n", env=env)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "refused" in refused.stderr
    said = [computer.done("key", "set", "mine", input=f"{canary}\n", env=env)]
    rows = {it["id"]: it["key"] for it in msgspec.json.decode(computer.done("key", "list", "--json", env=env))}
    assert rows["mine"] == "keyring"
    said.append(computer.done("key", "test", "mine", env=env))
    said.append(computer.done("models", "--provider", "mine", "--refresh", env=env))
    assert "one" in said[-1]
    said.append(computer.done("key", "remove", "mine", env=env))
    assert computer.run("key", "test", "mine", env=env).returncode == 1
    assert canary not in "".join(said)


def test_a_key_typed_as_an_argument_is_refused(computer: Computer, canary: str) -> None:
    ran = computer.run("key", "set", "groq", canary)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "history" in ran.stderr
    assert canary not in ran.stderr


# -- the program ----------------------------------------------------------------------------------


def test_start_at_login_is_written_and_read_back(computer: Computer) -> None:
    assert computer.done("login", "status") == "off\n"
    computer.done("login", "on")
    assert computer.done("login", "status") == "on\n"
    computer.done("login", "off")
    assert msgspec.json.decode(computer.done("login", "status", "--json"))["on"] is False


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["quit"], 4),
        (["nonsense"], 2),
        (["models", "--nonsense"], 2),
        (["use"], 2),
        (["use", "nobody/nothing"], 1),
        (["status"], 0),
        (["paths"], 0),
        (["--version"], 0),
        (["--help"], 0),
        (["models", "--help"], 0),
        (["key", "list"], 0),
        (["completion", "bash"], 0),
    ],
)
def test_exit_codes(computer: Computer, words: list[str], code: int) -> None:
    ran = computer.run(*words)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_a_display_only_the_icon_is_missing(computer: Computer) -> None:
    env = {name: value for name, value in computer.env.items() if name != "QT_QPA_PLATFORM"}
    ran = computer.run(env=env)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "DISPLAY" in ran.stderr
    assert "groq" in computer.done("models", env=env)


def test_what_runs_is_asked_instead_of_the_disk(computer: Computer) -> None:
    with somebody_runs(computer.paths.runtime) as asked:
        assert computer.done("use", "groq/allam") == ""
        assert computer.done() == ""
        assert computer.done("quit") == ""
    assert [msgspec.json.decode(it)["intent"]["type"] for it in asked] == ["PickModel", "Activate", "Quit"]
    assert "active" not in computer.state


# -- where the output goes ------------------------------------------------------------------------


def test_a_reader_that_leaves_early_is_nobodys_error(computer: Computer) -> None:
    computer.listed(GROQ, *(f"model-{number:05}" for number in range(20_000)))
    process = subprocess.Popen(
        [*COMMAND, "models", "--porcelain"], env=computer.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stdout.readline().startswith(b"groq\tmodel-00000")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.wait(60) == 141


def test_a_plain_locale_shortens_no_output_and_breaks_none(computer: Computer) -> None:
    computer.listed(GROQ, "größe-日本")
    env = {**computer.env, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert computer.done("models", "--porcelain", env=env).startswith("groq\tgröße-日本\t")
    assert computer.done("models", "--json", env=env).count("größe-日本") == 1
    assert "gr" in computer.done("models", env=env)
    ran = computer.run("use", "nö", env=env)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestAtATerminal:
    def test_interrupting_the_prompt_is_quiet(self, computer: Computer) -> None:
        with Terminal(computer, "key", "set", "groq") as terminal:
            terminal.wait_for("Key for Groq")
            os.kill(terminal.pid, signal.SIGINT)
            assert terminal.code() == 130
        assert "Traceback" not in terminal.seen

    def test_a_typed_key_is_not_shown(self, computer: Computer, provider: Provider, canary: str) -> None:
        computer.done("providers", "add", "groq", "--id", "mine", "--base-url", provider.base_url)
        with Terminal(computer, "key", "set", "mine") as terminal:
            terminal.wait_for("it is not shown")
            terminal.type(f"{canary}\n")
            assert terminal.code() == 1  # no keyring here
        assert canary not in terminal.seen

    def test_columns_are_cut_to_the_width_of_the_window(self, computer: Computer) -> None:
        computer.listed(GROQ, "m" * 200)
        with Terminal(computer, "models", columns=60) as terminal:
            assert terminal.code() == 0
        lines = terminal.seen.replace("\r", "").splitlines()
        assert max(map(len, lines)) <= 60
        assert "…" in lines[-1]


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, computer: Computer, *words: str, columns: int = 80) -> None:
        import pty

        self.seen = ""
        self.pid, self._screen = pty.fork()
        if self.pid == 0:  # pragma: no cover - the command's own process
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever starts the tests in the background ignores it
            os.execve(sys.executable, [*COMMAND, *words], {**computer.env, "COLUMNS": ""})
        self._size(columns)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._screen)

    def _size(self, columns: int) -> None:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def wait_for(self, text: str) -> None:
        self._read(lambda: text in self.seen)

    def code(self) -> int:
        self._read(lambda: False)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, enough: Callable[[], bool]) -> None:
        while not enough():
            try:
                part = os.read(self._screen, 65536)
            except OSError:  # Linux says so where the other end is closed
                return
            if not part:
                return
            self.seen += part.decode()
