import gzip
import json
from typing import Any

import pytest

from tests.support.asking import DATA, Asker

CONVERSATION = "conv_conversation_0000000000000000000000000{}"
NOTE = {"content": "Likes tea", "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}
SUMMARY = {
    "content": "About tea",
    "conversationId": CONVERSATION.format(1),
    "occurredAt": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def path(asker: Asker) -> str:
    return f"{DATA}/{asker.add_contact(phone='+12025550101')}"


def _note(asker: Asker, path: str, **fields: Any) -> None:
    answer = asker.ask("POST", f"{path}/Observations", {"observations": [{**NOTE, **fields}]})
    assert answer.status == 202, answer.content


def _contents(asker: Asker, path: str, query: str = "") -> list[str]:
    found = asker.ask("GET", f"{path}/Observations?{query}").body["observations"]
    return [note["content"] for note in found]


REFUSED = {
    "no observations": {"observations": []},
    "11 observations": {"observations": [NOTE] * 11},
    "another field": {"observations": [NOTE], "more": 1},
    "no content": {"observations": [{**NOTE, "content": ""}]},
    "4,097 characters": {"observations": [{**NOTE, "content": "x" * 4097}]},
    "no source": {"observations": [{"content": "x", "occurredAt": NOTE["occurredAt"]}]},
    "a source with a slash": {"observations": [{**NOTE, "source": "a/b"}]},
    "a date without a time": {"observations": [{**NOTE, "occurredAt": "2026-01-01"}]},
    "a time without an offset": {"observations": [{**NOTE, "occurredAt": "2026-01-01T00:00:00"}]},
    "the 30th of February": {"observations": [{**NOTE, "occurredAt": "2026-02-30T00:00:00Z"}]},
    "11 conversations": {"observations": [{**NOTE, "conversationIds": [CONVERSATION.format(1)] * 11}]},
    "a conversation id of another form": {"observations": [{**NOTE, "conversationIds": ["x"]}]},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_an_observation_that_breaks_a_rule_refuses_the_request(asker: Asker, path: str, body: Any) -> None:
    assert asker.ask("POST", f"{path}/Observations", body).body["code"] == 520046
    assert _contents(asker, path) == []


def test_a_summary_needs_its_conversation(asker: Asker, path: str) -> None:
    body = {"summaries": [{name: value for name, value in SUMMARY.items() if name != "conversationId"}]}
    assert asker.ask("POST", f"{path}/ConversationSummaries", body).status == 400


def test_the_same_body_twice_makes_two_observations(asker: Asker, path: str) -> None:
    _note(asker, path)
    _note(asker, path)
    assert _contents(asker, path) == ["Likes tea", "Likes tea"]


def test_a_body_may_come_compressed(asker: Asker, path: str) -> None:
    body = gzip.compress(json.dumps({"observations": [NOTE]}).encode())
    answer = asker.ask("POST", f"{path}/Observations", body, headers={"content-encoding": "gzip"})
    assert answer.status == 202
    broken = asker.ask("POST", f"{path}/Observations", b"x", headers={"content-encoding": "gzip"})
    assert broken.status == 400


def test_observations_are_filtered_by_source_conversation_and_date(asker: Asker, path: str) -> None:
    _note(asker, path, content="one", source="a b")
    asker.now += 10
    _note(asker, path, content="two", conversationIds=[CONVERSATION.format(2)])
    listed = asker.ask("GET", f"{path}/Observations").body["observations"]
    later = listed[0]["createdAt"]
    assert _contents(asker, path) == ["two", "one"]
    assert _contents(asker, path, "orderBy=ASC") == ["one", "two"]
    assert _contents(asker, path, "source=a%20b") == ["one"]
    assert _contents(asker, path, f"conversationId={CONVERSATION.format(2)}") == ["two"]
    assert _contents(asker, path, f"createdAfter={later}") == ["two"]
    assert _contents(asker, path, f"createdBefore={later}") == ["one"]
    assert asker.ask("GET", f"{path}/Observations?createdAfter=yesterday").status == 400


def test_a_page_holds_fifty_whatever_is_asked(asker: Asker, path: str) -> None:
    for _ in range(6):
        asker.ask("POST", f"{path}/Observations", {"observations": [NOTE] * 10})
    page = asker.ask("GET", f"{path}/Observations?pageSize=1000").body
    assert (len(page["observations"]), page["meta"]["pageSize"]) == (50, 50)
    rest = asker.ask("GET", f"{path}/Observations?pageToken={page['meta']['nextToken']}").body
    assert len(rest["observations"]) == 10


def test_a_profile_keeps_its_newest_five_hundred(asker: Asker, path: str) -> None:
    for number in range(51):
        items = [{**NOTE, "content": f"{number}-{each}"} for each in range(10)]
        asker.ask("POST", f"{path}/Observations", {"observations": items})
    held = [note["content"] for note in asker.profiles()[0]["observations"]]
    assert (len(held), held[0], held[-1]) == (500, "1-0", "50-9")
    assert len(asker.log()[-1]["effects"]["dropped"]) == 10


def test_a_change_leaves_a_revision(asker: Asker, path: str) -> None:
    _note(asker, path)
    note = f"{path}/Observations/{asker.profiles()[0]['observations'][0]['id']}"
    for content in ("Likes coffee", "Likes water"):
        asker.now += 1
        assert asker.ask("PATCH", note, {"content": content}).status == 202
    found = asker.ask("GET", note).body
    assert (found["content"], found["source"]) == ("Likes water", "crm")
    assert found["updatedAt"] > found["createdAt"]
    revisions = asker.ask("GET", f"{note}/Revisions").body["revisions"]
    assert [each["content"] for each in revisions] == ["Likes coffee", "Likes tea"]
    assert asker.ask("DELETE", note).status == 202
    assert asker.ask("GET", note).status == 404


def test_recall_without_a_query_gives_the_most_recent_without_scores(asker: Asker, path: str) -> None:
    for day in (2, 3, 1):
        _note(asker, path, content=f"day {day}", occurredAt=f"2026-01-0{day}T00:00:00Z")
    found = asker.ask("POST", f"{path}/Recall", {"observationsLimit": 2}).body
    assert [note["content"] for note in found["observations"]] == ["day 3", "day 2"]
    assert "score" not in found["observations"][0]
    assert (found["summaries"], found["communications"]) == ([], [])


def test_recall_finds_by_words_above_a_threshold_within_dates(asker: Asker, path: str) -> None:
    _note(asker, path, content="Likes green tea")
    _note(asker, path, content="Likes coffee")
    _note(asker, path, content="Green tea later", occurredAt="2026-02-01T00:00:00Z")
    request = {"query": "green tea", "relevanceThreshold": 0.5, "endDate": "2026-02-01T00:00:00Z"}
    found = asker.ask("POST", f"{path}/Recall", request).body["observations"]
    assert [(note["content"], note["score"]) for note in found] == [("Likes green tea", 1.0)]


BAD_RECALLS = {
    "1,025 characters": {"query": "x" * 1025},
    "limit of 101": {"observationsLimit": 101},
    "threshold above 1": {"relevanceThreshold": 1.1},
    "a date that is none": {"beginDate": "soon"},
}


@pytest.mark.parametrize("body", BAD_RECALLS.values(), ids=BAD_RECALLS.keys())
def test_a_recall_that_breaks_a_rule_is_refused(asker: Asker, path: str, body: Any) -> None:
    assert asker.ask("POST", f"{path}/Recall", body).status == 400
