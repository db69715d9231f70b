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
