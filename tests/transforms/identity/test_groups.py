"""The identifiers of rows, listed, hashed, and which hashes stand more than once."""

import polars as pl

from memory_import.transforms.identity.groups import (
    BLOCKED_HASH,
    find_repeated,
    hash_columns,
    hash_identifiers,
    list_identifiers,
)
from memory_import.transforms.plan import IdentifierPlan
from tests.support.plans import make_plan, make_trait

FURTHER = {"_pos": pl.Int64, "trait": pl.String, "id_type": pl.String, "value": pl.String}
NOTHING = pl.DataFrame(schema={"id_type": pl.String, "value": pl.String})


def test_identifiers_are_listed_by_type():
    plan = make_plan(
        make_trait("Contact.mobile"),
        identifiers=(
            IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="phone"),
            IdentifierPlan(trait="Contact.email", id_type="email", normalization="email"),
            IdentifierPlan(trait="Contact.mobile", id_type="phone", normalization="phone"),
        ),
    )
    rows = pl.DataFrame(
        {
            "_pos": [0, 1],
            "_identifier.phone": ["+1", None],
            "_identifier.email": ["a", "a"],
            "_identifier.phone.2": [None, "+1"],
        }
    )

    further = pl.DataFrame([(1, "Contact.email", "email", "b")], FURTHER, orient="row")

    assert sorted(list_identifiers(rows, plan, further).rows()) == [
        (0, "Contact.email", "email", "a"),
        (0, "Contact.phone", "phone", "+1"),
        (1, "Contact.email", "email", "a"),
        (1, "Contact.email", "email", "b"),
        (1, "Contact.mobile", "phone", "+1"),
    ]


def test_equal_identifiers_have_equal_hashes_and_blanks_have_none():
    plan = make_plan()
    rows = pl.DataFrame({"_identifier.phone": ["+1", None, "+1"], "_identifier.email": [None, "a", "b"]})

    hashes = hash_identifiers(rows, plan, NOTHING)

    assert hashes.columns == hash_columns(plan) == ["_hash.phone", "_hash.email"]
    phones, emails = hashes
    assert phones[0] == phones[2]
    assert phones.is_null().to_list() == [False, True, False]
    assert emails[1] != emails[2]


def test_a_blocked_value_has_the_hash_of_no_other():
    plan = make_plan()
    rows = pl.DataFrame(
        {"_identifier.phone": ["+12125551212", "+12125550199"], "_identifier.email": ["a@x.com", "b@x.com"]}
    )
    block = pl.DataFrame({"id_type": ["email"], "value": ["b@x.com"]})

    phones, emails = hash_identifiers(rows, plan, block)

    assert (phones == BLOCKED_HASH).to_list() == [True, False]
    assert (emails == BLOCKED_HASH).to_list() == [False, True]


def test_a_hash_that_stands_more_than_once_is_repeated_and_a_blank_is_not():
    hashes = pl.Series([5, None, 7, 5, 9, 5, None, 9], dtype=pl.UInt64)

    assert sorted(find_repeated(hashes)) == [5, 9]
