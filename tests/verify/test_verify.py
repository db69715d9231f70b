"""Whatever was changed is found and named, and nothing that is fed in breaks the verifier."""

import dataclasses
import hashlib
import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from boyau.cli.app import run
from boyau.cli.verify_words import HELP, TEXTS
from boyau.codec import MAGIC, ROWS, TILE, Batch
from boyau.journal import Book, archive
from boyau.journal.archive import export
from boyau.journal.log import Log
from boyau.ledger import ROW, ConservationError, Ledger
from boyau.ledger.snapshot import dump
from boyau.proofs.leaves import leaf_hashes
from boyau.proofs.note import COSIGNATURE, Verifier
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import Frontier, ProofError
from boyau.stores import open_store
from boyau.verify import Code, Trust, Unreadable, Verification, open_source
from boyau.verify.archive_files import split
from boyau.verify.sources import read_header
from tests.verify import ledgers
from tests.verify.ledgers import KEY, SECOND_KEY, STRANGE_KEY, WITNESSES, ask, codes, edit, found, resealed

ROOT = Path(__file__).parents[2]
FLIPS = 300
TRUST = Trust((KEY,), WITNESSES)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    ledgers.make(folder / "x.boyau")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "SEGMENT_BYTES", 20_000)
        store = open_store(str(folder / "x.boyau"), write=False)
        export(store, folder / "e")
        store.close()
    return folder


@pytest.fixture
def ledger(original, tmp_path):
    return Path(shutil.copy(original / "x.boyau", tmp_path / "x.boyau"))


@pytest.fixture
def exported(original, tmp_path):
    return Path(shutil.copytree(original / "e", tmp_path / "e"))


def named(report, code):
    return [(one.first, one.last) for one in report.findings if one.code == code]


def batch_of(path, entry):
    """Return (number, first, header, body) of the batch that holds an entry."""
    query = "select number, first, header, body from batch where first <= ? order by number desc limit 1"
    return ask(path, query, entry)[0]


def entry_of(path, identity):
    """Return the number of the row with an id."""
    for first, body in ask(path, "select first, body from batch"):
        if len(body) % 128 == 0:
            for k in range(len(body) // 128):
                if body[128 * k : 128 * k + 16].rstrip(b"\0") == identity.encode():
                    return first + k
    raise AssertionError


# ---- every byte -----------------------------------------------------------------------------------------------------


def places(exported):
    """Return (file, offset, first entry, last entry, exact) for sampled bytes of an export."""
    rng, out = random.Random(7), []
    for path in sorted(exported.rglob("*.batches")):
        data = path.read_bytes()
        for at, body, size, marks, _ in split(data):
            header = read_header(data[at : at + 192])
            whole = (header.first, header.end - 1)
            for _ in range(4):
                out.append((path, at + rng.randrange(192), *whole, False))
                out.append((path, body + size + rng.randrange(len(marks)), *whole, False))
            out.append((path, at + 192 + rng.randrange(8), *whole, False))
            for _ in range(8):
                offset = rng.randrange(size)
                entry = header.first + offset // 128
                exact = header.kind == ROWS
                out.append((path, body + offset, *((entry, entry) if exact else whole), exact))
    return rng.sample(out, min(FLIPS, len(out)))


def test_every_byte_of_a_segment_counts_and_the_entry_is_named(exported):
    rng = random.Random(8)
    for path, offset, first, last, exact in places(exported):
        data = path.read_bytes()
        path.write_bytes(data[:offset] + bytes([data[offset] ^ (1 << rng.randrange(8))]) + data[offset + 1 :])
        report = found(exported)
        told = [one for one in report.findings if one.first is not None and one.first <= last and one.last >= first]
        assert told or "frame_length" in codes(report), (path.name, offset, codes(report))
        if exact:
            assert named(report, Code.ENTRY_CHANGED) == [(first, last)], (offset, report.findings)
        path.write_bytes(data)
    assert found(exported).count == 0


def test_every_byte_of_manifest_and_checkpoints_counts(exported):
    rng = random.Random(9)
    for path in [exported / "manifest.json", *sorted((exported / "checkpoints").iterdir())]:
        data = path.read_bytes()
        for offset in sorted(rng.sample(range(len(data)), min(120, len(data)))):
            path.write_bytes(data[:offset] + bytes([data[offset] ^ (1 << rng.randrange(8))]) + data[offset + 1 :])
            try:
                report = found(exported)
            except Unreadable as error:
                assert path.name in str(error)  # noqa: PT017 - either is right
            else:
                assert report.count, (path.name, offset)
                if path.name != "manifest.json":
                    assert any(path.name in one.where for one in report.findings), (path.name, offset)
        path.write_bytes(data)


def test_no_cut_and_no_garbage_breaks_the_verifier(exported):
    rng = random.Random(10)
    path = sorted(exported.rglob("*.batches"))[1]
    data = path.read_bytes()
    for _ in range(60):
        cut = rng.randrange(len(data))
        garbage = [b"", data[:cut], data[cut:], data[:cut] + rng.randbytes(300), rng.randbytes(5000), MAGIC * 50]
        other = rng.choice([*garbage, data[:cut] + data, data[:cut] + bytes(4000) + data[cut:]])
        path.write_bytes(other)
        report = found(exported, against=exported)
        assert report.count
    path.write_bytes(data)


def test_no_byte_of_a_ledger_file_breaks_the_verifier(ledger):
    rng, data = random.Random(11), ledger.read_bytes()
    quiet = 0
    for _ in range(200):
        offset = rng.randrange(len(data)) if rng.random() < 0.8 else rng.randrange(2048)
        ledger.write_bytes(data[:offset] + bytes([data[offset] ^ (1 << rng.randrange(8))]) + data[offset + 1 :])
        try:
            quiet += not found(ledger).count
        except Unreadable as error:
            assert str(ledger) in str(error)  # noqa: PT017 - either is right
    assert quiet < 190, "bytes between the cells of a page mean nothing, the others do"


# ---- an insider with the whole file ---------------------------------------------------------------------------------


def changed(body, place, **values):
    """Return a body of rows with other values in one row."""
    rows = np.frombuffer(body, ROW).copy()
    for name, value in values.items():
        rows[name][place] = value
    return rows.tobytes()


def test_an_edited_entry_is_named(ledger):
    entry = entry_of(ledger, "P123")
    number, first, _, body = batch_of(ledger, entry)
    edit(ledger, ("update batch set body = ? where number = ?", changed(body, entry - first, amount=5), number))
    report = found(ledger, TRUST)
    assert codes(report) == ["entry_changed"]
    assert named(report, Code.ENTRY_CHANGED) == [(entry, entry)]
    assert report.stopped == first


def test_an_edited_record_is_named(ledger):
    (number, first, body) = ask(ledger, "select number, first, body from batch where number = 1")[0]
    edit(ledger, ("update batch set body = ? where number = ?", body.replace(b"gambling", b"supplies"), number))
    with Book.create("memory:") as book:
        book.record(ledgers.WORLD)
    entry = first + next(k for k, one in enumerate(ledgers.WORLD) if one.get("participant") == "casino")
    assert named(found(ledger), Code.ENTRY_CHANGED) == [(entry, entry)]


def test_an_entry_sealed_anew_breaks_the_chain_and_its_mark_names_it(ledger):
    entry = entry_of(ledger, "P123")
    number, first, header, body = batch_of(ledger, entry)
    forged = changed(body, entry - first, amount=500, settled=500)
    digest = hashlib.sha256(forged).digest()
    edit(
        ledger,
        ("update batch set body = ?, header = ? where number = ?", forged, resealed(header, body=(72, digest)), number),
    )
    report = found(ledger, TRUST)
    assert {"chain_broken", "mark_differs", "root_differs", "tile_differs", "checkpoint_root"} <= set(codes(report))
    assert named(report, Code.MARK_DIFFERS) == [(entry, entry)]
    assert named(report, Code.TILE_DIFFERS)[0] == (entry // TILE * TILE, entry // TILE * TILE + TILE - 1)


def rewrite(path, change, *, keep_marks=False):
    """Seal the whole ledger anew after *change* of (number, first, body, time), as whoever has the program can."""
    rows = ask(path, "select header, body, marks from batch order by number")
    previous, frontier, statements = bytes(32), Frontier(), [("delete from tile",), ("delete from batch",)]
    entry = 0
    for number, (header, body, marks) in enumerate(change([(Batch.read(h, b), b, m) for h, b, m in rows])):
        batch = header
        count = len(body) // 128 if batch.kind == ROWS else batch.count
        leaves = leaf_hashes(batch.kind, body, count, batch.blind, batch.time)
        tiles = frontier.append(leaves)
        sealed = Batch.seal(
            batch.kind, body, number=number, first=entry, count=count, expired=batch.expired, time=batch.time,
            previous=previous, ledger=batch.ledger, blind=batch.blind, root=frontier.root(),
        )  # fmt: skip
        kept = marks if keep_marks else leaves[:, :4].tobytes()
        statements.append(("insert into batch values (?, ?, ?, ?, ?)", number, entry, sealed.header, body, kept))
        if tiles:
            statements.append(("insert into tile values (?, ?)", entry // TILE, tiles))
        previous, entry = sealed.hash, entry + count
    edit(path, *statements)


def test_a_history_rewritten_and_sealed_anew_contradicts_its_checkpoints(original, ledger):
    entry = entry_of(ledger, "P123")

    def change(batches):
        for batch, body, marks in batches:
            if batch.first <= entry < batch.first + batch.count:
                body = changed(body, entry - batch.first, amount=500, settled=500)  # noqa: PLW2901
            yield batch, body, marks

    rewrite(ledger, change)
    sizes = [size for (size,) in ask(ledger, "select size from checkpoint order by size")]
    report = found(ledger, TRUST, against=original / "e")
    good = max(size for size in sizes if size <= entry)
    bad = min(size for size in sizes if size > entry)
    assert named(report, Code.CHECKPOINT_ROOT) == [(good, bad - 1)]
    assert "mark_differs" not in codes(report)
    assert named(report, Code.AGAINST_DIFFERS) == [(entry, entry)]
    assert report.compared == entry
    (finding,) = [one for one in report.findings if one.code == Code.AGAINST_DIFFERS]
    assert finding.facts["stands"] != finding.facts["other"]
    assert finding.facts["stands"][:16] == finding.facts["other"][:16] == b"P123".ljust(16, b"\0")


def test_a_rewritten_history_whose_marks_were_forgotten_names_the_entry(ledger):
    entry = entry_of(ledger, "P123")

    def change(batches):
        for batch, body, marks in batches:
            if batch.first <= entry < batch.first + batch.count:
                body = changed(body, entry - batch.first, amount=500, settled=500)  # noqa: PLW2901
            yield batch, body, marks

    rewrite(ledger, change, keep_marks=True)
    assert named(found(ledger), Code.MARK_DIFFERS) == [(entry, entry)]


def test_a_decision_that_the_ledger_does_not_make_is_named(ledger):
    """A refused payment is made a posted one, and everything is sealed anew."""
    entry = entry_of(ledger, "T4")

    def change(batches):
        for batch, body, marks in batches:
            if batch.first <= entry < batch.first + batch.count:
                body = changed(body, entry - batch.first, result=0, settled=2000)  # noqa: PLW2901
            yield batch, body, marks

    rewrite(ledger, change)
    report = found(ledger)
    assert named(report, Code.DECISION_DIFFERS)[0] == (entry, entry)
    assert report.differing >= 1


@pytest.mark.parametrize("which", [0, 1, 5, -2])
def test_a_deleted_batch_is_missed(original, ledger, which):
    numbers = [number for (number,) in ask(ledger, "select number from batch order by number")]
    number = numbers[which]
    (first, header) = ask(ledger, "select first, header from batch where number = ?", number)[0]
    edit(ledger, ("delete from batch where number = ?", number))
    report = found(ledger)
    assert named(report, Code.MISSING) == [(first, read_header(header).end - 1)]
    assert codes(found(ledger, against=original / "e")) == codes(report), "the others are alike"


def test_entries_put_in_and_taken_out_with_everything_sealed_anew(original, ledger):
    entry = entry_of(ledger, "P20")

    def without(batches):
        for batch, body, marks in batches:
            if batch.first <= entry < batch.first + batch.count:
                place = entry - batch.first
                body = body[: 128 * place] + body[128 * place + 128 :]  # noqa: PLW2901
            yield batch, body, marks

    rewrite(ledger, without)
    report = found(ledger, TRUST, against=original / "x.boyau")
    assert named(report, Code.AGAINST_DIFFERS) == [(entry, entry)]
    assert {"checkpoint_root", "checkpoint_beyond"} & set(codes(report))


def test_a_ledger_cut_short_is_missed_by_its_own_checkpoint_and_by_an_older_copy(original, ledger):
    numbers = [number for (number,) in ask(ledger, "select number from batch order by number")]
    edit(ledger, ("delete from batch where number > ?", numbers[-4]), ("delete from tile where number > 2",))
    report = found(ledger, against=original / "e")
    assert {"checkpoint_beyond", "against_longer"} == set(codes(report))
    assert named(report, Code.AGAINST_LONGER)[0][0] == report.entries
    edit(ledger, ("delete from checkpoint where size > ?", report.entries))
    assert codes(found(ledger)) == [], "without anything from outside nobody can tell"
    assert codes(found(ledger, against=original / "e")) == ["against_longer"]


def test_balances_edited_in_the_snapshot_are_named(ledger):
    with Book.open(str(ledger)) as book:
        book.make_snapshot()
        assert codes(found(ledger)) == []
        account = book.ledger.accounts["asphalt@KZT"]
        book.ledger.tables.acc[account, 1] += 1_000_000
        state = dump(book.ledger)
    (old,) = ask(ledger, "select data from snapshot where what = 'state'")[0]
    begin = 36 + int.from_bytes(old[32:36], "little")
    forged = old[:begin] + hashlib.sha256(state).digest() + state
    edit(ledger, ("update snapshot set data = ? where what = 'state'", forged))
    with Book.open(str(ledger), write=False) as book:
        assert book.ledger.balance("asphalt@KZT")[1] > 1_000_000, "the program believes it"
    report = found(ledger)
    assert codes(report) == ["snapshot_differs"]
    assert report.findings[0].facts["what"] == "asphalt@KZT"
    edit(ledger, ("update snapshot set data = zeroblob(500) where what = 'state'",))
    assert codes(found(ledger)) == ["snapshot_changed"]
    edit(ledger, ("update snapshot set entry = 3",))
    assert found(ledger).snapshot_checked is False


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("time_back", {"time": 1}),
        ("other_ledger", {"ledger": bytes(16)}),
        ("body_form", {"count": 7}),
        ("body_form", {"count": 0xFFFFFFFF}),
        ("replay_failed", {"expired": 4_000_000}),
        ("time_back", {"time": -(1 << 63)}),
        ("replay_failed", {"time": (1 << 63) - 1}),
        ("decision_differs", {"expired": 3}),
    ],
)
def test_headers_that_say_otherwise_though_everything_was_sealed_anew(ledger, code, fields):
    number = batch_of(ledger, entry_of(ledger, "P123"))[0]

    def change(batches):
        for batch, body, marks in batches:
            other = dataclasses.replace(batch, **fields) if batch.number == number else batch
            yield other, body, marks

    if code == "body_form":
        header = ask(ledger, "select header from batch where number = ?", number)[0][0]
        forged = resealed(header, count=(8, fields["count"].to_bytes(4, "little")))
        edit(ledger, ("update batch set header = ? where number = ?", forged, number))
    else:
        rewrite(ledger, change)
    assert code in codes(found(ledger))


def test_a_record_that_the_ledger_refuses(ledger):
    def change(batches):
        for batch, body, marks in batches:
            if batch.number == 1:
                body = body.replace(b"gambling", b"gamb ing")  # noqa: PLW2901
            yield batch, body, marks

    rewrite(ledger, change)
    report = found(ledger)
    assert codes(report)[0] == "record_refused"
    assert report.stopped == report.findings[0].first > 0


def test_batches_that_changed_places_and_columns_that_lie(ledger):
    edit(ledger, ("update batch set first = first + 1 where number = 4",))
    assert codes(found(ledger)) == ["column_differs"]
    edit(
        ledger,
        ("update batch set number = 99 where number = 4",),
        ("update batch set number = 4 where number = 5",),
        ("update batch set number = 5 where number = 99",),
    )
    assert "out_of_place" in codes(found(ledger))
    edit(ledger, ("update batch set number = -3 where number = 0",))
    assert {"out_of_place", "missing"} <= set(codes(found(ledger)))


def test_no_row_that_was_sealed_breaks_the_kernel(ledger):
    """Whatever stands in a body, a report comes out: the rows are decided again by compiled code."""
    rng, data = random.Random(13), ledger.read_bytes()
    number = batch_of(ledger, entry_of(ledger, "P123"))[0]
    for _ in range(25):

        def change(batches):
            for batch, body, marks in batches:
                if batch.number == number:
                    body = bytearray(body)  # noqa: PLW2901
                    for _ in range(rng.choice((3, 300))):
                        place = rng.randrange(len(body))
                        body[place : place + 4] = rng.choice((rng.randbytes(4), b"\xff" * 4, bytes(4)))
                    body = bytes(body[: len(body) // 128 * 128])  # noqa: PLW2901
                yield batch, body, marks

        rewrite(ledger, change)
        assert found(ledger).count
        ledger.write_bytes(data)


def test_debits_and_credits_that_differ_are_told(ledger, monkeypatch):
    """The ledger checks each batch itself; the sums over all accounts are made once more in the end."""
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "_check", lambda *_: (_ for _ in ()).throw(ConservationError("an account is overdrawn")))
        report = found(ledger)
        assert codes(report) == ["unbalanced"]
        assert report.stopped == report.findings[0].first
    apply = Ledger.apply

    def generous(self, rows, at):
        decided = apply(self, rows, at)
        self.tables.acc[self.accounts["asphalt@KZT"], 1] += 1
        return decided

    monkeypatch.setattr(Ledger, "apply", generous)
    monkeypatch.setattr(Ledger, "_check", lambda *_: None)
    assert "unbalanced" in codes(found(ledger))


# ---- signatures and witnesses ---------------------------------------------------------------------------------------


def test_keys_that_are_trusted(ledger):
    for key in (KEY, SECOND_KEY):
        assert codes(found(ledger, Trust((key,)))) == []
    assert codes(found(ledger, Trust((STRANGE_KEY,)))) == ["key_untrusted"]
    report = found(ledger)
    assert (codes(report), report.first_key) == ([], str(KEY))


def test_a_checkpoint_signed_by_a_key_that_does_not_rule_there(ledger):
    size = ask(ledger, "select max(size) from checkpoint")[0][0]
    with Book.open(str(ledger)) as book:
        Log(book.store).keep(Log(book.store).note())
        edit(ledger, ("delete from checkpoint where size = ?", size))
        Log(book.store).checkpoint(ledgers.FIRST, "log")
    report = found(ledger, Trust((KEY,)))
    assert "checkpoint_unsigned" in codes(report)


def test_a_quorum_of_witnesses_on_the_newest_checkpoint(ledger):
    strange = Verifier("w/3", ledgers.FIRST.public_key, COSIGNATURE)
    assert codes(found(ledger, Trust((KEY,), (*WITNESSES, strange)))) == []
    report = found(ledger, Trust((KEY,), (*WITNESSES, strange), 3))
    assert codes(report) == ["quorum"]
    assert report.newest.cosigned == 2
    (note,) = ask(ledger, "select note from checkpoint order by size desc limit 1")[0]
    lines = note.split("\n")
    edit(
        ledger,
        (
            "update checkpoint set note = ? where note = ?",
            "\n".join([*lines[:-2], lines[-2][:-8] + "AAAAAA==", ""]),
            note,
        ),
    )
    assert "cosignature_wrong" in codes(found(ledger, TRUST))


def test_a_clock_that_was_ahead_of_the_witnesses(tmp_path):
    ledgers.make(tmp_path / "x.boyau", payments=10, cosigned_after=-400)
    assert codes(found(tmp_path / "x.boyau", TRUST)) == ["time_ahead"] * 3
    assert codes(found(tmp_path / "x.boyau")) == []


def test_entries_that_were_back_dated(tmp_path):
    """A day lies between two checkpoints; entered two days later, an entry claims the day before."""
    ledgers.make(tmp_path / "x.boyau", payments=10, cosigned_after=3 * 86_400)
    report = found(tmp_path / "x.boyau", TRUST)
    assert set(codes(report)) == {"back_dated"}
    first = ask(tmp_path / "x.boyau", "select size from checkpoint order by size")[0][0]
    assert named(report, Code.BACK_DATED)[0] == (first, first)


def test_a_witness_whose_times_run_backwards(ledger):
    with Book.open(str(ledger)) as book:
        book.record([{"type": "note", "text": "later"}])
        ledgers.sign(book, ledgers.SECOND, ledgers.START // 1_000_000)
    assert "witness_order" in codes(found(ledger, TRUST))


# ---- an older copy --------------------------------------------------------------------------------------------------


def test_an_older_copy_that_ends_earlier_is_no_finding(original, ledger):
    with Book.open(str(ledger)) as book:
        book.record([{"type": "note", "text": "later"}])
    report = found(ledger, against=original / "e")
    assert (codes(report), report.compared) == ([], report.entries - 1)


def test_a_copy_of_another_ledger_or_a_damaged_one(original, ledger, exported, tmp_path):
    ledgers.make(tmp_path / "y.boyau", payments=10)
    assert codes(found(ledger, against=tmp_path / "y.boyau")) == ["against_other"]
    path = sorted(exported.rglob("*.batches"))[1]
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    assert codes(found(ledger, against=exported)) == ["against_damaged"]


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def boyau(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.delenv("BOYAU_LEDGER", raising=False)

    def call(*arguments, code=0):
        got = run([str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert got == code, f"exit code {got}: {out}{err}"
        assert "Traceback" not in err
        return out if code < 2 else err

    return call


def test_the_command_says_what_it_took_on_trust(boyau, ledger, exported):
    said = boyau("verify", ledger)
    assert "Nothing was found." in said
    assert f"taken on trust. Compare it with the one that was published, or give that with --key: {KEY}" in said
    assert "taken on trust" not in boyau("verify", "--ledger", ledger, "--key", KEY)
    facts = json.loads(boyau("verify", exported, "--key", KEY, "--witness", WITNESSES[0], "--quorum", 1, "--json"))
    assert (facts["count"], facts["findings"], facts["kind"]) == (0, [], "export")
    assert facts["newest"]["cosigned"] == 1


@pytest.mark.parametrize(("code", "words"), [("en", "was changed"), ("ru", "изменен"), ("kk", "өзгертіл")])
def test_findings_are_told_in_three_languages(boyau, ledger, original, code, words):
    entry = entry_of(ledger, "P123")
    number, first, _, body = batch_of(ledger, entry)
    edit(ledger, ("update batch set body = ? where number = ?", changed(body, entry - first, amount=5), number))
    said = boyau("verify", ledger, "--against", original / "e", "--language", code, code=1)
    assert words in said
    assert said.count("→") == 2
    assert '"id": "P123"' in said
    assert '"amount": "0.05"' in said or '"amount": "1.00"' in said
    plain = json.loads(boyau("verify", ledger, "--language", code, "--json", code=1))
    assert [(one["code"], one["first"]) for one in plain["findings"]] == [("entry_changed", entry)]
    assert words in plain["findings"][0]["text"]


def one_sentence(said):
    assert said.startswith("boyau: ")
    assert said.count("\n") == 1, said
    return said


def test_what_cannot_be_verified_is_told_in_one_sentence(boyau, ledger, exported, tmp_path):
    assert "is no export: there is no manifest.json" in one_sentence(boyau("verify", tmp_path, code=2))
    manifest = exported / "manifest.json"
    data = manifest.read_bytes()
    manifest.write_bytes(data[: len(data) // 2])
    assert "is not whole" in one_sentence(boyau("verify", exported, code=2))
    for other in (b"[]", b"{}", b'{"archive": 1, "format": 2}', b"[" * 100_000, b"\xff", b""):
        manifest.write_bytes(other)
        assert "is not whole" in one_sentence(boyau("verify", exported, code=2))
    pdf = tmp_path / "law.pdf"
    pdf.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    assert "neither a ledger nor an export nor a receipt" in one_sentence(boyau("verify", pdf, code=2))
    assert "cannot be read" in one_sentence(boyau("verify", tmp_path / "none", code=2))
    with closing(sqlite3.connect(tmp_path / "other.db")) as db, db:
        db.execute("create table t (x)")
    assert "no ledger" in one_sentence(boyau("verify", tmp_path / "other.db", code=2))
    (tmp_path / "cut.boyau").write_bytes(ledger.read_bytes()[:3000])
    assert "cannot be read as a ledger" in one_sentence(boyau("verify", tmp_path / "cut.boyau", code=2))
    assert "--key" in one_sentence(boyau("verify", ledger, "--key", "x+y+z", code=2))
    assert "--witness" in one_sentence(boyau("verify", ledger, "--witness", KEY, code=2))
    assert "2 witnesses are asked for" in one_sentence(boyau("verify", ledger, "--quorum", 2, code=2))


def test_segments_that_are_missing_or_swapped_are_one_finding(exported):
    paths = sorted(exported.rglob("*.batches"))
    assert len(paths) > 2
    data = [path.read_bytes() for path in paths]
    paths[1].unlink()
    report = found(exported)
    assert codes(report) == ["segment_missing"]
    assert named(report, Code.SEGMENT_MISSING)[0][0] > 0
    paths[1].write_bytes(data[0])
    assert codes(found(exported)) == ["segment_swapped"]
    paths[0].write_bytes(data[1])
    assert codes(found(exported)) == ["segment_swapped"] * 2


def test_receipts_verify_offline_and_mutated_ones_do_not(boyau, ledger, tmp_path):
    with Book.open(str(ledger), write=False) as book:
        made = {n: Log(book.store).receipt(n).to_json() for n in (2, entry_of(ledger, "P123"))}
    path, rng = tmp_path / "r.json", random.Random(12)
    for entry, text in made.items():
        path.write_text(text)
        said = boyau("verify", path, "--key", KEY, "--witness", WITNESSES[1])
        assert f"The receipt holds: entry {entry} of 2026-11-24" in said
        facts = json.loads(boyau("verify", path, "--key", KEY, "--json"))
        assert (facts["entry"], facts["findings"], facts["signed"]) == (entry, [], [str(KEY)])
        assert "must know from elsewhere" in one_sentence(boyau("verify", path, code=2))
        assert "does not hold" in boyau("verify", path, "--key", STRANGE_KEY, code=1)
        data = path.read_bytes()
        for _ in range(150):
            offset = rng.randrange(len(data))
            other = data[:offset] + bytes([data[offset] ^ (1 << rng.randrange(7))]) + data[offset + 1 :]
            path.write_bytes(other)
            witnesses = [word for one in WITNESSES for word in ("--witness", str(one))]
            got = run(["verify", str(path), "--key", str(KEY), *witnesses, "--quorum", "2"])
            try:
                same = Receipt.from_json(other) == Receipt.from_json(data)
            except ProofError:
                same = False
            assert got in ((0,) if same else (1, 2)), other[max(0, offset - 30) : offset + 30]
    assert "is no receipt" in boyau("verify", path.write_bytes(b"{]") and path, code=2)


def test_export_backup_and_restore_say_what_they_cover(boyau, ledger, tmp_path):
    said = boyau("backup", ledger, tmp_path / "b")
    entries = found(ledger).entries
    assert f"Covers entries 0 to {entries - 1}, up to journal time 2026-11-26T" in said
    assert "This is the first backup" in said
    with Book.open(str(ledger)) as book:
        book.record([{"type": "note", "text": "later"}])
    assert "1 entries came; without this one they could have been lost" in boyau("backup", ledger, tmp_path / "b")
    assert "new 0" in boyau("export", ledger, tmp_path / "b")
    assert json.loads(boyau("export", ledger, tmp_path / "b", "--json"))["new_entries"] == 0
    said = boyau("restore", tmp_path / "b", tmp_path / "y.boyau")
    assert f"is ready: entries 0 to {entries}" in said
    assert re.search(r"in \d+\.\d s", said)
    said = boyau("restore", tmp_path / "b", tmp_path / "z.boyau", "--until", "2026-11-24")
    assert "Lost after it: " in said
    assert "Witnesses who saw them will refuse" in said
    cut = json.loads(boyau("restore", tmp_path / "b", tmp_path / "w.boyau", "--until-entry", 9, "--json"))
    assert cut["entries"] <= 10
    assert cut["lost_entries"] == entries + 1 - cut["entries"]
    for more, code in ((["--until", "yesterday"], 2), (["--until-entry", 1, "--until", "2026-11-24"], 2), ([], 4)):
        one_sentence(boyau("restore", tmp_path / "b", tmp_path / "z.boyau", *more, code=code))
    one_sentence(boyau("restore", tmp_path, tmp_path / "v.boyau", code=3))
    one_sentence(boyau("export", tmp_path / "none", tmp_path / "b", code=4))
    one_sentence(boyau("export", ledger, tmp_path, code=4))


def test_every_code_has_words_and_stands_in_the_documentation():
    text = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    assert set(TEXTS) == {str(code) for code in Code}
    assert {remedy for _, remedy in TEXTS.values()} == set(HELP)
    for code in Code:
        assert re.search(rf"^\| `{code}` \|", text, re.MULTILINE), code


def test_a_file_is_left_as_it_was(ledger):
    before = ledger.read_bytes()
    source = open_source(str(ledger))
    Verification(source).report()
    source.close()
    assert ledger.read_bytes() == before
    assert [one.name for one in ledger.parent.iterdir()] == [ledger.name]
    ledger.chmod(0o444)
    assert found(ledger).count == 0
