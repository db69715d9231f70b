"""Two witnesses over real HTTP: what they cosign, what they refuse with which status, and what no crash takes back."""

import http.client
import http.server
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from boyau.cli.app import run
from boyau.proofs import tree, witness, witness_http
from boyau.proofs.note import COSIGNATURE, Checkpoint, Note, NoteError, Verifier, cosign, sign
from boyau.proofs.witness import Request, State, StateError, Witness
from boyau.proofs.witness_http import (
    WitnessConflict,
    WitnessFalse,
    WitnessRefused,
    WitnessServer,
    WitnessUnreachable,
    accepted,
    cosign_with,
    submit,
)

ORIGIN = "treasury.example/ledger"
BOYAU = str(Path(sys.executable).with_name("boyau"))
NOON = 1_800_000_000


class Key:
    """A signer that is made from a number."""

    def __init__(self, seed):
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message):
        return self._private.sign(message)


class Log:
    """A log that signs whatever it likes: entries as texts, forks, old states."""

    def __init__(self, entries=(), key=1, origin=ORIGIN):
        self.entries, self.key, self.origin = list(entries), Key(key), origin

    def grown(self, count, mark="a"):
        return Log([*self.entries, *(f"{mark}{k}" for k in range(count))], origin=self.origin)

    def _nodes(self, size):
        leaves = np.array([list(tree.leaf_hash(one.encode())) for one in self.entries[:size]], np.uint8).reshape(-1, 32)
        tiles = tree.as_hashes(tree.Frontier().append(leaves))
        return tree.Nodes(size, tiles, lambda first, count: leaves[first : first + count])

    def checkpoint(self, size=None):
        size = len(self.entries) if size is None else size
        return Checkpoint(self.origin, size, self._nodes(size).root(0, size))

    def note(self, size=None, extensions=()):
        one = self.checkpoint(size)
        text = str(Checkpoint(one.origin, one.size, one.root, extensions))
        return str(sign(Note(text), self.origin, self.key))

    def proof(self, old, size=None):
        size = len(self.entries) if size is None else size
        return self._nodes(size).consistency(old, size)

    def to(self, size):
        return lambda old: self.proof(old, size)

    def request(self, old, size=None):
        size = len(self.entries) if size is None else size
        return Request.write(old, self.proof(old, size) if 0 < old < size else [], self.note(size))

    @property
    def verifier(self):
        return Verifier(self.origin, self.key.public_key)


class Running:
    """A witness, its server, and one who speaks to it byte by byte."""

    def __init__(self, server, state):
        self.server, self.state, self.url, self.key = server, state, server.url, state.verifier
        self.witness = server.witness

    def post(self, body, path="/add-checkpoint", method="POST"):
        connection = http.client.HTTPConnection(*self.server.server_address[:2], timeout=20)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()
        finally:
            connection.close()

    def status(self, body):
        return self.post(body)[0]

    def raw(self, data):
        with socket.create_connection(self.server.server_address[:2], timeout=20) as wire:
            wire.sendall(data)
            wire.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: wire.recv(65536), b""))

    def last(self):
        found = self.state.latest(ORIGIN)
        return found and found[:2]


def create(folder, seed, name):
    folder.mkdir()
    state = State.create(folder / "witness.db", name=name, public_key=Key(seed).public_key)
    state.watch(ORIGIN, [Log().verifier])
    state.close()
    return folder / "witness.db"


@contextmanager
def serving(path, seed, clock=lambda: NOON):
    state = State(path)
    server = WitnessServer(("127.0.0.1", 0), Witness(state, Key(seed), clock))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Running(server, state)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        state.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def two(tmp_path):
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(create(tmp_path / f"w{k}", 10 + k, f"w{k}.example/w"), 10 + k)) for k in (1, 2)
        ]


@pytest.fixture
def one(two):
    return two[0]


# ---- what is cosigned -----------------------------------------------------------------------------------------------


def test_a_log_that_only_grows_is_cosigned_by_both(two):
    log, known = Log(), 0
    for step in (0, 1, 4, 2, 250, 20):
        log = log.grown(step)
        note = Note.read(log.note())
        for one in two:
            given = cosign_with(one.url, log.note(), log.proof, known, key=one.key)
            note = note.signed(given.key, given.signature)
        known = len(log.entries)
        keys = [log.verifier, *(one.key for one in two)]
        assert Note.read(str(note)).verified(keys) == {log.verifier: 0, two[0].key: NOON, two[1].key: NOON}
    assert [one.last() for one in two] == [(known, log.checkpoint().root)] * 2
    assert [one.state.disputes() for one in two] == [[], []]


def test_the_answer_holds_cosignatures_and_nothing_else(one):
    status, kind, body = one.post(Log().grown(3).request(0))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert body.decode().count("\n") == 1
    assert body.decode().startswith("\u2014 w1.example/w ")
    assert len(Note.read("x\n\n" + body.decode()).signatures[0][2]) == 72


def test_the_same_checkpoint_may_be_cosigned_again_and_time_never_goes_back(tmp_path):
    now = [NOON]
    log = Log().grown(4)
    with serving(create(tmp_path / "w", 7, "w"), 7, lambda: now[0]) as one:
        seen = []
        for moment, known in ((NOON, 0), (NOON + 5, 4), (NOON - 86_400, 4), (NOON + 6, 4)):
            now[0] = moment
            seen.append(cosign_with(one.url, log.note(), log.proof, known, key=one.key).seconds)
        assert seen == [NOON, NOON + 5, NOON + 5, NOON + 6]
        now[0] = 0
        assert cosign_with(one.url, log.grown(1).note(), log.grown(1).proof, 4, key=one.key).seconds == NOON + 6


def test_who_does_not_know_the_size_is_told_it_and_asks_once_more(one):
    log = Log().grown(9)
    cosign_with(one.url, log.note(5), log.to(5), 0, key=one.key)
    asked = []

    def proof_from(size):
        asked.append(size)
        return log.proof(size)

    for known in (0, 3, 9):
        assert cosign_with(one.url, log.note(), proof_from, known, key=one.key).seconds == NOON
    assert asked == [5, 3]


def test_a_rotated_key_is_accepted_and_a_revoked_one_is_not(one):
    old, new = Log(["a"]), Log(["a", "b"], key=2)
    assert one.status(old.request(0)) == 200
    assert one.status(new.request(1)) == 403
    assert one.state.watch(ORIGIN, [old.verifier, new.verifier]) == [old.verifier]
    assert one.status(new.request(1)) == 200
    assert one.state.watch(ORIGIN, [new.verifier]) == [old.verifier, new.verifier]
    assert one.status(Log(["a", "b", "c"]).request(2)) == 403
    assert one.status(Log(["a", "b", "c"], key=2).request(2)) == 200


def test_foreign_signatures_are_passed_over(one):
    note = cosign(Note.read(Log(["a"]).note()), "other.example/w", Key(99), 5)
    note = sign(note, "somebody", Key(98))
    assert one.status(Request.write(0, [], str(note))) == 200


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_every_status_in_the_order_of_the_contract(one):
    log, fork = Log().grown(8), Log().grown(3).grown(5, "b")
    assert one.status(log.request(0, 5)) == 200
    lone = log.note(8)
    wrong_root = Note(str(Checkpoint(ORIGIN, 0, bytes(32))))
    table = [
        (b"", 400),
        (b"old 5\n" + lone.encode(), 400),  # the checkpoint's own empty line ends the proof, and nothing is left
        (b"old 05\n\n" + lone.encode(), 400),
        (b"old -5\n\n" + lone.encode(), 400),
        (b"old 5 \n\n" + lone.encode(), 400),
        (b"old 5\r\n\r\n" + lone.encode(), 400),
        (Request.write(5, [bytes(31)], lone), 400),
        (Request.write(5, [bytes(32)] * 64, lone), 400),
        (Request.write(1 << 63, [], lone), 400),
        (Request.write(5, [], lone[:-1]), 400),
        (b"old 5\n\n" + lone.encode("utf-16"), 400),
        (b"old 5\n" + b"A" * 42 + b"B=\n\n" + lone.encode(), 400),  # not canonical base64
        (Request.write(9, [], lone), 400),
        (Log(["a"], origin="other.example").request(0), 404),
        (Log(["a"], key=3).request(0), 403),
        (Request.write(5, log.proof(5), lone[: lone.rindex("\n\n")] + "\n\n\u2014 x AAAAAAA=\n"), 403),
        (log.request(0), 409),
        (log.request(4), 409),
        (log.request(7), 409),
        (fork.request(5, 5), 409),
        (Request.write(5, [], lone), 422),
        (Request.write(5, log.proof(5)[:-1], lone), 422),
        (Request.write(5, [*log.proof(5), bytes(32)], lone), 422),
        (Request.write(5, log.proof(4), lone), 422),
        (Request.write(5, [bytes(32)], log.note(5)), 422),
        (fork.request(5), 422),
    ]
    for body, status in table:
        assert one.status(body) == status, body
    assert one.last() == (5, log.checkpoint(5).root)
    assert one.status(log.request(5)) == 200
    one.state.watch("empty.example", [Verifier("empty.example", Key(1).public_key)])
    empty = Checkpoint("empty.example", 0, bytes(32))
    assert one.status(Request.write(0, [], str(sign(Note(str(empty)), "empty.example", Key(1))))) == 422
    assert one.status(Request.write(0, [bytes(32)], Log(["a"], origin="empty.example").note())) == 422
    assert wrong_root.text != str(empty)


def test_a_conflict_names_the_size(one):
    log = Log().grown(8)
    assert one.post(log.request(5)) == (409, "text/x.tlog.size", b"0\n")
    one.post(log.request(0, 5))
    assert one.post(log.request(0)) == (409, "text/x.tlog.size", b"5\n")
    assert one.post(Log().grown(5, "b").request(5)) == (409, "text/x.tlog.size", b"5\n")


def test_only_one_path_one_method_and_bounded_bodies(one):
    assert one.post(b"", "/health", "GET") == (200, "text/plain; charset=utf-8", b"ok\n")
    for method, path, status in [
        ("GET", "/", 404), ("GET", "/add-checkpoint", 404), ("POST", "/", 404), ("POST", "/health", 404),
        ("POST", "/add-checkpoint/", 404), ("POST", "/add-checkpoint?x", 404), ("PUT", "/add-checkpoint", 405),
        ("DELETE", "/", 405), ("HEAD", "/health", 405),
    ]:  # fmt: skip
        assert one.post(b"", path, method)[0] == status, (method, path)
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"
    for lines, status in [
        (b"", 411), (b"Transfer-Encoding: chunked\r\n", 411), (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: 1_0\r\n", 400), (b"Content-Length: 5\r\nContent-Length: 6\r\n", 411),
        (b"Content-Length: 1000000\r\n", 413), (b"Content-Length: %d\r\n" % (10**30), 400),
        (b"X: y\r\n" * 200, 431),
    ]:  # fmt: skip
        assert one.raw(head + lines + b"\r\n").split(b" ", 2)[1] == b"%d" % status, lines
    assert one.raw(head + b"Content-Length: 50\r\n\r\nold 5") == b"", "a body that was cut short is not answered"
    assert one.status(b"old 0\n\n" + b"x" * (witness.BODY_BYTES_MAX - 7)) == 400
    body = Log(["a"]).request(0)
    answer = one.raw(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert b" 100 Continue\r\n" in answer and b" 200 OK\r\n" in answer


# ---- histories that are taken back ----------------------------------------------------------------------------------


def test_a_split_view_is_refused_by_both_and_kept(two):
    log, other = Log().grown(5), Log().grown(4).grown(1, "b")
    for one in two:
        cosign_with(one.url, log.note(), log.proof, 0, key=one.key)
        with pytest.raises(WitnessConflict, match="another tree of 5 leaves"):
            cosign_with(one.url, other.note(), other.proof, 0, key=one.key)
        (dispute,) = one.state.disputes()
        assert (dispute.origin, dispute.size, dispute.kind, dispute.time) == (ORIGIN, 5, "split", NOON)
        assert (dispute.seen, dispute.refused) == (log.note(), other.note())
        for note in (dispute.seen, dispute.refused):  # anybody can check it with the key of the log
            assert Note.read(note).verified([log.verifier]) == {log.verifier: 0}


def test_a_fork_is_refused_by_both_and_becomes_proof_when_the_log_signs_the_other_branch(two):
    log, fork = Log().grown(9), Log().grown(4).grown(5, "b")
    for one in two:
        cosign_with(one.url, log.note(6), log.to(6), 0, key=one.key)
        with pytest.raises(WitnessRefused, match="old root") as refusal:
            cosign_with(one.url, fork.note(), fork.proof, 4, key=one.key)
        assert refusal.value.status == 422
        (dispute,) = one.state.disputes()
        assert (dispute.kind, dispute.seen, dispute.refused) == ("unproven", log.note(6), fork.note())
        cosign_with(one.url, log.note(), log.proof, 6, key=one.key)
        (dispute,) = one.state.disputes()
        assert (dispute.kind, dispute.seen, dispute.refused) == ("split", log.note(), fork.note())


def test_a_truncation_is_refused_by_both(two):
    log = Log().grown(8)
    for one in two:
        cosign_with(one.url, log.note(), log.proof, 0, key=one.key)
        for known in (0, 3, 5, 8):
            with pytest.raises(WitnessConflict, match=r"the log was cut, or restored too old"):
                cosign_with(one.url, log.note(5), log.to(5), known, key=one.key)
        assert [one.status(log.request(old, 5)) for old in (0, 5)] == [409, 409]
        assert one.status(Request.write(8, [], log.note(5))) == 400
        assert one.last() == (8, log.checkpoint().root)
        assert one.state.disputes() == [], "an old checkpoint can be sent by anybody who has seen it"


def test_a_restored_old_backup_is_refused_by_both_and_kept(two):
    log, restored = Log().grown(8), Log().grown(5).grown(9, "b")
    for one in two:
        for size in (5, 7, 8):
            cosign_with(one.url, log.note(size), log.to(size), 0, key=one.key)
    for one in two:
        for size in (6, 7, 8):  # it continues from size 5, as if nothing had been after
            with pytest.raises(WitnessConflict):
                cosign_with(one.url, restored.note(size), restored.to(size), 5, key=one.key)
        assert one.status(restored.request(8, 7)) == 400
        with pytest.raises(WitnessRefused):
            cosign_with(one.url, restored.note(), restored.proof, 5, key=one.key)
        assert [(d.size, d.kind) for d in one.state.disputes()] == [(7, "split"), (8, "split"), (14, "unproven")]
        assert one.last() == (8, log.checkpoint().root)


def test_what_was_not_proven_and_is_proven_later_is_settled(one):
    log = Log().grown(8)
    one.post(log.request(0, 5))
    assert one.status(Request.write(5, [bytes(32)], log.note())) == 422
    assert [(d.kind, d.settled) for d in one.state.disputes()] == [("unproven", 0)]
    assert one.status(log.request(5)) == 200
    assert [(d.kind, d.settled) for d in one.state.disputes()] == [("unproven", NOON)]


def test_evidence_is_kept_once_and_cannot_fill_the_disk(one, monkeypatch):
    monkeypatch.setattr(witness, "DISPUTES_MAX", 3)
    one.post(Log().grown(2).request(0))
    for _ in range(2):
        for k in range(5):
            one.post(Log(["a0", f"b{k}"]).request(2))
            one.post(Log(["a0", f"b{k}", "c"]).request(2))
    kinds = [d.kind for d in one.state.disputes()]
    assert sorted(kinds) == ["split"] * 3 + ["unproven"] * 3


def test_what_the_log_has_not_signed_is_no_evidence(one):
    one.post(Log().grown(5).request(0))
    one.post(Log(["x"] * 5, key=3).request(5))
    assert one.state.disputes() == []


# ---- crashes, restarts, races ---------------------------------------------------------------------------------------


def test_a_restart_keeps_everything(tmp_path):
    path = create(tmp_path / "w", 7, "w")
    log = Log().grown(9)
    with serving(path, 7) as one:
        one.post(log.request(0, 6))
        one.post(Log(["x"] * 6).request(6))
    with serving(path, 7) as one:
        assert one.post(log.request(0)) == (409, "text/x.tlog.size", b"6\n")
        assert [d.kind for d in one.state.disputes()] == ["split"]
        assert one.status(log.request(6)) == 200


@pytest.mark.parametrize("round_", range(3))
def test_of_two_branches_only_one_is_ever_cosigned(two, round_):
    """32 threads, each with checkpoints of one of two branches, on both witnesses."""
    branches = [Log().grown(5).grown(12, mark) for mark in "bc"]
    for one in two:
        one.post(branches[0].request(0, 5))
    given, start = [], threading.Barrier(32)

    def ask(number):
        chance, branch = random.Random(100 * round_ + number), number % 2
        start.wait()
        for _ in range(6):
            one, size = chance.choice(two), chance.randint(6, 17)
            log = branches[branch]
            with suppress(WitnessRefused):
                cosign_with(one.url, log.note(size), log.to(size), 5, key=one.key)
                given.append((one.url, branch, size))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in two:
        won = {branch for url, branch, _ in given if url == one.url}
        assert len(won) == 1, "cosignatures for two histories"
        (branch,) = won
        size = max(size for url, _, size in given if url == one.url)
        assert one.last() == (size, branches[branch].checkpoint(size).root)


class Failing:
    """A connection to SQLite on a disk that fails when it is to be written."""

    def __init__(self, db):
        self._db = db

    def execute(self, sql, *values):
        if sql == "commit":
            raise sqlite3.OperationalError("disk I/O error")
        return self._db.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self._db, name)


def test_a_disk_that_fails_once_ends_cosigning_until_the_restart(tmp_path):
    path = create(tmp_path / "w", 7, "w")
    log = Log().grown(3)
    with serving(path, 7) as one:
        one.post(log.request(0, 2))
        good, keys = one.state._db, one.state.keys
        one.state.keys = lambda _: [log.verifier]
        one.state._db = Failing(good)
        assert one.status(log.request(2)) == 503
        good.execute("rollback")
        one.state._db, one.state.keys = good, keys
        assert one.status(log.request(2)) == 503, "what the disk holds now nobody knows"
        assert one.post(b"", "/health", "GET")[0] == 503
    with serving(path, 7) as one:
        assert one.status(log.request(2)) == 200


def test_a_signer_that_is_away_loses_nothing(one):
    log, sign_, away = Log().grown(4), one.witness._signer.sign, [True]
    one.witness._signer.sign = lambda message: (_ for _ in ()).throw(OSError) if away[0] else sign_(message)
    assert one.status(log.request(0)) == 503
    away[0] = False
    assert cosign_with(one.url, log.note(), log.proof, 0, key=one.key).seconds == NOON


def test_a_signer_that_signs_wrongly_is_found_before_anybody_is_answered(one):
    one.witness._signer.sign = lambda _message: bytes(64)
    assert one.status(Log(["a"]).request(0)) == 503


@contextmanager
def process(folder):
    """A witness of its own, as its operator starts it."""
    command = [BOYAU, "witness", "serve", folder, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=-1, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            yield running.stdout.readline().split()[0], running
        finally:
            running.kill()


def test_a_killed_witness_has_lost_nothing_that_it_cosigned(tmp_path):
    folder, log = tmp_path / "w", Log().grown(4000)
    key = tmp_path / "w.key"
    key.write_text("07" * 32 + "\n")
    key.chmod(0o600)
    state = State.create(create(folder, 7, "w").with_name("x.db"), name="w", public_key=Key(7).public_key)
    state.close()
    (folder / "witness.db").unlink()
    state = State.create(folder / "witness.db", name="w", public_key=Key(7).public_key, signer=str(key))
    state.watch(ORIGIN, [log.verifier])
    state.close()
    verifier = Verifier("w", Key(7).public_key, COSIGNATURE)
    done, chance = 0, random.Random(5)
    for _ in range(5):
        with process(folder) as (url, running):
            if done:
                with pytest.raises(WitnessConflict) as conflict:
                    submit(url, log.note(done), 0, [])
                assert conflict.value.size in {done, done + 1}, "cosigned and forgotten, or made up"
            end = threading.Timer(chance.uniform(0.05, 0.4), os.kill, (running.pid, signal.SIGKILL))
            end.start()
            with suppress(WitnessUnreachable):
                while True:
                    cosign_with(url, log.note(done + 1), log.to(done + 1), done, key=verifier)
                    done += 1
            end.join()
    assert done > 5


# ---- hostile input --------------------------------------------------------------------------------------------------


LINES = st.one_of(
    st.sampled_from(
        ["old 0", "old 5", "old 00", "old", "", "\u2014 a AAAA", ORIGIN, "0", "5", "9" * 19, "9" * 30, "A" * 43 + "="]
    ),
    st.text(max_size=40),
)


@given(body=st.one_of(st.binary(max_size=300), st.lists(LINES, max_size=12).map(lambda many: "\n".join(many).encode())))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_malformed_bodies_are_refused_and_never_break_it(one, body):
    assert one.status(body) in {400, 403, 404}


@given(size=st.integers(0, 1 << 64), old=st.integers(0, 1 << 64), root=st.binary(min_size=32, max_size=32))
@example(size=(1 << 63) + 5, old=0, root=bytes(32))  # more than SQLite counts
@example(size=1 << 62, old=0, root=bytes(32))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_size_and_root_that_the_log_signs_is_answered_without_an_error(one, size, old, root):
    note = sign(Note(str(Checkpoint(ORIGIN, size, root))), ORIGIN, Key(1))
    assert one.status(Request.write(old, [], str(note))) in {200, 400, 409, 422}


def test_a_valid_request_with_any_byte_changed_is_never_cosigned(one):
    log, chance = Log().grown(21), random.Random(9)
    one.post(log.request(0, 10))
    good = log.request(10)
    connection = http.client.HTTPConnection(*one.server.server_address[:2], timeout=20)

    def status(body):
        connection.request("POST", "/add-checkpoint", body)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    for at in range(len(good)):
        for changed in (
            good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :],
            good[:at] + good[at + 1 :],
            good[:at] + bytes([chance.randrange(256)]) + good[at:],
            good[:at],
        ):
            assert changed == good or status(changed) in {400, 403, 404, 409, 422}, changed
    assert status(good) == 200
    connection.close()


def test_places_are_bounded_and_nobody_keeps_one_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(witness_http, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(witness_http, "CONNECTION_SECONDS_MAX", 0.5)
    with serving(create(tmp_path / "w", 7, "w"), 7) as one, ExitStack() as stack:
        for _ in range(3):
            wire = stack.enter_context(socket.create_connection(one.server.server_address[:2], timeout=20))
            wire.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Le")
        time.sleep(0.1)
        assert one.raw(b"").startswith(b"HTTP/1.1 503 ")
        assert wire.recv(100) == b"", "cut"
        for _ in range(100):
            with suppress(OSError):
                if one.status(Log(["a"]).request(0)) == 200:
                    break
            time.sleep(0.05)
        assert one.last()[0] == 1


# ---- the log's side -------------------------------------------------------------------------------------------------


@contextmanager
def answering(status, headers, body, pause=0.0):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(pause)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (302, {"Location": "http://127.0.0.1:1/"}, b"", WitnessRefused),
        (200, {}, b"x" * 70_000, WitnessUnreachable),
        (200, {}, b"", WitnessFalse),
        (200, {}, b"\xff\xfe", WitnessFalse),
        (200, {}, "\u2014 w AAAAAAAA\n".encode(), WitnessFalse),
        (204, {}, b"", WitnessRefused),
        (409, {}, b"7\n", WitnessRefused),
        (409, {"Content-Type": "text/x.tlog.size"}, b"7 or so\n", WitnessRefused),
        (409, {"Content-Type": "text/x.tlog.size"}, b"9" * 5000, WitnessRefused),
        (409, {"Content-Type": "text/x.tlog.size"}, b"2\n", WitnessConflict),
        (503, {}, b"busy\n", WitnessRefused),
    ],
)
def test_an_answer_that_is_no_cosignature_is_a_typed_error(status, headers, body, error):
    log = Log().grown(4)
    with answering(status, headers, body) as url, pytest.raises(error):
        cosign_with(url, log.note(), log.proof, 3, key=Verifier("w", Key(7).public_key, COSIGNATURE))


def test_a_witness_that_is_not_there_or_does_not_answer(one):
    log = Log(["a"])
    with pytest.raises(WitnessUnreachable):
        submit("http://127.0.0.1:1", log.note(), 0, [])
    with pytest.raises(WitnessUnreachable, match="https://"):
        submit("file:///etc/passwd", log.note(), 0, [])
    with answering(200, {}, b"", pause=1.0) as url, pytest.raises(WitnessUnreachable):
        submit(url, log.note(), 0, [], timeout=0.1)


def test_a_cosignature_counts_only_by_the_expected_key_over_this_checkpoint(two):
    log = Log().grown(5)
    lines = [submit(one.url, log.note(4), 0, []) for one in two]
    assert accepted(log.note(4), lines[0] + lines[1], two[1].key).key == two[1].key
    with pytest.raises(WitnessFalse, match="has not cosigned"):
        accepted(log.note(4), lines[0], two[1].key)
    with pytest.raises(WitnessFalse, match="does not fit"):
        accepted(log.note(5), lines[0], two[0].key)


# ---- the state ------------------------------------------------------------------------------------------------------


def test_a_state_is_never_made_anew_and_belongs_to_one_key(tmp_path):
    path = create(tmp_path / "w", 7, "w")
    with pytest.raises(StateError, match="exists already"):
        State.create(path, name="w", public_key=Key(7).public_key)
    with pytest.raises(StateError, match="boyau witness init"):
        State(tmp_path / "none.db")
    (tmp_path / "other.db").write_bytes(b"hello")
    with pytest.raises(StateError, match="is not the state of a witness"):
        State(tmp_path / "other.db")
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(StateError, match="is not the state of a witness"):
        State(tmp_path / "empty.db")
    with pytest.raises(StateError, match="no spaces"):
        State.create(tmp_path / "y.db", name="my witness", public_key=Key(7).public_key)
    state = State(path)
    with pytest.raises(StateError, match="another key"):
        Witness(state, Key(8))
    assert state.logs() == {ORIGIN: [Log().verifier]}
    for origin, keys in ((ORIGIN, []), ("a\nb", [Log().verifier]), ("", [Log().verifier]), (ORIGIN, [state.verifier])):
        with pytest.raises(NoteError):
            state.watch(origin, keys)
    assert state.logs() == {ORIGIN: [Log().verifier]}
    state.close()


def test_two_processes_on_one_state_are_still_one_witness(tmp_path):
    path = create(tmp_path / "w", 7, "w")
    log, fork = Log().grown(6), Log().grown(3).grown(3, "b")
    with serving(path, 7) as one, serving(path, 7) as other:
        assert one.status(log.request(0, 4)) == 200
        assert other.status(fork.request(0)) == 409
        assert other.status(log.request(4)) == 200
        assert one.status(log.request(4)) == 409


def test_what_was_cosigned_is_synced_to_the_disk(one):
    assert one.state._db.execute("pragma synchronous").fetchone() == (2,), "FULL"
    assert one.state._db.execute("pragma journal_mode").fetchone() == ("wal",)


# ---- as its operator types it ---------------------------------------------------------------------------------------


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.key").write_text("07" * 32 + "\n")
    (tmp_path / "w.key").chmod(0o600)

    def call(*arguments, code=0):
        got = run(["witness", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert got == code, out + err
        return out + err

    return call


def test_an_institution_sets_up_a_witness_and_reads_its_disputes(call, tmp_path):
    verifier = str(Verifier("chamber.example/w1", Key(7).public_key, COSIGNATURE))
    assert call("init", "w", "--name", "chamber.example/w1", "--key", "w.key").strip() == verifier
    assert "0 removed, cosigned up to size 0" in call("log", "w", ORIGIN, Log().verifier)
    assert call("disputes", "w") == "Nothing is in dispute.\n"
    log, other = Log().grown(4), Log().grown(3).grown(2, "b")
    with process("w") as (url, _):
        cosign_with(url, log.note(), log.proof, 0, key=Verifier.read(verifier))
        with pytest.raises(WitnessRefused):
            cosign_with(url, other.note(), other.proof, 4, key=Verifier.read(verifier))
        said = call("disputes", "w")  # a question so far, and no conviction
        assert "Ask the log for the proof" in said and log.note() in said and other.note() in said
        with pytest.raises(WitnessConflict):
            cosign_with(url, other.note(4), other.to(4), 4, key=Verifier.read(verifier))
        (unproven, split) = json.loads(call("disputes", "w", "--json", code=1))
        assert (unproven["kind"], split["kind"], split["refused"]) == ("unproven", "split", other.note(4))
        assert "These two notes prove it to anybody" in call("disputes", "w", code=1)
        assert "Қабылданбағаны:" in call("disputes", "w", "--language", "kk", code=1)
        new = Verifier(ORIGIN, Key(2).public_key)  # a running witness obeys at once
        assert "1 accepted, 1 removed, cosigned up to size 4" in call("log", "w", ORIGIN, new)
        with pytest.raises(WitnessRefused, match="403"):
            submit(url, log.note(), 4, [])


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (2, ["log", "w", ORIGIN], "at least one key"),
        (3, ["log", "w", ORIGIN, "hello"], "of the form name+id+base64"),
        (3, ["log", "w", ORIGIN, "{witness}"], "not of a log"),
        (4, ["log", "none", ORIGIN, "x"], "boyau witness init"),
        (4, ["disputes", "none"], "boyau witness init"),
        (4, ["serve", "none", "--listen", "127.0.0.1:0"], "boyau witness init"),
        (2, ["serve", "w", "--listen", "8340"], "HOST:PORT"),
        (2, ["serve", "w", "--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (4, ["serve", "w", "--listen", "192.0.2.1:80"], "cannot listen"),
        (3, ["serve", "w", "--listen", "127.0.0.1:0", "--key", "none.key"], "none.key"),
        (4, ["serve", "w", "--listen", "127.0.0.1:0", "--key", "x.key"], "another key"),
        (3, ["init", "x", "--name", "x", "--key", "none.key"], "none.key"),
        (4, ["init", "x", "--name", "x y", "--key", "w.key"], "no spaces"),
        (4, ["init", "w", "--name", "x", "--key", "w.key"], "exists already"),
        (2, ["init", "x", "--name", "x", "--key", "pkcs11:object=a?pin-value=1"], "command line"),
    ],
)
def test_a_wrong_command_says_what_to_do(call, tmp_path, code, arguments, words):
    witness_key = call("init", "w", "--name", "w", "--key", "w.key").strip()
    (tmp_path / "x.key").write_text("08" * 32 + "\n")
    (tmp_path / "x.key").chmod(0o600)
    said = call(*(one.replace("{witness}", witness_key) for one in arguments), code=code)
    assert words in said
    assert "Traceback" not in said
