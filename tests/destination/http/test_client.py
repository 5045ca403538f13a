"""A request is sent until the server has taken or refused it, and the ledger's intent follows the truth."""

import asyncio
import base64
from collections.abc import Sequence
from itertools import pairwise

import httpx
import pytest

from memory_import.destination.errors import AuthenticationRefused, ServiceUnavailable, Stopped
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import InDoubt, Refused, Success
from memory_import.destination.http.throttle import StopSignal
from memory_import.destination.limits import TRIES
from memory_import.ledger.database.records import RequestCount
from tests.support.servers import AUTH, URL, WRITE, Clock, Script, make_client, make_pace, refusal

pytestmark = pytest.mark.anyio
TAKEN = httpx.Response(202, json={"message": "accepted"}, headers={"twilio-request-id": "RQ-taken"})
THROTTLED = refusal(429, 20429)
FAILED = refusal(503, 20503)
NO_ANSWER, NEVER_LEFT = httpx.ReadTimeout("too slow"), httpx.ConnectError("refused")


class Intent:
    """Notes what the client says of a request: `sending` before it leaves, `planned` if it had no effect."""

    def __init__(self, stop_signal: StopSignal | None = None) -> None:
        self.notes: list[str] = []
        self._stop_signal = stop_signal

    async def begin(self) -> None:
        self.notes.append("sending")
        if self._stop_signal is not None:
            self._stop_signal.call(RuntimeError("stop"))

    async def take_back(self) -> None:
        self.notes.append("planned")

    def request(self) -> Request:
        return Request(
            route=WRITE, path="/trial", content=b"{}", before=self.begin, unprocessed=self.take_back
        )


async def call(client: Client, request: Request | None = None) -> Success | Refused:
    async with client:
        return await client.call(request or Request(route=WRITE, path="/trial"))


async def test_a_request_arrives_as_it_was_meant() -> None:
    script = Script(TAKEN)
    path, content = "/trial/Stores/a/Profiles/Bulk", '{"é":1}'.encode()
    request = Request(route=WRITE, path=path, content=content)
    decision = await call(make_client(script), request)
    [sent] = script.requests
    assert (sent.method, sent.url.path, sent.content) == (
        "PUT",
        "/trial/Stores/a/Profiles/Bulk",
        '{"é":1}'.encode(),
    )
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(":".join(AUTH).encode()).decode()
    assert isinstance(decision, Success)
    assert decision.answer.request_id == "RQ-taken"


async def test_a_read_says_nothing_about_a_body_and_keeps_its_parameters() -> None:
    script = Script(TAKEN)
    await call(make_client(script), Request(route=WRITE, path="/trial", params={"pageToken": "a b"}))
    assert script.requests[0].url.query == b"pageToken=a+b"
    assert "content-type" not in script.requests[0].headers


async def test_a_redirect_is_not_followed() -> None:
    elsewhere = httpx.Response(308, headers={"location": "https://elsewhere.example.com/trial/x"})
    script = Script(elsewhere, TAKEN)
    assert isinstance(await call(make_client(script)), Success)
    assert {request.url.host for request in script.requests} == {"127.0.0.1"}


UNTIL_TAKEN: dict[str, tuple[list[httpx.Response | Exception], list[str], dict[str, int], dict[str, int]]] = {
    "at once": ([], ["sending"], {"202": 1}, {}),
    "throttled": (
        [THROTTLED],
        ["sending", "planned", "sending"],
        {"429": 1, "202": 1},
        {"202": 1},
    ),
    "throttled more often than a failure may come": (
        [THROTTLED] * (TRIES + 3),
        ["sending", "planned"] * (TRIES + 3) + ["sending"],
        {"429": TRIES + 3, "202": 1},
        {"429": TRIES + 2, "202": 1},
    ),
    "a failure after many waits": (
        [*[THROTTLED] * TRIES, FAILED],
        ["sending", "planned"] * TRIES + ["sending", "sending"],
        {"429": TRIES, "503": 1, "202": 1},
        {"429": TRIES - 1, "503": 1, "202": 1},
    ),
    "never left": (
        [NEVER_LEFT],
        ["sending", "planned", "sending"],
        {"not_sent": 1, "202": 1},
        {"202": 1},
    ),
    "lost answer": ([NO_ANSWER], ["sending", "sending"], {"no_answer": 1, "202": 1}, {"202": 1}),
    "server error": ([FAILED], ["sending", "sending"], {"503": 1, "202": 1}, {"202": 1}),
    "throttled after a lost answer": (
        [NO_ANSWER, THROTTLED],
        ["sending", "sending", "sending"],
        {"no_answer": 1, "429": 1, "202": 1},
        {"429": 1, "202": 1},
    ),
    "never left after a server error": (
        [FAILED, NEVER_LEFT],
        ["sending", "sending", "sending"],
        {"503": 1, "not_sent": 1, "202": 1},
        {"not_sent": 1, "202": 1},
    ),
    "all but the last try failed": (
        [FAILED] * (TRIES - 1),
        ["sending"] * TRIES,
        {"503": TRIES - 1, "202": 1},
        {"503": TRIES - 2, "202": 1},
    ),
}


@pytest.mark.parametrize(("before", "notes", "by_status", "retries"), UNTIL_TAKEN.values(), ids=UNTIL_TAKEN)
async def test_what_can_be_repeated_is_until_it_is_taken(
    before: list[httpx.Response | Exception],
    notes: list[str],
    by_status: dict[str, int],
    retries: dict[str, int],
) -> None:
    """`planned` is written only where no sending so far can have had an effect."""
    script, intent, counts = Script(*before, TAKEN), Intent(), RequestCount()
    client = make_client(script, counts=counts)
    decision = await call(client, intent.request())
    assert isinstance(decision, Success)
    assert intent.notes == notes
    assert counts == RequestCount(by_status, retries, most_in_flight=1)
    assert client.requests == len(script.requests) == len(before) + 1


STOPS: dict[str, tuple[list[httpx.Response | Exception], type[Exception], str]] = {
    "401": ([refusal(401, 20003)], AuthenticationRefused, "planned"),
    "403": ([refusal(403, 20003)], AuthenticationRefused, "planned"),
    "401 after a lost answer": ([NO_ANSWER, refusal(401, 20003)], AuthenticationRefused, "sending"),
    "server errors": ([FAILED] * TRIES, ServiceUnavailable, "sending"),
    "lost answers": ([NO_ANSWER] * TRIES, ServiceUnavailable, "sending"),
    "nobody there": ([NEVER_LEFT] * TRIES, ServiceUnavailable, "planned"),
    "nobody there after a lost answer": (
        [NO_ANSWER, *[NEVER_LEFT] * (TRIES - 1)],
        ServiceUnavailable,
        "sending",
    ),
    "a store that stays inactive": ([refusal(409, 520042)] * TRIES, ServiceUnavailable, "sending"),
}


@pytest.mark.parametrize(("answers", "error", "last_note"), STOPS.values(), ids=STOPS)
async def test_what_cannot_go_on_stops_and_the_intent_is_left_as_true_as_can_be(
    answers: list[httpx.Response | Exception], error: type[Exception], last_note: str
) -> None:
    script, intent = Script(*answers, TAKEN), Intent()
    with pytest.raises(error):
        await call(make_client(script), intent.request())
    assert len(script.requests) == len(answers)
    assert intent.notes[-1] == last_note


async def test_a_failure_is_told_with_the_host_and_without_what_the_error_says() -> None:
    error = httpx.ConnectError("cannot reach https://user:secret@host for ada@example.com")
    with pytest.raises(ServiceUnavailable) as stopped:
        await call(make_client(Script(error)), Intent().request())
    assert str(stopped.value) == (
        f"The API at 127.0.0.1:8010 gave no usable answer in {TRIES} tries; the last one: "
        "no connection could be made."
    )


REFUSALS = [400, 404, 409, 413, 415, 422]


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_is_an_answer_to_go_by(status: int) -> None:
    script, intent = Script(refusal(status, 520010, "Not this.")), Intent()
    decision = await call(make_client(script), intent.request())
    assert decision == Refused(status, 520010, "Not this.", "RQ-refused")
    assert intent.notes == ["sending"]


WAITS: dict[str, tuple[httpx.Response | Exception, float, float]] = {
    "429 with seconds": (refusal(429, 20429), 7.0, 7.2),
    "429 with zero": (refusal(429, 20429), 0.25, 0.6),
    "429 with nothing": (refusal(429, 20429), 0.25, 0.6),
    "503 with seconds": (refusal(503, 20503), 7.0, 7.2),
    "503 with zero": (refusal(503, 20503), 0.25, 0.6),
    "503 with nothing": (refusal(503, 20503), 0.25, 0.6),
    "a lost answer": (NO_ANSWER, 0.25, 0.6),
}


@pytest.mark.parametrize(("answer", "least", "most"), WAITS.values(), ids=WAITS)
async def test_a_repeat_waits_for_what_the_server_says_and_never_for_nothing(
    answer: httpx.Response | Exception, least: float, most: float, request: pytest.FixtureRequest
) -> None:
    words = {"seconds": "7", "zero": "0"}.get(request.node.callspec.id.split()[-1])
    if isinstance(answer, httpx.Response) and words is not None:
        answer = httpx.Response(answer.status_code, headers={"retry-after": words}, content=answer.content)
    clock = Clock()
    await call(make_client(Script(answer, TAKEN), throttle=make_pace(clock)))
    assert least <= clock.now - 1_000.0 <= most


@pytest.mark.parametrize("answer", [THROTTLED, FAILED], ids=["429", "503"])
async def test_a_server_that_keeps_failing_is_asked_less_and_less(answer: httpx.Response) -> None:
    clock = Clock()
    arrivals: list[float] = []
    script = Script(*[answer] * 6, TAKEN)

    def respond(request: httpx.Request) -> httpx.Response:
        arrivals.append(clock())
        return script(request)

    await call(make_client(respond, throttle=make_pace(clock)))
    waits = [later - earlier for earlier, later in pairwise(arrivals)]
    assert waits[-1] > 8 * waits[0]


async def test_a_throttled_sender_holds_every_other_sender_back() -> None:
    clock = Clock()
    arrivals: list[float] = []
    throttled_at: list[float] = []

    async def respond(request: httpx.Request) -> httpx.Response:
        arrivals.append(clock())
        number = len(arrivals)
        await asyncio.sleep(0)
        if number == 5:
            throttled_at.append(clock())
            return httpx.Response(429, headers={"retry-after": "30"})
        return TAKEN

    client = make_client(respond, throttle=make_pace(clock))

    async def send_some() -> None:
        for _ in range(10):
            await client.call(Request(route=WRITE, path="/trial"))

    async with client:
        await asyncio.gather(*(send_some() for _ in range(4)))
    [closed_at] = throttled_at
    already_under_way = 4
    late = [at for at in arrivals[5 + already_under_way :] if at < closed_at + 30]
    assert late == []
    assert len(arrivals) == 41


async def test_a_gate_that_closes_while_the_intent_is_written_holds_the_request_back() -> None:
    clock = Clock()
    throttle = make_pace(clock)
    arrivals: list[float] = []

    async def close() -> None:
        if not arrivals and clock.now == 1_000.0:
            throttle.close_gate(12.0)

    def respond(_: httpx.Request) -> httpx.Response:
        arrivals.append(clock())
        return TAKEN

    await call(make_client(respond, throttle=throttle), Request(route=WRITE, path="/trial", before=close))
    assert arrivals == [pytest.approx(1_012.0)]


async def test_a_run_that_halts_while_the_intent_is_written_takes_it_back() -> None:
    stop_signal = StopSignal()
    script, intent = Script(TAKEN), Intent(stop_signal)
    with pytest.raises(Stopped):
        await call(make_client(script, throttle=make_pace(Clock(), stop_signal)), intent.request())
    assert script.requests == []
    assert intent.notes == ["sending", "planned"]


async def test_a_run_that_halts_between_two_tries_does_not_repeat() -> None:
    stop_signal = StopSignal()
    intent = Intent()

    def respond(_: httpx.Request) -> httpx.Response:
        stop_signal.call(RuntimeError("stop"))
        raise NO_ANSWER

    counts = RequestCount()
    with pytest.raises(Stopped):
        await call(
            make_client(respond, throttle=make_pace(Clock(), stop_signal), counts=counts), intent.request()
        )
    assert counts.by_status == {"no_answer": 1}
    assert intent.notes == ["sending"]


async def test_an_answer_that_breaks_off_is_no_answer() -> None:
    class Torn(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            yield b'{"message": "acc'
            raise httpx.RemoteProtocolError("the connection was closed")

    answers = [httpx.Response(202, stream=Torn()), TAKEN]
    counts = RequestCount()
    decision = await call(make_client(lambda _: answers.pop(0), counts=counts))
    assert isinstance(decision, Success)
    assert counts.by_status == {"no_answer": 1, "202": 1}


async def test_a_cancelled_call_stays_cancelled() -> None:
    has_arrived = asyncio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        has_arrived.set()
        await asyncio.Event().wait()
        return TAKEN

    intent = Intent()
    waiting = asyncio.create_task(call(make_client(respond), intent.request()))
    await has_arrived.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert intent.notes == ["sending"]


@pytest.mark.parametrize("senders", [8, 12])
async def test_many_senders_work_at_once(senders: int) -> None:
    everyone = asyncio.Barrier(senders)

    async def respond(_: httpx.Request) -> httpx.Response:
        await everyone.wait()
        return TAKEN

    async with asyncio.timeout(60), make_client(respond) as client:
        await asyncio.gather(*(client.call(Request(route=WRITE, path="/")) for _ in range(senders)))


def test_nothing_tells_the_secret() -> None:
    client = make_client(Script(TAKEN))
    shown: Sequence[str] = [repr(client), str(AuthenticationRefused(401)), str(AuthenticationRefused(403))]
    assert not any(AUTH[1] in text for text in shown)


NEW = "mem_profile_0" + "n" * 25


def moved_to(location: str) -> httpx.Response:
    return httpx.Response(308, headers={"location": location, "canonical-profile-id": NEW})


@pytest.mark.parametrize("host", ["", URL], ids=["a path", "an address"])
async def test_what_goes_to_a_merged_profile_is_repeated_where_it_went_and_its_new_id_is_told(
    host: str,
) -> None:
    told: list[str] = []

    async def move(canonical_id: str) -> None:
        told.append(canonical_id)

    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return moved_to(f"{host}/trial/{NEW}") if request.url.path == "/trial/old" else TAKEN

    decision = await call(
        make_client(respond), Request(route=WRITE, path="/trial/old", content=b"{}", moved=move)
    )
    assert isinstance(decision, Success)
    assert [(request.url.path, request.content) for request in requests] == [
        ("/trial/old", b"{}"),
        (f"/trial/{NEW}", b"{}"),
    ]
    assert told == [NEW]


@pytest.mark.parametrize(
    "location",
    [f"https://elsewhere.example.com/trial/{NEW}", "/trial/old"],
    ids=["another host", "in a circle"],
)
async def test_a_move_is_followed_once_and_to_the_same_host_only(location: str) -> None:
    hosts: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return moved_to(location)

    with pytest.raises(ServiceUnavailable, match="leads nowhere it may go"):
        await call(make_client(respond), Request(route=WRITE, path="/trial/old", content=b"{}"))
    assert set(hosts) == {"127.0.0.1"}
    assert len(hosts) <= TRIES + 1


@pytest.mark.parametrize("status", [500, 503], ids=str)
async def test_what_must_not_be_done_twice_is_in_doubt_at_once(status: int) -> None:
    script = Script(httpx.Response(status), TAKEN)
    client = make_client(script)
    async with client:
        decision = await client.call_once(Request(route=WRITE, path="/trial/x", content=b"{}"))
    assert decision == InDoubt(f"HTTP {status}")
    assert len(script.requests) == 1


async def test_what_is_under_way_at_once_is_counted_until_it_is_answered_or_lost() -> None:
    counts, gate = RequestCount(), asyncio.Event()
    answers: list[httpx.Response | Exception] = [TAKEN, httpx.ReadTimeout("lost"), TAKEN, TAKEN]

    async def respond(_: httpx.Request) -> httpx.Response:
        if counts.in_flight == 3:
            gate.set()
        await gate.wait()
        answer = answers.pop()
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async with make_client(respond, counts=counts) as client:
        await asyncio.gather(
            *(client.call(Request(route=WRITE, path="/trial", content=b"{}")) for _ in range(3))
        )
    assert (counts.in_flight, counts.most_in_flight) == (0, 3)
    assert counts.take().most_in_flight == 3
    assert counts.most_in_flight == 0
