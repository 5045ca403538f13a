"""Texts that stand in place of a value: they say something to people and identify nobody."""

from typing import TypeVar

import polars as pl

_ERRORS = (
    "REF!|N/A|NAME\\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|ERROR!|FIELD!|BLOCKED!|CONNECT!|BUSY!|GETTING_DATA"
    "|BEZUG!|WERT!|ZAHL!|(?-i:NV)|VALEUR!|NOM\\?|NOMBRE[!?]|VALOR!|N/D|RIF!|VALORE!|NOME\\?"
)
"""Those of spreadsheets in English, and what German, French, Spanish and Italian ones say instead."""
TEMPLATE = rf"(?i)^(?:\{{\{{.*\}}\}}|#[¡¿]?(?:{_ERRORS})|-None-|\*\|.*\|\*|%%.*%%|\$\{{.*\}})$"
"""What templates and spreadsheets leave where a value should be; no value of any kind."""

_MEANINGLESS = (
    r"(?i)^[(<\[]?(?:n\s*[/.\\]?\s*a\.?|k\.\s*a\.|null|nil|none|none given|nan|[+-]?inf(?:inity)?|unknown"
    r"|unbekannt|undefined|blank|empty|not available|not provided|anonymous|tbd|test|x+|[-–—.?_]+"
    r"|0+(?:[.,]0+)?|\\n)[)>\]]?$"
)
_FIGURE = r"(?i)^[0-9](?:[.,][0-9]+)?E\+[0-9]+$"
"""A long number as a spreadsheet shows it: its last digits are lost."""


Texts = TypeVar("Texts", pl.Series, pl.Expr)


def is_placeholder(texts: Texts) -> Texts:
    """Whether each text (String) identifies nobody, whatever it stands for; null where the text is."""
    text = texts.str.strip_chars()
    return text.str.contains(TEMPLATE) | text.str.contains(_MEANINGLESS) | text.str.contains(_FIGURE)
