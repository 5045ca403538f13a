"""Every data row of a CSV file is in rows or in rejects, exactly as it was written."""

import pytest

from memory_import.sources.tabular import SourceOptions, open_source

WELL_FORMED = {
    "plain": (b"a,b\n1,2\n3,4\n", [(1, "1", "2"), (2, "3", "4")]),
    "no line end at the end": (b"a,b\n1,2", [(1, "1", "2")]),
    "windows line ends": (b"a,b\r\n1,2\r\n3,\r\n", [(1, "1", "2"), (2, "3", None)]),
    "old mac line ends": (b"a,b\r1,2\r3,4\r", [(1, "1", "2"), (2, "3", "4")]),
    "mixed line ends": (b"a,b\n1,2\r\n3,4\r5,6\n", [(1, "1", "2"), (2, "3", "4"), (3, "5", "6")]),
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n", [(1, "1", "2")]),
    "a value that starts like one": (b"a,b\n\xef\xbb\xbf1,2\n", [(1, "\ufeff1", "2")]),
    "quoted delimiter": (b'a,b\n"1,5",2\n', [(1, "1,5", "2")]),
    "value that ends with a delimiter": (b'a,b\n"1,",2\n', [(1, "1,", "2")]),
    "doubled quote": (b'a,b\n"say ""hi""",2\n', [(1, 'say "hi"', "2")]),
    "nothing but quotes": (b'a,b\n"""",""""""\n', [(1, '"', '""')]),
    "line end within quotes": (b'a,b\n"1\n2",3\n4,5\n', [(1, "1\n2", "3"), (2, "4", "5")]),
    "windows line end within quotes": (b'a,b\r\n1,"2\r\n3"\r\n', [(1, "1", "2\r\n3")]),
    "quoted empty and empty": (b'a,b\n"",1\n1,""\n', [(1, None, "1"), (2, "1", None)]),
    "spaces stay": (b"a,b\n 1 ,\t2\n", [(1, " 1 ", "\t2")]),
    "a zero and a plus stay": (b"a,b\n007,+47\n", [(1, "007", "+47")]),
    "quote within an unquoted field": (b'a,b\n5" pipe,2\n3,4\n', [(1, '5" pipe', "2"), (2, "3", "4")]),
    "space before a quote": (b'a,b\n1, "2"\n 3 , "4, 5"\n', [(1, "1", "2"), (2, "3 ", "4, 5")]),
    "space before a quote, and others": (b'a,b\n 1,  "2"\n', [(1, " 1", "2")]),
    "blank lines are no rows": (b"\n\na,b\n\n1,2\n\r\n\n3,4\n\n", [(1, "1", "2"), (2, "3", "4")]),
    "one column": (b"a\n1\n\n2\n", [(1, "1"), (2, "2")]),
    "a separator of Unicode's own": ("a,b\nx\u2028y,z\x0bw\n".encode(), [(1, "x\u2028y", "z\x0bw")]),
    "names are trimmed": (b" a , b\n1,2\n", [(1, "1", "2")]),
    "header only": (b"a,b\n", []),
    "header without a line end": (b"a,b", []),
    "header over two lines": (b'"a\nx",b\n1,2\n', [(1, "1", "2")]),
}


@pytest.mark.parametrize(("content", "rows"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_rows_are_read_as_written(read_csv, content, rows):
    reading = read_csv(content)
    assert reading.rows == rows
    assert reading.rejects == []


HEAD = b"a,b,c\n"
REJECTED = {
    "short": (b"1,2\n4,5,6\n", [2], {1: ("ragged_row", "line 2", b"1,2\n")}),
    "long": (b"1,2,3,4,5\n4,5,6\n", [2], {1: ("ragged_row", "line 2", b"1,2,3,4,5\n")}),
    "short and long cancel out": (
        b"1,2\n1,2,3,4\n4,5,6\n",
        [3],
        {1: ("ragged_row", "line 2", b"1,2\n"), 2: ("ragged_row", "line 3", b"1,2,3,4\n")},
    ),
    "spaces alone": (b"   \n4,5,6\n", [2], {1: ("empty_row", "line 2", b"   \n")}),
    "delimiters alone": (b"4,5,6\n,,\n", [1], {2: ("empty_row", "found no value", b",,\n")}),
    "quotes and spaces alone": (b'"", ,\n4,5,6\n', [2], {1: ("empty_row", "found no value", b'"", ,\n')}),
    "too many delimiters alone": (b",,,,\n4,5,6\n", [2], {1: ("empty_row", "line 2", b",,,,\n")}),
    "ragged over lines": (
        b'1,"2\n3"\n4,5,6\n',
        [2],
        {1: ("ragged_row", "lines 2 to 3", b'1,"2\n3"\n')},
    ),
    "never closed": (
        b'1,"2,3\n4,5,6\n7,8,9\n',
        [2, 3],
        {1: ("unclosed_quote", "line 2", b'1,"2,3\n')},
    ),
    "closed by the next row's quote": (
        b'1,"2,3\n4,"5",6\n7,8,9\n',
        [2, 3],
        {1: ("unclosed_quote", "line 2", b'1,"2,3\n')},
    ),
    "open at the end": (b'1,2,3\n4,5,"6', [1], {2: ("unclosed_quote", "line 3", b'4,5,"6\n')}),
    "text after a closing quote": (
        b'"x"y,2,3\n4,5,6\n',
        [2],
        {1: ("text_after_quote", "line 2", b'"x"y,2,3\n')},
    ),
    "quotes that are not doubled": (
        b'"Bob "Bobby" Ray",2,3\n4,5,6\n',
        [2],
        {1: ("text_after_quote", "line 2", b'"Bob "Bobby" Ray",2,3\n')},
    ),
    "quotes that are escaped, and no escape is given": (
        b'"Ann \\"Annie\\" Lee",2,3\n4,5,6\n',
        [2],
        {1: ("text_after_quote", "line 2", b'"Ann \\"Annie\\" Lee",2,3\n')},
    ),
    "a space after a closing quote": (
        b'"x" ,2,3\n4,5,6\n',
        [2],
        {1: ("text_after_quote", "line 2", b'"x" ,2,3\n')},
    ),
    "invalid bytes": (b"1,\xff2,3\n4,5,6\n", [2], {1: ("invalid_bytes", "line 2", b"1,\xff2,3\n")}),
    "cut character": (b"1,2,\xc3\n4,5,6\n", [2], {1: ("invalid_bytes", "line 2", b"1,2,\xc3\n")}),
    "NUL": (b"1,\x002,3\n4,5,6\n", [2], {1: ("nul_byte", "line 2", b"1,\x002,3\n")}),
    "after a blank line": (b"\n1,2,3\n\n\n4\n", [1], {2: ("ragged_row", "line 6", b"4\n")}),
    "after a quoted line end": (b'1,"2\n2",3\n4\n', [1], {2: ("ragged_row", "line 4", b"4\n")}),
}


@pytest.mark.parametrize(("content", "accepted", "rejects"), REJECTED.values(), ids=REJECTED)
def test_a_row_that_cannot_be_read_is_rejected_as_it_stands_and_takes_no_other_with_it(
    read_csv, content, accepted, rejects
):
    reading = read_csv(HEAD + content)
    assert reading.accepted["_row"].to_list() == accepted
    texts = reading.reject_texts
    assert {
        row: (code, message.partition(":")[0], text)
        for (row, code, message), text in zip(reading.rejects, texts, strict=True)
    } == rejects


ESCAPED = {
    "a quote": (b'"Ann \\"Annie\\" Lee",2\n', 'Ann "Annie" Lee'),
    "a quote doubled": (b'"say ""hi""",2\n', 'say "hi"'),
    "the escape": (b'"a\\\\b",2\n', "a\\b"),
    "the delimiter": (b"a\\,b,2\n", "a,b"),
    "a line end": (b"a\\\nb,2\n", "a\nb"),
    "a quote and a line end": (b'"a\\"\n\\"b",2\n', 'a"\n"b'),
}


@pytest.mark.parametrize(("line", "value"), ESCAPED.values(), ids=ESCAPED)
def test_an_escape_takes_the_meaning_from_the_next_character(read_csv, line, value):
    reading = read_csv(b"a,b\n0,1\n" + line + b"3,4\n", escape="\\")
    assert reading.rows == [(1, "0", "1"), (2, value, "2"), (3, "3", "4")]
    assert reading.rejects == []


def test_a_message_says_what_was_found_and_expected_and_holds_no_data(read_csv):
    (reject,) = read_csv(b"name,phone\nAda,+12025550101,more\n").rejects
    assert reject[2] == "line 2: found 3 fields, expected 2 as in the header"


def test_a_bad_row_deep_in_a_large_file_is_named_by_row_and_line(read_csv):
    lines = [b'%d,"note, %d",x\n' % (number, number) for number in range(60_000)]
    lines[100:102] = [b'100,"note\r\n100",x\n', b'101,"note\r101",x\n']
    lines[41_234] = b'41234,"two\nlines",x,y\n'
    reading = read_csv(b"id,note,c\n" + b"".join(lines))
    assert reading.rejects == [
        (41_235, "ragged_row", "lines 41238 to 41239: found 4 fields, expected 3 as in the header")
    ]
    assert reading.accepted["_row"].to_list() == [number for number in range(1, 60_001) if number != 41_235]
    assert reading.accepted["id"].to_list() == [str(number) for number in range(60_000) if number != 41_234]


def test_one_stray_quote_at_the_front_of_a_large_file_costs_one_row(read_csv):
    lines = [b"%d,plain\n" % number for number in range(400_000)]
    reading = read_csv(b'id,note\n0,"never closed\n' + b"".join(lines))
    assert [reject[:2] for reject in reading.rejects] == [(1, "unclosed_quote")]
    assert reading.accepted.height == 400_000


def test_values_of_any_length_are_read_whether_or_not_a_neighbour_is_bad(read_csv):
    long = "x" * 2_000_000
    reading = read_csv(f"a,b\n{long},1\n2\n{long},3\n".encode())
    assert reading.rows == [(1, long, "1"), (3, long, "3")]
    assert [reject[:2] for reject in reading.rejects] == [(2, "ragged_row")]


@pytest.mark.parametrize("rows_per_batch", [1, 2, 3, 100])
def test_batches_hold_consecutive_rows_up_to_the_limit(tmp_path, rows_per_batch):
    path = tmp_path / "input.csv"
    path.write_bytes(b"a,b\n1,2\nbad\n3,4\n5,6\nbad\n7,8\n9,10\n")
    batches = list(open_source(SourceOptions(path=str(path)), path.parent / "copies").batches(rows_per_batch))
    numbers = [sorted([*batch.rows["_row"], *batch.rejects["_row"]]) for batch in batches]
    assert [number for batch in numbers for number in batch] == [1, 2, 3, 4, 5, 6, 7]
    assert all(len(batch) == rows_per_batch for batch in numbers[:-1])


def test_an_iteration_may_be_left_and_begun_again(tmp_path):
    path = tmp_path / "input.csv"
    path.write_bytes(b"a\n" + b"1\n" * 1000)
    source = open_source(SourceOptions(path=str(path)), path.parent / "copies")
    assert next(source.batches(10)).rows.height == 10
    assert sum(batch.rows.height for batch in source.batches(10)) == 1000


def test_an_empty_cell_means_nothing_quoted_or_not(read_csv):
    assert read_csv(b'a,b,c\nNULL,"",\n"n/a", ,""\n').rows == [(1, "NULL", None, None), (2, "n/a", " ", None)]


def test_a_corrected_report_of_rejects_can_be_read_again(read_csv):
    reading = read_csv(
        b"a,b,_file,_row,_error_code,_error_field,_error_message\n"
        b"1,2,old.csv,17,email_invalid,b,Not an address\n"
    )
    assert reading.source.columns == ("a", "b")
    assert reading.rows == [(1, "1", "2")]


DELIMITERS = {
    "comma": (b"a,b\n1;5,2\n", None),
    "semicolon": (b"a;b\n1,5;2\n", None),
    "tab": (b"a\tb\n1,5\t2\n", None),
    "pipe": (b"a|b\n1,5|2\n", None),
    "semicolon, with a comma in the header": (b'"a, old";b\n1,5;2\n', None),
    "given": (b"a~b\n1,5~2\n", "~"),
}


@pytest.mark.parametrize(("content", "delimiter"), DELIMITERS.values(), ids=DELIMITERS)
def test_the_delimiter_is_found_or_given(read_csv, content, delimiter):
    reading = read_csv(content, delimiter=delimiter)
    assert len(reading.source.columns) == 2
    assert reading.rows[0][2] == "2"


def long_note(size: int) -> bytes:
    """The text of a note over many lines, some of which look like rows."""
    lines = b"line %d, with a comma\nEve,+1202555%04d\n" + b"and so on, at length, " * 40 + b"\n"
    return b"".join(lines % (number, number) for number in range(size // 900))


@pytest.mark.parametrize("size", [1 << 20, 3 << 20])
def test_a_long_cell_is_read_whatever_stands_before_it(tmp_path, size):
    note = long_note(size)
    for before in (0, 1, *range(7, 5_000, 811), 5_000):
        path = tmp_path / f"{before}.csv"
        path.write_bytes(
            b"name,note,n\n" + b"Ada,short,1\n" * before + b'Bob,"' + note + b'",2\nCleo,short,3\n'
        )
        (batch,) = open_source(SourceOptions(path=str(path)), tmp_path / "copies").batches()
        assert batch.rejects.is_empty(), before
        assert batch.rows.height == before + 2
        assert batch.rows["note"][before] == note.decode()


def test_beyond_16_mib_a_cell_is_read_and_a_stray_quote_costs_its_row(read_csv):
    note = long_note(17 << 20)
    reading = read_csv(b'name,note,n\nBob,"' + note + b'",2\nCleo,short,3\n')
    assert [row[1] for row in reading.rows] == ["Bob", "Cleo"]
    assert reading.rejects == []
    plain = b"Ada,a plain row,1\n" * 1_000_000
    stray = read_csv(b'name,note,n\nBob,"stray,2\n' + plain)
    assert stray.accepted.height == 1_000_000
    assert [reject[:2] for reject in stray.rejects] == [(1, "unclosed_quote")]
