"""Every answer conforms to the official document, whatever is asked; the exceptions stand here."""

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import schemathesis.checks
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks

from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.server import running
from tests.support.openapi import ABSENT, CONVERSATIONS_PATH, PATH, request_validator

pytestmark = pytest.mark.skipif(not PATH.exists(), reason=ABSENT)

EXAMPLES = int(os.environ.get("EXAMPLES", "6"))  # of each operation and kind, see `make soak`
NOT_EMULATED = ("DataMappings", "/v2/Conversations")
"""Other products connected to a store, and conversations themselves: no importer has a use for them."""

UNDOCUMENTED_STATUSES = {
    401: "every address asks for Basic auth; the document leaves the answer out on the control plane",
    412: "a trait group's PATCH takes If-Match, but the document forgets what a stale one is answered with",
}
"""Besides these, Bulk's newer answer, with operationId, breaks maxProperties: it is off here."""

VALIDATOR = request_validator() if PATH.exists() else lambda *_: []
AUTHORISATION = {"Authorization": httpx.BasicAuth("user", "secret")._auth_header}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
FOR_GOOD_REQUESTS = CHECKS[:-1]
"""Of a request with nothing wrong but query parameters that the document does not name, which is no fault."""


def _operations() -> list[Any]:
    if not PATH.exists():
        return []
    schemas = [from_dict(json.loads(path.read_text())) for path in (PATH, CONVERSATIONS_PATH)]
    found = [result.ok() for schema in schemas for result in schema.get_all_operations()]
    return [operation for operation in found if not any(part in operation.path for part in NOT_EMULATED)]


def _find_violations(request: Any) -> Sequence[str]:
    """What in a request breaks the document."""
    path, _, query = request.path_url.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    content = request.body or b""
    body = content.encode() if isinstance(content, str) else content
    return VALIDATOR(request.method, unquote(path), query, headers, body)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(delay_seconds=(0, 0), bulk_answer="message") as emulator:
        yield emulator.url


@pytest.fixture(scope="module")
def known_ids(url: str) -> dict[str, str]:
    """Path parameters that name something, so that not every request ends in a 404."""
    data = f"/v1/Stores/{FIRST_STORE_ID}/Profiles"
    with httpx.Client(base_url=url, headers=AUTHORISATION, timeout=60) as client:
        created = client.post(data, json={"traits": {"Contact": {"phone": "+12025550101"}}}).json()
        profile = f"{data}/{created['id']}"
        memory = {"content": "Tea", "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}
        client.post(f"{profile}/Observations", json={"observations": [memory]})
        summary = {**memory, "conversationId": "conv_conversation_00000000000000000000000001"}
        client.post(f"{profile}/ConversationSummaries", json={"summaries": [summary]})
        operation = client.post("/v1/ControlPlane/Stores", json={"displayName": "another"})
        configuration = {
            "displayName": "known",
            "description": "",
            "conversationGroupingType": "GROUP_BY_PROFILE",
            "memoryStoreId": FIRST_STORE_ID,
        }
        job = client.post("/v2/ControlPlane/Configurations", json=configuration)
        return {
            "storeId": FIRST_STORE_ID,
            "profileId": created["id"],
            "observationId": client.get(f"{profile}/Observations").json()["observations"][0]["id"],
            "summaryId": client.get(f"{profile}/ConversationSummaries").json()["summaries"][0]["id"],
            "idType": "phone",
            "traitGroupName": "Contact",
            "operationId": operation.headers["Operation-Id"],
            "/v2/ControlPlane/Operations/{id}": job.headers["Operation-Id"],
            "/v2/ControlPlane/Configurations/{id}": job.json()["related"]["configurationId"],
        }


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.label)
def test_answers_conform_to_the_document(
    operation: Any, mode: GenerationMode, url: str, known_ids: dict[str, str]
) -> None:
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        if mode is GenerationMode.POSITIVE and operation.method != "delete":
            known = {
                name: known_ids.get(name) or known_ids[operation.path]
                for name in case.path_parameters
                if name in known_ids or operation.path in known_ids
            }
            case.path_parameters.update(known)
        answer = case.call(base_url=url, headers=AUTHORISATION)
        if answer.status_code not in UNDOCUMENTED_STATUSES:
            is_bad = bool(_find_violations(answer.request))
            case.validate_response(answer, checks=CHECKS if is_bad else FOR_GOOD_REQUESTS)

    ask()
