"""The format of dates, and whether day or month comes first."""

import polars as pl
import pytest

from memory_import.spec.inference.moments import choose_format, read_moments, settle_order


def find_format(*texts: str, months_first: bool = False) -> tuple[bool, str | None] | None:
    moments = read_moments(pl.Series(texts))
    if moments is None:
        return None
    return moments.has_time, choose_format(moments, settle_order([moments], months_first=months_first))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("2024-01-31", "2023-12-01"), (False, "%Y-%m-%d")),
        (("31.01.2024", "1.2.2023"), (False, "%d.%m.%Y")),
        (("1/31/2024", "2/1/2023"), (False, "%m/%d/%Y")),
        (("31/12/90", "01/02/85"), (False, "%d/%m/%y")),
        (("20.07.2021 11:00", "01.01.2021 08:00"), (True, "%d.%m.%Y %H:%M")),
        (("2024-01-31 10:11:12",), (True, "%Y-%m-%d %H:%M:%S")),
        (("1/31/2024 3:05 PM",), (True, "%m/%d/%Y %I:%M %p")),
        (("31 Jan 2024", "1 Feb 2023"), (False, "%d %b %Y")),
        (("2024-01-31T10:11:12Z", "2024-01-31T10:11:12+02:00"), (True, None)),
        (("12", "13"), None),
        (("Ada", "2024-01-31"), None),
        (("+1 202 555 0101",), None),
    ],
)
def test_the_format_that_fits_all_cells_is_found(
    texts: tuple[str, ...], found: tuple[bool, str | None] | None
) -> None:
    assert find_format(*texts) == found


@pytest.mark.parametrize(("months_first", "form"), [(True, "%m/%d/%Y"), (False, "%d/%m/%Y")])
def test_what_could_be_either_goes_by_the_country(months_first: bool, form: str) -> None:
    assert find_format("01/02/2024", "03/04/2023", months_first=months_first) == (False, form)


def test_one_clear_column_settles_the_order_for_the_others_of_its_file() -> None:
    clear, unclear = read_moments(pl.Series(["31/12/2024"])), read_moments(pl.Series(["01/02/2024"]))
    assert clear is not None
    assert unclear is not None
    assert choose_format(unclear, settle_order([clear, unclear], months_first=True)) == "%d/%m/%Y"
