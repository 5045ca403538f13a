"""`memory-import doctor`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import USUAL_STATE_DIR, Output, OutputOption, Prefect, StateDir, Verbose
from memory_import.cli.output import show
from memory_import.errors import ExitCode
from memory_import.run.settings import environment, is_prefect_configured, silence_prefect


def doctor(
    spec: Annotated[Path | None, typer.Argument(metavar="[SPEC]", help="Look at this spec, too.")] = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,  # noqa: ARG001 - taken everywhere
) -> None:
    """Look for everything that could go wrong, one line each with its remedy. Reads only, nothing billed.

    Next: `memory-import setup SPEC` makes what the store lacks; `memory-import plan SPEC`.
    """
    with without_collector():
        from memory_import.run.doctor import Finding, Level, examine
        from memory_import.run.doctor.service import summarise
    findings = list(examine(spec, state_dir, environment()))
    if is_prefect_configured(environment()) if prefect is None else prefect:
        silence_prefect()
        from memory_import.flows.health import examine_prefect

        findings += [
            Finding(Level(level), "prefect", found, remedy)
            for level, found, remedy in asyncio.run(examine_prefect())
        ]
    document = summarise(findings)
    following = f"memory-import plan {spec}" if spec else "memory-import init FILE"
    ending = f"Ready. Next: {following}" if document["is_ready"] else "Not ready: see the failures above."
    show(document, "\n".join([*(finding.line for finding in findings), ending]), output)
    raise typer.Exit(ExitCode.DONE if document["is_ready"] else ExitCode.USAGE)
