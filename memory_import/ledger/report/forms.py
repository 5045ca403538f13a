"""The forms of a report that people read, as files: a form that cannot be drawn decides nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path

from memory_import.ledger.files import write_text
from memory_import.printable import printable_text

Form = Callable[[], str]
"""Draws the report."""


def write_forms(forms: Mapping[str, Form], folder: Path) -> None:
    """Write each form under its name, readable by its owner only.

    A fault in drawing one is said in its place: the run and its `report.json` stand. What the disk refuses
    is raised.
    """
    for name, draw in forms.items():
        try:
            text = draw()
        except Exception as error:
            text = f"This report could not be drawn ({type(error).__name__}); report.json has all of it.\n"
        write_text(printable_text(text), folder / name)
