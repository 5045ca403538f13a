"""What a spec needs: types, promotions and descriptions come from its loads, the rest from its `setup`."""

from typing import Any

import pytest

from memory_import.run.setup.wanted import wanted_of
from memory_import.spec.model import Spec

TRAITS: dict[str, Any] = {
    "Contact": {
        "phone": {"column": ["Phone", "Mobile"], "type": "phone"},
        "whatsappNumber": {"column": "WhatsApp", "type": "phone"},
    },
    "Account": {
        "customerId": "Id",
        "since": {"column": "Since", "type": "date"},
        "visits": {"column": "Visits", "type": "integer"},
        "tags": {"column": "Tags", "type": "array", "separator": ";"},
        "origin": {"value": "Mailchimp"},
    },
}
NOTES = {
    "source": "notes.csv",
    "profile": {"ticket": "Ticket", "phone": "Phone"},
    "content": "Note",
    "occurred_at": "Created",
    "observation_source": "crm",
}


def spec_of(**changes: Any) -> Spec:
    profiles = {"source": "customers.csv", "traits": TRAITS}
    return Spec.model_validate({"version": 1, "name": "crm", "profiles": profiles, **changes})


def test_the_traits_have_the_types_of_the_api_and_say_where_they_come_from() -> None:
    wanted = wanted_of(spec_of())
    assert {use.path: use.data_type for use in wanted.uses} == {
        "Contact.phone": "STRING",
        "Contact.whatsappNumber": "STRING",
        "Account.customerId": "STRING",
        "Account.since": "STRING",
        "Account.visits": "NUMBER",
        "Account.tags": "ARRAY",
        "Account.origin": "STRING",
    }
    assert wanted.descriptions["Contact.phone"] == "Phone or Mobile, as phone"
    assert wanted.descriptions["Account.origin"] == "a constant of the import, as string"
    assert wanted.purpose == "Filled by memory-import from crm."


@pytest.mark.parametrize(
    ("identifiers", "setup", "promotions"),
    [
        pytest.param(
            None, {}, {"Contact.phone": "phone", "Contact.whatsappNumber": "phone"}, id="phones and emails"
        ),
        pytest.param(
            None,
            {"whatsapp": "Contact.whatsappNumber", "user_id": "Account.customerId"},
            {
                "Contact.phone": "phone",
                "Contact.whatsappNumber": "whatsapp",
                "Account.customerId": "user_id",
            },
            id="and those that setup adds",
        ),
        pytest.param(
            ["Contact.phone"],
            {"user_id": "Account.customerId"},
            {"Contact.phone": "phone", "Account.customerId": "user_id"},
            id="some named, some added",
        ),
        pytest.param(
            ["Account.customerId"],
            {"user_id": "Account.customerId"},
            {"Account.customerId": "user_id"},
            id="one named, of the type that setup says",
        ),
    ],
)
def test_a_trait_is_promoted_to_the_type_that_the_spec_says(
    identifiers: list[str] | None, setup: dict[str, str], promotions: dict[str, str]
) -> None:
    profiles = {"source": "customers.csv", "traits": TRAITS, "identifiers": identifiers}
    assert wanted_of(spec_of(profiles=profiles, setup={"identifiers": setup})).promotions == promotions


def test_types_that_notes_are_found_by_are_wanted_too() -> None:
    assert wanted_of(spec_of(observations=NOTES)).id_types == ("ticket", "phone")
