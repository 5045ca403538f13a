# ruff: noqa: T201  # a command speaks through its output
"""`python -m tests.fuzz`: the columns beside the libraries on millions of generated values.

Each part of 250,000 values has a seed of its own; `--seed` with that seed repeats it. Exits 1 when anything
differs.
"""

import argparse
import os
import secrets
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.fuzz.comparison import Comparison, compare_generated

PART = 250_000


def main() -> int:
    arguments = _read_arguments()
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(10**9)
    print(f"seed {seed}", flush=True)
    parts = [("numbers", count) for count in _split(arguments.numbers)]
    parts += [("addresses", count) for count in _split(arguments.addresses)]
    with ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool:
        jobs = [pool.submit(compare_generated, *part, seed + number) for number, part in enumerate(parts)]
        results = [_report(*part, seed + number, jobs[number].result()) for number, part in enumerate(parts)]
    differences = sum(len(result.differences) for result in results)
    print(f"{sum(result.rows for result in results):,} values compared, {differences:,} differ")
    return 1 if differences else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--numbers", type=int, default=5_000_000, help="phone numbers to compare")
    parser.add_argument("--addresses", type=int, default=2_000_000, help="email addresses to compare")
    parser.add_argument("--seed", type=int, help="of the first part; the others count on from it")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="processes to run parts in")
    return parser.parse_args()


def _split(count: int) -> list[int]:
    return [min(PART, count - start) for start in range(0, count, PART)]


def _report(kind: str, count: int, seed: int, result: Comparison) -> Comparison:
    left = result.left_to_library / count
    print(
        f"{count:,} {kind}, seed {seed}: {len(result.differences)} differ, {left:.0%} left to the library",
        flush=True,
    )
    for given, columns, library in result.differences[:5]:
        print(f"  {given!r}: columns {columns}, library {library}", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
