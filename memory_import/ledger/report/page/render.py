"""The report as one HTML page: no script, nothing from elsewhere, everything that a name says escaped."""

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from memory_import.ledger.report.page.view import Explain, describe_page
from memory_import.printable import printable_line

_CODE = re.compile("`([^`]+)`")
_LONGEST = 300  # characters of a text from elsewhere
_COMPILED = Path(__file__).parent / "templates" / "__pycache__"


def render_page(
    report: Mapping[str, Any], folder: str, explain: Explain, *, show_values: bool = False
) -> str:
    """The page of a run or of a plan, as `report.json` has it; `folder` is the run's own.

    `explain` says what a code means and what to do about it. Values of customers are in it only where
    `show_values` asks for them.
    """
    page = describe_page(report, folder, explain, show_values=show_values)
    return _environment().get_template("page.html").render(page=page)


class _CompiledTemplates(FileSystemBytecodeCache):
    """Templates as they were compiled, kept where Python keeps modules and by its rules: to compile them is a
    good part of what a small run takes."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, where that may be."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("memory_import.ledger.report.page"),
        bytecode_cache=_CompiledTemplates(str(_COMPILED)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = "{:,}".format
    environment.filters["measure"] = "{:,.10g}".format
    environment.filters["prose"] = _mark_code
    return environment


def _mark_code(text: str) -> Markup:
    """A sentence whose parts in backticks stand as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(_finalize(text)))))  # noqa: S704 - escaped before


def _finalize(value: Any) -> Any:
    """What stands in the page for a value: text on one line that no browser acts on, and not endless."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    line = printable_line(value)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
