"""Read models: followed batch by batch they say what a rebuild says, and one that does not fit is built anew."""

import random
import sqlite3

import pytest

from boyau.journal import Book
from boyau.ledger import Kind
from boyau.views import Views
from tests.differential import Pair, World
from tests.page import START, Page

TABLES = ("volume", "limits", "published")


def contents(views):
    return {table: sorted(views.db.execute(f"select * from {table}").fetchall()) for table in TABLES}


class Ledgers:
    """What ``Pair`` needs of a ledger, over a book: every entry goes through the journal."""

    def __init__(self, book):
        self.book = book

    def __getattr__(self, name):
        return getattr(self.book.ledger, name)

    def record(self, record, at):
        (refusal,) = self.book.record([record], at)
        if refusal is not None:
            raise refusal

    def apply(self, rows, at):
        first = self.book.entries
        self.book.post(rows, at)
        return self.book.store.containing(first).rows()


@pytest.mark.parametrize("seed", range(4))
def test_views_followed_step_by_step_equal_views_rebuilt(tmp_path, seed):
    rng = random.Random(f"views/{seed}")
    book = Book.create("memory:", clock=lambda: 0)
    pair = Pair(Ledgers(book), f"views seed {seed}")
    world = World(rng, pair)
    with Views(tmp_path / "followed") as followed:
        for _ in range(30):
            world.pass_time()
            while rng.random() < 0.5:
                world.change()
            world.at += 1
            pair.apply(world.batch(50), world.at)
            if rng.random() < 0.5:
                followed.follow(book)
            if rng.random() < 0.2:
                followed.follow(book)  # a second time it reads nothing twice
        followed.follow(book)
        with Views(tmp_path / "rebuilt") as rebuilt:
            rebuilt.follow(book)
            assert contents(followed) == contents(rebuilt)
            assert len(contents(rebuilt)["volume"]) > 20
            plain = {
                kind: sum(row[3] for row in contents(rebuilt)["volume"] if row[1] == kind)
                for kind in (Kind.ISSUE, Kind.LAPSE)
            }
    posted = dict.fromkeys(plain, 0)
    for batch in book.store.batches():
        if batch.kind == 1:
            for row in batch.rows()[batch.rows()["result"] == 0]:
                if int(row["kind"]) in posted:
                    posted[Kind(int(row["kind"]))] += int(row["settled"])
    assert plain == posted


def a_ledger(path, amount="100.00"):
    page = Page(book=Book.create(str(path), clock=lambda: START))
    page.record({"type": "limits", "colour": "kz/road", "plan": "500.00"})
    page.record({"type": "published", "statement": "s", "month": 202611, "x": "1"})
    page.check(f"""
        I1 issue   issuer@kz -> budget@kz/road    {amount} : posted
        H1 commit  budget@kz/road -> asphalt@KZT   50.00 : posted
        P1 pay     on H1                           30.00 : posted
        B1 return  asphalt@KZT -> budget@kz/road   10.00 original=P1 : posted
    """)
    page.book.close()
    return str(path)


def built(ledger):
    with Book.open(ledger, write=False) as book, Views.open(ledger) as views:
        views.follow(book)
        return contents(views)


def test_what_the_views_say_of_a_page(tmp_path):
    ledger = a_ledger(tmp_path / "x")
    said = built(ledger)
    kinds = {(kind, month): amount for _, kind, month, amount, _ in said["volume"]}
    assert kinds == {(1, 202611): 10_000, (6, 202611): 5000, (207, 202611): 3000, (107, 202611): 1000}
    assert [row[0:1] + row[3:] for row in said["limits"]] == [("kz/road", 50_000, None, None)]
    assert [row[1:3] for row in said["published"]] == [("s", 202611)]


@pytest.mark.parametrize(
    "what", ["garbage", "empty", "another programme's", "another ledger's", "older format", "truncated"]
)
def test_a_file_that_is_not_the_views_of_this_ledger_is_built_anew(tmp_path, what):
    ledger = a_ledger(tmp_path / "x")
    right = built(ledger)
    path = Views.path_of(ledger)
    if what == "garbage":
        path.write_bytes(b"no database at all, " * 500)
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif what == "another programme's":
        Views.drop(ledger)
        db = sqlite3.connect(path)
        db.executescript("create table place (a, b); create table volume (c); insert into place values (1, 2)")
        db.close()
    elif what == "another ledger's":
        other = a_ledger(tmp_path / "y", "200.00")
        assert built(other) != right
        Views.drop(ledger)
        Views.path_of(other).rename(path)
    else:
        db = sqlite3.connect(path)
        db.execute("update place set format = 0")
        db.execute("update volume set amount = 1")
        db.commit()
        db.close()
    assert built(ledger) == right
    assert built(ledger) == right


def test_dropping_says_what_was_there(tmp_path):
    ledger = a_ledger(tmp_path / "x")
    assert Views.drop(ledger) == ""
    built(f"sqlite:{ledger}")
    assert Views.drop(f"sqlite:{ledger}") == f"{ledger}-views"
    assert Views.drop(ledger) == ""
