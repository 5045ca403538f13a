"""The report as people read it: every row with an outcome, every reason, and how to go on."""

from random import Random
from typing import Any

import pytest
from markdown_it import MarkdownIt

from memory_import.ledger.report.outcomes import Outcome
from memory_import.ledger.report.render import render_markdown
from memory_import.ledger.report.summary import render_summary
from memory_import.run.explain import explain_code
from tests.support.random_reports import ACTS, SEEDS, make_random_report

PLAN = {
    "forecast": {
        "requests": {"least": 1, "most": 1},
        "bytes": 100,
        "profile_operations": 1,
        "created": {"least": 0, "most": 0},
        "lookups": {"least": 0, "most": 0},
        "seconds": None,
    },
    "store": {"asked": True, "lacks": []},
    "memories": {},
    "examples": {},
    "persons": [],
}


def make_report(**rows: int) -> dict[str, Any]:
    """A finished run of one load in which so many rows had an outcome."""
    outcomes = {outcome.value: 0 for outcome in Outcome} | rows
    return {
        "run_id": "20261121T090000-1",
        "spec": "crm.yaml",
        "status": "finished",
        "exit_code": 1,
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": "2026-11-21T09:00:05Z",
        "target": {"api_url": "https://memory.twilio.com", "store_id": "mem_store_1", "emulator": False},
        "loads": {
            "profiles": {
                "rows": {"read": sum(rows.values()), **outcomes},
                "sent": 1234,
                "batches": {"total": 2, "completed": 2, "split": 0},
                "reject_reasons": {},
                "changes": {},
            }
        },
        "requests": {"total": 1500, "retries": 20, "by_status": {"202": 1480, "429": 20}},
        "billing": {"profile_operations": 1234, "lookups": 20, "recalls": 0},
        "timing": {"deliver": 1.25},
        "resume_command": None,
    }


def cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_every_outcome_that_occurs_has_a_line_and_they_lead_to_the_rows_read() -> None:
    report = make_report(**{outcome.value: number for number, outcome in enumerate(Outcome, start=1)})
    lines = [
        cells(line)
        for line in render_markdown(report, "state/runs/1", str.upper).splitlines()
        if line.startswith("| ")
    ]
    counted = {cell[0]: cell[1] for cell in lines if len(cell) > 1}
    assert {outcome.value: counted[outcome.value] for outcome in Outcome} == {
        outcome.value: str(number) for number, outcome in enumerate(Outcome, start=1)
    }
    assert counted["**read**"] == "**55**"


def test_what_did_not_occur_is_left_out() -> None:
    text = render_markdown(make_report(completed=5), "state/runs/1", str.upper)
    assert "pending" not in text
    assert "| rejected" not in text
    assert "Why rows were rejected" not in text
    assert "to go on" not in text


def test_reasons_and_changes_are_listed_and_explained_the_most_frequent_first() -> None:
    report = make_report(rejected=3)
    report["loads"]["profiles"]["reject_reasons"] = {"a_rare": 1, "frequent": 2_000, "b_rare": 1}
    report["loads"]["profiles"]["rejected_rows"] = {"a_rare": [["a<b.csv", 7], ["a<b.csv", 1_200]]}
    report["loads"]["profiles"]["changes"] = {"phone_reformatted": 7}
    lines = [cells(line) for line in render_markdown(report, "state/runs/1", str.upper).splitlines()]
    expected = [
        ["frequent", "2,000", "FREQUENT", ""],
        ["a_rare", "1", "A_RARE", "rows 7, 1,200 of a&lt;b.csv"],
        ["b_rare", "1", "B_RARE", ""],
    ]
    places = [lines.index(row) for row in expected]
    assert places == sorted(places)
    assert ["phone_reformatted", "7", "PHONE_REFORMATTED"] in lines


@pytest.mark.parametrize("is_emulator", [True, False], ids=["emulator", "live"])
def test_a_reader_sees_whether_it_was_the_emulator(is_emulator: bool) -> None:
    report = make_report(completed=1)
    report["target"]["emulator"] = is_emulator
    assert ("(emulator)" in render_markdown(report, "state/runs/1", str.upper)) is is_emulator


def test_both_forms_tell_how_to_go_on() -> None:
    report = make_report(pending=1)
    report["resume_command"] = "memory-import resume 20261121T090000-1"
    assert "memory-import resume 20261121T090000-1" in render_markdown(report, "state/runs/1", str.upper)
    assert "memory-import resume 20261121T090000-1" in render_summary(report, "state/runs/1")


def test_the_summary_says_what_became_of_the_rows_and_why_and_what_to_type_next() -> None:
    report = make_report(completed=9_000, merged=5, rejected=1_200)
    report["loads"]["profiles"]["reject_reasons"] = {f"code_{number}": 10 - number for number in range(8)}
    lines = render_summary(report, "state/runs/1").splitlines()
    assert lines == [
        "Run 20261121T090000-1: finished. Of 10,205 rows 9,000 are in the store, 5 belong to the person of "
        "another row and 1,200 are rejected.",
        "",
        "  profiles: 10,205 rows read",
        "        9,000  completed  in the store, as the service says",
        "            5  merged     folded into another row of the same person",
        "        1,200  rejected   not imported: the file of rejected rows says why",
        "    why rows are rejected",
        "           10  code_0",
        "            9  code_1",
        "            8  code_2",
        "            7  code_3",
        "            6  code_4",
        "               and 3 more codes in the report",
        "",
        "  1,500 requests, 20 of them repeated",
        "  report: state/runs/1/report.html (as text: report.md)",
        "Next: memory-import explain code_0    (why most rows were rejected, and what to do)",
    ]


@pytest.mark.parametrize(
    ("rows", "bar"),
    [
        pytest.param({"completed": 10}, "█" * 20, id="all in"),
        pytest.param({"completed": 5, "rejected": 5}, "█" * 10 + "▒" * 10, id="half"),
        pytest.param({"completed": 9_999, "rejected": 1}, "█" * 19 + "▒", id="one of many shows"),
        pytest.param({"merged": 1, "planned": 3}, "▓" * 5 + "░" * 15, id="a plan"),
    ],
)
def test_a_bar_has_a_sign_for_each_share_of_the_rows(rows: dict[str, int], bar: str) -> None:
    assert f"    {bar}\n" in render_summary(make_report(**rows), "state/runs/1", bar_width=20)
    assert bar not in render_summary(make_report(**rows), "state/runs/1")


def test_the_values_of_each_trait_are_a_table() -> None:
    report = make_report(completed=1_200)
    report["loads"]["profiles"]["traits"] = {
        "Contact.phone": {
            "read": 1_600,
            "filled": 1_200,
            "sent": 90,
            "changed": {"phone_reformatted": 1_000, "phone_plus_added": 50},
            "dropped": {"phone_too_short": 50},
            "superseded": 0,
            "not_sent": 10,
        }
    }
    lines = render_summary(report, "state/runs/1").splitlines()
    assert "    values            filled        as it was    changed   left out   not sent" in lines
    assert "    Contact.phone      1,200   75%         90      1,050         50         10" in lines
    planned = {**report, "plan": {**PLAN, "examples": {"Contact.phone": "+99999999999"}}}
    lines = render_summary(planned, "state/runs/1").splitlines()
    planned_line = (
        '    Contact.phone      1,200   75%         90      1,050         50         10  "+99999999999"'
    )
    assert planned_line in lines


@pytest.mark.parametrize(
    ("changes", "rows", "following"),
    [
        pytest.param(
            {},
            {"completed": 1},
            "memory-import verify 20261121T090000-1 --state-dir state    "
            "(reads some of it back and compares; reads are billed)",
            id="done",
        ),
        pytest.param({}, {"unchanged": 1}, "memory-import status --state-dir state    (all runs)", id="same"),
        pytest.param(
            {"status": "failed"},
            {},
            "memory-import doctor crm.yaml    (what has to be put right first)",
            id="failed",
        ),
        pytest.param(
            {"resume_command": "memory-import resume 1"},
            {"pending": 1},
            "memory-import resume 1    (to go on)",
            id="pending",
        ),
        pytest.param(
            {"resume_command": "memory-import apply 1", "plan": PLAN},
            {"planned": 1},
            "memory-import apply 1    (to send it)",
            id="plan",
        ),
    ],
)
def test_every_ending_names_the_next_command(
    changes: dict[str, Any], rows: dict[str, int], following: str
) -> None:
    text = render_summary(make_report(**rows) | changes, "state/runs/1")
    assert text.splitlines()[-1] == f"Next: {following}"


def test_a_run_without_loads_or_requests_has_both_forms_too() -> None:
    report = make_report()
    report |= {"loads": {}, "requests": {"total": 0, "retries": 0, "by_status": {}}, "timing": {}}
    assert "none" in render_markdown(report, "state/runs/1", str.upper)
    assert "requests" not in render_summary(report, "state/runs/1")


def test_files_that_were_found_and_not_read_are_named_in_both_forms() -> None:
    report = make_report(completed=1)
    load = report["loads"]["profiles"]
    load["files"] = [{"name": "a.csv", "rows": 1, "bytes": 20, "missing_columns": ["Phone"]}]
    load["files_not_read"] = [{"name": f"{number}.json", "reason": "no CSV"} for number in range(7)]
    assert "    found and not read: 0.json, 1.json, 2.json, 3.json, 4.json and 2 more" in render_summary(
        report, "state"
    )
    text = render_markdown(report, "state", str.upper)
    assert "| a.csv | 1 | 20 | Phone |" in text
    assert text.count(": no CSV") == 7


def test_an_empty_load_is_said_to_be_empty() -> None:
    assert "No row was read." in render_summary(make_report(), "state/runs/1")


def test_values_have_a_table_of_fates_and_the_dropped_ones_of_reasons_with_rows() -> None:
    report = make_report(completed=9)
    fates = {
        **{"read": 9, "blank": 1, "filled": 8, "sent": 2, "superseded": 1, "not_sent": 0},
        "changed": {"phone_reformatted": 2},
        "dropped": {"phone_too_short": 2, "phone_masked": 1},
        "others": {"sent": 1, "dropped": {"phone_too_short": 2}},
    }
    plain = {**fates, "dropped": {}, "changed": {}, "sent": 7, "others": {"sent": 0, "dropped": {}}}
    load = report["loads"]["profiles"]
    load["traits"] = {"Contact.phone": fates, "Contact.firstName": plain}
    load["dropped_rows"] = {
        "Contact.phone": {"phone_too_short": [["/data/crm.csv", 4], ["/data/crm.csv", 7]]}
    }
    lines = [cells(line) for line in render_markdown(report, "state/runs/1", str.upper).splitlines()]
    assert ["Contact.phone", "9", "1", "2", "2", "3", "1", "0", "1 sent, 2 dropped"] in lines
    assert ["Contact.firstName", "9", "1", "7", "0", "0", "1", "0", ""] in lines
    first = ["Contact.phone", "phone_too_short", "4", "rows 4, 7 of crm.csv", "PHONE_TOO_SHORT"]
    assert lines.index(first) < lines.index(["Contact.phone", "phone_masked", "1", "", "PHONE_MASKED"])


def test_a_report_of_a_run_that_ended_early_says_why_and_what_its_exit_code_means() -> None:
    report = make_report(pending=1) | {"exit_code": 4, "problems": ["The service refused `key|1`."]}
    text = render_markdown(report, "state/runs/1", str.upper)
    assert "**The service refused `key|1`.**" in text
    assert "exit code 4: the service did not take the credentials" in text


@pytest.mark.parametrize("seed", SEEDS)
def test_no_name_in_any_report_is_markup_or_reaches_the_terminal_as_a_command(seed: int) -> None:
    report = make_random_report(Random(seed))
    markdown = render_markdown(report, "state/runs/1", explain_code)
    assert len(markdown.encode()) < 300_000
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    kinds = {token.type for token in tokens} | {
        inner.type for token in tokens for inner in token.children or ()
    }
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence", "blockquote_open"}
    assert {token.tag for token in tokens if token.type == "heading_open"} <= {"h1", "h2", "h3"}
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len([token for token in tokens if token.type == "tr_open"]) == len(
        [line for line in tables if not line.startswith("|---")]
    )
    for text in (markdown, render_summary(report, "state/runs/1", bar_width=20)):
        assert not ACTS.search(text)
        text.encode("utf-8")
