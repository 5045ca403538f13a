"""The sample files, and exactly what becomes of every messy row."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import phonenumbers
import polars as pl
import pytest

from memory_import.ledger.staging.staged import Staging
from memory_import.run.pipeline import RunResult
from memory_import.run.request import Action, RunRequest
from tests.support.workplace import Workplace, payloads_of, rows_of

SAMPLES = Path(__file__).parents[2] / "sample_data"
NO_ID = "no_identifier"

REJECTED = {
    5: ("phone_too_short", "phone_too_short", NO_ID),
    7: ("phone_spreadsheet_damage", NO_ID),
    14: ("phone_no_region", NO_ID),
    16: ("phone_not_a_number", NO_ID),
    20: ("email_no_at_sign", NO_ID),
    22: ("email_special_use_domain", NO_ID),
    23: ("email_bad_domain", NO_ID),
    24: ("ragged_row",),
    25: ("ragged_row",),
    26: (NO_ID,),
    27: (NO_ID,),
    39: ("integer_out_of_range",),
    40: ("integer_invalid",),
    48: ("invalid_bytes",),
    49: ("unclosed_quote",),
    50: ("phone_too_short", "email_no_at_sign", "integer_invalid", NO_ID),
}
MERGED_INTO = {28: 29, 30: 31, 32: 34, 33: 34, 35: 36}
CHANGES = {
    "dropped_array_too_long": 1,
    "dropped_date_invalid": 2,
    "dropped_email_no_at_sign": 1,
    "dropped_phone_invalid_for_region": 1,
    "dropped_phone_not_a_number": 1,
    "dropped_phone_spreadsheet_damage": 1,
    "dropped_phone_too_short": 1,
    "dropped_string_too_long": 1,
    "email_lowercased": 2,
    "email_surroundings_dropped": 1,
    "email_trimmed": 1,
    "extra_identifier": 1,
    "integer_fraction_dropped": 1,
    "invisible_characters_removed": 2,
    "phone_apostrophe_dropped": 1,
    "phone_country_code_added": 6,
    "phone_extension_dropped": 1,
    "phone_international_prefix_replaced": 1,
    "phone_letters_changed": 1,
    "phone_plus_added": 1,
    "phone_reformatted": 7,
}


def import_sample(state_dir: Path, spec: str, **changes: Any) -> RunResult:
    request = RunRequest(state_dir=state_dir, spec_path=SAMPLES / spec, **changes)
    return Workplace(state_dir).carry_out(request)


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The messy file, imported into the embedded emulator."""
    return import_sample(tmp_path_factory.mktemp("messy"), "messy.yaml", emulator=True)


def test_the_messy_rows_end_as_they_are_documented(messy: RunResult) -> None:
    load = messy.report["loads"]["profiles"]
    assert rows_of(messy) == {"read": 50, "completed": 29, "merged": 5, "rejected": 16}
    assert load["reject_reasons"] == {
        code: sum(code in codes for codes in REJECTED.values())
        for code in sorted({code for codes in REJECTED.values() for code in codes})
    }
    assert load["changes"] == CHANGES
    assert load["sent"] == 30  # one row has two email addresses to be found by
    assert load["batches"]["completed"] == load["batches"]["total"]
    assert (messy.report["exit_code"], messy.report["status"]) == (1, "finished")
    assert messy.report["target"]["emulator"] is True


def test_every_messy_row_has_the_outcome_that_its_first_column_tells(messy: RunResult) -> None:
    outcomes = pl.read_parquet(Path(messy.folder) / "outcomes.parquet")
    assert outcomes["_row"].to_list() == list(range(1, 51))
    expected = [
        "rejected" if row in REJECTED else "merged" if row in MERGED_INTO else "completed"
        for row in range(1, 51)
    ]
    assert outcomes["outcome"].to_list() == expected
    merged = outcomes.filter(pl.col("outcome") == "merged")
    assert dict(merged.select("_row", "merged_into_row").rows()) == MERGED_INTO
    problems = [row["Problem"] for row in read_messy()]
    assert [row for row, problem in enumerate(problems, 1) if ": rejected" in problem] == list(REJECTED)


def test_the_rejects_file_holds_the_rows_as_they_were_with_all_their_reasons(messy: RunResult) -> None:
    with (Path(messy.folder) / "rejects.csv").open(newline="", errors="replace") as stream:
        header, *lines = csv.reader(stream)
    # A row with too few or too many fields keeps them: the reasons are the last five.
    rejects = [dict(zip(header, [*line[:-5][: len(header) - 5], *line[-5:]], strict=False)) for line in lines]
    rejects = [
        row | dict(zip(header[-5:], line[-5:], strict=True)) for row, line in zip(rejects, lines, strict=True)
    ]
    assert {int(row["_row"]): tuple(row["_error_code"].split(" | ")) for row in rejects} == REJECTED
    assert all(row["_error_message"] for row in rejects)
    assert {Path(row["_file"]).name for row in rejects} == {"messy.csv"}
    originals = {row["Customer Id"]: row for row in read_messy()}
    whole = [row for row in rejects if int(row["_row"]) not in {24, 25, 48, 49}]
    assert len(whole) == 12
    for row in whole:
        assert {name: row[name] for name in originals["M01"]} == originals[row["Customer Id"]]


def read_messy() -> list[dict[str, str]]:
    """The messy file as Python's own `csv` reads it; the quote of row 49 hides the row behind it."""
    lines = (SAMPLES / "messy.csv").read_text(errors="replace").replace('"Vale and Son', "Vale and Son")
    return list(csv.DictReader(lines.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("row", "group", "trait", "value"),
    [
        pytest.param(1, "Contact", "phone", "+12025550150", id="national number"),
        pytest.param(2, "Contact", "phone", "+12025550151", id="extension"),
        pytest.param(3, "Contact", "phone", "+442079460502", id="second column"),
        pytest.param(4, "Contact", "phone", None, id="no valid phone"),
        pytest.param(6, "Contact", "phone", None, id="spreadsheet damage"),
        pytest.param(8, "Contact", "phone", "+442079460508", id="apostrophe"),
        pytest.param(9, "Contact", "phone", "+12025550159", id="letters"),
        pytest.param(10, "Contact", "phone", "+442079460510", id="dialling prefix"),
        pytest.param(11, "Contact", "phone", "+442079460511", id="no plus"),
        pytest.param(12, "Contact", "phone", "+61491570156", id="ISO-3"),
        pytest.param(13, "Contact", "phone", "+493023125913", id="ISO-2"),
        pytest.param(15, "Contact", "phone", "+12025550165", id="no country"),
        pytest.param(17, "Contact", "email", "M17.Nadia@example.com", id="capitals"),
        pytest.param(18, "Contact", "email", "m18@example.com", id="spaces"),
        pytest.param(19, "Contact", "email", None, id="no at sign"),
        pytest.param(37, "Account", "since", None, id="date in another format"),
        pytest.param(41, "Account", "visits", 12, id="fraction of zeros"),
        pytest.param(42, "Account", "company", None, id="1,025 characters"),
        pytest.param(43, "Account", "tags", None, id="101 tags"),
        pytest.param(44, "Account", "company", "Otter\nand Daughters", id="line break"),
        pytest.param(45, "Account", "company", 'The "Good" Tea', id="quotes"),
        pytest.param(46, "Account", "tags", ["zażółć", "日本"], id="beyond ASCII"),
        pytest.param(47, "Contact", "firstName", "Iris", id="invisible characters"),
    ],
)
def test_a_messy_value_is_sent_as_it_should_be(
    messy: RunResult, row: int, group: str, trait: str, value: object
) -> None:
    payload = payloads_of(messy)[row - 1]
    assert payload is not None
    assert json.loads(payload)["traits"][group].get(trait) == value


@pytest.mark.parametrize(
    ("representative", "contact"),
    [
        pytest.param(
            29,
            {"firstName": "Rosa", "lastName": "Lindgren", "phone": "+12025550178"},
            id="by phone, later wins",
        ),
        pytest.param(
            31,
            {"firstName": "Bram", "lastName": "After", "email": "M30@example.com"},
            id="by email, later wins",
        ),
        pytest.param(
            34,
            {"firstName": "Esme", "lastName": "Chain", "phone": "+442079460532", "email": "m33@example.com"},
            id="transitively",
        ),
        pytest.param(
            36,
            {
                "firstName": "Greta",
                "lastName": "Wick",
                "phone": "+61255501735",
                "email": "m35.new@example.com",
            },
            id="two addresses, the later is kept",
        ),
    ],
)
def test_rows_of_one_person_are_merged(
    messy: RunResult, representative: int, contact: dict[str, str]
) -> None:
    merged = Staging(Path(messy.folder) / "profiles").read(
        "merged-00000", "_representative", "_is_final", "_payload"
    )
    final = merged.filter(pl.col("_is_final") & (pl.col("_representative") == representative - 1))
    assert json.loads(final["_payload"].item())["traits"]["Contact"] == contact


def test_the_clean_customers_are_clean(tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(
        (SAMPLES / "messy.yaml").read_text().replace("path: messy.csv", f"path: {SAMPLES / 'customers.csv'}")
    )
    result = import_sample(tmp_path, str(tmp_path / "clean.yaml"), action=Action.PLAN)
    assert rows_of(result) == {"read": 120, "planned": 120}
    assert set(result.report["loads"]["profiles"]["changes"]) == {"phone_reformatted", "extra_identifier"}


SAMPLE_NUMBERS = re.compile(
    r"\+1(202|416)55501\d\d|\+442079460\d{3}|\+61(491570(006|1\d\d)|255501\d{3})|\+493023125\d{3}"
    r"|\+3319900\d{4}|\+468465004\d\d"
)


def test_nobody_can_be_called_or_written_to() -> None:
    customers = pl.read_csv(SAMPLES / "customers.csv", infer_schema=False)
    numbers = [number for number in [*customers["Phone 1"], *customers["Phone 2"]] if number]
    for number in numbers:
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed)
        assert SAMPLE_NUMBERS.fullmatch(
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        )
    assert customers["Email"].str.ends_with("@example.com").all()
    assert customers["Country"].n_unique() == 7
    assert {len(set(numbers)), customers["Email"].n_unique()} == {len(numbers), 120}


def test_every_note_of_the_demo_has_the_outcome_that_its_first_column_tells(tmp_path: Path) -> None:
    result = import_sample(tmp_path, "demo.yaml", emulator=True)
    outcomes = pl.read_parquet(Path(result.folder) / "outcomes-observations.parquet")["outcome"].to_list()
    problems = pl.read_csv(SAMPLES / "notes.csv", infer_schema=False)["Problem"].fill_null("").to_list()
    told = ["rejected" if problem.endswith(": rejected") else "accepted" for problem in problems]
    assert outcomes == told
