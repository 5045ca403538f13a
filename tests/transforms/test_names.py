"""Names that the API would refuse, and the names that were meant."""

import pytest

from memory_import.transforms.names import (
    check_group_name,
    check_sizes,
    check_trait_name,
    nearest,
    suggest_trait_name,
)

COLUMNS = ["First Name", "Last Name", "Phone 1", "Phone 2", "Email", "Subscription Date"]
MEANT = {
    "case": ("email", "Email"),
    "underscore for space": ("first_name", "First Name"),
    "no space": ("LastName", "Last Name"),
    "a letter left out": ("Emal", "Email"),
    "letters swapped": ("Subscritpion Date", "Subscription Date"),
    "another word": ("Phone", "Phone 1"),
    "nothing like it": ("Zip", None),
    "nothing": ("", None),
}
TRAIT_NAMES = {
    "First Name": "firstName",
    "first_name": "firstName",
    "FirstName": "firstName",
    "E-Mail": "eMail",
    "customer ID": "customerId",
    "HTTPServer": "httpServer",
    "phone2": "phone2",
    "2nd phone": "ndPhone",
    "***": None,
}


@pytest.mark.parametrize(("name", "meant"), MEANT.values(), ids=MEANT)
def test_the_nearest_name_is_found(name, meant):
    assert nearest(name, COLUMNS) == meant


@pytest.mark.parametrize("name", ["Contact", "my-group", "v2.Account_x", "9", "g" * 64])
def test_a_group_name_is_accepted(name):
    assert check_group_name(name) is None


@pytest.mark.parametrize("name", ["", "My Group", "Büro", "a/b", "Contact\n", "g" * 65])
def test_a_group_name_is_refused(name):
    assert check_group_name(name).startswith(f"the group name {name!r}")


@pytest.mark.parametrize("name", ["firstName", "x", "phone2", "t" * 64])
def test_a_trait_name_is_accepted(name):
    assert check_trait_name(name) is None


@pytest.mark.parametrize(
    "name", ["", "First Name", "first_name", "FirstName", "2nd", "straße", "a.b", "t" * 65]
)
def test_a_trait_name_is_refused(name):
    assert check_trait_name(name).startswith(f"the trait name {name!r}")


@pytest.mark.parametrize(("text", "suggestion"), TRAIT_NAMES.items())
def test_a_trait_name_is_suggested_that_the_api_accepts(text, suggestion):
    assert suggest_trait_name(text) == suggestion
    assert suggestion is None or check_trait_name(suggestion) is None


def test_groups_and_traits_beyond_the_limits_are_named():
    assert check_sizes({"Contact": 95}) == []
    assert check_sizes({"Contact": 96}) == ["the group 'Contact' has 96 traits; the API accepts 95"]
    assert check_sizes({f"Group{n}": 1 for n in range(50)}) == []
    assert "51 trait groups" in check_sizes({f"Group{n}": 1 for n in range(51)})[0]
