"""Dates and times read from text.

Formats are strftime codes as Polars reads them, or words of `transforms.values.formats`; of several the first
that reads a text counts. None at all is ISO 8601: `2024-05-31`; `2024-05-31T23:15:00` with a space for the
`T`, seconds left out, a fraction of a second, and an offset (`Z`, `UTC`, `+02:00`, `+0200`) if there is one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE, code_where
from memory_import.transforms.values.formats import NUMBERED, OFFSET_CODES, match_format, split_format
from memory_import.transforms.values.text import clean_texts

ISO_DATE = "%Y-%m-%d"
ISO_DATETIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)?\s?(.*)$"
ZERO = "^(?i:z|utc|gmt)$"
OFFSET = "^[+-][0-9]{2}(?:[0-9]{2})?$"
RFC3339 = "%Y-%m-%dT%H:%M:%S%.fZ"
MOST_OFFSET_MINUTES = 14 * 60
TOO_FAR = r"[+-](?:1[5-9]|[2-9][0-9]|14:?(?:0[1-9]|[1-9][0-9])):?[0-9]*$"
"""An offset beyond that at the end of a text."""
LEAP_SECOND = r"(?:23|11)\D?59\D?60"
"""The second after the last one of a day, which a parser takes for the first one of the next."""
_POINT_CODES = (*OFFSET_CODES, "%s")
"""What says when a time is wherever it was written."""

_text = pl.col("text")


def judge_dates(texts: pl.Series, formats: Sequence[str] = ()) -> pl.DataFrame:
    """Judgements on calendar dates of the years 1 to 9999; the value is `YYYY-MM-DD`.

    Of a point in time it is the date as it is written.
    """
    cleaned = clean_texts(texts).to_frame()
    if formats:
        read = _read_formats(cleaned, formats)
    else:
        read = cleaned.with_columns(local=_text.str.to_date(ISO_DATE, strict=False).cast(pl.Datetime("us")))
        if read["local"].null_count() > read["text"].null_count():
            read = read.with_columns(local=pl.coalesce("local", pl.lit(_read_iso(cleaned)["local"])))
    local = pl.col("local")
    is_leap = (local.dt.time() < time(0, 0, 1)) & _text.str.contains(LEAP_SECOND)
    date = pl.when(is_leap).then(local.dt.offset_by("-1s")).otherwise(local).dt.date()
    date = pl.when(date.dt.year().is_between(1, 9999)).then(date)
    return read.select(
        value=date.cast(pl.String),
        reason=code_where(_text.is_not_null() & date.is_null(), Reason.DATE_INVALID),
        change=NO_CODE,
    )


def judge_datetimes(
    texts: pl.Series, formats: Sequence[str] = (), timezone: str | None = None
) -> pl.DataFrame:
    """Judgements on points in time; the value is RFC 3339 in UTC, with a fraction only where there is one.

    A text that states an offset (of 14 hours at most) is read by it. One that does not is local time in
    `timezone`, and refused if that is None. A local time that the clocks skipped is refused; of one that came
    twice the earlier is meant, and that is a change.
    """
    cleaned = clean_texts(texts).to_frame()
    read = _read_formats(cleaned, formats) if formats else _read_iso(cleaned)
    return _judge_moments(read, timezone)


def check_time_format(format: str, *, is_moment: bool = True) -> str | None:
    """What is wrong with a format, or None: a date written in it must be read from it again, and a moment
    must not depend on the name of a zone, of which nobody knows how far it is from UTC."""
    if format in NUMBERED:
        return None
    codes = split_format(format)
    if is_moment and "%Z" in codes and not any(code in codes for code in _POINT_CODES):
        return (
            f"the format {format!r} passes over the name of a zone (%Z); write the name as it stands in the "
            "texts, in one format for each name, and say the timezone"
        )
    moment = pl.Series([datetime(2024, 5, 31, 23, 15, tzinfo=UTC)])
    try:
        texts = moment.dt.strftime(format.replace("%#z", "%z"))  # which reads, and does not write
        read = {judge_dates(texts, [format])["value"][0], judge_datetimes(texts, [format], "UTC")["value"][0]}
    except pl.exceptions.PolarsError:
        read = set()
    if read & {"2024-05-31", "2024-05-31T00:00:00Z", "2024-05-31T23:15:00Z"}:
        return None
    return (
        f"the format {format!r} does not describe a date; it needs codes such as %Y-%m-%d, or is one of: "
        f"{', '.join(NUMBERED)}"
    )


def check_timezone(name: str) -> str | None:
    """What is wrong with the name of a time zone, or None."""
    try:
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return f"{name!r} is not a time zone; expected a name such as Europe/Berlin or UTC"
    return None


def _read_iso(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Adds `local` (Datetime as written) and `offset_us` (null where the text states none).

    Times without a fraction or an offset are read at once; a regular expression takes the others apart.
    """
    spaced = _text.str.replace("T", " ", literal=True)
    whole = pl.when(_text.str.len_bytes() == len("2024-05-31 23:15")).then(spaced + ":00").otherwise(spaced)
    read = cleaned.with_columns(
        plain=whole.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    )
    parts = read.select(_split_iso(pl.when(pl.col("plain").is_null()).then(_text)).alias("parts")).unnest(
        "parts"
    )
    local = pl.format("{}T{}{}", "date", "minutes", pl.col("seconds").fill_null(":00"))
    offsets = parts.select(
        "zone",
        local=local.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us"),
        offset_us=_offset_us(pl.col("zone").str.replace(":", "").str.replace(ZERO, "+0000")),
    )
    is_readable = (pl.col("zone") == "") | pl.col("offset_us").is_not_null()
    return read.hstack(offsets).select(
        "text", "offset_us", local=pl.coalesce("plain", pl.when(is_readable).then(pl.col("local")))
    )


def _split_iso(texts: pl.Expr) -> pl.Expr:
    return texts.str.extract_groups(ISO_DATETIME).struct.rename_fields(["date", "minutes", "seconds", "zone"])


def _offset_us(offsets: pl.Expr) -> pl.Expr:
    """Microseconds of `+hhmm`, `+hh` and the same behind a minus; null for any other text."""
    stated = pl.when(offsets.str.contains(OFFSET)).then(offsets)
    hours, rest = stated.str.slice(1, 2).cast(pl.Int64), stated.str.slice(3, 2)
    minutes = hours * 60 + pl.when(rest != "").then(rest).cast(pl.Int64).fill_null(0)
    minutes = pl.when(minutes <= MOST_OFFSET_MINUTES).then(minutes)
    return pl.when(stated.str.starts_with("-")).then(-minutes).otherwise(minutes) * 60_000_000


def _read_formats(cleaned: pl.DataFrame, formats: Sequence[str]) -> pl.DataFrame:
    """Adds `local` and `offset_us`, as `_read_iso`, by the first format that reads a text."""
    read = [_read_format(cleaned, format) for format in formats]
    local = pl.coalesce(pl.lit(frame["local"]) for frame in read)
    offset = pl.lit(None, pl.Int64)
    for frame in reversed(read):
        offset = (
            pl.when(pl.lit(frame["local"]).is_not_null()).then(pl.lit(frame["offset_us"])).otherwise(offset)
        )
    return cleaned.with_columns(local=local, offset_us=offset)


def _read_format(cleaned: pl.DataFrame, format: str) -> pl.DataFrame:
    if format in NUMBERED:
        is_instant, read = NUMBERED[format]
        return cleaned.with_columns(
            local=read(_text), offset_us=pl.lit(0 if is_instant else None, dtype=pl.Int64)
        )
    codes, pattern = split_format(format), match_format(format)
    fits = _text.str.contains(pattern)
    if not any(code in codes for code in _POINT_CODES):
        local = pl.when(fits).then(_text).str.to_datetime(format, strict=False, time_unit="us")
        return cleaned.with_columns(local=local, offset_us=pl.lit(None, dtype=pl.Int64))
    fits &= ~_text.str.contains(TOO_FAR)
    moment = pl.when(fits).then(_text).str.to_datetime(format, strict=False, time_unit="us")
    offset = pl.lit(0, dtype=pl.Int64)
    if any(code in codes for code in OFFSET_CODES):
        offset = _offset_us(_text.str.extract(pattern).str.replace_all(":", "")).fill_null(0)
    written = moment.dt.replace_time_zone(None) + pl.duration(microseconds=offset)
    return cleaned.with_columns(local=written, offset_us=offset)


def _judge_moments(read: pl.DataFrame, timezone: str | None) -> pl.DataFrame:
    """Judgements from `text`, `local` and `offset_us`."""
    local, offset_us = pl.col("local"), pl.col("offset_us")
    moment = pl.coalesce(local - pl.duration(microseconds=offset_us), "earlier")
    placed = read.hstack(_place_in_zone(read["local"], timezone)).select(
        is_local=local.is_not_null() & offset_us.is_null(),
        is_skipped=local.is_not_null() & offset_us.is_null() & pl.col("earlier").is_null(),
        is_stated=_text.is_not_null(),
        is_twice=pl.col("earlier") != pl.col("later"),
        moment=pl.when(moment.dt.year().is_between(1, 9999)).then(moment),
    )
    local_reason = Reason.DATETIME_NO_TIMEZONE if timezone is None else Reason.DATETIME_SKIPPED
    return placed.select(
        value=pl.col("moment").dt.strftime(RFC3339),
        reason=pl.when(pl.col("is_stated") & pl.col("moment").is_null()).then(
            pl.when("is_skipped")
            .then(pl.lit(local_reason.value))
            .otherwise(pl.lit(Reason.DATETIME_INVALID.value))
        ),
        change=code_where(pl.col("is_local") & pl.col("is_twice"), Change.DATETIME_EARLIER_TAKEN),
    )


def _place_in_zone(local: pl.Series, timezone: str | None) -> pl.DataFrame:
    """`earlier`, `later`: local times in UTC; two where clocks went back, null where they went forward."""
    if timezone is None:
        return pl.DataFrame({"earlier": local, "later": local}).clear(len(local))
    earlier = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    later = local.dt.replace_time_zone(timezone, ambiguous="latest", non_existent="null")
    readings = pl.DataFrame({"earlier": earlier, "later": later})
    return readings.select(pl.all().dt.convert_time_zone("UTC").dt.replace_time_zone(None))
