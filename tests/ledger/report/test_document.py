"""The report says what the ledger and the accounts say, in the form that others read."""

import json

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RequestCount, RunStatus
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.account import Account
from memory_import.ledger.report.document import build_report
from memory_import.ledger.report.outcomes import Outcome
from tests.support.ledger_examples import RUN_ID, drive, enter, make_load, make_planned, make_run

OUTCOMES = [outcome.value for outcome in Outcome]


def test_a_run_that_staged_nothing_has_a_report(ledger: Ledger) -> None:
    run = make_run(status=RunStatus.FAILED, exit_code=2, finished_at="2026-11-21T09:00:01Z")
    ledger.create_run(run)
    assert build_report(ledger, run, {}, None) == {
        "run_id": RUN_ID,
        "spec": "crm.yaml",
        "name": None,
        "status": "failed",
        "exit_code": 2,
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": "2026-11-21T09:00:01Z",
        "target": {
            "api_url": "https://memory.twilio.com",
            "store_id": "mem_store_00000000000000000000000001",
            "emulator": False,
        },
        "loads": {},
        "requests": {"total": 0, "retries": 0, "by_status": {}},
        "billing": {"profile_operations": 0, "lookups": 0, "recalls": 0},
        "timing": {},
        "progress": [],
        "problems": [],
        "spec_lines": [],
        "option": None,
        "resume_command": None,
    }


def test_the_section_of_a_load_counts_rows_batches_and_what_was_taken(ledger: Ledger) -> None:
    load = make_load(30, changes={"phone_reformatted": 2, "email_lowercased": 3})
    states = [
        BatchState.COMPLETED,
        BatchState.ACCEPTED,
        BatchState.UNKNOWN,
        BatchState.REJECTED,
        BatchState.SPLIT,
        BatchState.PLANNED,
    ]
    planned = [make_planned(5 * number, 5 * number + 5, rows=4) for number in range(len(states))]
    for batch, state in zip(enter(ledger, load, planned), states, strict=True):
        drive(ledger, batch, state)
    account = Account(
        dict.fromkeys(OUTCOMES, 0) | {"completed": 25, "rejected": 5},
        {"http_400": 5},
        first_rejected={"http_400": [("crm.csv", 15)]},
    )
    ledger.note_input(
        RUN_ID,
        "profiles",
        {
            "files": [],
            "read": [{"name": "crm.csv", "rows": 30, "bytes": 900}],
            "not_read": [{"name": "notes.md", "reason": "it is no data"}],
        },
    )

    report = build_report(ledger, make_run(), {"profiles": (load, account)}, "memory-import resume 1")

    assert report["loads"]["profiles"] == {
        "files": [{"name": "crm.csv", "rows": 30, "bytes": 900}],
        "files_not_read": [{"name": "notes.md", "reason": "it is no data"}],
        "rows": {"read": 30, **account.rows},
        "traits": {},
        "dropped_rows": {},
        "sent": 15,
        "batches": {
            "total": 5,
            "planned": 1,
            "sending": 0,
            "accepted": 1,
            "completed": 1,
            "verified": 0,
            "rejected": 1,
            "split": 1,
            "unknown": 1,
        },
        "reject_reasons": {"http_400": 5},
        "rejected_rows": {"http_400": [["crm.csv", 15]]},
        "changes": {"email_lowercased": 3, "phone_reformatted": 2},
        "remarks": [],
    }
    assert report["resume_command"] == "memory-import resume 1"
    assert list(report["loads"]["profiles"]["rows"]) == ["read", *OUTCOMES]


def test_what_was_completed_with_an_error_is_said(ledger: Ledger) -> None:
    load = make_load(30)
    planned = [make_planned(10 * number, 10 * number + 10, rows=10) for number in range(3)]
    for batch, code in zip(enter(ledger, load, planned), (520034, 0, None), strict=True):
        drive(ledger, batch, BatchState.COMPLETED, **({} if code is None else {"code": code}))
    account = Account(dict.fromkeys(OUTCOMES, 0) | {"completed": 30}, {})
    report = build_report(ledger, make_run(), {"profiles": (load, account)}, None)
    (remark,) = report["loads"]["profiles"]["remarks"]
    assert "told an error all the same: 2, of 20 rows (code none: 1, 520034: 1)." in remark


def test_requests_and_seconds_are_those_of_the_run(ledger: Ledger) -> None:
    enter(ledger, make_load(0), [])
    with ledger.transaction() as transaction:
        transaction.count_requests(RUN_ID, RequestCount({"429": 2, "202": 7, "no_answer": 1}, {"202": 3}))
    ledger.add_seconds(RUN_ID, "deliver", 1.23456)
    report = build_report(ledger, make_run(), {}, None)
    assert report["requests"] == {
        "total": 10,
        "retries": 3,
        "by_status": {"202": 7, "429": 2, "no_answer": 1},
    }
    assert report["timing"] == {"deliver": 1.235}


def test_a_report_is_plain_json(ledger: Ledger) -> None:
    load = make_load(0)
    enter(ledger, load, [])
    report = build_report(
        ledger, make_run(), {"profiles": (load, Account(dict.fromkeys(OUTCOMES, 0), {}))}, None
    )
    assert json.loads(json.dumps(report)) == report
