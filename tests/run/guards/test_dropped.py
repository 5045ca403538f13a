"""Where most values of a trait would be dropped nothing is sent, and the line that mends it is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.errors import ExitCode, UsageProblem
from memory_import.ledger.report.words import next_steps
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from tests.support.workplace import Workplace, rows_of, write_customers, write_spec

HEADER = "Name;Telefon;Geboren;Angelegt;Umsatz;Werbung"
CONTACT = {"firstName": "Name", "phone": {"column": "Telefon", "type": "phone"}}


def write_german(folder: Path, account: dict[str, Any], *, rows: int = 20, **profiles: Any) -> None:
    """An export as a German spreadsheet writes it, and a spec for it."""
    lines = [
        f"Ada;030 84719 2{n:02};{n + 1:02}.12.1990;{n + 1:02}.05.2024 08:{n:02};1.2{n:02},50 €;Erlaubt"
        for n in range(rows)
    ]
    (folder / "customers.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    body = {
        "source": {"path": "customers.csv", "delimiter": ";"},
        "region": {"default": "DE"},
        "traits": {"Contact": CONTACT, "Account": account},
        **profiles,
    }
    spec = {"version": 1, "store": "mem_store_00000000000000000000000001", "profiles": body}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


PLAIN = {
    "born": {"column": "Geboren", "type": "date"},
    "created": {"column": "Angelegt", "type": "datetime"},
    "turnover": {"column": "Umsatz", "type": "number"},
    "ads": {"column": "Werbung", "type": "boolean"},
}
MENDED = {
    "born": {**PLAIN["born"], "format": "%d.%m.%Y"},
    "created": {**PLAIN["created"], "format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"},
    "turnover": {**PLAIN["turnover"], "decimal": ","},
    "ads": {**PLAIN["ads"], "true": ["Erlaubt"]},
}
LINES = {
    "Account.born": '`format: "%d.%m.%Y"`',
    "Account.created": '`format: "%d.%m.%Y %H:%M", timezone: UTC`',
    "Account.turnover": '`decimal: ","`',
    "Account.ads": "`true: […], false: […]`",
}


def problems_of(result: RunResult) -> tuple[str, ...]:
    assert result.problem is not None
    return result.problem.problems


def test_a_german_export_is_held_back_and_every_trait_has_the_line_that_mends_it(
    workplace: Workplace,
) -> None:
    write_german(workplace.folder, PLAIN)
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.report["exit_code"] == ExitCode.BUDGET
    assert result.report["loads"]["profiles"]["sent"] == 0
    assert rows_of(result) == {"read": 20, "pending": 20}
    *of_traits, last = problems_of(result)
    assert "Nothing was sent" in last
    for (path, line), problem in zip(LINES.items(), of_traits, strict=True):
        assert problem.startswith(f"profiles.traits.{path}: 20 of 20 values would be dropped (")
        assert f"First in row 1 of {workplace.folder / 'customers.csv'}" in problem
        assert f"This would read them: {line} in profiles.traits.{path}" in problem
    assert "(the texts are: Erlaubt)" in of_traits[-1]
    assert "found a text like '99.99.9999'" in of_traits[0]
    assert "01.12.1990" not in "".join(of_traits)
    first, second, *_ = next_steps(result.report, result.folder)
    assert first.command.startswith(f"memory-import run {workplace.folder}/spec.yaml")
    assert all(f"{line} in profiles.traits.{path}" in first.purpose for path, line in LINES.items())
    assert second.purpose == "to go on as it is, with a larger --max-dropped"


def test_with_those_lines_it_runs_through(workplace: Workplace) -> None:
    write_german(workplace.folder, MENDED)
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.problem is None
    assert rows_of(result) == {"read": 20, "completed": 20}
    traits = result.report["loads"]["profiles"]["traits"]
    assert [traits[path]["dropped"] for path in LINES] == [{}] * 4


def test_numbers_without_their_country_are_told_of_it(workplace: Workplace) -> None:
    write_german(workplace.folder, MENDED, region={})
    [problem, _] = problems_of(workplace.carry_out(workplace.request(emulator=True)))
    assert problem.startswith(
        "profiles.traits.Contact.phone: 20 of 20 values would be dropped (phone_no_region"
    )
    assert "`region: {default: …}` in profiles (they are valid in " in problem
    assert " DE" in problem.partition("valid in")[2]


@pytest.mark.parametrize(
    ("rows", "max_dropped", "code"),
    [
        pytest.param(9, None, ExitCode.DONE, id="fewer than ten values"),
        pytest.param(10, None, ExitCode.BUDGET, id="ten values"),
        pytest.param(20, "100%", ExitCode.DONE, id="all may be dropped"),
        pytest.param(20, "99%", ExitCode.BUDGET, id="not quite all may be dropped"),
    ],
)
def test_a_share_of_at_least_ten_values_may_be_dropped(
    workplace: Workplace, rows: int, max_dropped: str | None, code: ExitCode
) -> None:
    write_german(workplace.folder, PLAIN, rows=rows)
    result = workplace.carry_out(workplace.request(emulator=True, budgets=Budgets(max_dropped=max_dropped)))
    assert result.report["exit_code"] == code


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(10, ExitCode.DONE, id="exactly half"),
        pytest.param(11, ExitCode.BUDGET, id="more than half"),
    ],
)
def test_half_of_the_values_may_be_dropped_and_no_more(
    workplace: Workplace, bad: int, code: ExitCode
) -> None:
    phones = ["12" if n < bad else f"+120255501{n:02}" for n in range(20)]
    write_customers(
        workplace.folder, *(f"Name{n},{phone},p{n}@example.com," for n, phone in enumerate(phones))
    )
    write_spec(workplace.folder)
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.report["exit_code"] == code


@pytest.mark.parametrize("text", ["50", "-1%", "101%", "x%", ""])
def test_a_share_that_is_none_is_named(workplace: Workplace, text: str) -> None:
    with pytest.raises(UsageProblem, match="--max-dropped is"):
        workplace.carry_out(workplace.request(budgets=Budgets(max_dropped=text)))


NOTES = {
    "source": {"path": "notes.csv", "delimiter": ";"},
    "profile": {"phone": {"column": "Telefon"}},
    "content": "Notiz",
    "occurred_at": "Am",
    "observation_source": "crm",
    "region": {"default": "DE"},
}


def write_german_notes(folder: Path, **observations: Any) -> None:
    """The customers of `write_german`, and a note for each as a German spreadsheet writes it."""
    write_german(folder, MENDED)
    lines = [f"030 84719 2{n:02};Hat angerufen;{n + 1:02}.05.2024 08:{n:02}" for n in range(20)]
    (folder / "notes.csv").write_text("\n".join(["Telefon;Notiz;Am", *lines]) + "\n", encoding="utf-8")
    spec = yaml.safe_load((folder / "spec.yaml").read_text())
    spec["observations"] = {**NOTES, **observations}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def test_notes_whose_times_are_not_read_hold_back_the_profiles_too(workplace: Workplace) -> None:
    write_german_notes(workplace.folder)
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.report["exit_code"] == ExitCode.BUDGET
    assert [result.report["loads"][load]["sent"] for load in ("profiles", "observations")] == [0, 0]
    [problem, _] = problems_of(result)
    assert problem.startswith("observations.occurred_at: 20 of 20 values would be dropped (datetime_invalid")
    assert 'format: "%d.%m.%Y %H:%M", timezone: UTC' in problem
    fates = result.report["loads"]["observations"]["traits"]
    assert fates["occurred_at"]["dropped"] == {"datetime_invalid": 20}
    assert (fates["content"]["filled"], fates["content"]["not_sent"]) == (20, 20)
    dropped = (Path(result.folder) / "dropped-observations.csv").read_text().splitlines()
    assert dropped[1].endswith(",1,occurred_at,Am,01.05.2024 08:00,datetime_invalid")
    assert len(dropped) == 21


def test_notes_that_say_how_their_times_are_written_run_through(workplace: Workplace) -> None:
    write_german_notes(
        workplace.folder,
        occurred_at={"column": "Am", "format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"},
    )
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.problem is None
    fates = result.report["loads"]["observations"]["traits"]
    assert [fates[field]["sent"] for field in ("content", "occurred_at")] == [20, 20]
    assert fates["profile.phone"]["changed"] == {"phone_country_code_added": 20}
