"""A point that separates thousands is no decimal mark: where the file shows it, nothing is sent."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.errors import ExitCode
from memory_import.run.lifecycle.result import RunResult
from tests.support.workplace import STORE, Workplace


def carry_out(workplace: Workplace, cells: list[str], *, delimiter: str = ",", **traits: Any) -> RunResult:
    """Run a file with these cells as `Turnover`, and its number among them as `Share`."""
    lines = [f'+1202555{n:04}{delimiter}"{cell}"{delimiter}"{n},5"' for n, cell in enumerate(cells, 101)]
    text = "\n".join([delimiter.join(("Phone", "Turnover", "Share")), *lines])
    (workplace.folder / "customers.csv").write_text(text + "\n")
    account = traits or {"turnover": {"column": "Turnover", "type": "number"}}
    contact = {"phone": {"column": "Phone", "type": "phone"}}
    body = {"source": "customers.csv", "traits": {"Contact": contact, "Account": account}}
    write_spec(workplace.folder, {"version": 1, "store": STORE, "profiles": body})
    return workplace.carry_out(workplace.request(emulator=True))


def write_spec(folder: Path, spec: dict[str, Any]) -> None:
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def number(column: str = "Turnover", **options: Any) -> dict[str, Any]:
    return {"column": column, "type": "number", **options}


STOPPED = {
    "a cell of the column": (["1.234", "1.234,56", "950"], ",", {}),
    "a cell of the column, though another speaks against it": (["1.234", "1,5", "12.5"], ",", {}),
    "another trait that says so": (
        ["1.234"],
        ",",
        {"turnover": number(), "share": number("Share", decimal=",")},
    ),
    "cells of another trait": (["1.234"] * 3, ",", {"turnover": number(), "share": number("Share")}),
    "semicolons": (["1.234", "12.500", "950"], ";", {}),
}
SENT = {
    "no comma anywhere": (["1.234", "12.500"], ",", {}),
    "semicolons and a point that is a decimal mark": (["1.234", "12.5"], ";", {}),
    "thousands with a comma": (["1.234", "1,234,567"], ",", {}),
    "the mark is stated": (["1.234", "1.234,56"], ",", {"turnover": number(decimal=".")}),
    "the comma is stated": (["1.234", "1.234,56"], ",", {"turnover": number(decimal=",")}),
    "no cell in doubt": (["950", "1.234,56"], ",", {}),
}


@pytest.mark.parametrize(("cells", "delimiter", "traits"), STOPPED.values(), ids=STOPPED)
def test_nothing_is_sent_where_a_comma_is_shown_to_be_the_decimal_mark(
    workplace: Workplace, cells: list[str], delimiter: str, traits: dict[str, Any]
) -> None:
    result = carry_out(workplace, cells, delimiter=delimiter, **traits)
    assert result.report["exit_code"] == ExitCode.BUDGET
    assert result.report["loads"]["profiles"]["sent"] == 0
    assert result.problem is not None
    [problem, last] = result.problem.problems
    assert problem.startswith("profiles.traits.Account.turnover: ")
    assert f"(row 1 of {workplace.folder / 'customers.csv'}: a text like '9.999')" in problem
    assert 'decimal: ","' in problem
    assert "Nothing was sent" in last


@pytest.mark.parametrize(("cells", "delimiter", "traits"), SENT.values(), ids=SENT)
def test_it_is_sent_where_nothing_speaks_against_it(
    workplace: Workplace, cells: list[str], delimiter: str, traits: dict[str, Any]
) -> None:
    result = carry_out(workplace, cells, delimiter=delimiter, **traits)
    assert result.problem is None
    assert result.report["loads"]["profiles"]["sent"] == len(cells)
