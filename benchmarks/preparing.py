"""CPU time of preparing a generated million rows of 17 columns, by part.

    python -m benchmarks.preparing [ROWS]

Phones and emails have a benchmark of their own; here they are plain strings first, and what they are second.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import polars as pl

from memory_import.columns import ID_TYPE, POS, REPRESENTATIVE, TRAIT, VALUE, schema
from memory_import.transforms.identity.components import find_components, link_equals
from memory_import.transforms.identity.groups import list_identifiers
from memory_import.transforms.identity.merging import merge_groups
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitPlan, TraitType
from memory_import.transforms.prepare import prepare_profiles

CHUNK = 100_000
NAMES = ("Ada", "Grace", "Katherine", "Renée", "Søren", "José", 'Dwayne "The Rock"', "李")
COUNTRIES = ("United States of America", "Germany", "FR", "GBR", "Korea", "")


def make_rows(start: int, height: int) -> pl.DataFrame:
    """Rows of 17 text columns, a tenth of the cells blank, one email in twenty used twice."""
    chance = random.Random(start)
    makers: dict[str, Callable[[int], str]] = {
        "First Name": lambda _: chance.choice(NAMES),
        "Last Name": lambda n: f"{chance.choice(NAMES)}-{n % 977}",
        "Phone": lambda n: f"+1415{2_000_000 + n:07d}",
        "Email": lambda n: f"user.{n if n % 20 else n + 1}@example.com",
        "Country": lambda _: chance.choice(COUNTRIES),
        "Visits": lambda n: str(n % 3_000),
        "Balance": lambda n: f"{n % 10_000 / 100}",
        "Active": lambda n: "yes" if n % 3 else "no",
        "Since": lambda n: f"20{n % 24:02d}-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
        "Seen": lambda n: f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d} 1{n % 10}:30",
        "Tags": lambda n: f"tag{n % 9};tag{n % 7}",
        **{f"Text {letter}": lambda n: f"some words about {n % 5_000}" for letter in "ABCDEF"},
    }
    blank = ("Email", "Phone")
    columns = {
        name: [
            None if name not in blank and chance.random() < 0.1 else make(n)
            for n in range(start, start + height)
        ]
        for name, make in makers.items()
    }
    return pl.DataFrame(columns).with_columns(
        _file=pl.lit("rows.csv"), _row=pl.int_range(start + 1, start + height + 1)
    )


def make_plan(*, typed_contacts: bool) -> ProfilePlan:
    """Sixteen of the columns as traits, the country as region."""
    types = {
        "Visits": TraitType.INTEGER,
        "Balance": TraitType.NUMBER,
        "Active": TraitType.BOOLEAN,
        "Since": TraitType.DATE,
        "Seen": TraitType.DATETIME,
        "Tags": TraitType.ARRAY,
    }
    contacts = {"Phone": TraitType.PHONE, "Email": TraitType.EMAIL} if typed_contacts else {}
    columns = [
        *(
            "First Name",
            "Last Name",
            "Phone",
            "Email",
            "Visits",
            "Balance",
            "Active",
            "Since",
            "Seen",
            "Tags",
        ),
        *(f"Text {letter}" for letter in "ABCDEF"),
    ]
    traits = tuple(
        TraitPlan(
            group="Contact" if n < 4 else "Account",
            name=column.replace(" ", "").lower(),
            columns=(column,),
            type=(types | contacts).get(column, TraitType.STRING),
            timezone="Europe/Berlin",
            separator=";",
        )
        for n, column in enumerate(columns)
    )
    identifiers = (
        IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="phone"),
        IdentifierPlan(trait="Contact.email", id_type="email", normalization="email"),
    )
    return ProfilePlan(traits=traits, identifiers=identifiers, region_column="Country", region_default="US")


@contextmanager
def measured(part: str, rows: int) -> Iterator[None]:
    """Prints the CPU and wall time of a part."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    per_million = cpu / rows * 1e6
    print(
        f"{part:32} {rows:>9,} rows  CPU {cpu:6.2f} s, {per_million:5.2f} s per million  wall {wall:6.2f} s"
    )


def main(rows: int) -> None:
    """Measures every part on the same rows."""
    chunks = [make_rows(start, min(CHUNK, rows - start)) for start in range(0, rows, CHUNK)]
    for typed_contacts in (False, True):
        plan = make_plan(typed_contacts=typed_contacts)
        prepare_profiles(chunks[0].head(100), plan)
        with measured("prepare, phones and emails too" if typed_contacts else "prepare", rows):
            for chunk in chunks:
                prepare_profiles(chunk, plan)
    prepared = [prepare_profiles(chunk, plan).frame for chunk in chunks]
    staged = pl.concat(prepared).with_row_index("_pos").with_columns(pl.col("_pos").cast(pl.Int64))
    with measured("link and group", rows):
        listed = list_identifiers(staged, plan, pl.DataFrame(schema=schema(POS, TRAIT, ID_TYPE, VALUE)))
        values = listed.select(POS, value=pl.format("{}:{}", ID_TYPE, VALUE))
        groups = find_components(link_equals(values, POS, VALUE))
    members = staged.join(groups.rename({"node": POS, "root": REPRESENTATIVE}), on=POS)
    with measured("merge members", members.height):
        merge_groups(members, plan)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
