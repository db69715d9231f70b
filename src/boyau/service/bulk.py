"""A batch of lines, read column by column.

What is plainly an operation goes into a typed struct, and from there column by column into rows. Whatever is not plain
(an escape, a field twice, a number, an unknown field, a record) is read by the codec and judged as everywhere, so that
both ways give the same answers.
"""

import io
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from boyau import codec
from boyau.journal import intake
from boyau.journal.intake import Line
from boyau.journal.operations import GIVING_BACK, ON_HOLD, OPS, OperationError, Operations
from boyau.ledger import BATCH_ROWS_MAX, UNKNOWN_ACCOUNT, Kind, Ledger, RowFlag, Rows, codes
from boyau.ledger.rows import ROW

Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class Move(msgspec.Struct, forbid_unknown_fields=True, gc=False, rename={"source": "from"}):
    """An operation as most are written: every value a plain string. "" stands for what is not there."""

    op: str
    id: str
    source: str = ""
    to: str = ""
    amount: str = ""
    hold: str = ""
    original: str = ""
    item: str = ""
    region: str = ""
    date: str = ""
    subject: str = ""
    document: str = ""
    expires: str = ""
    quantity: str = ""
    linked: bool | msgspec.UnsetType = msgspec.UNSET
    emergency: bool | msgspec.UnsetType = msgspec.UNSET


COLUMNS = Move.__struct_fields__
_TEXTS = COLUMNS[:-2]
_MOVE = msgspec.json.Decoder(Move)


@dataclass(slots=True)
class Bulk:
    """Lines of JSON, read. ``places`` says where among all lines those of ``columns`` stand; ``others``: the rest."""

    numbers: list[int]
    raws: list[bytes]
    columns: dict[str, tuple[Any, ...]]
    places: Numbers
    others: dict[int, Line]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def tangled(self) -> bool:
        """True where a chain must be looked at line by line, by ``Submission``.

        It holds, or may have been meant to hold, what is not plainly an operation; or it ends nowhere; or no batch is
        as long.
        """
        if any(isinstance(o.value, dict) and o.value.get("linked", False) is not False for o in self.others.values()):
            return True
        at = self.places[self._linked()]
        if not len(at):
            return False
        if at[-1] + 1 >= len(self) or any(place in self.others for place in (at + 1).tolist()):
            return True
        ends = np.flatnonzero(np.diff(at, append=-1) != 1)
        return int(np.diff(ends, prepend=-1).max()) >= BATCH_ROWS_MAX

    def _linked(self) -> Bools:
        column = self.columns["linked"]
        return np.array([one is True for one in column], bool) if True in column else np.zeros(len(column), bool)

    def chained(self, begin: int, end: int) -> Bools:
        """Tell which lines from *begin* to *end* stand in a chain; no chain of what is not tangled goes beyond them."""
        low, high = np.searchsorted(self.places, (begin, end)).tolist()
        linked = np.zeros(end - begin, bool)
        linked[self.places[low:high] - begin] = self._linked()[low:high]
        linked[1:] |= linked[:-1].copy()
        return linked

    def lines(self) -> list[Line]:
        """Return all lines as the codec reads them."""
        return [self.others.get(k) or self.line(k) for k in range(len(self.numbers))]

    def line(self, place: int) -> Line:
        """Return one line as the codec reads it."""
        return Line(self.numbers[place], codec.read_json(self.raws[place]))

    @classmethod
    def read(cls, data: bytes) -> "Bulk":
        """Read lines of JSON. The same lines are passed over, and the same are unreadable, as in ``intake.ndjson``."""
        pieces = data.split(b"\n")
        if not pieces[-1]:
            pieces.pop()
        decode, moves, at, rest = _MOVE.decode, [], [], []
        for number, raw in enumerate(pieces):
            try:
                moves.append(decode(raw))
                at.append(number)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                rest.append(number)
        columns = _columns(moves)
        plain = _plain(data, pieces, columns, at)
        if not all(plain):
            rest = sorted([*rest, *(n for n, good in zip(at, plain, strict=True) if not good)])
            at = [n for n, good in zip(at, plain, strict=True) if good]
            columns = _columns([move for move, good in zip(moves, plain, strict=True) if good])
        found = {number: line for number in rest if (line := _strictly(number, pieces[number])) is not None}
        if not rest:
            return cls(list(range(1, len(pieces) + 1)), pieces, columns, np.arange(len(pieces)), {})
        order = sorted([*at, *found])
        where = {number: place for place, number in enumerate(order)}
        places = np.fromiter((where[number] for number in at), np.int64, len(at))
        others = {where[number]: line for number, line in found.items()}
        return cls([number + 1 for number in order], [pieces[number] for number in order], columns, places, others)


def _columns(moves: list[Move]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(map(attrgetter(name), moves)) for name in COLUMNS}


def _plain(data: bytes, pieces: list[bytes], columns: dict[str, tuple[Any, ...]], at: list[int]) -> list[bool]:
    """Tell which lines were read as the codec reads them: no field twice, no escape, not too long, no byte order mark.

    Without escapes each string of JSON has two quotes. A line with more of them than the fields that were read need
    names a field twice, and the struct has kept the last.
    """
    if not at:
        return []
    quotes = np.fromiter((pieces[k].count(b'"') for k in at), np.int64, len(at))
    needed = np.full(len(at), 8, np.int64)
    for name in _TEXTS[2:]:
        needed += 4 * _there(columns[name])
    for name in COLUMNS[-2:]:
        if any(one is not msgspec.UNSET for one in set(columns[name])):
            needed += [0 if one is msgspec.UNSET else 2 for one in columns[name]]
    good = quotes == needed
    if b"\\" in data:
        good &= [b"\\" not in pieces[k] for k in at]
    good &= [len(pieces[k]) <= intake.LINE_BYTES_MAX for k in at]
    out: list[bool] = good.tolist()
    return out


def _there(texts: tuple[str, ...]) -> Bools:
    if not any(texts):
        return np.zeros(len(texts), bool)
    return np.ones(len(texts), bool) if all(texts) else np.fromiter(map(bool, texts), bool, len(texts))


def _strictly(number: int, raw: bytes) -> Line | None:
    """Read a line as ``intake`` does; None where it is passed over."""
    # The first line of a stream may begin with a mark that no later one may.
    stream = io.BytesIO(raw if number == 0 else b"\n" + raw)
    for line in intake.ndjson(stream):
        return Line(number + 1, line.value, line.error, line.field)
    return None


# ---- columns into rows ----------------------------------------------------------------------------------------------

_HEX = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
_DASHES = (8, 13, 18, 23)
_DIGITS = [k for k in range(36) if k not in _DASHES]
_AMOUNT_CHARS = 17
"""Longer amounts, and those that would not fit 18 digits, are read one by one."""


def fill(columns: dict[str, tuple[Any, ...]], ledger: Ledger, today: int) -> tuple[Rows, Bools]:
    """Return the rows of operations, and which of them are sure. The others are for ``Operations.fill`` to judge."""
    count = len(columns["op"])
    rows = np.zeros(count, ROW)
    rows["kind"] = _of(columns["op"], lambda op: int(OPS.get(op, 0)))
    kind = rows["kind"]
    rows["id"], sure = _ids(columns["id"])
    sure &= kind != 0
    holds, originals = (_there(columns[name]) for name in ("hold", "original"))
    on, back = np.isin(kind, ON_HOLD), np.isin(kind, GIVING_BACK)
    sure &= ~(holds & ~on) & ~(originals & ~back) & ~(back & ~originals) & ~(on & (kind != Kind.PAY) & ~holds)
    for name, given in (("hold", holds), ("original", originals)):
        places = np.flatnonzero(given)
        if len(places):
            texts = columns[name]
            rows["ref"][places], good = _ids([texts[k] for k in places.tolist()])
            sure[places] &= good
    names = ledger.accounts
    for name, field in (("source", "debit"), ("to", "credit")):
        texts = columns[name]
        rows[field] = _of(texts, lambda one: names.get(one, UNKNOWN_ACCOUNT))
        sure &= holds | _there(texts)
    voids = kind == Kind.VOID
    rows["amount"], good = _amounts(columns["amount"], _scales(ledger, rows))
    paid = _there(columns["amount"])
    sure &= np.where(voids, ~paid, good & paid)
    rows["value_date"] = today
    for name, field, read in (
        ("item", "item", codes.item_number), ("region", "region", codes.region_number),
        ("date", "value_date", codes.day), ("subject", "subject", ledger.subjects.__getitem__),
    ):  # fmt: skip
        _few(rows, sure, columns[name], field, read)
    for name, columnar in (("quantity", _quantities), ("document", _documents)):
        places = np.flatnonzero(_there(columns[name]))
        if len(places):
            texts = columns[name]
            rows[name][places], good = columnar([texts[k] for k in places.tolist()])
            sure[places] &= good
    sure &= ~_there(columns["expires"])  # rare: read one by one
    for name, flag in (("linked", RowFlag.LINKED), ("emergency", RowFlag.EMERGENCY)):
        if True in columns[name]:
            rows["flags"] |= np.where([one is True for one in columns[name]], flag, 0).astype(np.uint16)
    return rows, sure


def judge(row: Any, line: Line, operations: Operations, today: int) -> OperationError | None:
    """Fill one blank row as always; return what is wrong with the line."""
    if line.error:
        return OperationError(line.field, line.error)
    try:
        operations.fill(row, line.value, today)
    except OperationError as error:
        return error
    return None


def _of(texts: tuple[str, ...], read: Any) -> Any:
    """Return what *read* makes of each text, having read each different one once."""
    known = {text: read(text) for text in set(texts)}
    return [known[text] for text in texts]


def _few(rows: Rows, sure: Bools, texts: tuple[str, ...], field: str, read: Any) -> None:
    """Fill a field that has few different values."""
    if not any(texts):
        return
    blank = int(rows[field][0])  # "" stands for what is not there: the field keeps what it has
    known: dict[str, int] = {"": blank}
    wrong = set()
    for text in set(texts) - {""}:
        try:
            known[text] = read(text)
        except (codes.CodeError, KeyError):
            known[text] = blank
            wrong.add(text)
    rows[field] = [known[text] for text in texts]
    if wrong:
        sure &= np.array([text not in wrong for text in texts])


def _scales(ledger: Ledger, rows: Rows) -> Numbers:
    """Return the decimals of each row's unit: that of the account debited, else of the one credited, else 2."""
    registry, count = ledger.registry, len(ledger.accounts)
    number = np.where(rows["debit"] < count, rows["debit"], rows["credit"])
    colours = ledger.tables.acc[np.minimum(number, max(count - 1, 0)), 3] if count else np.zeros(len(rows), np.int64)
    different, which = np.unique(colours, return_inverse=True)
    scale = np.array([registry.units[registry.colours[k].unit] for k in different.tolist()] if count else [2], np.int64)
    out: Numbers = np.where(number < count, scale[which], 2)
    return out


def _letters(texts: Any, width: int) -> tuple[npt.NDArray[np.uint32], Numbers]:
    """Return the code points of texts, cut at *width* and filled with zeros, and the lengths of the texts."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    width = max(1, min(width, int(lengths.max(initial=1))))
    return np.array(texts, f"U{width}").view("<u4").reshape(len(texts), width), lengths


def _ids(texts: Any) -> tuple[npt.NDArray[np.void], Bools]:
    """Return ids as ``codec.id_bytes`` reads them, and which of them are ids."""
    letters, lengths = _letters(texts, 36)
    out = np.zeros((len(texts), 16), np.uint8)
    good = np.zeros(len(texts), bool)
    places = np.flatnonzero((lengths > 0) & (lengths <= 16))
    if len(places):
        own = letters[places, :16]
        inside = np.arange(own.shape[1]) < lengths[places, None]
        fine = (((own >= 0x20) & (own <= 0x7E)) | ~inside).all(axis=1) & (own[:, 0] != 0x20)
        fine &= own[np.arange(len(own)), lengths[places] - 1] != 0x20
        out[places, : own.shape[1]] = np.where(fine[:, None], own, 0)
        good[places] = fine
    places = np.flatnonzero(lengths == 36)
    if len(places):
        own = letters[places]
        digits = np.where(own < 256, _HEX[np.minimum(own, 255)], 255)[:, _DIGITS]
        fine = (own[:, _DASHES] == ord("-")).all(axis=1) & (digits < 16).all(axis=1)
        data = (digits[:, ::2] << 4 | digits[:, 1::2]).astype(np.uint8)
        fine &= data[:, 8] & 0xC0 == 0x80  # as RFC 9562 has it; the rest might be taken for a text
        out[places], good[places] = data, fine
    return out.view("V16").reshape(len(texts)), good


def _amounts(texts: Any, scales: Numbers) -> tuple[Numbers, Bools]:
    """Return amounts in minor units as ``amounts.parse`` reads them, and which of them are sure."""
    letters, lengths = _letters(texts, _AMOUNT_CHARS)
    letters = np.ascontiguousarray(letters.T)
    digits = letters - np.uint32(48)
    point = letters == ord(".")
    figure = digits < 10
    inside = np.arange(len(letters))[:, None] < lengths
    good = (figure | point | ~inside).all(axis=0) & (lengths <= _AMOUNT_CHARS) & (lengths > 0)
    points = point.sum(axis=0)
    decimals = np.where(points == 1, lengths - 1 - point.argmax(axis=0), 0)
    good &= (points == 0) | ((points == 1) & (decimals > 0) & (decimals < lengths - 1))
    missing = scales - decimals
    good &= (missing >= 0) & (lengths - points + missing <= 18)
    value = np.zeros(len(texts), np.int64)
    for column, own in zip(digits, figure, strict=True):
        value = np.where(own, value * 10 + column, value)
    return value * 10 ** np.where(good, missing, 0), good


def _quantities(texts: Any) -> tuple[Numbers, Bools]:
    return _amounts(texts, np.full(len(texts), 3))


def _documents(texts: Any) -> tuple[npt.NDArray[np.void], Bools]:
    """Return the first 24 bytes of documents' hashes, and which of the texts are such."""
    letters, lengths = _letters(texts, 65)
    digits = np.where(letters < 256, _HEX[np.minimum(letters, 255)], 255)
    good = ((digits < 16) | (letters == 0)).all(axis=1) & np.isin(lengths, (48, 64))
    out = np.zeros((len(texts), 24), np.uint8)
    if digits.shape[1] >= 48:
        out[:] = digits[:, :48:2] << 4 | digits[:, 1:48:2]
    return out.view("V24").reshape(len(texts)), good
