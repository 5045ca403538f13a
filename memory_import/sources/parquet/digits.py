"""Numbers of Parquet columns as digits that no reader of text can take for another number."""

import polars as pl
import pyarrow as pa

_PLACES_OF_PRICES = 6  # more of them are those of DECIMAL(38,9), (38,10), (38,18): what tools give any number
_PLACES_OF_THOUSANDS = 3  # who reads the text could take `7.000` for seven thousand


def write_floats(numbers: pl.Expr) -> pl.Expr:
    """Floats in the shortest form that reads back the same; whole ones below 2^53 without ".0"."""
    is_whole = (numbers == numbers.round()) & (numbers.abs() < 2**53)
    whole = numbers.cast(pl.Int64, strict=False).cast(pl.String)
    return pl.when(is_whole).then(whole).otherwise(numbers.cast(pl.String))


def write_decimals(numbers: pl.Expr, places: int) -> pl.Expr:
    """Decimals (or their digits, String) of a type with so many places, with the zeros that its places ask
    for; without any at their end where the type says nothing of the number, and whole ones of a type with 3
    places without ".000"."""
    digits = numbers.cast(pl.String)
    if places > _PLACES_OF_PRICES:
        return digits.str.strip_chars_end("0").str.strip_chars_end(".")
    return digits.str.strip_suffix(".000") if places == _PLACES_OF_THOUSANDS else digits


def plain_decimals(column: pa.Array) -> pa.Array:
    """Decimals that Polars reads; text where it cannot."""
    places = column.type.scale
    if 0 <= places <= 38:
        try:
            return column.cast(pa.decimal128(38, places))
        except pa.ArrowException:  # more digits than that
            pass
    texts = [None if value is None else format(value, "f") for value in column.to_pylist()]
    digits = pl.Series("digits", texts, dtype=pl.String).to_frame()
    return (
        digits.select(write_decimals(pl.col("digits"), places)).to_series().to_arrow().cast(pa.large_string())
    )
