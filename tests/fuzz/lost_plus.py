"""Valid numbers of every region that lost their plus: none may become another number."""

from random import Random

import phonenumbers
import polars as pl
from phonenumbers import PhoneMetadata, PhoneNumberFormat

from memory_import.transforms.phones import normalise_phones
from tests.fuzz.patterns import sample_pattern

_KINDS = ("fixed_line", "mobile", "toll_free", "voip", "uan", "general_desc")


def draw_valid_numbers(count: int, seed: int) -> pl.DataFrame:
    """`e164` and `region`: of every region about `count` numbers that the library finds valid there."""
    random = Random(seed)
    drawn = [
        (e164, region)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for e164 in _draw_region(region, count, random)
    ]
    return pl.DataFrame(drawn, schema={"e164": pl.String, "region": pl.String}, orient="row")


def _draw_region(region: str, count: int, random: Random) -> list[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    kinds = [kind for name in _KINDS if (kind := getattr(metadata, name)) and kind.national_number_pattern]
    found: list[str] = []
    for _ in range(20 * count):
        if len(found) == count:
            break
        digits = sample_pattern(random.choice(kinds).national_number_pattern, random)
        try:
            number = phonenumbers.parse(f"+{metadata.country_code}{digits}")
        except phonenumbers.NumberParseException:
            continue
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number) and e164 == f"+{metadata.country_code}{digits}":
            found.append(e164)
    return found


def cut_plus(drawn: pl.DataFrame, *, repair: bool) -> tuple[pl.DataFrame, dict[str, int]]:
    """The numbers that became another (`e164`, `region`, `became`), and how many were kept and refused."""
    verdicts = normalise_phones(drawn["e164"].str.slice(1), drawn["region"], repair=repair)
    became = drawn.with_columns(became=verdicts["e164"])
    wrong = became.filter(pl.col("became").is_not_null() & (pl.col("became") != pl.col("e164")))
    refusals = verdicts.filter(pl.col("e164").is_null())["code"].value_counts(sort=True)
    counts = {"kept": drawn.height - verdicts["e164"].null_count(), **dict(refusals.iter_rows())}
    return wrong, counts
