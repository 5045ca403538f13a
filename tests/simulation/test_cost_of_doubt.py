"""What doubt costs: a fifth of all requests answered 503 at most doubles their number."""

from collections import Counter
from pathlib import Path

from tests.support.fast import FastRuns
from tests.support.notes import expected, make_notes, recorded, write_notes, write_spec
from tests.support.processes import make_customers, serving, write_csv

NOTES, PEOPLE = 2_000, 250
READ_BACKS_A_DOUBT = 4


def test_a_fifth_of_503_at_most_doubles_the_requests_and_no_doubt_is_read_back_often(tmp_path: Path) -> None:
    notes = make_notes(NOTES, PEOPLE)
    write_notes(tmp_path, notes)
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    write_spec(tmp_path / "spec.yaml", customers=customers)
    counts = []
    for number, faults in enumerate(({}, {"when": {"probability": 0.2}, "do": {"status": 503}})):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        for path in tmp_path.glob("*.*"):
            (folder / path.name).symlink_to(path)
        with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
            before = len(api.requests())
            if faults:
                api.set_faults(faults, seed=20_261_128)
            result = FastRuns(folder, api.url).run()
            assert result.report["exit_code"] == 0
            api.set_faults()
            requests = api.requests()[before:]
            api.settle()
            assert recorded(api) == expected(notes)
        kinds = Counter(kind_of(request["method"], request["path"]) for request in requests)
        counts.append((len(requests), kinds))
    (usual, sent), (under_faults, kinds) = counts
    doubts = kinds["send"] - sent["send"]
    read_backs = kinds["read back"] - sent["read back"]  # each profile is read once before anything is sent
    print(f"{usual} requests, {under_faults} with faults; {doubts} doubts, {read_backs} read-backs")  # noqa: T201
    assert doubts > 0
    assert under_faults <= 2 * usual
    assert read_backs <= READ_BACKS_A_DOUBT * doubts


def kind_of(method: str, path: str) -> str:
    """What a request is for."""
    if not path.endswith("/Observations"):
        return "other"
    return "send" if method == "POST" else "read back"
