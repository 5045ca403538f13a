"""The columns beside phonenumbers on generated numbers, and proof that the comparison can fail."""

import re
from dataclasses import replace

import phonenumbers
import polars as pl
import pytest

from memory_import.transforms.codes import Reason
from memory_import.transforms.phones import normalise_phones
from memory_import.transforms.phones.patterns import number_start, whole_number
from memory_import.transforms.phones.rules import compile_rules, installed_rules
from memory_import.transforms.phones.territories import Rewriting, carry_territories, read_metadata
from tests.fuzz import seeds
from tests.fuzz.comparison import ask_phonenumbers, compare_phones
from tests.fuzz.numbers import generate_numbers

PLAIN = re.compile(r"[ 0-9+().-]*")
IN_DOUBT = {
    Reason.PHONE_AMBIGUOUS,
    Reason.PHONE_MASKED,
    Reason.PHONE_SEVERAL_READINGS,
    Reason.PHONE_SPREADSHEET_DAMAGE,
}
WRONG_RULES = {
    "another national prefix": ("FR", {"national_prefix": number_start("1")}),
    "numbers that do not exist": ("DE", {"numbers": whole_number((), "[0-9]+")}),
    "a general pattern too narrow": ("GB", {"general": whole_number((), "[1-6][0-9]+")}),
    "a possible length forgotten": ("NZ", {"possible_lengths": (8, 9)}),
    "a local length forgotten": ("US", {"local_lengths": ()}),
    "another international prefix": ("JP", {"international_prefix": number_start("00")}),
    "a prefix rewritten to other digits": (
        "BS",
        {"rewriting": Rewriting(number_start("([3-8][0-9]{6})$|1"), "264")},
    ),
    "leading digits of another territory": ("KZ", {"leading_digits": number_start("9")}),
}


ROWS = 15_000  # of each seed; `make fuzz` takes millions


@pytest.mark.parametrize("seed", seeds.NUMBERS, ids="seed {}".format)
def test_generated_numbers_get_the_library_s_answers(seed):
    result = compare_phones(installed_rules(), generate_numbers(ROWS, seed))
    assert result.rows == ROWS
    assert result.left_to_library < 0.4 * result.rows
    assert result.differences == []


@pytest.mark.parametrize(("region", "wrong"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_a_wrong_rule_is_caught(region, wrong):
    plans = [
        [replace(territory, **wrong) if territory.tag == region else territory for territory in plan]
        for plan in carry_territories(read_metadata())
    ]
    rules = compile_rules(plans, sorted(phonenumbers.SUPPORTED_REGIONS))
    assert compare_phones(rules, generate_numbers(1_000, seed=7, region=region)).differences != []


def test_cells_of_nothing_but_a_number_get_the_library_s_answer_or_a_refusal_that_says_why():
    given = [pair for pair in generate_numbers(20_000, seeds.NUMBERS[0]) if PLAIN.fullmatch(pair[0])]
    cells = pl.DataFrame(given, schema={"number": pl.String, "region": pl.String}, orient="row")
    verdicts = normalise_phones(cells["number"], cells["region"])
    expected = [ask_phonenumbers(*pair)[0] for pair in given]
    differing = [
        (pair, e164, code)
        for pair, (e164, code), library in zip(given, verdicts.iter_rows(), expected, strict=True)
        if e164 != library and (e164 is not None or code not in IN_DOUBT)
    ]

    assert len(given) > 6_000
    assert differing == []
