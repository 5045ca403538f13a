"""What a header names, in seven languages, and the trait that it becomes."""

import pytest

from memory_import.spec.inference.headers import find_concept, name_trait
from memory_import.spec.inference.vocabulary import Concept


@pytest.mark.parametrize(
    ("header", "concept"),
    [
        ("First Name", Concept.FIRST_NAME),
        ("firstName", Concept.FIRST_NAME),
        ("Vorname", Concept.FIRST_NAME),
        ("Prénom", Concept.FIRST_NAME),
        ("Nombre", Concept.FIRST_NAME),
        ("Primeiro nome", Concept.FIRST_NAME),
        ("Voornaam", Concept.FIRST_NAME),
        ("Cognome", Concept.LAST_NAME),
        ("Apellidos", Concept.LAST_NAME),
        ("Name", Concept.FULL_NAME),
        ("Customer Name", Concept.FULL_NAME),
        ("Company Name", Concept.COMPANY),
        ("E-Mail-Adresse", Concept.EMAIL),
        ("E-mail 2 - Value", Concept.EMAIL),
        ("Correo electrónico", Concept.EMAIL),
        ("Mobile Phone Number", Concept.PHONE),
        ("Handynummer", Concept.PHONE),
        ("Téléphone portable", Concept.PHONE),
        ("Default Address Phone", Concept.PHONE),
        ("Business Fax", Concept.FAX),
        ("Phone 1 - Label", Concept.LABEL),
        ("Customer ID", Concept.CUSTOMER_ID),
        ("Kundennummer", Concept.CUSTOMER_ID),
        ("Associated Company IDs", Concept.OTHER_ID),
        ("Parent Account Id", Concept.OTHER_ID),
        ("Account Owner", Concept.OWNER),
        ("Last Modified By", Concept.OWNER),
        ("(required) Modified On", Concept.MODIFIED),
        ("Geburtsdatum", Concept.BIRTHDAY),
        ("Erstellt am", Concept.CREATED),
        ("Mailing Zip/Postal Code", Concept.POSTAL_CODE),
        ("PLZ", Concept.POSTAL_CODE),
        ("Address 1: Country/Region", Concept.COUNTRY),
        ("Land", Concept.COUNTRY),
        ("State/Region", Concept.STATE),
        ("Unsubscribed from all email", Concept.EMAIL_OPT_OUT),
        ("Accepts Email Marketing", Concept.EMAIL_OPT_IN),
        ("Is Deleted", Concept.DELETED),
        ("Favourite Colour", None),
        ("Total Orders", None),
        ("", None),
    ],
)
def test_the_longest_phrase_of_a_header_names_its_concept(header: str, concept: Concept | None) -> None:
    assert find_concept(header)[0] is concept


@pytest.mark.parametrize(
    ("header", "trait"),
    [
        ("Lifecycle Stage", "lifecycleStage"),
        ("lifetime_value", "lifetimeValue"),
        ("Größe (cm)", "grosseCm"),
        ("1st Order", "stOrder"),
        ("客户", "field"),
        ("x" * 80, "x" * 64),
    ],
)
def test_a_trait_is_named_in_lower_camel_case_of_ascii(header: str, trait: str) -> None:
    assert name_trait(header) == trait
