"""What `phonenumbers` says of columns of numbers: E.164, and a code for what was changed or refused.

Plain numbers are decided by the installed metadata compiled to Polars; whatever is not provably plain goes to
the library, each distinct value once.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.codes import Reason
from memory_import.transforms.phones.library import CODES, judge_phone
from memory_import.transforms.phones.numbers import judge_numbers, read_numbers
from memory_import.transforms.phones.rules import PhoneRules, are_rules_compiled, installed_rules
from memory_import.transforms.phones.texts import holds_no_number, is_spreadsheet_damage, read_digits

CHUNK_ROWS = 250_000
# Below these numbers the library alone is as fast.
FEWEST_ROWS_TO_COMPILE_FOR = 2_000
FEWEST_ROWS_FOR_COMPILED_RULES = 400

Judge = Callable[[str, str | None], tuple[str | None, str | None]]
_VERDICT: dict[str, pl.DataType | type[pl.DataType]] = {"e164": pl.String, "code": CODES}
# Polars keeps the patterns that each thread asked last compiled: in a thread of their own the rules stay.
_DECIDING = ThreadPoolExecutor(1, "phone-rules")


def judge_phones(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """Each number as E.164, where `phonenumbers` parses it with its region and finds it valid; exactly that.

    `numbers` is String; `regions` is String of the same length: ISO 3166 alpha-2 in capitals. A region that
    is null or unknown leaves only numbers that begin with `+` and their country code.

    Gives `e164` (String) and `code` (String), row for row. A null or blank number has neither. A refused
    number has no `e164`, and a `Reason`. A kept number has a `Change`, or no code where it was E.164 as it
    stood.
    """
    judged = [
        _judge_chunk(numbers.slice(start, CHUNK_ROWS), regions.slice(start, CHUNK_ROWS))
        for start in range(0, len(numbers), CHUNK_ROWS)
    ]
    verdicts = pl.concat(judged) if judged else pl.DataFrame(schema=_VERDICT)
    return verdicts.cast({"code": pl.String})


def _judge_chunk(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    fewest = FEWEST_ROWS_FOR_COMPILED_RULES if are_rules_compiled() else FEWEST_ROWS_TO_COMPILE_FOR
    if len(numbers) - numbers.null_count() < fewest:
        return _judge_by_library(numbers.cast(pl.String), regions.cast(pl.String))
    return judge_by_rules(numbers, regions, installed_rules(), judge_phone)


def _judge_by_library(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    stated = numbers.is_not_null().arg_true()
    judged = _judge_each(_state_rows(numbers, regions, stated), judge_phone)
    return align_verdicts(judged, len(numbers))


def judge_by_rules(numbers: pl.Series, regions: pl.Series, rules: PhoneRules, judge: Judge) -> pl.DataFrame:
    """`judge_phones` by these rules; `judge` (number, region -> e164, code) decides what is left open."""
    numbers, regions = numbers.cast(pl.String), regions.cast(pl.String)
    decided = _DECIDING.submit(_decide, rules, numbers, regions).result()
    is_open = pl.repeat(True, len(numbers), eager=True).scatter(decided["row"], False)
    others = _state_rows(numbers, regions, is_open.arg_true())
    holds_none = holds_no_number(others["number"])
    refused = _refuse(others["row"].filter(holds_none), Reason.PHONE_NOT_A_NUMBER)
    decided = _spot_damage(pl.concat([decided, refused]), numbers)
    judged = _judge_each(others.filter(~holds_none), judge)
    return align_verdicts(pl.concat([decided, judged]), len(numbers))


def _state_rows(numbers: pl.Series, regions: pl.Series, row: pl.Series) -> pl.DataFrame:
    """Of these rows, those that state a number: `row`, `number` and `region_code`."""
    rows = pl.DataFrame({"row": row, "number": numbers[row], "region_code": regions[row]})
    return rows.filter(pl.col("number").str.strip_chars() != "")


def _decide(rules: PhoneRules, numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """`row`, `e164` and `code` of the rows that need no library."""
    region = regions.cast(rules.regions, strict=False).to_physical().cast(pl.UInt32)
    plain = read_digits(numbers)
    homeless = plain.row.filter(~plain.plus & region[plain.row].is_null())
    judged = judge_numbers(rules, read_numbers(rules, plain, region))
    return pl.concat([judged, _refuse(homeless, Reason.PHONE_NO_REGION)])


def _refuse(row: pl.Series, reason: Reason) -> pl.DataFrame:
    return pl.select(row=row, e164=pl.lit(None, pl.String), code=pl.lit(reason.value, CODES))


def _spot_damage(decided: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Names a spreadsheet's damage as the reason where a refused number shows it."""
    refused = decided["e164"].is_null().arg_true()
    damaged = refused.filter(is_spreadsheet_damage(numbers[decided["row"][refused]]))
    code = decided["code"].scatter(damaged, Reason.PHONE_SPREADSHEET_DAMAGE.value)
    return decided.with_columns_seq(code=code)


def _judge_each(rows: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """Asks the library about each distinct number and region once.

    It refuses some with errors that refer to themselves and to all that is on the stack, whose columns would
    stay in memory until the garbage collector comes by. So it is asked on a stack of its own.
    """
    key = ["number", "region_code"]
    if rows.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, **_VERDICT})
    distinct = rows.select(key).unique()
    with ThreadPoolExecutor(1) as aside:
        verdicts = aside.submit(list, map(judge, *(column.to_list() for column in distinct))).result()
    judged = distinct.hstack(pl.DataFrame(verdicts, schema=_VERDICT, orient="row"))
    return rows.join(judged, on=key, nulls_equal=True).select("row", *_VERDICT)
