"""Addresses that forms and people put where there is none identify nobody; real ones like them do."""

import polars as pl

from memory_import.transforms.identity.blocked import is_blocked
from memory_import.transforms.plan import IdentifierPlan

EMAIL = IdentifierPlan(trait="Contact.email", id_type="email", normalization="email")
NOTHING = pl.DataFrame(schema={"id_type": pl.String, "value": pl.String})
_NOBODY = """
    n/a@example.com n/a@firm.com na@na.com n.a@n.a.com nan@nan.com none@none.com none@gmail.com na@gmail.com
    noemail@firm.com no-email@firm.com no.email@firm.com noemail@noemail.com nomail@nomail.de no@email.com
    noemailprovided@firm.com no-email-provided@firm.com noemailaddress@firm.com notprovided@firm.com
    not@provided.com notavailable@gmail.com unknown@firm.com unbekannt@firma.de inconnu@inconnu.fr
    keine@angabe.de kein@email.de keinemail@firma.de keine-email@firma.de aucun@aucun.fr sin@correo.com
    sinemail@firma.es sincorreo@firma.es notiene@gmail.com noaplica@gmail.com naotem@naotem.com.br
    semail@semail.com geen@email.nl xxx@xxx.com xxxx@gmail.com xxxxx@firm.com x@x.com 0@0.com 0000@gmail.com
    _@gmail.com -@gmail.com test@test.com test@example.com asdf@asdf.com abc@abc.com anonymous@firm.com
    noreply@firm.com no.reply@firm.com donotreply2@firm.com tbd@firm.com blank@blank.com null@null.com
"""
_SOMEBODY = """
    na@firm.com nan@firm.com no@firm.com x@firm.com xx@firm.com ann@example.com nora@firm.com nba@nba.com
    test.user@firm.com info@firm.com anna@anna.com noah@noah.com xavier@xavier.com mail@firm.com sin@firm.com
    kein@firm.com noel@mail.com nadia@nadia.com notarios@gmail.com nomad@gmail.com a@firm.com kim@kim.com
    unknownpleasures@gmail.com blank@firm.com abc@firm.com 123@qq.com 10000@qq.com nomailey@firm.com
"""


def test_what_stands_for_no_address_is_told_from_addresses():
    nobody, somebody = _NOBODY.split(), _SOMEBODY.split()
    values = pl.DataFrame({"value": nobody + somebody})
    blocked = values.filter(is_blocked(EMAIL, pl.col("value"), NOTHING))["value"].to_list()
    assert sorted(set(nobody) - set(blocked)) == []
    assert sorted(set(somebody) & set(blocked)) == []
