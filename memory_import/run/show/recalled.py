"""What the service recalls of a profile, as a document and as text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.recall import LIMITS, QUERY_CHARACTERS, recall
from memory_import.destination.http.throttle import Throttle
from memory_import.errors import UsageProblem
from memory_import.printable import printable_line
from memory_import.run.show.profile import describe_memories
from memory_import.run.show.reach import Place, reach
from memory_import.run.show.who import ProfileMissing, find_profile, read_who

_CONVERSATION_ID = re.compile(r"conv_conversation_[0-7][0-9a-z]{25}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recalled: by a query, by a conversation, or, with neither, the most recent."""

    query: str | None = None
    conversation_id: str | None = None

    def check(self) -> None:
        """`UsageProblem` for what the API would refuse."""
        if self.query is not None and self.conversation_id is not None:
            raise UsageProblem("Both --query and --conversation say what to recall; leave one out.")
        if self.query is not None and not 0 < len(self.query) <= QUERY_CHARACTERS:
            raise UsageProblem(
                f"The query has {len(self.query):,} characters; expected 1 to {QUERY_CHARACTERS:,}."
            )
        if self.conversation_id is not None and not _CONVERSATION_ID.fullmatch(self.conversation_id):
            raise UsageProblem(
                f"{self.conversation_id!r} is no conversation: expected conv_conversation_ and 26 digits or "
                "small letters."
            )


async def recall_profile(
    who: str,
    wanted: Wanted,
    place: Place,
    variables: Mapping[str, str],
    throttle: Throttle | None = None,
) -> dict[str, Any]:
    """`profile_id`, `limits`, and `observations`, `summaries`, `communications`, `meta` as the API gives
    them; `billing`: what that took.

    Raises `ProfileMissing` where the store has no such profile, `UsageProblem` where WHO cannot be read.
    """
    wanted.check()
    async with reach(place, variables, throttle) as reached:
        asked = read_who(who, reached.spec)
        found = await recall(
            reached.client,
            reached.target.store_id,
            await find_profile(reached, asked),
            query=wanted.query,
            conversation_id=wanted.conversation_id,
        )
    if found is None:
        raise ProfileMissing(f"The store has no profile {who}.")
    profile_id, recalled = found
    return {
        "profile_id": profile_id,
        "store_id": reached.target.store_id,
        "query": wanted.query,
        "conversation_id": wanted.conversation_id,
        "limits": dict(LIMITS),
        "observations": recalled["observations"],
        "summaries": recalled["summaries"],
        "communications": recalled.get("communications") or [],
        "meta": recalled.get("meta") or {},
        "billing": {"profiles_read": 0, "lookups": int(not isinstance(asked, str)), "recalls": 1},
    }


def describe_recalled(document: Mapping[str, Any]) -> str:
    """The same for people."""
    limits = ", ".join(f"{count} {name}" for name, count in document["limits"].items())
    by = "the most recent memories"
    if document["query"] is not None:
        by = f"by the query {printable_line(document['query'])!r}"
    elif document["conversation_id"] is not None:
        by = f"by {document['conversation_id']}"
    billing = document["billing"]
    return "\n".join(
        [
            f"{document['profile_id']} in {document['store_id']}: {by}, at most {limits}",
            *describe_memories(document),
            "",
            f"Billed: {billing['recalls']} recall, {billing['lookups']} lookup.",
        ]
    )
