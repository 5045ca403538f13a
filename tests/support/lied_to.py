"""People with memories, brought into an API that lies, and what is there then."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from tests.support.fast import FastRuns
from tests.support.lies import LIES
from tests.support.notes import CONVERSATION, write_rows, write_spec
from tests.support.processes import COLUMNS, STORE, Api, make_customers, write_csv

PEOPLE, MEMORIES = 5, 6
WHOSE = (0, 1, 2, 3, 9)  # memories are: the last person has none, and one who is no customer has some
WRITTEN = ("/Profiles", "/Observations", "/ConversationSummaries")  # by POST; a listing counts, too
EDITS = {"deletions": "not deleted", "clearings": "not cleared", "replacements": "not replaced"}
NOT_DONE = ("absent", "kept", "pending", "planned", "rejected", "unknown")
NEW_EMAIL = "other0@example.com"
OF_PROFILE = f"*/Profiles/mem_profile_{'?' * 26}"
"""The path of a profile itself."""


@dataclass(frozen=True)
class Place:
    """A route, and what makes a run ask for it: `besides`, faults of other routes, or one of the later runs.

    `run`: 0 brings people and memories, 1 finds the memories in other words, an email replaced, a city blank
    and one person gone, 2 finds that person gone for the second time.
    """

    method: str
    path: str
    besides: tuple[dict[str, Any], ...] = ()
    run: int = 0

    def lie(self, name: str, **when: Any) -> dict[str, Any]:
        """The fault that tells a lie here."""
        return {"when": {"method": self.method, "path": self.path, **when}, "do": LIES[name]}


@dataclass(frozen=True)
class World:
    """People with memories in a folder, and an API to bring them into."""

    runs: FastRuns
    api: Api

    def write(self, wording: str = "said", *, gone: int = 0, is_changed: bool = False) -> None:
        """The files of a run: the last `gone` customers are no customers any more; where it `is_changed`, the
        first one has another email and the second one no city."""
        folder = self.runs.folder
        people = make_customers(PEOPLE, repeats=0.0, bad=0.0)[: PEOPLE - gone]
        if is_changed:
            people[0][COLUMNS.index("Email")] = NEW_EMAIL
            people[1][COLUMNS.index("City")] = ""
        customers = write_csv(people, folder / "customers.csv")
        columns = ("Id", "Phone", "Text", "Ended", "Conversation")
        rows = [
            [
                f"N{at}",
                f"+1202200{WHOSE[at % len(WHOSE)]:04d}",
                f"{wording} {at}",
                f"2024-05-01T10:{at:02}:00Z",
                CONVERSATION,
            ]
            for at in range(MEMORIES)
        ]
        write_rows(folder / "memories.csv", rows, columns)
        memories = {
            "source": "memories.csv",
            "profile": {"phone": "Phone"},
            "content": "Text",
            "occurred_at": "Ended",
            "observation_source": "crm",
            "key": "Id",
            "missing_profile": "create",
            "settle_seconds": 1,
        }
        spec = write_spec(
            folder / "spec.yaml",
            customers=customers,
            observations={**memories, "conversation_ids": None},
            summaries={**memories, "conversation_id": "Conversation"},
        )
        document = yaml.safe_load(spec.read_text())
        edits = {"gone": "delete", "on_blank": "clear", "former": "replace"}
        document["profiles"]["sync"] = {**edits, "max_gone": "100%"}
        spec.write_text(yaml.safe_dump({"name": "lies", **document}, sort_keys=False))

    def import_under(self, *faults: dict[str, Any]) -> tuple[int, Counter[str]]:
        """Import while these faults are played, and go on without them to the end.

        The exit code under them, one of those that are documented; of the end, how many rows are rejected,
        unknown and pending, how many people who are gone are there still, and what of others is.
        """
        self.api.set_faults(*faults)
        result = self.runs.run()
        exit_code = result.report["exit_code"]
        assert exit_code in {0, 1, 4, 5}, result.problem
        self.api.set_faults()
        while result.report["resume_command"]:
            result = self.runs.resume(result.report["run_id"])
        bad: Counter[str] = Counter()
        for load in result.report["loads"].values():
            bad.update({name: load["rows"][name] for name in ("rejected", "unknown", "pending")})
            for section, words in EDITS.items():
                bad[words] += sum(load.get(section, {}).get(name, 0) for name in NOT_DONE)
        return exit_code, +bad

    @property
    def writes(self) -> int:
        """How many requests with customer data the API saw."""
        return sum(
            request["method"] in {"PUT", "PATCH", "DELETE"} or request["path"].endswith(WRITTEN)
            for request in self.api.requests()
        )

    def unasked(self, places: Iterable[Place]) -> list[str]:
        """The paths of those that nobody asked, and so told no lie."""
        asked = [(request["method"], request["path"]) for request in self.api.requests()]
        return [
            place.path
            for place in places
            if not any(method == place.method and fnmatchcase(path, place.path) for method, path in asked)
        ]

    def check(
        self, wording: str = "said", *, bad: Counter[str], gone: int = 0, is_changed: bool = False
    ) -> None:
        """All is there, once, but what is unknown; nobody who is gone, and nothing that was to go."""
        self.api.settle()
        profiles = self.api.call("GET", "/emulator/profiles")["stores"][STORE]
        assert set(bad) <= {"unknown"}
        assert len(profiles) == PEOPLE + 1 - gone
        of_first, of_second = (
            next(one for one in profiles if one["traits"].get("Account", {}).get("customerId") == name)
            for name in ("C0", "C1")
        )
        assert (of_first["identifiers"]["email"] == [NEW_EMAIL]) is is_changed
        assert ("city" not in of_second["traits"]["Account"]) is is_changed
        expected = Counter(f"{wording} {at}" for at in range(MEMORIES))
        for load in ("observations", "summaries"):
            held = Counter(memory["content"] for profile in profiles for memory in profile[load])
            assert held <= expected, "doubled, or of another wording"
            assert (expected - held).total() <= bad["unknown"], "lost"
