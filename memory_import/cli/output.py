"""What the command line says. Where it cannot be written (a closed pipe, a full disk), nothing changes."""

import json
import sys
import traceback
from typing import Any, TextIO

from memory_import.cli.options import Output
from memory_import.errors import ExitCode, ImportProblem
from memory_import.printable import discard, printable_text

BAR_WIDTH = 60
_STYLES = {
    r"(?m)^[A-Z][\w ]+(?=[ :])": "bold",
    r"memory-import [a-z]+[^\n(]*": "cyan",
    r"█+|\b(?:verified|completed|accepted|finished)\b": "green",
    r"▓+|\b(?:merged|unchanged|excluded)\b": "dim",
    r"░+|\b(?:pending|planned|stopped|running)\b": "yellow",
    r"▒+|\b(?:rejected|unknown|failed)\b": "red",
}
"""How what is on a terminal looks, by what is said; colour alone says nothing."""


def show(document: Any, text: str, output: Output) -> None:
    """To stdout: the document, or the text for people."""
    if output is Output.JSON:
        _write(sys.stdout, json.dumps(document, indent=2))
    elif is_terminal():
        _write_in_colour(printable_text(text))
    else:
        _write(sys.stdout, printable_text(text))


def is_terminal() -> bool:
    """Whether somebody watches stdout."""
    return sys.stdout is not None and sys.stdout.isatty()


def _write_in_colour(text: str) -> None:
    """To a terminal, whose colours `NO_COLOR` and `TERM=dumb` take away."""
    from rich.console import Console
    from rich.text import Text

    shown = Text(text)
    for pattern, style in _STYLES.items():
        shown.highlight_regex(pattern, style)
    try:
        Console(highlight=False).print(shown, soft_wrap=True)
    except OSError:
        discard(sys.stdout)


def say(line: str) -> None:
    """To stderr."""
    _write(sys.stderr, printable_text(line))


def complain(problem: ImportProblem, *, verbose: bool) -> ExitCode:
    """Say what is wrong, and return the exit code for it."""
    for line in problem.problems:
        say(line)
    if verbose and problem.__cause__ is not None:
        say("".join(traceback.format_tb(problem.__cause__.__traceback__)))  # its message may quote data
    return problem.exit_code


def refuse(problem: ImportProblem, output: Output, *, verbose: bool) -> ExitCode:
    """Say why no run could begin, in a document, too, where one is expected."""
    if output is Output.JSON:
        status = "nothing_to_do" if problem.exit_code is ExitCode.DONE else "refused"
        document = {"run_id": None, "status": status, "exit_code": int(problem.exit_code)}
        show(
            {**document, "problems": list(problem.problems), "loads": {}, "resume_command": None}, "", output
        )
    return complain(problem, verbose=verbose)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started the process
        return
    try:
        print(text, file=stream, flush=True)
    except OSError:
        discard(stream)
    except UnicodeEncodeError:
        print(text.encode("ascii", "backslashreplace").decode(), file=stream, flush=True)
