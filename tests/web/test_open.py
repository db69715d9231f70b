"""Open data: the files say what the ledger says, in every format; no natural person is in any byte of them."""

import base64
import csv
import datetime as dt
import hashlib
import io
import json
import time
import zipfile
from decimal import Decimal

import duckdb
import httpx
import numpy as np
import pytest

from boyau.journal import Book
from boyau.language import language
from boyau.ledger import Kind, Result
from boyau.ledger.colours import Rules
from boyau.service.desk import Desk
from boyau.views.columns import FIELDS, Table
from boyau.views.persons import with_check_digit
from boyau.web.publication import datasets, files, job, tables
from boyau.web.publication.masking import Masking
from boyau.web.reader import Reader
from tests.web.site import LANGUAGES, PHONE, WIDE

SALT = b"s" * 32
IIN = with_check_digit("88010130012")
OTHER_IIN = with_check_digit("90020240055")
FIRM = with_check_digit("99014000123")
NAME, OTHER_NAME = "Серікбаева Айгүл Маратқызы", "Оспанов Ерлан"
FARMER = "farmer-7"
RECORDS = [
    {"type": "unit", "unit": "KZT", "scale": 2},
    {"type": "unit", "unit": "PACK", "scale": 0},
    {"type": "participant", "participant": "issuer"},
    {"type": "participant", "participant": "bank", "name": {"kk": "Банк", "ru": "Банк «Юг»", "en": "Bank"}},
    {"type": "participant", "participant": FIRM, "classes": ["supplier"], "name": "=ТОО «Шағала»", "region": "71"},
    {"type": "participant", "participant": IIN, "classes": ["supplier"], "name": NAME, "region": "710000000"},
    {"type": "participant", "participant": OTHER_IIN, "classes": ["supplier"], "name": OTHER_NAME},
    {"type": "participant", "participant": FARMER, "classes": ["farmer", "supplier"], "name": "Ахметова Сауле"},
    {
        "type": "colour", "colour": "loans", "unit": "KZT", "title": {"kk": "Несиелер", "ru": "Кредиты", "en": "Loans"},
        "rules": {"ends": {"classes": ["supplier"]}, "payees": {"deny": [OTHER_IIN, FARMER]}},
    },
    {"type": "colour", "colour": f"loans/{IIN}", "title": f"Несие: {NAME} ({IIN}), {FARMER}"},
    {"type": "colour", "colour": "packs", "unit": "PACK", "rules": {"ends": {"classes": ["supplier"]}}},
    {"type": "limits", "colour": "loans", "plan": "5000.00"},
    {"type": "account", "account": "issuer@loans", "flags": ["issuer"]},
    {"type": "account", "account": "issuer@packs", "flags": ["issuer"]},
    {"type": "account", "account": "bank@loans"},
    {"type": "account", "account": f"bank@loans/{IIN}"},
    {"type": "account", "account": f"{IIN}@loans/{IIN}"},
    {"type": "account", "account": f"{IIN}@KZT"},
    {"type": "account", "account": f"{FIRM}@KZT"},
    {"type": "account", "account": "bank@packs"},
    {"type": "account", "account": f"{FIRM}@PACK"},
]  # fmt: skip
MOVES = [
    {"op": "issue", "id": "I-1", "from": "issuer@loans", "to": "bank@loans", "amount": "1000.00"},
    {"op": "allocate", "id": "A-1", "from": "bank@loans", "to": f"bank@loans/{IIN}", "amount": "900.00"},
    {"op": "pay", "id": f"P-{IIN}", "from": f"bank@loans/{IIN}", "to": f"{IIN}@KZT", "amount": "0.07"},
    {"op": "pay", "id": "P-2", "from": f"bank@loans/{IIN}", "to": f"{FIRM}@KZT", "amount": "123.45"},
    {"op": "pay", "id": "P-3", "from": f"bank@loans/{IIN}", "to": f"{FIRM}@KZT", "amount": "999999.00"},
    {"op": "issue", "id": "I-2", "from": "issuer@packs", "to": "bank@packs", "amount": "40"},
    {"op": "pay", "id": "P-4", "from": "bank@packs", "to": f"{FIRM}@PACK", "amount": "7", "item": "CPV:33600000"},
]
SECRETS = (IIN, OTHER_IIN, NAME, OTHER_NAME, "Серікбаева", "Оспанов", "Ахметова", FARMER, SALT.hex())


class Small:
    """A small ledger with natural persons wherever they can stand, and what is published of it."""

    def __init__(self, folder):
        self.path = str(folder / "small.boyau")
        book = Book.create(self.path)
        assert book.record(RECORDS) == [None] * len(RECORDS)
        self.desk = Desk(book)
        self.reader = Reader(self.desk, self.path)
        self.answers = self.desk.submit(MOVES).result()
        self.entries = self.desk.entries
        self.publication = job.Publication(self.reader, SALT)
        self.published = self.publication.wait(60)

    def file(self, name):
        return self.published.files[name].path

    def close(self):
        self.publication.close()
        self.reader.close()
        self.desk.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    made = Small(tmp_path_factory.mktemp("open"))
    yield made
    made.close()


def rows_of_csv(path):
    text = path.read_text("utf-8")
    head, _, rest = text.partition("\n")
    assert head.startswith("# boyau ")
    return head, list(csv.DictReader(io.StringIO(rest)))


def whole(path):
    """Every byte that can be read of a file, whatever it is packed in."""
    data = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as packed:
            data += b"".join(packed.read(name) for name in packed.namelist())
    if path.suffix == ".parquet":
        found = duckdb.sql(f"select * from '{path}'").fetchall()
        data += json.dumps(found, default=str, ensure_ascii=False).encode()
    return data


@pytest.mark.parametrize("name", sorted(datasets.FILES))
def test_no_natural_person_is_in_any_byte_of_any_file(small, name):
    data = whole(small.file(name))
    for secret in SECRETS:
        assert secret.encode() not in data, secret
        assert json.dumps(secret)[1:-1].encode() not in data, secret


@pytest.mark.parametrize("form", [one.name for one in datasets.FORMATS])
def test_legal_entities_are_named(small, form):
    assert FIRM.encode() in whole(small.file(f"participants.{form}"))
    assert "Шағала".encode() in whole(small.file(f"payments.{form}"))
    assert FIRM.encode() in whole(small.file(f"payments.{form}"))


def test_payments_are_the_posted_ones_exactly(small):
    posted = [one for one in small.answers if one.result == "posted"]
    assert [one.id for one in small.answers if one.result != "posted"] == ["P-3"]
    head, rows = rows_of_csv(small.file("payments.csv"))
    assert f"entries {small.entries};" in head
    assert [int(row["entry"]) for row in rows] == [one.entry for one in posted]
    assert [Decimal(row["amount"]) for row in rows] == [Decimal(one["amount"]) for one in MOVES if one["id"] != "P-3"]
    assert [row["unit"] for row in rows] == ["KZT"] * 4 + ["PACK"] * 2
    masked = Masking([(IIN, {})], SALT).participant(IIN)
    person = rows[2]
    assert (person["payee"], person["payee_name"], person["payee_account"]) == (masked, "", f"{masked}@KZT")
    assert person["colour"] == f"loans/{masked}"
    assert person["plain"] == "true"
    assert rows[3]["payee_name"] == "'=ТОО «Шағала»"  # no formula to a spreadsheet
    assert rows[5]["item"] == "CPV:336"


def test_every_format_has_the_same_rows(small):
    for dataset in datasets.DATASETS:
        _, rows = rows_of_csv(small.file(f"{dataset.name}.csv"))
        names = [column.name for column in dataset.columns]
        parquet = duckdb.sql(f"select * from '{small.file(dataset.name + '.parquet')}'")
        assert parquet.columns == names
        lines = small.file(f"{dataset.name}.jsonl").read_text("utf-8").splitlines()
        about, objects = json.loads(lines[0])["_about"], [json.loads(line) for line in lines[1:]]
        assert about["entries"] == small.entries
        assert all(list(one) == names for one in objects)
        found = parquet.fetchall()
        assert len(rows) == len(found) == len(objects) == small.published.rows[dataset.name]
        for row, values, one in zip(rows, found, objects, strict=True):
            assert list(row) == names
            for column, value in zip(dataset.columns, values, strict=True):
                text = row[column.name]
                if value is None:
                    assert (text, one[column.name]) == ("", None)
                elif column.type == datasets.MONEY:
                    assert isinstance(one[column.name], str)
                    assert Decimal(text) == value == Decimal(one[column.name])
                elif column.type in (datasets.TEXT, datasets.DATE):
                    assert text.removeprefix("'") == str(value) == str(one[column.name])
                else:
                    assert text == str(value).lower() == json.dumps(one[column.name])


def test_each_file_says_of_which_entry_and_root_it_is(small):
    root = small.desk.call(lambda book: book.frontier.root()).result()
    text = base64.b64encode(root).decode()
    assert (small.published.entries, small.published.root) == (small.entries, text)
    told = dict(
        duckdb.sql(
            f"select decode(key), decode(value) from parquet_kv_metadata('{small.file('colours.parquet')}')"
        ).fetchall()
    )
    assert (told["entries"], told["root"]) == (str(small.entries), text)
    assert text in small.file("colours.csv").read_text("utf-8").partition("\n")[0]
    assert text.encode() in whole(small.file("colours.xlsx"))
    for name, file in small.published.files.items():
        data = file.path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256), name


def test_colours_tell_limits_use_and_rules(small):
    _, rows = rows_of_csv(small.file("colours.csv"))
    by_path = {row["colour"]: row for row in rows}
    loans = by_path["loans"]
    assert (loans["plan"], loans["level"], loans["title_kk"]) == ("5000.00", "1", "Несиелер")
    counters = small.desk.call(lambda book: book.ledger.counters("loans")).result()
    assert [Decimal(loans[name]) for name in ("allocated", "obligations", "paid")] == [
        Decimal(one) / 100 for one in counters
    ]
    rules = json.loads(loans["rules"])
    assert rules["ends.classes"] == "supplier"
    assert "person-" in rules["payees.deny"]
    child = next(row for row in rows if row["parent"] == "loans")
    assert child["level"] == "2"
    assert "person-" in child["title_ru"]


def test_execution_is_the_sum_of_the_payments(small):
    _, rows = rows_of_csv(small.file("execution.csv"))
    _, payments = rows_of_csv(small.file("payments.csv"))
    month = dt.datetime.now(dt.UTC).strftime("%Y-%m")
    for row in rows:
        same = [
            one for one in payments
            if (one["colour"], one["operation"], one["plain"]) == (row["colour"], row["operation"], row["plain"])
        ]  # fmt: skip
        assert sum(Decimal(one["amount"]) for one in same) == Decimal(row["amount"])
        assert (len(same), row["month"]) == (int(row["operations"]), month)
    assert sum(int(row["operations"]) for row in rows) == len(payments)


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        (f"кредит {IIN}", "кредит person-"),
        (f"x{IIN}y", "xperson-"),
        (f"00{IIN}", "person-"),
        (f"{FIRM} платит", f"{FIRM} платит"),
        (f"для {NAME.upper()}.", "для person-"),
        (f"{FARMER}.", "person-"),
        ("Айгүл көшесі 5", "Айгүл көшесі 5"),
        ("ENSTRU:235112.100.000001", "ENSTRU:235112.100.000001"),
        ("", ""),
    ],
)
def test_masking_finds_persons_inside_texts(text, leaves):
    masking = Masking([(IIN, {"name": NAME}), (FARMER, {"classes": ["farmer"]}), (FIRM, {"name": "ТОО"})], SALT)
    assert masking.text(text).startswith(leaves)
    assert masking.text(text) == text or "person-" in masking.text(text)


def test_one_person_has_one_pseudonym_and_another_installation_another():
    masking, other = Masking([], SALT), Masking([], b"t" * 32)
    assert masking.participant(IIN) == masking.text(IIN)
    assert masking.participant(IIN) != masking.participant(OTHER_IIN)
    assert masking.participant(IIN) != other.participant(IIN)


def test_files_are_made_again_only_when_there_is_more_and_they_are_old(small, tmp_path):
    made = small.published
    assert small.publication.wait(5) is made
    again = job.Publication(small.reader, SALT)
    assert again.published is not None
    assert again.published.files == made.files  # found on disk, not made again
    assert job.Publication(small.reader, b"t" * 32).published is None  # another installation's pseudonyms
    assert small.desk.submit([{"type": "note", "text": "more"}]).result()[0].ok
    small.reader.wait(small.desk.entries)
    assert small.publication.wait(5) is made  # an hour has not passed
    small.publication.terms = job.Terms(seconds=0)
    newer = small.publication.wait(60)
    assert newer.entries == made.entries + 1
    assert made.files["payments.csv"].path.exists()  # for those who still read it
    small.published, small.entries = newer, newer.entries


def test_where_the_files_cannot_be_made_it_is_said_and_the_old_ones_stay(small, monkeypatch, caplog):
    made = small.publication.published

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files.Maker, "write", full)
    monkeypatch.setattr(small.publication, "terms", job.Terms(seconds=0))
    assert small.desk.submit([{"type": "note", "text": "still more"}]).result()[0].ok
    small.reader.wait(small.desk.entries)
    small.publication.want()
    until = time.monotonic() + 20
    while not small.publication.state.failed and time.monotonic() < until:
        time.sleep(0.02)
    assert small.publication.state.failed
    assert small.publication.published is made
    assert "cannot be made" in caplog.text


def test_many_rows_keep_their_order_and_spreadsheets_are_bounded(tmp_path):
    count = 150_000
    dice = np.random.default_rng(1)
    columns = {name: np.zeros(count, kind) for name, kind in FIELDS.items()}
    columns |= {
        "entry": np.arange(count) * 2, "settled": dice.integers(1, 10**17, count), "ref": np.full(count, -1),
        "debit": dice.integers(0, 4, count).astype("i4"), "credit": dice.integers(0, 4, count).astype("i4"),
        "day": np.full(count, 20_000, "i4"), "kind": np.full(count, int(Kind.PAY), "u1"),
        "result": (np.arange(count) % 10 == 0).astype("u1") * int(Result.PAYEE_CLASS),
    }  # fmt: skip

    class Node:
        number, path, unit, parent, plain, title, rules_entry = 0, "kz", "KZT", -1, False, "", -1
        own = Rules()

    accounts = np.zeros((4, 8), np.int64)
    accounts[:, 4] = np.arange(4)
    found = tables.Facts(
        b"l" * 16, 2 * count, b"r" * 32, {"KZT": 2}, [Node()], [f"firm{k}" for k in range(4)], [{}] * 4, accounts,
        np.zeros((1, 3), np.int64), [], [[None] * 3], Table(**columns, entries=2 * count),
    )  # fmt: skip
    maker = files.Maker(found, Masking([], SALT))
    payments = datasets.BY_NAME["payments"]
    maker.write(payments, "parquet", tmp_path / "p.parquet")
    maker.write(payments, "csv", tmp_path / "p.csv")
    maker.write(payments, "xlsx", tmp_path / "p.xlsx")
    maker.close()
    posted = columns["result"] == 0
    read = duckdb.connect()
    read.execute("set preserve_insertion_order = true")
    got = read.execute(f"select entry, amount, payer from '{tmp_path / 'p.parquet'}'").fetchnumpy()
    assert (got["entry"] == columns["entry"][posted]).all()
    with (tmp_path / "p.csv").open() as file:
        next(file)
        some = list(csv.DictReader(file))
    assert [int(one["entry"]) for one in some] == columns["entry"][posted].tolist()
    exact = [Decimal(one["amount"]).scaleb(2) for one in some]
    assert exact == columns["settled"][posted].tolist()
    assert [one["payer"] for one in some[:50]] == [f"firm{k}" for k in columns["debit"][posted][:50]]
    with zipfile.ZipFile(tmp_path / "p.xlsx") as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<row ") == datasets.XLSX_ROWS_MAX + 1
    assert str(columns["entry"][posted][-1]).encode() in sheet


# ---- the page -------------------------------------------------------------------------------------------------------


def ready(site):
    made = site.app.state.publication.wait(60)
    assert made is not None
    return made


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_lists_every_file_and_documents_every_column(look, site, code, width):
    made, words = ready(site), language(code)
    here = look(code, width=width)
    text = here.go("/open")
    assert made.root in text
    for name in datasets.FILES:
        assert here.page.locator(f'a[href="/open/{name}"]').count() == 1
    for summary in here.page.locator(".dataset summary").all():
        summary.click()
    text = here.page.locator("main").inner_text()
    for dataset in datasets.DATASETS:
        assert words.text(dataset.title) in text
        for column in dataset.columns:
            assert column.name in text
            assert words.text(column.meaning) in text
    here.accessible()
    here.picture("open-data")


def test_without_files_the_page_shows_how_far_they_are(look, site, monkeypatch):
    publication = site.app.state.publication
    ready(site)
    monkeypatch.setattr(publication, "published", None)
    monkeypatch.setattr(publication, "want", lambda: None)
    monkeypatch.setattr(publication, "state", job.State(working=True, done=420))
    here = look("en")
    assert "42 %" in here.go("/open")
    assert here.page.locator("progress").get_attribute("value") == "420"
    here.accessible()
    here.picture("open-data-being-made")
    asked = httpx.get(f"{site.url}/open/payments.csv")
    assert (asked.status_code, asked.headers["retry-after"]) == (503, "5")
    monkeypatch.setattr(publication, "state", job.State(failed=True))
    assert "could not be made" in here.go("/open")
    catalogue = httpx.get(f"{site.url}/open/catalogue.jsonld").json()
    assert "boyau:root" not in catalogue


def test_a_file_is_answered_whole_in_part_or_not_again(site):
    made = ready(site)
    whole_file = httpx.get(f"{site.url}/open/payments.csv")
    data = made.files["payments.csv"].path.read_bytes()
    assert whole_file.content == data
    headers = whole_file.headers
    assert headers["content-type"].startswith("text/csv")
    assert f"boyau-payments-{made.entries}.csv" in headers["content-disposition"]
    assert (headers["boyau-entries"], headers["boyau-root"]) == (str(made.entries), made.root)
    etag = headers["etag"]
    again = httpx.get(f"{site.url}/open/payments.csv", headers={"if-none-match": f'"x", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    part = httpx.get(f"{site.url}/open/payments.csv", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    same = httpx.get(f"{site.url}/open/payments.csv", headers={"range": "bytes=-10", "if-range": etag})
    assert (same.status_code, same.content) == (206, data[-10:])
    changed = httpx.get(f"{site.url}/open/payments.csv", headers={"range": "bytes=-10", "if-range": '"other"'})
    assert changed.status_code == 200
    beyond = httpx.get(f"{site.url}/open/payments.csv", headers={"range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416
    head = httpx.head(f"{site.url}/open/payments.csv")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(data)))
    for name in ("payments.exe", "..%2Fdemo.boyau", "manifest.json", "payments.csv%00"):
        assert httpx.get(f"{site.url}/open/{name}").status_code == 404, name


def test_the_catalogue_describes_every_file_with_its_licence(site, monkeypatch):
    made = ready(site)
    terms = job.Terms("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", "Қазынашылық")
    monkeypatch.setattr(site.app.state.publication, "terms", terms)
    answer = httpx.get(f"{site.url}/open/catalogue.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    told = answer.json()
    assert told["@type"] == "dcat:Catalog"
    assert told["dct:publisher"]["foaf:name"] == "Қазынашылық"
    assert (told["boyau:entries"], told["boyau:root"]) == (made.entries, made.root)
    found = {}
    for dataset in told["dcat:dataset"]:
        known = datasets.BY_NAME[dataset["dct:identifier"]]
        assert {one["@language"] for one in dataset["dct:title"]} == {"kk", "ru", "en"}
        assert [one["csvw:name"] for one in dataset["csvw:tableSchema"]["csvw:column"]] == [
            one.name for one in known.columns
        ]
        for file in dataset["dcat:distribution"]:
            assert file["dct:license"]["@id"] == terms.licence_url
            found[file["dcat:downloadURL"]["@id"].rpartition("/")[2]] = file
    assert set(found) == set(datasets.FILES)
    for name, file in found.items():
        assert file["dcat:byteSize"] == made.files[name].size
        assert file["spdx:checksum"]["spdx:checksumValue"] == made.files[name].sha256
        assert httpx.get(file["dcat:downloadURL"]["@id"]).status_code == 200


def test_the_licence_is_the_operators_word(look, site, monkeypatch):
    ready(site)
    here = look("en")
    assert "has named none" in here.go("/open")
    terms = job.Terms("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", "Treasury")
    monkeypatch.setattr(site.app.state.publication, "terms", terms)
    here.go("/open")
    link = here.page.locator('a[rel="license"]')
    assert (link.inner_text(), link.get_attribute("href")) == (terms.licence, terms.licence_url)


def test_published_sums_are_the_ledgers(site):
    made = ready(site)
    path = made.files["payments.parquet"].path
    ((paid,),) = duckdb.sql(f"select sum(amount) from '{path}' where operation = 'pay' and plain").fetchall()
    rows = site.reader.rows
    plain = site.book(lambda book: np.array([one.plain for one in book.ledger.registry.colours], bool))
    colour = site.book(lambda book: book.ledger.tables.acc[: len(book.ledger.accounts), 3].copy())
    some = (rows.result == 0) & (rows.kind == Kind.PAY)
    ends = some & plain[colour[rows.credit]] & ~plain[colour[rows.debit]]
    assert Decimal(int(rows.settled[ends].sum())).scaleb(-2) == paid
