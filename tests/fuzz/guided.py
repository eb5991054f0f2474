"""One target under atheris, for so many seconds: ``python -m tests.fuzz.guided NAME FOLDER SECONDS``.

It goes on after what it finds: each place in the code that breaks a promise is kept with one input.
"""

from __future__ import annotations

import gc
import hashlib
import random
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # for this command alone
import msgspec

from tests.fuzz import bounds, corpora
from tests.fuzz.figures import Ran
from tests.fuzz.mutation import spoiled

with atheris.instrument_imports(include=["trayapp", "tomllib"]):
    from tests.fuzz.targets import TARGETS


class Watch:
    """Calls the parser with what comes, and writes down what should not have happened."""

    def __init__(self, name: str, folder: Path) -> None:
        self._target = TARGETS[name]
        self._run = self._target.make()
        self._ran, self._told = Ran(), 0.0
        self._file, self._found = folder / f"{name}.ran", folder / f"{name}.found"
        self._places: set[str] = set()

    def __call__(self, data: bytes) -> None:
        before = bounds.highest()
        try:
            bounds.quick(self._run, data, self._target.declared, seconds=self._target.seconds)
            if (more := bounds.highest() - before) > bounds.MEMORY:
                raise bounds.TooDearError(f"{more / 2**20:.0f} MB")
        except Exception as exc:
            self._note(exc, data)
        self._ran.calls += 1
        if (now := time.monotonic()) > self._told + 1:
            self._told = now
            self._file.write_bytes(msgspec.json.encode(self._ran))

    def _note(self, exc: Exception, data: bytes) -> None:
        own = [it for it in traceback.extract_tb(exc.__traceback__) if "/trayapp/" in it.filename]
        last = own[-1] if own else traceback.extract_tb(exc.__traceback__)[-1]
        place = f"{type(exc).__name__} {Path(last.filename).name}:{last.lineno}"
        if place in self._places:
            return
        self._places.add(place)
        traceback.print_exception(exc, limit=-8)
        self._found.mkdir(exist_ok=True)
        (self._found / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def main() -> None:
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    words = corpora.words(TARGETS[name])
    inputs = folder / name
    inputs.mkdir(parents=True, exist_ok=True)
    for data in (*TARGETS[name].seeds(), *corpora.kept(name)):
        (inputs / hashlib.sha1(data).hexdigest()).write_bytes(data)

    def mutated(data: bytes, most: int, seed: int) -> Any:
        chance = random.Random(seed)
        if chance.random() < 0.4:
            return atheris.Mutate(data, most)
        return spoiled(bytes(data), chance.randrange, words)[:most]

    watch = Watch(name, folder)
    gc.collect()
    gc.freeze()  # what was imported is not looked through again during a call
    options = ["-len_control=0", f"-max_len={bounds.LARGEST}", f"-max_total_time={seconds}", "-rss_limit_mb=2500"]
    more = ["-timeout=60", "-print_final_stats=1", f"-artifact_prefix={folder / name}.", "-verbosity=1"]
    atheris.Setup([sys.argv[0], str(inputs), *options, *more], watch, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
