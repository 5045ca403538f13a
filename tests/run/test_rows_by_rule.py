"""Rows by rule: the spec says which rows are let through, and which row of a person wins."""

from pathlib import Path
from typing import Any

import pytest

from memory_import.errors import UsageProblem
from memory_import.ledger.staging.staged import Staging
from memory_import.run.lifecycle.result import RunResult
from memory_import.spec.file import load_spec
from tests.support.workplace import TRAITS, Workplace, payloads_of, rows_of, write_customers, write_spec

STATES = (
    "Ada,+12025550101,ada@example.com,active",
    "Bram,+12025550102,bram@example.com, trial ",
    "Cleo,+12025550103,cleo@example.com,",
    "Dov,+12025550104,dov@example.com,true",
    "Eve,+12025550105,eve@example.com,lost",
)
FLAGS = ("Ada,,ada@example.com,1", "Bram,,bram@example.com,1.0", "Cleo,,cleo@example.com,2024-01-31")


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        pytest.param(["active", "trial"], "Ada Bram", id="a list, compared without whitespace around it"),
        pytest.param("active", "Ada", id="one text"),
        pytest.param({"is": ["active", "lost"], "not": "lost"}, "Ada", id="both conditions"),
        pytest.param({"not": ["active", "trial"]}, "Cleo Dov Eve", id="not: blank cells are let through"),
        pytest.param("", "Cleo", id="blank"),
        pytest.param(None, "Cleo", id="blank, written as nothing"),
        pytest.param({"not": ""}, "Ada Bram Dov Eve", id="filled"),
        pytest.param([True], "Dov", id="true without quotes is a text"),
        pytest.param(["Active"], "", id="case counts"),
    ],
)
def test_rows_that_the_condition_does_not_let_through_are_excluded(
    workplace: Workplace, condition: Any, sent: str
) -> None:
    write_customers(workplace.folder, *STATES)
    write_spec(workplace.folder, where={"Since": condition})
    result = workplace.carry_out()
    names = sent.split()
    found = {"read": 5, "completed": len(names), "excluded": 5 - len(names)}
    assert rows_of(result) == {outcome: count for outcome, count in found.items() if count}
    assert result.report["exit_code"] == 0
    kept = [row.split(",")[0] for row, payload in zip(STATES, payloads_of(result), strict=True) if payload]
    assert kept == names
    assert (Path(result.folder) / "rejects.csv").read_text().splitlines()[1:] == []


@pytest.mark.parametrize(
    ("condition", "sent"),
    [("[1.0]", 2), ("{not: 1.0}", 1), ("[1]", 1), ('["1.0"]', 1), ("[2024-01-31]", 1), ("2024-01-31", 1)],
)
def test_a_number_or_a_date_without_quotes_is_what_a_column_of_those_has(
    workplace: Workplace, condition: str, sent: int
) -> None:
    write_customers(workplace.folder, *FLAGS)
    spec = write_spec(workplace.folder, where={"Since": "CONDITION"})
    spec.write_text(spec.read_text().replace("CONDITION", condition))
    assert rows_of(workplace.carry_out()).get("completed") == sent


def test_all_conditions_have_to_be_met_and_null_values_are_blank(workplace: Workplace) -> None:
    write_customers(workplace.folder, *STATES, "Fay,,fay@example.com,NULL")
    source = {"path": "customers.csv", "null_values": ["NULL"]}
    write_spec(workplace.folder, source=source, where={"Since": "", "Name": {"not": "Cleo"}})
    assert rows_of(workplace.carry_out()) == {"read": 6, "completed": 1, "excluded": 5}


def test_values_of_excluded_rows_are_not_sent_and_the_fates_still_sum(workplace: Workplace) -> None:
    write_customers(workplace.folder, *STATES, ",12,not an email,lost")
    write_spec(workplace.folder, where={"Since": "active"})
    traits = workplace.carry_out().report["loads"]["profiles"]["traits"]
    name = traits["Contact.firstName"]
    assert (name["sent"], name["not_sent"], name["blank"]) == (1, 4, 1)
    assert (traits["Contact.email"]["not_sent"], traits["Contact.email"]["dropped"]) == (5, {})


def _firsts(result: RunResult) -> dict[str, Any]:
    fates: dict[str, Any] = result.report["loads"]["profiles"]["traits"]["Contact.firstName"]
    return fates


@pytest.mark.parametrize(
    ("latest", "cells", "winner"),
    [
        pytest.param(None, ("2024-03-01", "2024-01-01", "2024-02-01"), "Three", id="left out: the later row"),
        pytest.param("Since", ("2024-03-01", "2024-01-01", "2024-02-01"), "One", id="the latest"),
        pytest.param("Since", ("", "2024-01-01", ""), "Two", id="a row that says nothing never wins"),
        pytest.param("Since", ("2024-01-01", "2024-01-01", ""), "Two", id="of equals the later row"),
        pytest.param("Since", ("2024-01-01", "2024-01-01T00:01:00", "2023-12-31"), "Two", id="minutes count"),
        pytest.param(
            {"column": "Since", "format": "%d.%m.%Y"},
            ("02.01.2024", "01.02.2024", "03.01.2024"),
            "Two",
            id="in the format of the spec",
        ),
        pytest.param("Since", ("soon", "2024-01-01", "later"), "Two", id="what is no time never wins"),
    ],
)
def test_the_row_that_was_changed_last_wins(
    workplace: Workplace, latest: Any, cells: tuple[str, str, str], winner: str
) -> None:
    named = zip(("One", "Two", "Three"), cells, strict=True)
    write_customers(workplace.folder, *(f"{name},,ada@example.com,{cell}" for name, cell in named))
    nameless = {"names": []}
    write_spec(workplace.folder, persons=nameless, **({} if latest is None else {"latest": latest}))
    result = workplace.carry_out()
    assert rows_of(result) == {"read": 3, "completed": 1, "merged": 2}
    assert (_firsts(result)["sent"], _firsts(result)["superseded"]) == (1, 2)
    assert _sent_names(result) == [winner]
    understood = sum(cell not in {"soon", "later"} for cell in cells)
    refused = {"dropped_datetime_invalid": 3 - understood} if understood < 3 else {}
    changes = result.report["loads"]["profiles"]["changes"]
    assert {code: count for code, count in changes.items() if "datetime" in code} == refused


def test_a_time_of_a_row_that_is_not_understood_is_a_dropped_value(workplace: Workplace) -> None:
    write_customers(workplace.folder, *STATES[:3], "Ada,,ada@example.com,2024-01-31", "Fay,1,2,3,4")
    write_spec(workplace.folder, latest="Since", where={"Name": {"not": "Bram"}})
    result = workplace.carry_out()
    fates = result.report["loads"]["profiles"]["traits"]["latest"]
    assert {name: count for name, count in fates.items() if name != "others" and count} == {
        "read": 5,
        "blank": 1,
        "filled": 4,
        "dropped": {"datetime_invalid": 1},
        "not_sent": 3,
    }
    (dropped,) = (Path(result.folder) / "dropped.csv").read_text().splitlines()[1:]
    assert dropped.endswith("customers.csv,1,latest,Since,active,datetime_invalid")


def test_nothing_is_sent_where_most_times_of_rows_are_not_understood(workplace: Workplace) -> None:
    days = [f"Ada,,ada{day}@example.com,{day}.05.2024" for day in range(10, 25)]
    write_customers(workplace.folder, *days)
    write_spec(workplace.folder, latest="Since")
    stopped = workplace.carry_out()
    assert (stopped.report["exit_code"], rows_of(stopped)) == (3, {"read": 15, "pending": 15})
    assert stopped.problem is not None
    assert 'format: "%d.%m.%Y", timezone: UTC` in profiles.latest' in stopped.problem.problems[0]
    write_spec(workplace.folder, latest={"column": "Since", "format": "%d.%m.%Y"})
    assert workplace.carry_out().report["exit_code"] == 0


def _sent_names(result: RunResult) -> list[str]:
    """The first names in the entries that were sent for persons of several rows."""
    staging = Staging(Path(result.folder) / "profiles")
    sent = "".join(
        payload for part in staging.merged_parts for payload in staging.entries(part, "_payload")["_payload"]
    )
    return [name for name in ("One", "Two", "Three") if f'"{name}"' in sent]


def test_a_losing_identifier_goes_first_and_the_latest_stays_last(workplace: Workplace) -> None:
    write_customers(
        workplace.folder,
        "Ada New,+12025550102,ada@example.com,2024-05-01",
        "Ada,+12025550101,ada@example.com,2020-01-01",
    )
    write_spec(workplace.folder, latest="Since")
    result = workplace.carry_out()
    assert result.report["loads"]["profiles"]["traits"]["Contact.phone"]["superseded"] == 1
    staging = Staging(Path(result.folder) / "profiles")
    (part,) = staging.merged_parts
    payloads = staging.entries(part, "_payload")["_payload"].to_list()
    assert ["0101" in payload for payload in payloads] == [True, False]
    assert '"Ada New"' in payloads[-1]


def test_a_condition_and_a_time_that_cannot_be_are_said(workplace: Workplace) -> None:
    path = write_spec(
        workplace.folder,
        traits=TRAITS,
        where={"Status": {"isnt": "lost"}},
        latest={"column": "Since", "format": "soon"},
    )
    with pytest.raises(UsageProblem) as problem:
        load_spec(path, {}, is_emulator=False, sources=None)
    assert any("unknown key profiles.where.Status.isnt" in text for text in problem.value.problems)
    assert any("profiles.latest: the format 'soon'" in text for text in problem.value.problems)
