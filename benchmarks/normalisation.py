"""`python -m benchmarks.normalisation`: phones and emails, the libraries and the columns side by side.

Time is CPU time of the whole process, all threads; each figure is the best of three turns, in which the
columns have two tries. The library is asked the least that gives a value: no codes. Values are random, mixed
as customer lists mix them; see the shares below.
"""

import time
from collections.abc import Callable
from functools import partial
from random import Random

import email_validator
import phonenumbers
import polars as pl
from phonenumbers import PhoneMetadata, PhoneNumberFormat
from rich.console import Console
from rich.table import Table

from memory_import.transforms.emails.normalise import normalise_emails
from memory_import.transforms.phones.normalise import normalise_phones
from tests.fuzz.patterns import sample_pattern

SIZES = [1_000, 5_000, 50_000, 250_000]
TURNS = 3
SEED = 20_261_121

# Nine numbers in ten are of these, by weight; the tenth is of any region.
REGIONS = {
    "US": 30,
    "GB": 10,
    "DE": 10,
    "FR": 6,
    "IN": 6,
    "BR": 6,
    "CA": 5,
    "AU": 4,
    "JP": 4,
    "MX": 4,
    "IT": 3,
}
REGIONS |= {"ES": 3, "NL": 1, "PL": 1, "SE": 1, "CH": 1, "ZA": 1, "NG": 1, "KR": 1, "CN": 1, "SG": 1, "AR": 1}

# How numbers are written, by weight. {0} is the national number, {1} the same with separators.
WRITINGS = {
    "+{code}{0}": 30,
    "+{code} {1}": 15,
    "{trunk}{0}": 15,
    "{trunk}{1}": 25,
    "({trunk}{1}": 3,
    "{trunk}{1} x{extension}": 4,
    "00{code} {1}": 2,
    "{code}{0}": 2,
    "": 1.5,
    "{short}": 1.5,
    "n/a": 0.5,
    "{trunk}{1}#": 0.2,
    "1-800-FLOWERS": 0.1,
    "4.4E+11": 0.2,
}
MAILBOXES = {
    "{name}@{host}": 70,
    "{name}.{name}@{host}": 12,
    "{Name}.{Name}@{Host}": 6,
    "info@{host}": 3,
    " {name}@{host} ": 3,
    "": 3,
    "{name}{host}": 0.7,
    "{name}@host": 0.5,
    "{name}@mail..{host}": 0.3,
    "jörg.{name}@{host}": 0.5,
    "{name}@bücher-{host}": 0.2,
}


def main() -> None:
    random = Random(SEED)
    numbers, regions = draw_numbers(max(SIZES), random)
    addresses = draw_addresses(max(SIZES), random)
    table = Table(title=f"CPU seconds, phonenumbers {phonenumbers.__version__}, seed {SEED}")
    for heading in ("", "rows", "library", "columns", "columns, rows/s", "times"):
        table.add_column(heading, justify="right")
    for size in SIZES:
        part = numbers.head(size), regions.head(size)
        pairs = list(zip(*part, strict=True))
        compare(table, "phones", size, partial(ask_phonenumbers, pairs), partial(normalise_phones, *part))
    for size in SIZES:
        some = addresses.head(size)
        compare(
            table, "emails", size, partial(ask_email_validator, list(some)), partial(normalise_emails, some)
        )
    Console().print(table)


def compare(
    table: Table, what: str, rows: int, library: Callable[[], object], columns: Callable[[], object]
) -> None:
    """Measures both by turns and adds a line. The first call, which compiles, is not counted."""
    columns()
    turns = [(_measure(library), _measure(columns), _measure(columns)) for _ in range(TURNS)]
    slow, fast = min(turn[0] for turn in turns), min(min(turn[1:]) for turn in turns)
    table.add_row(
        what, f"{rows:,}", f"{slow:.3f}", f"{fast:.4f}", f"{rows / fast:,.0f}", f"{slow / fast:.1f}"
    )


def _measure(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def ask_phonenumbers(pairs: list[tuple[str, str]]) -> list[str | None]:
    return [_ask_phonenumbers(number, region) for number, region in pairs]


def _ask_phonenumbers(number: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def ask_email_validator(addresses: list[str]) -> list[str | None]:
    return [_ask_email_validator(address.strip()) for address in addresses]


def _ask_email_validator(address: str) -> str | None:
    try:
        return email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        return None


def draw_numbers(count: int, random: Random) -> tuple[pl.Series, pl.Series]:
    everywhere = sorted(phonenumbers.SUPPORTED_REGIONS)
    usual = random.choices(list(REGIONS), REGIONS.values(), k=count)
    regions = [region if random.random() < 0.9 else random.choice(everywhere) for region in usual]
    writings = random.choices(list(WRITINGS), WRITINGS.values(), k=count)
    numbers = [_write(writing, region, random) for writing, region in zip(writings, regions, strict=True)]
    return pl.Series(numbers), pl.Series(regions)


def _write(writing: str, region: str, random: Random) -> str:
    metadata = PhoneMetadata.metadata_for_region(region)
    national = _draw_national(metadata, random)
    separator = random.choice(" -.")
    return writing.format(
        national,
        separator.join([national[:-7], national[-7:-4], national[-4:]]),
        code=metadata.country_code,
        trunk=metadata.national_prefix or "",
        extension=random.randrange(1_000),
        short=national[: -random.randint(1, 5)],
    )


def _draw_national(metadata: PhoneMetadata, random: Random) -> str:
    kinds = [metadata.mobile, metadata.fixed_line, metadata.general_desc]
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return sample_pattern(random.choice(patterns[:2]), random)


def draw_addresses(count: int, random: Random) -> pl.Series:
    hosts = ["gmail.com", "yahoo.co.uk", "outlook.com", "example.org", "t-online.de", "mail.example.net"]
    writings = random.choices(list(MAILBOXES), MAILBOXES.values(), k=count)
    return pl.Series([_write_address(writing, random.choice(hosts), random) for writing in writings])


def _write_address(writing: str, host: str, random: Random) -> str:
    name = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=random.randint(4, 12)))
    return writing.format(name=name, host=host, Name=name.title(), Host=host.title())


if __name__ == "__main__":
    main()
