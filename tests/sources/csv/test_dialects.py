"""Whatever dialect and encoding a program writes, rows that fit the header are read as csv reads them."""

import csv
import io
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from memory_import.sources.tabular import SourceOptions, open_source

LETTERS = {
    "utf-8": "aZé漢😀\u2028",
    "windows-1252": "aZé€’\xa0",
    "windows-1251": "aЖя№",
    "shift_jis": "a漢ソ表ｱ",  # whose second bytes are backslashes and pipes
    "gb18030": "a漢字€é",
    "big5": "a功許蓋",
    "mac-roman": "aé€™",
    "cp850": "aéßü",
    "koi8-r": "aЖя",
    "euc-jp": "a漢ソ",
    "utf-16-le": "aé漢😀",
    "utf-16-be": "aé漢😀",
    "utf-32-le": "aé漢😀",
    "utf-7": "aé+漢",
    "cp037": "aé",  # EBCDIC: not even a comma is where ASCII has it
}
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|~^: "),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "doublequote": st.booleans(),
    }
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[list[str]]]:
    encoding = draw(st.sampled_from(sorted(LETTERS)))
    dialect = draw(DIALECTS)
    texts = st.text(st.sampled_from(LETTERS[encoding] + '",;\n\r\t \\' + dialect["delimiter"]), max_size=8)
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(texts, min_size=width, max_size=width), max_size=8))
    return encoding, dialect, rows


@settings(max_examples=150)
@given(tables())
@example(("shift_jis", {"delimiter": "|", "lineterminator": "\r\n", "doublequote": False}, [["ソ|表", '"']]))
def test_what_any_dialect_writes_is_read_as_csv_reads_it(tmp_path_factory, table):
    encoding, dialect, rows = table
    escape = {} if dialect["doublequote"] else {"escapechar": "\\"}
    names = [f"c{number}" for number in range(max(map(len, rows), default=1))]
    text = io.StringIO(newline="")
    csv.writer(text, **dialect, **escape).writerows([names, *rows])
    content = text.getvalue().encode(encoding)
    reading = {"delimiter": dialect["delimiter"], "doublequote": dialect["doublequote"], **escape}
    expected = list(csv.reader(io.StringIO(content.decode(encoding), newline=""), **reading))[1:]
    assume(content.decode(encoding) == text.getvalue())

    path = tmp_path_factory.mktemp("dialect") / "x.csv"
    path.write_bytes(content)
    options = SourceOptions(
        path=str(path), delimiter=dialect["delimiter"], encoding=encoding, escape=escape.get("escapechar")
    )
    batches = list(open_source(options, path.parent / "copies").batches(3))
    accepted = {
        number: [field or "" for field in fields]
        for batch in batches
        for number, *fields in batch.rows.select("_row", *names).rows()
    }
    left_out = {row for batch in batches for row in batch.rejects["_row"]}
    numbered = dict(enumerate(filter(None, expected), start=1))
    assert accepted.keys() | left_out == numbered.keys()
    assert not accepted.keys() & left_out
    fit = [numbered[number] for number in left_out if len(numbered[number]) == len(names)]
    assert not any(field.strip(" \t\r\n") for fields in fit for field in fields)
    assert accepted == {number: numbered[number] for number in accepted}
