"""The insider table of docs/threat-model.md: one attack a test, carried out on a real ledger with full rights."""

import hashlib

import pytest

from boyau.codec import Batch, pack_records
from boyau.codec import canonical as encoded
from boyau.journal import Book, JournalBroken
from boyau.journal.log import Log, SplitLog, key_record
from boyau.ledger import snapshot
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs.leaves import batch_leaves, leaf_hashes
from boyau.proofs.tree import Frontier
from boyau.proofs.witness_http import WitnessConflict, WitnessRefused
from boyau.stores import StoreDamaged, open_store
from tests.insider.scene import DAY, Scene, Signer, codes, named


@pytest.fixture
def scene(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    scene = Scene(tmp_path, capsys)
    scene.first = scene.work(300, "A")
    assert all(isinstance(one, int) for one in scene.checkpoint())
    scene.middle = scene.work(300, "B")
    assert all(isinstance(one, int) for one in scene.checkpoint())
    assert scene.verify() == (0, []), "nothing is found where nothing was done"
    yield scene
    scene.close()


def test_an_entry_is_edited(scene):
    """One amount, in the file; then the same with the batch sealed anew as one who knows the format would."""
    entry = scene.middle + 7
    batch = scene.batch(entry)
    at = (entry - batch.first) * ROW_BYTES + 32
    body = batch.body[:at] + bytes([batch.body[at] ^ 4]) + batch.body[at + 1 :]
    scene.sql("update batch set body = ? where number = ?", body, batch.number)
    code, findings = scene.verify()
    assert code == 1
    assert named(findings, entry)
    with pytest.raises((StoreDamaged, JournalBroken)):
        Book.open(scene.path)
    frontier = Frontier()
    with_it = [Batch.read(*row) for row in scene.sql(
        "select header, body from batch where number < ? order by number", batch.number)]  # fmt: skip
    for one in with_it:
        frontier.append(batch_leaves(one))
    frontier.append(leaf_hashes(batch.kind, body, batch.count, batch.blind, batch.time))
    facts = {"number": batch.number, "first": batch.first, "count": batch.count, "expired": batch.expired}
    forged = Batch.seal(batch.kind, body, **facts, time=batch.time, previous=batch.previous, ledger=batch.ledger,
                        blind=batch.blind, root=frontier.root())  # fmt: skip
    marks = leaf_hashes(batch.kind, body, batch.count, batch.blind, batch.time)[:, :4].tobytes()
    scene.sql("update batch set header = ?, marks = ? where number = ?", forged.header, marks, batch.number)
    code, findings = scene.verify()
    assert code == 1
    assert "checkpoint_root" in {one["code"] for one in findings}
    assert named(findings, entry), "what was decided does not follow from what was asked"


def test_an_entry_is_deleted(scene):
    """A whole batch, and a single row out of the middle of one."""
    export = scene.export("auditor")
    batch = scene.batch(scene.middle)
    scene.sql("delete from batch where number = ?", batch.number)
    code, findings = scene.verify()
    assert code == 1
    assert any(one["first"] == batch.first for one in findings)
    path = scene.folder / "restored.boyau"
    from boyau.cli.app import run

    assert run(["restore", export, str(path)]) == 0
    scene.capsys.readouterr()
    scene.put(str(path))
    entry = scene.middle + 5
    at = (entry - batch.first) * ROW_BYTES
    scene.sql(
        "update batch set body = ? where number = ?", batch.body[:at] + batch.body[at + ROW_BYTES :], batch.number
    )
    code, findings = scene.verify(against=export)
    assert code == 1
    assert any(one["first"] is not None and one["first"] <= entry <= one["last"] for one in findings)


def test_an_entry_is_inserted(scene):
    """A payment that nobody asked for, put among those of a batch long sealed."""
    batch = scene.batch(scene.first)
    row = bytearray(batch.body[:ROW_BYTES])
    row[:16] = b"never asked for\0"
    body = batch.body[: 3 * ROW_BYTES] + bytes(row) + batch.body[3 * ROW_BYTES :]
    scene.sql("update batch set body = ? where number = ?", body, batch.number)
    code, findings = scene.verify()
    assert code == 1
    assert any(one["first"] is not None and one["first"] <= batch.first + 3 <= one["last"] for one in findings)


def test_everything_is_rewritten_and_signed_again(scene):
    """A consistent new history with one payment made larger, under the operator's own key."""
    export = scene.export("auditor")
    entry = scene.first + 40

    def larger(content):
        if not isinstance(content, dict) and len(content) == 300 and bytes(content["id"][40])[:3] == b"A40":
            content["amount"][40] += 100_000
        return content

    forged = scene.rewritten("forged.boyau", larger)
    scene.put(forged)
    said = scene.checkpoint()
    assert all(isinstance(one, WitnessRefused) for one in said), said
    code, findings = scene.verify(witnesses=False)
    assert code == 0, f"a history that agrees with itself convinces whoever looks at it alone: {findings}"
    code, findings = scene.verify()
    assert code == 1
    assert "quorum" in {one["code"] for one in findings}
    code, findings = scene.verify(against=export)
    assert code == 1
    assert ("against_differs", entry, entry) in codes(findings), "and whoever kept a copy is told which entry it is"
    assert all(state.disputes() for _, _, state in scene.servers), "the witnesses keep what the operator has signed"


def test_the_end_is_cut_off(scene):
    """The newest entries vanish, with and without their checkpoint."""
    export = scene.export("auditor")
    batch = scene.batch(scene.middle)
    scene.sql("delete from batch where number >= ?", batch.number)
    scene.sql("delete from tile where number >= ?", batch.first // 256 + 1)
    code, findings = scene.verify()
    assert code == 1
    assert "checkpoint_beyond" in {one["code"] for one in findings}
    with pytest.raises(SplitLog, match="some are gone"):
        Log(open_store(scene.path, write=False)).checkpoint(scene.operator, scene.origin)
    scene.sql("delete from checkpoint where size > ?", batch.first)
    scene.sql("delete from tile")
    rebuilt = scene.rewritten("cut.boyau", lambda content: content)
    scene.put(rebuilt)
    assert all(isinstance(one, WitnessConflict) for one in scene.checkpoint())
    code, findings = scene.verify(against=export)
    assert code == 1
    assert any(one["code"] == "against_longer" and one["first"] == batch.first for one in findings)


def test_an_old_backup_is_put_back_and_goes_on(scene):
    old = scene.copy("backup.boyau")
    lost = scene.work(50, "C")
    assert all(isinstance(one, int) for one in scene.checkpoint())
    export = scene.export("auditor")
    scene.put(old)
    scene.work(80, "D")
    assert all(isinstance(one, WitnessRefused) for one in scene.checkpoint())
    code, findings = scene.verify(against=export)
    assert code == 1
    assert any(one["first"] == lost for one in findings if one["code"].startswith("against"))


def test_two_histories_are_shown_to_two_audiences(scene):
    """One to the witnesses, another to the public. The public asks for a quorum of the same witnesses."""
    public = scene.copy("public.boyau")
    scene.work(20, "C")
    assert all(isinstance(one, int) for one in scene.checkpoint())
    differs = scene.work(20, "D", path=public)
    assert all(isinstance(one, WitnessRefused) for one in scene.checkpoint(path=public))
    assert scene.verify()[0] == 0
    code, findings = scene.verify(path=public)
    assert code == 1
    assert "quorum" in {one["code"] for one in findings}
    code, findings = scene.verify(path=public, against=scene.path)
    assert any(one["first"] == one["last"] == differs for one in findings)


def test_entries_are_dated_back(scene):
    """The clock is set back: journal time still rises, but it lies before what the witnesses have seen the end of.

    A checkpoint is cosigned every day, also where nothing was entered: it says that until then nothing was.
    """
    for _ in range(3):
        scene.clock.true += DAY
        assert all(isinstance(one, int) for one in scene.checkpoint())
    scene.clock.shift = -2 * DAY
    dated = scene.work(5, "C")
    scene.clock.shift = 0
    scene.checkpoint()
    code, findings = scene.verify()
    assert code == 1
    assert any(one["code"] == "back_dated" and one["first"] == dated for one in findings), codes(findings)


def test_only_the_balances_are_edited(scene):
    """The journal is left alone; the snapshot, from which the program would go on, says that somebody is richer."""
    with Book.open(scene.path, clock=scene.clock) as book:
        book.make_snapshot()
        entries = book.entries
    ((state,),) = scene.sql("select data from snapshot where what = 'state'")
    head = 36 + int.from_bytes(state[32:36], "little")
    inner = bytearray(state[head + 32 :])
    with Book.open(scene.path, write=False) as book:
        account = book.ledger.registry.accounts["asphalt@KZT"]
        row = book.ledger.tables.acc[account].tobytes()
    at = bytes(inner).index(row)
    inner[at + 8 : at + 16] = (int.from_bytes(row[8:16], "little") + 5_000_000).to_bytes(8, "little")
    forged = state[:head] + hashlib.sha256(inner).digest() + bytes(inner)
    scene.sql("update snapshot set data = ? where what = 'state'", forged)
    with Book.open(scene.path, write=False) as book:
        assert book.ledger.balance("asphalt@KZT")[1] > 5_000_000, "the program believes it"
        assert snapshot.dump(book.ledger)
    code, findings = scene.verify()
    assert code == 1
    assert any(one["code"] == "snapshot_differs" for one in findings), codes(findings)
    assert entries


def test_rules_are_swapped(scene):
    """The record of a colour's rules is replaced in the sealed past: other payments seem to have been lawful."""
    number = next(
        batch.number
        for batch in (Batch.read(*row) for row in scene.sql("select header, body from batch order by number"))
        if batch.kind == 2 and any(one.get("type") == "colour" for one in batch.records())
    )
    ((header, body),) = scene.sql("select header, body from batch where number = ?", number)
    batch = Batch.read(header, body)
    records = batch.records()
    place = next(k for k, one in enumerate(records) if one.get("type") == "colour" and one["colour"] == "kz/road")
    changed = [one | {"rules": {"hops": 9}} if k == place else one for k, one in enumerate(records)]
    forged = pack_records([encoded(one) for one in changed])
    scene.sql("update batch set body = ? where number = ?", forged, number)
    code, findings = scene.verify()
    assert code == 1
    assert named(findings, batch.first + place)


def test_the_program_is_swapped_for_one_that_lets_a_payment_pass(scene):
    """A payment to a payee that may not be paid is written as posted, properly sealed, under the operator's key."""
    with Book.open(scene.path, clock=scene.clock) as book:
        from boyau.journal.operations import Operations
        from boyau.ledger.codes import day_of
        from boyau.ledger.refusals import Result
        from tests.insider.scene import PAY

        rows = Operations(book.ledger).rows(
            [PAY | {"id": "X", "to": "casino@KZT", "amount": "10000.00"}], day_of(book.ledger.time)
        )
        at = book.now()
        decided = book.ledger.dry_run(rows, at)
        assert decided["result"][0] == Result.PAYEE_CLASS
        decided["result"], decided["settled"], decided["detail"] = 0, decided["amount"], 0
        entry = book.entries
        book.store.append([book._seal(1, decided.tobytes(), entry, 1, 0, at)])
    code, findings = scene.verify()
    assert code == 1
    assert ("decision_differs", entry, entry) in codes(findings)


def test_the_operators_key_is_stolen(scene):
    """With the key and a copy of the file a thief signs a history of their own; witnesses have seen another."""
    thief = scene.copy("thief.boyau")
    scene.work(30, "C")
    assert all(isinstance(one, int) for one in scene.checkpoint())
    forged_at = scene.work(90, "D", path=thief)
    said = scene.checkpoint(path=thief)
    assert all(isinstance(one, WitnessRefused) for one in said)
    code, findings = scene.verify(path=thief)
    assert code == 1
    assert "quorum" in {one["code"] for one in findings}
    assert all(state.disputes() for _, _, state in scene.servers)
    # The operator rotates; what the thief signs from then on is signed by a key that no longer rules.
    successor = Signer(2)
    with Book.open(scene.path, clock=scene.clock) as book:
        record = key_record(book.ledger.registry.log_keys, scene.origin, successor, scene.origin, scene.operator)
        assert book.record([record]) == [None]
        note = Log(book.store).checkpoint(scene.operator, scene.origin)
        assert note
    code, findings = scene.verify(witnesses=False)
    assert code == 1
    assert "checkpoint_unsigned" in {one["code"] for one in findings}
    assert forged_at
