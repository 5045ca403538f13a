"""Identifier values that identify nobody: dummy numbers and addresses, and those that a spec blocks.

Whole values only, as the service will match on them. What regulators set apart for fiction (+1 … 555-01xx,
+44 20 7946 0xxx, +61 491 570 xxx) is not among them: everybody tests with it.
"""

import polars as pl

from memory_import.columns import ID_TYPE, VALUE
from memory_import.transforms.plan import IdentifierPlan, Normalization

_LENGTH = 7  # of a subscriber's part, in the plan of North America and most others
_DIGITS = "0123456789012"

_RUNS = "|".join(
    [
        *(f"{digit}{{{_LENGTH},}}" for digit in range(10)),  # 0400 000 000, 0170 0000000, 555-5555
        *(_DIGITS[at : at + _LENGTH] for at in range(len(_DIGITS) - _LENGTH + 1)),  # … 123-4567
        *(_DIGITS[::-1][at : at + _LENGTH] for at in range(len(_DIGITS) - _LENGTH + 1)),  # … 987-6543
    ]
)
_DIRECTORY = "1[2-9][0-9]{2}5551212"  # directory assistance in every area (NANPA, 555 line numbers)
_PHONE = rf"^\+?(?:[0-9]*(?:{_RUNS})|{_DIRECTORY})$"

# What forms and exports put where an address must be: seen in the data of customers.
_NO_REPLY = "(?:no|do-?not|dont)[-_.]?(?:reply|respond|answer|contact)"
_NO_MAIL = (
    "(?:no|keine?|ohne|sin|sans|pas-?de|aucun|sem|senza|geen|brak)[-_.]?"
    "(?:e[-_.]?mail|mail|correo|courriel|adresse?|address)"
    "(?:[-_.]?(?:address|adresse|provided|given|available|vorhanden|angegeben|bekannt))?"
    "|no[-_.]?(?:tiene|posee|aplica|indica|dispone|refiere)|nao[-_.]?(?:tem|possui|informado|informou)"
)
_NOBODY = (
    "none|null|unknown|undefined|anonym(?:ous|e)?|nobody|no-?one|unbekannt|inconnu|desconocid[oa]"
    "|desconhecid[oa]|sconosciuto|onbekend|tbd|(?:not|un)-?(?:available|provided|applicable|known|given)"
)
_NOTHING = "n/a|[-_.]+|0+|x{3,}"
_DUMMIES = (
    *("test", "testing", "na", r"n\.a", "nan", "nada", "no", "none", "null", "nil", "a", "aa", "aaa", "abc"),
    *("asdf", "qwerty", "x", "xx", "123", "1234", "email", "mail", "example", "dummy", "fake", "sample"),
    *("foo", "blank", "empty", "notiene", "naotem", "semail", "sememail", "keine", "kein", "aucun", "geen"),
)
_TWICE = "|".join(rf"{word}@{word}\." for word in _DUMMIES)
_FORMS = (
    r"foo@bar\.|(?:test|user|email|name|example|your-?name|someone)@(?:example|domain|test|email|mail)\.com$"
    r"|(?:no|none|na|keine?|sin|sans|geen|niet|not|aucun|nao|sem)"
    r"@(?:e-?mail|correo|courriel|adresse|address|angabe|provided|given|available|known|bekannt|bekend)\."
    r"|(?:na|no|nil)@(?:gmail|googlemail|hotmail|outlook|yahoo|live|icloud|aol)\."  # nobody is given these
)
_EMAIL = rf"^(?:(?:{_NO_REPLY}|{_NO_MAIL})[0-9]*@|(?:{_NOBODY}|{_NOTHING})@|{_TWICE}|{_FORMS})"
_BUILT_IN: dict[Normalization, str] = {"phone": _PHONE, "email": _EMAIL}


def is_blocked(identifier: IdentifierPlan, value: pl.Expr, block: pl.DataFrame) -> pl.Expr:
    """Whether a value of that identifier, normalised, identifies nobody; null where there is none.

    `block` has `id_type`, `value` String: what the spec blocks.
    """
    listed = value.is_in(block.filter(pl.col(ID_TYPE) == identifier.id_type)[VALUE].implode())
    built_in = _BUILT_IN.get(identifier.normalization)
    return listed if built_in is None else listed | value.str.contains(built_in)
