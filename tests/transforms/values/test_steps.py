"""What a spec does to a cell before it is read: one step at a time, and all in their order."""

import polars as pl
import pytest

from memory_import.transforms.plan import TextSteps, TraitType
from memory_import.transforms.values.steps import check_pattern, write_constant
from memory_import.transforms.values.traits import judge_trait
from tests.support.plans import make_trait

STEPS = {
    "strip": (TextSteps(strip="'"), "'0042", "0042", "text_trimmed"),
    "nothing to strip": (TextSteps(strip="'"), "0042", "0042", None),
    "pattern": (TextSteps(pattern=r"\((.+)\)$"), "Sam (sam@crm.example)", "sam@crm.example", "part_taken"),
    "pattern that is not there": (TextSteps(pattern=r"\((.+)\)$"), "Sam", None, "pattern_not_found"),
    "map": (TextSteps(mapped={"A": "Active"}), " A ", "Active", "value_mapped"),
    "not in the map": (TextSteps(mapped={"A": "Active"}), "B", None, "not_in_map"),
    "else": (TextSteps(mapped={"A": "Active"}, otherwise="Other"), "B", "Other", "value_mapped"),
    "blank in a map with else": (TextSteps(mapped={"A": "Active"}, otherwise="Other"), " ", None, None),
    "first name": (TextSteps(name="first"), "Ludwig van Beethoven", "Ludwig", "part_taken"),
    "last name": (TextSteps(name="last"), "Ludwig van Beethoven", "van Beethoven", "part_taken"),
    "first name after the surname": (TextSteps(name="first"), "Smith, Mary Ann", "Mary Ann", "part_taken"),
    "last name before the first": (TextSteps(name="last"), "Smith, Mary Ann", "Smith", "part_taken"),
    "one name alone": (TextSteps(name="first"), "Prince", "Prince", None),
    "one name alone is no last name": (TextSteps(name="last"), "Prince", None, None),
    "no surname before the comma": (TextSteps(name="first"), ", Mary", "Mary", "part_taken"),
    "no last name before the comma": (TextSteps(name="last"), ", Mary", None, None),
    "first name behind a title": (TextSteps(name="first"), "Prof. Dr. Ann Lee", "Ann", "part_taken"),
    "no first name behind a title": (TextSteps(name="first"), "Herr Lee", None, None),
    "last name behind a title": (TextSteps(name="last"), "Herr Lee", "Lee", "part_taken"),
    "a degree is no first name": (TextSteps(name="first"), "Ann Lee, MD, Ph.D.", "Ann", "part_taken"),
    "a degree is no last name": (TextSteps(name="last"), "Lee, Ann, Jr.", "Lee", "part_taken"),
    "a first name like a degree": (TextSteps(name="first"), "Rahman, MD", "MD", "part_taken"),
    "a name that begins like a title": (TextSteps(name="first"), "Drew Lee", "Drew", "part_taken"),
    "lower": (TextSteps(case="lower"), "ADA", "ada", "case_changed"),
    "title of a genitive": (TextSteps(case="title"), "o'shea's PUB", "O'Shea's Pub", "case_changed"),
    "a key with spaces": (TextSteps(mapped={" A ": "Active"}), "A", "Active", "value_mapped"),
    "title": (TextSteps(case="title"), "ADA LOVELACE", "Ada Lovelace", "case_changed"),
    "all of them": (
        *(
            TextSteps(strip="*", pattern="^([A-Z]+)", mapped={"VIP": "very important"}, case="upper"),
            "*VIP 1",
        ),
        *("VERY IMPORTANT", "case_changed"),
    ),
    "a template's placeholder": (TextSteps(), "{{first_name}}", None, "placeholder"),
    "a spreadsheet's error": (TextSteps(), "#REF!", None, "placeholder"),
    "a variable": (TextSteps(), "${first_name}", None, "placeholder"),
    "an error in another language": (TextSteps(), "#¡VALOR!", None, "placeholder"),
    "a tag like an error": (TextSteps(), "#nv", "#nv", None),
    "a CRM's none": (TextSteps(), "-None-", None, "placeholder"),
    "a number sign that is none": (TextSteps(), "#42", "#42", None),
}


def judge(text, kind=TraitType.STRING, **options):
    trait = make_trait("Account.x", kind, **options)
    nowhere = pl.Series([None], dtype=pl.String)
    judged = judge_trait(pl.DataFrame({"x": [text]}), trait, nowhere)
    return judged.values[0], judged.codes[0]


@pytest.mark.parametrize(("steps", "text", "value", "code"), STEPS.values(), ids=STEPS)
def test_a_text_goes_through_the_steps_of_its_trait(steps, text, value, code):
    assert judge(text, steps=steps) == (value, code)


TYPED = {
    "currency": ("1.234,56 €", TraitType.NUMBER, {"decimal": ","}, "1234.56", "number_signs_taken_off"),
    "narrow spaces": ("1\u202f234,5", TraitType.NUMBER, {"decimal": ","}, "1234.5", None),
    "apostrophe": ("1'234.50", TraitType.NUMBER, {"decimal": "."}, "1234.5", None),
    "other thousands than stated": (
        *("1.234,5", TraitType.NUMBER, {"decimal": ",", "thousands": " "}, None, "number_invalid"),
    ),
    "a space for all that look like one": (
        *("1\u202f234,5", TraitType.NUMBER, {"decimal": ",", "thousands": " "}, "1234.5", None),
    ),
    "a comma beside points": ("1.234,5", TraitType.NUMBER, {"thousands": "."}, "1234.5", None),
    "no fraction beside points": ("12.5", TraitType.NUMBER, {"thousands": "."}, None, "number_invalid"),
    "groups of Indians": ("12,34,567.5", TraitType.NUMBER, {"decimal": "."}, "1234567.5", None),
    "no groups of anybody": ("12,345,67", TraitType.NUMBER, {"decimal": "."}, None, "number_invalid"),
    "thousands in wrong groups": ("1.23,5", TraitType.NUMBER, {"decimal": ","}, None, "number_invalid"),
    "a point where the comma is decimal": (
        *("1.5", TraitType.NUMBER, {"decimal": ","}, None, "number_invalid"),
    ),
    "percent": ("12.5 %", TraitType.NUMBER, {}, "12.5", "number_signs_taken_off"),
    "brackets": ("(12)", TraitType.NUMBER, {}, "-12", "number_signs_taken_off"),
    "code of a currency": ("EUR 12", TraitType.INTEGER, {}, "12", "number_signs_taken_off"),
    "thousands of a whole number": ("1.234", TraitType.INTEGER, {"decimal": ","}, "1234", None),
    "placeholder of a number": ("#DIV/0!", TraitType.NUMBER, {}, None, "placeholder"),
    "on": ("On", TraitType.BOOLEAN, {}, "true", None),
    "unchecked": ("unchecked", TraitType.BOOLEAN, {}, "false", None),
    "0.0": ("0.0", TraitType.BOOLEAN, {}, "false", None),
    "a word of the spec": ("do not ALLOW", TraitType.BOOLEAN, {"true": ("Do Not Allow",)}, "true", None),
    "a word of the spec wins": ("no", TraitType.BOOLEAN, {"true": ("no",)}, "true", None),
    "items without their stars": (
        *("* VIP ::: * friends", TraitType.ARRAY),
        *({"separator": " ::: ", "steps": TextSteps(strip="*")}, '["VIP","friends"]', "text_trimmed"),
    ),
}


@pytest.mark.parametrize(("text", "kind", "options", "value", "code"), TYPED.values(), ids=TYPED)
def test_a_text_is_read_as_its_type_is_written(text, kind, options, value, code):
    assert judge(text, kind, **options) == (value, code)


@pytest.mark.parametrize("text", ["N/A", "0", "#N/A", "NULL", "-", "None", "unknown", "1.23457E+15"])
def test_a_placeholder_never_identifies(text):
    trait = make_trait("Account.x")
    judged = judge_trait(
        pl.DataFrame({"x": [text, "C1"]}), trait, pl.Series([None] * 2, dtype=pl.String), is_identifier=True
    )
    assert (judged.values.to_list(), judged.codes.to_list()) == ([None, "C1"], ["placeholder", None])


def test_a_constant_may_hold_the_name_of_the_file():
    rows = pl.DataFrame({"_file": ["/data/a.csv", "b.csv"]})
    assert write_constant(rows, "from ${file}!").to_list() == ["from a.csv!", "from b.csv!"]
    assert write_constant(rows, "Mailchimp").to_list() == ["Mailchimp"] * 2


@pytest.mark.parametrize("pattern", ["(", "no group", "(one)(two)"])
def test_a_pattern_has_one_group(pattern):
    assert repr(pattern) in check_pattern(pattern)
    assert check_pattern(r"^(\d+)") is None
