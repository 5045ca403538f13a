"""What the report says of single profiles that a run changes: what went, what was left alone, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import CODE, FILE, ID_TYPE, OUTCOME, POS, ROW, TRAIT, VALUE, Kept
from memory_import.ledger.database.edits import OPEN, UNDER_WAY, EditKind, EditState
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.files import whole_file
from memory_import.ledger.staging.staged import Staging
from memory_import.printable import counted

_STAND = {"number": pl.Int64, OUTCOME: pl.String, CODE: pl.String, "profile_id": pl.String}


@dataclass(frozen=True, slots=True)
class EditWords:
    """How one kind of change is called: `section` of the report and `table` (a file), the staged `file`,
    `title` of the stage, `activity` while it lasts, `done` for those that are; what is `foreseen`, what was
    `looked_at`, as the beginnings of sentences about so many."""

    section: str
    table: str
    file: str
    title: str
    activity: str
    done: str
    foreseen: str
    looked_at: str


EDITS: Mapping[EditKind, EditWords] = {
    EditKind.DELETE: EditWords(
        section="deletions",
        table="deletions.csv",
        file="due",
        title="delete people who are gone",
        activity="deleting",
        done="deleted",
        foreseen="known people are gone for the second complete run and are to be deleted, unless their "
        "profiles show somebody who is present",
        looked_at="gone for two complete runs",
    ),
    EditKind.CLEAR: EditWords(
        section="clearings",
        table="cleared.csv",
        file="cleared",
        title="remove traits that are blank",
        activity="removing blank traits",
        done="cleared",
        foreseen="known people have blank cells for what is known of them: these traits are to be removed",
        looked_at="people with blank cells for what is known of them",
    ),
    EditKind.REPLACE: EditWords(
        section="replacements",
        table="former.csv",
        file="former",
        title="replace former identifiers",
        activity="replacing identifiers",
        done="replaced",
        foreseen="former identifier values are to give way to new ones",
        looked_at="former identifier values with a successor",
    ),
}


def list_due(staging: Staging, kind: EditKind) -> pl.Series:
    """The numbers (Int64) of the changes of a kind that are to be carried out."""
    if kind is EditKind.DELETE:
        return staging.due["person"]
    if kind is EditKind.CLEAR:
        return staging.cleared["person"].unique().sort()
    return staging.former.select(pl.col("successor").is_not_null().arg_true().cast(pl.Int64)).to_series()


def count_edits(ledger: Ledger, run_id: str, staging: Staging) -> dict[EditKind, dict[str, int]]:
    """Of each kind of change that a run was asked for, how many are `due`, and how many of these are
    `planned`, `pending` (asked for, and not read back yet), done, `absent` (not in the store), `kept`,
    `rejected` and `unknown`; of traits how many (`traits`), of former values those that have `no_successor`.
    """
    states = ledger.edit_counts(run_id)
    found = {}
    for kind, words in EDITS.items():
        if not staging.is_staged(words.file):
            continue
        counts = states[kind]
        ended = {_name_state(words, state): counts[state] for state in EditState if state not in OPEN}
        due, pending = len(list_due(staging, kind)), sum(counts[state] for state in UNDER_WAY)
        planned = due - pending - sum(ended.values())
        found[kind] = {"due": due, "planned": planned, "pending": pending, **ended}
    if EditKind.CLEAR in found:
        found[EditKind.CLEAR]["traits"] = staging.cleared.height
    if EditKind.REPLACE in found:
        found[EditKind.REPLACE]["no_successor"] = staging.former["successor"].null_count()
    return found


def _name_state(words: EditWords, state: EditState) -> str:
    return words.done if state is EditState.DONE else state.value


def describe_edits(load: Mapping[str, Any]) -> list[str]:
    """Sentences about the changes of single profiles; none where there are none."""
    sentences = []
    for words in EDITS.values():
        counts = load.get(words.section) or {"due": 0}
        if counts["due"]:
            sentences.append(_describe(words, counts))
        if counts.get("no_successor"):
            sentences.append(
                f"{counted(counts['no_successor'], 'former identifier value')} without a successor: left "
                f"alone, see {words.table}"
            )
    return sentences


def _describe(words: EditWords, counts: Mapping[str, int]) -> str:
    traits = f" ({counted(counts['traits'], 'trait')})" if "traits" in counts else ""
    if counts["planned"] == counts["due"]:
        return f"{counts['due']:,} {words.foreseen}{traits}; see {words.table}"
    wording = {words.done: words.done, **_WORDING}
    said = [f"{counts[name]:,} {text}" for name, text in wording.items() if counts[name]]
    return f"{words.looked_at}: {counts['due']:,}{traits} ({', '.join(said)}); see {words.table}"


_WORDING = {
    "absent": "not in the store any more",
    "kept": "left alone",
    "rejected": "refused by the service",
    "unknown": "unknown: asked for, and there still",
    "pending": "pending: asked for, and not read back yet",
    "planned": "not asked for yet",
}


def write_edits(ledger: Ledger, run_id: str, staging: Staging, folder: Path) -> None:
    """Write `deletions.csv`, `cleared.csv` and `former.csv`, as far as the run was asked for them, readable
    by their owner only."""
    for kind, words in EDITS.items():
        if staging.is_staged(words.file):
            facts = [
                (
                    one.number,
                    _name_state(words, one.state),
                    one.code,
                    one.profile_id,
                )
                for one in ledger.edits(run_id, kind)
            ]
            listed = _LISTS[kind](staging, pl.DataFrame(facts, schema=_STAND, orient="row"))
            with whole_file(folder / words.table) as stream:
                listed.write_csv(stream)


def _list_deletions(staging: Staging, stand: pl.DataFrame) -> pl.DataFrame:
    """Every identifier of everybody who is due."""
    due = staging.gone.join(staging.due, on="person", how="semi").rename({"person": "number"})
    return _join(due, stand, "number", ID_TYPE, VALUE).rename({"number": "person"})


def _list_cleared(staging: Staging, stand: pl.DataFrame) -> pl.DataFrame:
    """Every trait, with the row that stands for the person."""
    traits = staging.cleared.rename({"person": "number"})
    places = staging.locate(traits.select(POS).unique().sort(POS))
    nowhere = pl.DataFrame(schema={POS: pl.Int64, FILE: pl.String, ROW: pl.Int64})
    placed = traits.join(pl.concat([nowhere, *places]), on=POS)
    return _join(placed, stand, FILE, ROW, TRAIT)


def _list_former(staging: Staging, stand: pl.DataFrame) -> pl.DataFrame:
    """Every former identifier value, with what takes its place."""
    numbered = staging.former.with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    listed = _join(numbered, stand, "person", ID_TYPE, VALUE, "successor")
    is_alone = pl.col("successor").is_null()
    return listed.with_columns(
        pl.when(is_alone).then(pl.lit(EditState.KEPT.value)).otherwise(OUTCOME).alias(OUTCOME),
        pl.when(is_alone).then(pl.lit(Kept.NO_SUCCESSOR.value)).otherwise(CODE).alias(CODE),
    )


_LISTS: Mapping[EditKind, Callable[[Staging, pl.DataFrame], pl.DataFrame]] = {
    EditKind.DELETE: _list_deletions,
    EditKind.CLEAR: _list_cleared,
    EditKind.REPLACE: _list_former,
}


def _join(due: pl.DataFrame, stand: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """These columns of what is due, in their order, and where it stands."""
    joined = due.join(stand, on="number", how="left").sort(columns)
    outcome = pl.col(OUTCOME).fill_null(EditState.PLANNED.value)
    return joined.with_columns(outcome).select(*columns, OUTCOME, CODE, "profile_id")
