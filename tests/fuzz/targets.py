"""Whatever reads bytes from elsewhere, and the errors by which it may refuse them. Anything else is a fault."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from boyau import codec
from boyau.codec import HEADER_BYTES, Batch, CodecError
from boyau.journal.keys import SignerError
from boyau.journal.keys import _fields as key_fields
from boyau.ledger import Ledger, RecordRefused
from boyau.ledger.explain import Explainer
from boyau.proofs.leaves import batch_leaves
from boyau.proofs.note import Checkpoint, Note, NoteError, Verifier, read_signatures
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import Frontier, ProofError, verify_consistency, verify_inclusion
from boyau.proofs.witness import Request

LOG = Verifier("log", bytes.fromhex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"))
RECORDS = [
    {"type": "unit", "unit": "KZT", "scale": 2},
    {"type": "participant", "participant": "a", "classes": ["x"]},
    {"type": "colour", "colour": "kz", "unit": "KZT"},
    {"type": "account", "account": "a@kz", "flags": ["issuer"]},
    {"type": "subject", "subject": "s"},
]


def json_text(data: bytes) -> None:
    """Canonical JSON: what is read is encoded again and read back as the same."""
    value = codec.read_json(data)
    again = codec.canonical(value)
    assert codec.read_json(again) == value
    assert codec.canonical(codec.read_json(again)) == again


def batch(data: bytes) -> None:
    """A batch, and the leaves of it."""
    read = Batch.read(data[:HEADER_BYTES], data[HEADER_BYTES:])
    if read.kind == codec.RECORDS:
        read.records()
    batch_leaves(read)


def batch_sealed(data: bytes) -> None:
    """A body under a header that fits: records are taken apart, of any count."""
    count = int.from_bytes(data[:2], "little")
    sealed = Batch.seal(
        codec.RECORDS, data[2:], number=0, first=0, count=count, expired=0, time=0, previous=bytes(32),
        ledger=bytes(16), blind=bytes(32), root=bytes(32),
    )  # fmt: skip
    again = Batch.read(sealed.header, sealed.body)
    again.records()
    batch_leaves(again)


def record(data: bytes) -> None:
    """A record given to a ledger: taken or refused, and a refused one leaves the state as it was."""
    ledger = Ledger(keep_history=False)
    for one in RECORDS:
        ledger.record(one, 1_000_000)
    before = ledger.state_hash()
    value = codec.read_json(data)
    try:
        ledger.record(value, 2_000_000)
    except RecordRefused:
        assert ledger.state_hash() == before
        raise


def row(data: bytes) -> None:
    """A row of any bits: decided, explained, and taken back by a dry run."""
    import numpy as np

    from boyau.ledger.rows import ROW

    ledger = Ledger()
    for one in RECORDS:
        ledger.record(one, 1_000_000)
    rows = np.frombuffer(data[: len(data) // 128 * 128], ROW).copy()
    for field in ("settled", "result", "detail"):
        rows[field] = 0
    before = ledger.state_hash()
    ledger.dry_run(rows, 2_000_000)
    assert ledger.state_hash() == before
    for one in rows:
        Explainer(ledger).explain(one, 2_000_000)
    ledger.apply(rows, 2_000_000)


def note(data: bytes) -> None:
    """A signed note, its checkpoint and its signatures."""
    text = data.decode("utf-8", "replace")
    with suppress(NoteError):
        Verifier.read(text)
    with suppress(NoteError):
        read_signatures(text)
    with suppress(NoteError):
        checkpoint = Checkpoint.read(text)
        assert Checkpoint.read(str(checkpoint)) == checkpoint
    read = Note.read(text)
    assert Note.read(str(read)) == read
    assert not read.verified([LOG]), "nobody has this key"


def receipt(data: bytes) -> None:
    """A receipt: read, and never believed."""
    read = Receipt.from_json(data)
    assert Receipt.from_json(read.to_json().encode()) == read
    read.verify([LOG])
    raise AssertionError("a receipt was believed without the key")


def proof(data: bytes) -> None:
    """Proofs of any hashes: nothing but an error comes of them."""
    first, second = (int.from_bytes(data[k : k + 8], "little") for k in (0, 8))
    hashes = [data[k : k + 32] for k in range(16, len(data), 32)]
    with suppress(ProofError):
        Frontier.load(data)
    with suppress(ProofError):
        verify_inclusion(b"l" * 32, first, second, hashes, b"r" * 32)
        raise AssertionError("an inclusion was believed")
    with suppress(ProofError):
        verify_consistency(first, second, hashes, b"a" * 32, b"b" * 32)
        raise AssertionError("a consistency was believed")


def witness_request(data: bytes) -> None:
    """What a log sends to a witness."""
    Request.read(data)


def key_file(data: bytes) -> None:
    """A file that should hold a private key."""
    key_fields(Path("x.key"), data)


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[type[BaseException], ...]]] = {
    "json_text": (json_text, (CodecError,)),
    "batch": (batch, (CodecError,)),
    "batch_sealed": (batch_sealed, (CodecError,)),
    "record": (record, (CodecError, RecordRefused)),
    "row": (row, ()),
    "note": (note, (NoteError,)),
    "receipt": (receipt, (ProofError, NoteError)),
    "proof": (proof, ()),
    "witness_request": (witness_request, (ValueError,)),
    "key_file": (key_file, (SignerError,)),
}


def try_one(name: str, data: bytes) -> None:
    """Give *data* to a target; only what it may refuse with is passed over."""
    function, allowed = TARGETS[name]
    with suppress(*allowed):
        function(data)


def kept(name: str) -> list[bytes]:
    """Return what fuzzers found worth keeping: inputs with a way of their own, a line of hexadecimal digits each."""
    path = Path(__file__).resolve().parent / "corpus" / f"{name}.txt"
    return [bytes.fromhex(line) for line in path.read_text(encoding="ascii").split("\n")[:-1]] if path.exists() else []


def seeds(name: str) -> list[bytes]:
    """Return inputs to begin with: the good forms, cut and whole, as their own writers make them."""
    checkpoint = str(Note(str(Checkpoint("boyau/ledger/x", 5, bytes(32))), (("log", LOG.key_id, bytes(64)),)))
    records = codec.pack_records([codec.canonical(one) for one in RECORDS])
    sealed = Batch.seal(
        codec.RECORDS, records, number=0, first=0, count=len(RECORDS), expired=0, time=0, previous=bytes(32),
        ledger=bytes(16), blind=bytes(32), root=bytes(32),
    )  # fmt: skip
    given = {
        "json_text": [b'{"a":[1,"\\u00e9",null,true,{"b":-5}]}', b"[]", b'"x"'],
        "batch": [sealed.header + sealed.body],
        "batch_sealed": [len(RECORDS).to_bytes(2, "little") + records],
        "record": [json.dumps(one).encode() for one in RECORDS],
        "row": [bytes(128), bytes(range(128)) * 2],
        "note": [checkpoint.encode(), str(LOG).encode()],
        "receipt": [
            Receipt(3, codec.RECORDS, 1, bytes(16), b"{}", (bytes(32),), Note.read(checkpoint)).to_json().encode()
        ],
        "proof": [(2).to_bytes(8, "little") + (5).to_bytes(8, "little") + bytes(96)],
        "witness_request": [f"old 3\n{'A' * 43}=\n\n{checkpoint}".encode()],
        "key_file": [b"00" * 32, b'{"form":"boyau sealed key 1"}'],
    }
    return [*given[name], b"", *(one[: len(one) // 2] for one in given[name])]
