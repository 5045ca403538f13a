"""What stands around addresses in a cell, taken off: names, labels, notes, quotes, brackets, punctuation.

Only what can be no part of an address goes. A bare word may be one (`anna maria@example.com`): it stays, and
the library refuses the whole.
"""

import polars as pl

from memory_import.transforms.cells import INVISIBLE, LINE_END, OTHER_SPACE

_END = "\n"  # stands between parts
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›＂＇"
_OR = "or|and|oder|und|ou|et|e|o|y|u|of|en|och|eller|og|lub|i|или|и"
_HARD_SEPARATOR = rf"(?i):::|[;；؛|｜]|\s(?:{_OR})\s"
_SOFT_SEPARATOR = r"[,，،、&/\s]+"

_FORMULA = r'^\s*=\s*"([^"]*)"\s*$'
_NAME = r'(?:"[^"\n]*"\s*|[^<>()\[\];|\n"@]*)'
_NAMED = rf"(?i)(^|[;,|\n>])\s*{_NAME}[<(\[]\s*(?:mailto:)?([^<>()\[\]\s@]+@[^<>()\[\]\s]+?)\s*[>)\]]"
_ANGLES = r"[<>＜＞]+"
_NOTE = r"(^|[\s\w])[(\[][^()\[\]@\n]*[)\]](\s|$|[/&])"
_NOTE_AT_END = r"(?m)[(\[][^()\[\]@\n]*[)\]]\s*($|[;,|])"
_LABEL = (
    r"(?i)^\s*(?:(?:mailto|smtp|e-?mail|mail|from|to|cc)\s*:\s*|"
    r"[\p{L}\p{M}\p{N} ._/&()-]{1,40}[:：]\s+)*"
)
_QUERY = r"(?i)(mailto:[^?\s<>]*)\?[^\s<>;]*"
_WORD_AT_END = (
    r"(?i)\s+[-–—]?\s*(?:privat|private|personal|perso|particulier|pro|work|office|business|home|büro|arbeit|"
    r"geschäftlich|dienstlich|firma|bureau|travail|casa|lavoro|trabajo|trabalho|werk|old|alt|neu|new)$"
)
_AROUND_START = rf"^[\s{_QUOTES}(\[•·]+"
_AROUND_END = rf"[\s{_QUOTES})\]•·;,.:，；。]+$"


def take_parts(cells: pl.DataFrame, separator: str | None) -> pl.DataFrame:
    """`row`, `given` and `address`: what cells (`row`, `given`) hold, one row a part, in order.

    A part is at most one address, or something that is none; blank parts are left out, unless a cell has no
    other. `separator` is the text between parts; None: `; | :::`, a line's end and a word such as "or",
    and where nothing but addresses stands between them `, / &` and spaces.
    """
    given = pl.col("given")
    text = (
        given.str.replace_all(INVISIBLE, "")
        .str.replace_all(LINE_END, _END)
        .str.replace_all(OTHER_SPACE, " ")
        .str.replace_all(_QUERY, "$1")
        .str.replace_all("[“”„‟]", '"')
        .str.replace(_FORMULA, "$1")
        .str.replace_all(_NAMED, f"$1{_END}$2{_END}")
        .str.replace_all(_ANGLES, _END)
    )
    parts = cells.with_columns(part=_split_hard(text, separator)).explode("part")
    parts = parts if separator else _split_full(parts)
    address = pl.col("part")
    for pattern in (_AROUND_START, _LABEL, _AROUND_START, _AROUND_END, _WORD_AT_END, _AROUND_END):
        address = address.str.replace(pattern, "")
    stripped = parts.with_columns(address=address)
    is_blank = pl.col("address") == ""
    is_listed = ~is_blank | (is_blank.all().over("row") & pl.col("row").is_first_distinct())
    return stripped.filter(is_listed).select("row", "given", "address")


def _split_hard(text: pl.Expr, separator: str | None) -> pl.Expr:
    parted = (
        text.str.replace_all(separator, _END, literal=True)
        if separator
        else text.str.replace_all(_HARD_SEPARATOR, _END)
    )
    noteless = parted.str.replace_all(_NOTE, "$1$2").str.replace_all(_NOTE_AT_END, "$1")
    return noteless.str.split(_END)


def _split_full(parts: pl.DataFrame) -> pl.DataFrame:
    """The parts, those with several addresses and nothing but separators between them as one for each."""
    address_count = pl.element().str.count_matches("@", literal=True)
    placed = parts.with_row_index("place")
    is_full = pl.col("part").str.count_matches("@", literal=True) > 1
    full = placed.filter(is_full)
    if full.is_empty():
        return parts
    trimmed = pl.col("part").str.strip_chars(" ,，،、&/")
    pieces = full.with_columns(piece=trimmed.str.replace_all(_SOFT_SEPARATOR, _END).str.split(_END))
    are_addresses = pl.col("piece").list.eval(address_count == 1).list.all()
    split = pieces.select(
        "place", "row", "given", part=pl.when(are_addresses).then("piece").otherwise(pl.concat_list("part"))
    )
    both = pl.concat([placed.filter(~is_full).select(split.columns), split.explode("part")])
    return both.sort("place", maintain_order=True).drop("place")
