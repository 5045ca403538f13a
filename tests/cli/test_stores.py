"""`stores`: what is there is listed and shown, made once, changed only as it was read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from memory_import.cli.app import app
from memory_import.emulator.server import Running, running
from memory_import.errors import ExitCode

FIRST, SECOND = (f"mem_store_{number:026d}" for number in (1, 2))


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Running]:
    options: dict[str, Any] = getattr(request, "param", {})
    with running(delay_seconds=(0, 0), operation_retry_after_seconds=0, **options) as server:
        yield server


def faulty(*faults: dict[str, Any]) -> dict[str, Any]:
    return {"faults": list(faults)}


def call(emulator: Running, *arguments: str) -> Result:
    environment = {
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_API_KEY": "SK0",
        "TWILIO_API_SECRET": "secret",
        "TWILIO_AUTH_TOKEN": None,
        "TWILIO_REGION": None,
        "MEMORY_API_URL": emulator.url,
    }
    return CliRunner().invoke(app, ["stores", *arguments], env=environment)


def document(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.mark.parametrize("emulator", [{"empty": True}], indirect=True)
def test_an_account_without_stores_says_how_to_make_one(emulator: Running) -> None:
    assert "stores create NAME" in call(emulator, "list").stdout
    assert document(call(emulator, "list", "--output", "json")) == {"stores": []}


def test_a_store_is_made_listed_shown_and_renamed(emulator: Running) -> None:
    made = document(call(emulator, "create", "acme", "--description", "Ours", "--output", "json"))["store"]
    assert (made["id"], made["name"], made["status"], made["description"]) == (
        SECOND,
        "acme",
        "ACTIVE",
        "Ours",
    )
    assert call(emulator, "update", "acme", "--name", "acme-crm").exit_code == ExitCode.DONE
    listed = document(call(emulator, "list", "--output", "json"))["stores"]
    assert [(each["id"], each["name"]) for each in listed] == [(FIRST, "emulated"), (SECOND, "acme-crm")]
    shown = document(call(emulator, "show", SECOND, "--output", "json"))["store"]
    assert shown["trait_groups"]["Contact"]["phone"] == {"type": "STRING", "identifies_by": "phone"}
    assert shown["identifier_types"] == shown["matching_rules"] == ["email", "phone", "whatsapp", "chat"]
    assert f"acme-crm  ACTIVE  {SECOND}" in call(emulator, "show", "acme-crm").stdout


def test_many_stores_are_all_listed_in_the_order_of_their_ids(emulator: Running) -> None:
    names = [f"client-{number}" for number in range(13)]
    for name in names:
        assert call(emulator, "create", name).exit_code == ExitCode.DONE
    listed = document(call(emulator, "list", "--output", "json"))["stores"]
    assert [each["name"] for each in listed] == ["emulated", *names]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["show"], "Nothing says which store to show", id="no store named"),
        pytest.param(["show", "nobody"], "There is no store named 'nobody'", id="no such name"),
        pytest.param(["show", SECOND], f"There is no store {SECOND}", id="no such id"),
        pytest.param(["create", "a b"], "letters, digits and hyphens", id="a name that is refused"),
        pytest.param(["create", "a", "--name", "b"], "expected one name", id="two names"),
        pytest.param(["create", "emulated"], f"named 'emulated' already: {FIRST}", id="a name that is taken"),
        pytest.param(["update", FIRST], "Nothing says what to change", id="no change"),
        pytest.param(["update", FIRST, "--description", "x" * 129], "129 characters", id="too long"),
        pytest.param(["list", "x"], "takes no name", id="a list of one"),
        pytest.param(["show", FIRST, "--name", "x"], "changes nothing", id="a change that is none"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    emulator: Running, arguments: list[str], words: str
) -> None:
    result = call(emulator, *arguments)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert words in result.stderr
    assert all(request.method == "GET" for request in emulator.app.requests)


@pytest.mark.parametrize(
    "emulator", [faulty({"when": {"method": "PATCH"}, "do": {"status": 412}})], indirect=True
)
def test_a_store_that_somebody_else_has_changed_is_left_alone(emulator: Running) -> None:
    result = call(emulator, "update", FIRST, "--name", "mine")
    assert result.exit_code == ExitCode.CHANGED
    assert "changed by somebody else since it was read (HTTP 412)" in result.stderr
    assert document(call(emulator, "show", FIRST, "--output", "json"))["store"]["name"] == "emulated"


def test_a_full_account_is_said_with_what_it_holds(emulator: Running) -> None:
    for number in range(14):
        call(emulator, "create", f"client-{number}")
    result = call(emulator, "create", "one-more")
    assert result.exit_code == ExitCode.USAGE
    assert "as many stores as it may (code 520044)" in result.stderr
    assert "client-13" in result.stderr


@pytest.mark.parametrize(
    "emulator", [faulty({"when": {"method": "POST", "nth": 1}, "do": {"drop": "after"}})], indirect=True
)
def test_a_creation_whose_answer_is_lost_makes_one_store(emulator: Running) -> None:
    assert call(emulator, "create", "acme").exit_code == ExitCode.DONE
    listed = document(call(emulator, "list", "--output", "json"))["stores"]
    assert [each["name"] for each in listed] == ["emulated", "acme"]


@pytest.mark.parametrize(
    "emulator",
    [
        faulty(
            {
                "when": {"method": "POST"},
                "do": {"fail_operation": {"code": 520046, "detail": "no such luck", "status": "FAILED"}},
            }
        )
    ],
    indirect=True,
)
def test_a_creation_that_fails_says_why(emulator: Running) -> None:
    result = call(emulator, "create", "acme")
    assert result.exit_code == ExitCode.USAGE
    assert "no such luck" in result.stderr


HALF = {"code": 520099, "detail": "half of it", "status": "COMPLETED", "applied": True}


@pytest.mark.parametrize("emulator", [faulty({"do": {"fail_operation": HALF}})], indirect=True)
def test_an_error_beside_what_was_completed_is_said(emulator: Running) -> None:
    for change in (["create", "acme"], ["update", "acme", "--description", "Ours"]):
        result = call(emulator, *change)
        assert result.exit_code == ExitCode.DONE, result.stderr
        assert "ended COMPLETED and told an error all the same (code 520099): " in result.stderr
