"""What texts the cells of a typed column can be: a spec compares them with texts of its own."""

import pyarrow as pa

from memory_import.sources.parquet.text import is_list, is_uuid, plain_type, to_text


def holds_lists(kind: pa.DataType) -> bool:
    """Whether the cells of a type are lists."""
    return is_list(plain_type(kind))


def as_cell(kind: pa.DataType, text: str) -> str | None:
    """A text as a cell of this type has it, a type that has a text form and holds no lists; None where no
    cell of it says this. Of types that are text, and where it is not known, the text itself."""
    kind = plain_type(kind)
    if is_uuid(kind) or pa.types.is_null(kind):
        return text
    try:
        column = pa.array([text], pa.string()).cast(kind)
    except pa.ArrowNotImplementedError:
        return text
    except pa.ArrowInvalid:
        return None
    cell: str | None = to_text(column).texts[0]
    return cell
