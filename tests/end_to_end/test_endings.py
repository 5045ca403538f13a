"""How a command ends when something is not as it should be: its exit code, and words a person can act on."""

import os
from pathlib import Path

import polars as pl
import pytest

from tests.support.processes import LATE, Api, CommandLine, make_customers, write_csv, write_spec


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return write_spec(
        tmp_path / "spec.yaml", write_csv(make_customers(50, bad=0.0), tmp_path / "customers.csv")
    )


def test_a_wrong_key_is_exit_4_with_nothing_rejected_and_the_right_one_resumes(
    api: Api, command: CommandLine, tmp_path: Path, spec: Path
) -> None:
    refused = CommandLine(tmp_path, api.url, password="not-the-secret").run("run", spec)
    assert refused.exit_code == 4
    assert "TWILIO_API_SECRET" in refused.stderr
    assert "not-the-secret" not in refused.stdout + refused.stderr
    assert all(load["rows"]["rejected"] == 0 for load in refused.report["loads"].values())
    assert command.run("resume").exit_code == 0
    assert api.profiles()


def test_a_key_revoked_in_mid_run_stops_at_once_and_rejects_nothing(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(8_000, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    api.set_faults(
        {"when": {"path": "*/Profiles/Bulk", "from": 4}, "do": {"status": 401, "code": 20003}},
    )
    stopped = command.run("run", spec)
    counts = stopped.report["loads"]["profiles"]["rows"]
    assert stopped.exit_code == 4
    assert counts["rejected"] == 0
    assert counts["pending"] > 0
    assert sum(count for name, count in counts.items() if name != "read") == 8_000
    api.set_faults()
    assert command.run("resume").exit_code == 0


def test_a_changed_input_or_spec_is_exit_6_and_says_what_differs(
    api: Api, command: CommandLine, tmp_path: Path, spec: Path
) -> None:
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"late_seconds": LATE}})
    assert command.run("run", spec, "--wait", "0").exit_code == 5
    source, text = tmp_path / "customers.csv", spec.read_text()
    before = source.read_text()
    source.write_text(before + before.splitlines()[1] + "\n")
    changed_input = command.run("resume")
    assert changed_input.exit_code == 6
    assert f"customers.csv had {len(before)} bytes and has {source.stat().st_size}" in changed_input.stderr
    source.write_text(before)
    spec.write_text(text.replace("City", "Id"))
    changed_spec = command.run("resume")
    assert changed_spec.exit_code == 6
    assert "profiles.traits.Account.city.column was 'City' and is 'Id'" in changed_spec.stderr


def test_without_its_source_a_staged_run_is_resumed_all_the_same(
    api: Api, command: CommandLine, tmp_path: Path, spec: Path
) -> None:
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"late_seconds": LATE}})
    assert command.run("run", spec, "--wait", "0").exit_code == 5
    api.set_faults()
    api.advance(LATE)
    (tmp_path / "customers.csv").unlink()
    assert command.run("resume").exit_code == 0


def test_a_plan_sends_nothing_until_it_is_applied_and_then_exactly_that(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(200, bad=0.1)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    plan = command.run("plan", spec)
    planned = plan.report["loads"]["profiles"]["rows"]
    assert plan.exit_code == 1, plan.stderr
    assert {request["method"] for request in api.requests()} <= {"GET", "POST"}
    assert api.profiles() == []
    assert planned["planned"] + planned["merged"] + planned["rejected"] == 200
    applied = command.run("apply", plan.report["run_id"])
    rows_applied = applied.report["loads"]["profiles"]["rows"]
    assert applied.exit_code == 1, applied.stderr
    assert rows_applied == {**planned, "planned": 0, "completed": planned["planned"]}
    assert len(api.profiles()) == planned["planned"]
    bulk = [request for request in api.requests() if request["path"].endswith("/Bulk")]
    assert len(bulk) == plan.report["plan"]["forecast"]["requests"]["most"]


def test_too_many_rejected_rows_is_exit_3_before_anything_is_sent(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(200, bad=0.5)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    finished = command.run("run", spec, "--max-errors", "10%")
    assert finished.exit_code == 3
    assert "--max-errors" in finished.stderr
    assert not any(request["path"].endswith("/Bulk") for request in api.requests())


def test_a_limit_imports_the_first_rows_only(api: Api, command: CommandLine, spec: Path) -> None:
    finished = command.run("run", spec, "--limit", "7")
    assert finished.report["loads"]["profiles"]["rows"]["read"] == 7


def test_a_store_that_lacks_what_the_spec_sends_is_one_error_with_everything_in_it(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    traits = {
        "Contact": {"email": {"column": "Email", "type": "email"}, "fristName": "First"},
        "Acount": {"customerId": "Id"},
        "Account": {"city": {"column": "City", "type": "boolean"}},
    }
    source = write_csv(make_customers(5), tmp_path / "customers.csv")
    finished = command.run("run", write_spec(tmp_path / "spec.yaml", source, traits=traits))
    assert finished.exit_code == 2
    for part in (
        "no trait group 'Acount'",
        "Did you mean 'Account'?",
        "does not declare Contact.fristName",
        "Did you mean 'firstName'?",
        "declares Account.city as STRING; the spec sends BOOLEAN",
    ):
        assert part in finished.stderr
    assert not any(request["path"].endswith("/Bulk") for request in api.requests())


def _noise(path: Path) -> None:
    path.write_bytes(os.urandom(10_000))


def _nothing(path: Path) -> None:
    path.touch()


def _half_a_parquet(path: Path) -> None:
    pl.DataFrame({"Id": [str(number) for number in range(10_000)]}).write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("name", "make"),
    [("noise.csv", _noise), ("empty.csv", _nothing), ("half.parquet", _half_a_parquet)],
    ids=["random bytes", "0 bytes", "half a Parquet file"],
)
def test_an_input_that_cannot_be_read_is_one_line_and_exit_2(
    api: Api, command: CommandLine, tmp_path: Path, name: str, make: object
) -> None:
    make(tmp_path / name)  # type: ignore[operator]
    finished = command.run("run", write_spec(tmp_path / "spec.yaml", tmp_path / name))
    assert finished.exit_code == 2
    assert len(finished.stderr.strip().splitlines()) == 1
    assert name in finished.stderr
    assert "Traceback" not in finished.stderr


def test_plain_http_is_for_loopback_only(tmp_path: Path, spec: Path) -> None:
    finished = CommandLine(tmp_path, "http://memory.example.com").run("run", spec)
    assert finished.exit_code == 2
    assert "loopback" in finished.stderr


def test_a_retry_after_of_hours_is_said_and_kept_by_the_next_process(
    api: Api, command: CommandLine, spec: Path
) -> None:
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"status": 429, "retry_after": "7200"}})
    told = command.run("run", spec)
    assert (told.exit_code, told.report["status"]) == (5, "pending")
    assert "asks for no requests in the next 2.0 hours (Retry-After)" in told.stderr
    api.set_faults()
    before = len(api.requests())
    again = command.run("resume")
    assert again.exit_code == 5
    assert "asks for no requests in the next 2.0 hours (Retry-After)" in again.stderr
    assert len(api.requests()) == before
