"""People that the spec's list of identifiers names are excluded, with all of their rows."""

import json
from pathlib import Path

import pytest

from memory_import.run.lifecycle.result import RunResult
from tests.support.workplace import TRAITS, Workplace, rows_of, write_customers, write_spec

CUSTOMERS = (
    "Ada,+12025550101,ada@example.com,",
    "Ada,,ada@example.com,",
    "Ada,+12025550101,,",
    "Bram,+12025550102,bram@example.com,",
    "Cleo,,Cleo.Heron@Example.com,",
    "Dov,+12025550104,,+12025550105",
)


def carry_out(workplace: Workplace, *listed: str) -> RunResult:
    write_customers(workplace.folder, *CUSTOMERS)
    (workplace.folder / "stop.csv").write_text("\n".join(listed) + "\n")
    traits = {"Contact": {**TRAITS["Contact"], "phone": {"column": ["Phone", "Since"], "type": "phone"}}}
    write_spec(workplace.folder, traits=traits, suppress="stop.csv")
    return workplace.carry_out()


@pytest.mark.parametrize(
    ("listed", "excluded"),
    [
        pytest.param(["+12025550101"], 3, id="all rows of the person, those without the value, too"),
        pytest.param(["(202) 555-0102"], 1, id="a number as people write it, of the default country"),
        pytest.param(["cleo.heron@example.com"], 1, id="an email of other case"),
        pytest.param(["+1 202-555-0105"], 1, id="a further number of a row"),
        pytest.param(["Email", "", "bram@example.com,", '"+12025550104"'], 2, id="heading, blank, quotes"),
        pytest.param(
            ["ada@example.com", "+12025550102", "+12025550104", "cleo.heron@example.com"], 6, id="all"
        ),
        pytest.param(["nobody@example.com"], 0, id="nobody of them"),
        pytest.param([f"{name}@example.com" for name in ("ada", "bram", "cleo.heron")], 5, id="several"),
    ],
)
def test_the_person_is_excluded_and_the_others_are_sent(
    workplace: Workplace, listed: list[str], excluded: int
) -> None:
    result = carry_out(workplace, *listed)
    rows = rows_of(result)
    assert rows.get("excluded", 0) == excluded
    assert rows.get("completed", 0) + rows.get("merged", 0) == 6 - excluded
    assert result.report["exit_code"] == 0
    traits = result.report["loads"]["profiles"]["traits"]
    assert traits["Contact.firstName"]["not_sent"] == excluded
    assert (Path(result.folder) / "rejects.csv").read_text().count("\n") == 1


def test_a_line_that_is_no_identifier_ends_the_run_before_anything_is_sent(workplace: Workplace) -> None:
    result = carry_out(workplace, "+12025550101", "ada at example", "12")
    assert result.problem is not None
    assert "line 2, 3; expected one of type phone or email" in str(result.problem)
    assert result.problem.exit_code == 2


@pytest.mark.parametrize(
    ("listed", "line"),
    [
        pytest.param(["Phone", "(202) 555-0102", "C-2"], 2, id="brackets"),
        pytest.param(["Phone", "202-555-0102"], 2, id="hyphens"),
        pytest.param(["Phone", "+1 202 555"], 2, id="a plus"),
        pytest.param(["Email", "bram@example"], 2, id="an address"),
        pytest.param(["(202) 555-0102"], 1, id="no heading in the first line"),
    ],
)
def test_a_line_that_looks_like_another_identifier_is_no_customer_number(
    workplace: Workplace, listed: list[str], line: int
) -> None:
    write_customers(workplace.folder, "C-2,+12025550102,bram@example.com,")
    (workplace.folder / "stop.csv").write_text("\n".join(listed) + "\n")
    setup = {"identifiers": {"crm_id": "Contact.firstName"}}
    spec = write_spec(workplace.folder, suppress="stop.csv", region={})
    spec.write_text(f"setup: {json.dumps(setup)}\n{spec.read_text()}")
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.problem is not None
    assert f"holds no identifier in line {line};" in str(result.problem)


def test_a_blocked_value_that_is_not_understood_is_no_customer_number(workplace: Workplace) -> None:
    write_customers(workplace.folder, "C-2,+12025550102,bram@example.com,")
    block = ["(202) 555-0102", "bram@example", "C-1"]
    spec = write_spec(workplace.folder, persons={"block": block}, region={})
    setup = {"identifiers": {"crm_id": "Contact.firstName"}}
    spec.write_text(f"setup: {json.dumps(setup)}\n{spec.read_text()}")
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.problem is not None
    assert "block: '(202) 555-0102', 'bram@example' is no identifier" in str(result.problem)


def test_a_list_that_is_not_there_ends_the_run(workplace: Workplace) -> None:
    write_customers(workplace.folder, *CUSTOMERS)
    write_spec(workplace.folder, suppress="stop.csv")
    result = workplace.carry_out()
    assert result.problem is not None
    assert "stop.csv cannot be read" in str(result.problem)
