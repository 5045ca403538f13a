"""How fast a CSV file is read, and how much memory that takes: `python benchmarks/reading.py [MILLIONS]`.

Writes a synthetic file of 17 columns, two of them quoted, to a temporary folder, reads it the way an import
does and prints rows per second and the peak of resident memory. With `--dirty N` every Nth row has a field
too many.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from memory_import.sources.tabular import SourceOptions, open_source

HEADER = (
    "Index,Customer Id,First Name,Last Name,Company,City,Country,Phone 1,Phone 2,Email,"
    "Subscription Date,Website,Street,Zip,Note,Balance,Segment\n"
)
ROWS_PER_WRITE = 100_000


def main() -> None:
    """Reads the arguments, then writes, reads and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="?", type=float, default=1.0)
    parser.add_argument("--dirty", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        _write(path, int(arguments.millions * 1_000_000), arguments.dirty)
        before = _peak_megabytes()
        start, cpu_start = time.perf_counter(), time.process_time()
        rows, rejects = _read(path)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        print(
            f"{rows:,} rows and {rejects:,} rejects of {path.stat().st_size / 1e6:,.0f} MB "
            f"in {seconds:.2f} s ({cpu_seconds:.2f} s of CPU): "
            f"{(rows + rejects) / seconds / 1e6:.2f} M rows/s, "
            f"peak memory {_peak_megabytes():,.0f} MB ({before:,.0f} MB before)"
        )


def _write(path: Path, rows: int, dirty: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for first in range(0, rows, ROWS_PER_WRITE):
            numbers = range(first, min(rows, first + ROWS_PER_WRITE))
            file.writelines(
                _line(number, is_ragged=bool(dirty) and number % dirty == 0) for number in numbers
            )


def _line(number: int, *, is_ragged: bool) -> str:
    return (
        f'{number},C{number:08d},Ada{number % 977},Sample{number % 1013},"Example, Test and Sons",Lakeside,'
        f"Norway,+1-202-555-01{number % 100:02d},(202)555-0101x{number % 1000},user{number}@example.com,"
        f'2023-05-{number % 28 + 1:02d},https://example.com/,"{number % 500} Main Street, Apt. 7",'
        f"{number % 99999:05d},,{number % 10000}.50,segment-{number % 7}{',' if is_ragged else ''}\n"
    )


def _read(path: Path) -> tuple[int, int]:
    rows = rejects = 0
    for batch in open_source(SourceOptions(path=str(path)), path.parent / "copies").batches():
        rows += batch.rows.height
        rejects += batch.rejects.height
    return rows, rejects


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
