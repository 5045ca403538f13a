"""Rows become observations and summaries, or name everything that is wrong with them."""

import json
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from memory_import.transforms.memories import prepare_memories
from memory_import.transforms.plan import MemoryPlan
from tests.support.plans import make_plan

CONVERSATION = "conv_conversation_0" + "a" * 25
PLAN = MemoryPlan(
    kind="observations",
    reference=make_plan(),
    profile_id=None,
    content="note",
    too_long="reject",
    occurred_at="at",
    formats=(),
    timezone="Europe/Berlin",
    source="crm-notes",
    conversations="conversations",
    separator=";",
)
SUMMARIES = replace(PLAN, kind="summaries", source=None, separator=None)
GOOD = {
    "phone": "(202) 555-0101",
    "email": None,
    "note": "It broke.",
    "at": "2024-07-01 10:00",
    "conversations": None,
}


def prepare(plan: MemoryPlan = PLAN, **cells: str | None) -> dict[str, object]:
    """A good row with these cells changed, prepared."""
    row = {"_file": "notes.csv", "_row": 1, **GOOD, **cells}
    frame = pl.DataFrame([row], schema={name: pl.Int64 if name == "_row" else pl.String for name in row})
    return prepare_memories(frame, plan).frame.row(0, named=True)


def payload(plan: MemoryPlan = PLAN, **cells: str | None) -> dict[str, object]:
    [text] = prepare(plan, **cells)["_payload"]  # type: ignore[misc]
    return json.loads(text)


def test_a_row_becomes_what_the_api_takes():
    assert payload() == {"content": "It broke.", "source": "crm-notes", "occurredAt": "2024-07-01T08:00:00Z"}
    row = prepare()
    assert (row["_identifier.phone"], row["_identifier.email"]) == ("+12025550101", None)
    assert row["_moment"] == datetime(2024, 7, 1, 8)  # noqa: DTZ001 - in UTC, without saying so


def test_a_summary_names_its_conversation():
    assert payload(SUMMARIES, conversations=CONVERSATION) == {
        "content": "It broke.",
        "occurredAt": "2024-07-01T08:00:00Z",
        "conversationId": CONVERSATION,
    }


@pytest.mark.parametrize("text", ['"quoted"\n\ttext \\', "👩‍👩‍👧", "مرحبا", "x" * 4_096, "é" * 4_096])
def test_content_arrives_as_it_stands(text):
    assert payload(note=text)["content"] == text.strip()


def test_several_conversations_are_listed():
    as_json = payload(conversations=f'["{CONVERSATION}","{CONVERSATION}"]')
    assert as_json["conversationIds"] == [CONVERSATION, CONVERSATION]
    listed = payload(conversations=f" {CONVERSATION} ;;{CONVERSATION}")["conversationIds"]
    assert listed == [CONVERSATION, CONVERSATION]


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({"note": None}, "content_missing"),
        ({"note": "x" * 4_097}, "content_too_long"),
        ({"at": None}, "occurred_at_missing"),
        ({"at": "soon"}, "datetime_invalid"),
        ({"conversations": "x"}, "conversation_id_invalid"),
        ({"conversations": ";".join([CONVERSATION] * 11)}, "too_many_conversations"),
        ({"phone": None}, "no_identifier"),
        ({"phone": "12", "note": None}, "phone_too_short | no_identifier | content_missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_is_rejected_has_every_reason(cells, codes):
    row = prepare(**cells)
    assert row["_error_code"] == codes
    assert row["_payload"] is row["_identifier.phone"] is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [(None, "conversation_id_missing"), (f"{CONVERSATION};{CONVERSATION}", "conversation_id_invalid")],
    ids=["none", "two"],
)
def test_a_summary_has_one_conversation(cell, code):
    assert prepare(SUMMARIES, conversations=cell)["_error_code"] == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [("mem_profile_0" + "a" * 25, None), ("mem_profile_x", "profile_id_invalid"), (None, "no_identifier")],
    ids=["an id", "no id of a profile", "nothing"],
)
def test_a_profile_may_be_named_by_its_own_id(cell, code):
    row = prepare(replace(PLAN, reference=None, profile_id="phone"), phone=cell)
    assert row["_error_code"] == code
    assert row["_profile_id"] == (None if code else cell)


def test_an_identifier_that_is_refused_is_counted_where_another_one_holds():
    row = {"_file": "notes.csv", "_row": 1, **GOOD, "phone": "12", "email": "Ann@Example.com"}
    frame = pl.DataFrame([row], schema={name: pl.Int64 if name == "_row" else pl.String for name in row})
    prepared = prepare_memories(frame, PLAN)
    assert prepared.changes == {"dropped_phone_too_short": 1, "email_lowercased": 1}
    assert prepared.frame["_identifier.email"].to_list() == ["ann@example.com"]


def test_of_each_field_it_is_noted_whether_there_is_a_value_and_what_became_of_it():
    row = prepare(phone="12", note=None, at="2024-07-01 10:00", conversations="x")
    noted = {name: row[f"_value.{name}"] for name in PLAN.fields}
    assert noted == {
        "Contact.phone": None,
        "Contact.email": None,
        "content": None,
        "occurred_at": True,
        "conversation_ids": None,
    }
    codes = {name: row[f"_code.{name}"] for name in PLAN.fields}
    assert codes == {
        "Contact.phone": "phone_too_short",
        "Contact.email": None,
        "content": None,
        "occurred_at": None,
        "conversation_ids": "conversation_id_invalid",
    }


def test_content_that_is_split_is_a_change_of_its_field():
    row = prepare(replace(PLAN, too_long="split"), note="x" * 5_000)
    assert (row["_value.content"], row["_code.content"]) == (True, "content_split")
