"""Email addresses as columns: exactly what `email-validator` says, and a code for what was changed or refused."""

import polars as pl

from transforms.email_judge import judge_email
from transforms.reasons import Change


def normalise_emails(addresses: pl.Series) -> pl.DataFrame:
    given = pl.DataFrame({"given": addresses}, schema={"given": pl.String})
    given = given.with_columns(address=pl.col("given").str.strip_chars())
    distinct = given.filter(pl.col("address") != "").select("address").unique(maintain_order=True)
    verdicts = [judge_email(address) for address in distinct["address"]]
    judged = distinct.hstack(pl.DataFrame(verdicts, schema={"email": pl.String, "code": pl.String}, orient="row"))
    joined = given.join(judged, on="address", how="left", maintain_order="left")
    trimmed = (pl.col("given") != pl.col("address")) & pl.col("email").is_not_null()
    code = pl.coalesce("code", pl.when(trimmed).then(pl.lit(Change.EMAIL_TRIMMED.value)))
    return joined.select("email", code=code)
