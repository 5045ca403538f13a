"""Which input rows the server refused, found from the batches that were split down to the guilty entries."""

import polars as pl

from memory_import.columns import IS_FINAL, POS, REPRESENTATIVE
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA
from memory_import.ledger.staging.staged import Staging


def refused_rows(ledger: Ledger, staging: Staging, run_id: str, load: str) -> pl.DataFrame:
    """Every row that the server refused: `LATE_ERRORS_SCHEMA`, by `_pos`.

    A refused profile takes all rows with it that were merged into it: their values went with it. A refused
    further identifier of a profile is the refusal of the row that gave it; where that row stands for the
    profile, which may have landed all the same, nothing is refused.
    """
    rejected = ledger.batches(run_id, load, states=(BatchState.REJECTED,))
    if not rejected:
        return pl.DataFrame(schema=LATE_ERRORS_SCHEMA)
    guilty = _guilty_entries(staging, rejected).join(
        staging.members, on=POS, how="left", maintain_order="left"
    )
    guilty = guilty.filter(pl.col(IS_FINAL) | (pl.col(POS) != pl.col(REPRESENTATIVE))).drop(REPRESENTATIVE)
    followers = staging.members.filter(pl.col(POS) != pl.col(REPRESENTATIVE)).join(
        guilty.filter(IS_FINAL).rename({POS: REPRESENTATIVE}), on=REPRESENTATIVE
    )
    columns = list(LATE_ERRORS_SCHEMA)
    refused = pl.concat([guilty.select(columns), followers.select(columns)])
    return refused.unique(POS, keep="first").sort(POS)


def _guilty_entries(staging: Staging, rejected: list[Batch]) -> pl.DataFrame:
    batches = pl.DataFrame(
        [
            {"batch_id": b.id, "part": b.part, "index": index, "status": b.http_status}
            for b in rejected
            for index in range(b.start, b.stop)
        ],
        schema={"batch_id": pl.Int64, "part": pl.String, "index": pl.UInt32, "status": pl.Int64},
    ).join(staging.refusals(), on="batch_id", how="left")
    entries = [
        staging.entries(part).with_row_index("index").join(group, on="index")
        for (part,), group in batches.group_by("part", maintain_order=True)
    ]
    code = pl.coalesce(
        pl.col("code").cast(pl.String), pl.format("http_{}", "status"), pl.lit("operation_failed")
    )
    return pl.concat(entries).select(
        POS,
        IS_FINAL,
        _error_code=code,
        _error_field=pl.lit(None, pl.String),
        _error_message=pl.when(pl.col("message") != "")
        .then("message")
        .otherwise(pl.lit("The server refused it without a reason.")),
    )
