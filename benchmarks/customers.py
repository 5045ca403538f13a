"""Generated customers for measurements: 17 columns, four trait groups, messy phones of many countries.

`python -m benchmarks.customers PATH ROWS` writes them.
"""

import os
import sys
from pathlib import Path

import polars as pl

ROWS_PER_PIECE = 500_000


def write_customers(path: Path, rows: int, *, seed: int = 7) -> None:
    """Write a CSV of so many customers; one in twenty names an earlier one again by e-mail.

    It is on the disk when this returns: what is measured next does not wait for it.
    """
    with path.open("wb") as stream:
        for start in range(0, rows, ROWS_PER_PIECE):
            piece = make_customers(start, min(ROWS_PER_PIECE, rows - start), seed=seed)
            piece.write_csv(stream, include_header=start == 0)
        stream.flush()
        os.fsync(stream.fileno())


def make_customers(start: int, rows: int, *, seed: int) -> pl.DataFrame:
    """`rows` customers, numbered from `start`; the same for the same numbers and seed."""
    number = pl.int_range(start, start + rows, dtype=pl.Int64)
    chance = number.hash(seed)
    person = pl.when(chance % 20 == 0).then(number - chance % pl.min_horizontal(number + 1, 1000))
    person = person.otherwise(number)
    digits = number * 7919 % 80_000_000  # every number once
    text = digits.cast(pl.String).str.zfill(8)
    area = pl.lit(pl.Series([202, 212, 305, 312, 415, 503, 617, 702, 713, 808])).gather(digits // 8_000_000)
    shape = chance // 7 % 10
    phone = (
        pl.when(shape < 4)
        .then(
            pl.format(
                "({}) {}{}-{}", area, 2 + digits // 1_000_000 % 8, text.str.slice(2, 2), text.str.slice(4)
            )
        )
        .when(shape < 6)
        .then(pl.format("0151 {}", text))
        .when(shape < 8)
        .then(pl.format("+44 74{} {}", text.str.slice(0, 2), text.str.slice(2)))
        .when(shape < 9)
        .then(pl.format("+33 6 {} {}", text.str.slice(0, 4), text.str.slice(4)))
        .otherwise(pl.format("{}x{}", text.str.slice(1), chance % 1000))
    )
    country = (
        pl.when(shape < 4)
        .then(pl.lit("United States"))
        .when(shape < 6)
        .then(pl.lit("Germany"))
        .when(shape < 8)
        .then(pl.lit("GB"))
        .otherwise(pl.lit("FRA"))
    )
    word = (chance // 97 % 5000).cast(pl.String)
    columns = {
        "Index": number + 1,
        "Customer Id": pl.format("C{}", number),
        "First Name": pl.format("Änne {}", person.hash(seed) // 97 % 5000),
        "Last Name": pl.format("O'Last{}", person.hash(seed) // 11 % 90_000),
        "Company": pl.format('{}, {} and "Sons"', word, chance % 700),
        "City": pl.format("City {}", chance % 4000),
        "Country": country,
        "Phone": phone,
        "Other Phone": pl.when(chance % 3 == 0).then(
            pl.format("+1 646 {}{}-{}", 2 + digits // 1_000_000 % 8, text.str.slice(2, 2), text.str.slice(4))
        ),
        "Email": pl.format("user.{}@example{}.com", person, person % 50),
        "Subscribed": pl.date(2020, 1, 1) + pl.duration(days=chance % 2000),
        "Website": pl.format("https://www.example{}.com/", chance % 9000),
        "Score": chance % 10_000,
        "Balance": (chance % 100_000) / 100,
        "Is Active": pl.when(chance % 2 == 0).then(pl.lit("yes")).otherwise(pl.lit("no")),
        "Tags": pl.format("a{};b{};c", chance % 9, chance % 31),
        "Note": pl.when(chance % 5 == 0).then(pl.format("note {}, with comma", word)),
    }
    return pl.select(**columns).with_columns(pl.all().cast(pl.String))


SPEC = """\
version: 1
store: mem_store_00000000000000000000000001
profiles:
  source: {path}
  region: {{column: Country, default: US}}
  traits:
    Contact:
      firstName: First Name
      lastName: Last Name
      phone: {{column: [Phone, Other Phone], type: phone, several: first}}
      email: {{column: Email, type: email}}
    Account:
      customerId: Customer Id
      company: Company
      since: {{column: Subscribed, type: date, format: "%Y-%m-%d"}}
      website: Website
      balance: {{column: Balance, type: number}}
    Address:
      city: City
      country: Country
    Engagement:
      score: {{column: Score, type: integer}}
      isActive: {{column: Is Active, type: boolean}}
      tags: {{column: Tags, type: array, separator: ";"}}
      note: Note
"""
"""A spec for these columns; `path` is to be filled in."""


if __name__ == "__main__":
    write_customers(Path(sys.argv[1]), int(sys.argv[2]))
