"""Requests are checked against the official document on their way in, where a test asks for it."""

from typing import Any

import pytest

from tests.support.asking import CONTROL, DATA, Asker
from tests.support.openapi import ABSENT, PATH, request_validator

pytestmark = pytest.mark.skipif(not PATH.exists(), reason=ABSENT)

PROFILE = {"traits": {"Contact": {"phone": "+12025550101"}}}
BROKEN = {
    "an unknown path": ("GET", "/v1/Services", None, "GET is not in the document at this path"),
    "an unknown method": ("POST", f"{DATA}/Bulk", {"profiles": [PROFILE]}, "POST is not in the document"),
    "a missing body": ("PUT", f"{DATA}/Bulk", None, "the body is missing"),
    "a body that is not asked for": ("GET", CONTROL, {}, "the operation takes no body"),
    "a body that is none": ("PUT", f"{DATA}/Bulk", b"{", "the body is no JSON"),
    "no profiles": ("PUT", f"{DATA}/Bulk", {"profiles": []}, "body.profiles: minItems"),
    "another field": (
        "POST",
        f"{DATA}/Lookup",
        {"idType": "phone", "value": "1", "x": 1},
        "additionalProperties",
    ),
    "a page too large": ("GET", f"{DATA}?pageSize=1001", None, "query parameter pageSize: maximum"),
    "a page that is none": ("GET", f"{DATA}?pageSize=x", None, "query parameter pageSize is no integer"),
    "an id of another form": ("GET", "/v1/Stores/x/Profiles", None, "path parameter storeId: pattern"),
}


@pytest.mark.parametrize(("method", "path", "body", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_a_request_that_breaks_the_document_is_told_of(
    method: str, path: str, body: Any, problem: str
) -> None:
    with Asker(validator=request_validator()) as asker:
        asker.ask(method, path, body)
        assert any(problem in violation for violation in asker.app.violations)
        assert asker.ask("GET", "/emulator/violations").body == {"violations": asker.app.violations}


def test_a_request_that_keeps_to_the_document_is_not() -> None:
    with Asker(validator=request_validator()) as asker:
        asker.bulk(PROFILE["traits"])
        asker.find("phone", "+12025550101")
        asker.ask("GET", f"{DATA}?pageSize=10&orderBy=ASC")
        assert asker.app.violations == []
