"""The flow under Prefect: it shows what happens; the ledger decides, with Prefect's server dead or alive."""

import asyncio
import gc
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import yaml
from pydantic import SecretStr

from memory_import.errors import ImportProblem
from memory_import.run.lifecycle.result import RunResult
from tests.conftest import PASSWORD, USER
from tests.support.processes import inherited
from tests.support.workplace import STORE, Workplace, rows_of, stop_before_delivery

if TYPE_CHECKING:  # Prefect takes seconds to load: one of the processes that collect these tests runs them
    from prefect.client.schemas.objects import Artifact, State, TaskRun

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # by Prefect's own client
    pytest.mark.xdist_group("prefect"),  # one server for all of them
]


@pytest.fixture(scope="module", autouse=True)
def prefect() -> Iterator[None]:
    """A Prefect server of its own, with a database that is gone afterwards."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield
    gc.collect()  # here, where the sockets that Prefect leaves open are forgiven


@pytest.fixture
def deployed(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A workplace whose variables are those of the process, as a deployment has them."""
    for name, value in workplace.variables.items():
        monkeypatch.setenv(name, value)
    return workplace


def call(workplace: Workplace, **parameters: object) -> "tuple[State, RunResult | ImportProblem]":
    """Run the flow; its state and how it ended."""
    from memory_import.flows.import_customers import import_customers

    async def call_flow() -> "tuple[State, RunResult | ImportProblem]":
        state = await import_customers(state_dir=str(workplace.state_dir), return_state=True, **parameters)
        return state, await state.aresult(raise_on_failure=False)

    return asyncio.run(call_flow())


def flow_run_id(state: "State") -> UUID:
    assert state.state_details.flow_run_id is not None
    return state.state_details.flow_run_id


async def read_task_runs(flow_run: UUID) -> "list[TaskRun]":
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    async with get_client() as client:
        return await client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run])))


def test_a_run_is_shown_as_a_few_tasks_with_small_parameters_and_no_secret(deployed: Workplace) -> None:
    state, result = call(deployed, spec=str(deployed.folder / "spec.yaml"))
    assert isinstance(result, RunResult)
    assert rows_of(result) == {"read": 5, "completed": 3, "merged": 1, "rejected": 1}
    assert state.name == "Completed"
    said = "Of 5 rows 3 are in the store, 1 belongs to the person of another row and 1 is rejected."
    assert state.message == f"{said} (exit code 1)"

    from prefect.client.orchestration import get_client

    async def look() -> "tuple[list[TaskRun], str, dict[str, object]]":
        async with get_client() as client:
            flow_run = await client.read_flow_run(flow_run_id(state))
            return await read_task_runs(flow_run.id), flow_run.name, flow_run.parameters

    tasks, name, parameters = asyncio.run(look())
    assert name == f"run spec into {STORE}"
    assert sorted(task.name.rsplit("-", 1)[0] for task in tasks) == [
        "check the store",
        "deliver profiles",
        "end the run before",
        "read, prepare and stage profiles",
        "report",
    ]
    assert len(json.dumps(parameters)) < 1_000
    assert PASSWORD not in json.dumps(parameters)


async def read_logs(flow_run: UUID) -> list[str]:
    """The errors in the log of a flow run, which arrive a moment after it has ended."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

    logs = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run]))
    async with get_client() as client:
        for _ in range(1_200):
            found = [log.message for log in await client.read_logs(logs) if log.level >= logging.ERROR]
            if found:
                return [message for message in found if "Finished in state" not in message]
            await asyncio.sleep(0.1)
    return []


async def artifacts(key: str) -> "list[Artifact]":
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    async with get_client() as client:
        return await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))


def test_the_report_the_traits_and_a_progress_that_moves_are_artifacts(deployed: Workplace) -> None:
    from memory_import.flows.import_customers import import_customers

    seen: list[float] = []

    async def watch() -> None:
        while True:
            for artifact in await artifacts("memory-import-progress"):
                if str(artifact.flow_run_id) not in before and artifact.data not in seen[-1:]:
                    seen.append(float(str(artifact.data)))
            await asyncio.sleep(0.01)

    before: set[str] = set()

    async def run() -> "tuple[State, list[Artifact], list[Artifact], list[Artifact]]":
        before.update(str(one.flow_run_id) for one in await artifacts("memory-import-progress"))
        watching = asyncio.create_task(watch())
        state = await import_customers(
            spec=str(deployed.folder / "spec.yaml"), state_dir=str(deployed.state_dir), return_state=True
        )
        watching.cancel()
        keys = ("memory-import-report", "memory-import-traits", "memory-import-progress")
        report, traits, progress = [
            [one for one in await artifacts(key) if one.flow_run_id == flow_run_id(state)] for key in keys
        ]
        return state, report, traits, progress

    _, (report,), (traits,), (progress,) = asyncio.run(run())
    assert "Of 5 rows 3 are in the store" in str(report.data)
    assert "ada@example.com" not in str(report.data) + str(traits.data)
    rows = {row["trait"]: row for row in json.loads(str(traits.data))}
    assert rows["Contact.firstName"]["filled"] == 5
    assert rows["Contact.phone"]["left out"] == 1
    assert progress.data == 100.0
    assert "rows" in str(progress.description)
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3, seen


def test_a_plan_is_an_artifact_too_and_says_what_would_be_sent_and_how_to_send_it(
    deployed: Workplace,
) -> None:
    from prefect.client.orchestration import get_client

    state, result = call(deployed, spec=str(deployed.folder / "spec.yaml"), action="plan")
    assert isinstance(result, RunResult)
    run_id = result.report["run_id"]
    said = state.message or ""
    assert said.startswith(
        "Of 5 rows 3 would be sent, 1 belongs to the person of another row and 1 is rejected."
    )
    assert f"Next: memory-import apply {run_id}" in said

    async def look() -> list[str]:
        found = [await artifacts(key) for key in ("memory-import-report", "memory-import-traits")]
        mine = [one for of_key in found for one in of_key if one.flow_run_id == flow_run_id(state)]
        async with get_client() as client:
            flow_run = await client.read_flow_run(flow_run_id(state))
        return [flow_run.name, *(str(one.data) for one in mine)]

    name, report, traits = asyncio.run(look())
    assert name == f"plan spec into {STORE}"
    assert "3 would be sent" in report
    assert f"memory-import apply {run_id}" in report
    assert "Contact.firstName" in traits
    assert "ada@example.com" not in report + traits


def test_a_run_that_cannot_begin_fails_with_its_exit_code(deployed: Workplace) -> None:
    state, result = call(deployed, spec=str(deployed.folder / "nowhere.yaml"))
    assert isinstance(result, ImportProblem)
    assert state.is_failed()
    assert (state.message or "").startswith("There is no spec file ")
    assert (state.message or "").endswith("(exit code 2)")
    assert any("There is no spec file" in line for line in asyncio.run(read_logs(flow_run_id(state))))


def test_a_run_over_its_budget_fails_with_a_report(deployed: Workplace) -> None:
    state, result = call(deployed, spec=str(deployed.folder / "spec.yaml"), max_errors="0")
    assert isinstance(result, RunResult)
    assert (Path(result.folder) / "report.json").exists()
    assert state.is_failed()
    said = state.message or ""
    assert said.startswith("Of 5 rows ")
    assert "which is more than --max-errors allows" in said
    assert said.endswith("(exit code 3)")
    (logged,) = asyncio.run(read_logs(flow_run_id(state)))
    assert "rejects.csv says why: put the input right and start a new run" in logged


def test_a_resume_deployment_goes_on_and_then_has_nothing_to_do(deployed: Workplace) -> None:
    stopped = deployed.carry_out(run_stage=stop_before_delivery)
    state, result = call(deployed)
    assert isinstance(result, RunResult)
    assert state.is_completed()
    assert result.report["run_id"] == stopped.report["run_id"]
    state, _ = call(deployed)
    assert (state.is_completed(), state.message) == (True, "Nothing is unfinished. (exit code 0)")


def test_credentials_may_come_from_a_block_that_does_not_show_them(
    deployed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memory_import.flows.blocks import TwilioCredentials

    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET"):
        monkeypatch.delenv(name)
    block = TwilioCredentials(user=USER, password=SecretStr(PASSWORD))
    assert PASSWORD not in repr(block)
    asyncio.run(block.asave("of-the-tests", overwrite=True))
    state, result = call(deployed, spec=str(deployed.folder / "spec.yaml"), credentials_block="of-the-tests")
    assert isinstance(result, RunResult)
    assert state.is_completed()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, id="no server"),
        pytest.param({"PREFECT_API_REQUEST_TIMEOUT": "soon"}, id="settings that Prefect refuses"),
    ],
)
def test_without_prefect_the_run_ends_just_as_well(
    workplace: Workplace, tmp_path: Path, broken: dict[str, str]
) -> None:
    home = {"PREFECT_HOME": str(tmp_path / "prefect")}
    command = [sys.executable, "-m", "memory_import.cli", "run", "spec.yaml", "--prefect", "--output", "json"]
    process = subprocess.run(
        command,
        cwd=workplace.folder,
        env={**inherited(), **workplace.variables, **home, **broken},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1, process.stderr
    assert json.loads(process.stdout)["loads"]["profiles"]["rows"]["completed"] == 3
    assert "Prefect is not available" in process.stderr
    assert "Traceback" not in process.stderr


def test_every_parameter_of_the_flow_has_a_description() -> None:
    from memory_import.flows.import_customers import import_customers

    parameters = import_customers.parameters.properties
    assert [name for name, schema in parameters.items() if not schema.get("description")] == []


def test_a_deployment_whose_spec_is_not_there_is_made_paused() -> None:
    root = Path(__file__).parents[2]
    for deployment in yaml.safe_load((root / "prefect.yaml").read_text())["deployments"]:
        spec = deployment["parameters"].get("spec")
        assert deployment.get("paused", False) is (spec is not None and not (root / spec).exists())


def test_nothing_of_prefect_reaches_the_terminal(deployed: Workplace) -> None:
    from prefect.settings import get_current_settings

    api = {"PREFECT_API_URL": str(get_current_settings().api.url)}
    process = subprocess.run(
        [sys.executable, "-m", "memory_import.cli", "run", "spec.yaml", "--prefect"],
        cwd=deployed.folder,
        env={**inherited(), **deployed.variables, **api},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1, process.stderr
    assert all(" rejected, " in line for line in process.stderr.splitlines()), process.stderr
    assert process.stdout.startswith("Run 2")
