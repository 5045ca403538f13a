"""Files as people have them: read exactly as the csv module reads them, in bounded memory."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
FILES = sorted(DATA.glob("*.csv"))

MEASURE = """
import resource, sys
from pathlib import Path
from memory_import.sources.tabular import SourceOptions, open_source
source = open_source(SourceOptions(path=sys.argv[1]), Path())
rows = sum(batch.rows.height for batch in source.batches(20_000))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.skipif(not FILES, reason="no customer files beside the checkout")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_customer_files_are_read_as_csv_reads_them(read, path):
    with path.open(newline="", encoding="utf-8") as file:
        expected = [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
    reading = read(path, rows_per_batch=3_000)
    assert reading.accepted.drop("_file", "_row").to_dicts() == expected
    assert reading.accepted["_row"].to_list() == list(range(1, len(expected) + 1))
    assert reading.rejects == []


def test_memory_does_not_grow_with_the_file(tmp_path):
    all_threads = {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}
    line = b'%d,Ada,"Example, Inc",+12025550101,ada@example.com,2024-01-01,some more text to read\n'
    peaks = {}
    for rows in (300_000, 1_200_000):
        path = tmp_path / f"{rows}.csv"
        with path.open("wb") as file:
            file.write(b"id,name,company,phone,email,since,note\n")
            file.writelines(line % number for number in range(rows))
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)],
            cwd=ROOT,
            env=all_threads,
            capture_output=True,
            check=True,
        )
        found, peaks[rows] = map(int, done.stdout.split())
        assert found == rows
    assert peaks[1_200_000] < peaks[300_000] * 1.25
