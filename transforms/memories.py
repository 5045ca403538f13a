"""Rows of text to observations or conversation summaries: whose, what, when, in which conversations.

A row is rejected when nothing in it says whose memory it is, when its content, its time or its conversations
are not what the API accepts, and when what it must have is missing. It names all that is wrong with it.
"""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from memory_import.columns import PAYLOAD, ROW
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE, code_where
from memory_import.transforms.limits import (
    CONTENT_CHARACTERS,
    CONVERSATION_ID,
    CONVERSATIONS_PER_OBSERVATION,
    PROFILE_ID,
)
from memory_import.transforms.payloads import encode_json
from memory_import.transforms.plan import MemoryPlan, TraitPlan
from memory_import.transforms.prepare import (
    CODES,
    Prepared,
    collect_others,
    count_changes,
    no_others,
    read_identifiers,
)
from memory_import.transforms.rejects import RowReasons, explain_rows
from memory_import.transforms.values.arrays import list_items
from memory_import.transforms.values.contents import split_content
from memory_import.transforms.values.text import clean_texts, judge_texts
from memory_import.transforms.values.times import RFC3339, judge_datetimes

_ANY_LENGTH = 2**31
_MISSING = [
    reason.value
    for reason in (Reason.CONTENT_MISSING, Reason.OCCURRED_AT_MISSING, Reason.CONVERSATION_ID_MISSING)
]
"""What is wrong with a blank cell."""


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """Whose a memory is: the columns that say so, what is wrong where none of them does, and what became of
    the values of each field."""

    columns: pl.DataFrame
    reasons: list[RowReasons]
    changes: Counter[str]
    noted: list[pl.Series]
    others: pl.DataFrame


def prepare_memories(rows: pl.DataFrame, plan: MemoryPlan) -> Prepared:
    """Prepares rows (`_file` String, `_row` Int64 and source columns, all String, null where blank).

    The frame has after the columns of `rows`:
        `_payload`: List(String), the memory as JSON text, or its numbered parts; null where rejected.
        `_moment`: Datetime, when it happened, in UTC.
        `_value.<path>`, … for each of `MemoryPlan.fields`: Boolean, true where it has a value, else null.
        `_code.<path>`, …: as `prepare_profiles` gives them.
        `MemoryPlan.reference_columns`: String, identifiers as the service matches them, or a profile's id.
        `_error_code`, `_error_field`, `_error_message`: as `prepare_profiles` gives them.
    """
    content = _judge_content(rows[plan.content], plan)
    moment = _require(
        judge_datetimes(rows[plan.occurred_at], plan.formats, plan.timezone), Reason.OCCURRED_AT_MISSING
    )
    stated = [content, moment]
    conversations = pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    if plan.conversations is not None:
        judged = _judge_conversations(rows[plan.conversations], plan)
        conversations = judged["value"]
        stated.append(judged)
    fields = list(zip(list(plan.fields.values())[-len(stated) :], stated, strict=True))
    refused = pl.select(pl.any_horizontal(pl.lit(frame["reason"]).is_not_null() for _, frame in fields))
    reference, rejected = _judge_reference(rows, plan, refused.to_series())
    wrong = [RowReasons(field=field.columns[0], codes=frame["reason"]) for field, frame in fields]
    reasons = explain_rows(rejected, [*reference.reasons, *wrong])
    payloads = _write_payloads(content["value"], moment["value"], conversations, plan, rejected)
    changes = reference.changes
    for _, frame in fields:
        codes = frame["change"].filter(~rejected).drop_nulls()
        changes.update(dict(codes.value_counts(name="count").iter_rows()))
    return Prepared(
        frame=pl.concat(
            [
                rows,
                payloads.to_frame(),
                moment.select(_moment=pl.col("value").str.to_datetime(RFC3339, time_unit="us")),
                reference.columns,
                pl.DataFrame(reference.noted),
                pl.DataFrame([series for field, frame in fields for series in _note_stated(field, frame)]),
                reasons,
            ],
            how="horizontal",
        ),
        others=reference.others,
        changes=dict(sorted((+changes).items())),
    )


def _note_stated(field: TraitPlan, judged: pl.DataFrame) -> list[pl.Series]:
    """`_value.…` and `_code.…` of a field from its judgements; a blank cell has neither."""
    reason = pl.when(~pl.col("reason").is_in(_MISSING)).then(pl.col("reason"))
    codes = judged.select(pl.coalesce(reason, "change")).to_series()
    return _note(field, judged["value"], codes)


def _note(field: TraitPlan, values: pl.Series, codes: pl.Series) -> list[pl.Series]:
    has_value = pl.select(pl.when(values.is_not_null()).then(pl.lit(value=True))).to_series()
    return [has_value.alias(field.value_column), codes.cast(CODES).alias(field.code_column)]


def _require(judged: pl.DataFrame, missing: Reason) -> pl.DataFrame:
    """The judgements, with a reason where nothing was stated."""
    is_blank = pl.col("value").is_null() & pl.col("reason").is_null()
    return judged.with_columns(reason=pl.coalesce("reason", code_where(is_blank, missing)))


def _judge_content(texts: pl.Series, plan: MemoryPlan) -> pl.DataFrame:
    limit = CONTENT_CHARACTERS if plan.too_long == "reject" else _ANY_LENGTH
    too_long = {Reason.STRING_TOO_LONG.value: Reason.CONTENT_TOO_LONG.value}
    is_split = pl.col("value").str.len_chars() > CONTENT_CHARACTERS
    judged = judge_texts(texts, limit=limit).with_columns(
        reason=pl.col("reason").replace(too_long),
        change=pl.when(is_split).then(pl.lit(Change.CONTENT_SPLIT.value)).otherwise("change"),
    )
    return _require(judged, Reason.CONTENT_MISSING)


def _judge_conversations(texts: pl.Series, plan: MemoryPlan) -> pl.DataFrame:
    """The value is the JSON field with the comma before it."""
    listed = list_items(clean_texts(texts), plan.separator).alias("ids").to_frame()
    ids = listed.select(
        pl.col("ids")
        .list.eval(pl.element().str.strip_chars())
        .list.eval(pl.element().filter((pl.element() != "") & pl.element().is_not_null()))
    ).with_columns(
        is_valid=pl.col("ids").list.eval(pl.element().str.contains(CONVERSATION_ID)).list.all(),
        size=pl.col("ids").list.len(),
    )
    size, is_valid = pl.col("size").fill_null(0), pl.col("is_valid").fill_null(value=True)
    reason: pl.Expr = (
        pl.when(size > CONVERSATIONS_PER_OBSERVATION)
        .then(pl.lit(Reason.TOO_MANY_CONVERSATIONS.value))
        .when(~is_valid)
        .then(pl.lit(Reason.CONVERSATION_ID_INVALID.value))
    )
    if plan.is_summary:
        several = pl.when(size > 1).then(pl.lit(Reason.CONVERSATION_ID_INVALID.value))
        reason = pl.coalesce(reason, several, code_where(size == 0, Reason.CONVERSATION_ID_MISSING))
        field = pl.format(',"conversationId":"{}"', pl.col("ids").list.first())
    else:
        field = pl.format(',"conversationIds":["{}"]', pl.col("ids").list.join('","'))
    is_kept = reason.is_null() & (size > 0)
    return ids.select(value=pl.when(is_kept).then(field), reason=reason, change=NO_CODE)


def _judge_reference(
    rows: pl.DataFrame, plan: MemoryPlan, refused: pl.Series
) -> tuple[_Reference, pl.Series]:
    """Whose each memory is, and which rows are rejected, be it for that or because they were `refused`."""
    if plan.reference is None:
        return _judge_profile_ids(rows, plan, refused)
    read = read_identifiers(rows, plan.reference)
    is_known = pl.any_horizontal(pl.col(name).is_not_null() for name in read.columns.columns)
    known = read.columns.select(is_known).to_series()
    rejected = refused | ~known
    field = ", ".join(dict.fromkeys(column for trait in plan.reference.traits for column in trait.columns))
    missing = pl.select(code_where(pl.lit(~known), Reason.NO_IDENTIFIER)).to_series()
    reasons = [
        RowReasons(field=field, codes=codes) for trait in read.judged for field, codes in trait.reasons
    ]
    reference = _Reference(
        columns=read.columns.select(pl.when(pl.lit(~rejected)).then(pl.all())),
        reasons=[*reasons, RowReasons(field=field, codes=missing)],
        changes=Counter(count_changes(read.judged, read.region_codes, ~rejected)),
        noted=[
            series for judged in read.judged for series in _note(judged.trait, judged.values, judged.codes)
        ],
        others=collect_others(read.judged, plan.reference, rows[ROW], rejected),
    )
    return reference, rejected


def _judge_profile_ids(
    rows: pl.DataFrame, plan: MemoryPlan, refused: pl.Series
) -> tuple[_Reference, pl.Series]:
    field = plan.fields["profile.id"]
    column = field.columns[0]
    ids = clean_texts(rows[column])
    is_invalid = (ids.is_not_null() & ~ids.str.contains(PROFILE_ID)).fill_null(value=False)
    rejected = refused | ids.is_null() | is_invalid
    codes = pl.select(
        pl.when(pl.lit(ids).is_null())
        .then(pl.lit(Reason.NO_IDENTIFIER.value))
        .when(pl.lit(is_invalid))
        .then(pl.lit(Reason.PROFILE_ID_INVALID.value))
    ).to_series()
    columns = pl.select(_profile_id=pl.when(pl.lit(~rejected)).then(pl.lit(ids)))
    valid = pl.select(pl.when(~is_invalid).then(ids)).to_series()
    invalid = pl.select(code_where(pl.lit(is_invalid), Reason.PROFILE_ID_INVALID)).to_series()
    reference = _Reference(
        columns=columns,
        reasons=[RowReasons(field=column, codes=codes)],
        changes=Counter(),
        noted=_note(field, valid, invalid),
        others=no_others(),
    )
    return reference, rejected


def _write_payloads(
    contents: pl.Series, moments: pl.Series, conversations: pl.Series, plan: MemoryPlan, rejected: pl.Series
) -> pl.Series:
    """`_payload` of every row: a list of one JSON text, of several where the content had to be split."""
    source = "" if plan.source is None else f',"source":"{plan.source}"'
    rest = pl.select(
        rest=pl.concat_str(
            pl.lit(source + ',"occurredAt":"'),
            pl.lit(moments),
            pl.lit('"'),
            pl.lit(conversations).fill_null(""),
            pl.lit("}"),
        )
    ).to_series()
    whole = pl.DataFrame({"content": contents, "rest": rest})
    kept = whole.select(pl.when(pl.lit(~rejected)).then(pl.all())).with_row_index("row")
    is_long = pl.col("content").str.len_chars() > CONTENT_CHARACTERS
    pieces = (
        kept.filter(is_long)
        .with_columns(
            content=pl.col("content").map_elements(
                lambda text: split_content(text, CONTENT_CHARACTERS), return_dtype=pl.List(pl.String)
            )
        )
        .explode("content")
    )
    split = (
        _join(pieces).group_by("row", maintain_order=True).agg(pl.col("payload"))
        if pieces.height
        else pl.DataFrame(schema={"row": pl.UInt32, "payload": pl.List(pl.String)})
    )
    single = _join(kept.filter(pl.col("content").is_not_null() & ~is_long))
    found = pl.concat([single.select("row", payload=pl.concat_list("payload")), split])
    return (
        kept.select("row").join(found, on="row", how="left", maintain_order="left")["payload"].alias(PAYLOAD)
    )


def _join(rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, `payload` from `row`, `content` and `rest`."""
    return rows.select(
        "row", payload=pl.concat_str(pl.lit('{"content":'), encode_json(pl.col("content")), "rest")
    )
