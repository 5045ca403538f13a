"""Runs on a disk that fails, one after the other: `python -m tests.support.failing_disk EVERY`.

Needs the library of `failing_disk.c` preloaded. Every EVERY-th write, sync and rename of a run, and all that
follow, fail, once as on a full disk and once as on a broken one. Then the disk works again, and the run goes
on. Prints what was tried, and ends with 1 where something is not as it should be.
"""

import ctypes
import errno
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from memory_import.errors import ImportProblem, NothingPending
from tests.support.fast import FastRuns
from tests.support.notes import expected, make_notes, recorded, write_notes, write_spec
from tests.support.processes import make_customers, serving, write_csv

SOURCE = Path(__file__).with_suffix(".c")
KINDS = ("write", "sync", "rename")
ERRORS = (errno.ENOSPC, errno.EIO)
NOTES, PEOPLE = 40, 8
DOCUMENTED = {0, 2, 5}  # all was durable, and only tidying up failed; cannot begin; pending


def build(folder: Path) -> Path:
    """The library, to be preloaded."""
    library = folder / "failing_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def main(every: int) -> int:
    """Try all, print a line for each kind and error, and return how many ended wrong."""
    disk = ctypes.CDLL(None)
    wrong = 0
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            _, calls, faults = try_one(Path(folder), disk, kind, 0, 0)
        wrong += len(faults)
        for number in ERRORS:
            ends: Counter[int] = Counter()
            for at in range(1, calls + 1, every):
                with tempfile.TemporaryDirectory() as folder:
                    exit_code, _, faults = try_one(Path(folder), disk, kind, at, number)
                ends[exit_code] += 1
                for fault in faults:
                    print(f"{kind} {at} of {calls}, {errno.errorcode[number]}: {fault}", flush=True)  # noqa: T201
                wrong += len(faults)
            told = ", ".join(f"{count} × {code}" for code, count in sorted(ends.items()))
            print(f"{kind}, {calls} calls, {errno.errorcode[number]}: exit codes {told}", flush=True)  # noqa: T201
    return wrong


def try_one(folder: Path, disk: ctypes.CDLL, kind: str, at: int, number: int) -> tuple[int, int, list[str]]:
    """One run on the failing disk, and on: its exit code, its calls, and what is wrong in the end."""
    notes = make_notes(NOTES, PEOPLE)
    write_notes(folder, notes)
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), folder / "customers.csv")
    write_spec(folder / "spec.yaml", customers=customers)
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        runs = FastRuns(folder, api.url)
        disk.set_failing(kind.encode(), str(folder / "state").encode(), at, number)
        exit_code = attempt(runs)
        calls = disk.count_calls()
        disk.set_failing(kind.encode(), b"", 0, 0)
        faults = [] if exit_code in (DOCUMENTED if at else {0}) else [f"exit code {exit_code}"]
        faults += list(find_faults(runs)) if at else []
        api.settle()
        held = recorded(api)
    wanted = expected(notes)
    if held != wanted:
        faults.append(f"{(held - wanted).total()} doubled, {(wanted - held).total()} lost")
    return exit_code, calls, faults


def attempt(runs: FastRuns) -> int:
    """A run; its exit code."""
    try:
        return int(runs.run().report["exit_code"])
    except ImportProblem as problem:
        return int(problem.exit_code)


def find_faults(runs: FastRuns) -> Iterator[str]:
    """Go on now that the disk works, or begin anew where nothing had begun; what is wrong with the end."""
    try:
        result = runs.resume(None)
    except NothingPending:
        result = runs.run()
    except ImportProblem as problem:
        yield f"the resume says: {problem}"
        return
    if result.report["exit_code"] != 0:
        yield f"the resume ends with {result.report['exit_code']}: {result.problem}"


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1])) else 0)
