"""Answers that are not the API's, as the emulator's faults script tells them."""

import os
from collections.abc import Collection, Mapping
from typing import Any

EVERY = int(os.environ.get("LIES_EVERY", "48"))  # 1: all lies that are told always, see `make soak`

ELSEWHERE = "mem_profile_0" + "a" * 25
OTHER_TYPES = dict.fromkeys(
    ("message", "profiles", "status", "observations", "summaries", "traitGroups", "identifierConfigs", "id"),
    7,
)
API_ERROR = {"code": 20404, "message": "Not found.", "more_info": "https://example.com", "status": 404}
LIES: dict[str, dict[str, Any]] = {
    "202 HTML": {"status": 202, "body": "html"},
    "202 empty": {"status": 202, "body": "empty"},
    "202 []": {"status": 202, "body": {"json": []}},
    "202 no words": {"status": 202, "body": {"json": {"message": ""}}},
    "202 twice": {"status": 202, "body": {"text": '{"message": "taken", "message": 7}'}},
    "200 {}": {"status": 200, "body": {"json": {}}},
    "200 error": {"status": 200, "body": {"json": API_ERROR}},
    "204": {"status": 204, "body": "empty"},
    "207": {"status": 207, "body": {"json": {"message": "some"}}},
    "307": {"status": 307, "body": "empty", "headers": {"Location": "/v1/elsewhere"}},
    "308 away": {
        "status": 308,
        "body": "empty",
        "headers": {"Location": "http://127.0.0.2:9/v1", "Canonical-Profile-Id": ELSEWHERE},
    },
    "308 astray": {
        "status": 308,
        "body": "empty",
        "headers": {"Location": "/v1/elsewhere", "Canonical-Profile-Id": ELSEWHERE},
    },
    "400 HTML": {"status": 400, "body": "html"},
    "404 HTML": {"status": 404, "body": "html"},
    "405": {"status": 405, "code": 20405},
    "409": {"status": 409, "code": 20409},
    "415": {"status": 415, "code": 20415},
    "421": {"status": 421, "body": "empty"},
    "500 applied": {"status": 500, "applied": True},
    "truncated": {"keep_bytes": 10},
    "types": {"body": {"json": OTHER_TYPES}},
    "100 MB": {"body": {"bytes": 100_000_000}},
}


def print_table(title: str, places: Collection[str], cells: Mapping[tuple[str, str], object]) -> None:
    """Cells by place and lie: a line per lie, a column per place."""
    print(f"\n{title:>12} | " + " | ".join(places))  # noqa: T201
    for lie in LIES:
        line = [f"{cells.get((place, lie), ''):^{len(place)}}" for place in places]
        print(f"{lie:>12} | " + " | ".join(line))  # noqa: T201
