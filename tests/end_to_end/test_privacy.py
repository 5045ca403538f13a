"""No phone, email or name, and no secret, in any log line, ledger table or artifact."""

import sqlite3
from pathlib import Path

from tests.support.processes import PASSWORD, Api, CommandLine, make_customers, wait, write_csv, write_spec


def test_nothing_personal_leaves_the_staged_files_and_the_rejected_rows(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = make_customers(2_000, bad=0.05)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    refused = next(row for row in rows if row[5] != "nobody")
    api.set_faults(
        {"when": {"every": 6}, "do": {"status": 503}},
        {
            "when": {"trait": "Contact.email", "value": refused[5]},
            "do": {"status": 400, "code": 520010, "message": f"{refused[5]} ({refused[3]}) is not wanted"},
        },
    )
    finished = wait(command.start("run", spec, "--no-prefect", "-v"))
    assert finished.exit_code == 1, finished.stderr

    (folder,) = (tmp_path / "state" / "runs").iterdir()
    places = {
        "stdout": finished.stdout,
        "stderr": finished.stderr,
        "ledger": "\n".join(sqlite3.connect(tmp_path / "state" / "ledger.sqlite3").iterdump()),
        "ledger's log": (tmp_path / "state" / "ledger.sqlite3").read_bytes().decode("latin-1"),
        "report.json": (folder / "report.json").read_text(),
        "report.md": (folder / "report.md").read_text(),
        "report.html": (folder / "report.html").read_text(),
        "lock": (tmp_path / "state" / "lock").read_text(),
    }
    secrets = {
        PASSWORD,
        *(value for row in rows for value in (row[1], row[2], row[3], row[5]) if len(value) > 5),
    }
    secrets -= {"nobody"}
    for place, text in places.items():
        found = [secret for secret in secrets if secret in text]
        assert not found, f"{place} holds {len(found)} of the customers' values"
    assert refused[5] in (folder / "rejects.csv").read_text()


def test_files_with_customer_data_are_their_owners_alone(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    spec = write_spec(tmp_path / "spec.yaml", write_csv(make_customers(50), tmp_path / "customers.csv"))
    command.run("run", spec)
    for path in [tmp_path / "state", *(tmp_path / "state").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others"
