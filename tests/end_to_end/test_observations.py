"""Observations arrive once each, in order, whatever becomes of the requests that carry them."""

import csv
import os
import sqlite3
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.support.notes import (
    CONVERSATION,
    disordered,
    expected,
    make_notes,
    overlapping_writes,
    recorded,
    write_notes,
    write_rows,
    write_spec,
)
from tests.support.processes import (
    LATE,
    STORE,
    Api,
    CommandLine,
    Finished,
    kill_after,
    make_customers,
    serving,
    wait,
    wait_for_more_requests,
    write_csv,
)

KILLS, NOTES = int(os.environ.get("KILLS", "2")), int(os.environ.get("NOTES", "350"))  # see `make soak`
SENDING = {"method": "POST", "path": "*/Observations"}
LOSSES = (
    {"when": {**SENDING, "every": 7}, "do": {"drop": "after"}},
    {"when": {**SENDING, "every": 11}, "do": {"drop": "before"}},
    {"when": {**SENDING, "probability": 0.04}, "do": {"status": 500, "applied": True}},
)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_all_for_profiles_of_the_same_run_are_there_once_each_and_in_order(tmp_path: Path, kind: str) -> None:
    people = NOTES // 7
    notes = make_notes(NOTES, people)
    write_notes(tmp_path, notes, kind=kind)
    customers = write_csv(make_customers(people, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    spec = write_spec(tmp_path / "spec.yaml", customers=customers)
    # One delay for all: what came first is applied first, and the order is the order of the requests.
    with serving(delay_seconds=(0.05, 0.05), read_lag_seconds=0.2, validator=None) as api:
        finished = CommandLine(tmp_path, api.url).run("run", spec)
        assert finished.exit_code == 0, finished.stderr
        load = finished.report["loads"]["observations"]
        api.settle()
        assert recorded(api) == expected(notes)
        assert disordered(api) == []
        assert overlapping_writes(api) == []
    assert load["rows"]["read"] == load["rows"]["accepted"] == NOTES
    assert load["lookups"]["made"] >= people


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
    with serving(delay_seconds=(0.05, 0.05), validator=None) as api:
        api.set_faults(*LOSSES, {"when": SENDING, "do": {"delay_seconds": 0.5}}, seed=seed)
        command = CommandLine(tmp_path, api.url)
        moments: list[str] = []
        process = command.start("run", spec, "--no-prefect")
        for _ in range(KILLS if is_exact else 2):
            wait_for_more_requests(api, process)
            moment = random.uniform(0.0, 1.5)
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
            assert any("late" not in moment for moment in moments)
        assert finished.report["status"] == "finished"


def check_sum(finished: Finished, rows: int) -> None:
    """The outcomes of the observations sum to the rows read, and each was taken or read back."""
    counts = finished.report["loads"]["observations"]["rows"]
    assert sum(count for name, count in counts.items() if name != "read") == counts["read"] == rows
    assert counts["accepted"] + counts["verified"] == rows


def row(number: int, content: str, moment: str = "2024-05-01 10:00", conversations: str = "") -> list[str]:
    """A row for a customer of `make_customers`, found by phone."""
    return [f"+1202{2_000_000 + number:07d}", "", content, moment, conversations]


def rejects(folder: Path, load: str = "observations") -> list[tuple[str, str]]:
    """Row number and codes of every rejected row of the only run."""
    (path,) = (folder / "state").glob(f"runs/*/rejects-{load}.csv")
    with path.open(newline="") as stream:
        return [(line["_row"], line["_error_code"]) for line in csv.DictReader(stream)]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Ten customers."""
    return write_csv(make_customers(10, repeats=0.0, bad=0.0), tmp_path / "customers.csv")


def test_what_the_api_does_not_take_is_rejected_and_all_else_arrives_as_it_is(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    twice = row(1, "The same complaint.")
    rows = [
        row(0, "x" * 4_096),
        row(0, "x" * 4_097),
        row(0, "👩‍👩‍👧 مرحبا بالعالم\nשלום"),
        twice,
        twice,
        row(2, "eleven", conversations=";".join([CONVERSATION] * 11)),
        row(2, "ten", conversations=";".join([CONVERSATION] * 10)),
        row(2, "no conversation", conversations="conversation"),
        row(2, "no time", ""),
        row(2, ""),
        row(9_999, "of nobody"),
        ["12", "nobody", "of no one", "2024-05-01 10:00", ""],
    ]
    write_rows(tmp_path / "notes-1.csv", rows)
    finished = command.run("run", write_spec(tmp_path / "spec.yaml", customers=people))
    assert finished.exit_code == 1, finished.stderr
    assert rejects(tmp_path) == [
        ("2", "content_too_long"),
        ("6", "too_many_conversations"),
        ("8", "conversation_id_invalid"),
        ("9", "occurred_at_missing"),
        ("10", "content_missing"),
        ("11", "profile_not_found"),
        ("12", "phone_no_region | email_no_at_sign | no_identifier"),
    ]
    api.settle()
    sent = Counter({(f"C{customer}", rows[at][2], "2024-05-01T10:00:00Z"): 1 for customer, at in WHERE})
    sent["C1", "The same complaint.", "2024-05-01T10:00:00Z"] = 2
    assert recorded(api) == sent


WHERE = ((0, 0), (0, 2), (1, 3), (2, 6))


def test_a_time_without_a_zone_is_rejected_where_the_spec_names_none(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    write_rows(tmp_path / "notes-1.csv", [row(0, "local"), row(0, "placed", "2024-05-01T10:00:00+02:00")])
    spec = write_spec(tmp_path / "spec.yaml", customers=people, observations={"occurred_at": "Created"})
    assert command.run("run", spec).exit_code == 1
    assert rejects(tmp_path) == [("1", "datetime_no_timezone")]
    api.settle()
    assert recorded(api) == {("C0", "placed", "2024-05-01T08:00:00Z"): 1}


def test_content_that_is_too_long_is_split_into_numbered_parts_where_the_spec_says_so(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    text = " ".join(f"This is sentence {number}." for number in range(3_000))
    write_rows(tmp_path / "notes-1.csv", [row(0, text)])
    spec = write_spec(tmp_path / "spec.yaml", customers=people, observations={"too_long": "split"})
    finished = command.run("run", spec)
    assert finished.exit_code == 0, finished.stderr
    load = finished.report["loads"]["observations"]
    assert (load["rows"]["accepted"], load["changes"]["content_split"]) == (1, 1)
    api.settle()
    parts = [content for _, content, _ in recorded(api)]
    assert len(parts) == load["sent"] > 10
    assert all(len(part) <= 4_096 and part.endswith(".") for part in parts)
    numbered = sorted(parts, key=lambda part: int(part[1 : part.index("/")]))
    assert " ".join(part.partition("] ")[2] for part in numbered) == text


@pytest.mark.parametrize(("which", "first"), [("keep_newest", 20), ("keep_oldest", 0)])
def test_a_profile_gets_five_hundred_at_most(
    api: Api, command: CommandLine, tmp_path: Path, people: Path, which: str, first: int
) -> None:
    times = [f"2024-05-01 {minute // 60:02}:{minute % 60:02}" for minute in range(520)]
    rows = [row(0, f"note {number}", time) for number, time in enumerate(times)]
    write_rows(tmp_path / "notes-1.csv", rows)
    spec = write_spec(tmp_path / "spec.yaml", customers=people, observations={"over_limit": which})
    finished = command.run("run", spec)
    load = finished.report["loads"]["observations"]
    assert (load["rows"]["accepted"], load["reject_reasons"]) == (500, {"too_many_for_profile": 20})
    api.settle()
    expected_notes = {f"note {number}" for number in range(first, first + 500)}
    assert {content for _, content, _ in recorded(api)} == expected_notes


def test_a_profile_that_was_merged_is_followed_and_one_that_was_deleted_is_named(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    first = write_spec(tmp_path / "profiles.yaml", customers=people, observations=None)
    assert command.run("run", first).exit_code == 0
    old, kept, gone = (api.look_up("email", f"person{number}@example.com")[0] for number in (1, 0, 2))
    columns = ("Profile", "Note", "Created")
    notes = [[old, "to the merged one"], [kept, "to the canonical one"], [gone, "to the deleted one"]]
    write_rows(tmp_path / "notes-1.csv", [[*note, "2024-05-01 10:00"] for note in notes], columns)
    profiles = f"/v1/Stores/{STORE}/Profiles"
    api.call("POST", f"{profiles}/{kept}/Identifiers", {"idType": "email", "value": "person1@example.com"})
    api.call("DELETE", f"{profiles}/{gone}")
    api.settle()
    load = {"profile": {"id": "Profile"}, "conversation_ids": None}
    finished = command.run("run", write_spec(tmp_path / "spec.yaml", observations=load), state_dir="later")
    assert finished.exit_code == 1, finished.stderr
    counts = finished.report["loads"]["observations"]
    assert (counts["rows"]["accepted"], counts["reject_reasons"]) == (2, {"20404": 1})
    api.settle()
    assert {content for _, content, _ in recorded(api)} == {"to the merged one", "to the canonical one"}


def test_rows_whose_profile_was_rejected_in_the_same_run_are_rejected_with_that_reason(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(3, repeats=0.0, bad=0.0)
    rows[1][5] = "nobody"
    customers = write_csv(rows, tmp_path / "customers.csv")
    write_rows(tmp_path / "notes-1.csv", [row(0, "lands"), row(1, "does not")])
    spec = write_spec(tmp_path / "spec.yaml", customers=customers, observations={"missing_profile": "create"})
    email = "        type: email\n"
    spec.write_text(spec.read_text().replace(email, f"{email}        on_invalid: reject\n"))
    finished = command.run("run", spec)
    assert finished.exit_code == 1, finished.stderr
    assert finished.report["loads"]["profiles"]["rows"]["rejected"] == 1
    assert rejects(tmp_path) == [("2", "profile_rejected")]


def test_a_missing_profile_is_created_from_its_identifier_where_the_spec_says_so(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = [row(5, "one"), row(5, "two"), ["", "new@example.com", "three", "2024-05-01 10:00", ""]]
    write_rows(tmp_path / "notes-1.csv", rows)
    finished = command.run(
        "run", write_spec(tmp_path / "spec.yaml", observations={"missing_profile": "create"})
    )
    assert finished.exit_code == 0, finished.stderr
    load = finished.report["loads"]["observations"]
    assert (load["changes"]["profile_created"], load["lookups"]) == (2, {"made": 4, "spared": 1})
    api.settle()
    assert len(api.look_up("email", "new@example.com")) == len(api.look_up("phone", "+12022000005")) == 1
    assert recorded(api).total() == 3


def test_summaries_arrive_once_each_too_though_they_cannot_be_asked_for_by_source(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    columns = ("Phone", "Summary", "Ended", "Conversation")
    rows = [
        [
            f"+1202200000{number % 10}",
            f"summary {number}",
            f"2024-05-01T10:{number % 60:02}:00Z",
            CONVERSATION,
        ]
        for number in range(200)
    ]
    write_rows(tmp_path / "calls.csv", rows, columns)
    summaries = {
        "source": "calls.csv",
        "profile": {"phone": "Phone"},
        "content": "Summary",
        "occurred_at": "Ended",
        "conversation_id": "Conversation",
        "settle_seconds": 1,
    }
    api.set_faults(
        {
            "when": {"method": "POST", "path": "*/ConversationSummaries", "every": 3},
            "do": {"drop": "after"},
        },
        {
            "when": {"method": "POST", "path": "*/ConversationSummaries", "every": 4},
            "do": {"drop": "before"},
        },
    )
    spec = write_spec(tmp_path / "spec.yaml", customers=people, observations=None, summaries=summaries)
    finished = command.run("run", spec)
    assert finished.exit_code == 0, finished.stderr
    counts = finished.report["loads"]["summaries"]["rows"]
    assert counts["verified"] > 0
    assert counts["accepted"] + counts["verified"] == 200
    api.settle()
    profiles = api.call("GET", "/emulator/profiles")["stores"][STORE]
    found = Counter(memory["content"] for profile in profiles for memory in profile["summaries"])
    assert found == {f"summary {number}": 1 for number in range(200)}


@pytest.mark.parametrize(("on_unknown", "unknown"), [("hold", 1), ("reconcile", 0)])
def test_what_is_held_stays_unknown_and_is_never_sent_again(
    api: Api, command: CommandLine, tmp_path: Path, people: Path, on_unknown: str, unknown: int
) -> None:
    write_rows(tmp_path / "notes-1.csv", [row(0, "lost before it was applied"), row(1, "lands")])
    api.set_faults({"when": {**SENDING, "nth": 1}, "do": {"drop": "before"}})
    spec = write_spec(tmp_path / "spec.yaml", customers=people, observations={"on_unknown": on_unknown})
    finished = command.run("run", spec)
    assert finished.exit_code == unknown, finished.stderr
    assert finished.report["loads"]["observations"]["rows"]["unknown"] == unknown
    api.settle()
    assert recorded(api).total() == 2 - unknown


def test_nothing_of_what_is_noted_leaves_the_staged_files_and_the_rejected_rows(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    notes = make_notes(200, 12)
    write_notes(tmp_path, notes)
    api.set_faults(*LOSSES)
    finished = wait(
        command.start("run", write_spec(tmp_path / "spec.yaml", customers=people), "--no-prefect", "-v")
    )
    assert finished.exit_code == 1, finished.stderr
    (folder,) = (tmp_path / "state" / "runs").iterdir()
    places = {
        "stdout": finished.stdout,
        "stderr": finished.stderr,
        "ledger": "\n".join(sqlite3.connect(tmp_path / "state" / "ledger.sqlite3").iterdump()),
        "report.json": (folder / "report.json").read_text(),
    }
    personal = {value for note in notes for value in (*note.row[:2], note.content) if value}
    for place, text in places.items():
        assert [value for value in personal if value in text] == [], place
    assert (folder / "lookups.key").stat().st_mode & 0o077 == 0


def test_while_profiles_are_not_finished_their_observations_wait_for_a_resume(
    api: Api, command: CommandLine, tmp_path: Path, people: Path
) -> None:
    write_rows(tmp_path / "notes-1.csv", [row(0, "one"), row(1, "two")])
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"late_seconds": LATE}})
    spec = write_spec(tmp_path / "spec.yaml", customers=people)
    early = command.run("run", spec, "--wait", "0")
    assert early.exit_code == 5, early.stderr
    assert early.report["loads"]["observations"]["rows"]["pending"] == 2
    api.advance(LATE)
    resumed = command.run("resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert resumed.report["loads"]["observations"]["rows"]["accepted"] == 2


def test_a_resume_repeats_no_lookup(api: Api, command: CommandLine, tmp_path: Path, people: Path) -> None:
    write_rows(tmp_path / "notes-1.csv", [row(number, "noted") for number in range(10)])
    api.set_faults({"when": SENDING, "do": {"status": 401, "code": 20003}})
    stopped = command.run("run", write_spec(tmp_path / "spec.yaml", customers=people))
    assert stopped.exit_code == 4, stopped.stderr
    api.set_faults()
    resumed = command.run("resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert sum(request["path"].endswith("/Lookup") for request in api.requests()) == 10
    assert resumed.report["loads"]["observations"]["lookups"] == {"made": 10, "spared": 0}
