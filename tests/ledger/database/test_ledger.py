"""What goes into the ledger comes out of it, also after the process that wrote it is gone."""

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memory_import.ledger.database.engine import open_database
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import PlannedBatch, RequestCount, RunStatus
from memory_import.ledger.database.states import BatchState, IllegalMove
from memory_import.ledger.database.transaction import Transaction
from tests.support.ledger_examples import RUN_ID, drive, enter, find, make_load, make_planned, make_run

ANY = tuple(BatchState)
RESUMABLE = {RunStatus.RUNNING, RunStatus.PENDING, RunStatus.STOPPED}


def test_a_run_comes_back_as_it_was_entered(ledger: Ledger) -> None:
    run = make_run(
        spec={"profiles": {"traits": {"Contact": {"email": "E-Mail"}}}},
        budgets={"max_errors": "5%"},
        row_limit=10,
        is_full=False,
    )
    ledger.create_run(run)
    assert ledger.run(RUN_ID) == run
    assert ledger.run("20260101T000000-1") is None


def test_runs_come_newest_first(ledger: Ledger) -> None:
    for run_id in ("20261119", "20261121", "20261120"):
        ledger.create_run(make_run(run_id))
    assert [run.run_id for run in ledger.runs()] == ["20261121", "20261120", "20261119"]


def test_a_status_replaces_the_one_before_in_its_run_only(ledger: Ledger) -> None:
    ledger.create_run(make_run("a"))
    ledger.create_run(make_run("b"))
    ledger.set_status("a", RunStatus.FINISHED, exit_code=1, finished_at="2026-11-21T09:05:00Z")
    ended, untouched = ledger.run("a"), ledger.run("b")
    assert ended == make_run("a", status=RunStatus.FINISHED, exit_code=1, finished_at="2026-11-21T09:05:00Z")
    assert untouched == make_run("b")


@pytest.mark.parametrize("status", RunStatus, ids=str)
@pytest.mark.parametrize("is_plan", [False, True], ids=["run", "plan"])
def test_only_an_unfinished_run_that_sends_can_be_resumed(
    ledger: Ledger, status: RunStatus, is_plan: bool
) -> None:
    run = make_run(status=status, is_plan=is_plan)
    ledger.create_run(run)
    is_resumable = status in RESUMABLE and not is_plan
    assert run.is_resumable is is_resumable
    assert ledger.resumable_runs() == ([run] if is_resumable else [])


def test_resumable_runs_are_listed_the_newest_first(ledger: Ledger) -> None:
    ledger.create_run(make_run("1", status=RunStatus.PENDING))
    ledger.create_run(make_run("2", status=RunStatus.STOPPED))
    ledger.create_run(make_run("3", status=RunStatus.FINISHED, spec_path="/another.yaml"))
    assert [run.run_id for run in ledger.resumable_runs()] == ["2", "1"]


@pytest.mark.parametrize(
    ("later", "is_superseded"),
    [
        ({"status": RunStatus.FINISHED, "delivery_number": 1}, True),
        ({"status": RunStatus.RUNNING, "delivery_number": 1}, True),
        ({"status": RunStatus.STOPPED}, False),
        ({"status": RunStatus.PLANNED, "is_plan": True}, False),
        ({"delivery_number": 1, "store_id": "mem_store_other"}, False),
        ({"delivery_number": 1, "spec_path": "/another.yaml"}, False),
    ],
    ids=["finished", "running", "stopped before it sent", "a plan", "another store", "another spec"],
)
def test_a_run_is_out_of_date_once_a_later_one_of_its_spec_wrote_to_its_store(
    ledger: Ledger, later: dict[str, Any], is_superseded: bool
) -> None:
    first, second = make_run("1", status=RunStatus.STOPPED), make_run("2", **later)
    ledger.create_run(first)
    ledger.create_run(second)
    assert ledger.superseding(first) == (second if is_superseded else None)


@pytest.mark.parametrize(
    ("now", "is_same"),
    [
        ({"spec": {"name": "crm"}, "spec_path": "/moved/crm.yaml"}, True),
        ({"spec": {"name": "orders"}}, True),
        ({"spec": {}}, True),
        ({"spec": {"name": "orders"}, "spec_path": "/moved/crm.yaml"}, False),
        ({"spec": {}, "spec_path": "/moved/crm.yaml"}, False),
    ],
    ids=["moved", "another name", "no name", "moved, another name", "moved, no name"],
)
def test_runs_of_one_name_or_of_one_file_are_of_the_same_spec(
    ledger: Ledger, now: dict[str, Any], is_same: bool
) -> None:
    stopped = make_run("1", status=RunStatus.STOPPED, spec={"name": "crm"})
    finished = make_run("2", status=RunStatus.FINISHED, spec={"name": "crm"})
    for run in (stopped, finished, make_run("3", status=RunStatus.STOPPED, spec_path="/nameless.yaml")):
        ledger.create_run(run)
    next_one = make_run("4", **now)
    assert ledger.unfinished_before(next_one) == [stopped] * is_same
    assert ledger.over_before(next_one) == [finished] * is_same
    assert [run.run_id for run in ledger.unfinished_elsewhere(next_one)] == ["3"] + ["1"] * (not is_same)


def test_a_plan_is_told_which_runs_sent_into_its_store_since(ledger: Ledger) -> None:
    for run_id, facts in {
        "1": {},
        "3": {},
        "4": {"store_id": "another"},
        "5": {"spec_path": "b.yaml"},
    }.items():
        ledger.create_run(make_run(run_id, **facts))
    ledger.begin_delivery("1")
    plan = make_run("2", is_plan=True, planned_after=ledger.last_delivery())
    ledger.create_run(plan)
    assert ledger.deliveries_since(plan) == []
    for run_id in ("1", "4", "5"):
        ledger.begin_delivery(run_id)  # the first was resumed
    assert [run.run_id for run in ledger.deliveries_since(plan)] == ["5", "1"]
    ledger.begin_delivery("2")
    begun = ledger.run("2")
    assert begun is not None
    assert (begun.is_plan, begun.delivery_number) == (False, 5)


def test_the_pace_is_that_of_finished_runs_into_the_same_target(ledger: Ledger) -> None:
    run = make_run("9")
    ledger.create_run(run)
    assert ledger.entries_per_second(run) is None
    enter(ledger, make_load(2_000), [make_planned(stop=2_000)])
    ledger.add_seconds(RUN_ID, "deliver", 4.0)
    ledger.add_seconds(RUN_ID, "prepare", 99.0)
    assert ledger.entries_per_second(run) is None
    ledger.set_status(RUN_ID, RunStatus.FINISHED, exit_code=0, finished_at=None)
    assert ledger.entries_per_second(run) == 500.0
    assert ledger.entries_per_second(make_run("9", api_url="https://another.example.com")) is None


def test_a_load_comes_back_as_it_was_entered(ledger: Ledger) -> None:
    load = make_load(
        12,
        columns=("Straße", "E-Mail", ""),
        rounds=3,
        changes={"phone_reformatted": 4},
    )
    enter(ledger, load, [])
    assert ledger.load(RUN_ID, "profiles") == load
    assert ledger.load(RUN_ID, "observations") is None


def test_a_load_is_entered_with_all_its_batches_or_not_at_all(ledger: Ledger) -> None:
    def cut_off() -> Iterator[PlannedBatch]:
        yield make_planned()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        enter(ledger, make_load(2), cut_off())  # type: ignore[arg-type]
    assert ledger.load(RUN_ID, "profiles") is None
    assert ledger.batches(RUN_ID, "profiles", states=ANY) == []


def test_an_input_replaces_what_was_known_of_it(ledger: Ledger) -> None:
    ledger.create_run(make_run())
    assert ledger.input(RUN_ID, "profiles") is None
    ledger.note_input(RUN_ID, "profiles", {"sha256": "a"})
    ledger.note_input(RUN_ID, "profiles", {"sha256": "b", "files": [["x.csv", 3]]})
    assert ledger.input(RUN_ID, "profiles") == {"sha256": "b", "files": [["x.csv", 3]]}


def test_batches_come_in_the_order_of_their_rounds_then_as_planned(ledger: Ledger) -> None:
    places = [(4, 6, 1), (0, 2, 0), (6, 8, 1), (2, 4, 0)]
    planned = [make_planned(start, stop, round=number) for start, stop, number in places]
    batches = enter(ledger, make_load(8), planned)
    assert [(batch.round, batch.start) for batch in batches] == [(0, 0), (0, 2), (1, 4), (1, 6)]
    assert all(batch.state is BatchState.PLANNED and batch.tries == 0 for batch in batches)
    second = ledger.batches(RUN_ID, "profiles", states=ANY, round=1)
    assert [batch.start for batch in second] == [4, 6]


def test_batches_of_other_states_loads_and_runs_stay_out(ledger: Ledger) -> None:
    first, second = enter(ledger, make_load(2), [make_planned(0, 1), make_planned(1, 2)])
    enter(ledger, make_load(1), [make_planned()], run_id="other")
    drive(ledger, first, BatchState.COMPLETED)
    assert ledger.batches(RUN_ID, "profiles", states=(BatchState.PLANNED,)) == [second]
    assert ledger.batches(RUN_ID, "observations", states=ANY) == []
    assert ledger.batches(RUN_ID, "profiles", states=()) == []


def test_a_move_notes_what_is_known_and_forgets_nothing(ledger: Ledger) -> None:
    [batch] = enter(ledger, make_load(1), [make_planned()])
    drive(ledger, batch, BatchState.SENDING, tries=1, body_hash="abc")
    with ledger.transaction() as transaction:
        transaction.move(
            batch.id, BatchState.ACCEPTED, {"http_status": 202, "request_id": "RQ1", "operation_id": "op1"}
        )
    found = find(ledger, batch)
    assert (found.tries, found.body_hash, found.http_status) == (1, "abc", 202)
    assert (found.request_id, found.operation_id) == ("RQ1", "op1")


def test_a_batch_that_is_not_there_cannot_move(ledger: Ledger) -> None:
    with pytest.raises(IllegalMove), ledger.transaction() as transaction:
        transaction.move(99, BatchState.SENDING, {})


def test_one_change_that_fails_takes_its_whole_transaction_back(ledger: Ledger) -> None:
    first, second = enter(ledger, make_load(2), [make_planned(0, 1), make_planned(1, 2)])

    def change(transaction: Transaction) -> None:
        transaction.move(first.id, BatchState.SENDING, {})
        transaction.plan(RUN_ID, [make_planned(0, 1, parent_id=first.id)])
        transaction.move(second.id, BatchState.COMPLETED, {})

    with pytest.raises(IllegalMove), ledger.transaction() as transaction:
        change(transaction)
    assert ledger.batches(RUN_ID, "profiles", states=ANY) == [first, second]


def test_totals_count_batches_entries_and_rows_by_state_and_by_what_can_be_followed(ledger: Ledger) -> None:
    planned = [make_planned(0, 5, rows=3), make_planned(5, 7), make_planned(7, 8), make_planned(8, 10)]
    followed, silent, _, also = enter(ledger, make_load(10), planned)
    drive(ledger, followed, BatchState.ACCEPTED, operation_id="op1")
    drive(ledger, silent, BatchState.ACCEPTED)
    drive(ledger, also, BatchState.ACCEPTED, operation_id="op2")
    assert ledger.totals(RUN_ID, "profiles") == {
        (BatchState.ACCEPTED, True): (2, 7, 5),
        (BatchState.ACCEPTED, False): (1, 2, 2),
        (BatchState.PLANNED, False): (1, 1, 1),
    }


def test_requests_and_seconds_add_up_over_resumes(tmp_path: Path) -> None:
    for _ in range(2):
        ledger = Ledger(open_database(tmp_path))
        if ledger.run(RUN_ID) is None:
            ledger.create_run(make_run())
        with ledger.transaction() as transaction:
            transaction.count_requests(RUN_ID, RequestCount({"202": 3, "429": 2}, {"202": 1}))
        ledger.add_seconds(RUN_ID, "deliver", 1.5)
        ledger.close()
    ledger = Ledger(open_database(tmp_path))
    assert ledger.request_counts(RUN_ID) == RequestCount({"202": 6, "429": 4}, {"202": 2, "429": 0})
    assert ledger.seconds_by_stage(RUN_ID) == {"deliver": 3.0}
    assert ledger.request_counts("other") == RequestCount()
    ledger.close()


def test_the_database_is_for_its_owner_and_its_commits_reach_the_disk(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with engine.connect() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        commits = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("ledger.sqlite3*")}
    engine.dispose()
    assert (synchronous, commits) == (2, "wal")  # 2 is FULL
    assert modes == {0o600}


WRITER = """
import sys, time
from pathlib import Path
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.database.engine import open_database
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.transaction import Transaction
from memory_import.ledger.database.transaction import Transaction
ledger = Ledger(open_database(Path(sys.argv[1])))
for batch in ledger.batches(sys.argv[2], "profiles", states=(BatchState.PLANNED,)):
    with ledger.transaction() as transaction:
        transaction.move(batch.id, BatchState.SENDING, {"tries": 1})
    print(batch.id, flush=True)
time.sleep(60)
"""


def test_what_was_committed_survives_the_kill_of_its_writer(tmp_path: Path) -> None:
    ledger = Ledger(open_database(tmp_path))
    batches = enter(ledger, make_load(20), [make_planned(row, row + 1) for row in range(20)])
    command = [sys.executable, "-c", WRITER, str(tmp_path), RUN_ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = {int(writer.stdout.readline()) for _ in range(10)}
        writer.send_signal(signal.SIGKILL)
        told |= {int(line) for line in writer.stdout.read().split()}
    moved = {batch.id for batch in ledger.batches(RUN_ID, "profiles", states=(BatchState.SENDING,))}
    ledger.close()
    assert told <= moved <= {batch.id for batch in batches}


@pytest.mark.parametrize(
    ("waits", "now", "left"),
    [
        pytest.param([], 100.0, 0.0, id="nobody asked for a pause"),
        pytest.param([(100.0, 30.0)], 110.0, 20.0, id="in the midst of it"),
        pytest.param([(100.0, 30.0)], 130.0, 0.0, id="over"),
        pytest.param([(100.0, 30.0)], 40.0, 30.0, id="a clock that was set back makes it no longer"),
        pytest.param([(100.0, 30.0), (105.0, 5.0)], 110.0, 20.0, id="a shorter one later"),
        pytest.param([(100.0, 30.0), (105.0, 60.0)], 110.0, 55.0, id="a longer one later"),
    ],
)
def test_a_pause_that_a_server_asked_for_outlives_the_process(
    tmp_path: Path, waits: list[tuple[float, float]], now: float, left: float
) -> None:
    first = Ledger(open_database(tmp_path))
    for told_at, seconds in waits:
        with first.transaction() as transaction:
            transaction.note_wait("https://memory.example.com", told_at, seconds)
    first.close()
    second = Ledger(open_database(tmp_path))
    assert second.wait_left("https://memory.example.com", now) == left
    assert second.wait_left("https://memory.example.org", now) == 0.0
    second.close()
