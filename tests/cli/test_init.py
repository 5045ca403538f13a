"""`memory-import init`: a spec from the data, never over a file, and kept when columns are added."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from memory_import.cli.app import app
from memory_import.spec.file import load_spec

PEOPLE = (
    "Customer Number,Full Name,E-Mail,Mobile,Country,Birthday,Balance,Tags,Fax,Deleted\n"
    'K-1,Ada Heron,ada@example.com,030 84719212,Germany,31.12.1990,"1.234,50",vip;new,030 1,no\n'
    'K-2,Bram Falk,bram@example.com,030 84719213,Germany,01.02.1985,"7,25",new,,yes\n'
    'K-3,Cleo Ito,cleo@example.com,030 84719214,Germany,05.06.1979,"12,00",vip;old,,no\n'
)
NOTES = "Note Id,Phone,Note,Created\nN1,+493084719212,Called about the bill.,2024-01-31 10:00\n"
NOTES_MORE = "N2,+493084719213,Wants a call.,2024-02-01 11:00\n"


def run_init(*arguments: str | Path, **variables: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        app, ["init", *map(str, arguments)], env={"MEMORY_STORE_ID": None, **variables}
    )
    return result.exit_code, result.output


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def test_it_writes_what_each_column_is_and_what_stays_out(people: Path) -> None:
    code, said = run_init(people)
    text = Path("people.yaml").read_text()
    assert code == 0
    assert "people.yaml" in said
    for line in (
        "source: people.csv",
        "region: {column: Country}",
        'where: {Deleted: {not: ["yes"]}}',
        "store: {name: people}",
        "setup: {identifiers: {user_id: Crm.externalId}}",
        "firstName: {column: Full Name, name: first}",
        "email: {column: E-Mail, type: email, case: lower}",
        "phone: {column: Mobile, type: phone}",
        'birthday: {column: Birthday, type: date, format: "%d.%m.%Y"}',
        'balance: {column: Balance, type: number, decimal: ",", thousands: "."}',
        'tags: {column: Tags, type: array, separator: ";"}',
        "#   Fax: a fax number identifies nobody",
    ):
        assert line in text, line
    assert "ada@" not in text
    assert "Heron" not in text


def test_columns_that_no_spec_can_use_stay_out_with_the_reason(people: Path) -> None:
    table = {"email": ["ada@example.com"], "address": [{"city": "Bonn"}], "_row": ["7"]}
    pq.write_table(pa.table(table), "people.parquet")
    assert run_init("people.parquet")[0] == 0
    text = Path("people.yaml").read_text()
    assert "#   address: its type has no form as text: struct<city: string>" in text
    assert "#   _row: its name is one of ours" in text
    Path("twice.csv").write_text("email,x,x\nada@example.com,1,2\n")
    assert run_init("twice.csv")[0] == 0
    assert "#   x: its name stands more than once, at 2 and 3" in Path("twice.yaml").read_text()


def test_the_store_of_the_environment_is_the_store_of_the_spec(people: Path) -> None:
    run_init(people, MEMORY_STORE_ID="mem_store_00000000000000000000000001")
    assert "store: ${MEMORY_STORE_ID}\n" in Path("people.yaml").read_text()


@pytest.mark.parametrize(
    ("stem", "name"),
    [("Kunden 2024 (März)", "Kunden-2024-M-rz"), ("顧客", "customers"), ("a" * 70, "a" * 64)],
    ids=["spaces and signs", "no letter that may stand", "too long"],
)
def test_the_store_is_called_like_the_spec_in_the_letters_that_it_may_have(
    people: Path, stem: str, name: str
) -> None:
    run_init(people, "-o", f"{stem}.yaml")
    spec = load_spec(Path(f"{stem}.yaml"), {}, is_emulator=False, sources=None)
    assert spec.named_store is not None
    assert spec.named_store.name == name


def test_a_file_that_is_there_is_never_written_over(people: Path) -> None:
    Path("people.yaml").write_text("mine\n")
    code, said = run_init(people)
    assert code == 2
    assert "is there already" in said
    assert Path("people.yaml").read_text() == "mine\n"


def test_new_columns_go_into_a_spec_that_keeps_what_a_person_wrote(people: Path) -> None:
    Path("mine.yaml").write_text(
        "version: 1  # ours\nprofiles:\n  source: people.csv\n  traits:\n    Contact:\n"
        "      email: {column: E-Mail, type: email}  # as it stands\n  # Not imported:\n"
        "  #   Balance: nobody needs it\n"
    )
    code, said = run_init(people, "--into", "mine.yaml")
    text = Path("mine.yaml").read_text()
    assert code == 0, said
    assert "version: 1  # ours" in text
    assert "email: {column: E-Mail, type: email}  # as it stands" in text
    assert "balance" not in text
    assert "tags: {column: Tags, type: array" in text
    assert run_init(people, "--into", "mine.yaml")[0] == 0
    assert Path("mine.yaml").read_text() == text


def test_a_file_of_notes_becomes_observations(people: Path) -> None:
    Path("notes.csv").write_text(NOTES + NOTES_MORE)
    code, said = run_init(people, "notes.csv", "-o", "both.yaml", "--output", "json")
    assert code == 0, said
    assert json.loads(said)["spec"] == "both.yaml"
    text = Path("both.yaml").read_text()
    for line in ("source: notes.csv", "profile: {phone: Phone}", "content: Note", "key: Note Id"):
        assert line in text, line


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "There is no file"), ("", "empty"), ("a,b\n", "no rows to learn from")],
    ids=["missing", "empty", "header only"],
)
def test_what_cannot_be_learnt_from_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("input.csv").write_text(content)
    code, said = run_init("input.csv")
    assert (code, says in said) == (2, True), said
    assert not Path("input.yaml").exists()
