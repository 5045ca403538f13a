"""What the README says of commands, flags, exit codes, keys and outcomes is what the program has."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from memory_import.cli.app import app
from memory_import.errors import ExitCode
from memory_import.ledger.report.account import REASON_SEPARATOR
from memory_import.ledger.report.outcomes import Outcome
from memory_import.spec.model import Spec
from memory_import.transforms.rejects import SEPARATOR

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDE, OPERATIONS = ((ROOT / "docs" / name).read_text() for name in ("guide.md", "operations.md"))


def section(title: str, page: str = README) -> str:
    """The text under a heading of the second level."""
    return page.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_its_first_two_commands_are_targets_of_the_makefile() -> None:
    first_two = re.findall(r"^    (make \w+)", README, re.MULTILINE)[:2]
    assert first_two == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    for command in re.findall(r"make (\w+)", README):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), f"make {command}"


def test_it_lists_every_command_with_its_flags() -> None:
    block = section("The command line")
    everywhere = {"--state-dir", "--output", "--prefect", "--verbose"}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        flags = {option for parameter in command.params for option in parameter.opts if option[:2] == "--"}
        (line,) = [line for line in block.splitlines() if line.startswith(f"    memory-import {name}")]
        assert set(re.findall(r"--[a-z-]+", line)) == flags - everywhere, name
        if name != "emulator":
            assert everywhere <= flags


def test_it_explains_every_exit_code() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", section("Exit codes", OPERATIONS), re.MULTILINE)
    codes = {int(code) for row in rows for code in row.split(",")}
    assert codes == {int(code) for code in ExitCode}


def test_it_explains_every_outcome() -> None:
    explained = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE))))
    assert {outcome.value for outcome in Outcome} <= explained


@pytest.mark.parametrize("page", [README, GUIDE], ids=["README", "guide"])
def test_its_examples_are_specs_that_the_program_takes(page: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert examples
    for example in examples:
        assert Spec.model_validate({"version": 1, **yaml.safe_load(example)}).sources


def test_reasons_are_joined_the_same_way_where_they_are_written_and_where_they_are_counted() -> None:
    assert REASON_SEPARATOR == SEPARATOR
