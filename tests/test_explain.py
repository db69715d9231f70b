"""Explanations: all that fails, each with its origin; and the first of them is always the kernel's own answer."""

import random

import numpy as np
import pytest

from boyau.journal.operations import Operations
from boyau.language import explanation, language
from boyau.ledger import Ledger, Result
from boyau.ledger.codes import day_of
from boyau.ledger.explain import Explainer
from boyau.ledger.rows import ROW
from tests.differential import Pair, World, packed
from tests.page import Page


@pytest.mark.parametrize("seed", range(6))
def test_the_first_finding_is_the_kernels_answer(seed):
    """Explainer and kernel are written apart, over different data; random rows in random worlds hold them together."""
    rng = random.Random(f"explain/{seed}")
    pair = Pair(Ledger(), f"explain seed {seed}")
    world = World(rng, pair)
    compared = 0
    met = set()
    while compared < 1500:
        world.pass_time()
        if rng.random() < 0.5:
            world.change()
        rows = packed([row._replace(flags=row.flags & ~1) for row in world.batch(60)])
        world.at += 1
        at, explainer = world.at, None
        pair.ledger.dry_run(np.zeros(0, ROW), at)  # brings rule versions of this day into force, as any batch would
        explainer = Explainer(pair.ledger)
        for row in rows:
            decided = pair.ledger.dry_run(row.reshape(1).copy(), at)
            if len(decided) > 1:
                continue  # a hold falls due just then: the row meets another state than the explainer sees
            findings = explainer.explain(row, at)
            answer = Result(int(decided[-1]["result"]))
            first = findings[0].result if findings else Result.POSTED
            assert first == answer, f"seed {seed}: {first.name} explained, {answer.name} decided: {row}"
            met.add(answer)
            compared += 1
            for finding in findings:
                for code in ("en",):
                    told = explanation(finding, language(code))
                    assert told["reason"] and "{" not in told["reason"] + told["remedy"], told
        world.at += 1
        pair.apply(world.batch(60), world.at)
    assert len(met) > 20


def test_every_rule_that_fails_is_named_with_its_origin_its_evidence_and_its_remedy():
    page = Page()
    page.record(
        {
            "type": "colour",
            "colour": "kz/road/bridge",
            "rules": {"evidence": ["acceptance_act"], "items": ["ENSTRU:42.11"]},
        },
        {"type": "account", "account": "budget@kz/road/bridge"},
        {"type": "limits", "colour": "kz/road", "payments": "10.00"},
    )
    page.check("I1 issue issuer@kz -> budget@kz/road/bridge 100.00 : posted")
    payment = {"op": "pay", "id": "P1", "from": "budget@kz/road/bridge", "to": "casino@KZT", "amount": "500.00"}
    row = Operations(page.book.ledger).rows([payment], day_of(page.at))[0]
    findings = [explanation(one, language("en")) for one in Explainer(page.book.ledger).explain(row, page.at + 1)]
    assert [(one["result"], one.get("colour")) for one in findings] == [
        ("payee_class", "kz/road"),
        ("end_forbidden", "kz"),
        ("item_missing", "kz/road/bridge"),
        ("evidence_missing", "kz/road/bridge"),
        ("payments_exceeded", "kz/road"),
        ("funds_insufficient", None),
    ]
    assert findings[3]["evidence"] == "acceptance_act"
    assert all(one["remedy"] for one in findings)
    assert findings[0]["entry"] == page.book.ledger.registry.colours[2].rules_entry
    assert "490.00" not in findings[4]["reason"]
    assert "10.00" in findings[4]["reason"]


def test_a_lawful_payment_has_nothing_against_it():
    page = Page()
    page.check("I1 issue issuer@kz -> budget@kz/road 100.00 : posted")
    payment = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "100.00"}
    row = Operations(page.book.ledger).rows([payment], day_of(page.at))[0]
    assert Explainer(page.book.ledger).explain(row, page.at + 1) == []


# ---- contracts and control -------------------------------------------------------------------------------------------

WORKS = "budget@kz/works"
RULES = {
    "lines": [{"item": "ENSTRU:42.11", "quantity": "100", "price": "10.00"}],
    "documents": "once",
    "acceptance": True,
    "advance": "30%",
    "retention": {"share": "5%", "days": 365},
    "payee_limit": "500.00",
    "evidence": [{"condition": "guarantee", "at": "advance"}],
    "slice": {"colour": "kz/vat", "share": "12/112", "classes": ["contractor"]},
    "approval": [{"above": "600.00", "quorum": 2, "classes": ["checker"]}],
    "powers": {"clawback": {"quorum": 1, "classes": ["checker"]}},
}


@pytest.fixture
def works():
    page = Page()
    page.record(
        {"type": "participant", "participant": "clerk", "classes": ["checker"]},
        {"type": "participant", "participant": "auditor", "classes": ["checker"]},
        {"type": "colour", "colour": "kz/vat"},
        {"type": "colour", "colour": "kz/works", "rules": RULES},
        {"type": "account", "account": WORKS},
        {"type": "account", "account": "builder@kz/works#1"},
        {"type": "account", "account": "budget@kz/vat"},
        {"type": "account", "account": "builder@kz/vat#1"},
        {"type": "subject", "subject": "act-1", "colour": "kz/road", "amount": "10.00"},
    )
    page.check("I1 issue issuer@kz -> budget@kz/works 1000.00 : posted")
    page.check("C1 commit budget@kz/works -> builder@kz/works#1 500.00 item=ENSTRU:42.11 : posted")
    return page


def findings_of(page, operation, following=None):
    operations = [operation] + ([following] if following else [])
    rows = Operations(page.book.ledger).rows(operations, day_of(page.at))
    return Explainer(page.book.ledger).explain(rows[0], page.at + 1, rows[1] if following else None)


def names(found):
    return [one.result.name.lower() for one in found]


def test_a_contract_is_explained_with_its_sums(works):
    act = {"op": "accept", "id": "X1", "hold": "C1", "amount": "400.00", "quantity": "30"}
    (price,) = findings_of(works, act)
    assert (price.result, price.facts["limit"], price.facts["scale"]) == (Result.PRICE_EXCEEDED, 30_000, 2)
    works.check("X1 accept on C1 400.00 quantity=40 : posted")
    pay = {"op": "pay", "id": "P1", "hold": "C1", "amount": "390.00", "subject": "act-1", "linked": True}
    found = findings_of(works, pay)
    assert names(found) == ["retention_held", "document_missing", "subject_differs", "subject_exceeded"]
    wanted = {"accepted": 40_000, "recovered": 0, "retained": 2_000, "paid": 0, "payable": 38_000}
    assert found[0].facts.items() >= wanted.items()
    advance = {"op": "advance", "id": "D1", "hold": "C1", "amount": "150.01"}
    found = findings_of(works, advance)
    assert names(found) == ["evidence_missing", "advance_exceeded", "document_missing", "slice_missing"]
    assert found[1].facts["limit"] == 15_000
    assert all("…" not in explanation(one, language("en"))["reason"] for one in found)


def test_a_slice_is_looked_for_in_the_row_that_follows(works):
    works.check("X1 accept on C1 400.00 quantity=40 : posted")
    pay = {"op": "pay", "id": "P1", "hold": "C1", "amount": "100.00", "linked": True, "document": "ab" * 32}
    second = {"op": "pay", "id": "P2", "from": "budget@kz/vat", "to": "builder@kz/vat#1", "document": "ab" * 32}
    assert findings_of(works, pay) == []
    assert findings_of(works, pay, second | {"amount": "12.00"}) == []
    (missing,) = findings_of(works, pay, second | {"amount": "11.98"})
    assert explanation(missing, language("en"))["slice"] == {"colour": "kz/vat", "least": "12.00", "most": "12.00"}


def test_who_has_approved_and_who_may_not_is_told(works):
    commit = {"op": "commit", "id": "C2", "from": WORKS, "to": "builder@kz/works#1", "amount": "700.00"}
    over, tier, funds = findings_of(works, commit)
    assert names([over, tier, funds]) == ["payee_limit_exceeded", "approval_missing", "funds_insufficient"]
    assert tier.facts["excluded"] == ["budget", "builder"]
    digest = explanation(tier, language("en"))["approval"]["command"]
    works.propose(digest, "clerk", "auditor")
    _, tier, _ = findings_of(works, commit)
    assert (tier.facts["approved"], tier.facts["maker"]) == (["auditor"], "clerk")
    assert "clerk" in tier.facts["excluded"]


def test_powers_are_asked_of_the_colour_that_gives_them(works):
    works.check("X1 accept on C1 400.00 quantity=40 : posted")
    pay = {"op": "pay", "id": "P1", "hold": "C1", "amount": "1.00", "linked": True, "emergency": True}
    (power,) = findings_of(works, pay)
    assert (power.result, power.facts["power"]) == (Result.POWER_MISSING, "emergency")
    unknown = findings_of(
        works, {"op": "issue", "id": "I2", "from": WORKS, "to": WORKS, "amount": "1.00", "emergency": True}
    )
    assert names(unknown) == ["kind_unknown"]
    court = {"op": "court", "id": "J1", "from": "builder@kz/works#1", "to": "asphalt@KZT", "amount": "1.00"}
    assert names(findings_of(works, court)) == ["document_missing", "power_missing", "funds_insufficient"]


def test_missing_evidence_names_who_was_asked_for_it_and_until_when(works):
    advance = {"op": "advance", "id": "D1", "hold": "C1", "amount": "1.00", "linked": True, "document": "cd" * 32}
    (missing,) = findings_of(works, advance)
    assert "Nobody has been asked" in explanation(missing, language("en"))["remedy"]
    asked = {"type": "request", "request": "R1", "condition": "guarantee", "colour": "kz/works", "by": "builder"}
    works.record(asked | {"owner": "clerk", "days": 5})
    told = explanation(findings_of(works, advance)[0], language("en"))
    assert (told["request"], told["owner"], told["deadline"]) == ("R1", "clerk", "2026-11-29")
    assert "clerk answers until 2026-11-29" in told["reason"]
    works.record({"type": "denial", "request": "R1", "by": "clerk", "reason": "The bank is unknown."})
    assert "denied by clerk" in explanation(findings_of(works, advance)[0], language("en"))["reason"]


def test_operations_of_contracts_are_written_back_as_they_were_read(works):
    document = "ab" * 24
    for operation in (
        {"op": "accept", "id": "X1", "hold": "C1", "amount": "400.00", "quantity": "40.000", "emergency": True},
        {"op": "advance", "id": "D1", "hold": "C1", "amount": "1.00", "document": document, "linked": True},
        {"op": "clawback", "id": "B1", "original": "P1", "from": "builder@kz/works#1", "to": WORKS, "amount": "1.00"},
        {"op": "court", "id": "J1", "from": WORKS, "to": "asphalt@KZT", "amount": "1.00", "document": document},
    ):
        writer = Operations(works.book.ledger)
        told = writer.describe(writer.rows([operation], day_of(works.at))[0])
        assert {name: told.get(name) for name in operation} == operation
