"""A real ledger with a signed log, two witnesses of other institutions over HTTP, and an auditor's export of yesterday.

The insider has every right: the file, the program, the operator's key. What the insider does not have is the witnesses'
state and what others have kept.
"""

import json
import shutil
import sqlite3
import threading
import uuid
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.cli.app import run
from boyau.codec import RECORDS, Batch
from boyau.journal import Book
from boyau.journal.log import Log, key_record, origin_of
from boyau.journal.operations import Operations
from boyau.ledger.codes import day_of
from boyau.proofs.note import COSIGNATURE, Verifier
from boyau.proofs.witness import State, Witness
from boyau.proofs.witness_http import WitnessServer, cosign_with
from tests.page import START, WORLD

ISSUE = {"op": "issue", "id": "I", "from": "issuer@kz", "to": "budget@kz/road", "amount": "90000.00"}
PAY = {"op": "pay", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "1.00", "date": "2026-06-10",
       "item": "CPV:45233222"}  # fmt: skip
DAY = 86_400_000_000


class Signer:
    """A key that follows from a number."""

    def __init__(self, number):
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public_key = self.private.public_key().public_bytes_raw()

    def sign(self, message):
        return self.private.sign(message)


class Clock:
    """The ledger's clock, which the insider sets; real time goes on in ``true``."""

    def __init__(self):
        self.true, self.shift = START, 0

    def __call__(self):
        self.true += 1_000_000
        return self.true + self.shift


class Scene:
    """The ledger at ``path``, and what others hold."""

    def __init__(self, folder: Path, capsys):
        self.folder, self.capsys, self.clock, self.operator = folder, capsys, Clock(), Signer(1)
        self.path = str(folder / "treasury.boyau")
        with Book.create(self.path, clock=self.clock) as book:
            assert not any(book.record(WORLD))
            record = key_record(
                book.ledger.registry.log_keys, origin_of(book.id), self.operator, origin_of(book.id), None
            )
            assert book.record([record]) == [None]
            self.id, self.origin = uuid.UUID(bytes=book.id), origin_of(book.id)
            self.post(book, ISSUE | {"date": "2026-06-10"})
        self.key = Verifier(self.origin, self.operator.public_key)
        self.servers = [self._witness(number) for number in (11, 12)]

    def _witness(self, number):
        name, signer = f"w{number}.example/w", Signer(number)
        state = State.create(
            self.folder / f"w{number}.sqlite", name=name, public_key=signer.public_key, signer="in the test"
        )
        state.watch(self.origin, [self.key])
        server = WitnessServer(("127.0.0.1", 0), Witness(state, signer, lambda: self.clock.true // 1_000_000))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server, Verifier(name, signer.public_key, COSIGNATURE), state

    def close(self):
        """Stop the witnesses."""
        for server, _, state in self.servers:
            server.shutdown()
            server.server_close()
            with suppress(AttributeError):
                state.close()

    # ---- what an honest operator does -------------------------------------------------------------------------------

    def post(self, book, *operations):
        """Post operations and return the rows decided."""
        return book.post(Operations(book.ledger).rows(list(operations), day_of(book.ledger.time)))

    def work(self, count, name, *, path=None):
        """Pay *count* times; return the number of the first entry."""
        with Book.open(path or self.path, clock=self.clock) as book:
            first = book.entries
            answers = set(self.post(book, *(PAY | {"id": f"{name}{k}"} for k in range(count)))["result"].tolist())
            assert answers == {0}, answers
            return first

    def checkpoint(self, *, path=None, signer=None):
        """Sign, and ask both witnesses; return what each has said: a cosignature's time, or the refusal."""
        said = []
        with Book.open(path or self.path, write=False, clock=self.clock) as book:
            log = Log(book.store)
            note = log.checkpoint(signer or self.operator, self.origin)
            for server, key, _ in self.servers:
                known = [size for size, text in book.store.checkpoints() if size < log.size and key.name in text]
                try:
                    given = cosign_with(
                        server.url,
                        str(note),
                        lambda old: log.consistency(old, log.size),
                        max(known, default=0),
                        key=key,
                    )
                    note = note.signed(given.key, given.signature)
                    said.append(given.seconds)
                except Exception as refusal:  # noqa: BLE001 - what it is is asserted by the caller
                    said.append(refusal)
            log.keep(note)
        return said

    def export(self, name):
        """An auditor takes an export home."""
        assert run(["export", self.path, str(self.folder / name)]) == 0
        self.capsys.readouterr()
        return str(self.folder / name)

    def copy(self, name):
        """Copy the ledger's file, with everything in it."""
        target = str(self.folder / name)
        with sqlite3.connect(self.path) as source, sqlite3.connect(target) as copy:
            source.backup(copy)
        copy.close()
        source.close()
        return target

    def put(self, path):
        """Put another file in the ledger's place."""
        for end in ("", "-wal", "-shm", "-lock"):
            Path(self.path + end).unlink(missing_ok=True)
        shutil.move(path, self.path)
        for end in ("-wal", "-shm", "-lock"):
            Path(path + end).unlink(missing_ok=True)

    # ---- what whoever distrusts us does -----------------------------------------------------------------------------

    def verify(self, *, against="", witnesses=True, path=None):
        """Run `boyau verify` as an auditor does; return (exit code, findings)."""
        command = ["verify", path or self.path, "--json", "--key", str(self.key)]
        for _, key, _ in self.servers if witnesses else ():
            command += ["--witness", str(key)]
        if against:
            command += ["--against", against]
        code = run(command)
        out, err = self.capsys.readouterr()
        assert code in {0, 1}, err
        return code, json.loads(out)["findings"]

    # ---- what an insider does ---------------------------------------------------------------------------------------

    def sql(self, statement, *values, path=None):
        """Change the file behind the program's back."""
        with sqlite3.connect(path or self.path) as db:
            answer = db.execute(statement, values).fetchall()
            db.commit()
        db.close()
        return answer

    def batch(self, entry, *, path=None):
        """Return the batch that holds an entry."""
        ((header, body),) = self.sql(
            "select header, body from batch where first <= ? order by first desc limit 1", entry, path=path
        )
        return Batch.read(header, body)

    def rewritten(self, name, change):
        """Write the whole history anew, each batch as *change* has it, sealed and decided as if it were the first."""
        target = str(self.folder / name)
        times = iter(())
        with Book.open(self.path, write=False) as old:
            batches = list(old.store.batches())
        with Book.create(target, ledger_id=self.id, clock=lambda: next(times, batches[0].time)) as book:
            for batch in batches[1:]:
                if batch.kind == RECORDS:
                    book.record([change(one) for one in batch.records()], at=batch.time)
                else:
                    rows = batch.rows()[batch.expired :].copy()
                    for field in ("settled", "result", "detail"):
                        rows[field] = 0
                    book.post(change(rows), at=batch.time)
        return target


def codes(findings):
    """Return the codes of findings with the entries they name."""
    return {(one["code"], one["first"], one["last"]) for one in findings}


def named(findings, entry):
    """Tell whether a finding names just this entry."""
    return any(one["first"] == one["last"] == entry for one in findings)
