"""Every answer conforms to the official document, whatever is asked; the exceptions stand here."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.server import running
from tests.support.openapi import ABSENT, CONVERSATIONS_PATH, PATH, request_validator

if TYPE_CHECKING:  # it takes seconds to load: the processes that only collect these tests do without
    from schemathesis import Case

pytestmark = [
    pytest.mark.skipif(not PATH.exists(), reason=ABSENT),
    pytest.mark.xdist_group("document"),  # read once
]

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))  # of each operation and kind, see `make soak`
NOT_EMULATED = ("DataMappings", "/v2/Conversations")
"""Other products connected to a store, and conversations themselves: no importer has a use for them."""

UNDOCUMENTED_STATUSES = {
    401: "every address asks for Basic auth; the document leaves the answer out on the control plane",
    412: "a trait group's PATCH takes If-Match, but the document forgets what a stale one is answered with",
}
"""Besides these, Bulk's newer answer, with operationId, breaks maxProperties: it is off here."""

VALIDATOR = request_validator() if PATH.exists() else lambda *_: []
AUTHORISATION = {"Authorization": httpx.BasicAuth("user", "secret")._auth_header}
METHODS = {"get", "put", "post", "patch", "delete"}


def _labels() -> list[str]:
    """Every operation that is emulated, by method and path."""
    if not PATH.exists():
        return []
    documents = [json.loads(path.read_text()) for path in (PATH, CONVERSATIONS_PATH)]
    return [
        f"{method.upper()} {path}"
        for document in documents
        for path, item in document["paths"].items()
        if not any(part in path for part in NOT_EMULATED)
        for method in item
        if method in METHODS
    ]


@cache
def _operations() -> dict[str, Any]:
    """What the documents say of the operations, by method and path."""
    from schemathesis.openapi import from_dict

    schemas = [from_dict(json.loads(path.read_text())) for path in (PATH, CONVERSATIONS_PATH)]
    found = [result.ok() for schema in schemas for result in schema.get_all_operations()]
    return {operation.label: operation for operation in found}


def _check(case: "Case", answer: Any) -> None:
    """Hold an answer against the document; that a wrong request is refused, where it breaks the document:
    query parameters that it does not name are no fault."""
    import schemathesis.checks
    from schemathesis.specs.openapi import checks

    always = [
        schemathesis.checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    refused = [checks.negative_data_rejection] if _find_violations(answer.request) else []
    case.validate_response(answer, checks=[*always, *refused])


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


@pytest.mark.parametrize("kind", ["positive", "negative"])
@pytest.mark.parametrize("label", _labels())
def test_answers_conform_to_the_document(label: str, kind: str, url: str, known_ids: dict[str, str]) -> None:
    from schemathesis import GenerationMode

    operation, mode = _operations()[label], GenerationMode(kind)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: "Case") -> None:
        if mode is GenerationMode.POSITIVE and operation.method != "delete":
            known = {
                name: known_ids.get(name) or known_ids[operation.path]
                for name in case.path_parameters
                if name in known_ids or operation.path in known_ids
            }
            case.path_parameters.update(known)
        answer = case.call(base_url=url, headers=AUTHORISATION)
        if answer.status_code not in UNDOCUMENTED_STATUSES:
            _check(case, answer)

    ask()
