"""Lines that are known are left out; what is read is the same as if they were not."""

from pathlib import Path

import polars as pl
import pytest

from memory_import.sources.csv.file import FindLines, no_lines
from memory_import.sources.csv.lines import split_whole_lines
from memory_import.sources.tabular import SourceOptions, open_source

BEFORE = ["1,2,3", '"4, 5",6,7', "Ä,,ü", '8,"say ""hi""",9', "10,11,12", "13,14,15"]
FILES = {
    "the same": BEFORE,
    "another order": BEFORE[::-1],
    "one more": [*BEFORE[:2], "new,2,3", *BEFORE[2:]],
    "one less": [*BEFORE[:2], *BEFORE[3:]],
    "one changed": [*BEFORE[:2], "Ä,changed,ü", *BEFORE[3:]],
    "one twice": [BEFORE[0], *BEFORE],
    "a known line within quotes": [BEFORE[0], '"a', BEFORE[0], 'b",2,3', *BEFORE[1:]],
    "known lines between quotes of two rows": [BEFORE[0], 'a,"b', BEFORE[4], 'c",d', *BEFORE[1:]],
    "a quote that nothing closes": [*BEFORE[:3], 'a,"b,c', *BEFORE[3:]],
    "a row over two lines": [*BEFORE, 'a,"b', 'c",d'],
    "rows over several lines": ['a,"b', "", 'c",d', *BEFORE[:3], 'a,"b', '"",c"', *BEFORE[3:]],
    "rows over several lines after one another": [*BEFORE, 'a,"b', 'c",d', 'e,"f', '"",g",', "h,i,j"],
    "a known line within a row over several lines": [*BEFORE, 'a,"b', BEFORE[0], 'c",d'],
    "a row that is short": [*BEFORE[:3], "1,2", *BEFORE[3:]],
    "a row that is long, and one that is short": [*BEFORE[:3], "1,2", "1,2,3,4", *BEFORE[3:]],
    "a blank line": [*BEFORE[:3], "", *BEFORE[3:]],
    "a row that says nothing": [*BEFORE[:3], ",,", *BEFORE[3:]],
    "text after a quote": [*BEFORE[:3], '"a"b,2,3', *BEFORE[3:]],
    "a NUL": [*BEFORE[:3], "a\0,2,3", *BEFORE[3:]],
    "a separator that nobody uses": [*BEFORE[:3], "a\1,2,3", *BEFORE[3:]],
    "a known line with more behind it": [*BEFORE[:3], "1,2,3\r4", *BEFORE[3:]],
    "nothing known": ["a,b,c", "d,e,f"],
}


class Known:
    """Knows lines by what they were before."""

    def __init__(self, lines: list[str]) -> None:
        self.places = {line: place for place, line in enumerate(lines)}

    def find(self, lines: pl.Series) -> pl.DataFrame:
        return pl.DataFrame({"place": [self.places.get(line) for line in lines]}, schema={"place": pl.Int64})


def read(path: Path, find_lines: FindLines, rows_per_batch: int) -> list[tuple]:
    """Every row and every reject, by number; a known row as it was read before."""
    found = []
    for batch in open_source(SourceOptions(path=str(path)), path.parent / "copies").batches(
        rows_per_batch, find_lines=find_lines
    ):
        assert batch.height <= rows_per_batch
        found += batch.rows.drop("_file").rows()
        found += batch.rejects.drop("_file").rows()
        known = batch.known.drop("_file", strict=False).iter_rows()
        found += [(row, *ROWS_BEFORE[place]) for row, place in known]
        assert sum(rows for rows, _ in batch.original) == batch.height
        assert batch.known.is_empty() or set(batch.known["_file"]) == {str(path)}
    return sorted(found)


ROWS_BEFORE = [
    ("1", "2", "3"),
    ("4, 5", "6", "7"),
    ("Ä", None, "ü"),
    ("8", 'say "hi"', "9"),
    ("10", "11", "12"),
    ("13", "14", "15"),
]


@pytest.mark.parametrize("rows_per_batch", [2, 3, 4, 100])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("lines", FILES.values(), ids=FILES)
def test_what_is_read_is_the_same(
    tmp_path: Path, lines: list[str], line_end: str, rows_per_batch: int
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("".join(f"{line}{line_end}" for line in ["a,b,c", *lines]).encode())
    known = Known(BEFORE)
    assert read(path, lambda _kind, _file: known, rows_per_batch) == read(path, no_lines, rows_per_batch)


NOT_READ = (
    *("the same", "one more", "one less", "one changed", "a row that says nothing"),
    "rows over several lines after one another",
)


@pytest.mark.parametrize("name", NOT_READ)
def test_known_lines_are_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text("".join(f"{line}\n" for line in ["a,b,c", *FILES[name]]))
    source = open_source(SourceOptions(path=str(path)), tmp_path / "copies")
    batches = list(source.batches(find_lines=lambda _kind, _file: Known(BEFORE)))
    known = [line for line in FILES[name] if line in BEFORE]
    assert sum(batch.known.height for batch in batches) == len(known)


def test_rows_of_several_lines_have_no_line() -> None:
    lines = split_whole_lines(b'a,b\r\n"c\nd",e\n"""f",g\n', 3)
    assert lines is not None
    assert lines.to_list() == ["a,b", None, '"""f",g']


def test_lines_mean_nothing_where_others_decide_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a,b,c\n1,2,3\n")
    kinds = [
        batch.kind
        for options in (
            SourceOptions(path=str(path)),
            SourceOptions(path=str(path), ignores_footer=True),
            SourceOptions(path=str(path), escape="\\"),
        )
        for batch in open_source(options, tmp_path / "copies").batches()
    ]
    assert [kind is None for kind in kinds] == [False, True, True]
