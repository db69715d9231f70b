"""Batches as Arrow streams, read so that a small stream cannot become an enormous one.

Compressed streams are refused, so that what is unpacked is no larger than what was sent; a long text that a dictionary
holds once for many rows is found in the dictionary.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from boyau.journal.intake import IntakeError, Line, TooLarge, Unpacked

_DICTIONARY, _BATCH = 2, 3
"""Types of a message's header (Arrow format, Message.fbs)."""
_HEADER_TYPE, _HEADER, _DATA, _COMPRESSION = 1, 2, 1, 3
"""Fields: of Message the type of its header and the header; of DictionaryBatch its data; of RecordBatch the last."""


def read(data: bytes, most: Unpacked) -> list[Line]:
    """Read the lines of a stream; raises ``IntakeError``, ``TooLarge``."""
    try:
        _refuse_compressed(data)
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            if len(reader.schema) > most.columns:
                raise IntakeError(f"the stream has {len(reader.schema)} columns; at most {most.columns}")
            for column in reader.schema:
                _check_type(column)
            rows: list[dict[str, Any]] = []
            chars = 0
            for batch in reader:
                if len(rows) + batch.num_rows > most.rows:
                    raise TooLarge(f"the stream has more than {most.rows} rows")
                chars += sum(
                    _measured(column, name, most) for name, column in zip(batch.schema.names, batch, strict=True)
                )
                if chars > most.chars:
                    raise IntakeError(f"unpacked the stream is larger than {most.chars >> 20} MiB")
                rows += batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # whatever pyarrow raises over damage
        raise IntakeError(f"this is no Arrow stream: {str(error).splitlines()[0]:.200}") from None
    return [
        Line(k, {name: _cell(v) for name, v in row.items() if v not in (None, "")}) for k, row in enumerate(rows, 1)
    ]


def _check_type(column: Any) -> None:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    types = pa.types
    if types.is_floating(kind):
        raise IntakeError(f"column {column.name}: floating-point numbers lose money; send text")
    known = types.is_string, types.is_large_string, types.is_integer, types.is_decimal, types.is_boolean, types.is_date
    if not any(one(kind) for one in (*known, types.is_null)):
        raise IntakeError(f"column {column.name}: {str(kind)!r:.60} is no type of a value; send text")


def _measured(column: Any, name: str, most: Unpacked) -> int:
    """Return how many bytes of text a column becomes."""
    column.validate(full=True)
    dictionary = pa.types.is_dictionary(column.type)
    values = column.dictionary if dictionary else column
    if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
        return 0
    sizes = pc.binary_length(values)
    if (pc.max(sizes).as_py() or 0) > most.cell_chars:
        raise IntakeError(f"column {name}: holds a text of more than {most.cell_chars} bytes")
    return int(pc.sum(sizes.take(column.indices) if dictionary else sizes).as_py() or 0)


def _cell(value: Any) -> Any:
    return value if isinstance(value, bool | str) else str(value)


# ---- compression ----------------------------------------------------------------------------------------------------


def _refuse_compressed(data: bytes) -> None:
    """Look at the head of each message of the stream, which Arrow has verified; nothing of a body is unpacked."""
    for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(data)):
        head = memoryview(message.metadata)
        root = _number(head, 0, 4)
        kind = _field(head, root, _HEADER_TYPE)
        table = _follow(head, _field(head, root, _HEADER))
        if not kind or not table or head[kind] not in (_DICTIONARY, _BATCH):
            continue
        if head[kind] == _DICTIONARY:
            table = _follow(head, _field(head, table, _DATA))
        if table and _field(head, table, _COMPRESSION):
            raise IntakeError("the stream is compressed; send it as it is")


def _number(head: memoryview, at: int, size: int, *, signed: bool = False) -> int:
    return int.from_bytes(head[at : at + size], "little", signed=signed)


def _field(head: memoryview, table: int, number: int) -> int:
    """Return where a field of a FlatBuffers table stands, 0 where it is left out."""
    fields = table - _number(head, table, 4, signed=True)
    place = 4 + 2 * number
    offset = _number(head, fields + place, 2) if place < _number(head, fields, 2) else 0
    return table + offset if offset else 0


def _follow(head: memoryview, at: int) -> int:
    return at + _number(head, at, 4) if at else 0
