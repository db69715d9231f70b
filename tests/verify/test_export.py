"""Exports and backups: read by others, made while the ledger is written, interrupted anywhere, restored anywhere."""

import ast
import json
import os
import shutil
import threading
import uuid
from pathlib import Path

import pytest

from boyau.journal import Book, archive
from boyau.journal.archive import ArchiveError, export
from boyau.journal.log import Log
from boyau.journal.operations import Operations
from boyau.journal.restore import restore
from boyau.ledger.codes import day_of
from boyau.stores import StoreDamaged, StoreError, open_store
from boyau.verify import Trust
from tests.verify import ledgers, second_reader
from tests.verify.ledgers import KEY, WITNESSES, codes, found


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("original") / "x.boyau"
    ledgers.make(path)
    return path


@pytest.fixture
def ledger(original, tmp_path):
    return Path(shutil.copy(original, tmp_path / "x.boyau"))


def exported(path, directory, **more):
    store = open_store(str(path), write=False)
    try:
        return export(store, directory, **more)
    finally:
        store.close()


def contents(directory):
    return {str(one.relative_to(directory)): one.read_bytes() for one in sorted(directory.rglob("*")) if one.is_file()}


def pay(book, name, count=1):
    lines = [
        {"op": "pay", "id": f"{name}-{k}", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "1.00",
         "date": "2026-11-26"}
        for k in range(count)
    ]  # fmt: skip
    decided = book.post(Operations(book.ledger).rows(lines, day_of(book.ledger.time)))
    assert not decided["result"].any()


# ---- export ---------------------------------------------------------------------------------------------------------


def test_an_export_verifies_and_says_the_same_as_the_ledger(ledger, tmp_path):
    made = exported(ledger, tmp_path / "e")
    trust = Trust((KEY,), WITNESSES)
    one, other = found(ledger, trust, against=tmp_path / "e"), found(tmp_path / "e", trust, against=ledger)
    assert codes(one) == codes(other) == []
    with Book.open(str(ledger), write=False) as book:
        state = book.ledger.state_hash().hex()
        assert (book.entries, book.next_number, book.tip.hex()) == (one.entries, one.batches, one.tip)
    for report in (one, other):
        assert (report.state_hash, report.title, report.checkpoints) == (state, "Қазына", 3)
        assert (report.newest.size, report.newest.cosigned) == (ledgers_sizes(ledger)[-1], 2)
        assert report.compared == report.entries == made.manifest.entries
        assert (report.stopped, report.differing) == (None, 0)


def ledgers_sizes(path):
    return [size for (size,) in ledgers.ask(path, "select size from checkpoint order by size")]


def test_the_second_reader_finds_the_same_root(ledger, tmp_path):
    exported(ledger, tmp_path / "e")
    _, entries, root, tip = second_reader.read(tmp_path / "e")
    report = found(ledger)
    assert (len(entries), root.hex(), tip.hex()) == (report.entries, report.root, report.tip)
    tree = ast.parse(Path(second_reader.__file__).read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"hashlib", "json", "struct", "pathlib"}


def test_the_next_export_adds_and_never_rewrites(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SEGMENT_BYTES", 20_000)
    first = exported(ledger, tmp_path / "e")
    assert first.before is None
    assert len(first.manifest.segments) > 3
    before = contents(tmp_path / "e")
    stamps = {name: (tmp_path / "e" / name).stat().st_mtime_ns for name in before}
    again = exported(ledger, tmp_path / "e")
    assert (again.new_entries, contents(tmp_path / "e")) == (0, before)
    assert {name: (tmp_path / "e" / name).stat().st_mtime_ns for name in before} == stamps
    with Book.open(str(ledger)) as book:
        pay(book, "N", 300)
        Log(book.store).checkpoint(ledgers.SECOND, "log")
    more = exported(ledger, tmp_path / "e")
    assert (more.new_entries, more.before) == (300, first.manifest)
    after = contents(tmp_path / "e")
    changed = {name for name, data in before.items() if after[name] != data}
    assert changed == {"manifest.json"}
    assert len(after) == len(before) + 2
    second_reader.read(tmp_path / "e")
    assert codes(found(tmp_path / "e", against=ledger)) == []


def test_a_checkpoint_with_more_cosignatures_is_written_again(ledger, tmp_path):
    exported(ledger, tmp_path / "e")
    size = ledgers_sizes(ledger)[0]
    ((note,),) = ledgers.ask(ledger, "select note from checkpoint where size = ?", size)
    fewer = "\n".join(note.split("\n")[:-2]) + "\n"
    ledgers.edit(ledger, ("update checkpoint set note = ? where size = ?", fewer, size))
    exported(ledger, tmp_path / "e")
    assert (tmp_path / "e" / "checkpoints" / f"{size:020d}.txt").read_text() == fewer
    assert codes(found(tmp_path / "e")) == []


def test_an_export_is_consistent_while_another_thread_posts(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SEGMENT_BYTES", 10_000)
    stop, posted = threading.Event(), []

    def write():
        with Book.open(str(ledger)) as book:
            while not stop.is_set():
                pay(book, f"W{len(posted)}")
                posted.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sizes = []
        for _ in range(8):
            before = len(posted)
            made = exported(ledger, tmp_path / "e")
            sizes.append(made.manifest.entries)
            assert codes(found(tmp_path / "e")) == []
            assert codes(found(ledger, against=tmp_path / "e")) == []
            while len(posted) == before:
                stop.wait(0.01)
    finally:
        stop.set()
        writer.join()
    assert sizes == sorted(set(sizes)), "the writer went on all the time"
    exported(ledger, tmp_path / "e")
    assert second_reader.read(tmp_path / "e")[0]["entries"] == found(ledger).entries


class Killed(BaseException):
    """The process dies here."""


def steps(monkeypatch):
    """Count file operations of an export, and die at the one whose number is set."""
    state = {"left": None, "seen": 0}

    def counted(function):
        def call(*arguments, **more):
            state["seen"] += 1
            if state["left"] is not None:
                state["left"] -= 1
                if state["left"] < 0:
                    raise Killed
            return function(*arguments, **more)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "open"), (Path, "mkdir"), (Path, "unlink")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return state


def test_an_export_interrupted_at_any_file_operation_is_completed_by_the_next(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SEGMENT_BYTES", 60_000)
    state = steps(monkeypatch)
    exported(ledger, tmp_path / "whole")
    total = state["seen"]
    whole = contents(tmp_path / "whole")
    assert total > 20
    for at in range(total):
        directory = tmp_path / f"k{at}"
        state["left"] = at
        with pytest.raises(Killed):
            exported(ledger, directory)
        state["left"] = None
        if (directory / "manifest.json").exists():  # it describes a whole export already, perhaps of less
            assert set(codes(found(directory))) == set()
        exported(ledger, directory)
        assert contents(directory) == whole, at
        shutil.rmtree(directory)


def test_a_damaged_batch_is_not_exported_and_what_stands_before_it_is(ledger, tmp_path):
    ((last,),) = ledgers.ask(ledger, "select max(number) from batch")
    ledgers.edit(ledger, ("update batch set body = zeroblob(length(body)) where number = ?", last - 1))
    with pytest.raises(StoreDamaged, match=f"batch {last - 1} was changed"):
        exported(ledger, tmp_path / "e")
    manifest = second_reader.read(tmp_path / "e")[0]
    assert manifest["batches"] == last - 1
    assert codes(found(tmp_path / "e")) == []


def test_an_export_goes_into_no_folder_that_is_something_else(ledger, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("x")
    with pytest.raises(ArchiveError, match=r"holds other things \(letter\.txt\)"):
        exported(ledger, tmp_path / "other")
    with pytest.raises(ArchiveError, match="is a file"):
        exported(ledger, ledger)
    with pytest.raises(ArchiveError, match="make it first"):
        exported(ledger, tmp_path / "a" / "b")
    exported(ledger, tmp_path / "e")
    ledgers.make(tmp_path / "y.boyau", payments=10)
    with pytest.raises(ArchiveError, match="of another ledger"):
        exported(tmp_path / "y.boyau", tmp_path / "e")
    (segment,) = (tmp_path / "e" / "segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="has another length"):
        exported(ledger, tmp_path / "e")


def test_a_ledger_put_back_to_an_older_state_does_not_overwrite_its_export(ledger, tmp_path):
    older = Path(shutil.copy(ledger, tmp_path / "older.boyau"))
    with Book.open(str(ledger)) as book:
        pay(book, "N")
        pay(book, "M")
    exported(ledger, tmp_path / "e")
    before = contents(tmp_path / "e")
    with pytest.raises(ArchiveError, match="put back to an older state"):
        exported(older, tmp_path / "e")
    with Book.open(str(older)) as book:
        pay(book, "X")
        pay(book, "Y")
        pay(book, "Z")
    with pytest.raises(ArchiveError, match="another history"):
        exported(older, tmp_path / "e")
    assert contents(tmp_path / "e") == before
    report = found(older, against=tmp_path / "e")
    assert codes(report)[-1] == "against_differs"
    assert report.findings[-1].first == report.entries - 3
    assert b"X-0" in report.findings[-1].facts["stands"]
    assert b"N-0" in report.findings[-1].facts["other"]


# ---- restoring ------------------------------------------------------------------------------------------------------


def test_a_restored_ledger_is_the_ledger_and_works_on(ledger, tmp_path):
    exported(ledger, tmp_path / "e")
    made = restore(tmp_path / "e", tmp_path / "y.boyau")
    for query in (
        "select number, first, header, body, marks from batch order by number",
        "select * from tile order by number",
        "select * from checkpoint order by size",
    ):
        assert ledgers.ask(tmp_path / "y.boyau", query) == ledgers.ask(ledger, query)
    assert made.state_hash.hex() == found(ledger).state_hash
    assert sorted(one.name for one in tmp_path.iterdir()) == ["e", "x.boyau", "y.boyau"]
    with Book.open(str(tmp_path / "y.boyau")) as book:
        assert book.ledger.state_hash() == made.state_hash
        pay(book, "N", 3)
        Log(book.store).checkpoint(ledgers.SECOND, "log")
    assert codes(found(tmp_path / "y.boyau", Trust((KEY,)), against=tmp_path / "e")) == []
    assert exported(tmp_path / "y.boyau", tmp_path / "e").new_entries == 3


def test_a_restored_ledger_has_a_snapshot_that_is_believed(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("boyau.journal.restore.SNAPSHOT_ENTRIES_AT_CLOSE", 100)
    exported(ledger, tmp_path / "e")
    made = restore(tmp_path / "e", tmp_path / "y.boyau")
    with Book.open(str(tmp_path / "y.boyau"), write=False) as book:
        assert book.snapshot_entry == made.entries
        assert book.ledger.state_hash() == made.state_hash
    report = found(tmp_path / "y.boyau")
    assert (codes(report), report.snapshot_checked) == ([], True)


def test_restoring_to_any_point_gives_the_ledger_of_that_time(ledger, tmp_path):
    exported(ledger, tmp_path / "e")
    with Book.open(str(ledger), write=False) as book:
        batches = list(book.store.batches())
        sizes = ledgers_sizes(ledger)
    with Book.create("memory:", ledger_id=uuid.UUID(bytes=batches[0].ledger)) as replayed:
        pass
    replayed.store._batches.clear()
    for batch in batches:
        replayed.store.append([batch])
        end = batch.first + batch.count
        if batch.number % 3 == 0 or end in sizes:
            replayed._load()
            for n, point in enumerate(({"until_entry": end - 1}, {"until": batch.time})):
                target = tmp_path / f"r{batch.number}-{n}.boyau"
                made = restore(tmp_path / "e", target, **point)
                assert (made.entries, made.time) == (end, batch.time)
                assert made.state_hash == replayed.ledger.state_hash()
                assert codes(found(target)) == []
                assert ledgers_sizes(target) == [size for size in sizes if size <= end]
            inside = restore(tmp_path / "e", tmp_path / f"i{batch.number}.boyau", until_entry=end)
            nxt = batches[batch.number + 1] if batch.number + 1 < len(batches) else None
            assert inside.entries == (end + 1 if nxt is not None and nxt.count == 1 else end)


def test_what_cannot_be_restored_is_never_half_made(ledger, tmp_path, monkeypatch):
    exported(ledger, tmp_path / "e")
    target = tmp_path / "y.boyau"
    with pytest.raises(StoreError, match="never overwritten"):
        restore(tmp_path / "e", ledger)
    with pytest.raises(ArchiveError, match="no export"):
        restore(tmp_path, target)
    with pytest.raises(ArchiveError, match="nothing lies before"):
        restore(tmp_path / "e", target, until=0)
    (segment,) = (tmp_path / "e" / "segments").iterdir()
    data = segment.read_bytes()
    place = data.index(b"P150\0")
    segment.write_bytes(data[:place] + b"Q" + data[place + 1 :])
    report = found(tmp_path / "e")
    entry = report.findings[0].first
    with pytest.raises(ArchiveError, match=rf"damaged at entry {entry} .*--until-entry {entry - 1}"):
        restore(tmp_path / "e", target)
    assert restore(tmp_path / "e", tmp_path / "z.boyau", until_entry=entry - 1).entries <= entry
    assert codes(found(tmp_path / "z.boyau")) == []
    segment.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArchiveError, match="damaged at entry"):
        restore(tmp_path / "e", target)
    segment.write_bytes(data)
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        restore(tmp_path / "e", target)
    monkeypatch.undo()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["e", "x.boyau", "z.boyau"]
    assert restore(tmp_path / "e", target).left_out == []


def test_a_checkpoint_that_is_damaged_is_left_out_and_said(ledger, tmp_path):
    exported(ledger, tmp_path / "e")
    note = min((tmp_path / "e" / "checkpoints").iterdir())
    note.write_text("nothing")
    made = restore(tmp_path / "e", tmp_path / "y.boyau")
    assert {one.where for one in made.left_out} == {f"checkpoints/{note.name}"}
    assert ledgers_sizes(tmp_path / "y.boyau") == ledgers_sizes(ledger)[1:]


def test_a_history_that_was_sealed_anew_is_not_restored(ledger, tmp_path):
    """It is consistent in itself, and is not the one that the log has signed."""
    exported(ledger, tmp_path / "e")
    identity = uuid.UUID(json.loads((tmp_path / "e" / "manifest.json").read_bytes())["ledger"])
    ledgers.make(tmp_path / "y.boyau", payments=580, ledger_id=identity)
    signed = ledgers.ask(ledger, "select size, note from checkpoint order by size")
    ledgers.edit(tmp_path / "y.boyau", ("delete from checkpoint",))
    ledgers.edit(tmp_path / "y.boyau", *(("insert into checkpoint values (?, ?)", *one) for one in signed[:2]))
    exported(tmp_path / "y.boyau", tmp_path / "f")
    assert "checkpoint_root" in codes(found(tmp_path / "f"))
    with pytest.raises(ArchiveError, match="damaged at entry 0: checkpoint_root"):
        restore(tmp_path / "f", tmp_path / "z.boyau")
