"""`memory-import init`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import USUAL_STATE_DIR, Output, OutputOption, Prefect, StateDir, Verbose
from memory_import.cli.output import complain, show
from memory_import.errors import ExitCode, ImportProblem, UsageProblem
from memory_import.run.settings import Settings, environment


def init(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports of customers, or of notes.")
    ],
    spec: Annotated[
        Path | None, typer.Option("-o", metavar="SPEC", help="The spec to write; STEM.yaml if left out.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="SPEC", help="Add new columns to this spec; what it says stays.")
    ] = None,
    state_dir: StateDir = USUAL_STATE_DIR,  # noqa: ARG001 - taken everywhere
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere; a look at files is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Write a commented spec from the data.

    Next: look at what it is unsure of, then `memory-import plan SPEC` or `memory-import run SPEC --emulator`.
    """
    try:
        document, text = _extend(files, into) if into is not None else _write(files, spec)
    except ImportProblem as problem:
        raise typer.Exit(complain(problem, verbose=verbose)) from None
    show(document, text, output)
    raise typer.Exit(ExitCode.DONE)


def _write(files: list[Path], spec: Path | None) -> tuple[dict[str, object], str]:
    """Write a new spec; a file that is there is never touched."""
    with without_collector():
        from memory_import.spec.inference import draft_spec, render_spec
    path = spec or Path(files[0].name).with_suffix(".yaml")
    draft = draft_spec(files, path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise UsageProblem(
            f"{path} is there already. Give another name with -o, or add to it with --into {path}."
        ) from None
    except OSError as error:
        raise UsageProblem(
            f"{path} cannot be written: {error.strerror}. Give another name with -o."
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        has_store = bool(Settings.of(environment()).store_id)
        stream.write(render_spec(draft, path.stem, has_store=has_store))
    return _describe(path, f"Wrote {path}", len(draft.traits), len(draft.left_out), draft.doubts)


def _extend(files: list[Path], path: Path) -> tuple[dict[str, object], str]:
    """Add the columns that a spec does not know."""
    with without_collector():
        from memory_import.spec.inference import draft_spec, extend_spec
    if not path.is_file():
        raise UsageProblem(f"There is no spec {path} to add to; leave --into out to write a new one.")
    draft = draft_spec(files, path.parent)
    text, added = extend_spec(path, draft)
    if added:
        path.write_text(text, encoding="utf-8")
    doubts = tuple(f"{trait.path}: {doubt}" for trait in added for doubt in trait.doubts)
    return _describe(path, f"Added to {path}", len(added), 0, doubts)


def _describe(
    path: Path, done: str, traits: int, left_out: int, doubts: tuple[str, ...]
) -> tuple[dict[str, object], str]:
    document = {"spec": str(path), "traits": traits, "left_out": left_out, "doubts": list(doubts)}
    out = f", {left_out} columns left out, each with its reason" if left_out else ""
    lines = [f"{done}: {traits} traits{out}."]
    if doubts:
        lines += ["Please check:", *(f"  {doubt}" for doubt in doubts)]
    lines.append(f"Next: memory-import run {path} --emulator")
    return document, "\n".join(lines)
