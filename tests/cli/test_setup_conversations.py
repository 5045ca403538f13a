"""The conversation configuration from the command line: after an import, or when it is asked for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from twilio.rest import Client
from typer.testing import CliRunner, Result

from memory_import.cli.app import app
from memory_import.emulator.server import Running, running
from memory_import.errors import ExitCode
from tests.support.workplace import STORE, write_customers, write_spec

PATH = "/v2/ControlPlane/Configurations"
CHANNELS = {"SMS": {"statusTimeouts": {"inactive": 10, "closed": 60}}}
CONVERSATIONS = {
    "name": "acme support",
    "grouping": "GROUP_BY_PROFILE",
    "extraction": True,
    "channels": CHANNELS,
}


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running(delay_seconds=(0, 0), operation_retry_after_seconds=0) as server:
        yield server


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    write_customers(tmp_path)
    return give(write_spec(tmp_path), CONVERSATIONS)


def give(spec: Path, conversations: Any) -> Path:
    document = yaml.safe_load(spec.read_text())
    spec.write_text(yaml.safe_dump({**document, "setup": {"conversations": conversations}}))
    return spec


def call(emulator: Running, spec: Path, *arguments: str, **variables: str) -> Result:
    environment = {
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_API_KEY": "SK0",
        "TWILIO_API_SECRET": "secret",
        "TWILIO_AUTH_TOKEN": None,
        "TWILIO_REGION": None,
        "MEMORY_API_URL": emulator.url,
        "CONVERSATIONS_API_URL": None,
        "MEMORY_STORE_ID": None,
        **variables,
    }
    name, *options = arguments
    state = ("--state-dir", str(spec.parent / "state"))
    return CliRunner().invoke(app, [name, str(spec), *options, *state], env=environment)


def configurations(emulator: Running) -> list[Any]:
    found = httpx.get(emulator.url + PATH, auth=("any", "key")).json()["configurations"]
    return [{name: each[name] for name in each if name not in {"createdAt", "updatedAt"}} for each in found]


def test_it_waits_for_an_import_and_then_is_made_by_the_next_setup(emulator: Running, spec: Path) -> None:
    before = call(emulator, spec, "setup", "--yes")
    assert "The conversation configuration waits for an import" in before.stderr
    assert configurations(emulator) == []
    assert call(emulator, spec, "run", "--no-prefect").exit_code in {ExitCode.DONE, ExitCode.REJECTS}
    planned = call(emulator, spec, "setup")
    assert planned.exit_code == ExitCode.USAGE
    assert (
        "create  conversation configuration acme support: GROUP_BY_PROFILE, settings of SMS" in planned.stderr
    )
    assert "change  conversation configuration acme support: switch extraction on" in planned.stderr
    assert configurations(emulator) == []
    after = json.loads(call(emulator, spec, "setup", "--yes", "--output", "json").stdout)
    assert (after["status"], len(after["done"])) == ("done", 2)
    (found,) = configurations(emulator)
    assert found == {
        "id": "conv_configuration_00000000000000000000000001",
        "displayName": "acme support",
        "description": f"Conversations of the store {STORE}",
        "conversationGroupingType": "GROUP_BY_PROFILE",
        "memoryStoreId": STORE,
        "channelSettings": CHANNELS,
        "memoryExtractionEnabled": True,
        "version": 2,
    }
    again = call(emulator, spec, "setup")
    assert (again.exit_code, configurations(emulator)) == (ExitCode.DONE, [found])
    assert "Nothing to do" in again.stdout


def test_it_is_made_before_an_import_where_it_is_asked_for(emulator: Running, spec: Path) -> None:
    planned = call(emulator, spec, "setup", "--conversations")
    assert f"memory-import setup {spec} --conversations --yes" in planned.stdout
    assert call(emulator, spec, "setup", "--conversations", "--yes").exit_code == ExitCode.DONE
    assert [each["displayName"] for each in configurations(emulator)] == ["acme support"]


def test_a_new_store_gets_one_that_is_called_like_it(emulator: Running, spec: Path) -> None:
    document = yaml.safe_load(spec.read_text())
    del document["setup"]
    spec.write_text(yaml.safe_dump({**document, "store": {"name": "new-store"}}))
    result = json.loads(call(emulator, spec, "setup", "--conversations", "--yes", "--output", "json").stdout)
    assert result["status"] == "done"
    (found,) = configurations(emulator)
    assert (found["displayName"], found["memoryStoreId"]) == ("new-store", result["store_id"])
    assert not found["memoryExtractionEnabled"]


def test_it_may_have_a_host_of_its_own(emulator: Running, spec: Path) -> None:
    with running(delay_seconds=(0, 0), operation_retry_after_seconds=0) as second:
        call(emulator, spec, "setup", "--conversations", "--yes", CONVERSATIONS_API_URL=second.url)
        assert len(configurations(second)) == 1
        assert {each.path[:3] for each in second.app.requests} == {"/v2"}
        assert {each.path[:3] for each in emulator.app.requests} == {"/v1"}


def test_a_host_that_refuses_the_key_ends_it_before_anything_is_changed(
    emulator: Running, spec: Path
) -> None:
    with running(faults=[{"do": {"status": 403}}]) as second:
        result = call(emulator, spec, "setup", "--conversations", "--yes", CONVERSATIONS_API_URL=second.url)
    assert result.exit_code == ExitCode.CREDENTIALS
    assert "HTTP 403" in result.stderr
    assert "repeat the command" in result.stderr
    assert {each.method for each in emulator.app.requests} == {"GET"}


def test_the_official_library_reads_what_was_made(emulator: Running, spec: Path) -> None:
    call(emulator, spec, "setup", "--conversations", "--yes")
    library = Client("any", "key")
    library.conversations.base_url = emulator.url
    (found,) = library.conversations.v2.configurations.list(memory_store_id=STORE)
    assert (found.display_name, found.conversation_grouping_type) == ("acme support", "GROUP_BY_PROFILE")
    assert found.memory_extraction_enabled
    assert set(found.channel_settings) == {"SMS"}


def test_an_address_that_would_show_the_key_is_refused(emulator: Running, spec: Path) -> None:
    result = call(
        emulator, spec, "setup", "--conversations", CONVERSATIONS_API_URL="http://conversations.example.com"
    )
    assert result.exit_code == ExitCode.USAGE
    assert "CONVERSATIONS_API_URL is 'http://conversations.example.com'" in result.stderr
    assert not emulator.app.requests


@pytest.mark.parametrize(
    ("conversations", "words"),
    [
        pytest.param({"name": "a/b"}, "expected letters, digits, spaces, hyphens", id="a character"),
        pytest.param({"name": "a" * 33}, "expected at most 32 characters", id="a long name"),
        pytest.param({"grouping": "BY_PROFILE"}, "setup.conversations.grouping is 'BY_PROFILE'", id="group"),
        pytest.param({"extraction": "yes"}, "setup.conversations.extraction is 'yes'", id="no boolean"),
        pytest.param({"channels": {"FAX": {}}}, "channels.FAX; expected 'VOICE', 'SMS'", id="no channel"),
        pytest.param(
            {"channels": {"SMS": {"statusTimeouts": {"closed": 0}}}},
            "setup.conversations.channels.SMS.statusTimeouts.closed is 0",
            id="no minute",
        ),
        pytest.param(
            {"channels": {"SMS": {"captureRules": [{"from": "*"}]}}},
            "setup.conversations.channels.SMS.captureRules.0.to is missing",
            id="no recipient",
        ),
        pytest.param(
            {"channels": {"SMS": {"captureRules": [{"from": "*", "to": "*", "until": "*"}]}}},
            "unknown key setup.conversations.channels.SMS.captureRules.0.until",
            id="an unknown key in a list",
        ),
        pytest.param(
            {"channels": {"SMS": {"status_timeouts": {}}}}, "did you mean 'statusTimeouts'", id="other words"
        ),
    ],
)
def test_what_the_api_would_refuse_is_refused_with_its_place(
    emulator: Running, spec: Path, conversations: Any, words: str
) -> None:
    result = call(emulator, give(spec, conversations), "setup", "--conversations")
    assert result.exit_code == ExitCode.USAGE
    assert words in result.stderr
    assert not emulator.app.requests
