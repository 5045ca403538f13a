"""The whole examination, in the order in which a run would meet the troubles."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from memory_import.errors import ImportProblem
from memory_import.run.doctor.finding import Finding, failure, ok
from memory_import.run.doctor.machine import examine_machine
from memory_import.run.doctor.service import examine_service
from memory_import.run.settings import Settings
from memory_import.sources.opened import Sources
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec

PATIENCE_SECONDS = 20.0
"""How long the service has to answer all that it is asked."""


def examine(
    spec_path: Path | None,
    state_dir: Path,
    variables: Mapping[str, str],
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[Finding]:
    """Machine, spec with its sources, service and store. Never raises: what goes wrong is a finding."""
    yield from examine_machine(state_dir)
    spec: Spec | None = None
    if spec_path is not None:
        try:
            with TemporaryDirectory() as copies:
                spec = load_spec(spec_path, variables, is_emulator=False, sources=Sources(Path(copies)))
        except ImportProblem as problem:
            yield from (failure("spec", line, "correct it") for line in problem.problems)
        else:
            yield ok("spec", f"{spec_path.name} is right, and its columns are in the files")
            yield from _sizes(spec, spec_path.parent)
    yield from asyncio.run(_within_patience(examine_service(spec, variables), variables, patience_seconds))


def _sizes(spec: Spec, folder: Path) -> Iterator[Finding]:
    for load, source in spec.sources.items():
        path = folder / source.path
        if path.is_file():
            if not os.access(path, os.R_OK):
                yield failure(load, f"{path} cannot be read", "give yourself the right to")
            else:
                yield ok(load, f"{source.path}, {path.stat().st_size / 1024**2:,.1f} MiB")


async def _within_patience(
    findings: AsyncIterator[Finding], variables: Mapping[str, str], patience_seconds: float
) -> list[Finding]:
    """The findings that come in time; that the service does not answer is one, too."""
    listed: list[Finding] = []
    try:
        async with asyncio.timeout(patience_seconds):
            async for finding in findings:
                listed.append(finding)  # noqa: PERF401 - what came before a timeout is kept
    except TimeoutError:
        address = Settings.of(variables).api_url
        listed.append(
            failure(
                "address",
                f"{address} gave no usable answer within {patience_seconds:.0f} s",
                "check the address, the network, a proxy and TLS",
            )
        )
    return listed
