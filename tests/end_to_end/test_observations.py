"""Observations arrive once each, in order, whatever becomes of the requests that carry them."""

import os
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.notes import (
    disordered,
    expected,
    make_notes,
    overlapping_writes,
    recorded,
    write_notes,
    write_spec,
)
from tests.end_to_end.workplace import (
    CommandLine,
    Finished,
    kill_after,
    make_customers,
    serving,
    write_csv,
)

KILLS, NOTES = int(os.environ.get("KILLS", "8")), int(os.environ.get("NOTES", "2000"))  # see `make soak`
SENDING = {"method": "POST", "path": "*/Observations"}
LOSSES = (
    {"when": {**SENDING, "every": 7}, "do": {"drop": "after"}},
    {"when": {**SENDING, "every": 11}, "do": {"drop": "before"}},
    {"when": {**SENDING, "probability": 0.04}, "do": {"status": 500, "applied": True}},
)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_twenty_thousand_for_profiles_of_the_same_run_are_there_once_each_and_in_order(
    tmp_path: Path, kind: str
) -> None:
    notes = make_notes(20_000, 3_000)
    write_notes(tmp_path, notes, kind=kind)
    customers = write_csv(make_customers(3_000, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    spec = write_spec(tmp_path / "spec.yaml", customers=customers)
    with serving(delay_seconds=(0.0, 0.1), read_lag_seconds=0.2, validator=None) as api:
        finished = CommandLine(tmp_path, api.url).run("run", spec)
        assert finished.exit_code == 0, finished.stderr
        load = finished.report["loads"]["observations"]
        api.settle()
        assert recorded(api) == expected(notes)
        assert disordered(api) == []
        assert overlapping_writes(api) == []
    assert load["rows"]["read"] == load["rows"]["accepted"] == 20_000
    assert load["lookups"]["made"] >= 3_000


@pytest.mark.parametrize(
    ("on_unknown", "is_exact"), [("reconcile", True), ("resend", False)], ids=["reconciled", "planted fault"]
)
def test_with_answers_lost_and_the_process_killed_again_and_again_none_is_missing_and_none_doubled(
    tmp_path: Path, on_unknown: str, is_exact: bool
) -> None:
    notes = make_notes(NOTES, NOTES // 7)
    write_notes(tmp_path, notes)
    customers = write_csv(make_customers(NOTES // 7, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    spec = write_spec(tmp_path / "spec.yaml", customers=customers, observations={"on_unknown": on_unknown})
    seed = 20_261_122
    random = Random(seed)
    with serving(delay_seconds=(0.0, 0.1), validator=None) as api:
        api.set_faults(*LOSSES, {"when": SENDING, "do": {"delay_seconds": 0.25}}, seed=seed)
        command = CommandLine(tmp_path, api.url)
        moments: list[str] = []
        process = command.start("run", spec, "--no-prefect")
        for _ in range(KILLS if is_exact else 2):
            moment = random.uniform(1.2, 3.2)
            was_killed = kill_after(process, moment)
            moments.append(f"{moment:.2f}{'' if was_killed else ' (too late)'}")
            process = command.start("resume", "--no-prefect")
        process.communicate(timeout=600)
        print(f"seed {seed}; killed after seconds: {', '.join(moments)}")  # noqa: T201
        finished = command.run("status", *(path.name for path in (tmp_path / "state" / "runs").iterdir()))
        api.settle()
        assert (recorded(api) == expected(notes)) is is_exact
        check_sum(finished, NOTES)
        if is_exact:
            assert disordered(api) == []
            assert sum("late" not in moment for moment in moments) >= KILLS * 3 // 4
        assert finished.report["status"] == "finished"


def check_sum(finished: Finished, rows: int) -> None:
    """The outcomes of the observations sum to the rows read, and each was taken or read back."""
    counts = finished.report["loads"]["observations"]["rows"]
    assert sum(count for name, count in counts.items() if name != "read") == counts["read"] == rows
    assert counts["accepted"] + counts["verified"] == rows
