"""The shelf under violence: killed in the middle of writing, written by two processes at once, read meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.catalog.scene import models
from trayapp.catalog.cache import Shelf
from trayapp.core.listings import Listing

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("TEST_KILLS", "50"))
"""The long form: TEST_KILLS=500."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to make processes for killing with")
def test_a_kill_in_the_middle_of_writing_loses_and_tears_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.catalog.killed_program", str(tmp_path / "models"), str(KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30 + KILLS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{KILLS} kills survived" in done.stdout


WRITER = """
import sys
from pathlib import Path
from tests.catalog.scene import models
from trayapp.catalog.cache import Shelf
from trayapp.core.listings import Listing
name, folder = sys.argv[1], Path(sys.argv[2])
for _ in range(60):
    Shelf(folder).put(Listing("groq", models("groq", *(f"{name}-{n}" for n in range(len(name) * 200)))))
"""


def test_two_processes_may_write_while_another_reads(tmp_path: Path) -> None:
    """S2-5: the tray and the command line share the same files."""
    folder = tmp_path / "models"
    Shelf(folder).put(Listing("groq", models("groq", "first")))
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name, str(folder)], cwd=ROOT) for name in ("tray", "terminal")
    ]
    reads = 0
    whole = {1, len("tray") * 200, len("terminal") * 200}
    while any(writer.poll() is None for writer in writers):
        found, notices = Shelf(folder).load_all(["groq"])
        assert notices == ()
        listing = found["groq"]
        assert len(listing.models) in whole
        assert len({it.ref.model.partition("-")[0] for it in listing.models}) == 1
        reads += 1
    assert [writer.wait() for writer in writers] == [0, 0]
    assert reads > 10


def test_threads_that_write_the_same_list_tear_nothing(tmp_path: Path) -> None:
    shelf, wrong = Shelf(tmp_path / "models"), []
    lists = [Listing("groq", models("groq", *(f"{n}-{i}" for i in range(50 * n)))) for n in range(1, 5)]

    def write(listing: Listing) -> None:
        for _ in range(15):
            shelf.put(listing)
            if Shelf(shelf.folder).load_all(["groq"])[0]["groq"].models not in [it.models for it in lists]:
                wrong.append(listing)

    threads = [threading.Thread(target=write, args=(listing,)) for listing in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not list(shelf.folder.glob("*.tmp"))
