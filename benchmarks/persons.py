"""What it takes to find the persons of generated customers: families, switchboards, people who stand twice.

    python -m benchmarks.persons [ROWS]

One in twenty rows is of an earlier person, one in a hundred shares the phone of somebody else, and
switchboards stand on 200 to 50,000 rows. Prints what grouping took, in seconds and as a ratio to reading and
preparing the same rows, and the peak of memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

import polars as pl

SWITCHBOARDS = (200, 1_000, 10_000, 50_000)
SPEC = """\
version: 1
profiles:
  source: people.csv
  region: {default: US}
  traits:
    Contact:
      firstName: First
      lastName: Last
      phone: {column: Phone, type: phone}
      email: {column: Email, type: email}
  identifiers: [Contact.phone, Contact.email]
  persons: {max_shared: 100%}
"""


def make_people(rows: int) -> pl.DataFrame:
    """So many rows, the same every time."""
    number = pl.int_range(rows, dtype=pl.Int64)
    chance = number.hash(7)
    person = pl.when(chance % 20 == 0).then(number - chance % pl.min_horizontal(number + 1, 1_000))
    frame = pl.select(number=number, chance=chance, person=person.otherwise(number))
    area = pl.lit(pl.Series([202, 212, 305, 312, 415, 503, 617, 702, 713, 808])).gather(pl.col("number") % 10)
    own = pl.format("+1{}{}", area, 2_345_678 + pl.col("number") // 10 % 7_000_000)
    phone = pl.when(pl.col("chance") // 7 % 100 == 0).then(own.shift(1)).otherwise(own)
    start = 0
    for at, size in enumerate(SWITCHBOARDS):
        is_here = pl.col("number").is_between(start, start + min(size, rows // 20) - 1)
        phone = pl.when(is_here).then(pl.lit(f"+1202413000{at}")).otherwise(phone)
        start += 2 * size
    name = pl.col("person").hash(3)
    return frame.select(
        First=_spell(name % 5_000),
        Last=_spell(name // 5_000 % 90_000),
        Phone=phone,
        Email=pl.format("user.{}@example{}.com", "person", pl.col("person") % 50),
    )


def write_people(path: Path, rows: int) -> None:
    """Write so many rows as a CSV."""
    make_people(rows).write_csv(path)


def _spell(number: pl.Expr) -> pl.Expr:
    """A word of five letters for each number below 100,000: none begins another."""
    digits = pl.format("{}", 100_000 + number).str.tail(5)
    return digits.str.replace_many({str(digit): letter for digit, letter in enumerate("abcdefghik")})


def main(rows: int) -> None:
    """Plan the import of generated people, and say what grouping took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: the peak of memory of a process counts its parent's, too.
        making = get_context("spawn").Process(target=write_people, args=(folder / "people.csv", rows))
        making.start()
        making.join()
        (folder / "spec.yaml").write_text(SPEC)
        command = ["-m", "memory_import.cli", "plan", "spec.yaml", "--no-prefect", "--output", "json"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([sys.executable, *command], cwd=folder, **pipes) as process:
            assert process.stdout is not None
            report = json.load(process.stdout)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the plan ended with exit code {process.returncode}")
    peak = usage.ru_maxrss / 1024
    persons = report["loads"]["profiles"]["persons"]
    print(f"{rows:,} rows, {persons['total']:,} persons, {persons['conflicts']:,} values in conflict")
    group, prepare = report["timing"]["group"], report["timing"]["prepare"]
    print(f"grouping {group:.1f} s, {group / prepare:.2f} times reading and preparing; peak {peak:,.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
