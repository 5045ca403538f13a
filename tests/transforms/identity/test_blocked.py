"""Which values identify nobody, whoever states them."""

import polars as pl
import pytest

from memory_import.transforms.identity.blocked import is_blocked
from memory_import.transforms.plan import IdentifierPlan
from tests.support.plans import EMAIL_ID, PHONE_ID

NOBODYS_EMAILS = """
n/a@example.com none@none.com none@example.com none@gmail.com test@test.com test1@test.com test@example.com
test@gmail.com no-reply@example.com noreply@company.com no_reply@company.com no.reply@company.com
noreply2@company.com noreply+billing@company.com no-reply-orders@company.com donotreply@company.com
do_not_reply@company.com dont-reply@company.com nicht-antworten@firma.de keineantwort@firma.de
nepasrepondre@societe.fr nao-responda@empresa.br non-rispondere@ditta.it no-responder@empresa.es
mailer-daemon@company.com null@null.com unknown@unknown.com nobody@nowhere.com noemail@noemail.com
no-email@company.com keinemail@firma.de sincorreo@empresa.es notprovided@company.com not.available@company.com
refused@company.com declined@declined.com asdf@asdf.com a@a.com x@x.com xxx@xxx.com foo@bar.com 123@123.com
your.name@domain.com youremail@example.com guest@guest.com customer@customer.com
anonymous@company.com
noemailprovided@company.com no-email-address@company.com not@provided.com no@email.de kein@email.de
unbekannt@firma.de inconnu@inconnu.fr aucun@aucun.fr sin@correo.com notiene@empresa.es noposee@empresa.es
naotem@naotem.com.br sememail@sememail.com.br geen@email.nl n.a@n.a.com nan@nan.com na@gmail.com 0@0.com
0000@gmail.com xxxx@gmail.com _@gmail.com -@gmail.com blank@blank.com
"""
SOMEBODYS_EMAILS = """
info@company.com ada@example.com p1@example.com a@example.com me@example.com anna.test@example.com
testa@company.com noah@example.com nonette@company.com nathan@test.com jo.none@company.com
unknowner@company.com
nba@nba.com anna@anna.com noel@mail.com sin@company.com kein@company.com notarios@gmail.com 10000@qq.com
nomad@gmail.com xavier@xavier.com nadia@nadia.com
noor@company.com nan@gmail.com nilson@company.com no@company.com na@company.com guest@hotel.com
customer@company.com noreplyson@company.com sinclair@mail.com bouncer@company.com test.user@company.com
"""
NOBODYS_PHONES = """
+15555555555 +12025555555 +12222222222 +12120000000 +12345678901 +11234567890 +19876543210 +12021234567
+12023456789 +12125551212 +18005551212 +14155551212 +61400000000 +491700000000 +447700000000 +33600000000
+34666666666 +49123456789 +919876543210 +919999999999
"""
FICTION = " ".join(
    [
        *(f"+1{area}555{number:04d}" for area in (202, 415, 800) for number in range(100, 200)),
        *(f"+4420794{number:05d}" for number in range(60_000, 61_000)),
        *(f"+4477009{number:05d}" for number in range(900, 1_000)),
        *(f"+61491570{number:03d}" for number in (6, 110, 156, 157, 158, 159, 266, 313, 491, 737)),
    ]
)
"""What NANPA, Ofcom and ACMA set apart for films and examples, and other numbers that only look regular."""


def find_blocked(identifier: IdentifierPlan, values: str, *block: str) -> set[str]:
    blocked = pl.DataFrame(
        {"id_type": [identifier.id_type] * len(block), "value": list(block)},
        schema={"id_type": pl.String, "value": pl.String},
    )
    frame = pl.DataFrame({"value": values.split()})
    return set(frame.filter(is_blocked(identifier, pl.col("value"), blocked))["value"])


@pytest.mark.parametrize(
    ("identifier", "values"),
    [(EMAIL_ID, NOBODYS_EMAILS), (PHONE_ID, NOBODYS_PHONES)],
    ids=["emails", "phones"],
)
def test_dummies_identify_nobody(identifier: IdentifierPlan, values: str) -> None:
    assert set(values.split()) - find_blocked(identifier, values) == set()


@pytest.mark.parametrize(
    ("identifier", "values"),
    [(EMAIL_ID, SOMEBODYS_EMAILS), (PHONE_ID, f"{FICTION} +12028675309 +491701234568")],
    ids=["emails", "phones"],
)
def test_what_may_be_somebodys_is_not_blocked(identifier: IdentifierPlan, values: str) -> None:
    assert find_blocked(identifier, values) == set()


def test_a_spec_blocks_whole_values_of_a_type() -> None:
    assert find_blocked(EMAIL_ID, "info@company.com my.info@company.com", "info@company.com") == {
        "info@company.com"
    }
    assert find_blocked(PHONE_ID, "+12028675309", "info@company.com") == set()


def test_other_types_have_no_dummies_of_their_own() -> None:
    own = IdentifierPlan(trait="Crm.id", id_type="user_id", normalization="trim")
    assert find_blocked(own, "none@none.com +12025555555 test") == set()
