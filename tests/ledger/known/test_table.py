"""A table that is changed a little every night: whole after every crash, and never silently wrong."""

import json
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.table import PLACES_SCHEMA, Table

SCHEMA = {"person": pl.UInt64, "identifiers": pl.List(pl.String), "trait": pl.UInt64}
NOBODY = pl.DataFrame(schema=PLACES_SCHEMA)


def rows(*persons: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"person": persons, "identifiers": [[f"phone:+{n}"] for n in persons], "trait": persons},
        schema=SCHEMA,
    )


def persons_of(table: Table) -> list[int]:
    return [person for frame in table.scan("person") for person in frame["person"]]


def add(folder: Path, *persons: int, without: tuple[int, ...] = ()) -> Table:
    table = Table(folder, SCHEMA)
    voided = table.find("person", pl.Series(without, dtype=pl.UInt64))
    table.change(added=[rows(*persons)], voided=voided, facts={"run": str(max((*persons, 0)))})
    return table


def test_a_table_that_nobody_made_is_empty(tmp_path: Path) -> None:
    table = Table(tmp_path / "persons", SCHEMA)
    assert (table.rows, table.generation, dict(table.facts), persons_of(table)) == (0, 0, {}, [])
    assert not (tmp_path / "persons").exists()


def test_what_is_added_and_taken_away_is_there_for_whoever_opens_it_next(tmp_path: Path) -> None:
    add(tmp_path / "persons", *range(1, 21))
    add(tmp_path / "persons", 21, 22, without=(3,))
    table = Table(tmp_path / "persons", SCHEMA)
    expected = [*range(1, 3), *range(4, 23)]
    assert (persons_of(table), table.rows, table.facts["run"]) == (expected, 21, "22")
    found = pl.concat(table.scan("identifiers", "person")).drop(list(PLACES_SCHEMA))
    assert found.rows() == [([f"phone:+{n}"], n) for n in expected]


def test_a_night_writes_what_it_changed_and_not_the_rest(tmp_path: Path) -> None:
    add(tmp_path / "persons", *range(1000))
    first = {path.name: path.stat().st_ino for path in (tmp_path / "persons").iterdir()}
    add(tmp_path / "persons", 1001, without=(7,))
    second = {path.name: path.stat().st_ino for path in (tmp_path / "persons").iterdir()}
    assert second["rows-00001.parquet"] == first["rows-00001.parquet"]
    assert set(second) - set(first) == {"rows-00002.parquet", "voided-00002.parquet"}


def test_a_table_is_written_anew_when_a_fifth_of_it_is_void_or_its_files_are_many(tmp_path: Path) -> None:
    folder = tmp_path / "persons"
    add(folder, *range(100))
    add(folder, without=tuple(range(30)))
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "rows-00002.parquet"]
    assert persons_of(Table(folder, SCHEMA)) == list(range(30, 100))
    for night in range(100, 140):
        add(folder, night)
    assert len(list(folder.glob("rows-*"))) <= 31
    assert persons_of(Table(folder, SCHEMA)) == list(range(30, 140))


def test_a_column_that_older_files_lack_is_null_in_their_rows(tmp_path: Path) -> None:
    add(tmp_path / "persons", 1)
    table = Table(tmp_path / "persons", {**SCHEMA, "later": pl.UInt64})
    new = rows(2).with_columns(later=pl.lit(5, pl.UInt64))
    table.change(added=[new, rows(3)], voided=NOBODY, facts={})
    found = pl.concat(Table(tmp_path / "persons", {**SCHEMA, "later": pl.UInt64}).scan("person", "later"))
    assert found.select("person", "later").rows() == [(1, None), (2, 5), (3, None)]


def test_rows_of_many_groups_are_found_again_by_their_places(tmp_path: Path) -> None:
    table = Table(tmp_path / "many", SCHEMA)
    table.change(added=[rows(*range(130_000)), rows(*range(130_000, 140_000))], voided=NOBODY, facts={})
    gone = (0, 99_999, 100_000, 129_999, 130_000, 139_999)
    table.change(added=[], voided=table.find("person", pl.Series(gone, dtype=pl.UInt64)), facts={})
    assert persons_of(Table(tmp_path / "many", SCHEMA)) == sorted(set(range(140_000)) - set(gone))


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    add(tmp_path / "persons", *range(20))
    add(tmp_path / "persons", without=(1,))
    assert stat.S_IMODE((tmp_path / "persons").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "persons").iterdir()} == {0o600}


@pytest.mark.parametrize(
    "name", ["rows-00001.parquet", "rows-00002.parquet", "voided-00002.parquet", "manifest.json"]
)
@pytest.mark.parametrize("damage", ["a digit", "cut off", "missing", "empty"])
def test_a_damaged_file_is_told_and_never_read(tmp_path: Path, name: str, damage: str) -> None:
    add(tmp_path / "persons", *range(50))
    add(tmp_path / "persons", 51, without=(1,))
    path = tmp_path / "persons" / name
    whole = path.read_bytes()
    match damage:
        case "a digit":
            middle = len(whole) // 2
            path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        case "cut off":
            path.write_bytes(whole[:-7])
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
    with pytest.raises(KnownDamaged, match=name):
        Table(tmp_path / "persons", SCHEMA)


def test_a_manifest_that_was_edited_is_not_believed(tmp_path: Path) -> None:
    add(tmp_path / "persons", 1)
    path = tmp_path / "persons" / "manifest.json"
    document = json.loads(path.read_text())
    document["content"]["facts"]["run"] = "2"
    path.write_text(json.dumps(document))
    with pytest.raises(KnownDamaged, match=r"manifest\.json"):
        Table(tmp_path / "persons", SCHEMA)


class Crash(BaseException):
    """What a test raises in place of the operation at which the process dies."""


class Crashes:
    """Ends a change at its nth operation on a folder: nothing cleans up after it, as after a kill."""

    def __init__(self) -> None:
        self._folder, self._left = "", 0
        sys.addaudithook(self._watch)

    @contextmanager
    def at(self, operation: int, folder: Path) -> Iterator[None]:
        self._folder, self._left = str(folder), operation
        try:
            yield
        finally:
            self._folder = ""

    def _watch(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._folder and event in {"open", "os.rename", "os.remove", "os.mkdir"}:
            if self._folder not in str(arguments[0]):
                return
            self._left -= 1
            if self._left == 0:
                raise Crash


CRASHES = Crashes()


@pytest.mark.parametrize("gone", [2, 30], ids=["delta", "compaction"])
def test_a_change_that_is_killed_at_any_step_is_whole_or_has_not_happened(tmp_path: Path, gone: int) -> None:
    before, after = list(range(100)), [*range(gone, 100), 1000, 1001]
    outcomes = []
    for step in range(1, 100):
        folder = tmp_path / str(step)
        table = add(folder, *before)
        voided = table.find("person", pl.Series(range(gone), dtype=pl.UInt64))
        try:
            with CRASHES.at(step, folder):
                table.change(added=[rows(1000, 1001)], voided=voided, facts={"run": "after"})
        except Crash:
            table = Table(folder, SCHEMA)
            outcomes.append((persons_of(table), table.facts["run"]))
            table.change(added=[rows(5000)], voided=NOBODY, facts={})
            assert persons_of(Table(folder, SCHEMA))[-1] == 5000
            assert not list(folder.glob(".*"))
        else:
            break
    assert len(outcomes) > 8
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome[1] == "after")
    assert {run for _, run in outcomes} == {"99", "after"}
    assert all(found == (after if run == "after" else before) for found, run in outcomes)


def test_the_first_change_is_whole_or_has_not_happened(tmp_path: Path) -> None:
    for step in range(1, 100):
        table = Table(tmp_path / str(step), SCHEMA)
        try:
            with CRASHES.at(step, tmp_path / str(step)):
                table.change(added=[rows(1)], voided=NOBODY, facts={})
        except Crash:
            assert persons_of(Table(tmp_path / str(step), SCHEMA)) in ([], [1])
            assert persons_of(add(tmp_path / str(step), 2))[-1] == 2
        else:
            return
