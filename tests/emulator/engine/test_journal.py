from pathlib import Path

import orjson
import pytest

from memory_import.emulator.engine.errors import UsageError
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from tests.support.asking import CONTROL, DATA, Asker

STORES = "/v1/ControlPlane/Stores"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.jsonl"


def _live(asker: Asker) -> None:
    """A history with something of everything that is kept."""
    traits = {"plan": {"dataType": "STRING"}}
    asker.ask("POST", f"{CONTROL}/TraitGroups", {"displayName": "Account", "traits": traits})
    asker.ask("POST", STORES, {"displayName": "second"})
    asker.bulk({"Contact": {"phone": "+12025550101"}}, {"Contact": {"email": "ann@example.com"}})
    asker.bulk({"Contact": {"phone": "+12025550101", "email": "ann@example.com"}})
    profile = asker.add_contact(phone="+12025550102", firstName="Bob")
    asker.ask("PATCH", f"{DATA}/{profile}", {"traits": {"Account": {"plan": "gold"}}})
    note = {"content": "Likes tea", "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}
    asker.ask("POST", f"{DATA}/{profile}/Observations", {"observations": [note]})
    asker.ask("POST", "/emulator/clock", {"advance_seconds": 3600})
    asker.bulk({"Contact": {"phone": "+12025550103"}})


def _all(asker: Asker) -> list[object]:
    paths = [STORES, f"{CONTROL}/TraitGroups?includeTraits=true", "/emulator/profiles", "/emulator/log"]
    return [asker.ask("GET", path).body for path in paths]


def test_a_restart_changes_nothing(state: Path) -> None:
    with Asker(state_file=state) as asker:
        _live(asker)
        before = _all(asker)
        operation = asker.bulk({"Contact": {"phone": "+12025550104"}}).body["statusUrl"]
        known = asker.ask("GET", operation).body
    with Asker(state_file=state) as asker:
        assert asker.ask("GET", operation).body == known
        assert _all(asker)[:2] == before[:2]
        assert len(asker.profiles()) == 4
        assert asker.log()[: len(before[-1]["log"])] == before[-1]["log"]  # type: ignore[index, call-overload]
        assert asker.add_contact(phone="+12025550105") == "mem_profile_00000000000000000000000006"


def test_the_same_history_gives_the_same_ids_with_and_without_a_file(state: Path) -> None:
    with Asker(state_file=state) as one, Asker() as other:
        _live(one)
        _live(other)
        assert one.profiles() == other.profiles()


def test_what_was_accepted_and_not_yet_applied_is_applied_after_a_restart(state: Path) -> None:
    with Asker(state_file=state, delay_seconds=(60, 60)) as asker:
        address = asker.bulk({"Contact": {"phone": "+12025550101"}}).body["statusUrl"]
    with Asker(state_file=state) as asker:
        assert asker.profiles() == []
        asker.now += 61
        assert len(asker.profiles()) == 1
        assert asker.ask("GET", address).body["status"] == "COMPLETED"
    with Asker(state_file=state) as asker:
        asker.now += 61
        assert len(asker.profiles()) == 1


def test_a_line_that_was_cut_short_is_dropped(state: Path) -> None:
    with Asker(state_file=state) as asker:
        asker.bulk({"Contact": {"phone": "+12025550101"}})
    with state.open("ab") as file:
        file.write(b'{"accepted": 99, "kind": "bulk", "payload": "' + b"x" * 10_000)
    for _ in range(2):
        with Asker(state_file=state) as asker:
            assert len(asker.profiles()) == 1
            asker.bulk({"Contact": {"phone": "+12025550101", "firstName": "Ann"}})


def test_the_file_is_the_oracle_log(state: Path) -> None:
    with Asker(state_file=state) as asker:
        answer = asker.bulk({"Contact": {"phone": "+12025550101"}}, {"Contact": {"phone": "+12025550102"}})
        asker.profiles()
        entries = [orjson.loads(line) for line in state.read_bytes().splitlines()]
        (accepted,) = [entry for entry in entries if entry.get("kind") == "bulk"]
        (applied,) = [entry for entry in entries if entry.get("applied") == accepted["accepted"]]
        assert accepted["request"] == answer.headers["twilio-request-id"]
        assert applied["effects"]["profiles"] == [profile["id"] for profile in asker.profiles()]


def test_no_id_is_given_out_twice(state: Path) -> None:
    mappings = [
        {"columnName": name, "traitGroup": "Contact", "traitName": name} for name in ("phone", "firstName")
    ]
    seen = [FIRST_STORE_ID]
    for number in range(2):
        with Asker(state_file=state) as asker:
            created = asker.ask("POST", STORES, {"displayName": f"store-{number}"})
            body = {"filename": "people.csv", "fileSize": 1, "columnMappings": mappings}
            seen += [created.headers["twilio-request-id"], created.headers["operation-id"]]
            seen += [asker.ask("GET", created.body["statusUrl"]).body["result"]["id"]]
            seen += [asker.ask("POST", f"{DATA}/Imports", body).body["importId"]]
    assert len(set(seen)) == len(seen) == 9


@pytest.mark.parametrize(
    "content",
    [
        b'{"another": 1}\n',
        b"Phone,Email\n",
        b'{"emulator":2}\n{"accepted":1}\n',
        b'{"emulator":2}\n{"applied":7}\n',
    ],
    ids=["another file", "no JSON", "half an entry", "applied out of nowhere"],
)
def test_a_file_that_is_none_of_ours_is_refused(state: Path, content: bytes) -> None:
    state.write_bytes(content)
    with pytest.raises(UsageError, match="State file"):
        Asker(state_file=state)
    assert state.read_bytes() == content


def test_one_file_serves_one_emulator(state: Path) -> None:
    with Asker(state_file=state), pytest.raises(UsageError, match="in use"):
        Asker(state_file=state)


def test_the_file_is_private(state: Path) -> None:
    with Asker(state_file=state):
        assert state.stat().st_mode & 0o777 == 0o600


def test_a_store_that_was_deleted_stays_deleted(state: Path) -> None:
    with Asker(state_file=state) as asker:
        asker.ask("DELETE", CONTROL)
    with Asker(state_file=state) as asker:
        assert FIRST_STORE_ID not in asker.ask("GET", STORES).body["stores"]
