"""The lines after the data: a report's own words and totals, which have fewer fields than its rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from memory_import.columns import Exclusion
from memory_import.sources.csv.blocks import CsvShape
from memory_import.sources.csv.pieces import Piece, Reject

_LONGEST_FOOTER = 1_000


def leave_out_footer(pieces: Iterable[Piece], shape: CsvShape) -> Iterator[Piece]:
    """The pieces of a file, with the short rows behind its last whole row as `Exclusion.FOOTER`.

    Pieces that may be followed by nothing else are held back until that is known; a footer has at most
    1,000 rows.
    """
    held: list[Piece] = []
    for piece in pieces:
        if _has_row(piece, shape) or sum(len(waiting.rejects) for waiting in held) > _LONGEST_FOOTER:
            yield from held
            held = []
        held.append(piece)
    last_row = max((_last_row(piece, shape) for piece in held), default=0)
    yield from (_without_footer(piece, last_row) for piece in held)


def _has_row(piece: Piece, shape: CsvShape) -> bool:
    return _last_row(piece, shape) > 0


def _last_row(piece: Piece, shape: CsvShape) -> int:
    """The number of the last row of a piece that a footer does not have: 0 where it has none."""
    says_something = piece.row_numbers and piece.text.strip(shape.nothing)
    accepted = piece.row_numbers[-1] if says_something else 0
    others = (reject.row for reject in piece.rejects if not _is_footer_like(reject))
    return max(accepted, *others, 0)


def _is_footer_like(reject: Reject) -> bool:
    return reject.is_short or reject.code is Exclusion.EMPTY_ROW


def _without_footer(piece: Piece, last_row: int) -> Piece:
    rejects = [
        replace(reject, code=Exclusion.FOOTER) if reject.is_short and reject.row > last_row else reject
        for reject in piece.rejects
    ]
    return replace(piece, rejects=rejects)
