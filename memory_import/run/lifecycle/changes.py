"""Whether spec, input, target and store are still what they were when a run was planned."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from memory_import.errors import InputChanged, UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.staging.staged import Staging
from memory_import.run.settings import Target
from memory_import.sources.fingerprint import Fingerprint, find_differences
from memory_import.sources.opened import Sources
from memory_import.sources.remote import without_secrets
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec
from memory_import.spec.plans import source_options

_DEFAULT_PORTS = {"http": 80, "https": 443}


def as_recorded(spec: Spec) -> dict[str, Any]:
    """The spec for the ledger: an address loses what may be a password or a signature."""
    document = spec.model_dump(mode="json")
    for load, source in spec.sources.items():
        if "://" in source.path:
            document[load]["source"]["path"] = without_secrets(source.path)
    return document


def load_again(ledger: Ledger, record: RunRecord, variables: Mapping[str, str], sources: Sources) -> Spec:
    """The run's spec; what the file says now, if it is still there, must be what it said then.

    Only inputs whose rows are not staged yet are opened.
    """
    path = Path(record.spec_path)
    if not path.exists():
        return Spec.model_validate(record.spec)
    staged = [load for load in record.loads if ledger.load(record.run_id, load)]
    spec = load_spec(path, variables, is_emulator=record.emulator, sources=sources, without=staged)
    refuse_differences("The spec", list_differences(record.spec, as_recorded(spec)))
    return spec


def check_target(record: RunRecord, target: Target) -> None:
    """Refuse another store or another address: scheme, host, port and path. An emulator's port is its own."""
    differences = []
    if target.store_id != record.store_id:
        differences.append(f"the store was {record.store_id or 'none'} and is {target.store_id}")
    if not target.is_emulator and _address(record.api_url) != _address(target.api_url):
        differences.append(f"the API was at {record.api_url} and is at {target.api_url}")
    refuse_differences("The target", differences)


def check_input(ledger: Ledger, record: RunRecord, spec: Spec) -> None:
    """Refuse an input that changed after its rows were staged. One that is gone is not needed any more.

    What is read again is compared when it was.
    """
    for load, source in spec.sources.items():
        known = ledger.input(record.run_id, load)
        if known is not None and ledger.load(record.run_id, load) is not None:
            path = source_options(source, Path(record.spec_path).parent).path
            refuse_differences("The input", find_differences(Fingerprint.from_json(known), path))


def check_staged(ledger: Ledger, record: RunRecord, folder: Path) -> None:
    """Refuse rows that another version of this program staged in the folder of the run: `UsageProblem`."""
    for load in record.loads:
        is_staged = ledger.load(record.run_id, load) is not None
        if is_staged and Staging(folder / load).is_of_another_version:
            raise UsageProblem(
                f"The {load} of run {record.run_id} were staged by another version of memory-import, "
                "which this one does not read; nothing was sent. Go on with that version, or begin anew: "
                f"`memory-import {'plan' if record.is_plan else 'run'} {shlex.quote(record.spec_path)}`"
                f"{'' if record.is_plan else ' ends this one, and sends again what is not known'}."
            )


def check_other_runs(ledger: Ledger, record: RunRecord) -> None:
    """Refuse a plan once another run has written into its store: what is there is not what was planned on."""
    refuse_differences(
        "The store",
        [
            f"run {run.run_id} of {run.spec_path} has written into it since the plan"
            for run in ledger.deliveries_since(record)
        ],
    )


def refuse_differences(what: str, differences: Sequence[str]) -> None:
    """Raises `InputChanged` when there are any; they are sentences about `what`."""
    if differences:
        raise InputChanged(
            [
                f"{what} is not what it was when the run began:",
                *(f"  {difference}" for difference in differences),
                "Put it back and go on, or start anew with `memory-import plan` or `memory-import run`.",
            ]
        )


def list_differences(then: Any, now: Any, place: str = "") -> list[str]:
    """Where two JSON values differ, a line each."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*then, *(key for key in now if key not in then)]
        return [
            line
            for key in keys
            for line in list_differences(then.get(key), now.get(key), f"{place}.{key}" if place else str(key))
        ]
    return [] if then == now else [f"{place} was {then!r} and is {now!r}"]


def _address(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port, parts.path.rstrip("/")
