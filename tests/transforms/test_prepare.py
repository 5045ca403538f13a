"""Rows to profiles: the mapping, the rejects with all their reasons, and the counts."""

import json
from collections import Counter

import polars as pl
import pytest

from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitPlan, TraitType
from memory_import.transforms.prepare import prepare_profiles
from memory_import.transforms.rejects import SEPARATOR
from tests.support.plans import EMAIL, EMAIL_ID, PHONE, PHONE_ID, make_plan, make_trait
from tests.support.shared import CUSTOMERS

PHONE_NUMBER, EMAIL_ADDRESS = "+12025550123", "ada@example.com"


def make_rows(*rows, **shared):
    """Rows of text; a column that a row does not name is blank."""
    columns = dict.fromkeys(column for row in rows for column in [*row, *shared])
    texts = {column: [{**shared, **row}.get(column) for row in rows] for column in columns}
    return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String)).with_columns(
        _file=pl.lit("rows.csv"), _row=pl.int_range(1, len(rows) + 1)
    )


def prepare_one(plan, **row):
    """The prepared row with its `_payload`, without the columns it came with."""
    prepared = prepare_profiles(make_rows(row), plan)
    frame = prepared.frame.drop(*row, "_file", "_row").with_columns(_payload=write_kept(prepared, plan))
    return frame.row(0, named=True), prepared


def write_kept(prepared, plan):
    """The payloads of kept rows, each of the size that was found for it; null for rejected ones."""
    sizes = prepared.frame["_bytes"]
    payloads = pl.select(pl.when(sizes.is_not_null()).then(write_payloads(prepared.frame, plan))).to_series()
    assert payloads.str.len_bytes().cast(pl.Int64).equals(sizes)
    return payloads


def count_reasons(prepared):
    """How often each reason was given."""
    return Counter(
        code for codes in prepared.frame["_error_code"].drop_nulls() for code in codes.split(SEPARATOR)
    )


def traits_of(row):
    return {} if row["_payload"] is None else json.loads(row["_payload"])["traits"]


def test_a_row_becomes_a_profile_with_its_identifiers():
    plan = make_plan(
        make_trait("Contact.firstName", TraitType.STRING, "First Name"),
        make_trait("Account.visits", TraitType.INTEGER),
        make_trait("Account.balance", TraitType.NUMBER),
        make_trait("Account.active", TraitType.BOOLEAN),
        make_trait("Account.since", TraitType.DATE),
        make_trait("Account.seen", TraitType.DATETIME, timezone="Europe/Berlin"),
        make_trait("Account.tags", TraitType.ARRAY, separator=";"),
    )
    row, _ = prepare_one(
        plan,
        phone="(202) 555-0123",
        email="Ada.L@Example.com",
        visits="3",
        balance="1.50",
        active="yes",
        since="2024-05-31",
        seen="2024-05-31 12:00",
        tags="a;b",
        **{"First Name": 'Ada "the first"'},
    )

    assert row["_payload"] == (
        '{"traits":{"Contact":{"phone":"+12025550123","email":"Ada.L@example.com",'
        '"firstName":"Ada \\"the first\\""},'
        '"Account":{"visits":3,"balance":1.5,"active":true,"since":"2024-05-31","seen":"2024-05-31T10:00:00Z",'
        '"tags":["a","b"]}}}'
    )
    assert (row["_identifier.phone"], row["_identifier.email"]) == (PHONE_NUMBER, "ada.l@example.com")
    assert (row["_error_code"], row["_error_field"], row["_error_message"]) == (None, None, None)


def test_rows_and_columns_stay_as_they_are():
    rows = make_rows(
        {"email": EMAIL_ADDRESS, "unmapped": " as it was "},
        {"email": "no address"},
        {"email": "b@example.com"},
    )

    frame = prepare_profiles(rows, ProfilePlan(traits=(EMAIL,), identifiers=(EMAIL_ID,))).frame

    assert frame.select(rows.columns).equals(rows)
    assert frame.columns[len(rows.columns) :] == [
        *["_value.Contact.email", "_code.Contact.email", "_bytes", "_identifier.email"],
        *["_error_code", "_error_field", "_error_message"],
    ]


def test_blank_cells_are_left_out():
    plan = make_plan(make_trait("Contact.name"), make_trait("Account.visits", TraitType.INTEGER))

    row, prepared = prepare_one(plan, phone=None, email=EMAIL_ADDRESS, name="  ", visits="")

    assert row["_payload"] == '{"traits":{"Contact":{"email":"ada@example.com"}}}'
    assert prepared.changes == {}


COLUMN_LISTS = {
    "the first": (PHONE_NUMBER, "+12025550124", PHONE_NUMBER, {}),
    "the second, the first blank": (None, PHONE_NUMBER, PHONE_NUMBER, {}),
    "the second, the first invalid": ("123", PHONE_NUMBER, PHONE_NUMBER, {"dropped_phone_too_short": 1}),
    "the first, the second invalid": (PHONE_NUMBER, "123", PHONE_NUMBER, {"dropped_phone_too_short": 1}),
    "none, both invalid": ("123", "1", None, {"dropped_phone_too_short": 1, "dropped_phone_not_a_number": 1}),
    "none, both blank": (None, " ", None, {}),
}


@pytest.mark.parametrize(("first", "second", "value", "changes"), COLUMN_LISTS.values(), ids=COLUMN_LISTS)
def test_the_first_valid_value_of_a_column_list_counts(first, second, value, changes):
    phone = TraitPlan(group="Contact", name="phone", columns=("Phone 1", "Phone 2"), type=TraitType.PHONE)
    plan = ProfilePlan(traits=(phone, EMAIL), identifiers=(PHONE_ID, EMAIL_ID), region_default="US")

    row, prepared = prepare_one(plan, email=EMAIL_ADDRESS, **{"Phone 1": first, "Phone 2": second})

    assert traits_of(row)["Contact"].get("phone") == row["_identifier.phone"] == value
    assert prepared.changes == changes


SPREADSHEET_PHONES = [
    {"phone": "4915112345678"},
    {"phone": "4.915112345679E+12"},
    {"phone": "2025550123.0"},
    {"phone": "4.91511E+12"},
    {"phone": "5555550123"},
    {"phone": PHONE_NUMBER},
]
REPAIRS = {
    "on": (
        True,
        ["+4915112345678", "+4915112345679", PHONE_NUMBER, None, None, PHONE_NUMBER],
        {"phone_figure_undone": 1, "phone_plus_restored": 2},
        {"phone_invalid_for_region": 1, "phone_spreadsheet_damage": 1},
    ),
    "off": (
        False,
        [None, None, None, None, None, PHONE_NUMBER],
        {},
        {"phone_invalid_for_region": 1, "phone_spreadsheet_damage": 3, "phone_too_long": 1},
    ),
}


@pytest.mark.parametrize(("repair", "values", "changes", "dropped"), REPAIRS.values(), ids=REPAIRS)
def test_phones_are_repaired_where_the_plan_says_so_and_counted(repair, values, changes, dropped):
    phone = make_trait("Contact.phone", TraitType.PHONE, repair=repair)
    plan = ProfilePlan(traits=(phone, EMAIL), identifiers=(PHONE_ID, EMAIL_ID), region_default="US")

    prepared = prepare_profiles(make_rows(*SPREADSHEET_PHONES, email=EMAIL_ADDRESS), plan)

    assert prepared.frame["_identifier.phone"].to_list() == values
    assert prepared.changes == changes | {f"dropped_{code}": count for code, count in dropped.items()}


def test_a_repaired_phone_counts_before_the_next_column():
    phone = make_trait("Contact.phone", TraitType.PHONE, "Phone 1", "Phone 2", repair=True)
    plan = ProfilePlan(traits=(phone,), identifiers=(PHONE_ID,), region_default="US")

    row, _ = prepare_one(plan, **{"Phone 1": "4915112345678", "Phone 2": PHONE_NUMBER})

    assert row["_identifier.phone"] == "+4915112345678"


def test_a_trait_that_may_not_be_invalid_rejects_the_row():
    plan = make_plan(make_trait("Account.since", TraitType.DATE, on_invalid="reject"))

    row, prepared = prepare_one(plan, phone=PHONE_NUMBER, email=None, since="31.05.2024")

    assert (row["_payload"], row["_identifier.phone"]) == (None, None)
    assert (row["_error_code"], row["_error_field"]) == ("date_invalid", "since")
    assert prepared.changes == {}


@pytest.mark.parametrize("value", [None, "", "2024-05-31"], ids=["null", "blank", "valid"])
def test_a_trait_that_may_not_be_invalid_may_be_blank(value):
    plan = make_plan(make_trait("Account.since", TraitType.DATE, on_invalid="reject"))

    row, _ = prepare_one(plan, phone=PHONE_NUMBER, email=None, since=value)

    assert row["_payload"] is not None


def test_a_rejected_row_has_every_reason_at_once_and_in_line():
    plan = make_plan(
        make_trait("Contact.name"),
        make_trait("Account.visits", TraitType.INTEGER, "Visits"),
        make_trait("Account.tags", TraitType.ARRAY, separator=","),
    )

    row, prepared = prepare_one(
        plan, phone="12", email="nobody", name="x" * 1025, Visits="9999999999", tags=",".join("a" * 101)
    )

    codes = row["_error_code"].split(" | ")
    assert list(zip(codes, row["_error_field"].split(" | "), strict=True)) == [
        ("phone_too_short", "phone"),
        ("email_no_at_sign", "email"),
        ("string_too_long", "name"),
        ("integer_out_of_range", "Visits"),
        ("array_too_long", "tags"),
        ("no_identifier", "phone, email"),
    ]
    assert [text for text in row["_error_message"].split(" | ") if "1,024" in text or "100" in text]
    assert len(row["_error_message"].split(" | ")) == len(codes)
    assert count_reasons(prepared) == dict.fromkeys(codes, 1)
    assert prepared.changes == {}


def test_no_reason_quotes_the_row():
    row, _ = prepare_one(make_plan(), phone="0123-secret", email="secret at example")

    assert "secret" not in row["_error_message"]


def test_a_row_with_one_identifier_and_nothing_else_is_kept():
    row, _ = prepare_one(make_plan(), phone=None, email=EMAIL_ADDRESS)

    assert (row["_payload"] is None, row["_error_code"]) == (False, None)


def test_changes_are_counted_for_kept_rows_only():
    rows = make_rows(
        {"phone": "(202) 555-0123", "name": " Ada "},
        {"phone": "(202) 555-0124", "visits": "x"},
        {"phone": "12", "name": " Bo "},
    )
    plan = ProfilePlan(
        traits=(PHONE, make_trait("Contact.name"), make_trait("Account.visits", TraitType.INTEGER)),
        identifiers=(PHONE_ID,),
        region_default="US",
    )

    prepared = prepare_profiles(rows, plan)

    assert prepared.changes == {
        **{"dropped_integer_invalid": 1, "phone_country_code_added": 2, "text_trimmed": 1},
    }
    assert count_reasons(prepared) == {"no_identifier": 1, "phone_too_short": 1}
    assert prepared.frame["_error_code"].count() == 1


REGIONS = {
    "by name": ("United Kingdom", "+442079460958", {"phone_country_code_added": 1}),
    "by code": ("gbr", "+442079460958", {"phone_country_code_added": 1}),
    "by default": (None, None, {"dropped_phone_too_long": 1}),
    "unknown, so by none": ("Atlantis", None, {"country_unknown": 1, "dropped_phone_no_region": 1}),
    "known, without numbers of its own": ("Antarctica", None, {"dropped_phone_no_region": 1}),
}


@pytest.mark.parametrize(("country", "phone", "changes"), REGIONS.values(), ids=REGIONS)
def test_a_national_number_is_read_in_the_region_of_its_row(country, phone, changes):
    plan = ProfilePlan(
        traits=(PHONE, EMAIL), identifiers=(EMAIL_ID,), region_column="Country", region_default="US"
    )

    row, prepared = prepare_one(plan, phone="020 7946 0958", email=EMAIL_ADDRESS, Country=country)

    assert traits_of(row)["Contact"].get("phone") == phone
    assert prepared.changes == changes


NORMALIZATIONS = {
    "email": ("email", " A B@X.com ", "ab@x.com"),
    "trim": ("trim", " A B ", "A B"),
    "none": ("none", "A B", "A B"),
}


@pytest.mark.parametrize(("normalization", "given", "value"), NORMALIZATIONS.values(), ids=NORMALIZATIONS)
def test_an_identifier_is_listed_as_the_service_will_store_it(normalization, given, value):
    identifier = IdentifierPlan(trait="Account.key", id_type="key", normalization=normalization)
    plan = ProfilePlan(traits=(make_trait("Account.key"),), identifiers=(identifier,))

    row, _ = prepare_one(plan, key=given)

    assert row["_identifier.key"] == value


def test_two_traits_of_one_identifier_type_have_a_column_each():
    mobile = make_trait("Contact.mobile", TraitType.PHONE)
    plan = make_plan(
        mobile,
        identifiers=(
            PHONE_ID,
            IdentifierPlan(trait="Contact.mobile", id_type="phone", normalization="phone"),
        ),
    )

    row, _ = prepare_one(plan, phone=None, email=None, mobile=PHONE_NUMBER)

    assert (row["_identifier.phone"], row["_identifier.phone.2"]) == (None, PHONE_NUMBER)


@pytest.mark.parametrize(("length", "is_kept"), [(255, True), (256, False)])
def test_an_identifier_keeps_to_its_own_limit(length, is_kept):
    identifier = IdentifierPlan(trait="Account.key", id_type="key", normalization="trim")
    plan = ProfilePlan(traits=(make_trait("Account.key"),), identifiers=(identifier,))

    row, prepared = prepare_one(plan, key="k" * length)

    assert (row["_payload"] is not None) is is_kept
    assert count_reasons(prepared) == ({} if is_kept else {"identifier_too_long": 1, "no_identifier": 1})


def test_no_rows_prepare_to_nothing():
    prepared = prepare_profiles(make_rows({"phone": "x", "email": "y"}).clear(), make_plan())

    assert prepared.frame.is_empty()
    assert (
        prepared.frame.schema["_value.Contact.phone"]
        == prepared.frame.schema["_identifier.phone"]
        == pl.String
    )
    assert prepared.frame.schema["_bytes"] == pl.Int64
    assert prepared.changes == {}


def test_rows_in_parts_are_prepared_as_they_are_together():
    rows = make_rows(
        *[
            {"phone": f"20255501{n:02d}", "name": f'n "{n}"' if n % 7 else "plain", "visits": str(n)}
            for n in range(40)
        ],
        {"phone": "1", "visits": "x"},
    ).with_columns(email=pl.lit(None, dtype=pl.String))
    plan = make_plan(make_trait("Contact.name"), make_trait("Account.visits", TraitType.INTEGER))

    parts = [prepare_profiles(rows[start : start + 3], plan).frame for start in range(0, rows.height, 3)]

    assert pl.concat(parts).equals(prepare_profiles(rows, plan).frame)


@pytest.mark.skipif(not CUSTOMERS.exists(), reason="the shared sample of customers is not there")
def test_the_sample_of_customers_is_prepared():
    rows = pl.read_csv(CUSTOMERS, infer_schema=False).with_columns(
        _file=pl.lit("customers.csv"), _row=pl.int_range(1, pl.len() + 1)
    )
    plan = ProfilePlan(
        traits=(
            make_trait("Contact.firstName", TraitType.STRING, "First Name"),
            make_trait("Contact.phone", TraitType.PHONE, "Phone 1", "Phone 2"),
            make_trait("Contact.email", TraitType.EMAIL, "Email"),
            make_trait("Account.since", TraitType.DATE, "Subscription Date"),
        ),
        identifiers=(PHONE_ID, EMAIL_ID),
        region_column="Country",
    )

    prepared = prepare_profiles(rows, plan)

    assert prepared.frame["_error_code"].null_count() == prepared.frame.height
    assert all(json.loads(payload)["traits"]["Contact"]["email"] for payload in write_kept(prepared, plan))


SEVERAL = {
    "both valid": ("(202) 555-0123", "+1 202 555 0124", "all", ["+12025550124"], []),
    "both the same": ("(202) 555-0123", PHONE_NUMBER, "all", [], []),
    "the first refused": ("12", PHONE_NUMBER, "all", [], [("Phone 1", "phone_too_short")]),
    "the second refused": (PHONE_NUMBER, "12", "all", [], [("Phone 2", "phone_too_short")]),
    "the first blank": (None, PHONE_NUMBER, "all", [], []),
    "both refused": ("12", "1", "all", [], [("Phone 2", "phone_not_a_number")]),
    "the first alone is asked for": (
        *(PHONE_NUMBER, "+1 202 555 0124", "first", []),
        [("Phone 2", "further_value_left_out")],
    ),
}


@pytest.mark.parametrize(("first", "second", "several", "kept", "dropped"), SEVERAL.values(), ids=SEVERAL)
def test_what_stands_beside_a_value_is_an_identifier_or_dropped(first, second, several, kept, dropped):
    phone = make_trait("Contact.phone", TraitType.PHONE, "Phone 1", "Phone 2", several=several)
    plan = ProfilePlan(traits=(phone, EMAIL), identifiers=(PHONE_ID, EMAIL_ID), region_default="US")
    rows = make_rows({"email": EMAIL_ADDRESS}, {"email": EMAIL_ADDRESS, "Phone 1": first, "Phone 2": second})

    others = prepare_profiles(rows, plan).others

    assert set(others["_row"]) <= {2}
    assert set(others["trait"]) <= {"Contact.phone"}
    identifiers = others.filter(pl.col("id_type") == "phone")
    assert identifiers["value"].to_list() == kept
    assert others.filter(pl.col("value").is_null()).select("column", "code").rows() == dropped
    assert len(others) == len(kept) + len(dropped)


def test_a_further_email_identifies_as_the_service_stores_it():
    email = make_trait("Contact.email", TraitType.EMAIL, "Work", "Home")
    plan = ProfilePlan(traits=(email,), identifiers=(EMAIL_ID,))
    others = prepare_profiles(make_rows({"Work": EMAIL_ADDRESS, "Home": "Ada.L@example.com"}), plan).others
    assert others.select("id_type", "value").rows() == [("email", "ada.l@example.com")]


def test_further_values_of_a_rejected_row_identify_nobody():
    phone = make_trait("Contact.phone", TraitType.PHONE, "Phone 1", "Phone 2")
    strict = make_trait("Account.visits", TraitType.INTEGER, on_invalid="reject")
    plan = ProfilePlan(traits=(phone, strict), identifiers=(PHONE_ID,), region_default="US")
    rows = make_rows({"Phone 1": PHONE_NUMBER, "Phone 2": "+1 202 555 0124", "visits": "many"})
    assert prepare_profiles(rows, plan).others["id_type"].to_list() == [None]


def test_of_a_trait_that_identifies_nobody_the_first_value_is_sent_and_the_others_are_named():
    company = make_trait("Account.company", TraitType.STRING, "Company", "Account")
    plan = make_plan(company)
    rows = make_rows(
        {"email": EMAIL_ADDRESS, "Company": "Acme", "Account": "Acme Ltd"},
        {"email": EMAIL_ADDRESS, "Company": "Acme", "Account": "Acme"},
        {"email": EMAIL_ADDRESS, "phone": None, "Account": "Acme"},
    )
    prepared = prepare_profiles(rows, plan)
    assert prepared.frame["_value.Account.company"].to_list() == ["Acme"] * 3
    assert prepared.others.select("_row", "column", "value", "code").rows() == [
        (1, "Account", None, "further_value_left_out")
    ]


def test_every_value_has_its_code():
    plan = make_plan()
    rows = make_rows(
        {"phone": "(202) 555-0123", "email": EMAIL_ADDRESS},
        {"phone": "12", "email": " ada@example.com"},
        {"phone": None, "email": "nobody"},
        {"phone": PHONE_NUMBER},
    )
    frame = prepare_profiles(rows, plan).frame
    assert frame["_code.Contact.phone"].to_list() == [
        *("phone_country_code_added", "phone_too_short", None, None)
    ]
    assert frame["_code.Contact.email"].to_list() == [None, "email_trimmed", "email_no_at_sign", None]
