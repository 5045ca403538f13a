"""A server that pushes back, breaks off, or refuses: every row lands, or is named with its reason."""

import csv
import math
from pathlib import Path

from tests.support.processes import (
    LATE,
    Api,
    CommandLine,
    make_customers,
    serving,
    write_csv,
    write_spec,
)

BULK = {"path": "*/Profiles/Bulk"}
DROPPED = 0  # in the server's log


def test_throttled_with_errors_and_dropped_connections_every_row_lands(tmp_path: Path) -> None:
    rows = make_customers(10_000, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    with serving(delay_seconds=(0.0, 0.1), validator=None) as api:
        api.set_faults(
            {"when": {"every": 7}, "do": {"status": 429, "code": 20429, "retry_after": 1}},
            {"when": {**BULK, "nth": [3, 9]}, "do": {"status": 503, "code": 20503}},
            {"when": {**BULK, "nth": [4, 7]}, "do": {"drop": "after"}},
            {"when": {**BULK, "nth": [2, 8]}, "do": {"drop": "before"}},
        )
        seen_before = len(api.requests())
        finished = CommandLine(tmp_path, api.url).run("run", spec)
        requests = api.requests()[seen_before:]
        profiles = api.profiles()
    assert finished.exit_code == 0, finished.stderr
    assert finished.report["loads"]["profiles"]["rows"]["completed"] == 10_000
    assert len(profiles) == 10_000
    statuses = [request["status"] for request in requests]
    assert {429, 503, DROPPED} <= set(statuses)
    assert finished.report["requests"]["by_status"]["429"] == statuses.count(429)


def test_one_profile_that_the_server_refuses_costs_one_row_and_a_few_requests(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(4_000, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    api.set_faults(
        {
            "when": {"trait": "Contact.email", "value": rows[2_000][5]},
            "do": {"status": 400, "code": 520010, "message": "The profile cannot be processed."},
        }
    )
    finished = command.run("run", spec)
    assert finished.exit_code == 1, finished.stderr
    load = finished.report["loads"]["profiles"]
    assert (load["rows"]["completed"], load["rows"]["rejected"]) == (3_999, 1)
    assert load["reject_reasons"] == {"520010": 1}
    bulks = [request for request in api.requests() if request["path"].endswith("/Bulk")]
    assert len(bulks) - 4 <= 2 * math.log2(1_000) + 2
    (rejected,) = read_rejects(tmp_path / "state")
    assert list(rejected.values())[:7] == rows[2_000]
    assert (rejected["_row"], rejected["_error_code"]) == ("2001", "520010")
    assert rejected["_error_message"] == "The profile cannot be processed."
    assert len(api.profiles()) == 3_999


def test_a_failed_operation_is_divided_down_to_the_guilty_row(tmp_path: Path) -> None:
    rows = make_customers(2_000, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    with serving(delay_seconds=(0.0, 0.0)) as api:
        api.set_faults(
            {
                "when": {"trait": "Contact.email", "value": rows[700][5]},
                "do": {"fail_operation": {"code": 520010, "detail": "no identifier"}},
            }
        )
        finished = CommandLine(tmp_path, api.url).run("run", spec)
        assert finished.exit_code == 1, finished.stderr
        assert finished.report["loads"]["profiles"]["reject_reasons"] == {"520010": 1}
        assert [row["_row"] for row in read_rejects(tmp_path / "state")] == ["701"]
        assert len(api.profiles()) == 1_999


def test_without_an_operation_to_follow_rows_are_accepted_and_never_more(tmp_path: Path) -> None:
    rows = make_customers(1_200, repeats=0.2, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    with serving(bulk_answer="message", delay_seconds=(0.1, 0.5)) as api:
        finished = CommandLine(tmp_path, api.url).run("run", spec)
        counts = finished.report["loads"]["profiles"]["rows"]
        assert finished.exit_code == 0, finished.stderr
        assert counts["completed"] == 0
        assert counts["accepted"] + counts["merged"] == 1_200
        assert len(api.profiles()) == counts["accepted"]
        for number in (0, 600, 1_199):
            assert len(api.look_up("email", rows[number][5])) == 1
            assert len(api.look_up("phone", rows[number][3])) == 1


def test_a_store_that_gives_up_for_a_while_is_waited_for(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(3_000, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    api.set_faults({"when": {**BULK, "to": 4}, "do": {"status": 409, "code": 520042}})
    finished = command.run("run", spec)
    assert finished.exit_code == 0, finished.stderr
    assert finished.report["requests"]["retries"] >= 4


def test_what_the_server_does_not_finish_in_time_stays_pending_and_resume_sees_it_done(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(1_500, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    api.set_faults({"when": BULK, "do": {"late_seconds": LATE}})
    finished = command.run("run", spec, "--wait", "0.5")
    assert finished.exit_code == 5, finished.stderr
    assert finished.report["loads"]["profiles"]["rows"]["pending"] == 1_500
    assert finished.report["resume_command"].startswith("memory-import resume ")
    bulks = sum(request["path"].endswith("/Bulk") for request in api.requests())
    api.advance(LATE)
    resumed = command.run("resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert resumed.report["loads"]["profiles"]["rows"]["completed"] == 1_500
    assert sum(request["path"].endswith("/Bulk") for request in api.requests()) == bulks


def read_rejects(state_dir: Path) -> list[dict[str, str]]:
    """The rejected rows of the only run in a state directory."""
    (path,) = state_dir.glob("runs/*/rejects.csv")
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))
