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
_MACHINES = "|".join(
    [
        r"(?:no|do[-_.]?not|dont)[-_.]?(?:reply|respond(?:er)?|answer|e?mail|contact)[0-9]*(?:[-_.+][^@]*)?",
        r"keine[-_.]?antwort|nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre|n[aã]o[-_.]?responda",
        r"non[-_.]?rispondere|mailer-daemon|bounces?|unsubscribe",
    ]
)
_NOBODY = "|".join(
    [
        r"n/a|none|null|nil|undefined|unknown|nobody|no[-_.]?one|anonymous|withheld|refused|declined|deleted",
        r"(?:not?|un|non)[-_.]?(?:available|provided|applicable|known|given|disclosed|specified|supplied)",
        r"(?:keine?|sin|senza|pas[-_.]?de|geen|ingen|sem)[-_.]?(?:e[-_.]?)?mail|(?:sin|no)[-_.]?correo",
        r"no[-_.]?e?mail[-_.]?(?:address|provided|given|available)|no[-_.]?(?:tiene|aplica|posee)",
        r"unbekannt|inconnu|desconocid[oa]|desconhecid[oa]|onbekend|[-_.]+|0+|x{4,}",
    ]
)
_SAID_TWICE = (  # noqa: SIM905 - words, to be read as such
    "test testing na no none null nil nope a aa aaa bbb abc asdf qwerty x xx xxx 123 1234 email mail nomail "
    "noemail example dummy fake sample foo bar tbd anon user someone somebody customer client guest walkin "
    "invalid removed nan nada blank naotem semail sememail aucun inconnu n\\.a"
).split()
_FORMS = "|".join(
    [
        *(rf"{word}@{word}\." for word in _SAID_TWICE),
        r"(?:no|none|na|not|keine?|sin|sans|geen|aucun)@(?:e-?mail|correo|courriel|adresse|address)\.",
        r"not@(?:provided|given|available|known)\.|(?:na|nil)@(?:gmail|googlemail|yahoo|hotmail|outlook)\.",
        r"foo@bar\.|test[0-9]*@test(?:ing)?\.|keine@angabe\.|no(?:body|ne|one)?@nowhere\.",
        r"(?:test|user|email|name|example|your[-_.]?(?:name|e?mail)|someone|na|fake|dummy|no)@"
        r"(?:example|domain|test|e?mail)\.com$",
        r"(?:test[0-9]*|asdf|qwerty|aaa+|xxx+)@(?:gmail|googlemail|yahoo|hotmail|outlook|aol|icloud)\.",
    ]
)
_EMAIL = rf"^(?:(?:{_MACHINES})@|(?:{_NOBODY})@|{_FORMS})"
_BUILT_IN: dict[Normalization, str] = {"phone": _PHONE, "email": _EMAIL}


def is_blocked(identifier: IdentifierPlan, value: pl.Expr, block: pl.DataFrame) -> pl.Expr:
    """Whether a value of that identifier, normalised, identifies nobody; null where there is none.

    `block` has `id_type`, `value` String: what the spec blocks.
    """
    listed = value.is_in(block.filter(pl.col(ID_TYPE) == identifier.id_type)[VALUE].implode())
    built_in = _BUILT_IN.get(identifier.normalization)
    return listed if built_in is None else listed | value.str.contains(built_in)
