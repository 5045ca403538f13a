"""The forms of a report as files: one that cannot be drawn takes nothing with it."""

from pathlib import Path

from memory_import.ledger.report.forms import write_forms


def test_a_form_that_cannot_be_drawn_says_so_and_the_others_are_written(tmp_path: Path) -> None:
    broken = {"loads": None}
    write_forms({"report.md": lambda: str(broken["rows"]), "report.html": lambda: "<p>Well.</p>"}, tmp_path)
    said = "This report could not be drawn (KeyError); report.json has all of it.\n"
    assert (tmp_path / "report.md").read_text() == said
    assert (tmp_path / "report.html").read_text() == "<p>Well.</p>"
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
