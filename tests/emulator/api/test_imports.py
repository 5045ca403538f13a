from typing import Any

import pytest

from tests.support.asking import DATA, Asker

MAPPINGS = [
    {"columnName": "Phone", "traitGroup": "Contact", "traitName": "phone"},
    {"columnName": "First", "traitGroup": "Contact", "traitName": "firstName"},
    {"columnName": "Last", "traitGroup": "Contact", "traitName": "lastName"},
]


def _create(asker: Asker, content: bytes) -> Any:
    body = {"filename": "people.csv", "fileSize": len(content), "columnMappings": MAPPINGS}
    answer = asker.ask("POST", f"{DATA}/Imports", body)
    assert answer.status == 201, answer.content
    return answer.body


def _put(asker: Asker, url: str, content: bytes, **given: Any) -> int:
    return asker.ask("PUT", url, content, **{"key": None, **given}).status


def _status(asker: Asker, import_id: str) -> Any:
    return asker.ask("GET", f"{DATA}/Imports/{import_id}").body


def test_an_empty_cell_overwrites_a_mark_deletes_and_bad_rows_are_only_counted(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101", firstName="Ann", lastName="Lee")
    content = b"Phone,First,Last\n+12025550101,,\\N\n,No,Phone\n+12025550102,Bob,Ray\n"
    created = _create(asker, content)
    assert _status(asker, created["importId"])["status"] == "PENDING"
    assert _put(asker, created["url"], content) == 200
    found = _status(asker, created["importId"])
    assert (found["status"], found["summary"]) == ("COMPLETED", {"errors": 1, "warnings": 0})
    assert asker.traits_of(profile) == {"Contact": {"phone": "+12025550101", "firstName": ""}}
    assert len(asker.profiles()) == 2


def test_an_import_takes_its_time() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:
        content = b"Phone,First,Last\n+12025550101,Ann,Lee\n"
        created = _create(asker, content)
        _put(asker, created["url"], content)
        assert _status(asker, created["importId"])["status"] == "PROCESSING"
        asker.now += 10
        assert _status(asker, created["importId"])["status"] == "COMPLETED"


BROKEN = {
    "a missing column": b"Phone,First\n+12025550101,Ann\n",
    "an open quote": b'Phone,First,Last\n"a',
    "one": b" ",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_without_the_mapped_columns_fails(asker: Asker, content: bytes) -> None:
    created = _create(asker, content)
    assert _put(asker, created["url"], content) == 200
    assert _status(asker, created["importId"])["status"] == "FAILED"
    assert asker.profiles() == []


def test_the_address_takes_one_file_without_a_login_for_half_an_hour(asker: Asker) -> None:
    content = b"Phone,First,Last\n+12025550101,Ann,Lee\n"
    created = _create(asker, content)
    assert _put(asker, created["url"], content, key=("user", "secret")) == 400
    assert _put(asker, created["url"] + "0", content) == 403
    assert _put(asker, created["url"], content + b"x") == 400
    assert _put(asker, created["url"], content) == 200
    assert _put(asker, created["url"], content) == 403
    late = _create(asker, content)
    asker.now += 1801
    assert _put(asker, late["url"], content) == 403
    assert asker.ask("GET", f"{DATA}/Imports").body["imports"] == [late["importId"], created["importId"]]


REFUSED = {
    "an empty file": {"fileSize": 0},
    "more than 100 MiB": {"fileSize": 104857601},
    "one mapping": {"columnMappings": MAPPINGS[:1]},
    "an undeclared trait": {"columnMappings": [*MAPPINGS, {**MAPPINGS[0], "traitName": "age"}]},
    "no identifier": {"columnMappings": MAPPINGS[1:]},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_an_import_that_breaks_a_rule_is_refused(asker: Asker, change: Any) -> None:
    body = {"filename": "people.csv", "fileSize": 10, "columnMappings": MAPPINGS, **change}
    assert asker.ask("POST", f"{DATA}/Imports", body).status == 400
