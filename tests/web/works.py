"""A small works programme of today beside the simulated year: a customer, a contractor, a supplier, two controllers.

Days are counted from today, so that what is open stays open whenever the tests run.
"""

import datetime as dt

from boyau.journal.find import describe_entry
from boyau.ledger import approvals
from boyau.service.gate import pending
from boyau.treasury.simulation.world import with_check_digit

ROOT, ROAD, CONTRACT = "works/2027", "works/2027/a27", "works/2027/a27/c1"
TODAY = dt.datetime.now(dt.UTC).date()


def later(days: int) -> str:
    return (TODAY + dt.timedelta(days=days)).isoformat()


def _bin(serial: int, *, person: bool = False) -> str:
    """Return a number that nobody of the simulated world has."""
    for k in range(20):
        found = with_check_digit(f"{'900101' if person else '990140'}{serial * 20 + k:05d}")
        if found:
            return found
    raise AssertionError(serial)


CUSTOMER, BUILDER, ASPHALT, CASINO, CHECKER, CHECKER_2, SUB, QUALITY = (_bin(n) for n in range(1, 9))
WORKER = _bin(9, person=True)
NAMES = {
    CUSTOMER: "«Жолдар» басқармасы", BUILDER: "ТОО «Дорожник Атырау»", ASPHALT: "ТОО «Асфальт-Сервис»",
    CASINO: "ТОО «Рулетка»", CHECKER: "Сыбайлас жемқорлыққа қарсы қызмет", CHECKER_2: "Контрольный департамент",
    SUB: "ТОО «Мост-2»", QUALITY: "Жол активтері сапа орталығы", WORKER: "",
}  # fmt: skip
CLASSES = {
    CUSTOMER: "administrator", BUILDER: "contractor", ASPHALT: "supplier", CASINO: "gambling", CHECKER: "controller",
    CHECKER_2: "controller", SUB: "subcontractor", QUALITY: "inspector", WORKER: "employee",
}  # fmt: skip
FROM = f"{BUILDER}@{CONTRACT}#1"
ITEM = "ENSTRU:235112.100.000001"
ACT = "act-a27-1"


def records():
    """Everything that must be recorded, in order."""
    for who, kind in CLASSES.items():
        facts = {"name": NAMES[who]} if NAMES[who] else {}
        yield {"type": "participant", "participant": who, "classes": [kind], "region": "231010000"} | facts
    yield {"type": "participant", "participant": "works-issuer", "classes": ["issuer"]}
    title = {"kk": "Жол жұмыстары", "ru": "Дорожные работы", "en": "Road works"}
    yield {
        "type": "colour", "colour": ROOT, "unit": "KZT", "title": title,
        "rules": {
            "window": {"first": later(-200), "last": later(37)},
            "payees": {"classes": ["contractor", "subcontractor", "supplier", "employee"]},
            "holders": {"classes": ["administrator", "contractor", "subcontractor"]},
            "items": ["ENSTRU:42", "ENSTRU:23"], "hops": 2, "documents": "once",
            "ends": {
                "classes": ["supplier", "employee"],
                "caps": [{"classes": ["employee"], "share": "30%", "evidence": ["payroll"]}],
            },
            "approval": [{"above": "1000000.00", "quorum": 1, "classes": ["controller"]}],
            "powers": {"change": {"quorum": 1, "classes": ["controller"]}},
        },
    }  # fmt: skip
    road = {"kk": "А27 жолы: Мұқыр – Құлсары", "ru": "Дорога А27: Мукур – Кульсары", "en": "Road A27: Mukur – Kulsary"}
    yield {"type": "colour", "colour": ROAD, "title": road, "rules": {"regions": ["23"]}}
    yield {
        "type": "colour", "colour": CONTRACT,
        "title": {"kk": "1-шарт: төсеме", "ru": "Договор 1: покрытие", "en": "Contract 1: surfacing"},
        "rules": {
            "acceptance": True, "advance": "30%", "retention": {"share": "5%", "days": 365},
            "evidence": [{"condition": "quality_conclusion", "at": "accept"}],
        },
    }  # fmt: skip
    yield {"type": "colour", "colour": f"{CONTRACT}/s1"}
    yield {"type": "account", "account": f"works-issuer@{ROOT}", "flags": ["issuer"]}
    for name in (
        f"{CUSTOMER}@{ROAD}", f"{CUSTOMER}@{CONTRACT}", FROM, f"{SUB}@{CONTRACT}/s1#2", f"{ASPHALT}@KZT",
        f"{CASINO}@KZT", f"{WORKER}@KZT",
    ):  # fmt: skip
        yield {"type": "account", "account": name}
    limits = {"plan": "60000000.00", "obligations": "60000000.00", "payments": "19000000.00"}
    yield {"type": "limits", "colour": ROAD} | limits
    yield {"type": "subject", "subject": ACT, "colour": CONTRACT, "amount": "4000000.00"}
    yield {
        "type": "request", "request": "ask-act-1", "condition": "quality_conclusion", "colour": CONTRACT,
        "subject": ACT, "by": CUSTOMER, "owner": QUALITY, "days": 5, "escalation": [{"owner": CHECKER, "days": 10}],
    }  # fmt: skip


def operations():
    """Money, contract and advance; and an act that waits for its evidence."""
    where = {"item": ITEM, "region": "231010000", "date": TODAY.isoformat()}
    yield {
        "op": "issue",
        "id": "W-I",
        "from": f"works-issuer@{ROOT}",
        "to": f"{CUSTOMER}@{ROAD}",
        "amount": "50000000.00",
    }
    yield {
        "op": "allocate",
        "id": "W-A",
        "from": f"{CUSTOMER}@{ROAD}",
        "to": f"{CUSTOMER}@{CONTRACT}",
        "amount": "30000000.00",
    }
    contract = {
        "op": "commit",
        "id": "W-C",
        "from": f"{CUSTOMER}@{CONTRACT}",
        "to": FROM,
        "amount": "15000000.00",
    } | where
    yield contract | {"expires": f"{later(300)}T00:00:00Z"}
    both = {"from": f"{CUSTOMER}@{CONTRACT}", "to": FROM, "hold": "W-C"}
    yield {"op": "advance", "id": "W-ADV", "amount": "4500000.00", "document": "a" * 64} | both | where
    yield {"op": "accept", "id": "W-ACT", "amount": "4000000.00", "subject": ACT} | both | where


def vouch(site, digest: str) -> None:
    """Have a command proposed by the customer and approved by a controller."""
    both = [
        {"type": "proposal", "command": digest, "by": CUSTOMER},
        {"type": "approval", "command": digest, "by": CHECKER},
    ]
    assert all(one.ok for one in site.desk.submit(both).result())


def fill(site) -> None:
    """Record it all into a site's ledger; big ones are proposed and approved as the rules ask."""
    for record in records():
        if record["type"] == "limits":
            vouch(site, approvals.record_digest(record))
        (answer,) = site.desk.submit([record]).result()
        assert answer.ok, answer
    for one in operations():
        if one["op"] in ("commit", "advance"):
            vouch(site, site.book(lambda book, one=one: pending.read(book, one).digest))
        (answer,) = site.desk.submit([one]).result()
        wanted = "evidence_missing" if one["op"] == "accept" else "posted"
        assert answer.result == wanted, answer
    assert site.reader.wait(site.desk.entries)


def posted(site, account: str = FROM) -> list[dict]:
    """What was posted out of an account, oldest first."""

    def look(book):
        number = book.ledger.accounts[account]
        rows = site.reader.rows
        mine = [int(rows.entry[k]) for k in range(len(rows)) if rows.debit[k] == number and rows.result[k] == 0]
        return [describe_entry(book, entry) for entry in mine]

    assert site.reader.wait(site.desk.entries)
    return site.book(look)
