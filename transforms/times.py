"""Dates and times read from text.

Formats are strftime codes as Polars reads them. None is ISO 8601: `2024-05-31`; `2024-05-31T23:15:00` with a
space for the `T`, seconds left out, a fraction of a second, and an offset (`Z`, `+02:00`, `+0200`) if there
is one.
"""

import polars as pl

from transforms.reasons import Change, Reason
from transforms.text import clean_text
from transforms.verdicts import NO_CODE, code_where

ISO_DATE = "%Y-%m-%d"
ISO_DATETIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)?\s?(.*)$"
OFFSET = r"^[+-][0-9]{2}:?[0-9]{2}$"
RFC3339 = "%Y-%m-%dT%H:%M:%S%.fZ"
OFFSET_CODES = ("%z", "%:z", "%::z", "%#z", "%+", "%s")

_text = pl.col("text")


def judge_dates(texts: pl.Series, format: str | None = None) -> pl.DataFrame:
    """Verdicts on calendar dates of the years 1 to 9999; the value is `YYYY-MM-DD`."""
    read = _clean(texts).with_columns(date=_text.str.to_date(format or ISO_DATE, strict=False))
    date = pl.when(pl.col("date").dt.year().is_between(1, 9999)).then(pl.col("date"))
    return read.select(
        value=date.cast(pl.String),
        reason=code_where(_text.is_not_null() & date.is_null(), Reason.DATE_INVALID),
        change=NO_CODE,
    )


def judge_datetimes(texts: pl.Series, format: str | None = None, timezone: str | None = None) -> pl.DataFrame:
    """Verdicts on points in time; the value is RFC 3339 in UTC, with a fraction only where there is one.

    A text that states an offset is read by it. One that does not is local time in `timezone`, and refused if
    that is None. A local time that the clocks skipped is refused; of one that came twice the earlier is
    meant, and that is a change.
    """
    cleaned = _clean(texts)
    read = _read_iso(cleaned) if format is None else _read_format(cleaned, format)
    return _judge_moments(read, timezone)


def check_time_format(format: str) -> str | None:
    """What is wrong with a format, or None: a date written in it must be read from it again."""
    try:
        sample = pl.Series(["2024-05-31T23:15:00Z"]).str.to_datetime("%+").dt.strftime(format)
        reads_back = not sample.str.to_datetime(format, strict=False).has_nulls()
        reads_back = reads_back or not sample.str.to_date(format, strict=False).has_nulls()
    except pl.exceptions.PolarsError:
        reads_back = False
    return (
        None
        if reads_back
        else f"the format {format!r} does not describe a date; it needs codes such as %Y-%m-%d"
    )


def check_timezone(name: str) -> str | None:
    """What is wrong with the name of a time zone, or None."""
    try:
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return f"{name!r} is not a time zone; expected a name such as Europe/Berlin or UTC"
    return None


def _read_iso(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Adds `local` (Datetime as written) and `offset_us` (null where the text states none)."""
    parts = cleaned.with_columns(
        _text.str.extract_groups(ISO_DATETIME).struct.rename_fields(["date", "minutes", "seconds", "zone"])
    ).unnest("text")
    written = pl.format("{}T{}{}", "date", "minutes", pl.col("seconds").fill_null(":00"))
    zone = pl.col("zone").str.to_uppercase()
    offset = (
        pl.when(zone == "Z")
        .then(pl.lit("+0000"))
        .when(zone.str.contains(OFFSET))
        .then(zone.str.replace(":", ""))
    )
    local = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    is_readable = (zone == "") | offset.is_not_null()
    return cleaned.hstack(parts.select(local=pl.when(is_readable).then(local), offset_us=_offset_us(offset)))


def _offset_us(offset: pl.Expr) -> pl.Expr:
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    return pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes) * 60_000_000


def _read_format(cleaned: pl.DataFrame, format: str) -> pl.DataFrame:
    moment = _text.str.to_datetime(format, strict=False, time_unit="us")
    states_offset = any(code in format for code in OFFSET_CODES)
    return cleaned.with_columns(
        local=moment.dt.replace_time_zone(None) if states_offset else moment,
        offset_us=pl.lit(0 if states_offset else None, dtype=pl.Int64),
    )


def _judge_moments(read: pl.DataFrame, timezone: str | None) -> pl.DataFrame:
    local, has_offset = pl.col("local"), pl.col("offset_us").is_not_null()
    stated = local - pl.duration(microseconds="offset_us")
    read = read.with_columns(**_in_zone(local, timezone)).with_columns(
        moment=pl.when(has_offset).then(stated).otherwise(pl.col("earlier"))
    )
    is_local = local.is_not_null() & ~has_offset
    moment = pl.when(pl.col("moment").dt.year().is_between(1, 9999)).then(pl.col("moment"))
    return read.select(
        value=moment.dt.strftime(RFC3339),
        reason=pl.when(_text.is_not_null() & moment.is_null()).then(
            pl.when(is_local & pl.lit(timezone is None))
            .then(pl.lit(Reason.DATETIME_NO_TIMEZONE.value))
            .when(is_local)
            .then(pl.lit(Reason.DATETIME_SKIPPED.value))
            .otherwise(pl.lit(Reason.DATETIME_INVALID.value))
        ),
        change=code_where(
            moment.is_not_null() & is_local & (pl.col("earlier") != pl.col("later")),
            Change.DATETIME_EARLIER_TAKEN,
        ),
    )


def _in_zone(local: pl.Expr, timezone: str | None) -> dict[str, pl.Expr]:
    """The two readings of a local time, as UTC without a zone: they differ where the clocks were set back."""
    if timezone is None:
        nothing = pl.lit(None, dtype=pl.Datetime("us"))
        return {"earlier": nothing, "later": nothing}
    earlier = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    later = local.dt.replace_time_zone(timezone, ambiguous="latest", non_existent="null")
    return {
        "earlier": earlier.dt.convert_time_zone("UTC").dt.replace_time_zone(None),
        "later": later.dt.convert_time_zone("UTC").dt.replace_time_zone(None),
    }


def _clean(texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(text=clean_text(_text))
