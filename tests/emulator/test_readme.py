"""The emulator's README says what the emulator has: options, endpoints, and each word of a faults script."""

import json
import re
from dataclasses import fields
from pathlib import Path

import memory_import.emulator
from memory_import.emulator.__main__ import make_parser
from memory_import.emulator.faults.rules import Faults
from memory_import.emulator.faults.script import DO, WHEN
from memory_import.emulator.http.inspection import ENDPOINTS
from memory_import.emulator.options import Options, Settings

README = (Path(memory_import.emulator.__file__).parent / "README.md").read_text()


def _section(heading: str) -> str:
    """The text under a heading, up to the next of its level or above."""
    level = heading.partition(" ")[0]
    rest = README.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", rest, maxsplit=1)[0]


def _named(text: str) -> list[str]:
    """What the first cells of its tables name."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_it_says_what_each_word_of_a_faults_script_does() -> None:
    assert sorted(_named(_section("### When"))) == sorted(WHEN)
    actions = _section("### Do: the answer") + _section("### Do: the work behind it")
    explained = [*_named(actions), "applied"]
    assert "with `applied`: true" in actions
    assert sorted(explained) == sorted(DO)


def test_its_scripts_are_ones_that_the_emulator_takes() -> None:
    examples = re.findall(r"```json\n(.*?)```", _section("## Faults"), re.DOTALL)
    for example in examples:
        Faults(json.loads(example), now=lambda: 0.0)
    assert len(examples) == 2


def test_it_lists_every_option() -> None:
    assert sorted(_named(_section("## Options"))) == sorted(each.name for each in fields(Settings))
    assert Options.__annotations__.keys() == {each.name for each in fields(Settings)}


def test_it_lists_every_endpoint() -> None:
    listed = re.findall(r"`(\w+) /emulator/(\w+)(?:\?[^`]*)?` \|", _section("## Inspection"))
    assert listed == [(method, name) for method, name, _ in ENDPOINTS]


def test_its_command_is_one_that_the_program_takes() -> None:
    commands = re.findall(r"^python -m memory_import.emulator (.*)$", README, re.MULTILINE)
    flags = {option for each in commands for option in re.findall(r"--[a-z-]+", each)}
    known = {option for action in make_parser()._actions for option in action.option_strings}
    assert flags == known - {"-h", "--help"}
    for command in commands:
        make_parser().parse_args(command.partition("#")[0].split())
