"""Mutation testing: ``python -m tests.mutation NAME…|all`` changes each module in every small way and runs its tests.

It needs cosmic-ray (``pip install cosmic-ray``), which nothing else here does: its operators work on text and can be
asked one at a time, while mutmut, tried as well, wraps every function in one of its own, leaves what stands outside of
functions alone, and spent 23 of its 50 mutants of ``fallback`` on three functions that only give sentences.

A mutant is killed if a quick test of its module fails, or does not end in ``--seconds``. Everything happens in copies
below the temporary folder, one for each of ``--jobs``. Examples that Hypothesis would draw are left out, so every run
gives the same figures. Left out and counted are changes inside annotations, of the bare ``*`` of a signature, and those
that are no Python. The rate counts survivors that SURVIVORS.md explains as survivors. Ends with 1 where a rate is below
90 %, a survivor is not explained, or an explanation is out of date.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.mutation import mutants, report, trials
from tests.mutation.subjects import SUBJECTS, Subject

ROOT = Path(__file__).parent.parent.parent

Changes = Callable[[str], Iterable[mutants.Change]]


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    wanted = list(SUBJECTS) if arguments.names == ["all"] else arguments.names
    if unknown := [name for name in wanted if name not in SUBJECTS]:
        print(f"There is no module {', '.join(unknown)}. There are: {', '.join(SUBJECTS)}.")
        return 2
    if not mutants.installed():
        print("This needs cosmic-ray: pip install cosmic-ray")
        return 2
    known = report.explained(report.SURVIVORS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="trayapp-mutation-") as folder:
        benches = trials.benches(ROOT, Path(folder), arguments.jobs)
        return run({name: SUBJECTS[name] for name in wanted}, benches, known, arguments.seconds)


def run(
    subjects: Mapping[str, Subject],
    benches: Sequence[trials.Bench],
    known: report.Explained,
    seconds: float,
    changes: Changes = mutants.changes,
) -> int:
    """Try all mutants of these modules and say what became of them; 0 where all is as it should be."""
    began = time.monotonic()
    bad: list[str] = []
    print(report.HEADING, flush=True)
    for name, subject in subjects.items():
        source = benches[0].path(subject).read_text(encoding="utf-8")
        made, left_out = mutants.sifted(source, changes(source))
        try:
            came = trials.outcomes(benches, subject, made, seconds)
        except trials.UnfitError as error:
            bad.append(str(error))
            continue
        tried = report.Tried(name, subject, made, came, left_out)
        print(report.row(tried, known), flush=True)
        bad += report.complaints(tried, known)
    print(f"{time.monotonic() - began:.0f} s with {len(benches)} at once")
    print("\n".join(bad) or "Every survivor is explained in tests/mutation/SURVIVORS.md.")
    return 1 if bad else 0


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Do the tests notice a change?")
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(SUBJECTS)}, or “all”")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at once (2)")
    parser.add_argument("--seconds", type=float, default=30, help="for one mutant, before it counts as killed (30)")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
