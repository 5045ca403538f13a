"""What `show` and `recall` say of a profile is what the official library reads of it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from twilio.rest import Client
from twilio.rest.memory.v1.recall import RecallList

from memory_import.emulator.server import running
from memory_import.errors import ImportProblem, UsageProblem
from memory_import.run.show.profile import describe_profile, show_profile
from memory_import.run.show.reach import Place
from memory_import.run.show.recalled import Wanted, describe_recalled, recall_profile
from memory_import.run.show.who import Identifier, ProfileMissing, read_who
from memory_import.spec.model import Spec
from tests.support.processes import inherited
from tests.support.workplace import STORE, Workplace, write_customers, write_spec

CONVERSATION = "conv_conversation_00000000000000000000000001"
OBSERVATIONS = 120  # three pages


@dataclass(frozen=True)
class Held:
    """An emulator that holds one person, the official library on it, and the environment that leads there."""

    library: Any
    profile_id: str
    variables: dict[str, str]


@pytest.fixture(scope="module")
def held() -> Iterator[Held]:
    with running(delay_seconds=(0, 0)) as emulator:
        client = Client("SK00000000000000000000000000000000", "secret")
        client.memory.base_url = emulator.url
        library = client.memory.v1
        headers = {"Content-Type": "application/json"}
        made = client.request(
            "POST",
            f"{emulator.url}/v1/Stores/{STORE}/Profiles",
            data={"traits": {"Contact": {"phone": "+12025550101", "email": "ada@example.com"}}},
            headers=headers,
        )
        profile_id = json.loads(made.text)["id"]
        base = f"{emulator.url}/v1/Stores/{STORE}/Profiles/{profile_id}"
        for start in range(0, OBSERVATIONS, 10):
            notes = [
                {
                    "content": f"note {n}",
                    "source": "crm",
                    "occurredAt": f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z",
                }
                for n in range(start, start + 10)
            ]
            client.request("POST", f"{base}/Observations", data={"observations": notes}, headers=headers)
        summary = {
            "content": "likes tea",
            "conversationId": CONVERSATION,
            "occurredAt": "2026-02-01T00:00:00Z",
        }
        client.request(
            "POST", f"{base}/ConversationSummaries", data={"summaries": [summary]}, headers=headers
        )
        variables = {
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": "SK" + "0" * 32,
            "TWILIO_API_SECRET": "secret",
            "MEMORY_API_URL": emulator.url,
            "MEMORY_STORE_ID": STORE,
        }
        yield Held(library, profile_id, variables)


def moments(memories: list[dict[str, Any]]) -> list[tuple[str, str, datetime]]:
    return sorted((m["id"], m["content"], datetime.fromisoformat(m["occurredAt"])) for m in memories)


def moments_of(items: Any) -> list[tuple[str, str, datetime]]:
    return sorted((item.id, item.content, as_moment(item.occurred_at)) for item in items)


def as_moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


@pytest.mark.parametrize(
    "who", ["+1 (202) 555-0101", " Ada@EXAMPLE.com", "email:ada@example.com", "phone:+12025550101"]
)
def test_a_profile_is_shown_as_the_official_library_reads_it(held: Held, tmp_path: Path, who: str) -> None:
    shown = asyncio.run(show_profile(who, Place(tmp_path), held.variables))
    of_profile = (STORE, held.profile_id)
    fetched = held.library.profiles(STORE)(held.profile_id).fetch()
    assert shown["profile_id"] == fetched.id == held.profile_id
    assert datetime.fromisoformat(shown["created_at"]) == as_moment(fetched.created_at)
    assert {
        (trait["traitGroup"], trait["name"], trait["value"], datetime.fromisoformat(trait["timestamp"]))
        for trait in shown["traits"]
    } == {
        (trait.trait_group, trait.name, trait.value, as_moment(trait.timestamp))
        for trait in held.library.traits(*of_profile).list()
    }
    sets = held.library.identifiers(*of_profile).list()
    assert shown["identifiers"] == [{"idType": each.id_type, "values": each.values} for each in sets]
    assert moments(shown["observations"]) == moments_of(held.library.observations(*of_profile).list())
    assert len(shown["observations"]) == OBSERVATIONS
    assert moments(shown["summaries"]) == moments_of(held.library.conversation_summaries(*of_profile).list())
    assert shown["billing"] == {"profiles_read": 1, "lookups": 1, "recalls": 0}
    text = describe_profile(shown)
    for words in (
        held.profile_id,
        "Contact.email",
        "ada@example.com",
        f"Observations ({OBSERVATIONS})",
        "likes tea",
    ):
        assert words in text


@pytest.mark.parametrize(
    "wanted",
    [Wanted(), Wanted(query="note 7"), Wanted(conversation_id=CONVERSATION)],
    ids=["neither", "query", "conversation"],
)
def test_what_is_recalled_is_what_the_official_library_recalls(
    held: Held, tmp_path: Path, wanted: Wanted
) -> None:
    recalled = asyncio.run(recall_profile(held.profile_id, wanted, Place(tmp_path), held.variables))
    body = {
        name: value
        for name, value in (("query", wanted.query), ("conversationId", wanted.conversation_id))
        if value
    }
    asked = RecallList.MemoryRetrievalRequest(body)
    told = held.library.recall(STORE, held.profile_id).create(asked)
    assert recalled["observations"] == told.observations
    assert recalled["summaries"] == told.summaries
    assert recalled["communications"] == told.communications
    assert len(recalled["observations"]) == 20
    assert recalled["billing"] == {"profiles_read": 0, "lookups": 0, "recalls": 1}
    assert "Billed: 1 recall, 0 lookup" in describe_recalled(recalled)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(query="a", conversation_id=CONVERSATION), "leave one out"),
        (Wanted(query="a" * 1_025), "1,025 characters"),
        (Wanted(query=""), "0 characters"),
        (Wanted(conversation_id="conv_1"), "no conversation"),
    ],
)
def test_what_the_service_would_refuse_to_recall_is_not_asked(
    tmp_path: Path, wanted: Wanted, words: str
) -> None:
    with pytest.raises(UsageProblem, match=words):
        asyncio.run(recall_profile("+12025550101", wanted, Place(tmp_path), {}))


@pytest.mark.parametrize("who", ["+12025550199", "nobody@example.com", "mem_profile_" + "0" * 26])
def test_somebody_whom_the_store_does_not_know_is_missed(held: Held, tmp_path: Path, who: str) -> None:
    with pytest.raises(ProfileMissing, match="has no profile"):
        asyncio.run(show_profile(who, Place(tmp_path), held.variables))
    with pytest.raises(ProfileMissing, match="has no profile"):
        asyncio.run(recall_profile(who, Wanted(), Place(tmp_path), held.variables))


US = Spec.model_validate(
    {
        "version": 1,
        "profiles": {"source": "x.csv", "region": {"default": "US"}, "traits": {"Contact": {"phone": "P"}}},
    }
)

READ = {
    "an international phone": ("+44 20 7946 0123", None, Identifier("phone", "+442079460123")),
    "a national phone, by the spec": ("(202) 555-0101", US, Identifier("phone", "+12025550101")),
    "a typed one": ("whatsapp:+1 202 555 0101", None, Identifier("whatsapp", "+12025550101")),
    "another type": ("user_id: C-7 ", None, Identifier("user_id", "C-7")),
    "an email": ("ada@EXAMPLE.com", None, Identifier("email", "ada@example.com")),
    "an email in large letters": ("Ada@Example.com", None, Identifier("email", "ada@example.com")),
    "a profile": ("mem_profile_" + "0" * 26, None, "mem_profile_" + "0" * 26),
}


@pytest.mark.parametrize(("who", "spec", "expected"), READ.values(), ids=READ)
def test_who_is_read_as_rows_are(who: str, spec: Spec | None, expected: Identifier | str) -> None:
    assert read_who(who, spec) == expected


@pytest.mark.parametrize("who", ["(202) 555-0101", "+12", "ada@", "", "Ada"])
def test_who_that_is_nothing_is_refused(who: str) -> None:
    with pytest.raises(UsageProblem):
        read_who(who, None)


def test_a_run_into_the_emulator_can_be_looked_into(tmp_path: Path) -> None:
    write_customers(tmp_path)
    write_spec(tmp_path)
    workplace = Workplace(tmp_path)
    result = workplace.carry_out(workplace.request(emulator=True))
    place = Place(workplace.state_dir, run_id=result.report["run_id"])
    shown = asyncio.run(show_profile("(202) 555-0101", place, {}))  # the region is that of the run's spec
    values = {f"{t['traitGroup']}.{t['name']}": t["value"] for t in shown["traits"]}
    assert values == {
        "Contact.firstName": "Ada",
        "Contact.phone": "+12025550101",
        "Contact.email": "ada@example.com",
    }
    assert {each["idType"]: each["values"] for each in shown["identifiers"]} == {
        "phone": ["+12025550101"],
        "email": ["ada@example.com"],
    }


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"run_id": "20260101T000000000Z-0000"}, "no run"),
        ({"run_id": "x", "spec_path": Path("spec.yaml")}, "leave one out"),
        ({}, "No credentials"),
    ],
)
def test_a_place_that_cannot_be_reached_is_told(tmp_path: Path, place: dict[str, Any], words: str) -> None:
    with pytest.raises(ImportProblem, match=words):
        asyncio.run(show_profile("+12025550101", Place(tmp_path, **place), {}))


@pytest.mark.parametrize("command", [["show"], ["recall", "--query", "tea"]], ids=["show", "recall"])
def test_the_commands_print_one_document(held: Held, tmp_path: Path, command: list[str]) -> None:
    def call(who: str) -> subprocess.CompletedProcess[str]:
        name, *options = command
        return subprocess.run(
            [sys.executable, "-m", "memory_import.cli", name, who, *options, "--output", "json"],
            cwd=tmp_path,
            env={**inherited(), **held.variables, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    found = call("+12025550101")
    assert (found.returncode, json.loads(found.stdout)["profile_id"]) == (0, held.profile_id)
    missing = call("+12025550199")
    assert (missing.returncode, json.loads(missing.stdout)["exit_code"]) == (1, 1)
    assert not list(tmp_path.iterdir())  # looking leaves nothing
