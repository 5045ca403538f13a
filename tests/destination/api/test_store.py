"""A store is read whole; all that keeps a spec from it is said at once, with the nearest choice."""

from typing import Any

import httpx
import pytest

from memory_import.destination.api.store import Identifier, StoreSchema, TraitUse, check_schema, fetch_schema
from memory_import.destination.errors import ServiceUnavailable, StoreUnfit, UnexpectedAnswer
from tests.support.servers import STORE, make_client, refusal

SCHEMA = StoreSchema(
    status="ACTIVE",
    groups=frozenset({"Contact", "Account"}),
    data_types={
        "Contact.email": "STRING",
        "Contact.phone": "STRING",
        "Contact.firstName": "STRING",
        "Account.since": "STRING",
        "Account.visits": "NUMBER",
    },
    promotions={"Contact.email": "email", "Contact.phone": "phone"},
    normalizations={"email": "email", "phone": "phone"},
)
EMAIL = TraitUse(group="Contact", name="email", data_type="STRING")


def use(path: str, data_type: str = "STRING") -> TraitUse:
    group, _, name = path.partition(".")
    return TraitUse(group=group, name=name, data_type=data_type)


PROBLEMS: dict[str, tuple[list[TraitUse], list[str] | None, list[str]]] = {
    "nothing": ([EMAIL, use("Account.visits", "NUMBER")], None, []),
    "identifiers named": ([EMAIL], ["Contact.email"], []),
    "a group that is not there": (
        [EMAIL, use("Acount.since")],
        None,
        ["The store has no trait group 'Acount'. Did you mean 'Account'?"],
    ),
    "a group that is not there, used twice": (
        [EMAIL, use("Orders.first"), use("Orders.last")],
        None,
        ["The store has no trait group 'Orders'."],
    ),
    "a trait that is not there": (
        [EMAIL, use("Contact.firstname")],
        None,
        ["The store does not declare Contact.firstname. Did you mean 'firstName'?"],
    ),
    "a trait that is like no other": (
        [EMAIL, use("Contact.zzz")],
        None,
        ["The store does not declare Contact.zzz."],
    ),
    "another type": (
        [EMAIL, use("Account.visits")],
        None,
        ["The store declares Account.visits as NUMBER; the spec sends STRING."],
    ),
    "an identifier that is none": (
        [EMAIL, use("Account.since")],
        ["Contact.email", "Account.since"],
        ["The spec calls Account.since an identifier, but the store does not promote it to one."],
    ),
    "no identifier at all": (
        [use("Account.since")],
        None,
        [
            "None of the spec's traits is promoted to an identifier in this store; the API refuses profiles "
            "without one. Promoted are: Contact.email, Contact.phone."
        ],
    ),
    "several at once": (
        [use("Contact.emial"), use("Acount.since"), use("Account.visits")],
        None,
        [
            "The store has no trait group 'Acount'. Did you mean 'Account'?",
            "The store does not declare Contact.emial. Did you mean 'email'?",
            "The store declares Account.visits as NUMBER; the spec sends STRING.",
        ],
    ),
}


@pytest.mark.parametrize(("uses", "identifiers", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_everything_that_does_not_fit_is_said_at_once(
    uses: list[TraitUse], identifiers: list[str] | None, expected: list[str]
) -> None:
    assert check_schema(SCHEMA, uses, identifiers) == expected


@pytest.mark.parametrize("status", ["QUEUED", "PROVISIONING", "FAILED", "None"])
def test_a_store_that_is_not_active_takes_nothing(status: str) -> None:
    schema = StoreSchema(
        status=status,
        groups=SCHEMA.groups,
        data_types=SCHEMA.data_types,
        promotions=SCHEMA.promotions,
        normalizations=SCHEMA.normalizations,
    )
    assert check_schema(schema, [EMAIL], None) == [
        f"The store is {status}; it must be ACTIVE before it takes anything."
    ]


def test_only_used_traits_are_identifiers_and_trim_is_the_usual_normalisation() -> None:
    schema = StoreSchema(
        status="ACTIVE",
        groups=frozenset({"Contact"}),
        data_types={"Contact.email": "STRING", "Contact.crm": "STRING", "Contact.phone": "STRING"},
        promotions={"Contact.email": "email", "Contact.crm": "crm", "Contact.phone": "phone"},
        normalizations={"email": "email"},
    )
    assert schema.identifiers([EMAIL, use("Contact.crm"), use("Contact.other")]) == [
        Identifier(trait="Contact.email", id_type="email", normalization="email"),
        Identifier(trait="Contact.crm", id_type="crm", normalization="trim"),
    ]


class ControlPlane:
    """A store as the control plane shows it, its trait groups a page each."""

    def __init__(self, **answers: httpx.Response) -> None:
        self._answers = answers
        self.requests: list[httpx.Request] = []

    groups: tuple[dict[str, Any], ...] = (
        {
            "displayName": "Contact",
            "traits": {
                "email": {"dataType": "STRING", "idTypePromotion": "email"},
                "firstName": {"dataType": "STRING", "idTypePromotion": None},
            },
        },
        {"displayName": "Account", "traits": {"visits": {"dataType": "NUMBER"}}},
        {"displayName": "Empty", "traits": None},
    )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix(f"/v1/ControlPlane/Stores/{STORE}")
        match path:
            case "":
                return self._answers.get("store") or httpx.Response(200, json={"status": "ACTIVE"})
            case "/IdentityResolutionSettings":
                configs = [{"idType": "email", "normalization": "email"}, {"idType": "crm"}]
                settings = {"identifierConfigs": configs, "matchingRules": ["email"], "version": 1}
                return httpx.Response(200, json=settings)
            case "/TraitGroups":
                return self._answers.get("groups") or self._page(request)
        raise AssertionError(path)

    def _page(self, request: httpx.Request) -> httpx.Response:
        assert request.url.params["includeTraits"] == "true"
        number = int(request.url.params.get("pageToken", "0"))
        is_last = number == len(self.groups) - 1
        meta = {"nextToken": None if is_last else str(number + 1)}
        return httpx.Response(200, json={"traitGroups": [self.groups[number]], "meta": meta})


async def fetch(plane: ControlPlane) -> StoreSchema:
    async with make_client(plane) as client:
        return await fetch_schema(client, STORE)


@pytest.mark.anyio
async def test_a_store_is_read_over_all_its_pages() -> None:
    assert await fetch(ControlPlane()) == StoreSchema(
        status="ACTIVE",
        groups=frozenset({"Contact", "Account", "Empty"}),
        data_types={"Contact.email": "STRING", "Contact.firstName": "STRING", "Account.visits": "NUMBER"},
        promotions={"Contact.email": "email"},
        normalizations={"email": "email", "crm": "trim"},
    )


@pytest.mark.anyio
async def test_a_store_that_is_not_there_is_named() -> None:
    plane = ControlPlane(store=refusal(404, 20404))
    with pytest.raises(StoreUnfit, match=f"There is no store {STORE} in this account"):
        await fetch(plane)
    assert len(plane.requests) == 2


@pytest.mark.anyio
async def test_a_store_that_is_not_there_once_is_there() -> None:
    answers = iter([refusal(404, 20404)])
    plane = ControlPlane()
    async with make_client(lambda request: next(answers, None) or plane(request)) as client:
        assert (await fetch_schema(client, STORE)).status == "ACTIVE"


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["store", "groups"])
async def test_a_refusal_that_nothing_is_known_to_do_about_is_reported_with_its_request_id(kind: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"HTTP 400 .code 20001, twilio-request-id RQ-refused"):
        await fetch(ControlPlane(**{kind: refusal(400, 20001)}))


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["store", "groups"])
async def test_an_answer_that_is_not_documented_is_none(kind: str) -> None:
    with pytest.raises(ServiceUnavailable, match="HTTP 418 that is not the API's"):
        await fetch(ControlPlane(**{kind: refusal(418, 20418)}))
