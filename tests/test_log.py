"""The log side of a ledger: checkpoints that extend each other or are not signed, receipts, rotation of its key."""

import hashlib
import json
import sqlite3

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.codec import ROWS
from boyau.journal import Book
from boyau.journal.log import Log, SplitLog, key_record, origin_of
from boyau.journal.operations import Operations
from boyau.ledger.codes import day_of
from boyau.proofs.note import COSIGNATURE, Checkpoint, Note, NoteError, Verifier, cosign
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import ProofError, verify_consistency
from boyau.stores import StoreDamaged, open_store
from tests.page import START, WORLD


class Signer:
    """A key that follows from a number."""

    def __init__(self, number):
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public_key = self.private.public_key().public_bytes_raw()

    def sign(self, message):
        return self.private.sign(message)


FIRST, SECOND, WITNESS = Signer(1), Signer(2), Signer(3)
ISSUE = {"op": "issue", "id": "I", "from": "issuer@kz", "to": "budget@kz/road", "amount": "90000.00"}
PAY = {"op": "pay", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "1.00", "date": "2026-06-10",
       "item": "CPV:45233222"}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log.boyau")


def clock():
    clock.now += 1_000_000
    return clock.now


@pytest.fixture
def book(path):
    clock.now = START
    with Book.create(path, clock=clock) as book:
        assert not any(book.record(WORLD))
        assert book.record([key_record(book.ledger.registry.log_keys, "log", FIRST, origin_of(book.id), None)]) == [
            None
        ]
        assert post(book, ISSUE | {"date": "2026-06-10"})["result"].tolist() == [0]
        yield book


def post(book, *operations):
    return book.post(Operations(book.ledger).rows(list(operations), day_of(book.ledger.time)))


def pay(book, count, name):
    decided = post(book, *(PAY | {"id": f"{name}-{k}"} for k in range(count)))
    assert not decided["result"].any()
    return decided


def test_a_checkpoint_says_what_the_headers_say_and_each_extends_the_one_before(book):
    notes = []
    for count in (1, 300, 7, 600):
        pay(book, count, f"P{len(notes)}")
        notes.append(Log(book.store).checkpoint(FIRST, "log"))
    key = Verifier("log", FIRST.public_key)
    log = Log(book.store)
    read = [Checkpoint.read(note.text) for note in notes]
    assert [one.size for one in read] == [size for size, _ in book.store.checkpoints()]
    assert read[-1].size == book.entries
    assert read[-1].root == book.store.last().root == log.last.root
    for note in notes:
        assert note.verified([key]) == {key: 0}
        assert Note.read(str(note)) == note
    for old, new in zip(read, read[1:], strict=False):
        proof = log.consistency(old.size, new.size)
        verify_consistency(old.size, new.size, proof, old.root, new.root)


def test_a_receipt_convinces_whoever_has_the_key_and_nobody_when_changed(book):
    pay(book, 400, "P")
    note = cosign(Log(book.store).checkpoint(FIRST, "log"), "w", WITNESS, 1_800_000_000)
    log = Log(book.store)
    log.keep(note)
    keys = [Verifier("log", FIRST.public_key), Verifier("w", WITNESS.public_key, COSIGNATURE)]
    for entry in (0, 3, book.entries - 1, book.entries - 200):
        made = log.receipt(entry)
        again = Receipt.from_json(made.to_json().encode())
        assert again == made
        assert again.verify(keys, quorum=1) == {keys[0]: 0, keys[1]: 1_800_000_000}
        with pytest.raises(NoteError, match="not 2"):
            again.verify(keys, quorum=2)
        with pytest.raises(NoteError, match="no key of the log"):
            again.verify(keys[1:])
        value = json.loads(made.to_json())
        for field, changed in (
            ("entry", entry ^ 1),
            ("time", str(made.time + 1)),
            ("salt", made.salt[::-1].hex()),
            ("kind", "record" if made.kind == ROWS else "row"),
            ("data", value["data"][:-1] + ("1" if value["data"][-1] == "0" else "0")),
            ("proof", value["proof"][:-1]),
            ("checkpoint", value["checkpoint"].replace(f"\n{book.entries}\n", f"\n{book.entries - 1}\n")),
        ):
            with pytest.raises((ProofError, NoteError)):
                Receipt.from_json(json.dumps(value | {field: changed}).encode()).verify(keys)
    assert log.receipt(book.entries - 1).content()[4] == 100
    assert log.receipt(0).content()["type"] == "note"


def test_a_receipt_shows_nothing_by_which_a_neighbour_could_be_guessed(book):
    """Two ledgers with the very same entries share no leaf hash: without the salt a guess cannot be tried."""
    pay(book, 3, "P")
    last = book.store.last()
    from boyau.proofs.leaves import batch_leaves, leaf, leaf_hashes
    from boyau.proofs.tree import leaf_hash

    other = leaf_hashes(last.kind, last.body, last.count, b"another blind of 32 bytes, random", last.time)
    assert not set(map(bytes, batch_leaves(last))) & set(map(bytes, other))
    Log(book.store).checkpoint(FIRST, "log")
    made = Log(book.store).receipt(last.first)
    neighbour = last.body[128:256]
    assert neighbour.hex() not in made.to_json()
    assert leaf_hash(leaf(last.kind, bytes(16), last.time, neighbour)) not in made.proof


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"receipt": 1}', "%PDF-1.7", '{"receipt":1,"entry":"x"}', "\xff"])
def test_what_is_no_receipt_is_refused_in_one_sentence(text):
    with pytest.raises(ProofError, match="receipt"):
        Receipt.from_json(text.encode("latin-1"))


def test_what_no_checkpoint_covers_has_no_receipt(book):
    with pytest.raises(KeyError, match="no checkpoint covers"):
        Log(book.store).receipt(2)
    note = Log(book.store).checkpoint(FIRST, "log")
    pay(book, 2, "P")
    with pytest.raises(KeyError, match="no checkpoint covers"):
        Log(book.store).receipt(book.entries - 1)
    with pytest.raises(ProofError, match="not entry"):
        Log(book.store).receipt(book.entries - 1, note)


# ---- a log never signs a second history -----------------------------------------------------------------------------


def test_nothing_is_signed_over_entries_that_were_changed(path, book):
    pay(book, 700, "P")
    Log(book.store).checkpoint(FIRST, "log")
    pay(book, 300, "Q")
    number = book.store.last().number
    with sqlite3.connect(path) as db:
        (body,) = db.execute("select body from batch where number = ?", (number,)).fetchone()
        db.execute("update batch set body = ? where number = ?", (b"\x01" + body[1:], number))
    with pytest.raises(StoreDamaged, match=f"batch {number}"):
        Log(open_store(path, write=False)).checkpoint(FIRST, "log")
    with sqlite3.connect(path) as db:
        db.execute("update batch set body = ? where number = ?", (body, number))
        db.execute("update tile set hashes = zeroblob(length(hashes)) where number = (select max(number) from tile)")
    with pytest.raises(StoreDamaged, match="tiles"):
        Log(open_store(path, write=False)).checkpoint(FIRST, "log")


def test_nothing_is_signed_where_entries_are_gone_or_others_stand_in_their_place(path, book, tmp_path):
    pay(book, 10, "P")
    Log(book.store).checkpoint(FIRST, "log")
    before = book.store.last().number
    pay(book, 10, "Q")
    log = Log(book.store)
    log.checkpoint(FIRST, "log")
    with sqlite3.connect(path) as db:
        db.execute("delete from batch where number > ?", (before,))
    with pytest.raises(SplitLog, match="some are gone"):
        Log(open_store(path, write=False)).checkpoint(FIRST, "log")
    other = str(tmp_path / "other.boyau")
    with Book.create(other, clock=clock) as second:
        second.record(WORLD)
        post(second, ISSUE | {"date": "2026-06-10"})
        pay(second, 60, "P")
        second.store.put_checkpoint(*book.store.checkpoints()[0])
        with pytest.raises(SplitLog, match="past was changed"):
            Log(second.store).checkpoint(FIRST, "log")


# ---- keys of the log ------------------------------------------------------------------------------------------------


def keys_of(book):
    return book.ledger.registry.log_keys


def test_the_key_rotates_by_an_entry_that_both_keys_sign(path, book):
    first = keys_of(book).at(book.entries)
    assert first.key == FIRST.public_key.hex()
    refused = [
        key_record(keys_of(book), "log", SECOND, origin_of(book.id), None),
        key_record(keys_of(book), "log", SECOND, origin_of(book.id), SECOND),
        key_record(keys_of(book), "log", SECOND, origin_of(bytes(16)), FIRST),
        key_record(keys_of(book), "log", FIRST, origin_of(book.id), FIRST),
        key_record(keys_of(book), "a b", SECOND, origin_of(book.id), FIRST),
        key_record(keys_of(book), "log", SECOND, origin_of(book.id), FIRST) | {"proof": "00" * 64},
        key_record(keys_of(book), "log", SECOND, origin_of(book.id), FIRST) | {"number": True},
        key_record(keys_of(book), "log", SECOND, origin_of(book.id), FIRST) | {"note": "x"},
    ]
    hash_before = book.ledger.state_hash()
    answers = [(one.code, one.field) for one in book.record(refused)]
    assert answers == [
        ("field_missing", "signature"),
        ("signature_invalid", "signature"),
        ("field_value", "origin"),
        ("log_key_order", "key"),
        ("field_value", "name"),
        ("signature_invalid", "proof"),
        ("log_key_order", "number"),
        ("field_unknown", "note"),
    ]
    assert book.ledger.state_hash() == hash_before
    good = key_record(keys_of(book), "log", SECOND, origin_of(book.id), FIRST)
    at = book.entries
    assert book.record([good]) == [None]
    assert [one.code for one in book.record([good])] == ["log_key_order"], "a record sent again is refused"
    assert keys_of(book).at(at).key == FIRST.public_key.hex()
    assert keys_of(book).at(at + 1).key == SECOND.public_key.hex()
    book.make_snapshot()
    with Book.open(path, write=False) as again:
        assert again.snapshot_entry == at + 1
        assert keys_of(again).keys == keys_of(book).keys
        assert again.ledger.state_hash() == book.ledger.state_hash()


def test_the_edge_of_the_tree_survives_a_snapshot_and_a_wrong_one_is_not_believed(path, book):
    pay(book, 900, "P")
    book.make_snapshot()
    pay(book, 5, "Q")
    root = book.store.last().root
    with Book.open(path, write=False) as again:
        assert again.snapshot_entry == book.entries - 5
        assert again.frontier.root() == root
    with sqlite3.connect(path) as db:
        (state,) = db.execute("select data from snapshot where what = 'state'").fetchone()
        wrong = state[:60] + bytes([state[60] ^ 1]) + state[61:]
        assert hashlib.sha256(wrong).digest() != hashlib.sha256(state).digest()
        db.execute("update snapshot set data = ? where what = 'state'", (wrong,))
    with Book.open(path, write=False) as again:
        assert again.snapshot_entry == 0
        assert again.frontier.root() == root


def test_a_store_finds_the_smallest_checkpoint_that_covers_and_the_newest(book):
    """One question each, in a file as in memory: what a walk through all checkpoints finds."""
    from boyau.stores.memory import MemoryStore

    assert book.store.checkpoint(0) is None
    assert book.store.checkpoint(1) is None
    memory = MemoryStore()
    for count in (3, 5, 8):
        pay(book, count, f"C{count}")
        Log(book.store).checkpoint(FIRST, "log")
    for size, note in book.store.checkpoints():
        memory.put_checkpoint(size, note)
    every = book.store.checkpoints()
    for store in (book.store, memory):
        assert store.checkpoint(0) == every[-1]
        for size in range(1, every[-1][0] + 2):
            assert store.checkpoint(size) == next((one for one in every if one[0] >= size), None)
