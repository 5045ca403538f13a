"""The name of a flow run: what it does, of which spec, into which store."""

from pathlib import Path
from typing import Any

from prefect.runtime import flow_run

from memory_import.errors import ImportProblem
from memory_import.printable import printable_line
from memory_import.run.settings import Settings, environment
from memory_import.run.status import find_record
from memory_import.spec.yaml import parse_yaml

_LONGEST = 200


def name_flow_run() -> str:
    """The name of the flow run that is about to begin; what cannot be known of it is left out."""
    parameters: dict[str, Any] = dict(flow_run.parameters)
    try:
        return printable_line(describe(parameters))[:_LONGEST]
    except (OSError, ValueError, TypeError, AttributeError, ImportProblem):
        return "import"


def describe(parameters: dict[str, Any]) -> str:
    """Such as `run crm-customers into mem_store_…`, from the parameters of the flow."""
    run_id, spec = parameters.get("run_id"), parameters.get("spec")
    action = parameters.get("action") or ("run" if spec else "resume")
    if spec:
        document = parse_yaml(Path(spec).read_text(encoding="utf-8"), spec)
        return f"{action} {document.get('name') or Path(spec).stem} into {_store(document, parameters)}"
    record = find_record(Path(parameters["state_dir"]), run_id) if run_id else None
    if record is None:
        return f"{action} {run_id or 'the last unfinished run'}"
    store = "the emulator" if record.emulator else record.store_id
    return f"{action} {record.spec.get('name') or Path(record.spec_path).stem} into {store}"


def _store(document: dict[str, Any], parameters: dict[str, Any]) -> str:
    if parameters.get("emulator"):
        return "the emulator"
    stated = document.get("store")
    if isinstance(stated, dict):
        return str(stated.get("name"))
    is_literal = isinstance(stated, str) and "$" not in stated
    return (
        str(stated) if is_literal else Settings.of(environment()).store_id or "the store of the environment"
    )
